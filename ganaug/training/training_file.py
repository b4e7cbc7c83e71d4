"""The file from which an interrupted training goes on: the states of its stages, and what the training was of."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ganaug.common.files import check_regular, replacing
from ganaug.common.warnings import warn_user
from ganaug.training.checkpoint import TrainingState, state_from_bytes, state_to_bytes

# Seconds between two writes at least, and the part of the time that they may take.
EVERY = 30.0
PART = 0.01
_MAGIC = b"ganaug checkpoint 1 "
# Differences that a message names.
_MAX_NAMED = 3


class TrainingFile:
    """A file that holds all that a training depends on, and is replaced as the training proceeds.

    A training has one stage or more, such as that of an autoencoder and that of a GAN. The file holds the state of each
    stage that has begun. It is written beside the old one and renamed, so it is never half-written, and it carries a
    checksum.

    Parameters
    ----------
    path : str or Path
        The file. Its folder must exist.
    identity : mapping of str to str
        What the training is of: name -> value, in words. A file of another training is refused.
    seed : int
        The seed of this training, unless the file has one.
    is_seed_given : bool
        Whether a file with another seed is refused. Otherwise the training takes the seed of the file.

    Attributes
    ----------
    seed : int
        The seed of the training.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If the file is no checkpoint, is damaged, or is of another training.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "run.checkpoint")
    >>> TrainingFile(path, {"loss": "'rpgan'"}, 5, is_seed_given=True).write()
    >>> TrainingFile(path, {"loss": "'rpgan'"}, 7, is_seed_given=False).seed
    5
    >>> TrainingFile(path, {"loss": "'hinge'"}, 5, is_seed_given=True)
    Traceback (most recent call last):
    ...
    ValueError: checkpoint '...' is of another training: loss is 'rpgan' there and 'hinge' here. ...
    """

    def __init__(self, path: str | Path, identity: Mapping[str, str], seed: int, *, is_seed_given: bool) -> None:
        self.path = Path(path)
        self.identity = dict(identity)
        self.seed = seed
        self.stages: dict[str, dict[str, Any]] = {}
        self._next_write = time.monotonic() + EVERY
        self._is_warned = False
        _check_place(self.path)
        if self.path.exists():
            self._read(is_seed_given)

    def _read(self, is_seed_given: bool) -> None:
        content = self.path.read_bytes()
        digest, _, data = content.removeprefix(_MAGIC).partition(b"\n")
        if not content.startswith(_MAGIC):
            raise ValueError(
                f"{str(self.path)!r} exists and is not a checkpoint of this version of ganaug. It was not changed; "
                "give checkpoint another name, or delete the file"
            )
        if hashlib.sha256(data).hexdigest().encode() != digest:
            raise ValueError(self._damaged("its checksum is wrong, so it is cut short or was changed"))
        try:
            stored = state_from_bytes(data)
            identity, seed, stages = dict(stored["identity"]), int(stored["seed"]), dict(stored["stages"])
        except Exception as error:  # whichever way it is malformed
            raise ValueError(self._damaged(f"{type(error).__name__}: {error}")) from error
        found = differences(identity, self.identity)
        if is_seed_given and seed != self.seed:
            found.append("random_state is another one")
        if found:
            n_more = len(found) - _MAX_NAMED
            named = "; ".join(found[:_MAX_NAMED]) + (f"; and {n_more} more" if n_more > 0 else "")
            raise ValueError(
                f"checkpoint {str(self.path)!r} is of another training: {named}. To go on with it, give the same data "
                "and parameters; to begin anew, delete the file or give checkpoint another name"
            )
        self.seed, self.stages = seed, stages

    def _damaged(self, why: str) -> str:
        return f"checkpoint {str(self.path)!r} is damaged: {why}. Delete it to begin anew"

    def stage(self, name: str) -> "Stage":
        """Return a stage of the training, for `train`.

        Parameters
        ----------
        name : str
            Its name, such as "autoencoder".
        """
        return Stage(self, name)

    def write(self) -> None:
        """Write all stages.

        Raises
        ------
        OSError
            If the file cannot be written. The one before is then left as it was.
        """
        began = time.monotonic()
        data = state_to_bytes({"identity": self.identity, "seed": self.seed, "stages": self.stages})
        with replacing(self.path) as beside:
            beside.write_bytes(_MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
        ended = time.monotonic()
        self._next_write = ended + max(EVERY, (ended - began) / PART)

    def write_or_warn(self) -> None:
        """Write all stages; if that fails, as on a full disk, keep the file that there is, and warn once."""
        try:
            self.write()
            self._is_warned = False
        except OSError as error:
            self._next_write = time.monotonic() + EVERY  # not again at each step
            if not self._is_warned:
                self._is_warned = True
                warn_user(
                    f"The checkpoint could not be written ({error}). The training continues, and {str(self.path)!r} "
                    "keeps the earlier state."
                )

    @property
    def is_due(self) -> bool:
        """Whether it is time to write again."""
        return time.monotonic() >= self._next_write


class Stage:
    """A stage of a training as its loop stores it.

    Parameters
    ----------
    file : TrainingFile
        The file.
    name : str
        Name of the stage.
    """

    def __init__(self, file: TrainingFile, name: str) -> None:
        self.file = file
        self.name = name
        self._signals: list[int] = []
        self._callbacks: Sequence[Any] = ()

    def begin(self, state: TrainingState) -> bool:
        """Load what the file has of this stage into the state of a run, or store the state as it is.

        Parameters
        ----------
        state : TrainingState
            At the beginning of the run.

        Returns
        -------
        bool
            Whether the stage is over.

        Raises
        ------
        OSError
            If the file cannot be written.
        ValueError
            If the stored state does not fit the run.
        """
        stored = self.file.stages.get(self.name)
        if stored is None:
            self._take(state, is_over=False)
            self.file.write()
            return False
        try:
            state.load_state_dict(stored["state"])
            return bool(stored["is_over"])
        except Exception as error:  # whichever way it is malformed
            raise ValueError(self.file._damaged(f"{type(error).__name__}: {error}")) from error

    def load_callbacks(self, callbacks: Sequence[Any]) -> None:
        """Give each callback that has a state the one that the file has of it, by the name of its class.

        Parameters
        ----------
        callbacks : sequence of Callback
            Those of the run, after `on_fit_start`.
        """
        self._callbacks = [of for of in callbacks if hasattr(of, "state_dict") and hasattr(of, "load_state_dict")]
        stored = dict((self.file.stages.get(self.name) or {}).get("callbacks", {}))
        for callback in self._callbacks:
            if type(callback).__name__ in stored:
                callback.load_state_dict(stored[type(callback).__name__])

    def _take(self, state: TrainingState, *, is_over: bool) -> None:
        callbacks = {type(callback).__name__: callback.state_dict() for callback in self._callbacks}
        self.file.stages[self.name] = {"is_over": is_over, "state": state.state_dict(), "callbacks": callbacks}

    def after_step(self, state: TrainingState, n_steps: int) -> None:
        """Store the state if it is time, or if the user or the system wants to end the process, which then ends.

        Parameters
        ----------
        state : TrainingState
            After a step.
        n_steps : int
            Planned steps, for the message.
        """
        if not self._signals and not self.file.is_due:
            return
        self._take(state, is_over=False)
        self.file.write_or_warn()
        if self._signals:
            try:
                warn_user(
                    f"The {self.name} was stopped at step {state.step:,} of {n_steps:,}. Run the same again to go on "
                    f"from the checkpoint {str(self.file.path)!r}."
                )
            finally:
                number = self._signals.pop()
                for of, handler in self._handlers.items():
                    signal.signal(of, handler)
                signal.raise_signal(number)

    def end(self, state: TrainingState) -> None:
        """Store the last state of the stage.

        Parameters
        ----------
        state : TrainingState
            At the end of the run.
        """
        self._take(state, is_over=True)
        # a copy: what comes next may change the networks of this stage
        self.file.stages[self.name] = state_from_bytes(state_to_bytes(self.file.stages[self.name]))
        self.file.write_or_warn()

    @contextmanager
    def deferring_signals(self) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM wait for the end of a step, where `after_step` stores the state first.

        A second signal does not wait.
        """
        self._handlers: dict[int, Any] = {}
        if threading.current_thread() is not threading.main_thread():
            yield  # signals are received by the main thread only
            return

        def note(number: int, frame: object) -> None:
            if self._signals:
                signal.signal(number, self._handlers[number])
                signal.raise_signal(number)
            self._signals.append(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if handler is not None and handler != signal.SIG_IGN:
                self._handlers[number] = signal.signal(number, note)
        try:
            yield
        finally:
            for of, handler in self._handlers.items():
                signal.signal(of, handler)
            if self._signals:  # received after the last step
                signal.raise_signal(self._signals.pop())


@contextmanager
def ignoring_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM have no effect on a process that trains with a first one, which stores the state and ends.

    The other processes then end too, as they lose it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_place(path: Path) -> None:
    check_regular(path)
    if path.is_dir():
        raise IsADirectoryError(f"checkpoint {str(path)!r} is a folder; give the name of a file in it")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder for the checkpoint {str(path)!r}: create {str(folder)!r} first")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"the folder of the checkpoint {str(path)!r} is not writable")


def differences(there: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """Say where two trainings differ, in words.

    Parameters
    ----------
    there, here : mapping of str to str
        What each is of, as of `TrainingFile`.
    """
    said = []
    for name in dict.fromkeys([*here, *there]):
        old, new = there.get(name), here.get(name)
        if old == new:
            continue
        shown = name.removeprefix("data ")
        if old is None or new is None:
            said.append(
                f"there is {'no' if old is None else 'a'} {shown} there and {'none' if new is None else 'one'} here"
            )
        elif shown != name:  # digests say nothing to a reader
            said.append(f"{shown} has other values")
        else:
            said.append(f"{name} is {old} there and {new} here")
    return said
