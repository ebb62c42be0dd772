"""What a person is shown: safe where looking is impossible, masked where it found something."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from benchmarks.burned_in_pages import LAYOUTS, Drawn, Person, Style, draw, person, scans
from workbench.deidentify.burned_in import ocr
from workbench.deidentify.burned_in.ocr import OcrLimits
from workbench.deidentify.burned_in.screen import ShownImage, is_plain_acquisition, shown

PAGE = np.zeros((40, 60), np.uint8)


@pytest.fixture
def who() -> Person:
    return person(np.random.default_rng(5))


@pytest.fixture
def capture(who: Person) -> Dataset:
    return who.header()


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "tesseract", lambda: None)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a script that stands in for Tesseract."""
    script = tmp_path / "tesseract"
    script.touch(0o755)
    monkeypatch.setattr(ocr, "tesseract", lambda: str(script))
    return script


def codes(result: ShownImage) -> set[str]:
    return {finding.code for finding in result.findings}


def slice_of(who: Person) -> Dataset:
    data = who.header()
    data.SOPClassUID, data.ImageType = "1.2.840.10008.5.1.4.1.1.2", ["ORIGINAL", "PRIMARY"]
    return data


def test_a_slice_as_acquired_is_shown_as_it_is(who: Person, absent: None) -> None:
    result = shown(PAGE, slice_of(who))
    assert result.fit
    assert result.masked == ()
    assert codes(result) == {"text-not-expected"}


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("BurnedInAnnotation", "YES"), ("BurnedInAnnotation", "yes "), ("BurnedInAnnotation", "?"),
        ("ImageType", ["DERIVED", "SECONDARY"]), ("ImageType", ["ORIGINAL"]), ("ImageType", None),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.6.1"),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.1.1"), ("SOPClassUID", ""),
    ],
)  # fmt: skip
def test_everything_else_is_looked_at(who: Person, keyword: str, value: object) -> None:
    data = slice_of(who)
    data.add_new(keyword, "UI" if keyword == "SOPClassUID" else "LO", value)
    assert not is_plain_acquisition(data)


def test_without_tesseract_the_whole_image_is_withheld(capture: Dataset, absent: None) -> None:
    result = shown(PAGE, capture)
    assert not result.fit
    assert result.pixels is None
    assert codes(result) == {"text-not-looked-for"}
    assert "not installed" in result.findings[0].detail


def test_without_tesseract_a_fixed_banner_suffices(capture: Dataset, absent: None) -> None:
    capture.Manufacturer, capture.ImageType = "Philips", ["DERIVED", "SECONDARY", "DOSE_INFO"]
    page = np.full((200, 512), 77, np.uint8)
    page[0, 0] = 3
    result = shown(page, capture)
    assert result.fit
    assert codes(result) == {"banner-filled", "text-not-looked-for"}
    assert result.pixels is not None
    assert (result.pixels[:135] == 3).all()
    assert (result.pixels[135:] == 77).all()


def test_a_banner_is_filled_on_a_slice_too(who: Person, absent: None) -> None:
    data = slice_of(who)
    data.SeriesDescription = "Dose Report"
    assert shown(PAGE, data).masked


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("sleep 30", "did not finish"), ("exit 3", "failed"), ("kill -9 $$", "failed"),
        ("cat >/dev/null; echo x >>$0", "failed"),  # it may write no file
        ("read x; ulimit -v unlimited", "failed"),  # nor raise its limits
    ],
)  # fmt: skip
def test_a_reader_that_fails_withholds_the_image(
    capture: Dataset, program: Path, script: str, said: str
) -> None:
    program.write_text(f"#!/bin/bash\n{script} || exit 9\n")
    result = shown(PAGE, capture, OcrLimits(seconds=1))
    assert not result.fit
    assert said in result.findings[0].detail


def test_nothing_of_the_environment_or_the_image_is_an_argument(
    capture: Dataset, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "secret")
    allowed = "LC_ALL|OMP_THREAD_LIMIT|PATH|TESSDATA_PREFIX|PWD|SHLVL|_|OLDPWD"
    program.write_text(
        "#!/bin/bash\ncat >/dev/null\n"
        f'env | cut -d= -f1 | grep -Evx "{allowed}" && exit 9\n'
        '[ "$1 $2" = "stdin stdout" ]\n'
    )
    assert codes(shown(PAGE, capture)) == {"nothing-found"}


def test_what_says_it_identifies_and_shows_no_name_is_withheld(
    capture: Dataset, program: Path
) -> None:
    program.write_text("#!/bin/sh\ncat >/dev/null\n")
    assert shown(PAGE, capture).fit
    capture.BurnedInAnnotation = "YES"
    result = shown(PAGE, capture)
    assert not result.fit
    assert codes(result) == {"text-not-found"}


def test_a_header_that_gives_nothing_to_look_for_withholds_the_image(program: Path) -> None:
    data = Dataset()
    data.PhotometricInterpretation = "MONOCHROME2"
    assert "names nobody" in shown(PAGE, data).findings[0].detail
    data.SpecificCharacterSet, data.PatientName = "ISO_IR 192", "Иванов^Пётр"
    data.PatientID = "4711007"
    assert "Latin" in shown(PAGE, data).findings[0].detail
    assert not shown(PAGE, data).fit


