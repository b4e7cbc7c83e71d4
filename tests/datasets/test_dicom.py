"""Laws of DICOM: stored values are read, and values that do not compare are refused."""

import shutil

import numpy as np
import pytest

from ganaug.datasets import check_dicom_output, read_images, write_images

rng = np.random.default_rng(0)
GREY = rng.integers(256, size=(10, 12)).astype("uint8")
RGB = rng.integers(256, size=(10, 12, 3)).astype("uint8")
GREY16 = rng.integers(2**16, size=(10, 12)).astype("uint16")
SIGNED = rng.integers(-(2**15), 2**15, size=(10, 12)).astype("int16")


def dicom(path, pixels, **tags):
    pydicom = pytest.importorskip("pydicom")
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    path.parent.mkdir(parents=True, exist_ok=True)
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.ndim == 3:
        data.PlanarConfiguration = 0
    data.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = pixels.dtype.itemsize * 8
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.add_new("PixelData", "OB" if pixels.dtype.itemsize == 1 else "OW", pixels.tobytes())
    for name, value in tags.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)


@pytest.mark.parametrize("pixels", [GREY, GREY16, SIGNED, RGB], ids=["8", "16", "signed", "colour"])
def test_dicom_is_read_and_answered_by_images(tmp_path, pixels, contents):
    dicom(tmp_path / "in" / "a" / "1.DCM", pixels)
    dicom(tmp_path / "in" / "b" / "1.dcm", pixels)
    images = read_images(tmp_path / "in")
    assert images.X.dtype == pixels.dtype
    np.testing.assert_array_equal(images.X, [pixels, pixels])
    write_images(tmp_path / "out", images, images.X[:1, ::-1], ["a"])
    extension = "tif" if pixels.dtype == np.int16 else "png"
    assert set(contents(tmp_path / "out")) == {
        "a/1.DCM",
        "b/1.dcm",
        f"a/synthetic_000001.{extension}",
        "manifest.csv",
    }
    shutil.copytree(tmp_path / "out" / "a", tmp_path / "again" / "a")
    np.testing.assert_array_equal(read_images(tmp_path / "again").X[1], pixels[::-1])


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"NumberOfFrames": 3}, "3 frames"),
        ({"Rows": 60_000, "Columns": 60_000}, "bomb"),
        ({"Rows": 11}, "The number of bytes|length"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "PALETTE"),
        ({"PhotometricInterpretation": None}, "lacks the element PhotometricInterpretation"),
        ({"PixelRepresentation": None}, "lacks the element PixelRepresentation"),
        ({"PhotometricInterpretation": "YBR_FULL"}, "of 1 value a pixel, where it needs 3"),
    ],
    ids=str,
)
def test_dicom_that_cannot_be_read_is_named(tmp_path, tags, message, refused):
    dicom(tmp_path / "a" / "1.dcm", GREY, **tags)
    refused(tmp_path, message)


@pytest.mark.parametrize("data", [b"x", bytes(132), bytes(128) + b"DICM"], ids=["text", "zeros", "header only"])
def test_what_is_no_dicom_is_named(tmp_path, data, folder, refused):
    pytest.importorskip("pydicom")
    folder(tmp_path, **{"a__1.dcm": data})
    refused(tmp_path, r"1 of 1 image cannot be read: a/1.dcm \(")


@pytest.mark.parametrize(
    ("tags", "meaning"),
    [
        ({"RescaleSlope": 2, "RescaleIntercept": -1024}, "rescaled by 2 and -1024"),
        ({"PhotometricInterpretation": "MONOCHROME1"}, "MONOCHROME1"),
    ],
)
def test_dicom_values_that_do_not_compare_are_refused(tmp_path, tags, meaning, refused):
    dicom(tmp_path / "a" / "1.dcm", GREY16, RescaleSlope=1, RescaleIntercept=0)
    dicom(tmp_path / "a" / "2.dcm", GREY16, **tags)
    refused(tmp_path, f"a/1.dcm is 10x12 of uint16, but a/2.dcm is 10x12 of uint16, {meaning}: their values")


def test_without_pydicom_the_extra_is_named(pets, monkeypatch, folder):
    folder(pets, **{"cat__1.dcm": b"x"})
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    for skip_bad in (False, True):
        with pytest.raises(ImportError, match=r"pip install 'ganaug\[dicom\]'"):
            read_images(pets, skip_bad=skip_bad)


def test_dicom_without_extension_is_found_by_its_mark(tmp_path, folder):
    dicom(tmp_path / "a" / "IM_0001", GREY)
    images = read_images(tmp_path)
    assert images.files == ["a/IM_0001"]
    np.testing.assert_array_equal(images.X[0], GREY)


def test_a_deflated_bomb_is_not_inflated(tmp_path, monkeypatch, refused):
    pydicom = pytest.importorskip("pydicom")
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    dicom(tmp_path / "a" / "1.dcm", np.zeros((300, 300), np.uint8))
    data = pydicom.dcmread(tmp_path / "a" / "1.dcm")
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.save_as(tmp_path / "a" / "1.dcm", enforce_file_format=True)
    assert (tmp_path / "a" / "1.dcm").stat().st_size < 2000
    np.testing.assert_array_equal(read_images(tmp_path).X, np.zeros((1, 300, 300), np.uint8))
    monkeypatch.setattr("ganaug.datasets.dicom._MAX_INFLATED", 50_000)
    refused(tmp_path, "inflates to more than 50,000 bytes from .*, perhaps a decompression bomb")


