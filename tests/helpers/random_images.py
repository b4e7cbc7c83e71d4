"""Random pixels of every kind, and PNG files that are written by hand."""

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


def png(width, height, depth=8, colour=0, rows=b""):
    """Write a PNG by hand, so that its header may claim anything."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
