"""Pixels in physical units: as pydicom gives them, with the units and places the standard says."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.pixels import apply_rescale
from pydicom.uid import ExplicitVRLittleEndian, JPEGLosslessSV1, RLELossless

from workbench.dicom.image import Image
from workbench.dicom.pixels import images_of
from workbench.errors import ReadError


def plain(**more: object) -> Dataset:
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.Modality, header.Rows, header.Columns = "CT", 2, 3
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, 16, 15
    header.PixelRepresentation = 1
    header.PixelData = np.array([[-2000, 0, 1], [2, 3, 4]], "<i2").tobytes()
    for name, value in more.items():
        setattr(header, name, value)
    return header


def only(header: Dataset) -> Image:
    (image,) = images_of(header)
    return image


def test_values_units_and_padding() -> None:
    image = only(plain(RescaleSlope=2, RescaleIntercept=-10, PixelPaddingValue=-2000))
    assert image.values.tolist() == [[-4010, -10, -8], [-6, -4, -2]]
    assert image.unit == "[hnsf'U]"
    assert image.valid.tolist() == [[False, True, True], [True, True, True]]
    assert only(plain(Modality="DX")).unit == "1"
    assert (
        only(plain(Modality="PT", RescaleSlope=1, RescaleIntercept=0, Units="BQML")).unit == "Bq/mL"
    )
    assert "PixelData" not in image.header


def test_a_range_of_padding_has_two_ends() -> None:
    image = only(plain(PixelPaddingValue=0, PixelPaddingRangeLimit=2))
    assert image.valid.sum() == 3


def test_spacing_says_where_it_comes_from() -> None:
    both = plain(PixelSpacing=[0.5, 0.4], ImagerPixelSpacing=[0.6, 0.6])
    assert (only(both).spacing, only(both).spacing_source) == ((0.5, 0.4), "PixelSpacing")
    assert only(plain(ImagerPixelSpacing=[0.6, 0.6])).spacing_source == "ImagerPixelSpacing"
    assert only(plain()).spacing is None
    assert only(plain(PixelSpacing=[0, 0])).spacing is None


def test_the_place_of_a_slice_is_along_its_normal() -> None:
    lies = {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1], "SliceLocation": 7}  # coronal
    assert only(plain(ImagePositionPatient=[1, 12.5, 3], **lies)).position == 12.5
    assert only(plain(SliceLocation=7)).position == 7


def test_frames_of_an_enhanced_object_have_their_own_rescale() -> None:
    header = plain(NumberOfFrames=2)
    header.PixelData = np.arange(12, dtype="<i2").tobytes()

    def group(name: str, **values: object) -> Dataset:
        item, inner = Dataset(), Dataset()
        for keyword, value in values.items():
            setattr(inner, keyword, value)
        setattr(item, name, [inner])
        return item

    shared = group("PixelMeasuresSequence", PixelSpacing=[0.7, 0.7])
    header.SharedFunctionalGroupsSequence = [shared]
    header.PerFrameFunctionalGroupsSequence = [
        group("PixelValueTransformationSequence", RescaleSlope=slope, RescaleIntercept=0,
              RescaleType="US")
        for slope in (1, 10)
    ]  # fmt: skip
    first, second = images_of(header)
    assert first.values.ravel().tolist() == [0, 1, 2, 3, 4, 5]
    assert second.values.ravel().tolist() == [60, 70, 80, 90, 100, 110]
    assert second.spacing == (0.7, 0.7)
    assert (first.frame, second.frame) == (0, 1)


@pytest.mark.parametrize("syntax", [RLELossless])
def test_compressed_pixels_are_the_same(syntax: str) -> None:
    header = plain(RescaleSlope=1, RescaleIntercept=0)
    before = only(header).values
    header.compress(syntax)
    assert (only(header).values == before).all()


def test_what_cannot_be_shown_says_why() -> None:
    header = plain()
    del header.PixelData
    for broken, code in (
        (header, "no_pixels"), (plain(PixelData=b"123"), "pixels_damaged"),
        (plain(Rows=60000, Columns=60000), "pixels_too_large"),
    ):  # fmt: skip
        with pytest.raises(ReadError) as caught:
            images_of(broken)
        assert caught.value.code == code
    other = plain()
    other.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    with pytest.raises(ReadError):
        images_of(other)


def real(folder: Path) -> Iterator[tuple[str, Dataset]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and is_zipfile(path):
            with ZipFile(path) as opened:
                for name in opened.namelist()[::9]:
                    if not name.endswith("/"):
                        yield name, pydicom.dcmread(BytesIO(opened.read(name)), force=True)
        elif path.is_file():
            yield path.name, pydicom.dcmread(path, force=True)


def test_every_real_image_opens_and_has_the_values_pydicom_gives(test_data: Path) -> None:
    opened = 0
    for name, header in real(test_data / "qa"):
        if "PixelData" not in header:
            continue
        images = images_of(header)
        opened += 1
        if "file_meta" not in header.__dict__ or "TransferSyntaxUID" not in header.file_meta:
            continue
        pixels = header.pixel_array
        stack = pixels if pixels.ndim == 3 else pixels[np.newaxis]
        assert len(images) == len(stack), name
        if "PerFrameFunctionalGroupsSequence" not in header:
            expected = apply_rescale(stack, header)
            found = np.stack([image.values for image in images])
            assert np.array_equal(found, expected.astype(float)), name
    assert opened > 150
