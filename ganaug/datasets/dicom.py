"""DICOM files: read them, and write synthetic images as such. They need pydicom, imported when the first one is used.

Pixels are the stored values. The modality and VOI tables of a file, for which pydicom has functions, are not applied:
synthetic images must have the depth and range of the originals. So files whose values mean something else are refused.
"""

import hashlib
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganaug._version import __version__
from ganaug.common.extras import require_extra
from ganaug.common.files import check_regular
from ganaug.common.wording import counted
from ganaug.datasets.image_decoding import DecodedImage, several_frames, too_many_pixels, unsupported, with_channels

# Files of scanners have these extensions, or none.
_EXTENSIONS = {".dcm", ".dicom", ".ima"}
_PREAMBLE, _MARK = 128, b"DICM"
# What synthetic images take over from an original: how values are stored, rescaled and shown. Nothing about a person.
_OF_PIXELS = (
    "PhotometricInterpretation",
    "BitsStored",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "WindowCenter",
    "WindowWidth",
)
# Without these the bytes of pixels have no meaning.
_NEEDED = ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "PixelRepresentation")
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
        check_regular(path)
        with path.open("rb") as file:
            return file.read(_PREAMBLE + len(_MARK))[_PREAMBLE:] == _MARK
    except OSError:
        return False


def require_pydicom() -> ModuleType:
    """Import pydicom; a MissingExtraError says how to install it."""
    require_extra("dicom", "DICOM files need")
    import pydicom

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
    check_regular(path)
    _check_inflated(pydicom, path)
    data = pydicom.dcmread(path)
    if "PixelData" not in data:
        raise ValueError("the file has no pixels")
    for name in _NEEDED:
        if data.get(name) in (None, ""):
            raise ValueError(f"the file lacks the element {name}, without which its pixels cannot be read")
    n_frames = int(data.get("NumberOfFrames") or 1)
    if n_frames > 1:
        raise ValueError(several_frames(n_frames))
    if int(data.Rows) * int(data.Columns) > (Image.MAX_IMAGE_PIXELS or np.inf):
        raise ValueError(too_many_pixels())
    kind = str(data.PhotometricInterpretation)
    if kind.startswith(("RGB", "YBR")) and int(data.SamplesPerPixel) != 3:
        raise ValueError(f"colour ({kind}) of {counted(int(data.SamplesPerPixel), 'value')} a pixel, where it needs 3")
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


def save_synthetic_dicom(image: NDArray, path: Path, *, like: Path | None, number: int, series: str) -> None:
    """Write a synthetic image as a secondary capture that says that it is synthetic.

    Parameters
    ----------
    image : ndarray of uint8, uint16 or int16, shape (h, w), or of uint8, shape (h, w, 3)
        The stored values.
    path : Path
        The file to write.
    like : Path or None
        A DICOM file of the originals, whose values are stored, rescaled and shown in the same way. Nothing else is
        taken from it: no patient, no study, no device.
    number : int
        The number of the image in its series.
    series : str
        What the identifiers of the series are made from: the same for all images of a result.
    """
    pydicom = require_pydicom()
    data = _new_dataset(pydicom, path, image, number)
    data.ImageType = ["DERIVED", "SECONDARY"]
    data.PatientName, data.PatientID = "SYNTHETIC", "SYNTHETIC"
    data.PatientBirthDate = data.PatientSex = data.StudyDate = data.StudyTime = data.AccessionNumber = ""
    data.ReferringPhysicianName = data.StudyID = ""
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = "Synthetic image of a generative model; it shows no patient"
    data.Modality, data.ConversionType = "OT", "SYN"
    data.SyntheticData = "YES"
    data.StudyDescription = data.SeriesDescription = "synthetic"
    data.ImageComments = f"Synthetic image, generated by ganaug {__version__}. It shows no patient."
    data.DerivationDescription = f"generated by ganaug {__version__} from a model of other images"
    data.Manufacturer, data.SoftwareVersions = "ganaug", __version__
    data.StudyInstanceUID, data.SeriesInstanceUID = (
        pydicom.uid.generate_uid(entropy_srcs=["ganaug", what, series]) for what in ("study", "series")
    )
    data.SeriesNumber, data.InstanceNumber = 1, number
    # a network that has seen burnt-in text may draw something like it
    data.BurnedInAnnotation = "NO"
    if like is not None:
        original = pydicom.dcmread(like, stop_before_pixels=True)
        if str(original.get("BurnedInAnnotation", "NO")) == "YES":
            data.BurnedInAnnotation = "YES"
        if data.SamplesPerPixel == 1:
            _take_over(data, original)
    data.save_as(path, enforce_file_format=True)


def save_resized_dicom(image: NDArray, path: Path, original: Path) -> None:
    """Write an original in another size, with all that its file says about it.

    Parameters
    ----------
    image : ndarray of shape (h, w) or (h, w, 3)
        Its resized stored values.
    path, original : Path
        The file to write, and that of the original.
    """
    pydicom = require_pydicom()
    data = pydicom.dcmread(original)
    before = (data.Rows, data.Columns)
    sides = _new_dataset(pydicom, path, image, 1)
    for name in ("PhotometricInterpretation", "BitsStored", "HighBit"):
        if name in data and sides.SamplesPerPixel == 1:
            setattr(sides, name, data[name].value)
    data.file_meta = sides.file_meta
    sides.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        if data.get(name):
            setattr(sides, name, [of * n / m for of, n, m in zip(data[name].value, before, image.shape, strict=False)])
    data.update(sides)
    data.ImageType = ["DERIVED", *list(data.get("ImageType") or ["", "SECONDARY"])[1:]]
    data.DerivationDescription = f"resized by ganaug {__version__} from {before[0]}x{before[1]}"
    data.save_as(path, enforce_file_format=True)


def _new_dataset(pydicom: ModuleType, path: Path, image: NDArray, number: int) -> Any:
    """Return a dataset with pixels and identifiers of its own; the same pixels get the same identifiers."""
    uids = pydicom.uid
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uids.ExplicitVRLittleEndian
    content = hashlib.sha256(image.tobytes()).hexdigest()
    instance = uids.generate_uid(entropy_srcs=["ganaug", path.name, str(number), content])
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = uids.SecondaryCaptureImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = instance
    data.Rows, data.Columns = image.shape[:2]
    data.SamplesPerPixel = image.shape[2] if image.ndim == 3 else 1
    if image.ndim == 3:
        data.PlanarConfiguration = 0
    data.PhotometricInterpretation = "RGB" if image.ndim == 3 else "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = image.dtype.itemsize * 8
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(image.dtype.kind == "i")
    pixels = image.astype(image.dtype.newbyteorder("<")).tobytes()
    kind = "OB" if image.dtype.itemsize == 1 else "OW"
    data.add_new("PixelData", kind, pixels + b"\0" * (len(pixels) % 2))
    return data


def _take_over(data: Any, original: Any) -> None:
    """Copy how grey values are stored, rescaled and shown, where the values of `data` allow it."""
    for name in _OF_PIXELS:
        value = original.get(name)
        if value is None or (name == "BitsStored" and original.get("BitsAllocated") != data.BitsAllocated):
            continue
        setattr(data, name, value)
    data.HighBit = data.BitsStored - 1