PERSON = {"PatientName": "Doe^Jane", "PatientID": "123-45", "StudyDate": "20200102", "InstitutionName": "Clinic of X"}


@pytest.mark.parametrize("pixels", [GREY, GREY16, SIGNED, RGB], ids=["8", "16", "signed", "colour"])
def test_synthetic_images_as_dicom_are_marked_and_hold_no_person(tmp_path, pixels):
    pydicom = pytest.importorskip("pydicom")
    shown = (
        {} if pixels.ndim == 3 else {"WindowCenter": 40, "WindowWidth": 80, "RescaleSlope": 2, "RescaleIntercept": 1}
    )
    dicom(tmp_path / "in" / "a" / "1.dcm", pixels, **PERSON, **shown)
    dicom(tmp_path / "in" / "b" / "1.dcm", pixels, **PERSON, **shown)
    images = read_images(tmp_path / "in")
    X_synthetic = np.ascontiguousarray(images.X[:, ::-1])
    write_images(tmp_path / "out", images, X_synthetic, ["a", "b"], dicom=True)
    assert (tmp_path / "out" / "a" / "1.dcm").read_bytes() == (tmp_path / "in" / "a" / "1.dcm").read_bytes()
    read = read_images(tmp_path / "out", only_synthetic=True)
    assert read.files == ["a/synthetic_000001.dcm", "b/synthetic_000001.dcm"]
    assert read.X.dtype == pixels.dtype
    np.testing.assert_array_equal(read.X, X_synthetic)
    written = [pydicom.dcmread(tmp_path / "out" / file) for file in read.files]
    for data, number in zip(written, (1, 2), strict=True):
        assert list(data.ImageType) == ["DERIVED", "SECONDARY"]
        assert data.SOPClassUID == pydicom.uid.SecondaryCaptureImageStorage
        assert (data.SeriesDescription, data.SyntheticData, data.ConversionType) == ("synthetic", "YES", "SYN")
        assert (data.BurnedInAnnotation, data.InstanceNumber) == ("NO", number)
        raw = str(data)
        assert not any(value in raw for value in PERSON.values())
        for name, value in shown.items():
            assert data[name].value == value
    assert len({str(data.SOPInstanceUID) for data in written}) == 2
    assert len({str(data.SeriesInstanceUID) for data in written}) == 1
    # originals and synthetic ones can be read into one array
    shutil.copytree(tmp_path / "out", tmp_path / "again", ignore=shutil.ignore_patterns("manifest.csv"))
    assert read_images(tmp_path / "again").X.shape == (4, *pixels.shape)


@pytest.mark.parametrize("pixels", [GREY16, SIGNED, RGB], ids=["16", "signed", "colour"])
def test_resized_dicom_stays_dicom(tmp_path, pixels):
    pydicom = pytest.importorskip("pydicom")
    dicom(tmp_path / "in" / "a" / "1.dcm", pixels, PixelSpacing=[1.0, 3.0], **PERSON)
    dicom(tmp_path / "in" / "a" / "IM_2", pixels)
    images = read_images(tmp_path / "in", resize=(8, 8))
    write_images(tmp_path / "out", images, images.X[:1], ["a"], dicom=True)
    (tmp_path / "out" / "manifest.csv").unlink()
    read = read_images(tmp_path / "out")
    assert read.files == ["a/1.dcm", "a/IM_2.dcm", "a/synthetic_000001.dcm"]
    np.testing.assert_array_equal(read.X, images.X[[0, 1, 0]])
    data = pydicom.dcmread(tmp_path / "out" / "a" / "1.dcm")
    assert data.PatientName == "Doe^Jane"
    assert data.ImageType[0] == "DERIVED"
    assert list(data.PixelSpacing) == [1.25, 4.5]
    assert data.SOPInstanceUID != pydicom.dcmread(tmp_path / "in" / "a" / "1.dcm").SOPInstanceUID


def test_what_cannot_become_dicom_is_refused(tmp_path, pets, save):
    pytest.importorskip("pydicom")
    np.savez(tmp_path / "a.npz", train_images=np.zeros((2, 8, 8), np.uint8), train_labels=np.zeros(2, int))
    with pytest.raises(ValueError, match="is for folders"):
        check_dicom_output(read_images(tmp_path / "a.npz"))
    save(tmp_path / "in" / "a" / "1.png", np.zeros((8, 8, 4), np.uint8))
    with pytest.raises(ValueError, match="no transparency"):
        check_dicom_output(read_images(tmp_path / "in"))
    images = read_images(pets)
    write_images(tmp_path / "out", images, images.X[:1], ["cat"], dicom=True)
    np.testing.assert_array_equal(read_images(tmp_path / "out", only_synthetic=True).X, images.X[:1])
