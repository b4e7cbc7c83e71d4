"""Classifiers of real images that are frozen before a translator is trained: one that guides it, one that judges it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganaug.models.base import Measure
from ganaug.models.data import EncodedData
from ganaug.models.torch_state import seeded_networks
from ganaug.nets import ClassProbe, SmallCNN
from ganaug.training import (
    EMA,
    AdaptiveAugmentation,
    BalancedBatches,
    Batch,
    Fabric,
    LatentPrior,
    Phase,
    Prior,
    Report,
    TrainingState,
    build_optimizer,
    operations_for,
    train,
)

# Images by which the one that judges standardises others.
_N_STANDARDS = 500
_MOST_STEPS, _BATCH_SIZE, _LEARNING_RATE = 300, 32, 2e-3
# Images are moved nearly always and get some noise: single pixels, which a translator could fake, tell no class then.
_STRENGTH, _NOISE, _SMOOTHING = 0.8, 0.05, 0.05


def train_probes(
    data: EncodedData, channels: int, *, n_steps: int, max_time: float | None, fabric: Fabric, seed: int
) -> tuple[nn.Module, nn.Module]:
    """Train two small classifiers on batches balanced by class.

    A translator learns what the classifier that guides it likes, so this one finds the class in nearly all
    translations. Another network, which has no part in the training, judges.

    Parameters
    ----------
    data : EncodedData
        Real images.
    channels : int
        Their channels.
    n_steps : int
        Training steps of the translator; each classifier has as many, and at most 300.
    max_time : float or None
        Limit in seconds, of both together.
    fabric : Fabric
        Device and precision.
    seed : int
        Seed of weights and batches.

    Returns
    -------
    guide, judge : nn.Module
        Frozen, in evaluation mode; they take images and return logits.
    """
    n_classes = int(data.y.max()) + 1
    shown = torch.randperm(len(data.y), generator=torch.Generator().manual_seed(seed))[:_N_STANDARDS]
    with seeded_networks(seed):
        guide, judge = ClassProbe(n_classes, channels), SmallCNN(data.rows[shown], n_classes)
    limit = None if max_time is None else max_time / 2
    _train(guide, data, channels, n_steps=n_steps, max_time=limit, fabric=fabric, seed=seed)
    _train(judge, data, channels, n_steps=n_steps, max_time=limit, fabric=fabric, seed=seed + 1)
    return guide, judge


def _train(
    probe: nn.Module,
    data: EncodedData,
    channels: int,
    *,
    n_steps: int,
    max_time: float | None,
    fabric: Fabric,
    seed: int,
) -> None:
    probe.to(fabric.device)
    rng, on_device = torch.Generator().manual_seed(seed), torch.Generator(fabric.device).manual_seed(seed)
    move = AdaptiveAugmentation(operations_for("safe", channels), p=_STRENGTH, generator=on_device, batch_size=1)
    optimizer = build_optimizer(
        "adam", probe.parameters(), learning_rate=_LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.0, fused=False
    )

    def objective(batch: Batch) -> tuple[Tensor, Report]:
        noise = torch.randn(batch.real.shape, generator=on_device, device=batch.real.device)
        with fabric.autocast():
            logits = probe(move(batch.real) + _NOISE * noise)
            loss = F.cross_entropy(logits, batch.y, label_smoothing=_SMOOTHING)
        return loss, lambda: {"loss": loss}

    batches = BalancedBatches(
        *data[:2], LatentPrior(1), batch_size=_BATCH_SIZE, pac=1, generator=rng, device=fabric.device
    )
    train(
        TrainingState([Phase("probe", probe, optimizer, objective)], EMA(probe, 0.0), batches),
        fabric=fabric,
        n_steps=min(_MOST_STEPS, n_steps),
        max_time=max_time,
        callbacks=[],
        measure=lambda network: {},
        keep_best=False,
        save=lambda path: None,
        schedule=lambda done: min(1.0, 10 * done + 0.1) * (1 - 0.9 * done),
    )
    probe.eval().requires_grad_(False)


class RecognisedDistance:
    """The kernel distance of translations, and what their class is recognised less often than that of real images.

    Without the second part, a translator that leaves images as they are could have a small distance.

    Parameters
    ----------
    distance : callable (network) -> dict
        The kernel distance.
    judge : nn.Module
        A classifier of images, which did not guide the translator.
    data : EncodedData
        Real images.
    prior : Prior
        The images that are translated.
    generator : torch.Generator
        Draws the images, on the CPU.
    device : torch.device
        Device of the networks.
    n_rows : int, default=50
        Images of each class.
    """

    def __init__(
        self,
        distance: Measure,
        judge: nn.Module,
        data: EncodedData,
        prior: Prior,
        *,
        generator: torch.Generator,
        device: torch.device,
        n_rows: int = 50,
    ) -> None:
        self.distance, self.judge = distance, judge
        labels = torch.arange(int(data.y.max()) + 1)
        self.y = labels.repeat_interleave(max(4, min(n_rows, 500 // len(labels)))).to(device)
        self.start = tuple(part.to(device) for part in prior.draw(self.y.cpu(), generator))
        shown = [torch.randperm(int((data.y == label).sum()), generator=generator)[:n_rows] for label in labels]
        members = [(data.y == label).nonzero().squeeze(1)[own] for label, own in zip(labels, shown, strict=True)]
        found = [
            self._recognised(data.rows[own].to(device), torch.full((len(own),), label, device=device))
            for label, own in enumerate(members)
        ]
        self.real = sum(found) / len(found)

    @torch.inference_mode()
    def _recognised(self, images: Tensor, y: Tensor) -> float:
        return float((self.judge(images).argmax(1) == y).float().mean())

    @torch.inference_mode()
    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Measure the network's translations.

        Parameters
        ----------
        network : nn.Module
            The generator.

        Returns
        -------
        dict
            ``distance``, ``diversity`` as of `KernelDistance`, ``recognised``, and ``recognised_real``.
        """
        record = self.distance(network)
        parts = zip(self.y.split(100), *(part.split(100) for part in self.start), strict=True)
        shares = [self._recognised(network(y, *start), y) * len(y) for y, *start in parts]
        recognised = sum(shares) / len(self.y)
        record["distance"] += max(0.0, self.real - recognised)
        return record | {"recognised": recognised, "recognised_real": self.real}
