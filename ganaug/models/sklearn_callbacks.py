"""scikit-learn's callbacks (1.9, experimental) told of a training, where scikit-learn has them."""

from collections.abc import Callable
from typing import Any, TypeVar

from ganaug.training import Callback, Run

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9
    Method = TypeVar("Method", bound=Callable[..., Any])

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: this scikit-learn has no callbacks to set."""

    def with_callbacks(method: Method) -> Method:
        """Leave a method as it is."""
        return method


class SklearnCallbacks(Callback):
    """Tell scikit-learn's callbacks of a run: a task for the fit, and one in it for each training step.

    What was recorded of a step is its ``metadata``, empty for nine steps of ten. Where one of them asks for it, the
    training stops.

    Parameters
    ----------
    estimator : estimator
        With `CallbackSupportMixin`, on which ``set_callbacks`` was called.
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
            run.stop("a callback of scikit-learn asked for it")

    def on_fit_end(self, run: Run) -> None:
        """End the fit's task."""
        self._fit.call_on_fit_task_end(estimator=self.estimator)
