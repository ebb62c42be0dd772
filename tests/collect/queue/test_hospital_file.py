"""The hospital's file: nobody in it is named without the key, and all else is still told."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from tests.collect.queue.plain_file import (
    ANSWERS,
    OBJECT,
    SECRETS,
    SERIES,
    SOMEBODY,
    UID,
    write_plain,
)
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue import hospital_file
from workbench.collect.queue.control import Command, Control
from workbench.collect.queue.hospital_file import FILE, KEY_CHECK, SALT, VERSION, HospitalFile
from workbench.collect.queue.ledger import Ledger
from workbench.collect.queue.patient_queue import PatientState, Queue
from workbench.collect.queue.relinking import queued
from workbench.deidentify.key import create_key, protect_key, unlock_key
from workbench.deidentify.key_wrapping import Cost
from workbench.deidentify.unlocked_key import forget_unlocked
from workbench.errors import IdentityError, StoreError
from workbench.survey import KEY_FILE

WORDS = "five words drawn by lot"
CHEAP = Cost(memory_kib=32, passes=1, lanes=4)
SWAPPED = """UPDATE patient SET identity =
    (SELECT identity FROM patient AS other WHERE other.number <> patient.number)"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_key(tmp_path / KEY_FILE)
    return tmp_path


def filled(folder: Path) -> HospitalFile:
    """Somebody is asked for, and the PACS has told of a study."""
    file = HospitalFile(folder)
    Queue(file).add([SOMEBODY])
    sealed, study = file.sealed, file.sealed.study_index(1, UID)
    file.write("INSERT INTO study VALUES (1, ?, ?, 'CT', 1, '', 1, 'now', 'now')",
               study, sealed.study(1, UID, "2018-11-12"))  # fmt: skip
    file.write("INSERT INTO series VALUES (1, ?, ?, ?, 'CT', 1, '', 1)",
               study, sealed.series_index(1, UID, SERIES),
               sealed.series(1, UID, SERIES, [OBJECT]))  # fmt: skip
    file.write("INSERT INTO answer VALUES (1, 'now', ?, ?)",
               sealed.answers_index(1, ANSWERS), sealed.answers(1, "now", ANSWERS))  # fmt: skip
    return file


def stored_bytes(folder: Path) -> bytes:
    """Return all bytes of the file and its journal, with what is compressed in it unpacked."""
    raw = b"".join(file.read_bytes() for file in folder.glob(f"{FILE}*"))
    unpacked = []
    for start in range(len(raw)):
        if raw[start : start + 2] in (b"x\x9c", b"x\x01", b"x\xda"):
            try:
                unpacked.append(zlib.decompressobj().decompress(raw[start:]))
            except zlib.error:
                continue
    return raw + b"".join(unpacked)


def found(folder: Path) -> list[str]:
    content = stored_bytes(folder).lower()
    return [
        secret for secret in SECRETS
        if any(secret.lower().encode(code) in content for code in ("utf-8", "utf-16-le"))
    ]  # fmt: skip


def locked(folder: Path) -> None:
    protect_key(folder / KEY_FILE, WORDS, CHEAP)


def test_nobody_is_in_the_file_nor_in_its_journal(folder: Path) -> None:
    with closing(filled(folder)):
        assert (folder / f"{FILE}-wal").stat().st_size > 0, "the journal is looked at, too"
        assert found(folder) == []
    assert found(folder) == []


def test_the_same_search_finds_everybody_in_a_file_of_version_1(folder: Path) -> None:
    write_plain(folder)
    assert set(found(folder)) == set(SECRETS)


def test_with_the_key_all_of_it_is_read_again(folder: Path) -> None:
    filled(folder).close()
    with closing(HospitalFile(folder)) as file:
        assert Queue(file).listed(1) == SOMEBODY
        assert queued(file) == [("GROTTENOLM-4711", "SPITAL-X")]
        ledger = Ledger(file)
        assert ledger.answers(1) == [("now", ANSWERS)]
        (row,) = ledger.series()
        assert (row["study_uid"], row["study_date"], row["series_uid"], row["instances"]) == (
            UID, "2018-11-12", SERIES, [OBJECT],
        )  # fmt: skip


def test_without_the_key_names_are_refused_and_all_else_works(folder: Path) -> None:
    filled(folder).close()
    locked(folder)
    with closing(HospitalFile(folder)) as file:
        queue, control = Queue(file), Control(file)
        for needing in (
            lambda: queue.listed(1), lambda: queue.add([SOMEBODY]), lambda: queued(file),
            lambda: queue.numbers([SOMEBODY]), queue.lease,
            lambda: Ledger(file).series(), lambda: Ledger(file).answers(1),
        ):  # fmt: skip
            with pytest.raises(IdentityError, match="locked") as caught:
                needing()
            assert "workbench key unlock" in caught.value.remedy
        assert queue.states()[PatientState.WAITING] == 1, "nobody was taken in vain"
        assert [row["number"] for row in queue.rows()] == [1]
        control.command = Command.PAUSE
        control.tell("noted")
        assert (control.command, control.events()[0]["text"]) == (Command.PAUSE, "noted")
        assert queue.remove([1]) == 1, "who has lost the key may still take people off"
    assert not any(row for table in ("study", "series", "answer") for row in rows_of(folder, table))


def rows_of(folder: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / FILE)) as opened:
        return opened.execute(f"SELECT * FROM {table}").fetchall()


