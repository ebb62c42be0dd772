"""The engine broken on purpose, one rule at a time, on real runs: the verifier says so each time.

A rule is broken by handing on what the original has in spite of what the engine made of it, so
that nothing here depends on how the engine is written.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests.verify.cases import (
    KEY,
    SITE,
    SURVEY,
    deidentifier,
    profile_without_comments,
    scheme,
)
from tests.verify.ten_patients import NAMES, SPELLED, content, original
from workbench.deidentify import cleaned_files
from workbench.deidentify.cleaned_files import deidentify_files
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.patient_clock import PatientClock
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.verify.demands import Promise, promise_of
from workbench.verify.folder_times import UNKNOWN
from workbench.verify.result import Action, Verification
from workbench.verify.verification_page import page
from workbench.verify.verify import verify

Break = Callable[[Dataset, Dataset], None]  # of the original and what the engine made of it
ALL_TIMES = ("exact", "hour", "removed")
SIGNS = {
    "a title": "Pat. Schlumpfmann Thorax", "a name with a caret": "Schlumpfmann^Kurt", "a date": "Thorax 17/9/1964",
    "a Japanese date": "1964年9月17日 CT", "an old age": "Thorax 93-jährige", "a telephone": "621 123 456 Thorax",
    "a bare number": "Thorax 48213", "a national number": "Thorax 1964091712345", "a year of birth": "Thorax Jg. 1964",
    "a Russian age": "93 лет", "a city": "Esch-sur-Alzette KH Thorax",
}  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken") / "in"
    folder.mkdir()
    for number in range(len(NAMES)):
        (folder / f"{number:03}.dcm").write_bytes(content(original(number)))
    return folder


@pytest.fixture
def broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Path, Break], Verification]:
    """De-identify with an engine one of whose rules is broken, and verify."""

    def run(source: Path, rule: Break, times: str = "exact") -> Verification:
        whole = Deidentifier.apply

        def apply(self: Deidentifier, dataset: Dataset) -> object:
            made = whole(self, dataset)
            data = made.dataset.copy()
            rule(dataset, data)
            return replace(made, dataset=data)

        monkeypatch.setattr(Deidentifier, "apply", apply)
        deidentify_files(source, tmp_path / "out", deidentifier(times))
        return verify(source, tmp_path / "out", scheme(), None, Promise(times))

    return run


def clean(_: Dataset, data: Dataset) -> None:
    """Take the descriptions out: whatever the engine's own rules of words do, it is whole."""
    for keyword in ("SeriesDescription", "StudyDescription", "ImageComments"):
        if keyword in data:
            setattr(data, keyword, "Thorax" if keyword != "ImageComments" else "")


def kept(keyword: str) -> Break:
    return lambda before, data: setattr(data, keyword, before.get(keyword))


def said(keyword: str, value: object) -> Break:
    return lambda _, data: setattr(data, keyword, value)


def uid_kept(before: Dataset, data: Dataset) -> None:
    data.StudyInstanceUID = before.StudyInstanceUID


def name_nested(before: Dataset, data: Dataset) -> None:
    item = Dataset()
    item.PatientName = before.PatientName
    data.RequestAttributesSequence = [item]


def private_kept(_: Dataset, data: Dataset) -> None:
    data.private_block(0x0009, "ACME", create=True).add_new(1, "LO", "anything")


def pixels_kept(_: Dataset, data: Dataset) -> None:
    data.add_new(0x7FE00010, "OW", b"xxxx")


def identifier_for_pseudonym(before: Dataset, data: Dataset) -> None:
    data.PatientID = data.PatientName = f"LU01-{before.PatientID}"


def number_in_label(before: Dataset, data: Dataset) -> None:
    data.StationName = f"CT {str(before.PatientID)[:4]}-{str(before.PatientID)[4:]}"


RULES: dict[str, tuple[Break, Action]] = {
    "names stay in descriptions": (kept("SeriesDescription"), Action.TEXT_REMOVED),
    "comments stay": (kept("ImageComments"), Action.TEXT_REMOVED),
    "UIDs stay": (uid_kept, Action.UID_CHANGED),
    "dates stand still": (kept("StudyDate"), Action.DATE_SHIFTED),
    "birth dates stay": (kept("PatientBirthDate"), Action.TEXT_REMOVED),
    "ages of 90 and over stay": (kept("PatientAge"), Action.TEXT_REMOVED),
    "private attributes stay": (private_kept, Action.TEXT_REMOVED),
    "names stay nested": (name_nested, Action.TEXT_REMOVED),
    "pixels stay": (pixels_kept, Action.PIXELS_HIDDEN),
    "pseudonyms are identifiers": (identifier_for_pseudonym, Action.PATID_CONSISTENT),
    "one pseudonym for all": (said("PatientID", "LU01-AAAAAAAAAAAAAAAAAAAA"), Action.PATID_CONSISTENT),
    "accession numbers stay": (kept("AccessionNumber"), Action.TEXT_REMOVED),
    "physicians stay": (kept("ReferringPhysicianName"), Action.TEXT_REMOVED),
    "institutions stay": (kept("InstitutionName"), Action.TEXT_REMOVED),
    "identifiers stay in labels": (number_in_label, Action.TEXT_REMOVED),
    "a physician stays in a station's name": (said("StationName", "CTZWIRNHUBER"), Action.TEXT_REMOVED),
    "numbers change": (said("KVP", "119"), Action.TEXT_RETAINED),
    "the dose is lost": (lambda _, data: delattr(data, "CTDIvol"), Action.TAG_RETAINED),
    "it is not said": (lambda _, data: delattr(data, "DeidentificationMethod"), Action.TEXT_NOTNULL),
}  # fmt: skip


