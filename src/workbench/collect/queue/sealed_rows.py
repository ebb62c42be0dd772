"""What in the hospital's file says who somebody is, as it is encrypted there.

Each row has one encrypted field with all that identifies, bound to its table and to the numbers
that name the row, and an index by which it is found again.  What stands beside them in clear are
states, counts, moments and modalities.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workbench.collect.patient_list import ListedPatient
from workbench.deidentify.field_encryption import FieldCipher


@dataclass(frozen=True)
class SealedRows:
    """Reads and writes the encrypted fields of the hospital's file."""

    cipher: FieldCipher

    # --- patients ------------------------------------------------------------------------------

    def patient(self, number: int, patient: ListedPatient) -> bytes:
        """Return who a row of the queue means, encrypted."""
        texts = [*_key(patient), _iso(patient.birth_date)]
        return self.cipher.encrypt(json.dumps(texts).encode(), "patient", str(number))

    def patient_index(self, patient: ListedPatient) -> bytes:
        """Return what stands for a patient in a look-up: ID, issuer, accession and days asked."""
        return self.cipher.index("patient", *_key(patient))

    def patient_of(self, row: Mapping[str, Any]) -> ListedPatient:
        """Return whom a row of the queue means (columns number, identity, priority)."""
        content = self.cipher.decrypt(row["identity"], "patient", str(row["number"]))
        patient_id, issuer, accession, begins, ends, birth = json.loads(content)
        return ListedPatient(
            patient_id, issuer, accession, _day(begins), _day(ends), _day(birth), row["priority"]
        )

    # --- studies and series --------------------------------------------------------------------

    def study(self, patient: int, uid: str, day: str | None) -> bytes:
        """Return UID and day of a study, encrypted."""
        place = "study", str(patient), self.study_index(patient, uid).hex()
        return self.cipher.encrypt(json.dumps([uid, day]).encode(), *place)

    def study_index(self, patient: int, uid: str) -> bytes:
        """Return what stands for a patient's study in a look-up."""
        return self.cipher.index("study", str(patient), uid)

    def study_of(self, row: Mapping[str, Any]) -> tuple[str, str | None]:
        """Return UID and day of a study (columns patient, lookup, identity)."""
        place = "study", str(row["patient"]), bytes(row["lookup"]).hex()
        uid, day = json.loads(self.cipher.decrypt(row["identity"], *place))
        return uid, day

    def series(self, patient: int, study: str, uid: str, instances: Collection[str]) -> bytes:
        """Return the UIDs of a series and its objects, encrypted."""
        above = self.study_index(patient, study).hex()
        place = "series", str(patient), above, self.series_index(patient, study, uid).hex()
        words = "\n".join([uid, *sorted(instances)])
        return self.cipher.encrypt(zlib.compress(words.encode()), *place)

    def series_index(self, patient: int, study: str, uid: str) -> bytes:
        """Return what stands for a patient's series in a look-up."""
        return self.cipher.index("series", str(patient), study, uid)

    def series_of(self, row: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Return the UIDs of a series and its objects (columns as ``study_of``, and study)."""
        above, own = bytes(row["study"]).hex(), bytes(row["lookup"]).hex()
        content = self.cipher.decrypt(row["identity"], "series", str(row["patient"]), above, own)
        uid, *instances = zlib.decompress(content).decode().split("\n")
        return uid, instances

    # --- answers of the PACS -------------------------------------------------------------------

    def answers(self, patient: int, asked_at: str, answers: Mapping[str, Any]) -> bytes:
        """Return what the PACS answered, encrypted."""
        content = zlib.compress(_text(answers))
        return self.cipher.encrypt(content, "answer", str(patient), asked_at)

    def answers_index(self, patient: int, answers: Mapping[str, Any]) -> bytes:
        """Return by what the same answer is known again."""
        return self.cipher.index("answer", str(patient), _text(answers).decode())

    def answers_of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the PACS answered (columns patient, asked_at, content)."""
        place = "answer", str(row["patient"]), row["asked_at"]
        answers: dict[str, Any] = json.loads(
            zlib.decompress(self.cipher.decrypt(row["content"], *place))
        )
        return answers


def _text(answers: Mapping[str, Any]) -> bytes:
    return json.dumps(answers, sort_keys=True).encode()


def _key(patient: ListedPatient) -> tuple[str, str, str, str, str]:
    return (
        patient.patient_id, patient.issuer, patient.accession,
        _iso(patient.study_from), _iso(patient.study_to),
    )  # fmt: skip


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
