"""What ImageGAN records of its own training."""

from typing import Any

import numpy as np
import torch

from ganaug.training import Callback, Run


class Snapshots(Callback):
    """Keep a synthetic image of each class at every measurement, and the current strength of augmentation.

    Parameters
    ----------
    model : ImageGAN
        Its `snapshots_` and `augmentation_` are set.
    """

    every_process = True

    def __init__(self, model: Any) -> None:
        self.model = model

    def on_fit_start(self, run: Run) -> None:
        """Start with no snapshots."""
        self.model.snapshots_ = {}

    def state_dict(self) -> dict[str, Any]:
        """Return the snapshots and the strength of augmentation."""
        shown = self.model.snapshots_.items()
        return {
            "augmentation": self.model.augmentation_,
            "snapshots": {
                str(step): [images.dtype.str, list(images.shape), _bytes_of(images)] for step, images in shown
            },
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over the snapshots of a run that goes on.

        Parameters
        ----------
        state : dict
            What `state_dict` returned.
        """
        self.model.augmentation_ = float(state["augmentation"])
        self.model.snapshots_ = {
            int(step): np.frombuffer(images.numpy().tobytes(), dtype).reshape(shape)
            for step, (dtype, shape, images) in state["snapshots"].items()
        }

    def on_step_end(self, run: Run) -> None:
        """Record the step."""
        self.model.augmentation_ = run.record.get("discriminator_augmentation", self.model.augmentation_)
        if run.is_measured:
            self.model.snapshots_[run.step] = np.asarray(self.model.sample(self.model.classes_))


def _bytes_of(images: np.ndarray) -> torch.Tensor:
    return torch.frombuffer(bytearray(images.tobytes()), dtype=torch.uint8)  # torch lacks some dtypes
