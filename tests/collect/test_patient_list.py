"""A patient list is read as it stands: zeros stay, mistakes are named by their line."""

from __future__ import annotations

import string
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.collect.patient_list import ListedPatient, parse_patients, read_patient_list
from workbench.errors import SettingsError

IDS = st.text(string.ascii_letters + string.digits + "-_/.ÄéŁ漢", min_size=1, max_size=64)


def read(folder: Path, content: str) -> list[tuple[str, str]]:
    path = folder / "list.txt"
    path.write_text(content, "utf-8")
    return [(patient.patient_id, patient.issuer) for patient in read_patient_list(path)]


def test_one_id_a_line_with_its_zeros(tmp_path: Path) -> None:
    assert read(tmp_path, "007\n\n  0042 \n7\n007\n") == [("007", ""), ("0042", ""), ("7", "")]


def test_a_byte_order_mark_is_no_part_of_an_id(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff007\r\n8\r\n") == [("007", ""), ("8", "")]


FULL = [
    ["PatientID", "IssuerOfPatientID", "AccessionNumber", "date_from", "Date To",
     "PATIENTBIRTHDATE", "priority"],
    ["0001", "CHL", "A7", "2020-01-31", "20241231", "1970-05-17", "5"],
    ["0001", "LNS", "", "", "", "", ""],
    ["0002"],
]  # fmt: skip
READ = (
    ListedPatient("0001", "CHL", "A7", date(2020, 1, 31), date(2024, 12, 31), date(1970, 5, 17), 5),
    ListedPatient("0001", "LNS"),
    ListedPatient("0002"),
)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_table_with_a_header(
    mark: str, encoding: str, end: str, quote: str, tmp_path: Path
) -> None:
    lines = [mark.join(f"{quote}{cell}{quote}" for cell in line) for line in FULL]
    path = tmp_path / "list.csv"
    path.write_bytes((end.join(lines) + end).encode(encoding))
    assert read_patient_list(path) == READ


def test_columns_are_named_in_any_order_and_form(tmp_path: Path) -> None:
    content = 'Birth-Date;ID\n1970-05-17;="0042"\n;7;;\n'
    (tmp_path / "list.txt").write_text(content)
    assert read_patient_list(tmp_path / "list.txt") == (
        ListedPatient("0042", birth_date=date(1970, 5, 17)),
        ListedPatient("7"),
    )


def test_a_quoted_cell_may_hold_the_mark(tmp_path: Path) -> None:
    assert read(tmp_path, 'patient_id,issuer\n7,"CHL, Luxembourg"\n') == [("7", "CHL, Luxembourg")]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("patient_id,Canary", "column 2"),
        ("Canary1,Canary2", "names no column"),
        ("patient_id,id", "one column patient_id"),
        ("issuer,priority", "one column patient_id"),
    ],
)
def test_columns_nobody_knows_are_told_by_their_place(
    header: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        read(tmp_path, f"{header}\n,1\n")
    assert "Canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("7,,,31.12.2020,,,", "line 3 of the patient list is not a date.*2024-12-31"),
        ("7,,,,2020-02-30,,", "line 3 of the patient list is not a date"),
        ("7,,,,,2020-1231,", "line 3 of the patient list is not a date"),
        ("7,,,2021-01-01,2020-01-01,,", "line 3 of the patient list ends before it begins"),
        ("7,,,,,,high", "line 3 of the patient list is not a priority"),
        ("7,,,,,,1e9", "line 3 of the patient list is not a priority"),
        ("7,,,,,,99999999999", "line 3 of the patient list is not a priority"),
        ("7,,A*,,,,", "line 3 of the patient list is not an accession number"),
        ("7,,12345678901234567,,,,", "line 3 of the patient list is not an accession number"),
        ("7,?,,,,,", "line 3 of the patient list is not an issuer"),
        ("7,,,,,,,8", "line 3 of the patient list has too many columns"),
        ("1,,,,,1980-01-01,", "line 3 of the patient list has another birth date"),
    ],
)
def test_a_mistake_is_named_by_its_line(row: str, message: str, tmp_path: Path) -> None:
    header = "patient_id,issuer,accession,date_from,date_to,birth_date,priority"
    with pytest.raises(SettingsError, match=message):
        read(tmp_path, f"{header}\n1,,,,,1970-01-01,\n{row}\n")


def test_another_encoding_is_said_with_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("patient_id\nMüller7\n".encode("cp1252"))
    with pytest.raises(SettingsError, match="CSV UTF-8"):
        read_patient_list(path)


def test_lines_typed_by_hand_are_read_the_same(tmp_path: Path) -> None:
    assert parse_patients(["007", " 7 "]) == (ListedPatient("007"), ListedPatient("7"))
    assert parse_patients([]) == ()


def test_the_same_id_of_two_issuers_is_two_patients() -> None:
    assert ListedPatient("1", "A") != ListedPatient("1", "B")


@pytest.mark.parametrize("line", ["12*", "1?", "1\\2", "x" * 65, "a\x07b"])
def test_a_line_that_would_ask_for_others_is_named_by_number(line: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="line 2") as caught:
        read(tmp_path, f"Canary1\n{line}\n")
    assert line not in str(caught.value)
    assert "Canary" not in str(caught.value)


def test_a_row_without_id_is_named_by_number(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="line 3"):
        read(tmp_path, "patient_id,issuer\n1,A\n,B\n")


def test_an_empty_list_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="empty"):
        read(tmp_path, "\n \n")


def test_a_list_that_is_not_there_is_said_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_patient_list(tmp_path / "canary.txt")
    assert "canary" not in str(caught.value)


def test_nothing_of_a_patient_is_shown() -> None:
    assert repr(READ[0]) == "ListedPatient()"


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(IDS, min_size=1, unique=True))
def test_what_is_written_is_read(tmp_path: Path, ids: list[str]) -> None:
    content = "\n".join(["patient_id", *ids])
    assert [one for one, _ in read(tmp_path, content)] == ids
