"""A folder of objects is matched as a PACS matches (PS3.4 C.2.2.2), whatever befalls it."""

from __future__ import annotations

import fnmatch
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from workbench.errors import NotDicom, ReadError
from workbench.simulate import archive as module
from workbench.simulate.archive import INDEX, Archive, Loaded, answer

CT = Path(str(get_testdata_file("CT_small.dcm")))


def patient(patient_id: str, date: str, number: int, **more: Any) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.PatientID = patient_id
    dataset.PatientName = f"Name^{number}"
    dataset.StudyDate = date
    dataset.Modality = "CT"
    dataset.StudyInstanceUID = f"1.2.{number}"
    dataset.SeriesInstanceUID = f"1.2.{number}.1"
    dataset.SOPInstanceUID = f"1.2.{number}.1.1"
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(tmp_path)
    archive.load(
        [
            patient("001", "20200101", 1),
            patient("001", "20210615", 2),
            patient("01", "20220101", 3),
            patient("1", "20230101", 4, PatientName="Müller^Ä", SpecificCharacterSet="ISO_IR 100"),
        ]
    )
    return archive


def studies(archive: Archive, **keys: Any) -> set[str]:
    wanted = Dataset()
    for keyword, value in keys.items():
        setattr(wanted, keyword, value)
    return {record["StudyInstanceUID"][0][4:] for record in archive.match("STUDY", wanted)}


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ({}, "1234"),
        ({"PatientID": "001"}, "12"),
        ({"PatientID": "1"}, "4"),
        ({"PatientID": "0*"}, "123"),
        ({"PatientID": "?1"}, "3"),
        ({"PatientID": "0.*"}, ""),
        ({"StudyInstanceUID": ["1.2.1", "1.2.4"]}, "14"),
        ({"StudyInstanceUID": "1.2.*"}, ""),
        ({"StudyDate": "20210615"}, "2"),
        ({"StudyDate": "20200101-20210615"}, "12"),
        ({"StudyDate": "-20201231"}, "1"),
        ({"StudyDate": "20220101-"}, "34"),
        ({"PatientName": "M?ller*"}, "4"),
        ({"ModalitiesInStudy": "CT"}, "1234"),
        ({"ModalitiesInStudy": "MR"}, ""),
        ({"PatientID": "001", "StudyDate": "2021*"}, "2"),
    ],
)
def test_keys_match_as_ps3_4_says(archive: Archive, keys: dict[str, Any], numbers: str) -> None:
    assert studies(archive, **keys) == set(numbers)


def test_files_are_named_by_a_digest_and_nothing_else(archive: Archive, tmp_path: Path) -> None:
    names = {path.stem for path in tmp_path.glob("*.dcm")}
    assert len(names) == 4
    assert all(len(name) == 64 and set(name) <= set("0123456789abcdef") for name in names)


@pytest.mark.parametrize("cached", [True, False])
def test_a_restart_finds_everything_again(
    archive: Archive, tmp_path: Path, *, cached: bool
) -> None:
    if not cached:
        (tmp_path / "index.json").unlink()
    assert studies(Archive(tmp_path), PatientID="001") == {"1", "2"}


def test_a_file_that_vanished_is_no_longer_offered(archive: Archive, tmp_path: Path) -> None:
    archive.path("1.2.1.1.1").unlink()
    assert studies(Archive(tmp_path)) == {"2", "3", "4"}


def test_the_first_of_two_objects_with_one_uid_stays(archive: Archive, tmp_path: Path) -> None:
    loaded = archive.load([patient("OTHER", "20300101", 1)])
    assert loaded.refused == ()
    assert studies(archive, PatientID="OTHER") == set()
    assert studies(Archive(tmp_path), PatientID="001") == {"1", "2"}


def test_what_cannot_be_kept_is_told_with_its_reason(tmp_path: Path) -> None:
    junk, cut = tmp_path / "junk", tmp_path / "cut"
    junk.write_bytes(b"not DICOM")
    cut.write_bytes(CT.read_bytes()[:3000])
    loaded = Archive(tmp_path / "a").load([junk, CT, cut])
    assert len(loaded.accepted) == 1
    assert loaded.refused == (junk, cut)
    assert loaded.reasons == ("not_dicom", "truncated")
    assert "junk" not in repr(loaded)


