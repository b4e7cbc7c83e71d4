"""
Edit images in the styles of StyleGAN2
======================================

StyleGAN2 has a vector of styles for each level of an image. Real images are found among them, moved in the direction of
another class, and mixed with each other.
"""

# %%
# The data: threes and eights of scikit-learn's digits, 8 x 8 pixels. Many threes, few eights.
import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from ganaug import ImageGAN

N_STEPS = int(os.environ.get("GANAUG_STEPS", 2000))  # a minute, at 8 pixels

digits = load_digits()
three, eight = np.flatnonzero(digits.target == 3), np.flatnonzero(digits.target == 8)[:60]
X, y = digits.images[np.r_[three, eight]].astype(np.uint8), digits.target[np.r_[three, eight]]

model = ImageGAN(architecture="stylegan2", n_steps=N_STEPS, random_state=0).fit(X, y)


def show(rows, titles):
    """Draw rows of images, each below its title."""
    _, axes = plt.subplots(len(rows), len(rows[0]), figsize=(len(rows[0]), 1.2 * len(rows)), squeeze=False)
    for title, images, row in zip(titles, rows, axes, strict=True):
        row[0].set_title(title, loc="left", fontsize=9)
        for image, ax in zip(images, row, strict=True):
            ax.imshow(image, cmap="gray", vmin=0, vmax=16)
            ax.axis("off")


# %%
# `truncation` moves styles toward the mean of their class: images become typical, and less varied.
rows = [model.set_params(truncation=value).sample([3] * 5 + [8] * 5) for value in (None, 0.7, 0.3)]
model.set_params(truncation=None)
show(rows, ["all of the class", "truncation=0.7", "truncation=0.3"])

# %%
# Inversion: the styles whose images are most like real ones. The error is a share of the range of the pixels.
found = model.invert(X[:8], y[:8])
print(found.error.round(3))

# %%
# A direction leads from the mean style of one class to that of the other. The class is an example: any attribute that
# some images have gives a direction, such as a stain or a severity.
drawn = np.repeat([3, 8], 200)
toward_eight = model.direction(model.latents(drawn), drawn)
moved = [model.from_latents(found.latents + share * toward_eight, y[:8]) for share in (0, 0.5, 1)]
show([X[:8], *moved], ["real", "found", "half way to eight", "as far as an eight"])

# %%
# Coarse levels from one image, fine levels from another.
coarse, fine = model.latents([3] * 8, 1), model.latents([8], 2)
mixed = model.from_latents(model.mix_styles(coarse, fine, 1), [3] * 8)
show([model.from_latents(coarse, [3] * 8), mixed], ["coarse levels from these", "and the fine level of one eight"])

plt.show()
