"""
Probabilities after oversampling
================================

A classifier trained on classes made equally large says "one in two" where one in twenty is meant. The order of rows
stays good, the probabilities do not. `calibrated` puts them back to how frequent the classes are. A reliability plot
shows both: of the rows that are given 30 %, how many are positive?
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
# Two classes, one of which is rare and overlaps with the other; one half trains, and the other tells how often what is
# said comes true.
X, y = make_blobs([19_000, 1_000], centers=[[0, 0, 0], [1.5, 1, 0.5]], random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=0.3, stratify=y, random_state=0)
print(f"{y_train.mean():.1%} positive")

# %%
# The same logistic regression: as it is, on balanced classes, and on balanced classes with the correction, which takes
# the whole pipeline, so that it can count the classes before and after the sampler. Once more with the rows as they
# come, for by default each is chosen among three candidates by how surely it belongs to its class.
sampler = GANOversampler(model=TabularGAN(n_steps=N_STEPS), random_state=0)
balanced = make_pipeline(sampler, LogisticRegression())
models = {
    "nothing added": LogisticRegression(),
    "ganaug": balanced,
    "ganaug, calibrated": calibrated(balanced),
    "the same, selection=None": calibrated(clone(balanced).set_params(ganoversampler__selection=None)),
}
probabilities = {name: model.fit(X_train, y_train).predict_proba(X_test)[:, 1] for name, model in models.items()}

# %%
# EMA precision looks at the order alone, which the correction keeps; the Brier score (less is better) at the
# probabilities.
for name, probability in probabilities.items():
    precision, brier = average_precision_score(y_test, probability), brier_score_loss(y_test, probability)
    print(f"{name:20} average precision {precision:.3f}, Brier score {brier:.3f}")

# %%
# On the diagonal, what is said comes true. After oversampling the curve hangs below it: of those that are given one in
# two, far fewer are positive. The correction brings it back, wholly where the generated rows are like the real ones
# (``selection=None``); rows that were chosen for being sure leave a classifier a little too sure at the upper end.
figure, (curves, counts) = plt.subplots(2, 1, figsize=(6, 7), height_ratios=[3, 1], sharex=True, layout="constrained")
curves.plot([0, 1], [0, 1], color="0.7", linestyle=":", label="what is said comes true")
for (name, probability), style in zip(probabilities.items(), ("s--", "o-", "o-", "o-"), strict=True):
    happened, said = calibration_curve(y_test, probability, n_bins=10)
    brier = brier_score_loss(y_test, probability)
    (line,) = curves.plot(said, happened, style, markersize=5, label=f"{name} (Brier score {brier:.3f})")
    counts.hist(probability, bins=20, range=(0, 1), histtype="step", color=line.get_color(), linewidth=1.5)
curves.set(ylabel="share that is positive", title="Reliability")
curves.legend(frameon=False, loc="upper left")
counts.set(xlabel="probability of the rare class", ylabel="rows", yscale="log")
plt.show()