def keys(**values: Any) -> Dataset:
    wanted = Dataset()
    for keyword, value in values.items():
        setattr(wanted, keyword, value)
    return wanted


@given(st.text("ab*?.[", max_size=6), st.text("ab.[", max_size=6))
def test_a_wildcard_is_any_text_and_a_question_mark_one_sign(pattern: str, value: str) -> None:
    """PS3.4 C.2.2.2.4; every other sign means itself, and an empty key is no key."""
    matched = bool(module._matches({"PatientID": [value]}, keys(PatientID=pattern)))
    escaped = pattern.replace("[", "[[]")
    wanted = fnmatch.fnmatchcase(value, escaped) if pattern else True
    assert matched == wanted


DAYS = st.dates().map(lambda day: f"{day:%Y%m%d}")


@given(low=DAYS, high=DAYS, value=DAYS, ends=st.sampled_from(["both", "low", "high"]))
def test_a_range_holds_both_of_its_ends(low: str, high: str, value: str, ends: str) -> None:
    """PS3.4 C.2.2.2.5."""
    text = {"both": f"{low}-{high}", "low": f"{low}-", "high": f"-{high}"}[ends]
    matched = module._test("StudyDate", [text])(value)
    above = ends == "high" or low <= value
    assert matched == (above and (ends == "low" or value <= high))


