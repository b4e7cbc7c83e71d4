"""Support for the callbacks of scikit-learn (experimental since its version 1.9)."""

from collections.abc import Callable
from typing import Any, TypeVar

from ganaug.training import Callback, Run

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9
    Method = TypeVar("Method", bound=Callable[..., Any])

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Empty, as this version of scikit-learn has no callbacks."""

    def with_callbacks(method: Method) -> Method:
        """Return the method unchanged."""
        return method


def has_callbacks(estimator: Any) -> bool:
    """Whether ``set_callbacks`` of an estimator was called."""
    return bool(getattr(estimator, "_skl_callbacks", None))


class SklearnCallbacks(Callback):
    """Report a run to scikit-learn's callbacks: one task for the fit, and within it one task for each training step.

    The record of a step is the ``metadata`` of its task; nine steps of ten record nothing. The training stops when one
    of the callbacks asks for it.

    Parameters
    ----------
    estimator : estimator
        An estimator with `CallbackSupportMixin` on which ``set_callbacks`` was called.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def on_fit_start(self, run: Run) -> None:
        """Begin the fit's task."""
        self._fit = self.estimator._init_callback_context(max_subtasks=run.n_steps)
        self._fit.call_on_fit_task_begin(estimator=self.estimator)

    def on_step_end(self, run: Run) -> None:
        """Begin and end the step's task."""
        step = self._fit.subcontext(task_name="step").call_on_fit_task_begin(estimator=self.estimator)
        if step.call_on_fit_task_end(estimator=self.estimator, metadata=run.record):
            run.stop("a callback of scikit-learn requested it")

    def on_fit_end(self, run: Run) -> None:
        """End the fit's task."""
        self._fit.call_on_fit_task_end(estimator=self.estimator)
