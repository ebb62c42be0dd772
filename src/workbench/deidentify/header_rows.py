"""From a header to the de-identified row of the instance table.

``HeaderRows.one_by_one`` is the definition: de-identify, write as DICOM JSON, read the columns.
``HeaderRows.row`` gives the same row faster where neighbours have been seen (``neighbours``), and
takes the defined way wherever anything is unusual.
"""

from __future__ import annotations

import hashlib
import threading

from workbench.deidentify.engine import Age, Deidentifier
from workbench.deidentify.fast.rows import Quick, Row
from workbench.dicom.read import Header
from workbench.dicom.record import dicom_json, instance_row
from workbench.model import Finding


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

    def row(self, header: Header) -> tuple[Row, list[Finding]]:
        """Return the row of ``schema.INSTANCE`` that a header becomes, and what it lost.

        The number, the origin and the time are the store's affair.  Raises ``DamagedObject`` when
        the header cannot be read, and what pydicom raises when it cannot be written.
        """
        quick = None
        if header.cut is not None:
            with self._lock:
                quick = self._quick.row(header.cut)
        if quick is None:
            return self.one_by_one(header)
        self._finish(quick.row, quick.patient, quick.age)
        return quick.row, quick.findings

    def one_by_one(self, header: Header) -> tuple[Row, list[Finding]]:
        """Return the same without remembering anything of other headers."""
        clean = self._deidentifier.apply(header.dataset)
        as_json, unreadable = dicom_json(clean.dataset)
        row, untyped = instance_row(as_json)
        self._finish(row, clean.patient, clean.age)
        findings = (*header.findings, *clean.findings, *unreadable, *untyped)
        return row, list(dict.fromkeys(findings))

    def _finish(self, row: Row, patient: str, age: Age) -> None:
        row["patient"] = patient
        row["patient_age_days"], row["patient_age_years"] = age
        row["profile_sha256"] = self._deidentifier.profile.sha256
        row["key_fingerprint"] = self._deidentifier.pseudonyms.fingerprint
        row["content_sha256"] = hashlib.sha256(str(row["header"]).encode()).hexdigest()
