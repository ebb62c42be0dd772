"""Events of images whose dose report is stored in another study of the patient.

A report tells in its Scope of Accumulation (PS3.16 TID 10011, 113705) which study it is of, with
that study's UID (110180); where it does not, the exposure is recognised by machine, minute,
voltage, CTDIvol and length.  What may be the same, and does not tell when it began, is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workbench.mapping.equipment import other_machine
from workbench.mapping.event_start import comparable
from workbench.mapping.evidence import MINUTE, SCOPE, UID, close, evidence, note
from workbench.mapping.matching import match, mismatch
from workbench.model import DoseSource, Finding

Row = dict[str, Any]
ORDER = {source.value: rank for rank, source in enumerate(DoseSource)}
MAY_BE_TWICE = "may_be_counted_twice"


def reported_in_other_studies(rows: list[Row]) -> list[Finding]:
    """Give events the UID that a report in another study of the patient gives them."""
    findings: list[Finding] = []
    for source in list(DoseSource)[1:]:
        told = {row[UID] for row in rows if ORDER[row["source"]] < ORDER[source]}
        shown = {row[UID] for row in rows if row["source"] == source}
        loose = [row for row in rows if row["source"] == source and row[UID] not in told]
        free = [
            row for row in rows if ORDER[row["source"]] < ORDER[source] and row[UID] not in shown
        ]
        if not (loose and free):
            continue
        for row, report, words in _pairs(loose, free):
            row[UID] = report[UID]
            note(row, [*evidence(row, report), *words])
            findings.append(
                Finding("mapping", "reported_in_other_study", "the dose report of an event is "
                        "stored in another study of the patient; it is counted there",
                        severity="note", study=row["StudyInstanceUID"], event=row[UID])
            )  # fmt: skip
        findings += _doubtful(loose, free)
    return findings


def _pairs(loose: list[Row], free: list[Row]) -> Iterator[tuple[Row, Row, list[str]]]:
    """Yield events with the reported event each is: by the report's scope, then by the minute."""
    used: set[str] = set()
    by_uid = {row[UID]: row for row in reversed(free)}
    scoped: dict[str, list[Row]] = {}
    for report in by_uid.values():
        if scope := scope_of(report):
            scoped.setdefault(scope, []).append(report)
    studies: dict[str, list[Row]] = {}
    for row in loose:
        studies.setdefault(row["StudyInstanceUID"] or "", []).append(row)
    done: set[int] = set()
    for study in sorted(scoped):
        own = sorted(studies.get(study, ()), key=_begun)
        pairs = match(own, sorted(scoped[study], key=_begun))
        for row in own:
            if row[UID] in pairs and id(row) not in done:
                report = by_uid[pairs[row[UID]]]
                used.add(report[UID])
                done.add(id(row))
                yield row, report, ["scope_of_accumulation"]
    left = [row for row in loose if id(row) not in done]
    for _, row, report in sorted(_within_a_minute(left, by_uid.values()), key=lambda fit: fit[0]):
        if id(row) not in done and report[UID] not in used:
            used.add(report[UID])
            done.add(id(row))
            yield row, report, []


def _within_a_minute(
    loose: list[Row], free: Iterable[Row]
) -> Iterator[tuple[tuple[object, ...], Row, Row]]:
    """Yield what fits with how badly: sorted by start, so each is compared with few."""
    reports = sorted(filter(comparable, free), key=_begun)
    begin = 0
    for row in sorted(filter(comparable, loose), key=_begun):
        while begin < len(reports) and reports[begin]["started_at"] < row["started_at"] - MINUTE:
            begin += 1
        for report in reports[begin:]:
            if report["started_at"] > row["started_at"] + MINUTE:
                break
            cost = _cost(row, report)
            if cost is not None:
                yield (cost, row[UID], report[UID]), row, report


def _cost(row: Row, report: Row) -> float | None:
    """Return how badly two fit; ``None`` where the evidence does not do for two studies."""
    if (row["modality"] or "") != (report["modality"] or "") or other_machine(row, report):
        return None
    cost = mismatch(row, report)
    told = row["localizer"] or _tells_dose(row, report)
    return cost if told and row["kvp_kv"] is not None else None


def _tells_dose(row: Row, report: Row) -> bool:
    return None not in (row["ctdi_vol_mgy"], report["ctdi_vol_mgy"]) and None not in (
        row["scan_length_mm"], report["exposed_length_mm"] or report["scan_length_mm"]
    )  # fmt: skip


def scope_of(report: Row) -> str | None:
    """Return the study that a report says it is of, where that is another than its own."""
    if not report["report"]:
        return None
    scope = json.loads(report["report"]).get(SCOPE)
    return str(scope) if scope and scope != report["StudyInstanceUID"] else None


def _doubtful(loose: list[Row], free: list[Row]) -> Iterator[Finding]:
    """Tell of events of the day of a report that nobody shows, with its values and no start."""
    days: dict[object, list[Row]] = {}
    for report in free:
        if report["started_at"] is not None and not comparable(report):
            days.setdefault(report["started_at"].date(), []).append(report)
    taken = {row[UID] for row in loose}
    for row in loose:
        if row["localizer"] or row["started_at"] is None:
            continue
        for report in days.get(row["started_at"].date(), ()):
            elsewhere = report["StudyInstanceUID"] != row["StudyInstanceUID"]
            same = close("ctdi_vol_mgy", row, report) and close("kvp_kv", row, report)
            if report[UID] not in taken and elsewhere and same and not other_machine(row, report):
                row["flags"] = sorted({*(row["flags"] or ()), MAY_BE_TWICE})
                yield Finding("mapping", MAY_BE_TWICE, "a dose report of the same day in another "
                              "study tells an event of these settings and not when it began: "
                              "both are counted, and may be one exposure",
                              study=row["StudyInstanceUID"], event=row[UID])  # fmt: skip
                break


def _begun(row: Mapping[str, Any]) -> tuple[bool, Any]:
    return (row["started_at"] is None, row["started_at"] or 0)
