"""What the standard says an object can have, by places a reader can look up in PS3.3 annex A."""

from __future__ import annotations

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.uid import (
    CTImageStorage,
    EncapsulatedPDFStorage,
    EnhancedCTImageStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    XRayAngiographicImageStorage,
    XRayRadiationDoseSRStorage,
)

from workbench.dicom.object_definitions import can_have, is_image, modules_of


@pytest.mark.parametrize(
    ("sop_class", "keyword", "can"),
    [
        (CTImageStorage, "KVP", True),  # C.8.2.1
        (CTImageStorage, "CTDIvol", True),
        (CTImageStorage, "EchoTime", False),
        (MRImageStorage, "EchoTime", True),  # C.8.3.1
        (MRImageStorage, "KVP", False),
        (XRayAngiographicImageStorage, "KVP", True),  # C.8.7.2
        (EnhancedCTImageStorage, "KVP", False),  # in its functional groups: C.8.15.3.9
        (XRayRadiationDoseSRStorage, "KVP", False),  # A.35.8
        (XRayRadiationDoseSRStorage, "BodyPartExamined", False),
        (XRayRadiationDoseSRStorage, "StudyDescription", True),
        (XRayRadiationDoseSRStorage, "PatientAge", True),
        (XRayRadiationDoseSRStorage, "StationName", True),
        (SecondaryCaptureImageStorage, "KVP", False),  # A.8
        (EncapsulatedPDFStorage, "ImageType", False),
    ],
)
def test_attributes_of_objects(sop_class: str, keyword: str, can: bool) -> None:
    assert can_have(str(sop_class), tag_for_keyword(keyword) or 0) is can


def test_private_attributes_stand_in_images() -> None:
    assert can_have(str(CTImageStorage), 0x00431027)
    assert not can_have(str(XRayRadiationDoseSRStorage), 0x00431027)


def test_of_an_unknown_class_nothing_is_ruled_out() -> None:
    assert modules_of("1.2.3") == frozenset()
    assert can_have("1.2.3", 0x00180060)
    assert is_image("1.2.3")


def test_images_are_told_from_documents() -> None:
    assert is_image(str(CTImageStorage))
    assert is_image(str(EnhancedCTImageStorage))
    assert not is_image(str(XRayRadiationDoseSRStorage))
    assert not is_image(str(EncapsulatedPDFStorage))