def test_a_time_within_the_last_second_of_a_range_is_in_it() -> None:
    test = module._test("StudyTime", ["1000-1059"])
    assert [test(time) for time in ("095959", "100000", "105959.99", "110000")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_an_answer_holds_what_was_asked_as_far_as_the_level_knows_it(archive: Archive) -> None:
    """PS3.4 C.2.2.1.3 and C.4.1.1.3.2: every key comes back, if without a value."""
    asked = keys(
        PatientID="", StudyDate="", SeriesInstanceUID="", NumberOfStudyRelatedInstances="",
        InstitutionName="", SpecificCharacterSet="ISO_IR 100", QueryRetrieveLevel="STUDY",
    )  # fmt: skip
    record = archive.match("STUDY", keys(StudyInstanceUID="1.2.1"))[0]
    reply = answer(record, "STUDY", asked)
    assert {element.keyword for element in reply} == {element.keyword for element in asked}
    assert (reply.PatientID, reply.StudyDate) == ("001", "20200101")
    assert reply.NumberOfStudyRelatedInstances == 1
    assert not reply.SeriesInstanceUID, "a study knows nothing of its series"
    assert not reply.InstitutionName
    assert reply.SpecificCharacterSet == "ISO_IR 192"
    assert reply.QueryRetrieveLevel == "STUDY"
    at_series = answer(record, "SERIES", asked)
    assert at_series.SeriesInstanceUID == "1.2.1.1"


def test_objects_are_counted_and_modalities_gathered(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.load([
        patient("1", "20200101", 1, SOPInstanceUID=f"1.2.1.{series}.{number}",
                SeriesInstanceUID=f"1.2.1.{series}", Modality=modality)
        for series, modality in ((1, "CT"), (2, "SR")) for number in range(series)
    ])  # fmt: skip
    (study,) = archive.match("STUDY", keys())
    assert study["NumberOfStudyRelatedInstances"] == ["3"]
    assert study["ModalitiesInStudy"] == ["CT", "SR"]
    series = archive.match("SERIES", keys(Modality="SR"))
    assert [each["NumberOfSeriesRelatedInstances"] for each in series] == [["2"]]
    assert len(archive.match("IMAGE", keys(SeriesInstanceUID="1.2.1.2"))) == 2
    assert len(archive.match("PATIENT", keys())) == 1
    assert len(archive) == 3


def test_an_index_that_is_damaged_is_made_anew(archive: Archive, tmp_path: Path) -> None:
    archive.save()
    for damage in (b"", b"{", b"\xff\xfe"):
        (tmp_path / INDEX).write_bytes(damage)
        assert studies(Archive(tmp_path)) == {"1", "2", "3", "4"}


def test_half_a_file_is_never_offered_and_is_left_alone(archive: Archive, tmp_path: Path) -> None:
    whole = archive.path("1.2.1.1.1").read_bytes()
    half, stray = tmp_path / f"{'0' * 64}.dcm", tmp_path / f"{'1' * 64}.part"
    half.write_bytes(whole[: len(whole) // 2])
    stray.write_bytes(whole)
    assert studies(Archive(tmp_path)) == {"1", "2", "3", "4"}
    assert half.exists()


def encoded(made: Dataset) -> bytes:
    """Return a data set as it comes over the network."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, made)
    return buffer.getvalue()


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("uid", ["", "../../etc/passwd", "1.2 3", "1" * 65, "1.2;rm"])
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@pytest.mark.filterwarnings("ignore:The value length")
def test_a_uid_that_is_none_names_no_file(tmp_path: Path, keyword: str, uid: str) -> None:
    made = patient("1", "20200101", 1)
    setattr(made, keyword, uid)
    with pytest.raises(ReadError):
        Archive(tmp_path).add(encoded(made), str(ExplicitVRLittleEndian))
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_that_makes_no_file_is_told_with_its_reason(tmp_path: Path) -> None:
    nameless, good = patient("1", "20200101", 1), patient("1", "20200101", 2)
    del nameless.SOPInstanceUID
    bare = Dataset()
    loaded = Archive(tmp_path).load([nameless, bare, good])
    assert loaded.accepted == {"1.2.2.1.1"}
    assert loaded.refused == (nameless, bare)
    assert loaded.reasons == ("not_writable", "not_writable")


def test_a_file_is_kept_byte_for_byte_behind_a_head_of_our_own(tmp_path: Path) -> None:
    """A preamble may hold a program (PS3.10 section 7.1): it is not kept."""
    content = CT.read_bytes()
    hostile = tmp_path / "hostile.dcm"
    hostile.write_bytes(b"MZ" + b"\x90" * 126 + content[128:])
    archive = Archive(tmp_path / "a")
    (uid,) = archive.load([hostile]).accepted
    kept = archive.path(uid).read_bytes()
    assert kept[:128] == bytes(128)
    assert kept.endswith(module._encoded(CT)[0])
    assert dcmread(archive.path(uid)).SOPInstanceUID == uid == dcmread(CT).SOPInstanceUID


def test_several_threads_add_at_once(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    objects = [patient("1", "20200101", 1, SOPInstanceUID=f"1.2.3.{n}") for n in range(40)]
    contents = [module._encoded(each) for each in objects]

    def add(start: int) -> None:
        for content, syntax in contents[start::2] + contents[:5]:
            archive.add(content, syntax)

    threads = [threading.Thread(target=add, args=(start,)) for start in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(archive) == len(list(tmp_path.glob("*.dcm"))) == 40
    assert list(tmp_path.glob("*.part")) == []


def test_what_is_no_dicom_is_said_so(tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"x" * 500)
    with pytest.raises(NotDicom):
        module._encoded(junk)
    loaded = Loaded.of([(junk, set(), "not_dicom"), (CT, {"1.2"}, "")])
    assert (loaded.accepted, loaded.refused, loaded.reasons) == ({"1.2"}, (junk,), ("not_dicom",))
    assert not re.search("1[.]2|junk", repr(loaded)), "told without UIDs and names of files"


def test_merged_patients_are_one_in_the_index_and_two_in_the_files(archive: Archive) -> None:
    archive.merge_patients("01", "001")
    assert studies(archive, PatientID="001") == {"1", "2", "3"}
    assert studies(archive, PatientID="01") == set()
    assert studies(archive, PatientName="Name^1") == {"1", "3"}, "the name goes along"
    held = {str(dcmread(file).PatientID) for file in archive.folder.glob("*.dcm")}
    assert held == {"001", "01", "1"}
