"""The network that FID and the inception score are defined by, from a file of the user's."""

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ganaug.metrics.efficientnet import pixels

# What the score's paper counts: the classes of ImageNet, and eight more that its network had room for.
N_FEATURES = 2048


class Inception:
    """Inception of 2015 as a TorchScript file, the only network whose distances may be called FID, KID and IS.

    No package carries its weights, so they are yours to get: the file ``inception-2015-12-05.pt`` that NVIDIA publishes
    beside StyleGAN2-ADA and StyleGAN3, a translation of the original one, to which published figures refer. It shrinks
    or enlarges pictures to 299 pixels itself, as the original does.

    Parameters
    ----------
    path : str or Path
        The file. TorchScript is a program: take it from those who made it.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    ValueError
        If it is no TorchScript, or of another network.

    References
    ----------
    Heusel et al., arXiv 1706.08500 (FID); Salimans et al., arXiv 1606.03498 (inception score); Szegedy et al., arXiv
    1512.00567 (the network).

    Examples
    --------
    >>> network = Inception("inception-2015-12-05.pt")  # doctest: +SKIP
    >>> features, probabilities = network.look(np.zeros((3, 28, 28), dtype=np.uint8))  # doctest: +SKIP
    >>> features.shape, probabilities.shape  # doctest: +SKIP
    ((3, 2048), (3, 1008))
    """

    def __init__(self, path: str | Path) -> None:
        if not Path(path).is_file():
            raise FileNotFoundError(f"no such file of Inception's weights: {path}")
        with warnings.catch_warnings():
            # that torch would rather have other files concerns those who publish them
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                self._network = torch.jit.load(str(path), map_location="cpu").eval()
                features, odds = self.look(np.zeros((2, 16, 16), dtype=np.uint8))
            except (RuntimeError, TypeError, ValueError, AttributeError, OSError) as error:
                first = (str(error).strip().splitlines() or [type(error).__name__])[0].partition(". ")[0]
                raise ValueError(
                    f"{path} is not Inception as TorchScript, such as NVIDIA's inception-2015-12-05.pt: {first}"
                ) from error
        if features.shape != (2, N_FEATURES) or odds.ndim != 2:
            raise ValueError(f"{path} is another network: it gives features of shape {features.shape[1:]}, not 2048")

    def look(
        self, images: ArrayLike, value_range: tuple[float, float] | None = None, *, batch_size: int = 32
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return features of pictures, and how likely the network takes each for each of its classes.

        Parameters
        ----------
        images : array of shape (n, h, w) or (n, h, w, c)
            As `ganaug.metrics.efficientnet.features` takes them.
        value_range : (float, float) or None, default=None
            What is black and what is white, where the dtype does not say it.
        batch_size : int, default=32
            Pictures at a time: about 0.1 s and 20 MB each.

        Returns
        -------
        features : array of float32, shape (n, 2048)
            After the last pooling.
        probabilities : array of float32, shape (n, 1008)
            Each row sums to 1. Without the bias of the last layer, as in the paper's code.
        """
        images = np.asarray(images)
        features, odds = [], []
        with torch.inference_mode():
            for start in range(0, len(images), batch_size):
                batch = pixels(images[start : start + batch_size], value_range).round().to(torch.uint8)
                batch = batch.expand(-1, 3, -1, -1)
                features.append(self._network(batch, return_features=True).float().numpy())
                odds.append(self._network(batch, no_output_bias=True).float().numpy())
        return np.concatenate(features), np.concatenate(odds)
