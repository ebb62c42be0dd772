"""The ledger: what the PACS said it has, what was asked of it, and what came of it.

Kept in the hospital's file, with the PACS's own UIDs and its answers as they came, encrypted.  The
table that leaves it (``schema.LEDGER``) has pseudonyms only, and is judged anew from the store each
time: received is what is here, not what anybody counted while sending.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

import polars as pl

from workbench.collect.clock import moment
from workbench.collect.expected import Expected, OfferedStudy
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.retrieval import RetrieveOutcome
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.language import Saying
from workbench.model import Verdict
from workbench.schema import LEDGER

UIDS_A_QUERY = 500  # UIDs asked of the store at a time
MOMENTS = ("asked_at", "first_found", "last_found")
NO_SERIES: Mapping[str, Any] = {
    "study_uid": None, "study_date": None, "series_uid": None, "instances": [], "modality": None,
    "told": None, "unwanted": None,
}  # fmt: skip


class Judge(Protocol):
    """Who knows what is here, and how patients and UIDs are called outside the hospital."""

    pseudonyms: Pseudonyms

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        """Return what became of SOP Instance UIDs: stored, or why not; absent: never came."""

    def partial(self, uids: Iterable[str]) -> int:
        """Return how many SOP Instance UIDs are stored without some of their values."""

    def patients_of(self, study_uids: Iterable[str]) -> dict[str, str]:
        """Return the stored patient (pseudonym) of each original Study Instance UID."""


class Ledger:
    """The ledger of one workspace."""

    def __init__(self, hospital: HospitalFile) -> None:
        self._hospital = hospital

    def found(self, number: int, expected: Expected, seconds: float) -> frozenset[str]:
        """Keep what the PACS told of a patient of the queue; return the UIDs that ought to come.

        A study told of before and not any more stays, with the day it was last told of.
        """
        now = moment()
        with self._hospital.transaction():
            self._keep_answers(number, expected, now, seconds)
            for study in expected.offered:
                self._keep_study(number, study, now)
        return expected.instances

    def requested(self, number: int, outcome: RetrieveOutcome, seconds: float) -> None:
        """Keep what was asked of the PACS and what it said."""
        self._hospital.write(
            "INSERT INTO request (at, patient, service, level, seconds, status, completed, failed,"
            " warning) VALUES (?, ?, 'retrieve', '', ?, ?, ?, ?, ?)",
            moment(), number, seconds, outcome.said, outcome.completed, outcome.failed,
            outcome.warning,
        )  # fmt: skip

    def _keep_answers(self, number: int, expected: Expected, now: str, seconds: float) -> None:
        sealed, answers = self._hospital.sealed, expected.answers
        index = sealed.answers_index(number, answers)
        last = self._hospital.one(
            "SELECT lookup FROM answer WHERE patient = ? ORDER BY asked_at DESC, rowid DESC", number
        )
        if last is None or bytes(last["lookup"]) != index:
            self._hospital.write(
                "INSERT INTO answer VALUES (?, ?, ?, ?)",
                number, now, index, sealed.answers(number, now, answers),
            )  # fmt: skip
        self._hospital.write(
            "INSERT INTO request (at, patient, service, level, seconds, status, completed)"
            " VALUES (?, ?, 'query', 'patient', ?, ?, ?)",
            now, number, seconds, f"0x{expected.status:04X}", len(expected.offered),
        )  # fmt: skip

    def _keep_study(self, number: int, study: OfferedStudy, now: str) -> None:
        sealed, answer = self._hospital.sealed, study.found
        index = sealed.study_index(number, answer.study_uid)
        day = answer.study_date.isoformat() if answer.study_date else None
        self._hospital.write(
            "INSERT INTO study VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " identity = excluded.identity, modalities = excluded.modalities,"
            " told = excluded.told, unwanted = excluded.unwanted, listed = excluded.listed,"
            " last_found = excluded.last_found",
            number, index, sealed.study(number, answer.study_uid, day),
            ",".join(sorted(answer.modalities)), answer.instances, study.unwanted, study.listed,
            now, now,
        )  # fmt: skip
        for series in study.series:
            uids = answer.study_uid, series.series_uid
            self._hospital.write(
                "INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                number, index, sealed.series_index(number, *uids),
                sealed.series(number, *uids, series.instances), series.modality, series.told,
                series.unwanted, series.listed,
            )  # fmt: skip

    # --- the table that may leave the hospital -------------------------------------------------

    def table(self, judge: Judge) -> pl.DataFrame:
        """Return one row a patient and study (``schema.LEDGER``), judged by what is here now.

        Rows of patients who were deleted once they were answered are as they were judged then.
        """
        rows = [self._row(*each, judge) for each in self._studies()]
        known = {(row["patient"], row.get("StudyInstanceUID")) for row in rows}
        for kept in self._hospital.all("SELECT content FROM judged ORDER BY rowid"):
            row = json.loads(kept["content"])
            row |= {name: _time(row.get(name)) for name in MOMENTS}
            if (row["patient"], row.get("StudyInstanceUID")) not in known:
                rows.append(row)
        return LEDGER.frame(rows)

    def keep_judged(self, numbers: Iterable[int], judge: Judge) -> None:
        """Keep the rows of patients as they are judged now; they hold pseudonyms only."""
        wanted = set(numbers)
        for patient, study in self._studies():
            if patient["number"] in wanted:
                row = self._row(patient, study, judge)
                row |= {name: row[name].isoformat() for name in MOMENTS if row.get(name)}
                self._hospital.write(
                    "INSERT INTO judged VALUES (?, ?)", patient["number"], json.dumps(row)
                )

    def _studies(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
        studies: dict[int, list[Mapping[str, Any]]] = {}
        for study in self._hospital.all("SELECT * FROM study ORDER BY patient, lookup"):
            studies.setdefault(study["patient"], []).append(dict(study))
        for patient in self._hospital.all("SELECT * FROM patient ORDER BY number"):
            for each in studies.get(patient["number"], [None]):
                yield dict(patient), each

    def _row(
        self, patient: Mapping[str, Any], study: Mapping[str, Any] | None, judge: Judge
    ) -> dict[str, Any]:
        pseudonyms, listed = judge.pseudonyms, self._hospital.sealed.patient_of(patient)
        row: dict[str, Any] = {
            "queue_number": patient["number"],
            "patient": pseudonyms.patient(listed.issuer, listed.patient_id),
            "state": patient["state"],
            "reason": str(Saying.read(patient["reason"])) or None,
            "tries": patient["tries"],
            "asked_at": _time(patient["asked_at"]),
        }
        if study is None:
            return row
        uid, _ = self._hospital.sealed.study_of(study)
        row["patient"] = judge.patients_of([uid]).get(uid, row["patient"])
        return row | {
            "StudyInstanceUID": pseudonyms.uid(uid),
            "unwanted": study["unwanted"],
            "modalities": study["modalities"],
            "told": study["told"],
            "listed": bool(study["listed"]),
            "first_found": _time(study["first_found"]),
            "last_found": _time(study["last_found"]),
            **self._judged(study, judge),
        }

    def _judged(self, study: Mapping[str, Any], judge: Judge) -> dict[str, Any]:
        wanted = self._hospital.all(
            "SELECT * FROM series WHERE patient = ? AND study = ? AND unwanted = ''",
            study["patient"], study["lookup"],
        )  # fmt: skip
        sealed = self._hospital.sealed
        uids = sorted({uid for row in wanted for uid in sealed.series_of(row)[1]})
        fates: dict[str, str] = {}
        for start in range(0, len(uids), UIDS_A_QUERY):
            fates |= judge.fates(uids[start : start + UIDS_A_QUERY])
        codes = [fate for fate in fates.values() if fate != Verdict.STORED]
        return {
            "series": len(wanted),
            "expected": len(uids),
            "stored": len(fates) - len(codes),
            "refused": len(codes),
            "missing": len(uids) - len(fates),
            "refused_codes": ",".join(sorted(set(codes))) or None,
            "partial": judge.partial(uids),
        }

    # --- lines that name the same study ---------------------------------------------------------

    def others_lacking(self, number: int) -> list[int]:
        """Return the other lines of the queue that lack objects and name a study of this one."""
        uids = [
            self._hospital.sealed.study_of(row)[0]
            for row in self._hospital.all("SELECT * FROM study WHERE patient = ?", number)
        ]
        lacking = self._hospital.all(
            "SELECT number FROM patient WHERE number <> ? AND owner IS NULL"
            " AND expected > coalesce(already, 0) + coalesce(received, 0)", number,
        )  # fmt: skip
        return [row["number"] for row in lacking if self._names_any(row["number"], uids)]

    def _names_any(self, number: int, uids: Iterable[str]) -> bool:
        indexes = [self._hospital.sealed.study_index(number, uid) for uid in uids]
        return bool(self._hospital.all_among("SELECT 1 FROM study WHERE lookup IN ({})", indexes))

    def here(self, number: int, judge: Judge) -> tuple[int, int]:
        """Return how many objects listed for a line are here by now, and were put aside."""
        studies = self._hospital.all(
            "SELECT * FROM study WHERE patient = ? AND unwanted = ''", number
        )
        judged = [self._judged(study, judge) for study in studies]
        refused = sum(each["refused"] for each in judged)
        return sum(each["stored"] for each in judged) + refused, refused

    # --- for use inside the hospital only ------------------------------------------------------

    def answers(self, number: int) -> list[tuple[str, dict[str, Any]]]:
        """Return what the PACS answered for a patient, each time it answered otherwise."""
        rows = self._hospital.all("SELECT * FROM answer WHERE patient = ? ORDER BY rowid", number)
        return [(row["asked_at"], self._hospital.sealed.answers_of(row)) for row in rows]

    def requests(self, limit: int = 100) -> list[dict[str, Any]]:
        """Return what was asked of the PACS last, newest first; without identities."""
        rows = self._hospital.all("SELECT * FROM request ORDER BY number DESC LIMIT ?", limit)
        return [dict(row) for row in rows]

    def series(self) -> list[dict[str, Any]]:
        """Return each patient and series with the hospital's own names, for its own lists."""
        studies: dict[tuple[int, bytes], Mapping[str, Any]] = {
            (row["patient"], bytes(row["lookup"])): row
            for row in self._hospital.all("SELECT * FROM study")
        }
        series: dict[int, list[Mapping[str, Any]]] = {}
        for row in self._hospital.all("SELECT * FROM series"):
            study = studies.get((row["patient"], bytes(row["study"])))
            series.setdefault(row["patient"], []).append(self._named_series(row, study))
        return [
            {**self._named_patient(patient), **each}
            for patient in self._hospital.all("SELECT * FROM patient ORDER BY number")
            for each in sorted(series.get(patient["number"], [NO_SERIES]), key=_by_day)
        ]

    def _named_patient(self, row: Mapping[str, Any]) -> dict[str, Any]:
        listed = self._hospital.sealed.patient_of(row)
        told = {name: row[name] for name in ("number", "state")}
        told["reason"] = str(Saying.read(row["reason"]))
        return told | {"patient_id": listed.patient_id, "issuer": listed.issuer}

    def _named_series(
        self, row: Mapping[str, Any], study: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        sealed = self._hospital.sealed
        series_uid, instances = sealed.series_of(row)
        study_uid, day = sealed.study_of(study) if study is not None else (None, None)
        return {
            "study_uid": study_uid, "study_date": day, "series_uid": series_uid,
            "instances": instances,
            **{name: row[name] for name in ("modality", "told", "unwanted")},
        }  # fmt: skip


def _by_day(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["study_date"] or "", row["series_uid"] or ""


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
