"""Early stopping; checkpoints are tested with the models that they store."""

from ganaug.training.callbacks import EarlyStopping, Run


def test_early_stopping_counts_measurements_without_improvement():
    stopping = EarlyStopping(patience=2, min_delta=0.1)
    state = Run(n_steps=100, save=lambda path: None)
    stopping.on_fit_start(state)
    for value, stopped in ((5.0, False), (None, False), (4.0, False), (3.95, False), (4.5, True)):
        state.history.append({"step": 0} if value is None else {"step": 0, "distance": value})
        stopping.on_step_end(state)
        stopping.on_step_end(state)  # nothing new was recorded: nothing is counted
        assert (state.stop_reason is not None) is stopped


def test_early_stopping_of_a_continued_run_counts_its_history():
    stopping = EarlyStopping(patience=2)
    run = Run(
        n_steps=100, save=lambda path: None, history=[{"step": i, "distance": d} for i, d in enumerate([2.0, 3.0])]
    )
    stopping.on_fit_start(run)
    assert run.stop_reason is None
    run.history.append({"step": 2, "distance": 2.5})
    stopping.on_step_end(run)
    assert run.stop_reason == "distance did not improve in 2 measurements"
