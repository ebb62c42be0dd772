"""Rows made from neighbours' pieces are the rows made one by one, and nobody's name crosses over.

One ``HeaderRows`` sees all objects of a test; each row is compared with the one that its header
gives alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from workbench.deidentify.confidentiality_profile import BUILT_IN, load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.fast import rows as quick
from workbench.deidentify.header_rows import HeaderRows
from workbench.deidentify.patient_clock import Times
from workbench.deidentify.standard_tables import data_bytes
from workbench.dicom.fast import single
from workbench.dicom.fast.split import NotPlainError
from workbench.dicom.read import Header, read_received
from workbench.dicom.reader import HeaderReader
from workbench.errors import ReadError
from workbench.simulate.hospital import simulate_hospital

SYNTAX = {False: ExplicitVRLittleEndian, True: ImplicitVRLittleEndian}


def outcome(make: object, header: Header) -> object:
    """Return the row with its findings, or what was raised instead."""
    try:
        row, findings, *_ = make(header)  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - the same error is the same outcome
        return type(error), getattr(error, "code", None)
    return list(row.items()), findings


def assert_same(rows: HeaderRows, header: Header) -> None:
    assert outcome(rows.row, header) == outcome(rows.one_by_one, header)


def encoded(data: Dataset, implicit: bool = False) -> bytes:
    buffer, bare = BytesIO(), Dataset()
    bare.update(data)  # without file meta information, which may say otherwise
    bare.save_as(buffer, implicit_vr=implicit, little_endian=True)
    return buffer.getvalue()


def received(data: Dataset, implicit: bool = False) -> Header:
    return read_received(encoded(data, implicit), SYNTAX[implicit])


def quickly(rows: HeaderRows, header: Header) -> bool:
    """Say whether a header takes the way by its neighbours."""
    assert header.cut is not None
    try:
        rows._quick.row(header.cut)
    except NotPlainError:
        return False
    return True


def readable(folder: Path) -> Iterator[Header]:
    reader = HeaderReader()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                yield reader.header(path)
            except ReadError:
                continue


@pytest.mark.parametrize("corpus", ["dose", "qa", "bad"])
def test_real_headers(corpus: str, test_data: Path, deidentifier: Deidentifier) -> None:
    rows = HeaderRows(deidentifier)
    headers = [header for header in readable(test_data / corpus) if header.cut is not None]
    twice = [*range(len(headers)), *range(len(headers))]
    random.Random(7).shuffle(twice)
    done = 0
    for number in twice:
        if quickly(rows, headers[number]):  # if not, it is made one by one
            assert_same(rows, headers[number])
            done += 1
    assert done >= {"dose": 150, "qa": 20, "bad": 10}[corpus]


@pytest.mark.parametrize("times", [Times.HOUR, Times.REMOVED])
def test_real_headers_whose_times_are_made_coarse(
    times: Times, test_data: Path, deidentifier: Deidentifier, tmp_path: Path
) -> None:
    path = tmp_path / "profile.toml"
    path.write_bytes(
        data_bytes(BUILT_IN).replace(b'times = "exact"', f'times = "{times}"'.encode())
    )
    rows = HeaderRows(Deidentifier(load_profile(path), deidentifier.pseudonyms))
    headers = [header for header in readable(test_data / "dose") if header.cut is not None]
    done = timed = 0
    for header in [*headers, *headers]:
        if quickly(rows, header):
            assert_same(rows, header)
            done += 1
    for header in headers[::3]:
        row, findings, *_ = rows.row(header)
        before = deidentifier.apply(header.dataset).dataset.get("StudyTime")
        after = json.loads(str(row["header"])).get("00080030", {}).get("Value")
        if before and before.strip("0.:"):  # midnight stays midnight
            timed += 1
            assert after is None if times is Times.REMOVED else after != [before]
        assert times is Times.HOUR or "time_absent" not in {each.code for each in findings}
        assert times is Times.HOUR or row["started_at"] is None
    assert done >= 150
    assert timed >= 50


@pytest.mark.parametrize("implicit", [True, False])
def test_what_an_element_means_beside_others(
    implicit: bool, patient: Dataset, deidentifier: Deidentifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Signed or not, another alphabet, another owner of a private block, little memory.
    monkeypatch.setattr(single, "MAX_BYTES", 5_000)
    rows, reader = HeaderRows(deidentifier), HeaderReader()
    for number in range(40):
        data, item = Dataset(), Dataset()
        data.update(patient)
        data.SOPInstanceUID, data.PixelRepresentation = f"1.2.{number}", number % 2
        data.add_new(0x00280106, "SS" if number % 2 else "US", 40)
        item.add_new(0x00280107, "SS" if number % 2 else "US", 50)
        data.SourceImageSequence = [item]
        data.SpecificCharacterSet = ["ISO_IR 100", "ISO_IR 144", "ISO_IR 192"][number % 3]
        raw = "Sch\u00e4del".encode("utf-8" if number % 3 == 2 else "latin-1")
        tag = Tag("SeriesDescription")
        data[tag] = RawDataElement(tag, "LO", len(raw), raw, 0, False, True)
        creator = ["GEMS_PARM_01", "ACME"][number % 2]
        data.private_block(0x0043, creator, create=True).add_new(0x27, "SH", "0.9:1")
        content = encoded(data, implicit)
        row, findings, _ = rows.row(reader.received(content, SYNTAX[implicit]))
        alone = rows.one_by_one(read_received(content, SYNTAX[implicit]))
        assert (row, findings) == alone


def test_damaged_neighbours(patient: Dataset, deidentifier: Deidentifier) -> None:
    chance, rows, reader, kept = random.Random(9), HeaderRows(deidentifier), HeaderReader(), 0
    for number in range(600):
        content = bytearray(encoded(series(patient, SliceLocation=number // 4), number % 2 == 0))
        for _ in range(chance.choice((0, 1, 1, 2))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        syntax = SYNTAX[number % 2 == 0]
        try:
            alone = read_received(bytes(content), syntax)
        except ReadError:
            continue
        beside = reader.received(bytes(content), syntax)
        assert outcome(rows.row, beside) == outcome(rows.one_by_one, alone)
        kept += 1
    assert kept > 300


def test_why_a_row_was_made_the_long_way(patient: Dataset, deidentifier: Deidentifier) -> None:
    rows = HeaderRows(deidentifier)
    assert [rows.row(received(patient)).long_way for _ in range(3)] == ["first_of_patient", "", ""]
    buffer = BytesIO()
    patient.save_as(buffer, implicit_vr=False, little_endian=False)
    big = read_received(buffer.getvalue(), ExplicitVRBigEndian)
    assert rows.row(big).long_way == "transfer_syntax"
    item = Dataset()
    item.ValueType, item.TextValue = "TEXT", "Uhlenbruch"
    assert rows.row(received(series(patient, ContentSequence=[item]))).long_way == "report"


def test_a_defect_of_the_fast_path_is_told_once_without_a_value(
    patient: Dataset,
    deidentifier: Deidentifier,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise KeyError(str(patient.PatientName))

    rows = HeaderRows(deidentifier)
    monkeypatch.setattr(rows._quick, "_sort", broken)
    header = received(patient)
    for _ in range(3):
        row, findings, long_way = rows.row(header)
        assert (row, findings) == rows.one_by_one(header)
        assert long_way == "KeyError"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "KeyError" in caplog.text
    assert "Uhlenbruch" not in caplog.text


def test_a_simulated_hospital_in_any_order(deidentifier: Deidentifier) -> None:
    made = enumerate(simulate_hospital(patients=3).objects())
    objects = [received(data, number % 5 == 0) for number, data in made]
    random.Random(7).shuffle(objects)
    rows = HeaderRows(deidentifier)
    for header in objects[:250]:
        assert_same(rows, header)
    assert sum(quickly(rows, header) for header in objects[:250]) > 100


def test_several_threads_share_the_memory(deidentifier: Deidentifier) -> None:
    objects = [received(data) for data in islice(simulate_hospital(patients=2).objects(), 80)]
    rows = HeaderRows(deidentifier)
    expected = [outcome(rows.one_by_one, header) for header in objects]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert list(pool.map(lambda one: outcome(rows.row, one), objects)) == expected


def series(patient: Dataset, **elements: object) -> Dataset:
    for keyword, value in elements.items():
        setattr(patient, keyword, value)
    return patient


def test_the_third_of_a_series_is_quick(patient: Dataset, deidentifier: Deidentifier) -> None:
    rows = HeaderRows(deidentifier)
    for number in range(5):
        header = received(series(patient, SOPInstanceUID=f"1.2.3.{number}", SliceLocation=number))
        assert quickly(rows, header) is (number > 0)
        assert_same(rows, header)


@pytest.mark.parametrize("zone", ["", "+0100", "+2500"])
@pytest.mark.parametrize(
    "moments",
    [{"AcquisitionTime": "250000"}, {"AcquisitionTime": "12:21:00"}, {"AcquisitionTime": ""},
     {"AcquisitionDateTime": "20210816120000+0000"}, {"AcquisitionDateTime": "20210816"},
     {"AcquisitionDateTime": "20210816120000+1"}, {"AcquisitionTime": "12h30"},
     {"AcquisitionDateTime": "garbage"}, {"SeriesTime": "noon", "AcquisitionTime": ""}],
)  # fmt: skip
def test_clocks_and_zones_are_read_alike(
    moments: dict[str, str], zone: str, patient: Dataset, deidentifier: Deidentifier
) -> None:
    rows = HeaderRows(deidentifier)
    for keyword, text in moments.items():
        setattr(patient, keyword, text)
    patient.TimezoneOffsetFromUTC = zone
    for number in range(4):
        patient.SOPInstanceUID = f"1.2.826.0.1.55.{number}"
        assert_same(rows, received(patient))


@pytest.mark.parametrize(
    "moments", [{"AcquisitionTime": "abc"}, {"AcquisitionDateTime": "garbage"}]
)
def test_a_clock_that_could_not_be_read_is_not_that_of_the_series(
    moments: dict[str, str], patient: Dataset, deidentifier: Deidentifier
) -> None:
    """It is dropped on the way, and absent afterwards; absent from the start it would be."""
    rows = HeaderRows(deidentifier)
    patient.SeriesDate, patient.SeriesTime = "20210816", "101500"
    for keyword in ("AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime"):
        if keyword in patient:
            del patient[keyword]
    patient.AcquisitionDate = "20210816"
    assert rows.one_by_one(received(patient))[0]["started_at"] is not None
    for keyword, text in moments.items():
        setattr(patient, keyword, text)
    row, findings = rows.one_by_one(received(patient))
    assert row["started_at"] is None
    assert {"value_dropped", "time_unreadable"} <= {finding.code for finding in findings}


def test_a_list_in_a_row_is_its_own(patient: Dataset, deidentifier: Deidentifier) -> None:
    rows = HeaderRows(deidentifier)
    header = received(series(patient, ImageType=["ORIGINAL", "PRIMARY"]))
    for _ in range(3):
        row = rows.row(header).row
        kind = row["ImageType"]
        assert kind == ["ORIGINAL", "PRIMARY"]
        assert isinstance(kind, list)
        kind.append("changed")


@pytest.mark.parametrize(
    ("keyword", "word"),
    [
        ("PatientName", "Uhlenbruch"), ("ReferringPhysicianName", "Uhlenbruch"),
        ("OperatorsName", "Uhlenbruch"), ("InstitutionName", "Uhlenbruch"),
        ("PatientID", "UHL77123"), ("AccessionNumber", "UHL77123"),
        ("PatientBirthDate", "19440102"), ("PatientAddress", "Uhlenbruch"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("implicit", [True, False])
def test_a_word_is_taken_out_where_it_names_somebody_and_only_there(
    keyword: str, word: str, implicit: bool, patient: Dataset, deidentifier: Deidentifier
) -> None:
    # The same description in all objects; only in some of them it names somebody.
    rows = HeaderRows(deidentifier)
    series(patient, SeriesDescription=f"Thorax {word}x", ConvolutionKernel=f"B {word}")
    for value in ("", word, "", word, "Other", word):
        header = received(series(patient, **{keyword: value}), implicit)
        assert_same(rows, header)
        row = rows.row(header).row
        assert (word.lower() in str(row["ConvolutionKernel"]).lower()) is (value != word)


def test_a_name_within_a_sequence_counts_too(patient: Dataset, deidentifier: Deidentifier) -> None:
    rows = HeaderRows(deidentifier)
    patient.SeriesDescription = "Thorax Uhlenbruch"
    for name in ("", "Uhlenbruch", "", "Uhlenbruch^A", "Other", "Uhlenbruch"):
        inner, outer = Dataset(), Dataset()
        inner.PersonName, outer.ScheduledStationAETitle = name, "CT"
        outer.PersonIdentificationCodeSequence = [inner]
        for keyword in ("RequestAttributesSequence", "RequestingServiceCodeSequence"):
            data = Dataset()
            data.update(patient)
            setattr(data, keyword, [outer])
            header = received(data)
            assert_same(rows, header)
            row = rows.row(header).row
            assert ("Uhlenbruch" in str(row["header"])) is ("Uhlenbruch" not in name)


def test_the_same_private_bytes_under_another_creator(
    patient: Dataset, deidentifier: Deidentifier
) -> None:
    rows = HeaderRows(deidentifier)
    kept = []
    for creator in ("GEMS_ACQU_01", "OTHER", "GEMS_ACQU_01", "OTHER", "SIEMENS CT VA0  COAD"):
        data = Dataset()
        data.update(patient)
        block = data.private_block(0x0019, creator, create=True)
        block.add_new(0x23, "DS", "1.5")
        block.add_new(0x52, "DS", "2.5")
        header = received(data)
        assert_same(rows, header)
        kept.append([key for key in ("00191023", "00191052") if key in str(rows.row(header)[0])])
    assert kept == [["00191023"], [], ["00191023"], [], ["00191052"]]


TWO_CREATORS = """
[[private]]
creator = "FIRST"
group = 0x0043
elements = { 77 = "DS" }

