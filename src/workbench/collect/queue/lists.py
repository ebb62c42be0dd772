"""Lists with the hospital's own names: written for the hospital alone, and deleted for good.

The export and the links (``relink``) are the only files that Workbench writes with patient IDs in
them, and only when asked.
Deleting overwrites the rows, writes the file anew, and then looks for every deleted ID and UID in
every file of the workspace: what is told is what was found, not what was intended.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.ledger import Judge, Ledger
from workbench.collect.queue.patient_queue import PatientState
from workbench.deidentify.unlocked_key import forget_unlocked
from workbench.errors import IdentityError, SettingsError
from workbench.model import Verdict
from workbench.plaintext import no_formula
from workbench.rights import Right, needs
from workbench.store.database import Row
from workbench.store.erasure_proof import BLOCK, Proof, prove
from workbench.survey import KEY_FILE

COLUMNS = (
    "queue_number", "patient_id", "issuer", "pseudonym", "state", "reason", "study_date",
    "study_uid", "study_pseudonym", "series_uid", "modality", "told", "expected", "stored",
    "missing",
)  # fmt: skip
# Tables of our own that tell who was asked for, with the column that holds the patient's number.
NAMED_BY = {"patient": "number", "study": "patient", "series": "patient", "answer": "patient"}
ANSWERED = (PatientState.COMPLETE, PatientState.NOT_FOUND)
SHORTEST = 4  # characters: a shorter ID stands in any file by chance


@needs(Right.ADMINISTER)
def export_lists(ledger: Ledger, judge: Judge, out: Path) -> int:
    """Write each queried patient and series with the hospital's own names; return the rows.

    The file is readable by its owner alone.  Raises ``SettingsError`` where there is one already.
    """
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SettingsError("there is such a file already.", "Name another.") from error
    except OSError as error:
        raise SettingsError("the list cannot be written there.", "Check the folder.") from error
    written = 0
    with os.fdopen(descriptor, "w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        for row in _named(ledger, judge):
            rows.writerow({
                name: no_formula(value) if isinstance(value, str) else value
                for name, value in row.items()
            })  # fmt: skip
            written += 1
    return written


def _named(ledger: Ledger, judge: Judge) -> Iterator[dict[str, object]]:
    for row in ledger.series():
        fates = judge.fates(row["instances"])
        stored = sum(fate == Verdict.STORED for fate in fates.values())
        uid = row["study_uid"]
        yield {
            "queue_number": row["number"],
            "patient_id": row["patient_id"],
            "issuer": row["issuer"],
            "pseudonym": judge.pseudonyms.patient(row["issuer"], row["patient_id"]),
            "state": row["state"],
            "reason": row["reason"],
            "study_date": row["study_date"],
            "study_uid": uid,
            "study_pseudonym": judge.pseudonyms.uid(uid) if uid else None,
            "series_uid": row["series_uid"],
            "modality": row["modality"],
            "told": row["told"],
            "expected": len(row["instances"]),
            "stored": stored,
            "missing": len(row["instances"]) - len(fates),
        }


@needs(Right.ADMINISTER)
def delete_list(hospital: HospitalFile, folder: Path) -> Proof:
    """Delete the queue and the ledger, and look whether anything of them is left.

    Raises ``SettingsError`` while a collector works on a patient, ``IdentityError`` while the key
    is locked: what is looked for afterwards must be known.
    """
    busy = hospital.one("SELECT count(*) AS n FROM patient WHERE owner IS NOT NULL")
    if busy is not None and busy["n"]:
        raise SettingsError("a collector works on a patient now.", "Stop it first.")
    values, untested = _secrets(hospital)
    with hospital.transaction():
        tables = (*NAMED_BY, "request", "judged")
        rows = sum(hospital.change(f"DELETE FROM {table}") for table in tables)  # noqa: S608
    hospital.reclaim()
    return prove(folder, values, rows, untested)


def delete_answered(hospital: HospitalFile, ledger: Ledger, judge: Judge, folder: Path) -> Proof:
    """Delete who was answered for good (complete, or not there), and look whether it is gone.

    The ledger's rows of these patients stay as they are judged now, under pseudonyms: what was
    asked and what came of it is not forgotten.  Who is added again later is asked for again.
    """
    numbers = [
        row["number"]
        for row in hospital.all_among(
            "SELECT number FROM patient WHERE due IS NULL AND owner IS NULL AND state IN ({})",
            ANSWERED,
        )
    ]
    values, untested = _secrets(hospital, numbers)
    with hospital.transaction():
        ledger.keep_judged(numbers, judge)
        rows = sum(
            hospital.change_among(f"DELETE FROM {table} WHERE {column} IN ({{}})", numbers)  # noqa: S608
            for table, column in NAMED_BY.items()
        )
    hospital.reclaim()
    return prove(folder, values, rows, untested)


@needs(Right.ADMINISTER)
def delete_everything(hospital: HospitalFile, folder: Path) -> Proof:
    """Delete the whole workspace but its settings, the hospital's key too; then look.

    What was collected cannot be linked to patients any more, by anybody.  It needs no key, for a
    key may be lost: nobody is known by ID then, so none can be looked for, and that is told.
    """
    try:
        values, untested = _secrets(hospital)
    except IdentityError:
        rows = _rows(hospital)
        values, untested = _indexes(rows), len(rows["patient"])
    hospital.close()
    forget_unlocked(folder / KEY_FILE)
    removed = 0
    for file in sorted(folder.rglob("*"), reverse=True):
        if file.is_dir() and not file.is_symlink():
            file.rmdir() if not any(file.iterdir()) else None
        elif file != folder / "workbench.toml":
            _overwrite(file)
            file.unlink(missing_ok=True)
            removed += 1
    return prove(folder, values, removed, untested)


def _overwrite(file: Path) -> None:
    """Write zeros over a file; on some file systems and disks old blocks stay all the same."""
    if file.is_symlink() or not file.is_file():
        return
    with file.open("r+b") as opened:
        left = file.stat().st_size
        while left > 0:
            left -= opened.write(bytes(min(left, BLOCK)))
        opened.flush()
        os.fsync(opened.fileno())


def _secrets(
    hospital: HospitalFile, numbers: Sequence[int] | None = None
) -> tuple[set[str | bytes], int]:
    """Return IDs, UIDs and what stands for them in look-ups; and how many IDs are too short."""
    sealed, rows = hospital.sealed, _rows(hospital, numbers)
    patients = [sealed.patient_of(row) for row in rows["patient"]]
    ids = {patient.patient_id for patient in patients}
    ids |= {patient.accession for patient in patients} - {""}
    uids = {sealed.study_of(row)[0] for row in rows["study"]}
    uids |= {sealed.series_of(row)[0] for row in rows["series"]}
    long = {identifier for identifier in ids if len(identifier) >= SHORTEST}
    return long | uids | _indexes(rows), len(ids) - len(long)


def _rows(hospital: HospitalFile, numbers: Sequence[int] | None = None) -> dict[str, list[Row]]:
    """Return the rows that name somebody, by table; of these patients, or of all."""
    if numbers is None:
        return {table: hospital.all(f"SELECT * FROM {table}") for table in NAMED_BY}  # noqa: S608
    return {
        table: hospital.all_among(f"SELECT * FROM {table} WHERE {column} IN ({{}})", numbers)  # noqa: S608
        for table, column in NAMED_BY.items()
    }


def _indexes(rows: Mapping[str, Sequence[Row]]) -> set[str | bytes]:
    return {bytes(row["lookup"]) for table in rows.values() for row in table}
