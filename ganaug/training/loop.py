"""The one training loop: phases take turns on class-balanced batches, whatever they train.

The loop knows tensors and a class index. Two networks or four, a table or pictures: what differs is the list of
phases. `adversarial_phases` builds the two of a conditional GAN.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ganaug.common.warnings import warn_user
from ganaug.training.augmentation import AdaptiveAugmentation
from ganaug.training.callbacks import Callback, Previews, Run
from ganaug.training.losses import LOSSES, PENALTIES
from ganaug.training.priors import Prior

RECORD_EVERY = 10
# A class whose rows are this much less different from each other than real ones has collapsed.
COLLAPSE_THRESHOLD = 0.2
# Of moments whose distances differ by less than this part, which is luck, the later one has seen more.
_EQUAL = 0.1
# Random draws are made for this many batches at once: one large draw costs less than many small ones.
_AHEAD = 32


Report = Callable[[], dict[str, Tensor]]


class CompactRows:
    """Rows kept in few bytes, which become what networks see only where they are taken out.

    Parameters
    ----------
    kept : Tensor of shape (n_rows, ...)
        Of any dtype.
    scale : callable (Tensor) -> Tensor
        Makes floating-point rows of kept ones.

    Examples
    --------
    >>> rows = CompactRows(torch.tensor([[0, 255]], dtype=torch.uint8), lambda kept: kept / 127.5 - 1)
    >>> rows[torch.tensor([0])]
    tensor([[-1.,  1.]])
    """

    def __init__(self, kept: Tensor, scale: Callable[[Tensor], Tensor]) -> None:
        self.kept = kept
        self.scale = scale

    def __len__(self) -> int:
        return len(self.kept)

    def __getitem__(self, index: Tensor | slice) -> Tensor:
        return self.scale(self.kept[index])

    def part(self, index: Tensor | slice) -> "CompactRows":
        """Return some of the rows, kept as before."""
        return CompactRows(self.kept[index], self.scale)

    def to(self, device: torch.device) -> "CompactRows":
        """Move the kept rows."""
        return CompactRows(self.kept.to(device), self.scale)


class Batch(NamedTuple):
    """Real rows, their classes, and what the generator starts from to answer them; all of one length."""

    real: Tensor
    y: Tensor
    start: tuple[Tensor, ...]


class BalancedBatches:
    """Endless batches in which every class has (nearly) the same number of rows, drawn with replacement.

    Parameters
    ----------
    rows : Tensor of shape (n_rows, ...) or CompactRows
        Encoded training rows.
    y : Tensor of shape (n_rows,)
        Class index of each; every class below ``y.max()`` has at least one row.
    prior : Prior
        What the generator starts from.
    batch_size : int
        Rows in a batch, rounded down to a multiple of `pac`, at least one pack.
    pac : int
        Rows of one class that stand side by side, for PacGAN.
    generator : torch.Generator
        Source of rng, on the CPU, so that a seed means the same batches on every device.
    device : torch.device
        Where batches are put.
    """

    def __init__(
        self,
        rows: Tensor | CompactRows,
        y: Tensor,
        prior: Prior,
        *,
        batch_size: int,
        pac: int,
        generator: torch.Generator,
        device: torch.device,
    ) -> None:
        self.rows = rows.to(device)
        self.order = y.argsort(stable=True)
        self.counts = y.bincount()
        self.starts = self.counts.cumsum(0) - self.counts
        self.prior = prior
        self.n_packs = max(1, batch_size // pac)
        self.pac = pac
        self.generator = generator
        self.device = device

    def __iter__(self) -> Iterator[Batch]:
        # Classes take turns across batches too, so that more classes than rows in a batch are all seen.
        n_packs, n_drawn = self.n_packs, 0
        size = n_packs * self.pac
        while True:
            turn = torch.arange(n_drawn, n_drawn + _AHEAD * n_packs)
            n_drawn += _AHEAD * n_packs
            y = (turn % len(self.counts)).repeat_interleave(self.pac)
            place = torch.rand(len(y), generator=self.generator, dtype=torch.float64)
            index = self.order[self.starts[y] + (place * self.counts[y]).long()].to(self.device)
            start = tuple(part.to(self.device) for part in self.prior.draw(y, self.generator))
            y = y.to(self.device)
            for low in range(0, len(y), size):
                part = slice(low, low + size)
                yield Batch(self.rows[index[part]], y[part], tuple(drawn[part] for drawn in start))


@dataclass
class Phase:
    """One player's turn: what it trains, by which objective, and how often in a step.

    Parameters
    ----------
    name : str
        Prefix of its columns in the history.
    module : nn.Module
        The network(s) whose weights it trains.
    optimizer : torch.optim.Optimizer
        Over those weights.
    objective : callable (batch) -> (scalar, callable () -> dict of scalars)
        What is minimised, and what is recorded, worked out only where a record is made.
    n_updates : int, default=1
        Updates in a step.
    clip : float or None, default=None
        Bound on the weights after each update (Wasserstein GAN).
    """

    name: str
    module: nn.Module
    optimizer: torch.optim.Optimizer
    objective: Callable[[Batch], tuple[Tensor, Report]]
    n_updates: int = 1
    clip: float | None = None
    parameters: list[Tensor] = field(init=False)

    def __post_init__(self) -> None:
        self.parameters = list(self.module.parameters())

    def update(self, batch: Batch, fabric: Fabric) -> Report:
        """Take one gradient step on a batch and return the objective's report."""
        objective, report = self.objective(batch)
        for weight in self.parameters:
            weight.grad = None
        fabric.backward(objective, inputs=self.parameters)
        self.optimizer.step()
        if self.clip is not None:
            with torch.no_grad():
                torch._foreach_clamp_min_(self.parameters, -self.clip)
                torch._foreach_clamp_max_(self.parameters, self.clip)
        return report

    def gradient_norm(self) -> Tensor:
        """Euclidean norm of the last update's gradient."""
        gradients = [weight.grad for weight in self.parameters if weight.grad is not None]
        return torch.stack(torch._foreach_norm(gradients)).norm()


