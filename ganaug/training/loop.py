"""The training loop: in each step, every phase updates its network on class-balanced batches.

The loop knows tensors and class indices only. What differs between models (two networks or three, tables or images) is
the list of phases.
"""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import pandas as pd
import torch
from torch import nn

from ganaug.common import processes
from ganaug.common.warnings import warn_user
from ganaug.training.callbacks.base import Callback, Previews, Run
from ganaug.training.checkpoint import TrainingState, state_from_bytes, state_to_bytes
from ganaug.training.fabric import Fabric
from ganaug.training.monitors import COLLAPSE_THRESHOLD
from ganaug.training.training_file import Stage, ignoring_signals

RECORD_EVERY = 10
# Measurements in a run, about.
_N_MEASUREMENTS = 20
# Distances that differ by less than this share are taken for equal, as the difference is chance.
_EQUAL = 0.1


def train(
    state: TrainingState,
    *,
    fabric: Fabric,
    n_steps: int,
    max_time: float | None,
    callbacks: Sequence[Callback],
    measure: Callable[[nn.Module], dict[str, float]],
    keep_best: bool,
    save: Callable[..., None],
    schedule: Callable[[float], float] | None = None,
    previews: Previews | None = None,
    stage: Stage | None = None,
) -> pd.DataFrame:
    """Train until the budget is spent, a callback stops the run, or it diverges or collapses.

    Each update of the first phase takes a new batch; the other phases use the last one.

    Several processes (`ganaug.common.processes`) do the same steps, each on its part of a batch. The first one
    measures, watches the time, calls the callbacks and stores the state; the others do as it does.

    Parameters
    ----------
    state : TrainingState
        Networks, average and batches; it is advanced in place, from its present step. Its average ends with finite
        weights whatever happens: on divergence it returns to the last good ones.
    fabric : Fabric
        Device and precision.
    n_steps : int
        The step at which the run ends, those that `state` has done included.
    max_time : float or None
        Seconds after which the run ends, the last measurement included. None sets no limit.
    callbacks : sequence of Callback
        Their hooks are called at the start, after each step, and at the end; by the first process only, unless
        `every_process` is true.
    measure : callable (network) -> dict
        Measures the averaged network about twenty times in a run: ``distance``, how far its rows are from real ones,
        and possibly ``diversity``, how different they are from each other, relative to real ones.
    keep_best : bool
        True ends with the weights of the least distance, and of those within a tenth of it with the latest. False ends
        with the last weights.
    save : callable (path)
        Stores the model as it is; for the callbacks.
    schedule : callable (float) -> float, or None, default=None
        The factor on the learning rates, given the share of the run that is done, in [0, 1]: of the steps, or of the
        time if that share is larger. None keeps them constant.
    previews : Previews or None, default=None
        Real and synthetic rows, for the callbacks; None if there are only tensors.
    stage : Stage or None, default=None
        Where the state is stored while the run proceeds, and from which it goes on if the state is there already. None
        stores nothing.

    Returns
    -------
    DataFrame
        The history, a row every ten steps: ``step``, ``seconds`` since the start, ``step_time`` in seconds, the loss
        and the gradient norm of each phase, the accuracy of the discriminator on real and on fake rows of the step's
        batch, its last penalty, and the measurements. Both accuracies should end near one half. The overfitting sign
        r_t of ADA (arXiv 2006.06676) is 2 * accuracy_real - 1, so its target of 0.6 is an accuracy of 0.8; take the
        mean of some rows, as ADA takes the mean of some batches.

    Warns
    -----
    UserWarning
        If the run diverged or collapsed, and returned to earlier weights.
    """
    is_over = processes.on_first(lambda: stage is not None and stage.begin(state))
    is_stored, max_time = processes.from_first((stage is not None, max_time))
    if processes.n_processes() > 1:
        state.load_state_dict(state_from_bytes(processes.from_first(state_to_bytes(state.state_dict()))))
    callbacks = [of for of in callbacks if processes.is_first() or getattr(of, "every_process", False)]
    run = Run(n_steps=n_steps, save=save, previews=previews, max_time=max_time, step=state.step, history=state.history)
    measure_every = RECORD_EVERY * max(1, round(n_steps / (_N_MEASUREMENTS * RECORD_EVERY)))
    average = state.average
    last_record_step, last_record_time = state.step, time.perf_counter()
    began = last_record_time - state.seconds
    measuring = 0.0  # seconds that a measurement takes
    with ExitStack() as ending:
        for callback in callbacks:
            # whatever happens to the run or to another callback: `on_fit_end` follows every call of `on_fit_start`
            ending.callback(callback.on_fit_end, run)
            callback.on_fit_start(run)
        max_time = processes.from_first(run.ends_after)
        if stage is not None:
            stage.load_callbacks(callbacks)
            ending.enter_context(stage.deferring_signals())
        elif is_stored:
            ending.enter_context(ignoring_signals())
        for step in range(n_steps if is_over else state.step, n_steps):
            state.step = run.step = step + 1
            state.seconds = time.perf_counter() - began
            if max_time is not None:
                state.seconds, measuring = processes.from_first((state.seconds, measuring))
            is_last = run.step == n_steps or (max_time is not None and state.seconds + measuring > max_time)
            is_recorded = run.step % RECORD_EVERY == 0 or is_last
            if schedule is not None:
                done = max(step / n_steps, 0.0 if max_time is None else min(state.seconds / max_time, 1.0))
                for phase in state.phases:
                    phase.scale_learning_rate(schedule(done))
            record = _update_networks(state, fabric, is_recorded)
            average.update(step)
            if is_recorded:
                record = _mean_record(record)
                if not processes.flag_of_first(all(map(math.isfinite, record.values())) and average.is_finite()):
                    _end_with_kept_weights(run, state, "diverged", "a loss or a weight was not finite")
                    break
                now = time.perf_counter()
                record |= {
                    "seconds": now - began,
                    "step_time": (now - last_record_time) / (run.step - last_record_step),
                }
                is_measured = run.step % measure_every == 0 or is_last
                if is_measured:
                    record |= processes.on_first(lambda: measure(average.module))
                    measuring = time.perf_counter() - now
                    if _is_collapsed(state, record.get("diversity", 1.0)):
                        why = "the rows of a class had become nearly alike, or left the range of real rows"
                        _end_with_kept_weights(run, state, "collapsed", why)
                        break
                # Only weights that were measured are kept: between two measurements, a run may have collapsed.
                if is_measured:
                    distance = record.get("distance", math.inf)
                    state.best_distance = min(state.best_distance, distance)
                    if not keep_best or distance <= state.best_distance + _EQUAL * abs(state.best_distance):
                        average.keep()
                        state.kept_step = run.step
                state.history.append({"step": run.step, **record})
                last_record_step, last_record_time = run.step, time.perf_counter()
            for callback in callbacks:
                callback.on_step_end(run)
            is_stopped = processes.flag_of_first(run.stop_reason is not None)
            if is_stopped:
                run.stop_reason = processes.from_first(run.stop_reason)
            if is_last or is_stopped:
                break
            if stage is not None:
                stage.after_step(state, n_steps)
        if keep_best:
            average.roll_back()
        average.share()
        if stage is not None and not is_over:
            stage.end(state)
    return pd.DataFrame(state.history)


