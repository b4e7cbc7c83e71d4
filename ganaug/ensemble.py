"""Bagging in which each classifier learns from its own synthetic rows of one generator, or of one of several."""

from collections.abc import Iterator
from itertools import cycle, islice, repeat
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context, clone
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ganaug.common.containers import to_pandas
from ganaug.common.labels import labels_of
from ganaug.common.rows import stack_rows, take_rows
from ganaug.common.wording import listed
from ganaug.oversampler import GANOversampler

# Synthetic rows that are chosen together, at most, if a bag has fewer: with more, each would have fewer candidates.
_N_AT_ONCE = 10_000


class GANBaggingClassifier(ClassifierMixin, BaseEstimator):
    """Bagging of classifiers, each on a bootstrap sample of the real rows and its own draw of synthetic rows.

    The generator is trained once, or a few are trained (`n_generators`). Each bag has the same number of rows of each
    class: real ones, drawn with replacement, and in classes that have fewer of them synthetic ones. So large classes
    are under-sampled, as in `imblearn.ensemble.BalancedBaggingClassifier`, but less, because small classes grow.

    Parameters
    ----------
    estimator : classifier or None, default=None
        Is cloned for each bag. It takes the columns of X as they are, so pass a pipeline with an encoder for text. None
        is ``DecisionTreeClassifier(max_features="sqrt")``, a tree of a random forest.
    n_estimators : int, default=10
        Number of bags.
    sampler : GANOversampler or None, default=None
        What trains the generator and chooses its rows: its `model`, `selection` and `random_state` count, and
        `sampling_strategy` does not. None is a `GANOversampler` with default parameters.
    class_size : {"middle", "majority"} or float, default="middle"
        Rows of each class in a bag. ``"majority"`` is the size of the largest class: nothing is under-sampled.
        ``"middle"`` is the geometric mean of the sizes of the smallest and of the largest class. A number is this many
        times the size of the smallest class, at least 1.
    n_generators : int, default=1
        Number of generators, at most `n_estimators`. They differ in their seed, and the bags take them in turn. Each
        takes the time of a training, and `max_time` of the sampler limits each. All learn from all rows, and not from
        bootstrap samples: in these a row occurs twice, so that its copies would no longer be refused.
    n_jobs : int or None, default=None
        Processes that fit classifiers, as in scikit-learn. Rows are drawn one bag after the other.
    random_state : int, RandomState or None, default=None
        Seed of bags, of their synthetic rows, and of estimators that have a `random_state`.

    Attributes
    ----------
    sampler_ : GANOversampler
        The fitted sampler, the first one of several.
    samplers_ : list of GANOversampler
        All fitted samplers, `n_generators` of them.
    estimators_ : list of classifiers
        The fitted classifiers.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_features_in_ : int
        Number of columns.

    See Also
    --------
    ganaug.GANOversampler : One resampled table, for a single classifier.
    imblearn.ensemble.BalancedBaggingClassifier : Under-samples each bag, without a generator.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from ganaug import GANBaggingClassifier, GANOversampler
    >>> X, y = make_classification(n_samples=200, weights=[0.9], random_state=0)
    >>> ensemble = GANBaggingClassifier(n_estimators=3, sampler=GANOversampler(max_time=5), random_state=0).fit(X, y)
    >>> ensemble.predict_proba(X[:2]).shape
    (2, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "sampler": [GANOversampler, None],
        "class_size": [StrOptions({"middle", "majority"}), Interval(Real, 1, None, closed="left")],
        "n_generators": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 10,
        *,
        sampler: GANOversampler | None = None,
        class_size: str | float = "middle",
        n_generators: int = 1,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.sampler = sampler
        self.class_size = class_size
        self.n_generators = n_generators
        self.n_jobs = n_jobs
        self.random_state = random_state

    # the parameters of the sampler are validated as well
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any) -> "GANBaggingClassifier":
        """Train the generators, then a classifier for each bag.

        Parameters
        ----------
        X : {DataFrame, polars DataFrame, array-like} of shape (n_rows, n_columns)
            Training rows.
        y : array-like of shape (n_rows,)
            Class labels.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        ValueError
            As `GANOversampler.fit`, if there are more generators than bags, or several with a `checkpoint`, and if
            `estimator` is None and a column does not hold numbers.
        """
        if self.estimator is None and hasattr(X, "columns"):
            words = to_pandas(X).select_dtypes(exclude=["number", "bool"]).columns
            if len(words):
                raise ValueError(
                    f"estimator=None is a tree, which takes numbers, but X has others in {listed(words)}; drop these "
                    "columns, or pass a pipeline with an encoder and a classifier as estimator"
                )
        rng = check_random_state(self.random_state)
        self.samplers_ = [sampler.fit(X, y) for sampler in self._new_samplers(rng)]
        self.sampler_ = self.samplers_[0]
        self.classes_, self.n_features_in_ = self.sampler_.model_.classes_, self.sampler_.n_features_in_
        rows = np.asarray(X) if isinstance(X, list) else X
        labels = np.asarray(labels_of(y))
        members = [np.flatnonzero(labels == label) for label in self.classes_]
        sizes = np.array([len(own) for own in members])
        size = self._size(sizes)
        n_synthetic = np.maximum(size - sizes, 0)
        requested = np.repeat(self.classes_, n_synthetic)
        synthetic = cycle([self._draws(sampler, X, y, requested, rng) for sampler in self.samplers_])
        bags = (
            self._bag(rows, labels, members, size, next(draws), requested, rng)
            for draws in islice(synthetic, self.n_estimators)
        )
        self.estimators_ = Parallel(n_jobs=self.n_jobs)(delayed(_fitted)(*bag) for bag in bags)
        return self

    def _new_samplers(self, rng: np.random.RandomState) -> list[GANOversampler]:
        """Return samplers of different seeds that are not fitted."""
        n, first = self.n_generators, GANOversampler() if self.sampler is None else clone(self.sampler)
        if n > self.n_estimators:
            raise ValueError(
                f"n_generators={n} is more than n_estimators={self.n_estimators}: a bag takes the rows of one generator"
            )
        stored = first.checkpoint or getattr(first.model, "checkpoint", None)
        if n > 1 and stored:
            raise ValueError(
                f"checkpoint={stored!r} is one file, and n_generators={n} are trained; leave out one of the two"
            )
        if first.random_state is None:
            first.set_params(random_state=int(rng.randint(2**31)))
        others = [clone(first).set_params(random_state=int(rng.randint(2**31))) for _ in range(n - 1)]
        return [first, *others]

    def _draws(
        self, sampler: GANOversampler, X: Any, y: Any, requested: NDArray, rng: np.random.RandomState
    ) -> Iterator[Any]:
        """Yield the synthetic rows of the sampler's bags; several are chosen together, which takes less time."""
        model, n = sampler.model_, len(requested)
        if not n:
            yield from repeat(None)
        n_bags = min(max(_N_AT_ONCE // n, 1), -(-self.n_estimators // self.n_generators))
        selection = model.selection_for(sampler.selection, model.encode(X, y), n * n_bags)
        while True:
            drawn = model.sample(np.tile(requested, n_bags), int(rng.randint(2**31)), selection=selection)
            yield from (take_rows(drawn, np.arange(first, first + n)) for first in range(0, n * n_bags, n))

    def _size(self, sizes: NDArray) -> int:
        """Return the rows of each class in a bag."""
        if self.class_size == "majority":
            return int(sizes.max())
        if self.class_size == "middle":
            return round(float(np.sqrt(sizes.min() * sizes.max())))
        return min(round(float(self.class_size) * int(sizes.min())), int(sizes.max()))

    def _bag(
        self,
        rows: Any,
        labels: NDArray,
        members: list[NDArray],
        size: int,
        synthetic: Any,
        requested: NDArray,
        rng: np.random.RandomState,
    ) -> tuple[Any, Any, NDArray]:
        """Return an estimator and its rows and labels."""
        drawn = np.concatenate([rng.choice(own, min(size, len(own))) for own in members])
        parts = [take_rows(rows, drawn), *([] if synthetic is None else [synthetic])]
        X_bag = stack_rows(parts, len(drawn) + len(requested))
        estimator = DecisionTreeClassifier(max_features="sqrt") if self.estimator is None else clone(self.estimator)
        seeds = [name for name in estimator.get_params() if name == "random_state" or name.endswith("__random_state")]
        estimator.set_params(**{name: int(rng.randint(2**31)) for name in sorted(seeds)})
        return estimator, X_bag, np.concatenate([labels[drawn], requested])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the mean of the probabilities of all classifiers.

        Parameters
        ----------
        X : as in `fit`
            Rows.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Probabilities of the classes in the order of `classes_`. They are those of balanced classes; see
            `ganaug.calibrated`.
        """
        check_is_fitted(self, "estimators_")
        return np.mean([estimator.predict_proba(X) for estimator in self.estimators_], axis=0)

    def predict(self, X: Any) -> NDArray:
        """Return the class with the highest mean probability.

        Parameters
        ----------
        X : as in `fit`
            Rows.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _fitted(estimator: Any, X: Any, y: NDArray) -> Any:
    return estimator.fit(X, y)