@pytest.mark.parametrize("times", ALL_TIMES)
def test_unbroken_it_is_fine(
    times: str, source: Path, broken: Callable[[Path, Break, str], Verification]
) -> None:
    done = broken(source, clean, times)
    assert [(one.where, one.what) for one in done.failures] == []
    assert done.is_good
    assert done.outputs == done.inputs == len(NAMES)
    assert done.unchecked == []


@pytest.mark.parametrize("what", RULES)
def test_one_rule_broken(
    what: str, source: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    rule, action = RULES[what]

    def only(before: Dataset, data: Dataset) -> None:
        clean(before, data)
        rule(before, data)

    done = broken(source, only)
    assert action in {failure.action for failure in done.failures}
    assert len({failure.number for failure in done.failures} - {0}) >= done.outputs - 1


# --- times of day and ages ------------------------------------------------------------------------


def clock_off(before: Dataset, data: Dataset) -> None:
    for keyword in ("StudyTime", "SeriesTime", "AcquisitionTime"):
        setattr(data, keyword, before.get(keyword))
    data.AcquisitionDateTime = data.AcquisitionDateTime[:8] + before.AcquisitionDateTime[8:]


def later(before: Dataset, data: Dataset) -> None:
    """Move all times by the same minutes, as a clock does that is only wrong."""
    for keyword in ("StudyTime", "SeriesTime", "AcquisitionTime"):
        old = str(before.get(keyword))
        setattr(data, keyword, f"{old[:2]}{int(old[2:4]) + 20}{old[4:]}")


def swapped(_: Dataset, data: Dataset) -> None:
    data.StudyTime, data.AcquisitionTime = data.AcquisitionTime, data.StudyTime


def nested_time(before: Dataset, data: Dataset) -> None:
    item = Dataset()
    item.ScheduledProcedureStepStartTime = before.StudyTime
    data.RequestAttributesSequence = [item]


def moment_kept(before: Dataset, data: Dataset) -> None:
    data.AcquisitionDateTime = data.AcquisitionDateTime[:8] + before.AcquisitionDateTime[8:14]


def moment_with_offset(_: Dataset, data: Dataset) -> None:
    data.AcquisitionDateTime = f"{data.AcquisitionDateTime[:8]}+0200"


def age_in_a_report(_: Dataset, data: Dataset) -> None:
    item, value, unit = Dataset(), Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "a", "UCUM", "year"
    value.NumericValue, value.MeasurementUnitsCodeSequence = "95", [unit]
    concept = Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator = "121033", "DCM"
    concept.CodeMeaning = "Subject Age"
    item.ConceptNameCodeSequence, item.MeasuredValueSequence = [concept], [value]
    data.ContentSequence = [item]


TIMES: dict[str, tuple[str, Break, str]] = {
    "the clock is switched off": ("hour", clock_off, "originals' to the second"),
    "one attribute is exact": ("hour", kept("AcquisitionTime"), "originals' to the second"),
    "a moment is exact": ("hour", moment_kept, "originals' to the second"),
    "the clock is only wrong": ("hour", later, "the seconds between times"),
    "times are out of order": ("hour", swapped, "changed order"),
    "a time of another day": ("hour", said("StudyTime", "0330"), "within an hour"),
    "a time made up": ("hour", said("ContentTime", "101010"), "within an hour"),
    "an offset with parts": ("hour", said("TimezoneOffsetFromUTC", "+0530"), "parts of an hour"),
    "a time is told": ("removed", kept("StudyTime"), "a time of day is told"),
    "an hour is told": ("removed", said("StudyTime", "10"), "a time of day is told"),
    "a nested time is told": ("removed", nested_time, "a time of day is told"),
    "a moment is told": ("removed", moment_kept, "a time of day is told"),
    "an offset is told": ("removed", said("TimezoneOffsetFromUTC", "+0200"), "an offset"),
    "an offset is told in a moment": ("removed", moment_with_offset, "an offset"),
    "a time is another": ("exact", said("StudyTime", "235959"), "the original's time"),
    "a time is cut off": ("exact", said("StudyTime", "10"), "the original's time"),
    "a text for a time": ("exact", said("StudyTime", "noon"), "no time of day"),
    "an age of 95": ("hour", said("PatientAge", "095Y"), "an age above 89"),
    "an age of 95 in months": ("hour", said("PatientAge", "1140M"), "an age above 89"),
    "an age in a report": ("hour", age_in_a_report, "an age above 89"),
    "an age made up": ("hour", said("PatientAge", "041Y"), "not the patient's age"),
    "a text for an age": ("hour", said("PatientAge", "old"), "no age"),
}  # fmt: skip


@pytest.mark.parametrize("what", TIMES)
def test_times_and_ages_broken(
    what: str, source: Path, broken: Callable[[Path, Break, str], Verification]
) -> None:
    times, rule, say = TIMES[what]

    def only(before: Dataset, data: Dataset) -> None:
        clean(before, data)
        rule(before, data)

    done = broken(source, only, times)
    assert any(say in failure.what for failure in done.failures), {
        one.what for one in done.failures
    }


def test_a_clock_that_is_the_engines_but_switched_off(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientClock, "moved", lambda _, since_us: since_us)
    deidentify_files(source, tmp_path / "out", deidentifier("hour"))
    done = verify(source, tmp_path / "out", scheme(), None, Promise("hour"))
    assert "times of day are the originals' to the second" in {one.what for one in done.failures}
    kept_exact = verify(source, tmp_path / "out", scheme(), None, Promise("exact"))
    assert {one.where for one in kept_exact.failures} == set()


def test_days_that_stay_with_times_that_do_not_pass(source: Path, tmp_path: Path) -> None:
    """Such outputs claim modified dates (113107), though their days were not moved."""
    text = profile_without_comments(tmp_path, "hour").read_text("utf-8")
    profile = tmp_path / "full.toml"
    profile.write_text(text.replace('"rtn_long_modif"', '"rtn_long_full"'), "utf-8")
    engine = Deidentifier(load_profile(profile), Pseudonyms(KEY, SURVEY, SITE))
    deidentify_files(source, tmp_path / "out", engine)
    done = verify(source, tmp_path / "out", scheme(), profile, promise_of(profile))
    assert [(one.where, one.what) for one in done.failures] == []
    moved = verify(source, tmp_path / "out", scheme(), None, Promise("hour"))
    dates = {one.where for one in moved.failures if one.action is Action.DATE_SHIFTED}
    assert "StudyDate" in dates, "nobody promised that days stay"


def test_without_a_promise_it_is_said_that_times_were_not_checked(
    source: Path, tmp_path: Path
) -> None:
    deidentify_files(source, tmp_path / "out", deidentifier("exact"))
    done = verify(source, tmp_path / "out", scheme())
    assert done.unchecked == [UNKNOWN]
    assert done.as_json()["not_checked"] == [UNKNOWN]
    assert UNKNOWN in page(done)
    whole = verify(source, tmp_path / "out", scheme(), None, Promise("exact"))
    assert "Not checked" not in page(whole)


# --- neighbours -------------------------------------------------------------------------------------


def neighbour_of(before: Dataset) -> Dataset:
    number = int(str(before.PatientID)[4])
    return original((number + 1) % len(NAMES))


def neighbours_number(before: Dataset, data: Dataset) -> None:
    data.SeriesDescription = f"Thorax {neighbour_of(before).PatientID}"


def neighbours_accession(before: Dataset, data: Dataset) -> None:
    data.StudyDescription = f"Acc {neighbour_of(before).AccessionNumber}"


def neighbours_name(before: Dataset, data: Dataset) -> None:
    family, given = str(neighbour_of(before).PatientName).split("=")[0].split("^")
    data.ProtocolName = f"{given} {family}"


def neighbours_name_in_label(before: Dataset, data: Dataset) -> None:
    family, given = str(neighbour_of(before).PatientName).split("=")[0].split("^")
    data.StationName = f"{family}{given}"


NEIGHBOURS = {
    "a number": neighbours_number, "an accession number": neighbours_accession,
    "a name": neighbours_name, "a name in a label": neighbours_name_in_label,
}  # fmt: skip


@pytest.mark.parametrize("what", NEIGHBOURS)
def test_what_identifies_another_patient_of_the_folder(
    what: str, source: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    def only(before: Dataset, data: Dataset) -> None:
        clean(before, data)
        NEIGHBOURS[what](before, data)

    done = broken(source, only)
    said = {one.number for one in done.failures if "another patient" in one.what}
    assert len(said) == done.outputs, {one.what for one in done.failures}


def test_a_file_name_that_tells_another_patient(source: Path, tmp_path: Path) -> None:
    folder = output_folder(source, tmp_path)
    (folder / f"{scheme().uid('1.2.826.0.1.88.3.1')}.dcm").rename(folder / "ZX7071544.dcm")
    done = verify(source, folder, scheme())
    assert [one.where for one in done.failures] == ["file name"]
    assert "another patient" in done.failures[0].what
    assert "ZX70" not in page(done)


@pytest.mark.parametrize("title", ["DR KOWALSKI", "PROF MUELLER", "MME DUPONT", "Dr Kowalski"])
@pytest.mark.parametrize("keyword", ["SeriesDescription", "StationName"])
def test_a_title_without_a_dot(
    title: str, keyword: str, source: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    def only(before: Dataset, data: Dataset) -> None:
        clean(before, data)
        setattr(data, keyword, title)

    done = broken(source, only)
    assert len([one for one in done.failures if one.where == keyword]) == done.outputs


def test_each_spelling_of_each_name_left(
    source: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    """As an engine would that knows no other spelling than the header's."""
    done = broken(source, kept("SeriesDescription"))
    named = {one.number for one in done.failures if one.where == "SeriesDescription"}
    assert len(named) == len(SPELLED)


@pytest.mark.parametrize("what", SIGNS)
def test_a_sign_left(
    what: str, tmp_path: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    data = original(7)
    data.SeriesDescription = SIGNS[what]
    (source / "a.dcm").write_bytes(content(data))
    done = broken(source, kept("SeriesDescription"))
    assert "SeriesDescription" in {one.where for one in done.failures}


@pytest.mark.parametrize(
    ("declared", "bytes_as"),
    [("ISO_IR 100", "utf-8"), (None, "utf-8"), (None, "cp1251"), ("ISO_IR 192", "latin-1")],
)
def test_a_name_in_bytes_of_another_character_set(
    declared: str | None,
    bytes_as: str,
    tmp_path: Path,
    broken: Callable[[Path, Break], Verification],
) -> None:
    name, upper = ("Иванов", "ИВАНОВ") if bytes_as == "cp1251" else ("Grünspecht", "GRÜNSPECHT")
    source = tmp_path / "in"
    source.mkdir()
    data = original(7)
    data.PatientName, data.SeriesDescription = "@" * len(name.encode(bytes_as)), "x"
    data.ReferencedPatientSequence = []
    text = f"Thorax {upper}".encode(bytes_as)
    data.SeriesDescription = "#" * len(text)
    if declared:
        data.SpecificCharacterSet = declared
    else:
        del data.SpecificCharacterSet
    raw = content(data)
    raw = raw.replace(b"@" * len(name.encode(bytes_as)), name.encode(bytes_as)).replace(
        b"#" * len(text), text
    )
    (source / "a.dcm").write_bytes(raw)

    def bytes_kept(before: Dataset, made: Dataset) -> None:
        made.SeriesDescription = text.decode("latin-1")
        made.SpecificCharacterSet = "ISO_IR 100"

    done = broken(source, bytes_kept)
    assert "SeriesDescription" in {one.where for one in done.failures}


def output_folder(source: Path, tmp_path: Path) -> Path:
    deidentify_files(source, tmp_path / "out", deidentifier())
    return tmp_path / "out"


def test_a_preamble_and_meta_information_left(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cleaned_files._encoded

    def encoded(data: Dataset) -> bytes:
        content = whole(data)
        return b"II*\0" + content[4:]

    monkeypatch.setattr(cleaned_files, "_encoded", encoded)
    done = verify(source, output_folder(source, tmp_path), scheme())
    assert "preamble" in {one.where for one in done.failures}


def test_file_names_that_tell_a_name_or_the_order(source: Path, tmp_path: Path) -> None:
    folder = output_folder(source, tmp_path)
    by_uid = {path.stem: path for path in folder.iterdir()}
    for number in range(len(NAMES)):
        uid = scheme().uid(f"1.2.826.0.1.88.{number}.1")
        by_uid[uid].rename(folder / f"{number:05}.dcm")
    done = verify(source, folder, scheme())
    assert "the folder" in {one.where for one in done.failures}
    (folder / "00007.dcm").rename(folder / "grottenolm.dcm")
    done = verify(source, folder, scheme())
    assert "file name" in {one.where for one in done.failures}


def test_originals_in_a_zip_are_compared(
    source: Path, tmp_path: Path, broken: Callable[[Path, Break], Verification]
) -> None:
    packed = tmp_path / "packed"
    packed.mkdir()
    with zipfile.ZipFile(packed / "all.zip", "w") as archive:
        for path in source.iterdir():
            archive.write(path, path.name)
    done = broken(packed, clean)
    assert done.is_good
    assert done.inputs == len(NAMES)
    shutil.rmtree(tmp_path / "out")
    done = broken(packed, kept("SeriesDescription"))
    assert not done.is_good
