"""What ImageGAN records of its own training."""

from typing import Any

import numpy as np

from ganaug.training import Callback, Run


class Snapshots(Callback):
    """Keep a synthetic image of each class at every measurement, and the current strength of augmentation.

    Parameters
    ----------
    model : ImageGAN
        Its `snapshots_` and `augmentation_` are set.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def on_fit_start(self, run: Run) -> None:
        """Start with no snapshots."""
        self.model.snapshots_ = {}

    def on_step_end(self, run: Run) -> None:
        """Record the step."""
        self.model.augmentation_ = run.record.get("discriminator_augmentation", self.model.augmentation_)
        if run.is_measured:
            self.model.snapshots_[run.step] = np.asarray(self.model.sample(self.model.classes_))
