"""Reused identifiers are called bad, and new ones are no false alarm."""

import numpy as np
import pandas as pd
import pytest

from ganaug import GANOversampler, evaluate, evaluate_resampling
from ganaug.common.findings import SAFE
from ganaug.evaluation import evaluate_paths, table_evaluation
from ganaug.evaluation.table_verdict import reuse_findings
from ganaug.metrics import reused_identifiers, two_sample

LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(two_sample, "N_TREES", 5)
    monkeypatch.setattr(table_evaluation, "_N_RESAMPLES", 2)


def identifiers(kind, n, rng):
    draws = rng.permutation(10**6)[:n]
    return {
        "code": lambda: [f"{i % 10_000:04d}-{''.join(rng.choice(LETTERS, 5))}" for i in draws],
        "serial number": lambda: rng.permutation(n) + 1,
        "customer_id": lambda: draws,
        "e-mail": lambda: [f"{''.join(rng.choice(LETTERS, 7))}@web.de".lower() for _ in draws],
        "UUID": lambda: [f"{i:08x}-0000-4000-8000-{i * 7919:012x}" for i in draws],
    }[kind]()


def people(kind, seed, n=240):
    """Return people, a third of whom leave."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    frame = pd.DataFrame({kind: identifiers(kind, n, rng), "x": x, "y": x + rng.normal(size=n), "k": rng.poisson(3, n)})
    return frame.assign(leaves=np.where(rng.random(n) < 0.33, "yes", "no"))


def on_identifiers(findings, kind):
    return [finding.answer for finding in findings if finding.question == SAFE and repr(kind) in finding.sentence]


KINDS = ["code", "serial number", "customer_id", "e-mail", "UUID"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_reused_identifiers_are_called_bad(kind, share, seed):
    real, synthetic = people(kind, seed)[:120], people(kind, seed)[120:].reset_index(drop=True)
    rng = np.random.default_rng(seed)
    is_reused = rng.permutation(len(synthetic)) < max(1, share * len(synthetic))
    synthetic[kind] = np.where(is_reused, rng.choice(real[kind], len(synthetic)), synthetic[kind])
    assert on_identifiers(reuse_findings(reused_identifiers(real, synthetic)), kind) == ["bad"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(10))
def test_other_real_rows_are_no_false_alarm(kind, seed):
    rows = people(kind, seed)
    assert on_identifiers(reuse_findings(reused_identifiers(rows[:120], rows[120:])), kind) == ["good"]


def test_evaluate_says_it_in_red():
    real = people("code", 0)
    synthetic = people("code", 1).assign(code=real["code"])
    evaluation = evaluate(real, synthetic, target="leaves", random_state=0)
    assert on_identifiers(evaluation.verdict, "code") == ["bad"]
    sentences = [finding.sentence for finding in evaluation.verdict if finding.question == SAFE]
    assert sentences[0].startswith("Do not share these rows as if they were anonymous. 240 of 240 synthetic rows carry")
    assert evaluation.frame().set_index("measure").loc["reused identifiers, code", "value"] == 1
    assert "code" not in evaluation.columns().index
    assert on_identifiers(evaluate(real, people("code", 1), random_state=0).verdict, "code") == ["good"]


def test_a_user_may_leave_out_more_columns_or_none():
    real, synthetic = people("code", 0), people("code", 1)
    assert list(evaluate(real, synthetic, ignore=["k"], random_state=0).distances.index) == ["x", "y", "leaves"]
    every = evaluate(real, synthetic, ignore=[], random_state=0)
    assert "code" in every.distances.index
    assert every.reused.empty
    with pytest.raises(ValueError, match="ignore holds 'z', which is not a column"):
        evaluate(real, synthetic, ignore=["z"])
    with pytest.raises(ValueError, match="ignore must be None or a sequence of columns, got 'code'"):
        evaluate(real, synthetic, ignore="code")


def test_identifiers_of_other_classes_are_reused_identifiers(tmp_path):
    real = people("code", 0)
    others = real.loc[real["leaves"] == "no", "code"].reset_index(drop=True)
    synthetic = people("code", 1)[: len(others)].assign(code=others, leaves="yes")
    for name, rows in (("real", real), ("synthetic", synthetic)):
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    with pytest.warns(UserWarning, match="Only rows with leaves = yes"):
        found = evaluate_paths(tmp_path / "real.csv", tmp_path / "synthetic.csv", target="leaves", random_state=0)
    assert on_identifiers(found.verdict, "code") == ["bad"]
    with pytest.raises(ValueError, match="target 'code' has 240 different values in 240 rows"):
        evaluate_paths(tmp_path / "real.csv", tmp_path / "synthetic.csv", target="code")


def test_what_a_sampler_added(tiny_model):
    frame = people("code", 0)
    X, y = frame.drop(columns="leaves"), frame["leaves"]
    sampler = GANOversampler(model=tiny_model, random_state=0)
    with pytest.warns(UserWarning, match="identify rows"):
        X_resampled, y_resampled = sampler.fit_resample(X, y)
    found = evaluate_resampling(sampler, X, y, X_resampled, y_resampled)
    assert on_identifiers(found.verdict, "code") == ["good"]
    assert "code" not in found.evaluations["yes"].distances.index
    learned = GANOversampler(model=tiny_model, ignore=[], random_state=0)
    X_resampled, y_resampled = learned.fit_resample(X, y)
    found = evaluate_resampling(learned, X, y, X_resampled, y_resampled)
    assert on_identifiers(found.verdict, "code") == ["bad"]


def test_columns_that_were_ignored_are_not_called_broken(tiny_model):
    frame = people("code", 0)
    X, y = frame.drop(columns="leaves").assign(note=frame["k"].astype(str)), frame["leaves"]
    sampler = GANOversampler(model=tiny_model, ignore=["note"], random_state=0)
    with pytest.warns(UserWarning, match="identify rows"):
        X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert X_resampled["note"][sampler.is_synthetic_].isna().all()
    found = evaluate_resampling(sampler, X, y, X_resampled, y_resampled)
    assert "note" not in found.evaluations["yes"].distances.index
