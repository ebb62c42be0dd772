"""The step from version 1 of the hospital's file, in which identities lay in clear.

Old tables are put aside, their rows are written encrypted, and the old tables are dropped: their
pages are overwritten (``secure_delete``), then the file is written anew.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from datetime import date
from typing import Any

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.sealed_rows import SealedRows
from workbench.store.database import Database

TABLES = ("patient", "study", "series", "answer")  # which named somebody
INDEXES = ("patient_next", "patient_by_lot", "patient_state", "patient_owner", "answer_patient")
PLAIN = "plain_"  # begins the name of a table that was put aside
KEPT = (
    "number, priority, state, reason, tries, due, owner, lease_boot, lease_until, added_at,"
    " asked_at, changed_at, studies, expected, already, received, refused"
)


def put_aside(database: Database) -> None:
    """Rename the old tables, and drop their indexes: the new ones bear the same names."""
    for index in INDEXES:
        database.write(f"DROP INDEX IF EXISTS {index}")
    for table in TABLES:
        database.write(f"ALTER TABLE {table} RENAME TO {PLAIN}{table}")


def encrypt(database: Database, sealed: SealedRows, lot: Callable[[], int]) -> None:
    """Write what was put aside into the new tables, and drop it; each patient draws a lot."""
    _patients(database, sealed, lot)
    _studies(database, sealed)
    _series(database, sealed)
    _answers(database, sealed)
    for table in TABLES:
        database.write(f"DROP TABLE {PLAIN}{table}")


def _patients(database: Database, sealed: SealedRows, lot: Callable[[], int]) -> None:
    places = ", ".join("?" * (len(KEPT.split(",")) + 3))
    database.many(
        f"INSERT INTO patient ({KEPT}, lookup, identity, lot) VALUES ({places})",  # noqa: S608  our own
        (
            (
                *(row[name.strip()] for name in KEPT.split(",")),
                sealed.patient_index(_listed(row)),
                sealed.patient(row["number"], _listed(row)),
                lot(),
            )
            for row in database.all(f"SELECT * FROM {PLAIN}patient")  # noqa: S608
        ),
    )
    # Numbers of patients that were taken off the queue are not given again.
    database.write("DELETE FROM sqlite_sequence WHERE name = 'patient'")
    database.write("UPDATE sqlite_sequence SET name = 'patient' WHERE name = ?", f"{PLAIN}patient")


def _studies(database: Database, sealed: SealedRows) -> None:
    database.many(
        "INSERT INTO study VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                row["patient"],
                sealed.study_index(row["patient"], row["study_uid"]),
                sealed.study(row["patient"], row["study_uid"], row["study_date"]),
                *(row[name] for name in ("modalities", "told", "unwanted", "listed")),
                *(row[name] for name in ("first_found", "last_found")),
            )
            for row in database.all(f"SELECT * FROM {PLAIN}study")  # noqa: S608
        ),
    )


def _series(database: Database, sealed: SealedRows) -> None:
    database.many(
        "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                row["patient"],
                sealed.study_index(row["patient"], row["study_uid"]),
                sealed.series_index(row["patient"], row["study_uid"], row["series_uid"]),
                sealed.series(
                    row["patient"], row["study_uid"], row["series_uid"],
                    zlib.decompress(row["instances"]).decode().split(),
                ),
                *(row[name] for name in ("modality", "told", "unwanted", "listed")),
            )
            for row in database.all(f"SELECT * FROM {PLAIN}series")  # noqa: S608
        ),
    )  # fmt: skip


def _answers(database: Database, sealed: SealedRows) -> None:
    for row in database.all(f"SELECT * FROM {PLAIN}answer ORDER BY rowid"):  # noqa: S608
        number, answers = row["patient"], json.loads(zlib.decompress(row["content"]))
        database.write(
            "INSERT INTO answer VALUES (?, ?, ?, ?)",
            number, row["asked_at"], sealed.answers_index(number, answers),
            sealed.answers(number, row["asked_at"], answers),
        )  # fmt: skip


def _listed(row: Any) -> ListedPatient:
    def day(name: str) -> date | None:
        return date.fromisoformat(row[name]) if row[name] else None

    return ListedPatient(
        row["patient_id"], row["issuer"], row["accession"], day("study_from"), day("study_to"),
        day("birth_date"), row["priority"],
    )  # fmt: skip
