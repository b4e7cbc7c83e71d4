"""Correction of probabilities for the class shares that oversampling or class weights changed."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import compute_sample_weight, get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, check_is_fitted, column_or_1d


def calibrated(classifier: Any, prior: Any = "y") -> "PriorCorrectedClassifier":
    """Return a classifier whose probabilities hold for the true class shares, also after oversampling.

    After oversampling, a classifier gives too high probabilities to rare classes. For example, two classes with shares
    of 95 % and 5 % are made equally large. A row that fits both classes equally well then gets a probability of 50 %
    for the rare class; the true probability is 5 %.

    Parameters
    ----------
    classifier : classifier with predict_proba, or pipeline
        With the default of `prior`, pass the whole pipeline, including the sampler.
    prior : "y", mapping or array-like, default="y"
        The true class shares; see `PriorCorrectedClassifier`.

    Returns
    -------
    PriorCorrectedClassifier
        Not fitted.

    See Also
    --------
    ganaug.GANOversampler : The sampler whose effect on probabilities is corrected.

    Examples
    --------
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from imblearn.pipeline import make_pipeline
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.metrics import brier_score_loss
    >>> X, y = make_classification(2000, weights=[0.95], class_sep=0.3, flip_y=0.1, random_state=0)
    >>> model = make_pipeline(RandomOverSampler(random_state=0), LogisticRegression())  # or GANOversampler()
    >>> shifted = model.fit(X[:1000], y[:1000]).predict_proba(X[1000:])[:, 1]
    >>> corrected = calibrated(model).fit(X[:1000], y[:1000]).predict_proba(X[1000:])[:, 1]
    >>> print(f"{brier_score_loss(y[1000:], shifted):.2f}, {brier_score_loss(y[1000:], corrected):.2f}")
    0.19, 0.07
    """
    return PriorCorrectedClassifier(classifier, prior)


def _has_predict_proba(self: "PriorCorrectedClassifier") -> bool:
    return hasattr(getattr(self, "classifier_", self.classifier), "predict_proba")


class PriorCorrectedClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Classifier whose probabilities are corrected for the class shares that oversampling or class weights changed.

    Let p(c) be the true share of class c, where the classifier is used, and q(c) its share in the training data. The
    probability of c is multiplied by p(c) / q(c), and the results are divided by their sum (Saerens, Latinne and
    Decaestecker, Neural Computation 14, 2002, equation 2.4). The correction assumes that the rows of a class, including
    synthetic ones, have the same distribution in both, and that the probabilities were right for the training data.

    Parameters
    ----------
    classifier : classifier with predict_proba, or pipeline
        In a pipeline, q is counted in the data that reach the last step, after the samplers. If the classifier has
        ``class_weight``, rows are counted with these weights.
    prior : "y", mapping or array-like of shape (n_classes,), default="y"
        The true class shares p: a mapping of label to share or number of rows, or an array in the order of the sorted
        labels. They must be above 0 and are divided by their sum. ``"y"`` counts the labels given to `fit`, before any
        sampler of a pipeline. If this classifier is itself the last step of a pipeline with a sampler, it gets
        resampled labels: pass the shares then.

    Attributes
    ----------
    classifier_ : classifier
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    prior_ : ndarray of shape (n_classes,)
        Shares p, in the order of `classes_`; their sum is 1.
    n_features_in_ : int
        Number of columns, if the classifier has this attribute.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the classifier has this attribute.

    See Also
    --------
    sklearn.calibration.CalibratedClassifierCV : Learns a correction of probabilities from data.
    sklearn.model_selection.TunedThresholdClassifierCV : Moves the decision threshold instead of resampling.

    Notes
    -----
    `predict` returns the class with the greatest corrected probability. This makes the fewest errors in total, and
    finds fewer rows of a rare class than the uncorrected classifier does. For two classes the correction does not
    change the order of rows by their probability; average precision and ROC AUC stay the same.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = [[0.0], [0.0], [1.0], [1.0]], ["well", "sick", "well", "sick"]
    >>> model = PriorCorrectedClassifier(LogisticRegression(), prior={"well": 99, "sick": 1}).fit(X, y)
    >>> model.predict_proba([[0.5]]).round(2).tolist()
    [[0.01, 0.99]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "classifier": [HasMethods(["fit", "predict_proba"])],
        "prior": [StrOptions({"y"}), Mapping, "array-like"],
    }

    def __init__(self, classifier: Any, prior: Any = "y") -> None:
        self.classifier = classifier
        self.prior = prior

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any) -> "PriorCorrectedClassifier":
        """Train the classifier, or the pipeline.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Training rows, as the classifier takes them.
        y : array-like of shape (n_rows,)
            Class labels.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        ValueError
            If `prior` lacks a class of `y`, has a class that `y` lacks, or holds a share that is not above 0.
        """
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        self.prior_ = _shares(y, self.classes_) if isinstance(self.prior, str) else self._given_prior()
        classifier = clone(self.classifier)
        if isinstance(classifier, Pipeline):
            # the last step corrects itself: it gets the labels that the samplers return
            name, last = classifier.steps[-1]
            own = dict(zip(self.classes_.tolist(), self.prior_.tolist(), strict=True))
            classifier.steps[-1] = (name, PriorCorrectedClassifier(last, own))
            self._factor = np.ones(len(self.classes_))
        else:
            weight = compute_sample_weight(classifier.get_params().get("class_weight"), y)
            self._factor = self.prior_ / _shares(y, self.classes_, weight)
        self.classifier_ = classifier.fit(X, y)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.classifier_, name):
                setattr(self, name, getattr(self.classifier_, name))
        return self

    @available_if(_has_predict_proba)
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return corrected probabilities.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Rows.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Probabilities in the order of `classes_`; the sum of each row is 1.
        """
        check_is_fitted(self)
        odds = self.classifier_.predict_proba(X) * self._factor
        return odds / odds.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> NDArray:
        """Return the class with the greatest corrected probability.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Rows.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels.
        """
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _given_prior(self) -> NDArray[np.float64]:
        labels = self.classes_.tolist()
        if isinstance(self.prior, Mapping):
            if set(self.prior) != set(labels):
                raise ValueError(f"prior={dict(self.prior)!r} must have exactly the classes of y as keys: {labels}")
            prior = np.array([self.prior[label] for label in labels], dtype=float)
        else:
            prior = np.asarray(self.prior, dtype=float)
            if prior.shape != self.classes_.shape:
                raise ValueError(f"prior={self.prior!r} must hold one share for each class of y, in the order {labels}")
        if not (np.isfinite(prior).all() and (prior > 0).all()):
            raise ValueError(
                f"prior={self.prior!r} must hold shares above 0; remove rows of a class with share 0 from y"
            )
        return prior / prior.sum()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.classifier).input_tags
        tags.classifier_tags.multi_class = get_tags(self.classifier).classifier_tags.multi_class
        return tags


def _shares(y: NDArray, classes: NDArray, weight: NDArray | None = None) -> NDArray[np.float64]:
    totals = np.bincount(np.searchsorted(classes, y), weights=weight, minlength=len(classes)).astype(float)
    return totals / totals.sum()
