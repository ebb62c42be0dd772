"""One patient of the queue opened: each study and series the PACS told of, and what came of it.

Everything is under pseudonyms, and judged by what is here now.  Of each series and study
``expected = here + refused + missing`` holds wherever the PACS listed its objects; where it only
counted them, what is here is counted too, and nobody can say which are missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.ledger import UIDS_A_QUERY, Judge
from workbench.model import Verdict


class CountingJudge(Judge, Protocol):
    """Who also knows how many objects of a study or series are here."""

    def stored_in(self, uid: str) -> int:
        """Return how many objects of a series or study, by its original UID, are stored."""


@dataclass(frozen=True)
class ObjectCounts:
    """Objects of a series or study.

    Attributes
    ----------
    expected
        Listed by the PACS, or counted by it where it lists none; ``None`` where it says nothing.
    here, refused, missing
        Stored; put aside with a reason; neither.  ``missing`` is ``None`` where it is not known.
    partial
        Of those here, without some of their values.
    codes
        Why objects were refused, with the number of each.
    """

    expected: int | None = None
    here: int = 0
    refused: int = 0
    missing: int | None = None
    partial: int = 0
    codes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class OpenedSeries:
    """A series: its pseudonym, what the PACS told of it, and its objects.

    ``unwanted`` names the part of the filter that leaves it out; ``told`` is what the PACS counts.
    """

    pseudonym: str
    modality: str
    unwanted: str
    told: int | None
    listed: bool
    objects: ObjectCounts


@dataclass(frozen=True)
class OpenedStudy:
    """A study, as ``OpenedSeries`` says; ``last_found`` is when the PACS last told of it, UTC."""

    pseudonym: str
    modalities: str
    unwanted: str
    told: int | None
    listed: bool
    last_found: str
    objects: ObjectCounts
    series: tuple[OpenedSeries, ...]


def opened_patient(
    hospital: HospitalFile, number: int, judge: CountingJudge
) -> tuple[OpenedStudy, ...]:
    """Return the studies of a patient of the queue; none where the PACS was not asked yet."""
    series: dict[bytes, list[Mapping[str, Any]]] = {}
    for row in hospital.all("SELECT * FROM series WHERE patient = ? ORDER BY rowid", number):
        series.setdefault(bytes(row["study"]), []).append(dict(row))
    studies = hospital.all("SELECT * FROM study WHERE patient = ? ORDER BY rowid", number)
    return tuple(
        _study(hospital, dict(row), series.get(bytes(row["lookup"]), []), judge) for row in studies
    )


def _study(
    hospital: HospitalFile, row: Mapping[str, Any], rows: list[Mapping[str, Any]],
    judge: CountingJudge,
) -> OpenedStudy:  # fmt: skip
    uid, _ = hospital.sealed.study_of(row)
    series = tuple(_series(hospital, each, judge) for each in rows)
    wanted = [each.objects for each in series if not each.unwanted]
    if row["unwanted"]:
        objects = ObjectCounts(expected=0, missing=0, here=judge.stored_in(uid))
    elif rows:
        objects = _sum(wanted)
    else:
        objects = _counted(row["told"], judge.stored_in(uid))
    return OpenedStudy(
        judge.pseudonyms.uid(uid), row["modalities"] or "", row["unwanted"], row["told"],
        bool(row["listed"]), row["last_found"], objects, series,
    )  # fmt: skip


def _series(
    hospital: HospitalFile, row: Mapping[str, Any], judge: CountingJudge
) -> OpenedSeries:  # fmt: skip
    uid, instances = hospital.sealed.series_of(row)
    if row["unwanted"]:
        objects = ObjectCounts(expected=0, missing=0, here=judge.stored_in(uid))
    elif instances:
        objects = _judged(sorted(instances), judge)
    else:
        objects = _counted(row["told"], judge.stored_in(uid))
    return OpenedSeries(
        judge.pseudonyms.uid(uid), row["modality"] or "", row["unwanted"], row["told"],
        bool(row["listed"]), objects,
    )  # fmt: skip


def _judged(uids: list[str], judge: CountingJudge) -> ObjectCounts:
    fates: dict[str, str] = {}
    for start in range(0, len(uids), UIDS_A_QUERY):
        fates |= judge.fates(uids[start : start + UIDS_A_QUERY])
    codes = Counter(fate for fate in fates.values() if fate != Verdict.STORED)
    refused = codes.total()
    return ObjectCounts(
        len(uids), len(fates) - refused, refused, len(uids) - len(fates), judge.partial(uids),
        tuple(sorted(codes.items())),
    )  # fmt: skip


def _counted(told: int | None, here: int) -> ObjectCounts:
    """Return what is known where the PACS lists no object."""
    return ObjectCounts(told, here, missing=0 if told is not None and here >= told else None)


def _sum(parts: list[ObjectCounts]) -> ObjectCounts:
    """Return the sum; what is not known of one part is not known of all."""
    codes: Counter[str] = Counter()
    for part in parts:
        codes.update(dict(part.codes))
    expected = [part.expected for part in parts]
    missing = [part.missing for part in parts]
    return ObjectCounts(
        None if None in expected else sum(each or 0 for each in expected),
        sum(part.here for part in parts), sum(part.refused for part in parts),
        None if None in missing else sum(each or 0 for each in missing),
        sum(part.partial for part in parts), tuple(sorted(codes.items())),
    )  # fmt: skip
