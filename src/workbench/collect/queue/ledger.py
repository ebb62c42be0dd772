"""The ledger: what the PACS said it has, what was asked of it, and what came of it.

Kept in the hospital's file, with the PACS's own UIDs and its answers as they came.  The table that
leaves it (``schema.LEDGER``) has pseudonyms only, and is judged anew from the store each time:
received is what is here, not what anybody counted while sending.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

import polars as pl

from workbench.collect.clock import moment
from workbench.collect.expected import Expected, OfferedSeries, OfferedStudy
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.retrieval import RetrieveOutcome
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.model import Verdict
from workbench.schema import LEDGER

UIDS_A_QUERY = 500  # UIDs asked of the store at a time


class Judge(Protocol):
    """Who knows what is here, and how patients and UIDs are called outside the hospital."""

    pseudonyms: Pseudonyms

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        """Return what became of SOP Instance UIDs: stored, or why not; absent: never came."""

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
        content = zlib.compress(json.dumps(expected.answers, sort_keys=True).encode())
        digest = hashlib.sha256(content).hexdigest()
        last = self._hospital.one(
            "SELECT digest FROM answer WHERE patient = ? ORDER BY asked_at DESC, rowid DESC", number
        )
        if last is None or last["digest"] != digest:
            self._hospital.write(
                "INSERT INTO answer VALUES (?, ?, ?, ?)", number, now, digest, content
            )
        self._hospital.write(
            "INSERT INTO request (at, patient, service, level, seconds, status, completed)"
            " VALUES (?, ?, 'query', 'patient', ?, ?, ?)",
            now, number, seconds, f"0x{expected.status:04X}", len(expected.offered),
        )  # fmt: skip

    def _keep_study(self, number: int, study: OfferedStudy, now: str) -> None:
        answer = study.found
        self._hospital.write(
            "INSERT INTO study VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " study_date = excluded.study_date, modalities = excluded.modalities,"
            " told = excluded.told, unwanted = excluded.unwanted, listed = excluded.listed,"
            " last_found = excluded.last_found",
            number, answer.study_uid, answer.study_date.isoformat() if answer.study_date else None,
            ",".join(sorted(answer.modalities)), answer.instances, study.unwanted, study.listed,
            now, now,
        )  # fmt: skip
        for series in study.series:
            self._hospital.write(
                "INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                number, answer.study_uid, series.series_uid, series.modality, series.told,
                series.unwanted, series.listed, _packed(series),
            )  # fmt: skip

    # --- the table that may leave the hospital -------------------------------------------------

    def table(self, judge: Judge) -> pl.DataFrame:
        """Return one row a patient and study (``schema.LEDGER``), judged by what is here now."""
        return LEDGER.frame([self._row(*each, judge) for each in self._studies()])

    def _studies(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
        studies: dict[int, list[Mapping[str, Any]]] = {}
        for study in self._hospital.all("SELECT * FROM study ORDER BY patient, study_uid"):
            studies.setdefault(study["patient"], []).append(dict(study))
        for patient in self._hospital.all("SELECT * FROM patient ORDER BY number"):
            for each in studies.get(patient["number"], [None]):
                yield dict(patient), each

    def _row(
        self, patient: Mapping[str, Any], study: Mapping[str, Any] | None, judge: Judge
    ) -> dict[str, Any]:
        pseudonyms = judge.pseudonyms
        row: dict[str, Any] = {
            "queue_number": patient["number"],
            "patient": pseudonyms.patient(patient["issuer"], patient["patient_id"]),
            "state": patient["state"],
            "reason": patient["reason"] or None,
            "tries": patient["tries"],
            "asked_at": _time(patient["asked_at"]),
        }
        if study is None:
            return row
        uid = study["study_uid"]
        row["patient"] = judge.patients_of([uid]).get(uid, row["patient"])
        return row | {
            "StudyInstanceUID": pseudonyms.uid(uid),
            "unwanted": study["unwanted"],
            "modalities": study["modalities"],
            "told": study["told"],
            "listed": bool(study["listed"]),
            "first_found": _time(study["first_found"]),
            "last_found": _time(study["last_found"]),
            **self._judged(patient["number"], uid, judge),
        }

    def _judged(self, number: int, study_uid: str, judge: Judge) -> dict[str, Any]:
        wanted = self._hospital.all(
            "SELECT instances FROM series WHERE patient = ? AND study_uid = ? AND unwanted = ''",
            number, study_uid,
        )  # fmt: skip
        uids = sorted({uid for row in wanted for uid in _unpacked(row["instances"])})
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
        }

    # --- for use inside the hospital only ------------------------------------------------------

    def answers(self, number: int) -> list[tuple[str, dict[str, Any]]]:
        """Return what the PACS answered for a patient, each time it answered otherwise."""
        rows = self._hospital.all(
            "SELECT asked_at, content FROM answer WHERE patient = ? ORDER BY rowid", number
        )
        return [(row["asked_at"], json.loads(zlib.decompress(row["content"]))) for row in rows]

    def requests(self, limit: int = 100) -> list[dict[str, Any]]:
        """Return what was asked of the PACS last, newest first; without identities."""
        rows = self._hospital.all("SELECT * FROM request ORDER BY number DESC LIMIT ?", limit)
        return [dict(row) for row in rows]

    def series(self) -> list[dict[str, Any]]:
        """Return each patient and series with the hospital's own names, for its own lists."""
        rows = self._hospital.all(
            "SELECT p.number, p.patient_id, p.issuer, p.state, p.reason, s.study_uid, t.study_date,"
            " s.series_uid, s.modality, s.told, s.unwanted, s.instances FROM patient p"
            " LEFT JOIN series s ON s.patient = p.number"
            " LEFT JOIN study t ON t.patient = s.patient AND t.study_uid = s.study_uid"
            " ORDER BY p.number, t.study_date, s.series_uid"
        )
        return [
            {**dict(row), "instances": _unpacked(row["instances"] or zlib.compress(b""))}
            for row in rows
        ]


def _packed(series: OfferedSeries) -> bytes:
    return zlib.compress("\n".join(sorted(series.instances)).encode())


def _unpacked(packed: bytes) -> list[str]:
    return zlib.decompress(packed).decode().split()


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
