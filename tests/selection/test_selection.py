"""Selection: one candidate for each requested row, drawn in proportion to the weights, deeper in its class."""

import numpy as np
import pytest
from imblearn.under_sampling import EditedNearestNeighbours, TomekLinks
from sklearn.base import clone

from ganaug import GANOversampler, TabularGAN
from ganaug.selection import CandidateSelection, Refusal, by_class, by_cleaner, by_neighbors, candidates_per_row

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
    selection, draw = CandidateSelection(3, weigh=lambda rows, y: np.log(rows)), np.random.default_rng(0)
    zeros = np.zeros(3, int)
    chosen = np.concatenate([selection.choose(weights, zeros, zeros[:1], draw) for _ in range(4000)])
    assert np.bincount(chosen) / 4000 == pytest.approx(weights / 8, abs=0.03)


def test_each_row_gets_a_candidate_of_its_class_and_no_two_the_same():
    requested = np.random.default_rng(0).integers(0, 3, 500)
    y = requested.repeat(3)
    refused = np.where(np.arange(len(y)) % 7 == 0, Refusal.COPY, Refusal.NONE)
    rows = np.random.default_rng(1).normal(size=(len(y), 2))
    selection = CandidateSelection(3, weigh=lambda rows, y: 5 * rows[:, 0])
    chosen = selection.choose(rows, y, requested, np.random.default_rng(1), refused)
    assert (y[chosen] == requested).all()
    assert len(set(chosen)) == 500
    assert (refused[chosen] == Refusal.NONE).all()


def test_refused_candidates_are_taken_last_and_copies_before_impossible_ones():
    refused = np.array([Refusal.IMPOSSIBLE, Refusal.NONE, Refusal.COPY, Refusal.NONE])
    for n, taken in ((2, [1, 3]), (3, [1, 2, 3]), (4, [0, 1, 2, 3])):
        chosen = CandidateSelection(2).choose(
            np.zeros(4), np.zeros(4, int), np.zeros(n, int), np.random.default_rng(0), refused
        )
        assert chosen.tolist() == taken


def test_many_rows_have_fewer_candidates():
    n_rows = (0, 1, 1_500, 3_000, 10_000, 20_000, 100_000)
    assert [candidates_per_row(n, 20) for n in n_rows] == [20, 20, 20, 10, 10, 5, 3]
    assert [candidates_per_row(n) for n in (0, 333_333, 500_000, 500_001, 10**9)] == [3, 3, 2, 1, 1]


@pytest.mark.parametrize("by", [by_class, by_neighbors])
def test_rows_amid_their_class_weigh_most_however_rare_it_is(by, overlapping):
    X, y = overlapping
    weigh = by(X, y, seed=0)
    places = np.array([[-1.0, -1.0], [0.75, 0.75], [2.5, 2.5]])
    of_rare, of_common = weigh(places, np.ones(3, int)), weigh(places, np.zeros(3, int))
    assert of_rare[0] < of_rare[1] < of_rare[2]
    assert of_common[0] > of_common[1] > of_common[2]
    # half way, where ten common rows stand beside one rare one, neither class is a stranger; at a single place this
    # depends on the trees, which differ between versions of scikit-learn
    aside = np.linspace(-0.25, 0.25, 9)
    half_way = 0.75 + np.column_stack([aside, -aside])
    difference = (weigh(half_way, np.ones(9, int)) - weigh(half_way, np.zeros(9, int))).mean()
    assert abs(difference) < min(of_rare[2] - of_rare[0], 6)


def test_a_cleaner_is_heeded_where_it_can_be():
    rows = np.array([[0.0], [1.0], [1.05], [10.0], [11.0], [11.05]])
    y = np.array([0, 0, 0, 1, 1, 1])
    weigh = by_cleaner(TomekLinks(), rows, y, 2)
    # 0.2 claims class 1 and is the nearest to a row of class 0, as that is to it: a Tomek link
    fair, linked = 10.5, 0.2
    pair, ones = np.array([[linked], [fair]]), np.ones(2, int)
    assert (weigh(pair, ones) < 0).tolist() == [True, False]
    draw = np.random.default_rng(0)
    assert all(CandidateSelection(2, weigh).choose(pair, ones, ones[:1], draw) == [1] for _ in range(50))
    assert CandidateSelection(2, weigh).choose(pair[:1], ones[:1], ones[:1], draw) == [0]  # there is no other


@pytest.mark.parametrize("selection", ["auto", "class", "neighbors", EditedNearestNeighbours()])
def test_chosen_rows_lie_deeper_in_their_class(selection, overlapping):
    X, y = overlapping

    def depth(selection):
        # untrained, they are anchors within the class, as far from real rows as these from each other: the choice is
        # what is seen
        anchored = clone(TINY).set_params(prior="mixture")
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


def test_the_same_seed_chooses_the_same_rows(overlapping):
    one, other = (GANOversampler(model=TINY, random_state=3).fit_resample(*overlapping)[0] for _ in range(2))
    assert (one == other).all()
