"""Training: one loop over phases, the adversarial phases, losses, augmentation, callbacks."""

from ganaug.training.augmentation import OPERATIONS, POLICIES, AdaptiveAugmentation, operations_for
from ganaug.training.callbacks import (
    Callback,
    Checkpoint,
    CollapseMonitor,
    CSVLog,
    EarlyStopping,
    Previews,
    ProgressBar,
    Run,
    SampleGrid,
    TensorBoard,
)
from ganaug.training.history import panels, plot_history
from ganaug.training.loop import (
    COLLAPSE_THRESHOLD,
    EMA,
    BalancedBatches,
    Batch,
    CompactRows,
    Phase,
    adversarial_phases,
    train,
)
from ganaug.training.losses import LOSSES, PENALTIES
from ganaug.training.monitors import KernelDistance, SlicedWasserstein
from ganaug.training.priors import AnchorPrior, LatentPrior, NeighborsPrior, NoisePrior, Prior
from ganaug.training.reconstruction import encode_latents, reconstruction_phase

__all__ = [
    "COLLAPSE_THRESHOLD",
    "EMA",
    "LOSSES",
    "OPERATIONS",
    "PENALTIES",
    "POLICIES",
    "AdaptiveAugmentation",
    "AnchorPrior",
    "BalancedBatches",
    "Batch",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "CollapseMonitor",
    "CompactRows",
    "EarlyStopping",
    "KernelDistance",
    "LatentPrior",
    "NeighborsPrior",
    "NoisePrior",
    "Phase",
    "Previews",
    "Prior",
    "ProgressBar",
    "Run",
    "SampleGrid",
    "SlicedWasserstein",
    "TensorBoard",
    "adversarial_phases",
    "latents",
    "operations_for",
    "panels",
    "plot_history",
    "reconstruction_phase",
    "train",
]
