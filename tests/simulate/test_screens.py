"""Dose screens: what stands in the pixels is the dose, letter for letter."""

from __future__ import annotations

import re
import string
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from tests.simulate.planned import planned, stored
from workbench.simulate import screens
from workbench.simulate.screens import GLYPH_ROWS, dose_screen, draw, phantom, scan_range, text

COLUMNS, LINES = 64, 18
LETTERS = "".join(GLYPH_ROWS)
NUMBER = r"(\d+(?:\.\d+)?)"


@cache
def looks() -> dict[bytes, str]:
    """Return what each letter looks like."""
    known = {draw([letter])[:14, :8].tobytes(): letter for letter in LETTERS}
    known[np.zeros((14, 8), np.uint8).tobytes()] = " "
    assert len(known) == len(LETTERS) + 1, "no two letters look alike"
    return known


def read(page: NDArray[np.uint8]) -> list[str]:
    """Read a page as one who has only its pixels: each cell is the letter it looks like."""
    known, lines = looks(), []
    for row in range(LINES):
        cells = (page[14 * row : 14 * row + 14, 8 * column : 8 * column + 8]
                 for column in range(COLUMNS))  # fmt: skip
        lines.append("".join(known[np.ascontiguousarray(cell).tobytes()] for cell in cells))
    return [line.rstrip() for line in lines]


def on_screen(dataset: Dataset) -> list[str]:
    page = stored(dataset)
    assert (page.Rows, page.Columns, page.BitsAllocated) == (256, 512, 8)
    return read(np.frombuffer(page.PixelData, np.uint8).reshape(256, 512))


@given(st.lists(st.text(LETTERS + " ", max_size=COLUMNS), max_size=LINES))
def test_what_is_drawn_is_read_back(lines: list[str]) -> None:
    page = draw(lines)
    assert page.shape == (256, 512)
    assert set(np.unique(page)) <= {0, 255}
    wanted = [line.rstrip() for line in lines]
    assert read(page)[: len(wanted)] == wanted


def test_letters_it_does_not_know_are_blanks_and_what_is_too_long_is_cut() -> None:
    assert read(draw(["äÖ×"]))[0] == ""
    assert read(draw(["abc"]))[0] == "ABC"
    assert read(draw(["X" * 100]))[0] == "X" * COLUMNS
    assert read(draw(["X"] * 100)) == ["X"] * LINES
    assert set(string.digits + ".,-/") <= set(LETTERS), "without them no dose can be written"


@pytest.mark.parametrize("maker", ["ge", "siemens", "toshiba", "philips"])
@pytest.mark.parametrize("exam", ["head", "chest_abdomen_pelvis", "abdomen_pelvis"])
def test_every_line_is_whole_on_the_page(maker: str, exam: str) -> None:
    """A dose cut off at the edge is a wrong dose."""
    study = planned(maker, exam=exam, age=50.0)
    lines = list(text(study))
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= COLUMNS
    shown = on_screen(dose_screen(study))
    for line, seen in zip(lines, shown, strict=False):
        plain = "".join(letter if letter in GLYPH_ROWS else " " for letter in line.upper())
        assert seen == plain.rstrip()
    assert study.patient.patient_id in shown[0], "burned in: that is what must be found"


def doses(maker: str, lines: list[str]) -> list[tuple[float, float]]:
    """Read (CTDIvol, DLP) of the events, as each maker's layout has them."""
    patterns = {
        "ge": rf"(?:HELICAL|AXIAL)\s+[SI][\d.]+-[SI][\d.]+\s+{NUMBER}\s+{NUMBER}",
        "siemens": rf"\d+\s+\d+\s+\d+\s+{NUMBER} [SL]\s+{NUMBER}\s",
        "toshiba": rf"CTDIVOL\(MGY\) {NUMBER}.*DLP\(MGYCM\) {NUMBER}",
        "philips": rf"CTDIVOL={NUMBER}\s+DLP={NUMBER}",
    }
    matches = (re.search(patterns[maker], line) for line in lines)
    return [(float(match[1]), float(match[2])) for match in matches if match]


