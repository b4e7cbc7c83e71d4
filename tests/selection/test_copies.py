"""Copies of single training rows."""

import numpy as np

from ganaug.selection import Copies


def test_what_several_rows_share_may_come_again():
    rows, y = np.array([[1.0], [1.0], [2.0], [1.0]]), np.array([0, 0, 0, 1])
    # 1 is there twice in class 0 and once in class 1
    found = Copies(rows, y).find(np.array([[1.0], [2.0], [1.0], [3.0]]), np.array([0, 0, 1, 1]))
    assert found.tolist() == [False, True, True, False]


def test_a_row_of_another_class_is_copied_too():
    rows, y = np.array([[1.0], [2.0], [2.0]]), np.array([0, 0, 0])
    found = Copies(rows, y).find(np.array([[1.0], [2.0], [3.0]]), np.ones(3, int))
    assert found.tolist() == [True, False, False]


def test_images_are_compared_pixel_by_pixel():
    images = np.random.default_rng(0).random((5, 4, 4))
    changed = images.copy()
    changed[2:, 0, 0] += 1e-3
    assert Copies(images, np.zeros(5, int)).find(changed, np.zeros(5, int)).tolist() == [True] * 2 + [False] * 3
