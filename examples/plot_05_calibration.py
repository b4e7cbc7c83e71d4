"""
Probabilities after oversampling
================================

A classifier that was trained on equally large classes predicts 50 % where 5 % is right. The order of rows stays good,
but the probabilities do not. `calibrated` corrects them for the true class shares. A reliability plot shows the effect:
of the rows with a probability of 30 %, how many are positive?
"""

import os

import matplotlib.pyplot as plt
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.calibration import calibration_curve
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss
from sklearn.model_selection import train_test_split

from ganaug import GANOversampler, TabularGAN, calibrated

N_STEPS = int(os.environ.get("GANAUG_STEPS", "0")) or "auto"

# %%
# Two classes, one of which is rare and overlaps with the other. Some rows train; the others show whether the
# probabilities are right.
X, y = make_blobs([19_000, 1_000], centers=[[0, 0, 0], [1.5, 1, 0.5]], random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=0.3, stratify=y, random_state=0)
print(f"{y_train.mean():.1%} positive")

# %%
# The same logistic regression without resampling, on balanced classes, and on balanced classes with the correction. The
# correction takes the whole pipeline, so that it can count the classes before and after the sampler. The last model has
# rows without selection: by default each row is selected among three candidates by how surely it belongs to its class.
sampler = GANOversampler(model=TabularGAN(n_steps=N_STEPS), random_state=0)
balanced = make_pipeline(sampler, LogisticRegression())
models = {
    "no resampling": LogisticRegression(),
    "ganaug": balanced,
    "ganaug, calibrated": calibrated(balanced),
    "the same, selection=None": calibrated(clone(balanced).set_params(ganoversampler__selection=None)),
}
probabilities = {name: model.fit(X_train, y_train).predict_proba(X_test)[:, 1] for name, model in models.items()}

# %%
# Average precision depends only on the order, which the correction keeps. The Brier score (lower is better) depends on
# the probabilities.
for name, probability in probabilities.items():
    precision, brier = average_precision_score(y_test, probability), brier_score_loss(y_test, probability)
    print(f"{name:20} average precision {precision:.3f}, Brier score {brier:.3f}")

# %%
# On the diagonal, probabilities are right. After oversampling the curve lies below it: of the rows with a probability
# of 50 %, far fewer are positive. The correction brings the curve back to the diagonal, completely if synthetic rows
# are like real ones (``selection=None``). With selected rows, the classifier stays a little too certain at the upper
# end.
figure, (curves, counts) = plt.subplots(2, 1, figsize=(6, 7), height_ratios=[3, 1], sharex=True, layout="constrained")
curves.plot([0, 1], [0, 1], color="0.7", linestyle=":", label="right probabilities")
for (name, probability), style in zip(probabilities.items(), ("s--", "o-", "o-", "o-"), strict=True):
    observed, predicted = calibration_curve(y_test, probability, n_bins=10)
    brier = brier_score_loss(y_test, probability)
    (line,) = curves.plot(predicted, observed, style, markersize=5, label=f"{name} (Brier score {brier:.3f})")
    counts.hist(probability, bins=20, range=(0, 1), histtype="step", color=line.get_color(), linewidth=1.5)
curves.set(ylabel="share that is positive", title="Reliability")
curves.legend(frameon=False, loc="upper left")
counts.set(xlabel="probability of the rare class", ylabel="rows", yscale="log")
plt.show()
