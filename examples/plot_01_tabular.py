"""
Balance a table
===============

The breast cancer table of scikit-learn, reduced to eight malignant biopsies for every hundred benign ones. The sampler
learns both classes and adds synthetic rows to the small one. We look at these rows and at the training.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from ganaug import GANOversampler

# %%
# The table has a rare class: all 357 benign biopsies, and 30 of the 212 malignant ones.
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"}).rename("diagnosis")
rare = y.index[y == "malignant"][:30]
kept = y.index[(y == "benign") | y.index.isin(rare)]
X_train, y_train = X.loc[kept], y.loc[kept]
print(y_train.value_counts())

# %%
# Two lines balance it. The real rows come first, unchanged and in order. `is_synthetic_` marks the synthetic rows.
sampler = GANOversampler(random_state=0)
X_resampled, y_resampled = sampler.fit_resample(X_train, y_train)
print(y_resampled.value_counts())
assert X_resampled[~sampler.is_synthetic_].equals(X_train.reset_index(drop=True))

# %%
# Do the synthetic rows lie where malignant biopsies lie? Compare them with the 182 malignant biopsies that the sampler
# has not seen.
unseen = X.loc[(y == "malignant") & ~y.index.isin(rare)]
plane = PCA(2).fit(StandardScaler().fit(X_train).transform(X_train))
scaler = StandardScaler().fit(X_train)

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
for rows, name, style in (
    (X_train[y_train == "benign"], "benign", {"c": "0.8", "s": 12}),
    (X_resampled[sampler.is_synthetic_], "malignant, synthetic", {"c": "tab:orange", "s": 12, "alpha": 0.6}),
    (unseen, "malignant, not seen", {"c": "tab:blue", "s": 12, "alpha": 0.6}),
    (X_train.loc[rare], "malignant, seen", {"c": "black", "marker": "x", "s": 40}),
):
    left.scatter(*plane.transform(scaler.transform(rows)).T, label=name, **style)
left.set(title="First two principal components", xticks=[], yticks=[])
left.legend(frameon=False)

history = sampler.history_
right.plot(history["step"], history["discriminator_accuracy_real"], label="accuracy on real rows", c="tab:blue")
right.plot(history["step"], history["discriminator_accuracy_fake"], label="accuracy on synthetic rows", c="tab:orange")
measured = history.dropna(subset="distance")
right.plot(measured["step"], measured["distance"], label="distance to real rows", c="black")
right.axhline(0.5, c="0.8", lw=1, zorder=0)
right.set(title="Training: both accuracies should end near 0.5", xlabel="step", ylim=(0, 1))
right.legend(frameon=False)
plt.show()

# %%
# Are they copies? We compare the distance from each synthetic row to the nearest training row with the distance from
# each unseen malignant biopsy. In the figure, few synthetic rows lie where the classes overlap, because each is
# selected among three candidates. ``GANOversampler(selection=None)`` keeps rows as they are generated.
seen = NearestNeighbors(n_neighbors=1).fit(scaler.transform(X_train.loc[rare]))
for rows, name in ((X_resampled[sampler.is_synthetic_], "synthetic"), (unseen, "unseen")):
    print(f"{name}: {np.median(seen.kneighbors(scaler.transform(rows))[0]):.2f}")