def test_too_many_different_frames_are_withheld(capture: Dataset, program: Path) -> None:
    program.write_text("#!/bin/sh\ncat >/dev/null\n")
    frames = np.zeros((60, 8, 8), np.uint8)
    assert shown(frames, capture).fit
    frames[:, 0, 0] = range(60)
    assert not shown(frames, capture).fit


def test_pixels_that_are_not_what_the_header_says_are_withheld(capture: Dataset) -> None:
    capture.Rows, capture.Columns = 41, 60
    assert codes(shown(PAGE, capture)) == {"pixel-shape"}
    assert codes(shown(None, capture)) == {"no-pixels"}
    assert codes(shown(np.zeros((0, 60), np.uint8), capture)) == {"pixel-shape"}


ODD = st.one_of(st.text(max_size=9), st.integers(-(2**15), 2**15), st.none())
PHOTOMETRIC = st.sampled_from(["MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "PALETTE COLOR"])


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int16, np.uint16, np.float32, np.bool_, np.int64]),
        st.sampled_from([(3, 5), (2, 3, 5), (3, 5, 3), (2, 3, 5, 3), (5,), (0, 0)]),
    ),
    PHOTOMETRIC, ODD, ODD, st.lists(st.integers(-(2**15), 2**15), max_size=4),
)  # fmt: skip
def test_nothing_is_raised_whatever_image_and_header_hold(
    pixels: NDArray[Any], photometric: str, odd: Any, other: Any, descriptor: list[int]
) -> None:
    data = person(np.random.default_rng(5)).header()
    data.PhotometricInterpretation = photometric
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.deidentify.burned_in.screen.read_words", lambda *_, **__: [])
        for tag, vr in ((0x00080008, "CS"), (0x00080070, "LO"), (0x00280101, "SH")):
            data[tag] = DataElement(tag, vr, odd if odd is None else str(odd))
        data[0x00281101] = DataElement(0x00281101, "SS", descriptor)
        for tag in (0x00281201, 0x00281202, 0x00281203):
            data[tag] = DataElement(tag, "OW", str(other).encode("utf-16-le"))
        result = shown(pixels, data)
    assert (result.pixels is not None) is result.fit
    assert result.findings


def screen(name: str, who: Person, style: Style | None = None) -> Drawn:
    return draw(list(LAYOUTS[name](who, scans(np.random.default_rng(2)))), style or Style())


def assert_hidden(result: ShownImage, drawn: Drawn) -> None:
    assert result.fit
    covered = np.zeros(drawn.page.shape, bool)
    for box in result.masked:
        covered[box.rows_and_columns()] = True
    assert all(covered[ink].mean() > 0.95 for ink in drawn.identity)
    assert not any(covered[ink].any() for ink in drawn.doses)


@pytest.mark.tesseract
@pytest.mark.parametrize("name", LAYOUTS)
def test_names_go_and_doses_stay(name: str, who: Person, capture: Dataset) -> None:
    drawn = screen(name, who)
    before = drawn.page.copy()
    result = shown(drawn.page, capture)
    assert_hidden(result, drawn)
    assert (drawn.page == before).all()
    assert result.pixels is not None
    assert result.pixels.shape == drawn.page.shape
    assert result.pixels.dtype == drawn.page.dtype


def as_frames(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([np.zeros_like(page), page])


def as_signed(page: NDArray[np.uint8]) -> NDArray[np.int16]:
    return (page.astype(np.int16) * 9 - 1024).astype(np.int16)


@pytest.mark.tesseract
@pytest.mark.parametrize(
    ("photometric", "change"),
    [
        ("MONOCHROME2", as_frames), ("MONOCHROME2", as_signed), ("MONOCHROME1", lambda p: 255 - p),
        ("MONOCHROME2", lambda p: p.astype(np.uint16) * 16), ("MONOCHROME2", lambda p: 255 - p),
        ("RGB", lambda p: np.stack([p, p, 0 * p], -1)),
        ("YBR_FULL", lambda p: np.stack([p, 0 * p + 128, 0 * p + 128], -1)),
    ],
    ids=["frames", "signed", "inverse", "16 bits", "light", "yellow", "brightness and colour"],
)  # fmt: skip
def test_names_are_found_in_every_kind_of_pixels(
    photometric: str, change: object, who: Person, capture: Dataset
) -> None:
    drawn = screen("Siemens", who, Style(rows=260))
    capture.PhotometricInterpretation, capture.BitsStored = photometric, 16
    assert callable(change)
    assert_hidden(shown(change(drawn.page), capture), drawn)


@pytest.mark.tesseract
def test_somebody_elses_header_finds_no_name(who: Person) -> None:
    drawn = draw(list(LAYOUTS["GE"](None, scans(np.random.default_rng(2)))), Style())
    result = shown(drawn.page, who.header())
    assert result.masked == ()
    assert codes(result) == {"nothing-found"}


@pytest.mark.tesseract
def test_nothing_is_told_of_a_person(
    who: Person, capture: Dataset, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with caplog.at_level(logging.DEBUG):
        result = shown(screen("GE", who).page, capture)
    output = capfd.readouterr()
    told = f"{result!r} {result.findings!r} {caplog.text} {output.out} {output.err}".lower()
    for word in (who.family, who.given, who.number, who.accession):
        assert word.lower() not in told