class EMA:
    """Exponential moving average of a network's weights (EMA), the network that samples (arXiv 1806.04498).

    Parameters
    ----------
    source : nn.Module
        The network being trained.
    decay : float
        Weight of the past in the long run. The average follows faster at first, so that a short run does not
        remember its random start.
    """

    def __init__(self, source: nn.Module, decay: float) -> None:
        self.module = deepcopy(source).eval().requires_grad_(False)
        self.decay = decay
        # weights and running statistics, but neither constants (not in state_dict) nor counters
        ours = self.module.state_dict()
        moving = {name: tensor for name, tensor in source.state_dict().items() if tensor.is_floating_point()}
        # the mean of two unit vectors is no unit vector: those of spectral normalisation are followed, not averaged
        followed = [name for name in moving if name.endswith(("._u", "._v"))]
        self._followed = [(ours[name], moving.pop(name)) for name in followed]
        self._from, self._to = list(moving.values()), [ours[name] for name in moving]
        self._every = [*self._to, *(tensor for tensor, _ in self._followed)]
        self._kept = [tensor.clone() for tensor in self._every]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move toward the source's weights."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._to, self._from, 1 - decay)
        for to, source in self._followed:
            to.copy_(source)

    def is_finite(self) -> bool:
        """Whether no weight is NaN or infinite."""
        return bool(torch.stack([tensor.isfinite().all() for tensor in self._every]).all())

    @torch.no_grad()
    def keep(self) -> None:
        """Remember the present weights as the last good ones."""
        torch._foreach_copy_(self._kept, self._every)

    @torch.no_grad()
    def roll_back(self) -> None:
        """Return to the weights last kept."""
        torch._foreach_copy_(self._every, self._kept)


