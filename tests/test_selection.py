"""Selection: one candidate for each requested row, drawn in proportion to the weights, deeper in its class."""

import numpy as np
import pytest
from imblearn.under_sampling import EditedNearestNeighbours, TomekLinks
from sklearn.base import clone

from ganaug import GANOversampler, TabularGAN
from ganaug.selection import (
    MAX_CANDIDATES,
    N_CANDIDATES,
    CandidateSelection,
    by_cleaner,
    by_forest,
    by_neighbors,
    candidates_per_row,
    without_copies,
)

TINY = TabularGAN(n_steps=3, hidden_sizes=(8,), batch_size=16, device="cpu")


@pytest.fixture
def overlapping():
    """Two overlapping Gaussian classes in the plane, 300 and 30 rows."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [300, 30])
    return rng.normal(size=(330, 2)) + 1.5 * y[:, None], y


def test_candidates_are_drawn_in_proportion_to_their_weights():
    # of three candidates one: a draw without replacement of one is a draw in proportion
    weights = np.array([1.0, 2.0, 5.0])
    selection, draw = CandidateSelection(lambda rows, y: np.log(rows), 3), np.random.default_rng(0)
    chosen = np.concatenate([selection.choose(weights, np.zeros(3, int), draw) for _ in range(4000)])
    assert np.bincount(chosen) / 4000 == pytest.approx(weights / 8, abs=0.03)


def test_each_row_gets_a_candidate_of_its_class_and_no_two_the_same():
    requested = np.random.default_rng(0).integers(0, 3, 500)
    y = requested.repeat(3)
    strange = np.arange(len(y)) % 7 == 0
    selection = CandidateSelection(lambda rows, y: np.where(rows, -1e6, 0.0), 3)
    chosen = selection.choose(strange, y, np.random.default_rng(1))
    assert (y[chosen] == requested).all()
    assert len(set(chosen)) == 500
    assert not strange[chosen].any()


def test_many_rows_have_fewer_candidates():
    for n_requested in (0, 1, MAX_CANDIDATES // N_CANDIDATES):
        assert candidates_per_row(n_requested) == N_CANDIDATES
    assert candidates_per_row(MAX_CANDIDATES // 2) == 2
    assert candidates_per_row(10 * MAX_CANDIDATES) == 1


@pytest.mark.parametrize("by", [by_forest, by_neighbors])
def test_rows_amid_their_class_weigh_most_however_rare_it_is(by, overlapping):
    X, y = overlapping
    weigh = by(X, y, seed=0)
    places = np.array([[-1.0, -1.0], [0.75, 0.75], [2.5, 2.5]])
    of_rare, of_common = weigh(places, np.ones(3, int)), weigh(places, np.zeros(3, int))
    assert of_rare[0] < of_rare[1] < of_rare[2]
    assert of_common[0] > of_common[1] > of_common[2]
    # half way, where ten common rows stand beside one rare one, neither class is a stranger
    assert abs(of_rare[1] - of_common[1]) < min(of_rare[2] - of_rare[0], 6)


def test_a_cleaner_is_heeded_where_it_can_be():
    rows = np.array([[0.0], [1.0], [1.05], [10.0], [11.0], [11.05]])
    y = np.array([0, 0, 0, 1, 1, 1])
    weigh = by_cleaner(TomekLinks(), rows, y, 2)
    # 0.2 claims class 1 and is the nearest to a row of class 0, as that is to it: a Tomek link
    fair, linked = 10.5, 0.2
    pair, ones = np.array([[linked], [fair]]), np.ones(2, int)
    assert (weigh(pair, ones) < 0).tolist() == [True, False]
    draw = np.random.default_rng(0)
    assert all(CandidateSelection(weigh, 2).choose(pair, ones, draw) == [1] for _ in range(50))
    assert CandidateSelection(weigh, 1).choose(pair[:1], ones[:1], draw) == [0]  # there is no other


@pytest.mark.parametrize("selection", ["auto", "forest", "neighbors", EditedNearestNeighbours()])
def test_chosen_rows_lie_deeper_in_their_class(selection, overlapping):
    X, y = overlapping

    def depth(selection):
        # untrained, they are anchors within the class: the choice is what is seen
        anchored = clone(TINY).set_params(prior="neighbors")
        sampler = GANOversampler(model=anchored, selection=selection, random_state=0)
        synthetic = sampler.fit_resample(X, y)[0][sampler.is_synthetic_]
        assert len(synthetic) == 270
        return synthetic.sum(axis=1).mean()

    assert depth(selection) > depth(None) + 0.2


def test_the_discriminator_chooses_what_it_scores_higher(overlapping):
    X, y = overlapping
    model = TabularGAN(n_steps=60, hidden_sizes=(32,), random_state=0, device="cpu").fit(X, y)
    model.discriminator_.head.weight.mul_(100)  # trained, it hardly tells them apart; now it does
    requested = np.ones(500, int)
    selection = model.selection_for("discriminator", model.encode(X, y), len(requested))

    def scores(rows):
        return selection.weigh(model.encoder_.encode(rows).float().numpy(), requested)

    as_they_come = model.sample(requested)
    assert scores(as_they_come).std() > 1
    assert scores(model.sample(requested, selection=selection)).mean() > scores(as_they_come).mean() + 0.5


def test_the_discriminator_must_score_single_rows(overlapping, tmp_path):
    packed = TabularGAN(n_steps=3, hidden_sizes=(8,), pac=2, device="cpu")
    with pytest.raises(ValueError, match="with pac=2 it scores 2 rows together"):
        GANOversampler(model=packed, selection="discriminator").fit_resample(*overlapping)
    sampler = GANOversampler(model=TINY, random_state=0).fit(*overlapping)
    sampler.save(tmp_path / "model")
    loaded = TabularGAN.load(tmp_path / "model")
    with pytest.raises(ValueError, match="loaded from a file, which does not hold the discriminator"):
        loaded.selection_for("discriminator", loaded.encode(*overlapping), 10)


@pytest.mark.parametrize("selection", ["forest", "neighbors", "discriminator", TomekLinks()])
def test_no_row_that_is_there_once_is_copied(selection):
    # 4 x 4 x 4 combinations, of which the small class has every other one once and the rest never
    every = np.array(np.meshgrid(*3 * [np.arange(4.0)])).reshape(3, -1).T
    rare = every[every.sum(axis=1) % 2 == 0]
    X, y = np.concatenate([np.tile(every, (3, 1)), rare]), np.repeat([0, 1], [192, 32])
    known = set(map(tuple, rare))

    def n_copies(selection):
        sampler = GANOversampler(model=TINY, selection=selection, random_state=0)
        synthetic = sampler.fit_resample(X, y)[0][sampler.is_synthetic_]
        return sum(tuple(row) in known for row in synthetic)

    assert n_copies(None) > 0
    assert n_copies(selection) == 0


def test_what_several_rows_share_may_come_again():
    rows, y = np.array([[1.0], [1.0], [2.0], [1.0]]), np.array([0, 0, 0, 1])
    weigh = without_copies(lambda candidates, y: np.zeros(len(y)), rows, y)
    # 1 is there twice in class 0 and once in class 1
    refused = weigh(np.array([[1.0], [2.0], [1.0], [2.0]]), np.array([0, 0, 1, 1])) < 0
    assert refused.tolist() == [False, True, True, False]


def test_the_same_seed_chooses_the_same_rows(overlapping):
    one, other = (GANOversampler(model=TINY, random_state=3).fit_resample(*overlapping)[0] for _ in range(2))
    assert (one == other).all()
