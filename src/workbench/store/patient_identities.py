"""Which patient a study's objects are kept under, where they do not all say the same.

The catalogue knows a study, an ID and a patient by digests, and points from each to the pseudonym
that holds; beside the pseudonym stands what the border sealed of the patient, which only the
hospital's key opens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.model import Finding
from workbench.store.database import Database
from workbench.store.tables import OvertakenError

NO_OBJECT = 0  # of findings that are a study's; objects are numbered from 1


@dataclass(frozen=True)
class IdentityRow:
    """A row of the table ``identity``.

    Attributes
    ----------
    name
        Digest of what points to a patient.
    patient
        The pseudonym.
    content
        What is sealed of the patient, in the row of the pseudonym itself.
    """

    name: bytes
    patient: str
    content: bytes | None = None


def identities(database: Database, names: Iterable[bytes]) -> dict[bytes, IdentityRow]:
    """Return the rows that there are, by their names."""
    rows = database.all_among("SELECT * FROM identity WHERE name IN ({})", set(names))
    return {bytes(row["name"]): _row(row) for row in rows}


def settle(
    database: Database, rows: Sequence[IdentityRow], findings: Sequence[tuple[str, Finding]] = ()
) -> bool:
    """Write rows and the findings of studies, all or nothing.

    Returns ``False``, and has written nothing, where another process was quicker with one of
    them: it must be looked at again.  ``findings`` come with the patient they concern.
    """

    def write() -> None:
        for row in rows:
            written = database.change(
                "INSERT INTO identity (name, patient, content) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                row.name, row.patient, row.content,
            )  # fmt: skip
            if not written:
                raise OvertakenError
        for patient, finding in findings:
            content = json.dumps({**finding.row(), "patient": patient})
            database.write(
                "INSERT INTO finding (object, content) VALUES (?, ?)", NO_OBJECT, content
            )

    try:
        if rows or findings:
            database.atomically(write)
    except OvertakenError:
        return False
    return True


def forget(database: Database, patients: Iterable[str], studies: Iterable[str]) -> None:
    """Forget patients (pseudonyms), and what was noted of their studies; within a transaction."""
    gone, theirs = set(patients), set(studies)
    database.change_among("DELETE FROM identity WHERE patient IN ({})", gone)
    noted = database.all("SELECT number, content FROM finding WHERE object = ?", NO_OBJECT)
    numbers = [
        row["number"] for row in noted if _concerns(json.loads(row["content"]), gone, theirs)
    ]
    database.change_among("DELETE FROM finding WHERE number IN ({})", numbers)


def _concerns(finding: Mapping[str, object], patients: set[str], studies: set[str]) -> bool:
    return finding.get("patient") in patients or finding.get("StudyInstanceUID") in studies


def _row(row: Mapping[str, object]) -> IdentityRow:
    content = row["content"]
    return IdentityRow(
        bytes(row["name"]),  # type: ignore[call-overload]
        str(row["patient"]),
        None if content is None else bytes(content),  # type: ignore[call-overload]
    )
