"""Which patient a pseudonym is, and the other way round: at the hospital only.

Nothing is looked up in a table of names: pseudonyms are computed again from patient IDs with the
hospital's key.  The issuer of an ID counts, and headers may name another than the list does, or
none; so every issuer that the list and the queue know is tried, and none.
"""

from __future__ import annotations

import csv
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.deidentify.pseudonym import PatientPseudonym, Pseudonyms
from workbench.errors import SettingsError
from workbench.plaintext import no_formula
from workbench.settings import FILE as SETTINGS_FILE

LOGGER = logging.getLogger(__name__)
COLUMNS = ("patient_id", "issuer", "pseudonym", "in_store", "date_shift_days")
LEAVING = ("parts", "reports", "exports")  # folders of a workspace that may leave the hospital
AT_A_TIME = 10_000

Stored = Callable[[Iterable[str]], set[str]]


@dataclass(frozen=True)
class Link:
    """A patient and the pseudonym.

    Attributes
    ----------
    patient_id, issuer
        The hospital's own.
    pseudonym
        In this survey.
    in_store
        Whether anything of the patient is in the store.
    date_shift_days
        Original dates are that many days later.
    """

    patient_id: str = field(repr=False)
    issuer: str = field(repr=False)
    pseudonym: str = field(repr=False)
    in_store: bool
    date_shift_days: int = field(repr=False)


def links(
    identities: Iterable[tuple[str, str]],
    issuers: Iterable[str],
    pseudonyms: Pseudonyms,
    stored: Stored,
) -> Iterator[Link]:
    """Yield the links of patients, given as pairs of ID and issuer.

    One row a patient and issuer under which something is stored; where nothing is, one row with
    the issuer as listed.  ``stored`` says which of some pseudonyms are in the store.
    """
    others = sorted({issuer.strip() for issuer in issuers} | {""})
    waiting: list[tuple[str, str]] = []
    for identity in dict.fromkeys(
        (patient_id.strip(), issuer.strip()) for patient_id, issuer in identities
    ):
        waiting.append(identity)
        if len(waiting) * len(others) >= AT_A_TIME:
            yield from _linked(waiting, others, pseudonyms, stored)
            waiting = []
    yield from _linked(waiting, others, pseudonyms, stored)


def _linked(
    identities: Sequence[tuple[str, str]],
    issuers: Sequence[str],
    pseudonyms: Pseudonyms,
    stored: Stored,
) -> Iterator[Link]:
    tried = {
        (patient_id, listed): _names(patient_id, (listed, *issuers), pseudonyms)
        for patient_id, listed in identities
    }
    known = stored({name.name for names in tried.values() for name in names.values()})
    for (patient_id, listed), names in tried.items():
        there = [issuer for issuer, name in names.items() if name.name in known]
        for issuer in there or [listed or pseudonyms.issuer]:
            name = names[issuer]
            yield Link(patient_id, issuer, name.name, bool(there), name.shift_days)


def _names(
    patient_id: str, issuers: Iterable[str], pseudonyms: Pseudonyms
) -> dict[str, PatientPseudonym]:
    """Return the pseudonyms of an ID by issuer; "" where the site's own was not known yet."""
    names = {issuer or pseudonyms.issuer: pseudonyms.of(issuer, patient_id) for issuer in issuers}
    return names | ({"": pseudonyms.of_no_issuer(patient_id)} if pseudonyms.issuer else {})


def who(
    pseudonym: str, identities: Iterable[tuple[str, str]], pseudonyms: Pseudonyms
) -> Iterator[Link]:
    """Yield the patients, among those given, whose pseudonym it is; ``in_store`` is not told."""
    known = list(dict.fromkeys(identities))
    issuers = {issuer for _, issuer in known} | {""}
    for patient_id in dict.fromkeys(patient_id for patient_id, _ in known):
        for issuer, name in _names(patient_id, issuers, pseudonyms).items():
            if name.name == pseudonym:
                yield Link(patient_id, issuer, pseudonym, False, name.shift_days)


def queued(hospital: HospitalFile) -> list[tuple[str, str]]:
    """Return ID and issuer of all patients that were ever in the queue."""
    rows = hospital.all("SELECT number, identity, priority FROM patient")
    return sorted(set(listed(hospital.sealed.patient_of(row) for row in rows))) if rows else []


def listed(patients: Iterable[ListedPatient]) -> list[tuple[str, str]]:
    """Return ID and issuer of patients of a list."""
    return [(patient.patient_id, patient.issuer) for patient in patients]


def check_stays(out: Path) -> None:
    """Raise ``SettingsError`` when a file would lie in a folder that may leave the hospital."""
    place = out.resolve()
    for folder in place.parents:
        if folder.name in LEAVING and (folder.parent / SETTINGS_FILE).exists():
            raise SettingsError(
                "{folder}/ may leave the hospital, and this file must not.",
                "Name a place outside of parts/, reports/ and exports/.",
                folder=folder.name,
            )


def write_links(rows: Iterable[Link], out: Path) -> dict[str, int]:
    """Write links as CSV into a new file that only its owner may read; return counts.

    ``-`` is standard output.  Raises ``SettingsError`` where there is such a file already, or
    it would lie where things leave the hospital; a file that was begun and failed is removed.
    """
    if str(out) == "-":
        return _write(rows, sys.stdout)
    check_stays(out)
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise SettingsError("there is such a file already.", "Name another.") from error
    except OSError as error:
        raise SettingsError("the file cannot be written there.", "Check the folder.") from error
    os.fchmod(handle, 0o600)
    try:
        with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
            return _write(rows, file)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _write(rows: Iterable[Link], file: TextIO) -> dict[str, int]:
    counts = {"patients": 0, "in_store": 0}
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in rows:
        there = "yes" if row.in_store else "no"
        texts = map(no_formula, (row.patient_id, row.issuer, row.pseudonym))
        writer.writerow((*texts, there, row.date_shift_days))
        counts["patients"] += 1
        counts["in_store"] += row.in_store
    LOGGER.info("%d rows of re-linkage written, %d in the store", *counts.values())
    return counts
