"""A hospital's file of version 1, everybody in clear: encrypted once, whole, with nothing left."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.collect.queue.plain_file import ANSWERS, OBJECT, SOMEBODY, write_plain
from tests.collect.queue.test_hospital_file import found, locked, rows_of
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.control import Control
from workbench.collect.queue.hospital_file import FILE, VERSION, HospitalFile
from workbench.collect.queue.ledger import Ledger
from workbench.collect.queue.patient_queue import Queue
from workbench.collect.queue.relinking import queued
from workbench.deidentify.key import create_key
from workbench.deidentify.unlocked_key import locked_file
from workbench.errors import IdentityError
from workbench.survey import KEY_FILE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_key(tmp_path / KEY_FILE)
    return tmp_path


@pytest.fixture
def old(folder: Path) -> Path:
    write_plain(folder)
    return folder


def test_a_plain_file_is_encrypted_when_it_is_opened_and_nothing_is_lost(old: Path) -> None:
    with closing(HospitalFile(old)) as file:
        assert file.noted("version") == str(VERSION)
        assert file.noted("key_sheet abc") == "2026-01-01"
        queue = Queue(file)
        assert queue.listed(1) == SOMEBODY
        assert len(queued(file)) == 401
        (row, *_) = queue.rows(limit=1)
        assert (row["state"], row["reason"], row["tries"], row["due"], row["studies"]) == (
            "incomplete", "why", 2, None, 4,
        )  # fmt: skip
        assert Ledger(file).answers(1) == [("now", ANSWERS)]
        assert Ledger(file).series()[0]["instances"] == [OBJECT]
        assert Control(file).events()[0]["text"] == "kept"
        queue.add([SOMEBODY, ListedPatient("NEW")])
        assert queue.numbers([SOMEBODY, ListedPatient("NEW")]) == [1, 404], "numbers stay taken"


def test_nothing_of_the_plain_file_stays_in_its_pages_or_journal(old: Path) -> None:
    with closing(HospitalFile(old)):
        assert found(old) == [], "while it is open"
    assert found(old) == []
    assert not any(row[1].startswith("plain_") for row in rows_of(old, "sqlite_master"))


def test_a_plain_file_waits_for_the_key_and_says_why(old: Path) -> None:
    locked(old)
    before = rows_of(old, "patient")
    with pytest.raises(IdentityError, match="names patients in clear") as caught:
        HospitalFile(old)
    assert "workbench key unlock" in caught.value.remedy
    assert rows_of(old, "patient") == before
    assert locked_file(old / KEY_FILE).exists()


def test_two_programs_that_open_a_plain_file_encrypt_it_once(old: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from workbench.collect.queue.hospital_file import HospitalFile\n"
        "from workbench.collect.queue.relinking import queued\n"
        "print(len(queued(HospitalFile(Path(sys.argv[1])))))\n"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", program, str(old)], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [worker.communicate(timeout=120)[0].strip() for worker in workers] == [b"401", b"401"]


def test_pages_of_a_plain_file_that_were_free_already_are_emptied(folder: Path) -> None:
    """Version 1 overwrote what it deleted, but a program of somebody else may not have."""
    write_plain(folder)
    with closing(sqlite3.connect(folder / FILE)) as other:
        other.execute("PRAGMA secure_delete = OFF")
        other.execute("DELETE FROM patient WHERE number > 1")
        other.commit()
    with closing(HospitalFile(folder)):
        assert found(folder) == []
