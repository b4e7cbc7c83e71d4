"""Random pixels of every kind, and PNG and TIFF files that are written by hand."""

import struct
import zlib

import numpy as np

rng = np.random.default_rng(0)
GREY = rng.integers(256, size=(10, 12)).astype("uint8")
RGB = rng.integers(256, size=(10, 12, 3)).astype("uint8")
RGBA = rng.integers(256, size=(10, 12, 4)).astype("uint8")
LA = rng.integers(256, size=(10, 12, 2)).astype("uint8")
GREY16 = rng.integers(2**16, size=(10, 12)).astype("uint16")
SIGNED = rng.integers(-(2**15), 2**15, size=(10, 12)).astype("int16")


def png(width, height, depth=8, colour=0, rows=b"", transparent=b""):
    """Write a PNG by hand, so that its header may claim anything."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    values = chunk(b"tRNS", transparent) if transparent else b""
    body = chunk(b"IHDR", header) + values + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff(pixels, signed=False, photometric=1):
    """Write a TIFF by hand: pixels (h, w, c) of uint8, with channels whose meaning is not said."""
    height, width, n_samples = pixels.shape
    n_colours = 3 if n_samples >= 3 else 1
    data = pixels.tobytes()
    data += b"\0" * (len(data) % 2)
    tags = [
        (256, [width]),
        (257, [height]),
        (258, [8] * n_samples),
        (259, [1]),
        (262, [2 if n_colours == 3 else photometric]),
    ]
    tags += [(273, [8]), (277, [n_samples]), (278, [height]), (279, [pixels.size]), (284, [1])]
    tags += [(338, [0] * (n_samples - n_colours))] if n_samples > n_colours else []
    tags += [(339, [2] * n_samples)] if signed else []
    end = 8 + len(data) + 2 + 12 * len(tags) + 4
    entries, tail = b"", b""
    for tag, values in tags:
        raw = struct.pack(f"<{len(values)}H", *values)
        if len(raw) > 4:
            raw, tail = struct.pack("<I", end + len(tail)), tail + raw + b"\0" * (len(raw) % 4)
        entries += struct.pack("<HHI", tag, 3, len(values)) + raw.ljust(4, b"\0")
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + tail
