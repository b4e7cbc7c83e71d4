"""Numbers that say what synthetic data are worth: from arrays, never from the models that made them."""