def adversarial_phases(
    generator: nn.Module,
    discriminator: nn.Module,
    *,
    fabric: Fabric,
    rng: torch.Generator,
    loss: str,
    penalty: str,
    gamma: float | str,
    penalty_every: int,
    n_critic: int | str,
    learning_rate: float,
    betas: tuple[float, float] | None,
    pac: int,
    augment: AdaptiveAugmentation | None,
) -> list[Phase]:
    """Build the discriminator's and the generator's phase of a conditional GAN.

    Parameters
    ----------
    generator : nn.Module
        Called as ``generator(y, *start)``.
    discriminator : nn.Module
        Called as ``discriminator(rows, y)``, `pac` rows side by side in one. It returns scores of shape (batch,), or
        (batch, 2): beside the score, the logarithm of the probability that the row is of its class, which both
        networks then raise (auxiliary classifier, arXiv 1610.09585).
    fabric : Fabric
        Device and precision.
    rng : torch.Generator
        Used by the penalties, on Fabric's device.
    loss, penalty : str
        Names of `LOSSES` and `PENALTIES`; ``penalty="auto"`` takes the loss's own.
    gamma : float or "auto"
        Weight of the penalty.
    penalty_every : int
        The penalty is computed at every n-th update with n times the weight (lazy regularisation, arXiv 1912.04958).
    n_critic : int or "auto"
        Discriminator updates for each of the generator's.
    learning_rate : float
        Of Adam, for both networks.
    betas : (float, float) or None
        Of Adam; None takes the loss's own.
    pac : int
        Rows the discriminator sees at a time.
    augment : AdaptiveAugmentation or None
        What is done to all that the discriminator sees, real and fake (arXiv 2006.10738).
    """
    choice = LOSSES[loss]
    regulariser = choice.penalty if penalty == "auto" else penalty
    penalise = PENALTIES[regulariser]
    # a penalty that is not the loss's own has no weight tuned for it: 1 is the value of the papers' toy problems
    own = regulariser == choice.penalty
    weight = (choice.gamma if own else 1.0) if gamma == "auto" else float(gamma)
    fused = fabric.device.type in ("cpu", "cuda")
    # Fabric's wrapper admits no derivative of a derivative; the penalty asks the network itself.
    critic = discriminator
    betas = (choice.beta1, 0.9) if betas is None else betas
    (generator, g_optimizer), (discriminator, d_optimizer) = (
        fabric.setup(net, torch.optim.Adam(net.parameters(), lr=learning_rate, betas=betas, fused=fused))
        for net in (generator, discriminator)
    )

    def pack(rows: Tensor) -> Tensor:
        return rows if pac == 1 else rows.reshape(len(rows) // pac, -1)

    def seen(real: Tensor, fake: Tensor) -> Tensor:
        # one pass over real and fake together: for small networks the number of calls is the cost
        both = torch.cat([real, fake])
        return both if augment is None else augment(both)

    def score_of(judged: Tensor) -> Tensor:
        return judged if judged.ndim == 1 else judged[:, 0]

    def wrong_class(judged: Tensor) -> Tensor | float:
        return 0.0 if judged.ndim == 1 else -judged[:, 1].mean()

    asked: Batch | None = None
    answered = torch.empty(0)
    n_judged, cost = 0, torch.zeros(())  # discriminator updates so far, and the last penalty

    def answer(batch: Batch) -> Tensor:
        # both phases of a step see the same batch: the generator, unchanged in between, answers it once
        nonlocal asked, answered
        if batch is not asked:
            asked, answered = batch, pack(generator(batch.y, *batch.start))
        return answered

    def discriminate(batch: Batch) -> tuple[Tensor, Report]:
        fake = answer(batch).detach()
        y = batch.y[::pac]
        both = seen(pack(batch.real), fake)
        judged = discriminator(both, torch.cat([y, y]))
        real_score, fake_score = score_of(judged).split(len(y))
        adversarial = choice.discriminator(real_score, fake_score)
        objective = adversarial + wrong_class(judged)
        if augment is not None:
            augment.observe((real_score - choice.boundary(real_score, fake_score)).detach())
        nonlocal n_judged, cost
        if penalise is not None and n_judged % penalty_every == 0:
            mix = torch.rand(len(y), generator=rng, device=both.device)
            with fabric.autocast():
                real, fake = both.detach().split(len(y))
                squared = penalise(lambda rows: score_of(critic(rows, y.repeat(len(rows) // len(y)))), real, fake, mix)
            objective = objective + weight * penalty_every * squared
            cost = squared.detach()
        n_judged += 1

        def report() -> dict[str, Tensor]:
            boundary = choice.boundary(real_score, fake_score)
            return {
                "loss": adversarial,
                "accuracy_real": (real_score > boundary).float().mean(),
                "accuracy_fake": (fake_score < boundary).float().mean(),
                **({} if penalise is None else {"penalty": cost}),
                **({} if augment is None else {"augmentation": torch.tensor(augment.p)}),
            }

        return objective, report

    def generate(batch: Batch) -> tuple[Tensor, Report]:
        y = batch.y[::pac]
        judged = discriminator(seen(pack(batch.real), answer(batch)), torch.cat([y, y]))
        objective = choice.generator(*score_of(judged).split(len(y)))
        return objective + wrong_class(judged[len(y) :]), lambda: {"loss": objective}

    n_updates = choice.n_critic if n_critic == "auto" else int(n_critic)
    return [
        Phase("discriminator", discriminator, d_optimizer, discriminate, n_updates, choice.clip),
        Phase("generator", generator, g_optimizer, generate),
    ]


def train(
    phases: Sequence[Phase],
    average: EMA,
    batches: BalancedBatches,
    *,
    fabric: Fabric,
    n_steps: int,
    max_time: float | None,
    callbacks: Sequence[Callback],
    measure: Callable[[nn.Module], dict[str, float]],
    keep_best: bool,
    save: Callable[..., None],
    views: Previews | None = None,
) -> pd.DataFrame:
    """Let the phases take turns until the budget is spent, a callback stops the run, or it diverges.

    Parameters
    ----------
    phases : sequence of Phase
        In the order of their turns. Each update of the first takes a new batch; the others see its last one.
    average : EMA
        The moving average that will sample. It ends with finite weights whatever happens: on divergence it goes
        back to the last good ones.
    batches : BalancedBatches
        Of real rows.
    fabric : Fabric
        Device and precision.
    n_steps : int
        Steps; in one, every phase has its turn.
    max_time : float or None
        Seconds after which the run ends, the last measurement included.
    callbacks : sequence of Callback
        Told of every step.
    measure : callable (network) -> dict
        Measures the averaged network's rows up to twenty times in a run: ``distance``, how far they are from real
        ones, and where it is known ``diversity``, how different they are from each other beside real ones.
    keep_best : bool
        Whether the average ends with the weights of the least distance, not with the last ones; of those within a tenth
        of it, the latest.
    save : callable (path)
        Handed to the callbacks, to store the model as it is.
    views : Previews or None, default=None
        Handed to the callbacks, to look at the data; None where there is nothing but tensors.

    Returns
    -------
    DataFrame
        The history, a row every ten steps: ``step``, ``seconds`` since the start, ``step_time`` in seconds, each
        phase's loss and gradient norm, the discriminator's accuracy on real and on fake rows of that step's batch, its
        last penalty, and what was measured. Half of the answers right is where both accuracies should end. The
        overfitting sign r_t of ADA (arXiv 2006.06676) needs no column of its own: it is 2 * accuracy_real - 1, and
        its target of 0.6 an accuracy of 0.8; take the mean of some rows, as ADA does of some batches.

    Warns
    -----
    UserWarning
        When the run diverged or collapsed and was rolled back.
    """
    run = Run(n_steps=n_steps, save=save, views=views)
    stream = iter(batches)
    measure_every = RECORD_EVERY * max(1, round(n_steps / (20 * RECORD_EVERY)))
    began = recorded = time.perf_counter()
    best, kept_step, was_diverse = math.inf, 0, False
    measuring = 0.0  # seconds that a measurement takes
    with ExitStack() as ending:
        for callback in callbacks:
            # whatever happens to the run or to another callback, each that is told of the start is told of the end
            ending.callback(callback.on_fit_end, run)
            callback.on_fit_start(run)
        for step in range(n_steps):
            run.step = step + 1
            spent = time.perf_counter() - began + measuring
            is_last = run.step == n_steps or (max_time is not None and spent > max_time)
            is_recorded = run.step % RECORD_EVERY == 0 or is_last
            record: dict[str, float] = {}
            for phase in phases:
                for _ in range(phase.n_updates):
                    if phase is phases[0]:
                        batch = next(stream)
                    report = phase.update(batch, fabric)
                if is_recorded:
                    record |= {f"{phase.name}_{name}": value.item() for name, value in report().items()}
                    record[f"{phase.name}_gradient_norm"] = float(phase.gradient_norm())
            average.update(step)
            if is_recorded:
                if not all(map(math.isfinite, record.values())) or not average.is_finite():
                    _give_up(run, average, kept_step, "diverged", "a loss or weight was not finite")
                    break
                now = time.perf_counter()
                n_since = run.step - (run.history[-1]["step"] if run.history else 0)
                record |= {"seconds": now - began, "step_time": (now - recorded) / n_since}
                if run.step % measure_every == 0 or is_last:
                    record |= measure(average.module)
                    measuring = time.perf_counter() - now
                    diversity = record.get("diversity", 1.0)
                    if was_diverse and diversity < COLLAPSE_THRESHOLD:
                        _give_up(run, average, kept_step, "collapsed", "the rows of a class had become alike")
                        break
                    was_diverse = was_diverse or diversity > 2 * COLLAPSE_THRESHOLD
                distance = record.get("distance", math.inf)
                best = min(best, distance)
                if not keep_best or distance <= best + _EQUAL * abs(best):
                    average.keep()
                    kept_step = run.step
                run.history.append({"step": run.step, **record})
                recorded = time.perf_counter()
            for callback in callbacks:
                callback.on_step_end(run)
            if is_last or run.stop_reason is not None:
                break
        if keep_best:
            average.roll_back()
    return pd.DataFrame(run.history)


def _give_up(run: Run, average: EMA, kept_step: int, what: str, why: str) -> None:
    """Go back to the last good weights and say so."""
    average.roll_back()
    run.stop(f"training {what} at step {run.step}")
    warn_user(
        f"Training {what} at step {run.step} of {run.n_steps} ({why}): "
        + (f"kept the weights of step {kept_step}. " if kept_step else "UNTRAINED. ")
        + "A lower learning_rate or loss='rpgan' is steadier.",
    )
