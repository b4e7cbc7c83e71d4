"""Which patient an image is of."""

import numpy as np
import pytest

from ganaug.datasets import ImageSet, read_image_attributes, read_image_groups


@pytest.fixture
def images(tmp_path):
    files = ["sick/1.png", "sick/2.png", "well/1.png"]
    return ImageSet(np.zeros((3, 8, 8)), np.array(["sick", "sick", "well"]), files, tmp_path)


def groups_of(text, images):
    path = images.source / "patients.csv"
    path.write_text(text)
    return read_image_groups(path, images).tolist()


def test_files_go_by_their_path_or_by_a_name_that_is_the_only_one(images):
    assert groups_of("patient,file\n7,well/1.png\n8,sick/1.png\n7,2.png\n9,other.png\n", images) == ["8", "7", "7"]
    assert groups_of("file;patient\nwell\\1.png;a\nsick\\1.png;b\nsick\\2.png;a\n", images) == ["b", "a", "a"]


def test_an_archive_goes_by_positions(tmp_path):
    images = ImageSet(np.zeros((3, 8, 8)), np.zeros(3, int), [0, 1, 2], tmp_path)
    assert groups_of("file,patient\n2,a\n0,b\n1,b\n", images) == ["b", "b", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,patient\n1.png,a\nsick/2.png,b\n", "has no line for the image 'sick/1.png'; add one"),
        ("name,patient\nsick/1.png,a\n", "has the columns 'name', 'patient', but must have one named file"),
        ("file,patient,age\nsick/1.png,a,3\n", "has the columns 'file', 'patient', 'age', but must have two"),
        ("file,patient\nsick/1.png,a\nsick/1.png,b\n", "has the file 'sick/1.png' twice"),
        ("file,patient\nsick/1.png,a\nsick/2.png,\n", "'sick/2.png' has no patient"),
    ],
)
def test_what_is_missing_is_named(images, text, message):
    with pytest.raises(ValueError, match=message):
        groups_of(text, images)


def test_attributes_keep_their_values_in_the_order_of_the_images(images):
    path = images.source / "known.csv"
    path.write_text("grade,file,stain\n3,well/1.png,pale\n1,sick/2.png,dark\n2,sick/1.png,\n")
    frame = read_image_attributes(path, images)
    assert frame["grade"].tolist() == [2, 1, 3]
    assert frame["stain"].isna().tolist() == [True, False, False]
    assert list(frame) == ["grade", "stain"]
    for text, message in (
        ("file\nsick/1.png\n", "has the column file only"),
        ("name,stain\nsick/1.png,a\n", "must have one named file"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            read_image_attributes(path, images)