@pytest.mark.usefixtures("in_memory")
def test_an_open_file_goes_on_once_the_key_is_unlocked(folder: Path) -> None:
    filled(folder).close()
    locked(folder)
    with closing(HospitalFile(folder)) as file:
        with pytest.raises(IdentityError):
            Queue(file).listed(1)
        unlock_key(folder / KEY_FILE, WORDS)
        assert Queue(file).listed(1) == SOMEBODY
    forget_unlocked(folder / KEY_FILE)
    with closing(HospitalFile(folder)) as file, pytest.raises(IdentityError):
        Queue(file).listed(1)


def test_another_key_is_told_with_the_remedy_and_changes_nothing(folder: Path) -> None:
    filled(folder).close()
    (folder / KEY_FILE).unlink()
    create_key(folder / KEY_FILE)
    with closing(HospitalFile(folder)) as file:
        for needing in (lambda: Queue(file).listed(1), lambda: Queue(file).add([SOMEBODY])):
            with pytest.raises(IdentityError, match="under another key") as caught:
                needing()
            assert "restore" in caught.value.remedy
        assert Queue(file).states()[PatientState.WAITING] == 1


@pytest.mark.parametrize(
    "statement",
    [
        SWAPPED,
        "UPDATE patient SET number = 9 WHERE number = 1",
        "UPDATE patient SET identity = (SELECT identity FROM study) WHERE number = 1",
        "UPDATE patient SET identity = zeroblob(60) WHERE number = 1",
    ],
    ids=["two rows swapped", "renumbered", "of another table", "no field at all"],
)
def test_a_row_that_was_tampered_with_is_not_taken_for_somebody(
    folder: Path, statement: str
) -> None:
    with closing(filled(folder)) as file:
        Queue(file).add([ListedPatient("SOMEBODY-ELSE")])
        file.write(statement)
        (number, *_) = [row["number"] for row in file.all("SELECT number FROM patient ORDER BY 1")]
        with pytest.raises(IdentityError, match="changed or moved"):
            Queue(file).listed(9 if "number = 9" in statement else number)


def test_a_series_put_under_another_study_is_noticed(folder: Path) -> None:
    with closing(filled(folder)) as file:
        file.write("UPDATE series SET study = zeroblob(32)")
        with pytest.raises(IdentityError):
            Ledger(file).series()


def test_two_files_under_one_key_cannot_be_compared(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        create_key(tmp_path / name / KEY_FILE, bytes(32))
        filled(tmp_path / name).close()
    one, other = (
        {value for table in ("patient", "study", "series", "answer")
         for row in rows_of(tmp_path / name, table) for value in row if isinstance(value, bytes)}
        for name in "ab"
    )  # fmt: skip
    assert len(one) == len(other) == 8
    assert not one & other


def test_several_programs_make_the_file_at_once(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from workbench.collect.queue.hospital_file import HospitalFile\n"
        "from workbench.collect.queue.patient_queue import Queue\n"
        "from workbench.collect.patient_list import ListedPatient\n"
        "queue = Queue(HospitalFile(Path(sys.argv[1])))\n"
        "for number in range(50): queue.add([ListedPatient(f'{number % 25}-{sys.argv[2]}')])\n"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", program, str(folder), name]) for name in "abc"
    ]
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    with closing(HospitalFile(folder)) as file:
        assert len(queued(file)) == 75
        assert Queue(file).states()[PatientState.WAITING] == 75


def test_threads_that_need_the_key_first_do_not_wait_for_each_other(folder: Path) -> None:
    with closing(HospitalFile(folder)) as file:
        begin = threading.Barrier(8)

        def within() -> None:
            begin.wait()
            with file.transaction():
                file.sealed.patient_index(SOMEBODY)

        def alone() -> None:
            begin.wait()
            file.sealed.patient_index(SOMEBODY)

        threads = [threading.Thread(target=each, daemon=True) for each in (within, alone) * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)


def test_a_newer_file_is_refused(folder: Path) -> None:
    with closing(HospitalFile(folder)) as file:
        file.note("version", str(VERSION + 1))
    with pytest.raises(StoreError, match="newer version"):
        HospitalFile(folder)


def test_salt_and_check_are_made_once_and_tell_nothing(folder: Path) -> None:
    with closing(filled(folder)) as file:
        before = file.noted(SALT), file.noted(KEY_CHECK)
        key = (folder / KEY_FILE).read_bytes().hex()
        assert key not in stored_bytes(folder).decode("latin-1")
    with closing(HospitalFile(folder)) as file:
        assert file.sealed.patient_index(SOMEBODY)
        assert (file.noted(SALT), file.noted(KEY_CHECK)) == before
        assert hospital_file.load_key(folder / KEY_FILE).hex() == key


def test_pages_of_the_plain_file_go_at_the_next_start_if_the_first_was_killed(
    folder: Path,
) -> None:
    write_plain(folder, others=300)
    killed = """
import os, sys
from pathlib import Path
from workbench.collect.queue.hospital_file import HospitalFile
HospitalFile.reclaim = lambda _: os._exit(9)
HospitalFile(Path(sys.argv[1]))
"""
    done = subprocess.run([sys.executable, "-c", killed, folder], check=False)
    assert done.returncode == 9
    assert found(folder), "the search sees what is left there"
    with closing(HospitalFile(folder)) as file:
        assert file.version() == VERSION
        assert found(folder) == [], "at once, not when it is closed"
        assert file.noted(hospital_file.OWED) == ""
        assert len(queued(file)) == 301
