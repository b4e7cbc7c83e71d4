"""Classes of few rows: what they lack is drawn from the mixture, so that networks do not learn the rows by heart."""

import numpy as np
import pandas as pd
import pytest
import torch

from ganaug import TabularGAN
from ganaug.metrics import membership_inference
from ganaug.models.few_rows import ENOUGH_ROWS, FewRowsMixin
from ganaug.training import MixturePrior


def table(n_large, n_small, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(["large", "small"], [n_large, n_small])
    start = rng.integers(0, 1000, len(y))
    X = pd.DataFrame(
        {"start": start, "end": start + rng.integers(0, 50, len(y)), "kind": rng.choice(["u", "v"], len(y))}
    )
    X.loc[rng.random(len(y)) < 0.2, ["start", "end"]] = np.nan  # always missing together
    return X, y


@pytest.fixture
def seen(monkeypatch):
    """What networks were trained on, for each fit, and the training data of the fit."""
    calls = []
    split = FewRowsMixin._train_validation_split

    def spy(self, data, generator):
        training, validation = split(self, data, generator)
        calls.append((data, training, validation))
        return training, validation

    monkeypatch.setattr(FewRowsMixin, "_train_validation_split", spy)
    return calls


def fitted(X, y, sample_weight=None, **params):
    model = TabularGAN(n_steps=1, hidden_sizes=(4,), batch_size=8, random_state=0, **params)
    return model.fit(X, y, sample_weight=sample_weight)


def test_a_small_class_is_filled_up_and_its_own_rows_stay(seen):
    model = fitted(*table(250, 30))
    data, training, validation = seen[0]
    assert validation is data
    assert training.y.bincount().tolist() == [250, ENOUGH_ROWS]
    assert torch.equal(training.rows[:280], data.rows)
    drawn = model.encoder_.decode(training.rows[280:])
    assert (drawn["start"].isna() == drawn["end"].isna()).all()
    real = {row.numpy().tobytes() for row in data.rows}
    assert np.mean([row.numpy().tobytes() in real for row in training.rows[280:]]) < 0.2  # such as gaps in all numbers


def test_rows_that_break_a_rule_are_not_drawn(seen):
    X, y = table(250, 60)
    model = fitted(X, y, constraints=["start <= end"])
    training = seen[0][1]
    drawn = model.encoder_.decode(training.rows[310:])
    frame = model.constraints_.with_class(drawn, model.classes_[training.y[310:].numpy()])
    assert len(frame)
    assert not model.constraints_.broken(model.constraints_.repair(frame, generated=True)).any()


def test_classes_of_enough_rows_are_trained_on_their_rows_alone(seen):
    fitted(*table(250, ENOUGH_ROWS))
    data, training, _ = seen[0]
    assert training is data


@pytest.mark.parametrize("prior", ["noise", "neighbors"])
def test_other_priors_fill_up_too_and_do_not_keep_the_mixture(seen, prior):
    model = fitted(*table(250, 30), prior=prior)
    assert seen[0][1].y.bincount().tolist() == [250, ENOUGH_ROWS]
    assert not isinstance(model.prior_, MixturePrior)


def test_drawn_rows_weigh_as_much_as_those_of_their_class(seen):
    X, y = table(250, 30)
    fitted(X, y, sample_weight=np.where(y == "small", 3.0, 1.0))
    training = seen[0][1]
    assert len(training.weights) == len(training.y)
    assert (training.weights[280:] == 3).all()


@pytest.mark.slow
def test_synthetic_rows_tell_less_of_which_rows_a_small_class_was_trained_on(monkeypatch):
    y = np.repeat([0, 1], [150, 50])

    def membership(seed):
        # independent columns: there is nothing to learn but the rows
        rows = np.random.default_rng(seed).integers(0, 4, (700, 12)).astype(str)
        X, others = rows[:200], rows[200:]
        synthetic = TabularGAN(random_state=seed).fit(X, y).sample(np.ones(400, int))
        return membership_inference(X[y == 1], synthetic, others, random_state=0).value

    filled_up = np.mean([membership(seed) for seed in range(3)])
    monkeypatch.setattr("ganaug.models.few_rows.ENOUGH_ROWS", 0)
    assert filled_up < np.mean([membership(seed) for seed in range(3)]) - 0.04  # .63 and .71
