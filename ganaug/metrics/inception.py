"""The network of FID and the inception score, read from a file of the user, and the score itself."""

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from ganaug.metrics.efficientnet import pixels
from ganaug.metrics.pairwise import as_matrix

# Width of the last pooling layer.
N_FEATURES = 2048


class Inception:
    """Inception of 2015 as a TorchScript file; only with its features may distances be called FID, KID and IS.

    No package contains its weights, so you need the file ``inception-2015-12-05.pt``, which NVIDIA publishes with
    StyleGAN2-ADA and StyleGAN3. It is a translation of the original network, to which published figures refer. The
    network resizes images to 299 pixels itself, as the original does.

    Parameters
    ----------
    path : str or Path
        The file. TorchScript files are programs: take the file from its authors.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not TorchScript, or holds another network.

    References
    ----------
    Heusel et al., arXiv 1706.08500 (FID); Salimans et al., arXiv 1606.03498 (inception score); Szegedy et al., arXiv
    1512.00567 (the network).

    Examples
    --------
    >>> network = Inception("inception-2015-12-05.pt")  # doctest: +SKIP
    >>> images = np.zeros((3, 28, 28), dtype=np.uint8)  # doctest: +SKIP
    >>> features, probabilities = network.features_and_probabilities(images)  # doctest: +SKIP
    >>> features.shape, probabilities.shape  # doctest: +SKIP
    ((3, 2048), (3, 1008))
    """

    def __init__(self, path: str | Path) -> None:
        if not Path(path).is_file():
            raise FileNotFoundError(f"there is no file {path} with the weights of Inception")
        with warnings.catch_warnings():
            # torch deprecates TorchScript, which concerns those who publish such files
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                self._network = torch.jit.load(str(path), map_location="cpu").eval()
                features, probabilities = self.features_and_probabilities(np.zeros((2, 16, 16), dtype=np.uint8))
            except (RuntimeError, TypeError, ValueError, AttributeError, OSError) as error:
                first = (str(error).strip().splitlines() or [type(error).__name__])[0].partition(". ")[0]
                raise ValueError(
                    f"{path} is not Inception as TorchScript, such as NVIDIA's inception-2015-12-05.pt: {first}"
                ) from error
        if features.shape != (2, N_FEATURES) or probabilities.ndim != 2:
            raise ValueError(f"{path} is another network: its features have shape {features.shape[1:]}, not (2048,)")

    def features_and_probabilities(
        self, images: ArrayLike, value_range: tuple[float, float] | None = None, *, batch_size: int = 32
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the features of images, and the probability of each class that the network gives to each image.

        Parameters
        ----------
        images : array of shape (n, h, w) or (n, h, w, c)
            As for `ganaug.metrics.features`.
        value_range : (float, float) or None, default=None
            The values of black and white, needed if the dtype does not tell them.
        batch_size : int, default=32
            Images at a time. Each takes about 0.1 s and 20 MB.

        Returns
        -------
        features : array of float32, shape (n, 2048)
            Output of the last pooling layer.
        probabilities : array of float32, shape (n, 1008)
            Each row sums to 1. The bias of the last layer is left out, as in the code of the paper.
        """
        images = np.asarray(images)
        features, probabilities = [], []
        with torch.inference_mode():
            for start in range(0, len(images), batch_size):
                batch = pixels(images[start : start + batch_size], value_range).round().to(torch.uint8)
                batch = batch.expand(-1, 3, -1, -1)
                features.append(self._network(batch, return_features=True).float().numpy())
                probabilities.append(self._network(batch, no_output_bias=True).float().numpy())
        return np.concatenate(features), np.concatenate(probabilities)


def inception_score(probabilities: ArrayLike) -> float:
    """Return the inception score, ``exp(E KL(p(y|x) || p(y)))``: how many classes images show, and how clearly.

    It lies between 1 (all images have equal probabilities) and the number of classes (every image is certain, all
    classes equally frequent); higher is better. It uses no real image: one copied real image of each class scores
    highest, and images of other things than the classes score low, however good they are.

    Parameters
    ----------
    probabilities : array of shape (n, n_classes)
        Of each class, for each synthetic image. Rows sum to 1.

    Returns
    -------
    float
        The score of all images together, without splits. It is lower for few images than for many.

    Raises
    ------
    ValueError
        If `probabilities` is not a matrix with at least one row, or its rows are not distributions.

    Notes
    -----
    It is comparable with published inception scores only with the probabilities of the Inception network.

    References
    ----------
    Salimans et al., arXiv 1606.03498.

    Examples
    --------
    >>> round(inception_score([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), 6)
    3.0
    """
    given = as_matrix(probabilities, "probabilities", min_rows=1)
    if (given < 0).any() or not np.allclose(given.sum(1), 1, atol=1e-3):
        raise ValueError("probabilities must be at least 0 and sum to 1 in each row; apply a softmax to logits first")
    # E KL(p(y|x) || p(y)) is the entropy of p(y) less the mean entropy of p(y|x)
    return float(np.exp(entr(given.mean(0)).sum() - entr(given).sum(1).mean()))
