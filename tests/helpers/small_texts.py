"""A small set of texts with a rare class, and a model that trains on it in a moment."""

from ganaug import TextGAN

HAM = [f"See you at {n} {when}, ok? 😊" for n in range(1, 13) for when in ("today", "tonight", "tomorrow")]
SPAM = [f"WIN {n}00 {what} now at http://win.example/{n}" for n in range(1, 7) for what in ("pounds", "dollars")]
TEXTS, LABELS = [*HAM, *SPAM], ["ham"] * len(HAM) + ["spam"] * len(SPAM)
SIZES = {"embedding_size": 8, "hidden_size": 8, "code_size": 4, "hidden_sizes": (8,), "batch_size": 16}


def tiny_texts(**params):
    """Return a model for laws that hold however little it was trained."""
    steps = {"autoencoder_steps": 5, "n_steps": 3, "vocabulary_size": 300, "random_state": 0, "device": "cpu"}
    return TextGAN(**{**steps, **SIZES, **params})
