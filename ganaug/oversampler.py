"""GANOversampler: the contract of a resampler of imbalanced-learn; it does not know networks."""

from collections.abc import Iterable, Mapping
from itertools import chain
from numbers import Real
from os import PathLike
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy, check_target_type
from sklearn.base import _fit_context
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metadata_routing import UNUSED

from ganaug.common.identifiers import refuse_identifiers_as_classes
from ganaug.common.labels import check_classes, check_lengths, labels_like, labels_of, name_of
from ganaug.common.modality import MODELS, model_class
from ganaug.common.progress import begin_phase, end_phase, hidden_phase_on_error
from ganaug.common.rows import stack_rows, take_rows
from ganaug.common.shares import check_asked_classes, check_weights, equal_share_counts, repeats_of
from ganaug.common.state import rollback_on_error
from ganaug.common.warnings import stable_warning_filters
from ganaug.models import (
    ConditionalGAN,
    EncodedData,
    FittedSamplerMixin,
    ResampledRows,
    RowSource,
    TrainingData,
    check_groups,
    chosen_model,
    constraints_of_overrides,
    documented,
    with_attributes,
)
from ganaug.selection import SELECTIONS, is_cleaner

# Parameters that override those of the model where they are given.
_OVERRIDES = (
    *("categorical_features", "ignore", "constraints", "text_columns", "random_state"),
    *("device", "devices", "max_time", "verbose", "callbacks", "checkpoint"),
)


