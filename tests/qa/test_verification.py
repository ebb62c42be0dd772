"""Verification: line by line what differs, nothing of a person, and nothing measured in spite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.stages.quality.phantom_workspace import PROFILE, WATER
from workbench.dicom.image import Image
from workbench.qa.ct.water import CTWater
from workbench.qa.profiles import TestProfile, read_profile
from workbench.qa.verification import may_be_asked, verify
from workbench.qa.verification_lines import VerificationLine
from workbench.simulate.phantom_images import PhantomHeader, PhantomScan, phantom_image

TEST, SCAN = CTWater(), PhantomScan(size=128)


def verified(*images: Image, profile: TestProfile | None = None) -> dict[str, VerificationLine]:
    wanted = profile or read_profile(PROFILE).model_copy(update={"images": len(images)})
    return {line.check: line for line in verify(TEST, images, WATER, wanted)}


def made(**more: object) -> Image:
    return phantom_image(WATER, SCAN, PhantomHeader(more=more))


def refused(*images: Image, profile: TestProfile | None = None) -> set[str]:
    return {line.check for line in verified(*images, profile=profile).values() if line.refuses}


def test_an_image_made_as_the_profile_says_passes_line_by_line() -> None:
    lines = verified(made())
    assert not [line for line in lines.values() if line.severity != "ok"]
    assert (lines["KVP"].wanted, lines["KVP"].found) == ("120", "120.0")
    assert lines["SliceThickness"].wanted == "5 ± 0.1"
    assert "uniform" in lines


@pytest.mark.parametrize(
    ("more", "check"),
    [
        ({"KVP": 100}, "KVP"), ({"SliceThickness": 5.2}, "SliceThickness"), ({"KVP": None}, "KVP"),
        ({"StationName": "CT2"}, "StationName"), ({"Modality": "MR"}, "Modality"),
        ({"LossyImageCompression": "01"}, "LossyImageCompression"),
        ({"BurnedInAnnotation": "YES"}, "BurnedInAnnotation"),
        ({"PresentationIntentType": "FOR PRESENTATION"}, "PresentationIntentType"),
    ],
)  # fmt: skip
def test_what_differs_is_named_and_refused(more: dict[str, object], check: str) -> None:
    assert check in refused(made(**more))
    assert "uniform" not in verified(made(**more))  # the content is not looked at any more


def test_a_profile_may_allow_what_is_usually_refused() -> None:
    profile = read_profile(PROFILE).model_copy(update={"allow_lossy": True})
    lines = verified(made(LossyImageCompression="01"), profile=profile)
    assert lines["LossyImageCompression"].severity == "warning"


def test_no_pixel_size_no_measurement() -> None:
    assert refused(replace(made(), spacing=None)) == {"pixel spacing"}


def test_images_of_one_measurement_are_alike() -> None:
    other = phantom_image(WATER, PhantomScan(size=96))
    assert "size of images" in refused(made(), other)
    assert verified(made(), made())["slices"].severity == "warning"
    profile = read_profile(PROFILE)
    assert refused(made(), made(), profile=profile) == {"images"}
    assert "images" in refused(profile=profile)


@pytest.mark.parametrize(
    "keyword",
    ["PatientName", "PatientID", "PatientBirthDate", "ReferringPhysicianName", "OperatorsName",
     "InstitutionName", "AccessionNumber", "PatientComments", "RequestingPhysician", "NoSuchWord"],
)  # fmt: skip
def test_no_attribute_of_a_person_is_asked_for_or_shown(keyword: str) -> None:
    assert not may_be_asked(keyword)
    text = PROFILE.replace("KVP = 120", f'{keyword} = "MUELLER"')
    lines = verified(made(), profile=read_profile(text))
    assert lines[keyword].refuses
    assert lines[keyword].found == "–"


@pytest.mark.parametrize("keyword", ["ManufacturerModelName", "PatientPosition", "StationName"])
def test_what_says_how_an_image_was_made_may_be_asked_for(keyword: str) -> None:
    assert may_be_asked(keyword)
