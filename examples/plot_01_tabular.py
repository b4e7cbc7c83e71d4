"""
Balance a table
===============

One hundred benign biopsies for every eight malignant ones: scikit-learn's breast cancer table, thinned out. The
sampler learns both classes at once and fills up the small one; we look at what it made, and at how the training went.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from ganaug import GANOversampler

# %%
# A table with a rare class: all 357 benign biopsies, and 30 of the 212 malignant ones.
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"}).rename("diagnosis")
rare = y.index[y == "malignant"][:30]
kept = y.index[(y == "benign") | y.index.isin(rare)]
X_train, y_train = X.loc[kept], y.loc[kept]
print(y_train.value_counts())

# %%
# Two lines. The originals come back first, unchanged and in order; `is_synthetic_` tells them from the others.
sampler = GANOversampler(random_state=0)
X_res, y_res = sampler.fit_resample(X_train, y_train)
print(y_res.value_counts())
assert X_res[~sampler.is_synthetic_].equals(X_train.reset_index(drop=True))

# %%
# Do the new rows lie where malignant biopsies lie? The 182 malignant ones that the sampler never saw tell.
unseen = X.loc[(y == "malignant") & ~y.index.isin(rare)]
plane = PCA(2).fit(StandardScaler().fit(X_train).transform(X_train))
scaler = StandardScaler().fit(X_train)

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
for rows, name, style in (
    (X_train[y_train == "benign"], "benign", {"c": "0.8", "s": 12}),
    (X_res[sampler.is_synthetic_], "malignant, generated", {"c": "tab:orange", "s": 12, "alpha": 0.6}),
    (unseen, "malignant, never seen", {"c": "tab:blue", "s": 12, "alpha": 0.6}),
    (X_train.loc[rare], "malignant, seen", {"c": "black", "marker": "x", "s": 40}),
):
    left.scatter(*plane.transform(scaler.transform(rows)).T, label=name, **style)
left.set(title="First two principal components", xticks=[], yticks=[])
left.legend(frameon=False)

history = sampler.history_
right.plot(history["step"], history["discriminator_accuracy_real"], label="accuracy on real rows", c="tab:blue")
right.plot(history["step"], history["discriminator_accuracy_fake"], label="accuracy on generated rows", c="tab:orange")
measured = history.dropna(subset="distance")
right.plot(measured["step"], measured["distance"], label="distance to real rows", c="black")
right.axhline(0.5, c="0.8", lw=1, zorder=0)
right.set(title="Training: the discriminator should end up guessing", xlabel="step", ylim=(0, 1))
right.legend(frameon=False)
plt.show()

# %%
# Are they copies? The distance from each generated row to the nearest row it was learned from, beside that of the
# unseen malignant biopsies: about as far. In the picture few generated rows lie where the classes overlap, as each is
# chosen among three candidates; ``GANOversampler(selection=None)`` takes them as they come.
seen = NearestNeighbors(n_neighbors=1).fit(scaler.transform(X_train.loc[rare]))
for rows, name in ((X_res[sampler.is_synthetic_], "generated"), (unseen, "unseen")):
    print(f"{name}: {np.median(seen.kneighbors(scaler.transform(rows))[0]):.2f}")
