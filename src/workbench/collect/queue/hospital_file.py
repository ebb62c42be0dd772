"""The hospital's own file: the one place, besides its key, that knows patients by their IDs.

``hospital.sqlite`` holds the queue, the ledger, what was asked of the PACS, and what the page and
the service tell each other.  It never leaves the hospital: tables and reports are made from it
with pseudonyms only.  Whatever says who somebody is lies in it encrypted under the hospital's key
(``sealed_rows``); states, counts and moments do not, so a page shows them while the key is locked.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from workbench.collect.queue import plain_rows
from workbench.collect.queue.sealed_rows import SealedRows
from workbench.deidentify.field_encryption import SALT_BYTES, FieldCipher
from workbench.deidentify.key import load_key
from workbench.errors import IdentityError, StoreError
from workbench.file_modes import OWNER_FILE, create_private
from workbench.language import Saying
from workbench.services import control_file
from workbench.store.database import Sqlite
from workbench.survey import KEY_FILE

FILE = control_file.FILE
VERSION = 2  # 1: identities lay there in clear
SALT, KEY_CHECK = "salt", "key_check"  # notes

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS patient (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    lookup BLOB NOT NULL UNIQUE, identity BLOB NOT NULL,
    priority INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, due REAL DEFAULT 0,
    owner TEXT, lease_boot TEXT, lease_until REAL,
    added_at TEXT NOT NULL, asked_at TEXT, changed_at TEXT,
    studies INTEGER, expected INTEGER, already INTEGER, received INTEGER, refused INTEGER,
    lot INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS patient_by_lot ON patient (priority DESC, tries, lot)
    WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS patient_state ON patient (state, number);
CREATE INDEX IF NOT EXISTS patient_owner ON patient (owner) WHERE owner IS NOT NULL;
CREATE TABLE IF NOT EXISTS study (
    patient INTEGER NOT NULL, lookup BLOB NOT NULL, identity BLOB NOT NULL, modalities TEXT,
    told INTEGER, unwanted TEXT NOT NULL, listed INTEGER NOT NULL,
    first_found TEXT NOT NULL, last_found TEXT NOT NULL,
    PRIMARY KEY (patient, lookup)
);
CREATE TABLE IF NOT EXISTS series (
    patient INTEGER NOT NULL, study BLOB NOT NULL, lookup BLOB NOT NULL, identity BLOB NOT NULL,
    modality TEXT, told INTEGER, unwanted TEXT NOT NULL, listed INTEGER NOT NULL,
    PRIMARY KEY (patient, study, lookup)
);
CREATE TABLE IF NOT EXISTS answer (
    patient INTEGER NOT NULL, asked_at TEXT NOT NULL, lookup BLOB NOT NULL, content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS answer_patient ON answer (patient, asked_at);
CREATE TABLE IF NOT EXISTS judged (patient INTEGER NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS request (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, patient INTEGER,
    service TEXT NOT NULL, level TEXT NOT NULL, seconds REAL NOT NULL, status TEXT NOT NULL,
    completed INTEGER, failed INTEGER, warning INTEGER
);
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, severity TEXT NOT NULL,
    text TEXT NOT NULL
);
"""

OWED = "reclaim owed"  # pages of the plain file of before are still in the file
LOT_BITS = 62  # so many that two lots are hardly ever the same; SQLite's integers have 64


def drawn() -> int:
    """Return a lot that nobody can foretell.

    The queue is asked by lot: the order of a list, which others may have, must not show in the
    order in which objects arrive.
    """
    return secrets.randbits(LOT_BITS)


def last_drawn() -> int:
    """Return a lot after all that are drawn, nobody can foretell where among its like."""
    return (1 << LOT_BITS) + drawn()


class HospitalFile(Sqlite):
    """The hospital's own file of one workspace; readable by its owner alone.

    The key is asked for when somebody's identity is read or written for the first time, not
    before.  A file of a version that held identities in clear is encrypted when it is opened.

    Raises ``StoreError`` for a newer file, ``IdentityError`` for an old one while the key is
    locked or missing.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        if not folder.is_dir():
            raise StoreError("there is no such workspace.", "Make one: workbench init -w FOLDER")
        create_private(self.file, OWNER_FILE)  # the owner's alone, even where a group shares
        super().__init__(self.file)
        self._sealed: SealedRows | None = None
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @property
    def sealed(self) -> SealedRows:
        """What reads and writes identities here.

        Raises ``IdentityError`` when the key is locked, missing, or another one than the file's.
        """
        with self._lock:  # the database's own: another one could wait for this one
            if self._sealed is None:
                self._sealed = self._unsealed(load_key(self.file.parent / KEY_FILE))
            return self._sealed

    def note(self, name: str, value: str) -> None:
        """Keep a note of this workspace, in place of an earlier one of that name."""
        self.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value)

    def noted(self, name: str) -> str:
        """Return a note; empty when there is none."""
        row = self.one("SELECT value FROM meta WHERE name = ?", name)
        return "" if row is None else str(row["value"])

    def last_number(self, table: str) -> int:
        """Return the largest number that a table has ever given a row."""
        row = self.one("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
        return 0 if row is None else int(row["seq"])

    def version(self) -> int:
        """Return the version of what lies there; 0 where nothing does yet."""
        return int(self.noted("version") or 0) if self.has("meta") else 0

    def _prepare(self) -> None:
        found = self.version()
        if found > VERSION:
            raise StoreError(
                "the queue was written by a newer version ({found} > {version}).",
                "Use the version of Workbench that wrote it, or a newer one.",
                found=found,
                version=VERSION,
            )
        if found == VERSION:
            if self.noted(OWED):  # a program ended between writing anew and giving pages back
                self._reclaimed()
            return
        with self.transaction():
            found = self.version()  # another process may have been quicker
            if found == 1:
                plain_rows.put_aside(self)
            self.define(TABLES + control_file.TABLE)
            self.note("version", str(VERSION))
            if found == 1:
                plain_rows.encrypt(self, self._sealed_for_the_first_time(), drawn)
                self.note(OWED, "yes")
        if found == 1:
            self._reclaimed()

    def _reclaimed(self) -> None:
        """Give the pages back that held names in clear; owed until it is done."""
        self.reclaim()
        self.write("DELETE FROM meta WHERE name = ?", OWED)

    def _sealed_for_the_first_time(self) -> SealedRows:
        try:
            return self.sealed
        except IdentityError as error:
            raise IdentityError(
                "{file} is of an older version and names patients in clear; to encrypt it, the "
                "key is needed: {problem}",
                error.remedy,
                file=FILE,
                problem=Saying(str(error.args[0]), **error.values),
            ) from None

    def _unsealed(self, key: bytes) -> SealedRows:
        with self.transaction():
            self.write(
                "INSERT OR IGNORE INTO meta VALUES (?, ?)", SALT, secrets.token_hex(SALT_BYTES)
            )
            cipher = FieldCipher(key, bytes.fromhex(self.noted(SALT)))
            mark = cipher.index("key check").hex()
            self.write("INSERT OR IGNORE INTO meta VALUES (?, ?)", KEY_CHECK, mark)
        if not secrets.compare_digest(self.noted(KEY_CHECK), mark):
            raise IdentityError(
                "{file} was written under another key.",
                "Put back that key (workbench key restore), or move the file away and add the "
                "list again.",
                file=FILE,
            )
        return SealedRows(cipher)
