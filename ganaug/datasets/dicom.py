"""DICOM files. They need pydicom, which is imported when the first one is read.

Pixels are the stored values. The modality and VOI tables of a file, for which pydicom has functions, are not applied:
synthetic images must have the depth and range of the originals. So files whose values mean something else are refused.
"""

import zlib
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from ganaug.datasets.image_decoding import DecodedImage, several_frames, too_many_pixels, unsupported, with_channels

# Files of scanners have these extensions, or none.
_EXTENSIONS = {".dcm", ".dicom", ".ima"}
_PREAMBLE, _MARK = 128, b"DICM"
# What a deflated file may hold: twice the bytes of the largest image of 16 bits that Pillow would open.
_MAX_INFLATED = 4 * (Image.MAX_IMAGE_PIXELS or 2**26)


def is_dicom(path: str | Path) -> bool:
    """Whether a file is DICOM, by its extension or by the mark at its beginning.

    Parameters
    ----------
    path : str or Path
        The path; it need not exist.
    """
    path = Path(path)
    if path.suffix.lower() in _EXTENSIONS:
        return True
    try:
        with path.open("rb") as file:
            return file.read(_PREAMBLE + len(_MARK))[_PREAMBLE:] == _MARK
    except OSError:
        return False


def require_pydicom() -> ModuleType:
    """Import pydicom; a ValueError says how to install it."""
    try:
        import pydicom
    except ImportError:
        raise ValueError("DICOM files need pydicom; install it with: pip install 'ganaug[dicom]'") from None
    return pydicom


def decode_dicom(path: Path) -> DecodedImage:
    """Decode one file, after a look at its header.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    DecodedImage
        Its stored values: 8 or 16 bits of grey, or colour of 8 bits. `meaning` says how they are shown and rescaled.

    Raises
    ------
    ValueError
        If it has no pixels, several frames, too many pixels, or pixels of another kind. Damaged files may raise any
        other error.
    """
    pydicom = require_pydicom()
    _check_inflated(pydicom, path)
    data = pydicom.dcmread(path)
    if "PixelData" not in data:
        raise ValueError("the file has no pixels")
    n_frames = int(data.get("NumberOfFrames") or 1)
    if n_frames > 1:
        raise ValueError(several_frames(n_frames))
    if int(data.Rows) * int(data.Columns) > (Image.MAX_IMAGE_PIXELS or np.inf):
        raise ValueError(too_many_pixels())
    kind = str(data.PhotometricInterpretation)
    pixels = with_channels(data.pixel_array)
    n_channels = pixels.shape[2]
    supported = [np.uint8, np.uint16, np.int16] if n_channels == 1 else [np.uint8]
    if pixels.dtype not in supported or kind.startswith("PALETTE"):
        raise ValueError(unsupported(f"{kind} pixels of {n_channels} x {pixels.dtype}"))
    slope, intercept = float(data.get("RescaleSlope") or 1), float(data.get("RescaleIntercept") or 0)
    meaning = ["MONOCHROME1"] * (kind == "MONOCHROME1")
    meaning += [f"rescaled by {slope:g} and {intercept:g}"] * ((slope, intercept) != (1, 0))
    return DecodedImage(pixels.astype(pixels.dtype.newbyteorder("=")), " ".join(meaning))


def _check_inflated(pydicom: ModuleType, path: Path) -> None:
    """Refuse a deflated file that would fill the memory; pydicom inflates it at once."""
    try:
        syntax = pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID")
    except Exception:
        return  # without such a header it is not deflated; reading it says what is wrong
    if syntax != pydicom.uid.DeflatedExplicitVRLittleEndian:
        return
    with path.open("rb") as file:
        pydicom.filereader.read_preamble(file, force=False)
        pydicom.filereader._read_file_meta_info(file)
        inflate, n_bytes = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while deflated := inflate.unconsumed_tail or file.read(2**16):
            n_bytes += len(inflate.decompress(deflated, 2**20))
            if n_bytes > _MAX_INFLATED:
                raise ValueError(
                    f"inflates to more than {_MAX_INFLATED:,} bytes from {path.stat().st_size:,}, perhaps a "
                    "decompression bomb"
                )
            if inflate.eof:
                return
