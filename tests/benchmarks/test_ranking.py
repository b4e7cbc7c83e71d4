"""The statistics and figures with which the benchmark of tables compares samplers."""

import numpy as np
import pandas as pd
import pytest
import ranking
from PIL import Image


def frame_of_scores(values, samplers):
    index = pd.MultiIndex.from_tuples(
        [(f"t{i // 2}", ("a", "b")[i % 2]) for i in range(len(values))], names=["table", "classifier"]
    )
    return pd.DataFrame(values, index=index, columns=list(samplers))


def test_ranks_share_places_when_tied():
    scores = frame_of_scores([[0.9, 0.8, 0.8, 0.1], [0.5, 0.5 + 1e-13, 0.5, 0.5]], "abcd")
    assert ranking.ranks(scores).to_numpy().tolist() == [[1, 2.5, 2.5, 4], [2.5] * 4]
    assert ranking.ranks(scores, greater_is_better=False).to_numpy().tolist() == [[4, 2.5, 2.5, 1], [2.5] * 4]


def test_holm():
    adjusted = ranking.holm(pd.Series({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.5}))
    # 4 x .01; 3 x .03; max(.09, 2 x .04); max(.09, 1 x .5)
    assert adjusted.to_dict() == pytest.approx({"a": 0.09, "b": 0.04, "c": 0.09, "d": 0.5})
    assert ranking.holm(pd.Series([0.6, 0.7])).tolist() == [1, 1]


def test_win_tie_loss():
    assert ranking.win_tie_loss(pd.Series([0.1, 0.2, 0.0, 1e-12, -0.3])) == (2, 2, 1)


# Demsar, JMLR 7 (2006), table 5(a)
@pytest.mark.parametrize(("n_samplers", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_critical_values_of_nemenyi(n_samplers, q):
    assert ranking.nemenyi_q(n_samplers) == pytest.approx(q, abs=2e-3)


def test_critical_difference():
    # the example of Demsar, section 3.2.2: 4 classifiers on 14 data sets
    assert ranking.critical_difference(4, 14) == pytest.approx(1.25, abs=0.01)


def test_friedman_of_a_plain_order_and_of_none():
    assert ranking.friedman_p(frame_of_scores([[1, 2, 3]] * 10, "abc")) < 1e-4
    assert ranking.friedman_p(frame_of_scores([[1, 1, 1]] * 10, "abc")) == 1
    assert np.isnan(ranking.friedman_p(frame_of_scores([[1, 2]] * 10, "ab")))


def test_against():
    rng = np.random.default_rng(0)
    ours = rng.random(20)
    scores = frame_of_scores(np.c_[ours, ours - 0.1 - 0.01 * rng.random(20), ours, ours + 0.2], ["o", "w", "s", "b"])
    compared = ranking.against(scores, "o")
    assert list(compared.index) == ["w", "s", "b"]
    assert compared[["wins", "ties", "losses"]].to_numpy().tolist() == [[20, 0, 0], [0, 20, 0], [0, 0, 20]]
    assert compared["p better"]["w"] < 1e-3
    assert compared["p better"]["w"] < compared["p better (tables)"]["w"] < 0.01  # 10 tables count for less
    assert compared["p"]["s"] == 1
    assert compared["p better"]["b"] == 1
    mirrored = ranking.against(scores, "o", greater_is_better=False)
    assert mirrored[["wins", "losses"]].to_numpy().tolist() == [[0, 20], [0, 0], [20, 0]]
    assert mirrored["difference"].to_numpy() == pytest.approx(-compared["difference"].to_numpy())


def test_cliques_are_maximal():
    mean_ranks = pd.Series({"d": 4.0, "a": 1.0, "c": 2.2, "b": 1.5})
    assert ranking.cliques(mean_ranks, 1.0) == [(0, 1), (1, 2)]
    assert ranking.cliques(mean_ranks, 0.1) == []
    assert ranking.cliques(mean_ranks, 9.0) == [(0, 3)]


def test_the_figure_of_the_readme_has_its_size(tmp_path):
    ranks = np.random.default_rng(0).uniform(1, 11, (11, len(ranking.SUMMARY_METRICS)))
    samplers = ["ganaug", *(f"sampler {i}" for i in range(10))]
    mean_ranks = pd.DataFrame(ranks, index=samplers, columns=ranking.SUMMARY_METRICS)
    ranking.save_ranks(tmp_path / "ranks.png", mean_ranks, 46, "ganaug")
    with Image.open(tmp_path / "ranks.png") as figure:
        assert figure.size == (1200, 420)
