"""
Images of a rare class
======================

Two of ten handwritten digits are rare. A conditional GAN learns all ten and generates images of the two.
"""

# %%
# The data: scikit-learn's digits of 8 x 8 pixels, reduced to 20 eights and 20 nines.
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
# `fit_resample` takes images and returns images: the real ones first, then the synthetic ones.
sampler = GANOversampler(model=ImageGAN(n_steps=N_STEPS), random_state=0)
X_resampled, y_resampled = sampler.fit_resample(X, y)
print(X_resampled.shape, X_resampled.dtype, np.bincount(y_resampled))

# %%
# Real images above synthetic ones. Look at them: no score replaces this.
model = sampler.model_
rare = np.isin(y, [8, 9])
model.plot(X[rare], y[rare], n_each=10).savefig("digits.png")

# %%
# How an image of each class developed, and the path from one synthetic eight to another. If the images between are as
# good as the two ends, the network has learned what an eight is, and has not memorised twenty eights.
model.plot_training().savefig("digits-training.png")

path = model.interpolate(8, n=10)
figure, axes = plt.subplots(1, 10, figsize=(10, 1.2))
for image, ax in zip(path, axes, strict=True):
    ax.imshow(image, cmap="gray")
    ax.axis("off")

# %%
# Did the training go well? Both accuracies of the discriminator should end near 0.5, and the distance to real images
# should fall.
history = model.history_.set_index("step")
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
history[["discriminator_accuracy_real", "discriminator_accuracy_fake"]].rolling(10).mean().plot(ax=left, ylim=(0, 1))
history["distance"].dropna().plot(ax=right, logy=True, ylabel="distance", marker=".")

# %%
# Did it help? A logistic regression on pixels, scored on digits that were not used for any training.
for name, images, labels in [("real images", X, y), ("with synthetic images", X_resampled, y_resampled)]:
    classifier = LogisticRegression(max_iter=2000).fit(images.reshape(len(images), -1) / 16, labels)
    recall = recall_score(y_test, classifier.predict(X_test.reshape(len(X_test), -1) / 16), average=None)
    print(f"{name}: recall of eights {recall[8]:.2f}, of nines {recall[9]:.2f}, mean of all {recall.mean():.3f}")

plt.show()
