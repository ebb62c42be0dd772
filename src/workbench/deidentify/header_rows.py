"""From a header to the de-identified row of the instance table.

``HeaderRows.one_by_one`` is the definition: de-identify, write as DICOM JSON, read the columns.
``HeaderRows.row`` gives the same row faster where neighbours have been seen (``neighbours``), and
takes the defined way wherever anything is unusual.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import traceback
from collections.abc import Iterable
from pathlib import PurePath
from typing import NamedTuple

from workbench.deidentify.engine import Age, Deidentifier, dropped_among
from workbench.deidentify.fast.rows import Quick, Row
from workbench.deidentify.patient_clock import Times
from workbench.deidentify.pseudonym import PatientPseudonym
from workbench.dicom.fast.split import Cut, NotPlainError
from workbench.dicom.read import Header
from workbench.dicom.record import dicom_json, instance_row
from workbench.dicom.values import TIME_ABSENT
from workbench.errors import ReadError
from workbench.model import Finding

LOGGER = logging.getLogger(__name__)


class InstanceRow(NamedTuple):
    """A row of ``schema.INSTANCE`` and what it lost.

    ``long_way`` says in a word why it was made without the help of neighbours; empty when it was
    not.  It holds no value: a reason of the fast path, or the class of an exception.
    """

    row: Row
    findings: list[Finding]
    long_way: str = ""


class HeaderRows:
    """Makes rows for one de-identifier; may be used by several threads.

    Parameters
    ----------
    deidentifier
        The profile and the pseudonyms to apply.
    """

    def __init__(self, deidentifier: Deidentifier) -> None:
        self._deidentifier = deidentifier
        self._quick = Quick(deidentifier)
        self._lock = threading.Lock()
        self._told: set[str] = set()

    def row(self, header: Header, under: PatientPseudonym | None = None) -> InstanceRow:
        """Return the row of ``schema.INSTANCE`` that a header becomes, and what it lost.

        It leaves ``under`` a given pseudonym, as in ``Deidentifier.apply``.  The number, the
        origin and the time are the store's affair.  Raises ``DamagedObject`` when the header
        cannot be read, and what pydicom raises when it cannot be written.
        """
        reason = header.not_plain
        if header.cut is not None:
            row = self._quickly(header.cut, under)
            if isinstance(row, InstanceRow):
                return row
            reason = row
        return InstanceRow(*self.one_by_one(header, under), reason or "not_cut")

    def _to_tell(self, findings: Iterable[Finding]) -> list[Finding]:
        """Leave out that there are no times of day where the profile wants none."""
        if self._deidentifier.profile.times is not Times.REMOVED:
            return list(findings)
        return [finding for finding in findings if finding.code != TIME_ABSENT]

    def _quickly(self, header: Cut, under: PatientPseudonym | None) -> InstanceRow | str:
        """Return the row made from neighbours' pieces, or why it must be made the long way."""
        try:
            with self._lock:
                quick = self._quick.row(header, under)
            self._finish(quick.row, quick.patient, quick.age)
        except NotPlainError as error:
            return error.reason
        except ReadError as error:
            return error.code
        except Exception as error:  # noqa: BLE001 - told; the long way decides what becomes of it
            return self._fault(error)
        return InstanceRow(quick.row, self._to_tell(quick.findings))

    def _fault(self, error: Exception) -> str:
        """Tell once that the fast path broke off where it should not; never what it read."""
        kind = type(error).__name__
        at = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{kind} at {PurePath(at.filename).name}:{at.lineno}"
        if place not in self._told:
            self._told.add(place)
            LOGGER.warning(
                "a shortcut failed (%s); such headers are read the long way. Please report this.",
                place,
            )
        return kind

    def one_by_one(
        self, header: Header, under: PatientPseudonym | None = None
    ) -> tuple[Row, list[Finding]]:
        """Return the same without remembering anything of other headers."""
        clean = self._deidentifier.apply(header.dataset, under)
        as_json, unreadable = dicom_json(clean.dataset)
        row, untyped = instance_row(as_json, dropped_among(clean.findings))
        self._finish(row, clean.patient, clean.age)
        findings = (*header.findings, *clean.findings, *unreadable, *untyped)
        return row, self._to_tell(dict.fromkeys(findings))

    def _finish(self, row: Row, patient: str, age: Age) -> None:
        row["patient"] = patient
        row["patient_age_days"], row["patient_age_years"] = age
        row["profile_sha256"] = self._deidentifier.profile.sha256
        row["key_fingerprint"] = self._deidentifier.pseudonyms.fingerprint
        row["content_sha256"] = hashlib.sha256(str(row["header"]).encode()).hexdigest()