@documented(noun="rows, images or texts", overrides=True)
class GANOversampler(FittedSamplerMixin, BaseOverSampler):
    """Balance classes with synthetic rows, images or texts from a conditional GAN.

    The model is trained on all classes, so that small classes profit from what they have in common with large ones. It
    then generates the number of rows that `sampling_strategy` requests for each class. If no rows are requested,
    nothing is trained and the data are returned as they are.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        The number of rows of each class after resampling, as everywhere in imbalanced-learn:

        - float, in (0, 1]: the size of the minority class divided by the size of the majority class; for two classes;
        - ``"minority"``, ``"not minority"``, ``"not majority"``, ``"all"``: these classes grow to the size of the
          largest class; ``"auto"`` is ``"not majority"``;
        - dict: label -> number of rows; not less than the class has;
        - callable: takes `y` and returns such a dict;
        - ``"equal share"``, which only this sampler has: all classes get the same size and the same share of synthetic
          rows, `synthetic_share`. The others are real rows, repeated in small classes. A classifier then cannot learn
          the class from the fact that a row is synthetic. Take it for images: networks do learn that.
    synthetic_share : float, default=0.2
        With ``sampling_strategy="equal share"``: the share of synthetic rows in each class, in (0, 1). `ganaug.select`
        finds a good share for a given data set.
    repeat_real : bool, default=True
        With ``sampling_strategy="equal share"``: whether real rows of small classes are repeated. With False each real
        row occurs once, and classes are equal only for training that uses `sample_weight_`.
    selection : {"auto", "class", "realism", "neighbors", "discriminator"}, None or cleaning sampler, default="auto"
        How rows are chosen among several candidates:

        - ``"auto"``: for tables by both of the following; None for images and texts;
        - ``"class"``: by a forest that is trained on X and y. The more certain it is of the class of a candidate, the
          more likely the candidate is chosen;
        - ``"realism"``: by a detector that is trained to tell real rows of the class from candidates. The harder a
          candidate is to tell from a real row, the more likely it is chosen. It counts less in a class of fewer than 25
          rows, and not at all in one of ten;
        - ``"neighbors"``: by the share of its class among the 15 nearest real rows;
        - ``"discriminator"``: by the score of the discriminator;
        - a cleaning sampler of imbalanced-learn, such as ``TomekLinks()``: candidates that it would remove are avoided;
        - None: every row is taken as it is generated.

        For tables every choice keeps what the class has, within its sampling error: the shares of missing cells, of
        categories, of frequent numbers such as zeros, and of regions of the class; and, in classes of 15 to 1,000 rows,
        how far a row is from the nearest real one. Where candidates of a kind run out, all of them are taken. A
        candidate that equals a single training row is refused; where others run out, it is taken with a warning, and
        `provenance_` marks it.

        A row of a table has 20 candidates (three with a cleaning sampler), fewer with more than 1,500 requested rows,
        and ten with 3,000 to 10,000; an image has three. With more than 333,333 requested rows there are two candidates
        for each, and with more than 500,000 only one: copies are refused, and nothing else is chosen. Texts are always
        chosen by `ganaug.TextGAN` itself; a selection then replaces its choice by class and likelihood.
    model : {"auto", "tabular", "image", "text", "translation"} or ConditionalGAN, default="auto"
        The model that generates. ``"auto"`` takes `ganaug.ImageGAN` if X is an array of three or four dimensions or a
        list of images, `ganaug.TextGAN` for a list, Series or column of texts, and `ganaug.TabularGAN` otherwise.
        ``"translation"`` is `ganaug.TranslationGAN`, which translates images of other classes. An instance is cloned:
        only its parameters count, unless it has ``warm_start=True``. Then each fit continues from `model_`, and the
        first fit from the instance if that is fitted. The parameters below override those of the model if they are not
        None.
    $categorical_features
    $ignore
    $constraints
    $text_columns
    $random_state
    $device
    $devices
    $max_time
    $verbose
    $callbacks
    $checkpoint

    Attributes
    ----------
    sampling_strategy_ : dict
        Label -> number of rows to generate.
    model_ : ConditionalGAN
        The fitted model. Not set if no rows are requested.
    is_synthetic_ : ndarray of bool, of shape (n_resampled,)
        Which rows of the result of `fit_resample` are synthetic.
    sample_weight_ : ndarray of shape (n_resampled,)
        Weights of the rows of the result of `fit_resample`, for the `sample_weight` of a classifier or for
        ``torch.utils.data.WeightedRandomSampler``. Real rows have the weight that was given, or 1. A synthetic row has
        the mean weight of the real rows of its class; in tables it is multiplied by the probability that the row
        belongs to its class, by a forest that has not learned the real rows around it. With "equal share" the weights
        are then scaled in each class: all classes have the same total, synthetic rows exactly `synthetic_share` of it,
        and the mean is 1. Computed when they are read for the first time.
    source_indices_ : ndarray of int, shape (n_resampled,)
        For tables: the position in X of each row of the result of `fit_resample`; of a synthetic row, that of the
        nearest real row of its class. Other arrays of the rows follow: ``values[sampler.source_indices_]``. Computed
        when it is read for the first time, and not pickled before.
    groups_ : ndarray of shape (n_resampled,)
        For tables: the groups of the rows, if they were given to `fit_resample`. A synthetic row has the group of the
        nearest real row of its class, so that splits by group keep them together.
    provenance_ : DataFrame of shape (n_synthetic, 5)
        For tables: where the synthetic rows of the result of `fit_resample` come from. The index is their position in
        the result. It is computed when it is read for the first time, which takes seconds, and is not pickled before.

        - ``nearest``: position in X of the nearest real row;
        - ``distance``: its distance. Categories that differ are sqrt(2) apart, as are two numbers that differ by 1.4
          standard deviations after scaling (see `numeric` of `ganaug.TabularGAN`);
        - ``realism``: probability that the row is real, by a detector that was trained on other synthetic rows of the
          class and on its real ones; 0.5 for rows that cannot be told apart. NaN in a class of fewer than 10 real rows;
        - ``certainty``: probability of its class, by a forest trained on X and y, for classes of equal size. In classes
          of 10 to 1,000 rows, neither the forest nor the detector has learned the real row nearest to this one;
        - ``is_copy``: whether it equals a single training row, in features alone or within its class.

        For images of `ganaug.TranslationGAN`: ``source``, the position in X of the image that was translated, and
        ``source_class``. For images with `attributes`: a column for each, with the level that the image was asked for.
    history_ : DataFrame
        The training history of the model.
    classes_ : ndarray of shape (n_classes,)
        Labels that `sample` knows, sorted.
    target_name_ : str or None
        Name of `y`, if it is a Series with a name.
    n_features_in_ : int
        Number of columns, or of values in an image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    ganaug.TabularGAN : The model for tables and its parameters.
    ganaug.ImageGAN : The model for images and its parameters.
    ganaug.TextGAN : The model for texts and its parameters.
    ganaug.compare : Measures whether this sampler or another one helps on your data.
    imblearn.over_sampling.SMOTE : Interpolates between neighbours, without a network.

    Notes
    -----
    Resample only the training part: scores on synthetic test rows have no meaning. In cross-validation, put the sampler
    in a pipeline of imbalanced-learn, which resamples the training part of each split.

    To clean the data after resampling, as `imblearn.combine.SMOTETomek` does, make a pipeline of two samplers::

        make_pipeline(GANOversampler(), TomekLinks(sampling_strategy="all")).fit_resample(X, y)

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from ganaug import GANOversampler
    >>> X, y = make_classification(n_samples=200, weights=[0.9], random_state=0)
    >>> X_res, y_res = GANOversampler(random_state=0, max_time=5).fit_resample(X, y)
    >>> counts = Counter(y_res.tolist())
    >>> counts[0] == counts[1]
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseOverSampler._parameter_constraints,
        "sampling_strategy": [
            Interval(Real, 0, 1, closed="right"),
            StrOptions({"auto", "minority", "not minority", "not majority", "all", "equal share"}),
            dict,
            callable,
        ],
        "synthetic_share": [Interval(Real, 0, 1, closed="neither")],
        "repeat_real": ["boolean"],
        "selection": [StrOptions({"auto", *SELECTIONS}), None, HasMethods("fit_resample")],
        "model": [StrOptions({"auto", *MODELS}), ConditionalGAN],
        **constraints_of_overrides(*_OVERRIDES),
    }
    # a pipeline that hands on weights calls `fit_resample`, and need not be told about `fit`
    __metadata_request__fit: ClassVar[dict[str, str]] = {"sample_weight": UNUSED, "attributes": UNUSED}

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        synthetic_share: float = 0.2,
        repeat_real: bool = True,
        selection: Any = "auto",
        model: Any = "auto",
        categorical_features: Any = None,
        ignore: Any = None,
        constraints: Any = None,
        text_columns: Any = None,
        random_state: int | np.random.RandomState | None = None,
        device: str | None = None,
        devices: Any = None,
        max_time: float | None = None,
        verbose: int | None = None,
        callbacks: list[Any] | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.synthetic_share = synthetic_share
        self.repeat_real = repeat_real
        self.selection = selection
        self.model = model
        self.categorical_features = categorical_features
        self.ignore = ignore
        self.constraints = constraints
        self.text_columns = text_columns
        self.random_state = random_state
        self.device = device
        self.devices = devices
        self.max_time = max_time
        self.verbose = verbose
        self.callbacks = callbacks
        self.checkpoint = checkpoint

    # the parameters of the model and of a cleaning sampler are validated as well
    @_fit_context(prefer_skip_nested_validation=False)
    @stable_warning_filters()
    def fit(self, X: Any, y: Any, sample_weight: Any = None, attributes: Any = None) -> "GANOversampler":
        """Train the model, for `sample`. `fit_resample` also trains the model, so it does not need `fit`.

        Parameters
        ----------
        X : {DataFrame, polars DataFrame, array-like} of shape (n_rows, n_columns), array of images, or texts
            Training data. Images have the shape (n_images, height, width) or (n_images, height, width, channels).
        y : array-like of shape (n_rows,)
            Class labels: text, integers, booleans or categories.
        sample_weight : array-like of shape (n_rows,), default=None
            What each row counts within its class, at least 0: the training draws it in proportion. None: all the same.
        attributes : DataFrame, dict or array-like of shape (n_images, n_attributes), default=None
            For images of an `ImageGAN`: what is known of each image beside its class, such as stain or severity; as
            `ImageGAN.fit` takes it. Synthetic images have attributes as those of the class do; ``sample(n, label,
            given={"stain": "H&E"})`` asks for some.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        ValueError
            As `fit_resample`.
        """
        with rollback_on_error(self, self._is_warm), hidden_phase_on_error():
            self._fit_model(self._check(X, y, sample_weight, attributes))
            self.model_.end_checkpoint()
            end_phase()
        return self

    # the parameters of the model and of a cleaning sampler are validated as well
    @_fit_context(prefer_skip_nested_validation=False)
    @stable_warning_filters()
    def fit_resample(
        self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None, attributes: Any = None
    ) -> tuple[Any, Any]:
        """Train the model, and add synthetic rows to the small classes.

        Parameters
        ----------
        X : {DataFrame, polars DataFrame, array-like} of shape (n_rows, n_columns), array of images, or texts
            Training data. Images have the shape (n_images, height, width) or (n_images, height, width, channels).
        y : array-like of shape (n_rows,)
            Class labels: text, integers, booleans or categories.
        sample_weight : array-like of shape (n_rows,), default=None
            What each row counts within its class, at least 0. The training draws rows in proportion, the choice of
            candidates follows, and `sample_weight_` holds the weights of all rows of the result. The number of rows to
            generate does not depend on weights. None: all rows count the same.
        groups : array-like of shape (n_rows,), default=None
            For tables: the group of each row, for `groups_`. They change nothing else.
        attributes : DataFrame, dict or array-like of shape (n_images, n_attributes), default=None
            For images of an `ImageGAN`: what is known of each image beside its class, such as stain or severity; as
            `ImageGAN.fit` takes it. Synthetic images have attributes as those of the class do; ``sample(n, label,
            given={"stain": "H&E"})`` asks for some.

        Returns
        -------
        X_resampled : same container and dtypes as X
            First all rows of X, unchanged and in their order. With "equal share" the repeated rows follow. The
            synthetic rows come last, class after class.
        y_resampled : same container and dtype as y
            Their labels.

        Raises
        ------
        ValueError
            If X is sparse or holds infinite values, if X and y differ in length, if y has missing labels or a single
            class, if `sampling_strategy` requests fewer rows than a class has, if `categorical_features` or `groups`
            are given for images, or if `sample_weight` or `groups` do not fit X.

        Warns
        -----
        UserWarning
            If a class has fewer than 6 rows, if training diverged and went back to its last good weights, and if
            synthetic rows equal a single training row, because the generator found too few others.
        """
        with rollback_on_error(self, self._is_warm), hidden_phase_on_error():
            return self._fit_resample(X, y, sample_weight, groups, attributes)

    def _fit_resample(self, X: Any, y: Any, sample_weight: Any, groups: Any, attributes: Any) -> tuple[Any, Any]:
        training = self._check(X, y, sample_weight, attributes)
        groups = None if groups is None else check_groups(groups, training.model, len(training.labels))
        X_real, labels = training.data.X, training.labels
        requested = np.array(list(self.sampling_strategy_), dtype=labels.dtype)
        requested = np.repeat(requested, list(self.sampling_strategy_.values()))
        parts: Iterable[Any] = [X_real]
        repeated = np.empty(0, dtype=np.intp)
        provenance = None
        if len(requested):
            encoded = self._fit_model(training)
            if self._has_equal_share and self.repeat_real:
                repeated = repeats_of(labels, np.random.default_rng(self.model_.seed_))
                parts = [X_real, take_rows(X_real, repeated)]
            begin_phase(f"choosing {self.model_._noun}", show=bool(self.model_.verbose))
            selection = self.model_.selection_for(self.selection, encoded, len(requested))
            provenance = self.model_.provenance_of(encoded)
            record = None if provenance is None else provenance.add
            parts = chain(parts, self.model_.sample_parts(requested, selection=selection, record=record))
        X_resampled = stack_rows(parts, len(labels) + len(repeated) + len(requested))
        if len(requested):
            self.model_.end_checkpoint()
        end_phase()
        y_resampled: Any = np.concatenate([labels, labels[repeated], requested])
        share = self.synthetic_share if self._has_equal_share else None
        sources = np.concatenate([np.arange(len(labels)), repeated])
        self._resampled = ResampledRows(y_resampled, sources, share, training.sample_weight, groups, provenance)
        if training.is_one_hot:
            y_resampled = np.eye(np.shape(y)[1], dtype=int)[y_resampled]
        if isinstance(X, list) and not isinstance(X_resampled, list):
            X_resampled = list(X_resampled) if isinstance(X[0], np.ndarray) else X_resampled.tolist()
        return X_resampled, labels_like(y, y_resampled)

    @_fit_context(prefer_skip_nested_validation=False)
    @stable_warning_filters()
    def fit_source(self, X: Any, y: Any, n_rows: int, largest: Mapping[str, int]) -> RowSource:
        """Train on a sample of a table, and return what generates rows away from it.

        Parameters
        ----------
        X : DataFrame of shape (n, d)
            The sample.
        y : Series of shape (n,)
            Its labels.
        n_rows : int
            How many rows will be generated; the more, the fewer candidates each has.
        largest : mapping of str to int
            The largest value of each column of whole numbers in the whole table.

        Returns
        -------
        RowSource
            It can be pickled.

        Raises
        ------
        ValueError
            As `fit_resample`.
        """
        with rollback_on_error(self, self._is_warm), hidden_phase_on_error():
            encoded = self._fit_model(self._check(X, y))
            begin_phase("learning to choose rows", show=bool(self.model_.verbose))
            selection = self.model_.selection_for(self.selection, encoded, n_rows)
            end_phase()
        return RowSource(self.model_, selection, largest)

    def set_params(self, **params: Any) -> "GANOversampler":
        """Set parameters of this sampler, or with ``model__`` before their names those of its model.

        Parameters
        ----------
        **params : dict
            Name -> value.

        Returns
        -------
        self
            The sampler.

        Raises
        ------
        ValueError
            If there is no such parameter, or if `model` is a name, which has no parameters.
        """
        model = params.get("model", self.model)
        nested = [name for name in params if name.startswith("model__")]
        if nested and isinstance(model, str):
            name, value = nested[0].removeprefix("model__"), params[nested[0]]
            raise ValueError(
                f"{nested[0]}={value!r} is a parameter of a model, but model={model!r} is only a name. Pass the model "
                f"itself, such as model=TabularGAN({name}={value!r}) for tables or model=ImageGAN() for images; then "
                f"set_params takes {nested[0]}"
            )
        super().set_params(**params)
        return self

    def _check(self, X: Any, y: Any, sample_weight: Any = None, attributes: Any = None) -> TrainingData:
        """Validate data and parameters, and set what they tell: `sampling_strategy_`, `n_features_in_` and names."""
        # a fit that fails leaves nothing of an earlier one that looks fitted
        for learned in ("_resampled", *([] if self._is_warm else ["model_"])):
            if hasattr(self, learned):
                delattr(self, learned)
        labels = labels_of(y)
        refuse_identifiers_as_classes(labels, "y" if name_of(y) is None else f"y, column {name_of(y)!r},")
        check_classes(labels, warn=True, min_classes=2)
        labels, is_one_hot = check_target_type(labels, indicate_one_vs_all=True)
        self.target_name_ = name_of(y)
        model = self._new_model(X)
        data = with_attributes(model.check_data(X), model, attributes)
        check_lengths(data.X, labels)
        self.n_features_in_ = model.n_features_in_  # of an image, the number of its values
        if hasattr(model, "feature_names_in_"):
            self.feature_names_in_ = model.feature_names_in_
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        if not (self.selection is None or isinstance(self.selection, str) or is_cleaner(self.selection)):
            raise ValueError(
                f"selection={self.selection!r} is not a cleaning sampler of imbalanced-learn, such as TomekLinks() or "
                "EditedNearestNeighbours()"
            )
        model.check_selection(self.selection)
        if hasattr(self.selection, "_validate_params"):
            self.selection._validate_params()  # now, and not after the training
        if self._has_equal_share:
            self.sampling_strategy_ = equal_share_counts(labels, self.synthetic_share)
        else:
            check_asked_classes(self.sampling_strategy, labels)
            self.sampling_strategy_ = check_sampling_strategy(self.sampling_strategy, labels, "over-sampling")
        weights = None if sample_weight is None else check_weights(sample_weight, labels)
        return TrainingData(model, data, labels, is_one_hot, weights)

    @property
    def _is_warm(self) -> bool:
        return getattr(self.model, "warm_start", False) is True

    @property
    def _has_equal_share(self) -> bool:
        return isinstance(self.sampling_strategy, str) and self.sampling_strategy == "equal share"

    def _new_model(self, X: Any) -> ConditionalGAN:
        """Make the model for X, with the parameters of the sampler that are given."""
        given = {name: value for name in _OVERRIDES if (value := getattr(self, name)) is not None}
        return chosen_model(self.model, X, given, getattr(self, "model_", self.model))

    def _fit_model(self, training: TrainingData) -> EncodedData:
        model, labels = training.model, pd.Series(training.labels, name=self.target_name_)
        encoded = model.fit_checked(training.data, labels, training.sample_weight)
        self.model_ = model
        return encoded

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if isinstance(self.model, ConditionalGAN):
            models = [self.model]
        else:
            names = MODELS if self.model == "auto" else [self.model]
            models = [model_class(name)() for name in names if name in MODELS]
        of_models = [get_tags(model).input_tags for model in models]
        for kind in ("allow_nan", "string", "sparse", "two_d_array", "three_d_array"):
            setattr(tags.input_tags, kind, any(getattr(of_model, kind) for of_model in of_models))
        return tags
