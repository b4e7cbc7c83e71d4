"""
Pictures of a rare class
========================

Handwritten digits, of which two are rare: a conditional GAN learns all ten and draws more of the two.
"""

# %%
# The data: scikit-learn's digits of 8 x 8 pixels, with 20 pictures left of the eights and of the nines.
import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split

from ganaug import GANOversampler, ImageGAN

N_STEPS = int(os.environ.get("GANAUG_STEPS", 1500))  # a few seconds, at 8 pixels

digits = load_digits()
X, X_test, y, y_test = train_test_split(
    digits.images.astype(np.uint8), digits.target, test_size=0.4, stratify=digits.target, random_state=0
)
kept = np.concatenate([np.flatnonzero(y == digit)[: 20 if digit > 7 else None] for digit in range(10)])
X, y = X[kept], y[kept]
print(np.bincount(y))

# %%
# `fit_resample` takes pictures as they are, and gives pictures back: the originals first, then the generated ones.
sampler = GANOversampler(model=ImageGAN(n_steps=N_STEPS), random_state=0)
X_resampled, y_resampled = sampler.fit_resample(X, y)
print(X_resampled.shape, X_resampled.dtype, np.bincount(y_resampled))

# %%
# Real pictures above generated ones. Look at them: no score replaces that.
model = sampler.model_
rare = np.isin(y, [8, 9])
model.plot(X[rare], y[rare], n_each=10).savefig("digits.png")

# %%
# How a picture of each class came about, and the way from one generated eight to another. Where those in between are as
# good as the ends, the network has learned what an eight is rather than twenty eights.
model.plot_training().savefig("digits-training.png")

way = model.interpolate(8, n=10)
figure, axes = plt.subplots(1, 10, figsize=(10, 1.2))
for picture, ax in zip(way, axes, strict=True):
    ax.imshow(picture, cmap="gray")
    ax.axis("off")

# %%
# Did training go well? The discriminator should end up unsure, and the distance to real pictures fall.
history = model.history_.set_index("step")
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
history[["discriminator_accuracy_real", "discriminator_accuracy_fake"]].rolling(10).mean().plot(ax=left, ylim=(0, 1))
history["distance"].dropna().plot(ax=right, logy=True, ylabel="distance", marker=".")

# %%
# And did it help? A plain classifier on pixels, scored on digits that nothing was trained on.
for name, pictures, labels in [("as they are", X, y), ("with generated ones", X_resampled, y_resampled)]:
    classifier = LogisticRegression(max_iter=2000).fit(pictures.reshape(len(pictures), -1) / 16, labels)
    recall = recall_score(y_test, classifier.predict(X_test.reshape(len(X_test), -1) / 16), average=None)
    print(f"{name}: recall of eights {recall[8]:.2f}, of nines {recall[9]:.2f}, mean of all {recall.mean():.3f}")

plt.show()
