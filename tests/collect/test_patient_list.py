"""A patient list is read as it stands: zeros stay, mistakes are named by their line."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.collect.patient_list import ListedPatient, read_patient_list
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


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_with_a_header(mark: str, tmp_path: Path) -> None:
    lines = [["age", "patient_id", "issuer"], ["40", "0001", "CHL"], ["41", "0001", "LNS"]]
    content = "\n".join(mark.join(line) for line in lines)
    assert read(tmp_path, content) == [("0001", "CHL"), ("0001", "LNS")]


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


def test_an_id_is_not_shown() -> None:
    assert "0042" not in repr(ListedPatient("0042", "CHL"))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(IDS, min_size=1, unique=True))
def test_what_is_written_is_read(tmp_path: Path, ids: list[str]) -> None:
    content = "\n".join(["patient_id", *ids])
    assert [one for one, _ in read(tmp_path, content)] == ids