@pytest.mark.parametrize(
    ("maker", "digits", "whole"),
    [("ge", 0.0051, 0.0051), ("siemens", 0.0051, 0.51), ("toshiba", 0.051, 0.051),
     ("philips", 0.01, 0.051)],
)  # fmt: skip
@pytest.mark.parametrize("exam", ["head", "chest_abdomen_pelvis", "abdomen_pelvis"])
def test_doses_in_the_pixels_are_those_given(
    maker: str, digits: float, whole: float, exam: str
) -> None:
    study = planned(maker, exam=exam, age=50.0)
    shown = doses(maker, on_screen(dose_screen(study)))
    with_dose = [scan for scan in study.scans
                 if maker in ("siemens", "philips") or not scan.technique.localizer]  # fmt: skip
    assert len(shown) == len(with_dose)
    for (index, product), scan in zip(shown, with_dose, strict=True):
        assert index == pytest.approx(scan.technique.ctdi_vol_mgy, abs=digits)
        assert product == pytest.approx(scan.technique.dlp_mgy_cm, abs=whole)


@pytest.mark.parametrize(
    ("maker", "pattern"),
    [("ge", rf"TOTAL EXAM DLP:\s+{NUMBER}"), ("siemens", rf"TOTAL DLP {NUMBER}"),
     ("toshiba", rf"TOTAL DLP\(MGYCM\) \(\w+\) {NUMBER}")],
)  # fmt: skip
def test_the_total_is_the_sum_of_what_stands_above_it(maker: str, pattern: str) -> None:
    """As on a scanner: of rounded numbers, so that a reader can add them up."""
    lines = on_screen(dose_screen(planned(maker, exam="abdomen_pelvis", age=50.0)))
    (total,) = [float(match[1]) for line in lines if (match := re.search(pattern, line))]
    assert total == pytest.approx(sum(product for _, product in doses(maker, lines)), abs=1e-6)


@pytest.mark.parametrize("exam", ["head", "chest"])
def test_the_phantom_is_said_where_the_maker_says_it(exam: str) -> None:
    small = exam == "head"
    ge, siemens, toshiba = (
        " ".join(on_screen(dose_screen(planned(maker, exam=exam, age=50.0))))
        for maker in ("ge", "siemens", "toshiba")
    )
    assert ("HEAD 16" in ge, "BODY 32" in ge) == (small, not small)
    assert bool(re.search(r"\d S\s", siemens)) == small
    assert ("(HEAD)" in toshiba, "(BODY)" in toshiba) == (small, not small)
    study = planned("ge", exam=exam, age=50.0)
    assert {phantom(scan) for scan in study.scans} == {"HEAD 16" if small else "BODY 32"}


def test_scans_are_numbered_from_one() -> None:
    """A physicist compares them with the console's list."""
    toshiba = on_screen(dose_screen(planned("toshiba", exam="abdomen_pelvis", age=50.0)))
    numbers = [int(match[1]) for line in toshiba if (match := re.match(r"(\d+)[.] ", line))]
    assert numbers == [1, 2]


def test_a_range_goes_towards_the_feet_with_its_letters() -> None:
    scan = planned("ge").scans[-1]
    begin, end = re.fullmatch(r"([SI][\d.]+)-([SI][\d.]+)", scan_range(scan)).groups()  # type: ignore[union-attr]
    first, last = (float(place[1:]) * (1 if place[0] == "S" else -1) for place in (begin, end))
    assert first - last == pytest.approx(scan.technique.scan_length_mm, abs=0.002)


def test_a_screen_is_a_secondary_capture_that_says_it_is_burned_in() -> None:
    """PS3.3 C.7.6.1.1: Burned In Annotation; and it was made after the last scan."""
    study = planned("siemens", age=50.0)
    page = stored(dose_screen(study))
    assert page.SOPClassUID.name == "Secondary Capture Image Storage"
    assert page.BurnedInAnnotation == "YES"
    last = study.moment(study.scans[-1])
    assert page.ContentDate + page.ContentTime[:6] > f"{last:%Y%m%d%H%M%S}"
    assert page.StudyInstanceUID == study.uid()
    assert page.SOPInstanceUID != page.SeriesInstanceUID
    assert set(screens.LAYOUTS) == {"ge", "siemens", "toshiba", "philips"}