def _update_networks(state: TrainingState, fabric: Fabric, is_recorded: bool) -> dict[str, float]:
    """Let each phase update its network; return what is recorded of it."""
    record: dict[str, float] = {}
    for phase in state.phases:
        if state.step <= phase.first_step:
            continue
        for _ in range(phase.n_updates):
            if phase is state.phases[0]:
                batch = next(state.batches)
            report = phase.update(batch, fabric)
        if is_recorded:
            record |= {f"{phase.name}_{name}": value.item() for name, value in report().items()}
            record[f"{phase.name}_gradient_norm"] = float(phase.gradient_norm())
    return record


def _mean_record(record: dict[str, float]) -> dict[str, float]:
    """Return the mean of what the processes recorded, each on its part of the batch."""
    if processes.n_processes() == 1:
        return record
    means = processes.mean(torch.tensor(list(record.values()), dtype=torch.float32))
    return dict(zip(record, means.tolist(), strict=True))


def _is_collapsed(state: TrainingState, diversity: float) -> bool:
    """Whether a run that was diverse no longer is; at the start, networks are often not diverse yet."""
    if state.was_diverse and diversity < COLLAPSE_THRESHOLD:
        return True
    state.was_diverse = state.was_diverse or diversity > 2 * COLLAPSE_THRESHOLD
    return False


def _end_with_kept_weights(run: Run, state: TrainingState, what: str, why: str) -> None:
    """Return to the last good weights, stop the run, and warn."""
    state.average.roll_back()
    run.stop(f"training {what} at step {run.step}")
    if state.kept_step:
        outcome = f"The model has the weights of step {state.kept_step}."
    else:
        outcome = "There are no earlier weights: the model is UNTRAINED."
    warn_user(
        f"Training {what} at step {run.step} of {run.n_steps}, because {why}. {outcome} Try a lower learning_rate "
        "(in the shell another --seed)."
    )