[[private]]
creator = "SECOND"
group = 0x0043
elements = { 77 = "LO" }
"""


def test_the_same_private_bytes_under_another_rule(
    patient: Dataset, deidentifier: Deidentifier, tmp_path: Path
) -> None:
    path = tmp_path / "profile.toml"
    path.write_bytes(data_bytes(BUILT_IN) + TWO_CREATORS.encode())
    rows = HeaderRows(Deidentifier(load_profile(path), deidentifier.pseudonyms))
    kept = []
    for creator in ("FIRST", "SECOND", "FIRST", "SECOND"):
        data = Dataset()
        data.update(patient)
        data.private_block(0x0043, creator, create=True).add_new(0x77, "LO", "Thorax")
        header = received(data, implicit=True)
        assert_same(rows, header)
        kept.append("Thorax" in str(rows.row(header)[0]["header"]))
    assert kept == [False, True, False, True]


@pytest.mark.parametrize("implicit", [True, False])
def test_sequences_without_length_are_read_in_the_object_s_letters(
    implicit: bool, patient: Dataset, deidentifier: Deidentifier
) -> None:
    rows = HeaderRows(deidentifier)
    words = {"ISO_IR 100": "Sch\u00e4del", "ISO_IR 144": "\u0413\u043e\u043b\u043e\u0432\u0430"}
    for number, charset in enumerate([*words] * 4):
        item, data = Dataset(), Dataset()
        item.CodeMeaning = words[charset]
        data.update(patient)
        data.SpecificCharacterSet, data.ProcedureCodeSequence = charset, [item]
        data["ProcedureCodeSequence"].is_undefined_length = True
        header = received(data, implicit)
        assert quickly(rows, header) is (number > 1)
        assert_same(rows, header)
        assert words[charset] in str(rows.row(header)[0]["header"])


def test_memory_is_bounded(patient: Dataset, deidentifier: Deidentifier,
                           monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(single, "MAX_BYTES", 4_000)
    monkeypatch.setattr(quick, "MAX_MET", 5)
    monkeypatch.setattr(quick, "MAX_SEQUENCES", 2)
    rows = HeaderRows(deidentifier)
    for number in range(120):
        item = Dataset()
        item.CodeValue = str(number)
        data = series(patient, PatientID=f"P{number // 4}", SliceLocation=number,
                      ProcedureCodeSequence=[item])  # fmt: skip
        assert_same(rows, received(data))
    held = rows._quick
    assert len(held._neighbours) <= quick.MAX_NEIGHBOURS
    assert len(held._met) <= 5
    assert len(held._speak) <= 2
    for one in held._neighbours.values():
        assert one.remembered._bytes < 8_000


# -- whatever comes after whatever

NAMES = ["Uhlenbruch^Ottilie", "Ma^Gy", "Zwentibold", "CT^Head", "Müller^Jörg", "山田^太郎", ""]
IDS = ["UHL-77/1", "7", "77", "120", "9988776", "M", "", "113691"]
WORDS = st.sampled_from(
    ["Thorax", "Uhlenbruch", "ZWENTIBOLD 120", "77", "ID 7", "UHL-77/1", "9988776", "Müller",
     "12.03.1980", "Dr. Zwentibold", "120", "M", "", "x" * 70, "Xanadu"]
)  # fmt: skip
TEXTS = ("SeriesDescription", "ProtocolName", "ConvolutionKernel", "BodyPartExamined",
         "DeviceSerialNumber", "ScanOptions", "ImageComments", "SoftwareVersions")  # fmt: skip
NUMBERS = {"KVP": ["120", "12,5", "abc", "77", "9988776", ""], "SeriesNumber": ["1", "x", "77"],
           "ImagePositionPatient": ["1\\2\\3", "1e3\\ 2 \\-0", "1\\\\2"]}  # fmt: skip
MOMENTS = {"StudyDate": ["20210811", "2021.08.11", "bad", ""], "ContentDate": ["20210812"],
           "StudyTime": ["101112", "noon"], "AcquisitionDateTime": ["20210811101112.5", "2021"],
           "PatientAge": ["041Y", "060Y", "095Y", "old", "010D"],
           "PatientBirthDate": ["19800312", "19300101", "", "bad"]}  # fmt: skip
CHARSETS = ["ISO_IR 100", "ISO_IR 192", "ISO_IR 144", "\\ISO 2022 IR 87", "ODD", ""]


@st.composite
def objects(draw: st.DrawFn) -> tuple[Dataset, bool]:
    """One object that may speak of anybody in any place."""
    data = Dataset()
    data.SOPClassUID, data.StudyInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.826.0.1.55.2"
    data.SOPInstanceUID = f"1.2.{draw(st.integers(1, 5))}"
    charset = draw(st.sampled_from(CHARSETS))
    data.add_new("SpecificCharacterSet", "CS", charset.split("\\"))
    data.add_new("PatientID", "LO", draw(st.sampled_from(IDS)))
    data.PatientName = "Uhlenbruch^Ottilie"
    for keyword in draw(st.lists(st.sampled_from(TEXTS), max_size=3, unique=True)):
        data.add_new(keyword, "LO", draw(WORDS))
    for pool in (NUMBERS, MOMENTS):
        for keyword in draw(st.lists(st.sampled_from(sorted(pool)), max_size=2, unique=True)):
            data.add_new(keyword, "LO", draw(st.sampled_from(pool[keyword])))
    for keyword in draw(st.lists(st.sampled_from(SEQUENCES), max_size=2, unique=True)):
        setattr(data, keyword, [draw(items()) for _ in range(draw(st.integers(0, 2)))])
    if draw(st.booleans()):
        creator = draw(st.sampled_from(["GEMS_PARM_01", "GE_GENESIS_REV3.0", "X"]))
        data.private_block(0x0043, creator, create=True).add_new(0x27, "SH", draw(WORDS))
    raw = draw(st.sampled_from(NAMES)).encode("utf-8" if charset.endswith("192") else "latin-1",
                                              "replace")  # fmt: skip
    return _with_name(data, raw), draw(st.booleans())


SEQUENCES = ("RequestAttributesSequence", "ProcedureCodeSequence", "OtherPatientIDsSequence",
             "ExposureDoseSequence", "ReferencedStudySequence")  # fmt: skip
NESTED = ("CodeMeaning", "CodeValue", "PersonName", "PatientID", "ProtocolName", "KVP",
          "CodingSchemeDesignator", "SpecificCharacterSet")  # fmt: skip


@st.composite
def items(draw: st.DrawFn) -> Dataset:
    item = Dataset()
    for keyword in draw(st.lists(st.sampled_from(NESTED), max_size=3, unique=True)):
        item.add_new(keyword, "LO", draw(WORDS) if keyword != "SpecificCharacterSet" else "")
    return item


def _with_name(data: Dataset, raw: bytes) -> Dataset:
    tag = Tag("PatientName")
    data[tag] = RawDataElement(tag, "PN", len(raw), raw, 0, False, True)
    return data


@settings(
    max_examples=200, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(some=st.lists(objects(), min_size=2, max_size=5), order=st.randoms(use_true_random=False))
def test_whatever_came_before(
    some: list[tuple[Dataset, bool]], order: random.Random, shared: HeaderRows
) -> None:
    headers = []
    for data, implicit in some:
        try:
            headers.append(received(data, implicit))
        except ReadError:
            continue
    headers *= 3
    order.shuffle(headers)
    for header in headers:
        assert_same(shared, header)
        assert_silent_about_others(shared, header)


def assert_silent_about_others(rows: HeaderRows, header: Header) -> None:
    """No word of anybody is in the row of an object that does not hold it itself."""
    try:
        row, findings, _ = rows.row(header)
    except Exception:  # noqa: BLE001 - no row tells nothing
        return
    told = (str(row) + str(findings)).lower()
    said = header.encoded.lower()
    for word in ("uhlenbruch", "ottilie", "zwentibold", "uhl-77/1", "9988776", "12.03.1980"):
        assert word.encode("ascii") in said or word not in told


@pytest.fixture(scope="module")
def shared(deidentifier: Deidentifier) -> HeaderRows:
    """One for all examples: what earlier ones left behind must not matter."""
    return HeaderRows(deidentifier)


def test_big_endian_and_reports_are_made_one_by_one(
    patient: Dataset, deidentifier: Deidentifier
) -> None:
    rows = HeaderRows(deidentifier)
    buffer = BytesIO()
    patient.save_as(buffer, implicit_vr=False, little_endian=False)
    header = read_received(buffer.getvalue(), ExplicitVRBigEndian)
    assert header.cut is None
    assert_same(rows, header)
    item = Dataset()
    item.ValueType, item.TextValue = "TEXT", "Uhlenbruch"
    report = received(series(patient, ContentSequence=[item]))
    for _ in range(3):
        assert not quickly(rows, report)
        assert_same(rows, report)
