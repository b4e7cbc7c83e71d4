"""Training: the loop, the adversarial game, losses, augmentation, callbacks."""

from ganaug.training.adversarial import Adversarial, AdversarialSettings
from ganaug.training.augmentation import (
    ALSO,
    CLASSICAL,
    OPERATIONS,
    POLICIES,
    AdaptiveAugmentation,
    check_classical,
    classical,
    n_classical_draws,
    operations_for,
)
from ganaug.training.batches import BalancedBatches, Batch, CompactRows
from ganaug.training.callbacks import (
    Callback,
    Checkpoint,
    CollapseMonitor,
    CSVLog,
    EarlyStopping,
    FrechetMonitor,
    Previews,
    ProgressBar,
    Run,
    SampleGrid,
    StageStart,
    TensorBoard,
)
from ganaug.training.checkpoint import RandomDraws, TrainingState, state_from_bytes, state_to_bytes
from ganaug.training.conditional_prior import ConditionalMixture
from ganaug.training.ema import EMA
from ganaug.training.fabric import Fabric
from ganaug.training.histogram_prior import HistogramPrior
from ganaug.training.history import panels, plot_history
from ganaug.training.image_classifier import classifier_probabilities, random_changes, train_classifier
from ganaug.training.log_folder import log_to
from ganaug.training.loop import train
from ganaug.training.losses import LOSSES, PENALTIES, AdversarialLoss
from ganaug.training.matching import MATCHING
from ganaug.training.mixture_prior import MixturePrior
from ganaug.training.monitors import COLLAPSE_THRESHOLD, KernelDistance, SlicedWasserstein
from ganaug.training.optimizers import OPTIMIZERS, SCHEDULES, build_optimizer
from ganaug.training.phase import Phase, Report
from ganaug.training.priors import AnchorPrior, LatentPrior, NeighborsPrior, NoisePrior, Prior
from ganaug.training.privacy import (
    GaussianMechanism,
    PoissonBatches,
    noise_for,
    private_phases,
    spent_epsilon,
)
from ganaug.training.reconstruction import encode_latents, reconstruction_phase
from ganaug.training.sequences import LengthBatches, likelihood_phase, sequence_phase
from ganaug.training.training_file import Stage, TrainingFile, differences
from ganaug.training.translation import SourcePrior, Translation, TranslationTerms

__all__ = [
    "ALSO",
    "CLASSICAL",
    "COLLAPSE_THRESHOLD",
    "EMA",
    "LOSSES",
    "MATCHING",
    "OPERATIONS",
    "OPTIMIZERS",
    "PENALTIES",
    "POLICIES",
    "SCHEDULES",
    "AdaptiveAugmentation",
    "Adversarial",
    "AdversarialLoss",
    "AdversarialSettings",
    "AnchorPrior",
    "BalancedBatches",
    "Batch",
    "CSVLog",
    "Callback",
    "Checkpoint",
    "CollapseMonitor",
    "CompactRows",
    "ConditionalMixture",
    "EarlyStopping",
    "Fabric",
    "FrechetMonitor",
    "GaussianMechanism",
    "HistogramPrior",
    "KernelDistance",
    "LatentPrior",
    "LengthBatches",
    "MixturePrior",
    "NeighborsPrior",
    "NoisePrior",
    "Phase",
    "PoissonBatches",
    "Previews",
    "Prior",
    "ProgressBar",
    "RandomDraws",
    "Report",
    "Run",
    "SampleGrid",
    "SlicedWasserstein",
    "SourcePrior",
    "Stage",
    "StageStart",
    "TensorBoard",
    "TrainingFile",
    "TrainingState",
    "Translation",
    "TranslationTerms",
    "build_optimizer",
    "check_classical",
    "classical",
    "classifier_probabilities",
    "differences",
    "encode_latents",
    "likelihood_phase",
    "log_to",
    "n_classical_draws",
    "noise_for",
    "operations_for",
    "panels",
    "plot_history",
    "private_phases",
    "random_changes",
    "reconstruction_phase",
    "sequence_phase",
    "spent_epsilon",
    "state_from_bytes",
    "state_to_bytes",
    "train",
    "train_classifier",
]
