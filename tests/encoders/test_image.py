"""Laws of the image encoder: what was encoded comes back exactly, whatever is decoded is legal."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from pandas.testing import assert_frame_equal

from ganaug.encoders import as_images, image
from ganaug.encoders.image import ImageEncoder

SHAPES = [(8, 8), (28, 28), (9, 31, 1), (33, 17, 2), (13, 29, 3), (64, 8, 4)]
RANGES = {
    "bool": (0, 1),
    "uint8": (0, 255),
    "int8": (-128, 127),
    "uint16": (0, 65535),
    "int16": (-32768, 32767),
    "int32": (-(2**21), 2**21),
    "uint32": (2**31 - 2**22 - 1, 2**31 - 1),
    "int64": (7, 2**22 + 7),
    ">u2": (100, 4095),
    ">i2": (-1024, 3071),
}


def images(shape, dtype="uint8", n=5, seed=0):
    """Noise over the whole range of the dtype."""
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.normal(3, 2, size=(n, *shape)).astype(dtype)
    low, high = RANGES[dtype]
    X = rng.integers(low, high, size=(n, *shape), endpoint=True)
    X.flat[:2] = low, high
    return X.astype(dtype)


def noise(encoder, n=4, scale=3.0):
    shape = (n, encoder.channels_, *encoder.size_)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)) * scale


def reloaded(encoder):
    description, arrays = encoder.state()
    return ImageEncoder.from_state(json.loads(json.dumps(description)), arrays)


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and (a == b).all()


# ------------------------------------------------------------------------------------------------ the round trip


@pytest.mark.parametrize("dtype", RANGES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_integers_come_back_exactly(shape, dtype):
    X = images(shape, dtype)
    encoder = ImageEncoder().fit(X)
    assert same(encoder.decode(encoder.scale(encoder.encode(X))), X)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int64"])
@pytest.mark.parametrize("is_table", [False, True], ids=["array", "table"])
def test_fit_encode_reads_images_once(dtype, is_table, monkeypatch):
    X = images((9, 12), dtype)
    X = pd.DataFrame(X.reshape(len(X), -1)) if is_table else X
    shape = (9, 12) if is_table else None
    expected = ImageEncoder(shape).fit(X)
    expected_rows = expected.encode(X)
    calls = []

    def counted(name):
        function = getattr(image, name)
        monkeypatch.setattr(image, name, lambda *args: calls.append(name) or function(*args))

    counted("as_images")
    counted("ends")
    encoder = ImageEncoder(shape)
    rows = encoder.fit_encode(X)
    assert sorted(calls) == ["as_images", "ends"]
    assert torch.equal(rows, expected_rows)
    assert encoder.state()[0] == expected.state()[0]


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("uint8", 0, 255), ("uint16", 0, 65535), ("int16", -(2**15), 32767)]
)
def test_every_value_of_16_bits_comes_back(dtype, low, high):
    values = np.resize(np.arange(low, high + 1), 65536)
    X = values.reshape(1, 256, 256).astype(dtype)
    encoder = ImageEncoder().fit(X)
    assert same(encoder.decode(encoder.scale(encoder.encode(X))), X)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
@pytest.mark.parametrize("offset", [0, 1000])
def test_floats_come_back_to_a_rounding_of_their_range(dtype, offset):
    X = images((13, 12), "float64") + offset
    X = X.astype(dtype)
    encoder = ImageEncoder().fit(X)
    decoded = encoder.decode(encoder.scale(encoder.encode(X)))
    assert decoded.dtype == X.dtype
    span = float(X.max()) - float(X.min())
    resolution = np.spacing(np.abs(X).max()).astype(float) if dtype != "float64" else 0.0
    np.testing.assert_allclose(decoded.astype(float), X.astype(float), rtol=0, atol=span * 2**-23 + resolution)


@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1e300])
def test_extreme_floats_come_back(factor):
    X = np.random.default_rng(0).random((3, 8, 8)) * factor
    encoder = ImageEncoder().fit(X)
    np.testing.assert_allclose(encoder.decode(encoder.scale(encoder.encode(X))), X, rtol=0, atol=factor * 1e-6)


@pytest.mark.parametrize("dtype", [*RANGES, "float32"])
def test_flattened_images_come_back_flattened(dtype):
    X = images((12, 11, 3), dtype)
    flat = X.reshape(len(X), -1)
    encoder, unflattened = ImageEncoder((12, 11, 3)).fit(flat), ImageEncoder().fit(X)
    assert encoder.shape_ == (12, 11, 3)
    assert torch.equal(encoder.encode(flat), unflattened.encode(X))
    generated = noise(encoder)
    assert same(encoder.decode(generated), unflattened.decode(generated).reshape(4, -1))


def test_images_of_the_given_shape_need_not_be_flattened():
    X = images((12, 11))
    assert same(ImageEncoder((12, 11)).fit(X).decode(ImageEncoder().fit(X).scale(ImageEncoder().fit(X).encode(X))), X)


@pytest.mark.parametrize("channels", [2, 4])
def test_what_is_opaque_stays_so(channels):
    X = images((8, 9, channels))
    assert ImageEncoder().fit(X).opacity_ is None
    X[..., -1] = 200
    encoder = ImageEncoder().fit(X)
    assert (encoder.decode(noise(encoder, 3))[..., -1] == 200).all()
    again = ImageEncoder.from_state(*encoder.state())
    assert (again.decode(noise(encoder, 3))[..., -1] == 200).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "bool", "float32"])
def test_a_single_value_comes_back(dtype):
    X = np.full((3, 8, 9), 1, dtype=dtype)
    encoder = ImageEncoder().fit(X)
    assert same(encoder.decode(encoder.scale(encoder.encode(X))), X)
    assert same(encoder.decode(noise(encoder, 3)), X)


# ------------------------------------------------------------------------------------------------ compact, scaled


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [
        ("uint8", torch.uint8),
        ("bool", torch.uint8),
        ("int8", torch.int8),
        ("uint16", torch.uint16),
        ("int16", torch.int16),
        ("int64", torch.int32),
        ("float64", torch.float32),
    ],
)
def test_compact_images_are_small_and_can_be_drawn_from(dtype, kept):
    X = images((9, 10, 2), dtype)
    encoder = ImageEncoder().fit(X)
    compact = encoder.encode(X)
    assert compact.dtype == kept
    assert compact.shape == (5, 2, 9, 10)
    chosen = torch.tensor([3, 0])
    assert torch.equal(encoder.scale(compact[chosen]), encoder.scale(compact)[chosen])
    assert len(encoder.encode(X[:0])) == 0


def test_compact_images_share_no_memory_with_the_data():
    X = images((9, 10))
    X.setflags(write=False)
    compact = ImageEncoder().fit(X).encode(X)
    before = compact.clone()
    X.setflags(write=True)
    X[:] = 0
    assert torch.equal(compact, before)


@pytest.mark.parametrize("dtype", [*RANGES, "float32"])
def test_scaled_images_reach_from_minus_one_to_one(dtype):
    X = images((9, 10, 2), dtype)
    encoder = ImageEncoder().fit(X)
    scaled = encoder.scale(encoder.encode(X))
    assert scaled.dtype == torch.float32
    assert scaled.shape == (5, 2, *encoder.size_)
    assert scaled.min() == -1
    assert scaled.max() == 1


def test_every_size_is_padded_to_whole_halvings_by_reflection():
    sizes = [*range(8, 70), 100, 127, 128, 129, 255, 257, 500, 511, 512]
    for height in sizes:
        for width in (8, height, 512):
            X = np.zeros((1, height, width), dtype=np.uint8)
            encoder = ImageEncoder().fit(X)
            step = 2**encoder.n_levels_
            assert 2.8 <= min(height, width) / step < 5.7
            for own, whole in zip((height, width), encoder.size_, strict=True):
                assert whole % step == 0
                assert own <= whole < own + step
                assert (whole - own + 1) // 2 < own  # else it could not be reflected


def test_padding_is_centred_and_has_no_edge():
    X = np.arange(9 * 13, dtype=np.uint8).reshape(1, 9, 13)
    encoder = ImageEncoder().fit(X)
    assert encoder.size_ == (10, 14)
    X = np.tile(np.arange(30, dtype=np.uint8), (1, 29, 1))
    encoder = ImageEncoder().fit(X)
    scaled = encoder.scale(encoder.encode(X))[0, 0]
    assert scaled.shape == (32, 32)
    row = (scaled[0] + 1) * 14.5
    assert row.round().int().tolist() == [1, *range(30), 28]


def test_values_beyond_those_seen_are_taken_for_the_ends():
    X = images((8, 8), ">u2")
    encoder = ImageEncoder().fit(X)
    beyond = X.copy()
    beyond[0] = 0
    beyond[1] = 65535
    back = encoder.decode(encoder.scale(encoder.encode(beyond)))
    assert (back[0] == 100).all()
    assert (back[1] == 4095).all()
    assert same(back[2:], X[2:])


# ------------------------------------------------------------------------------------------------ whatever is decoded


@pytest.mark.parametrize("dtype", [*RANGES, "float16", "float32", "float64"])
def test_whatever_is_decoded_is_legal(dtype):
    X = images((11, 10, 3), dtype)
    encoder = ImageEncoder().fit(X)
    generated = noise(encoder)
    generated[0, 0, 2, 2], generated[0, 0, 2, 3] = torch.inf, -torch.inf
    decoded = encoder.decode(generated)
    assert decoded.dtype == X.dtype
    assert decoded.shape == (4, 11, 10, 3)
    assert decoded.flags.c_contiguous
    assert decoded.min() == X.min()
    assert decoded.max() == X.max()
    assert same(encoder.decode(generated.bfloat16().float()), encoder.decode(generated.bfloat16()))


def test_a_image_needs_no_gradient_to_be_decoded():
    encoder = ImageEncoder().fit(images((8, 8)))
    assert encoder.decode(noise(encoder).requires_grad_()).dtype == np.uint8


# ------------------------------------------------------------------------------------------------ errors


def refused(X, message, image_shape=None):
    with pytest.raises(ValueError, match=message):
        ImageEncoder(image_shape).fit(X)


def test_arrays_of_arrays_are_images():
    X = images((8, 9))
    held = np.empty(len(X), dtype=object)
    held[:] = list(X)
    assert np.array_equal(as_images(held), X)
    held[1] = X[1, :, :8]
    with pytest.raises(ValueError, match=r"2 shapes, such as \(8, 8\) and \(8, 9\); resize all to one shape"):
        as_images(held)


def test_what_is_no_image_is_refused():
    refused(np.zeros((4, 784)), r"image_shape=\(28, 28\)")
    refused(np.zeros((4, 783)), r"image_shape=\(h, w\) or \(h, w, c\)")
    refused(np.zeros(4), "must have shape")
    refused(np.zeros(()), "must have shape")
    refused(np.zeros((2, 3, 16, 16, 3)), "must have shape")
    refused(np.zeros((4, 7, 64)), "7x64 pixels, but each side must have 8 to 512")
    refused(np.zeros((4, 7, 64)), r"of shape \(4, 7, 64\) holds rows x times x channels, .*X.reshape\(4, -1\)")
    refused(np.zeros((1, 8, 513), dtype=np.uint8), "8x513 pixels.*resize")
    refused(np.zeros((4, 16, 16, 5)), "5 channels")
    refused(np.zeros((4, 3, 16, 16)), r"16 channels.*transpose\(0, 2, 3, 1\)")
    refused(np.zeros((4, 16, 16, 0)), "0 channels")
    refused(np.zeros((0, 16, 16)), "at least one image")
    refused(np.full((1, 8, 8), "a"), "dtype <U1")
    refused(np.zeros((1, 8, 8), dtype=complex), "complex128")
    refused(np.zeros((1, 8, 8), dtype=object), "object")


@pytest.mark.parametrize("image_shape", [(28,), (28, 28, 1, 1), 28, "28", (28.0, 28.0), (28, None), ()])
def test_malformed_image_shapes_are_refused(image_shape):
    refused(np.zeros((4, 784)), "image_shape", image_shape)


def test_image_shape_must_fit():
    refused(np.zeros((4, 784)), r"image_shape=\(28, 27\) needs 756 columns.* has 784", (28, 27))
    refused(np.zeros((4, 784)), "channels", (14, 7, 8))
    refused(np.zeros((4, 784)), "image_shape must be", (-28, -28))
    refused(np.zeros((4, 28, 28)), "not the shape", (28, 27))


def test_what_is_no_number_is_counted_and_located():
    X = images((8, 8), "float32", n=6)
    X[2, 0, :3], X[4, 1, 1] = np.nan, np.inf
    refused(X, "4 NaN or infinite values in 2 of 6 images, the first of them image 2")
    refused(X.reshape(6, -1), "first of them image 2", (8, 8))
    encoder = ImageEncoder().fit(X[:2])
    with pytest.raises(ValueError, match="image 1"):
        encoder.encode(X[1:3])


def test_ranges_that_float32_cannot_hold_are_refused():
    X = np.zeros((1, 8, 8), dtype=np.int64)
    X[0, 0, 0] = 2**22 + 1
    refused(X, "rescale")
    refused(X + 2**40, "rescale")
    refused(np.where(X == 0, -1.7e308, 1.7e308), "more than floats can scale")


def test_encode_takes_what_fit_took():
    X = images((8, 9))
    encoder = ImageEncoder().fit(X)
    for other in (X[:, :, :8], X[..., None], X.reshape(len(X), -1), X[0]):
        with pytest.raises(ValueError, match=r"must have shape \(n, 8, 9\)"):
            encoder.encode(other)
    with pytest.raises(ValueError, match="dtype float64, but had uint8"):
        encoder.encode(X / 255)


def test_decode_refuses_nan_and_other_sizes():
    encoder = ImageEncoder().fit(images((9, 9)))
    with pytest.raises(ValueError, match="diverged"):
        encoder.decode(noise(encoder) * torch.nan)
    with pytest.raises(ValueError, match=r"\(n, 1, 10, 10\)"):
        encoder.decode(torch.zeros(2, 1, 9, 9))


# ------------------------------------------------------------------------------------------------ tables


KINDS = ["uint8", "float32", "UInt8", "uint8[pyarrow]", pd.SparseDtype("uint8", 0)]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_table_of_pixels_comes_back_as_one(kind):
    X = pd.DataFrame(images((9, 10), "uint8").reshape(-1, 90)).rename(columns=lambda i: f"pixel {i}").astype(kind)
    encoder = ImageEncoder((9, 10)).fit(X)
    for other in (encoder, reloaded(encoder)):
        assert_frame_equal(other.decode(other.scale(other.encode(X))), X)
    assert other.state()[0] == encoder.state()[0]


def test_a_polars_table_of_pixels_comes_back_as_one():
    X = pl.DataFrame(images((9, 10), "uint8").reshape(-1, 90), schema=[f"pixel {i}" for i in range(90)])
    encoder = ImageEncoder((9, 10)).fit(X)
    for other in (encoder, reloaded(encoder)):
        assert other.decode(other.scale(other.encode(X))).equals(X)
        assert other.decode(noise(other)).schema == X.schema
    with pytest.raises(ValueError, match="X is a lazy frame"):
        encoder.fit(X.lazy())


def test_tables_that_are_no_images_are_refused():
    X = pd.DataFrame(images((8, 8), "uint8").reshape(-1, 64))
    refused(X.astype({3: float}), r"columns of 2 dtypes, such as uint8 and float64.*X\.astype", (8, 8))
    refused(X.astype("UInt8").mask(X > 200), "has missing cells", (8, 8))
    refused([np.zeros((8, 8)), np.zeros((8, 9))], r"images of 2 shapes, such as \(8, 8\) and \(8, 9\); resize")


# ------------------------------------------------------------------------------------------------ stored


@pytest.mark.parametrize("dtype", [*RANGES, "float16", "float32", "float64"])
@pytest.mark.parametrize("flat", [False, True])
def test_a_reloaded_encoder_is_the_same(dtype, flat):
    X = images((9, 10, 3), dtype)
    X, image_shape = (X.reshape(5, -1), (9, 10, 3)) if flat else (X, None)
    encoder = ImageEncoder(image_shape).fit(X)
    other = reloaded(encoder)
    assert torch.equal(encoder.encode(X), other.encode(X))
    assert same(encoder.decode(noise(encoder)), other.decode(noise(other)))
    assert {**vars(other), "image_shape": None} == {**vars(encoder), "image_shape": None}
    assert other.state()[0] == encoder.state()[0]


GOOD = ({"shape": [9, 10, 3], "dtype": "<u2", "flat": False, "opacity": None}, {"range": np.array([0, 4095])})


@pytest.mark.parametrize(
    "forged",
    [
        {"shape": [10**9, 10**9]},
        {"shape": [9]},
        {"shape": [9, 10, 3, 1]},
        {"shape": [9, 10, 10**9]},
        {"shape": [9, 10.0, 3]},
        {"shape": [True, 10, 3]},
        {"shape": ["9", "10"]},
        {"shape": None},
        {"shape": []},
        {"dtype": "O"},
        {"dtype": "<U8"},
        {"dtype": "(1000000,)u2"},
        {"dtype": "i4,i4"},
        {"dtype": 3},
        {"dtype": "<f4"},
        {"dtype": "|u1"},
        {"dtype": "|b1"},
        {"flat": 1},
        {"flat": None},
        {"table": {"kind": "array", "dtype": "O"}, "cells": "no dtype"},
        {"table": {"kind": "polars", "schema": [["a", "UInt16", {}]]}, "cells": None},
        {"table": {"kind": "cloud"}, "cells": None},
        {"range": np.array([5, 4])},
        {"range": np.array([-1, 4])},
        {"range": np.array([0, 2**16])},
        {"range": np.array([0.0, 1.0])},
        {"range": np.array([0, 1, 2])},
        {"range": np.array([0, 1], dtype=object)},
        {"range": [0, 1]},
        {"range": None},
        {"dtype": "<f2", "range": np.array([0.0, 1e300])},
        {"dtype": "<f8", "range": np.array([-1.7e308, 1.7e308])},
        {"dtype": "<f8", "range": np.array([np.nan, 1.0])},
        {"dtype": "<f8", "range": np.array([0.0, np.inf])},
        {"dtype": "<i8", "range": np.array([0, 2**40])},
    ],
    ids=str,
)
def test_forged_descriptions_are_refused(forged):
    ImageEncoder.from_state(*GOOD)
    description = {**GOOD[0], **{key: value for key, value in forged.items() if key != "range"}}
    arrays = {"range": forged.get("range", GOOD[1]["range"])}
    with pytest.raises(ValueError, match="not the description of an image encoder"):
        ImageEncoder.from_state(description, arrays)


def with_mask(dtype, levels, n=20):
    """Images of three channels, and a mask behind them."""
    rng = np.random.default_rng(0)
    X = rng.integers(20, 200, (n, 9, 12, 4)).astype(dtype)
    X[..., 3] = np.array(levels, dtype=dtype)[rng.integers(0, len(levels), (n, 9, 12))]
    return X


@pytest.mark.parametrize(
    ("dtype", "levels"),
    [("uint8", [0, 1]), ("uint8", [0, 7, 255]), ("float32", [0.0, 0.5, 2.0]), ("int16", [-1, 300]), ("uint8", [5])],
)
def test_masks_come_back_and_are_seen_at_equal_distances(dtype, levels):
    X = with_mask(dtype, levels)
    encoder = ImageEncoder(mask_channels=[-1]).fit(X)
    np.testing.assert_array_equal(encoder.masks_[3], np.array(levels, dtype=dtype))
    assert (encoder.low_, encoder.high_) == (X[..., :3].min(), X[..., :3].max())  # not those of the mask
    scaled = encoder.scale(encoder.encode(X))
    wanted = np.linspace(-1, 1, len(levels)) if len(levels) > 1 else [-1]
    np.testing.assert_array_equal(np.unique(scaled[:, 3].numpy()), np.array(wanted, dtype=np.float32))
    again = ImageEncoder.from_state(*json_round_trip(encoder.state()))
    for same_encoder in (encoder, again):
        assert np.allclose(same_encoder.decode(scaled), X, atol=1e-3)
        made = same_encoder.decode(torch.randn(5, 4, *encoder.size_, generator=torch.Generator().manual_seed(0)))
        assert set(np.unique(made[..., 3])) <= set(np.array(levels, dtype=dtype))


def json_round_trip(state):
    return json.loads(json.dumps(state[0])), state[1]


@pytest.mark.parametrize(
    ("mask_channels", "message"),
    [([0], "channel 0 of mask_channels has 180 values"), ([4], "have the channels 0 to 3"), ([1.5], "a list of")],
)
def test_channels_that_are_no_masks_are_refused(mask_channels, message):
    with pytest.raises(ValueError, match=message):
        ImageEncoder(mask_channels=mask_channels).fit(with_mask("uint8", [0, 1]))


@pytest.mark.parametrize(
    "levels", [np.array([1, 0]), np.array([0, 300]), np.array([0.0, 1.0]), np.array([[0, 1]]), np.array([], dtype=int)]
)
def test_forged_levels_are_refused(levels):
    description, arrays = ImageEncoder(mask_channels=[3]).fit(with_mask("uint8", [0, 1])).state()
    with pytest.raises(ValueError, match="not the description of an image encoder"):
        ImageEncoder.from_state(description, arrays | {"mask3": levels})


@pytest.mark.parametrize("missing", ["shape", "dtype", "flat", "range"])
def test_incomplete_descriptions_are_refused(missing):
    description = {key: value for key, value in GOOD[0].items() if key != missing}
    arrays = {key: value for key, value in GOOD[1].items() if key != missing}
    with pytest.raises(ValueError, match="not the description of an image encoder"):
        ImageEncoder.from_state(description, arrays)
