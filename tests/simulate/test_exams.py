"""What the hospital examines: names that mapping understands, doses near the reference levels."""

from __future__ import annotations

import statistics

import pytest

from tests.simulate.planned import planned
from workbench.mapping.body_regions import body_region
from workbench.simulate.exams import EXAMS

LANGUAGES = ("en", "de", "fr")
# UKHSA 2022 (CTDIvol in mGy, DLP in mGy.cm), as the module's docstring cites them.
LEVELS = {"chest": (8.5, None), "chest_abdomen_pelvis": (None, 660.0)}


@pytest.mark.parametrize("exam", EXAMS)
def test_an_exam_has_a_description_and_a_protocol_in_every_language(exam: str) -> None:
    names = EXAMS[exam].names
    assert set(names) == set(LANGUAGES)
    for description, protocol in names.values():
        assert description == description.strip() != ""
        assert protocol == protocol.strip() != ""
        assert len(protocol) <= 60, "ProtocolName is LO: 64 characters, with a maker's suffix"
    assert EXAMS[exam].label == names["en"][1]
    assert EXAMS[exam].region == exam


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("exam", EXAMS)
def test_a_reader_of_names_finds_the_region(exam: str, language: str) -> None:
    """Else the truth would name a region that nothing in the files tells."""
    description, protocol = EXAMS[exam].names[language]
    read = {body_region(text)[0] for text in (description, protocol)}
    assert exam in read


@pytest.mark.parametrize("exam", LEVELS)
def test_adult_doses_lie_near_the_reference_levels(exam: str) -> None:
    """A level is a third quartile: the median lies below it, and not far."""
    doses, products = [], []
    for number in range(12):
        study = planned("ge", exam=exam, age=60.0, number=number)
        scan = next(scan for scan in study.scans if scan.technique.spiral)
        doses.append(scan.technique.ctdi_vol_mgy)
        products.append(scan.technique.dlp_mgy_cm)
    for values, level in zip((doses, products), LEVELS[exam], strict=True):
        if level is not None:
            assert 0.6 * level < statistics.median(values) < 1.1 * level


def test_a_head_is_scanned_in_the_small_phantom_and_nothing_else_of_an_adult() -> None:
    assert [name for name, exam in EXAMS.items() if exam.head_phantom] == ["head"]
    for name in EXAMS:
        phantoms = {
            scan.technique.ctdi_phantom_cm for scan in planned("siemens", exam=name, age=40.0).scans
        }
        assert phantoms == {16 if name == "head" else 32}


@pytest.mark.parametrize("exam", EXAMS)
def test_a_scan_is_as_long_as_the_body_allows(exam: str) -> None:
    details = EXAMS[exam]
    assert 100 <= details.adult_length_mm <= 1000
    assert 0.2 <= details.pitch <= 1.5
    assert details.phases
    slices = details.adult_length_mm / 10
    assert slices > 10


def test_the_list_cannot_be_changed_by_a_user() -> None:
    with pytest.raises(TypeError):
        EXAMS["head"] = EXAMS["neck"]  # type: ignore[index]
    with pytest.raises(TypeError):
        EXAMS["head"].names["en"] = ("", "")  # type: ignore[index]
