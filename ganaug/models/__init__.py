"""Conditional generative models: fit(X, y), sample(y), save, load."""
