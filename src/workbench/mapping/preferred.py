"""Which source of an irradiation event counts.

Every source keeps its row.  Rows that describe one event share its UID, and the most trusted
source (``model.EventSource``) is preferred.  An event of the images that fits none of the
study's dose report is not counted: a report lists what was irradiated, so such an event is far
more often a scan that could not be recognised than one the report forgot, and counting it
would count a dose twice.  It counts only where the report plainly does not cover it: it comes
from another maker's equipment, or it lies outside the time of the report while every scan of
the report has its images.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from workbench.dicom.record import parse_moment
from workbench.mapping.matching import match
from workbench.model import EventSource, Finding
from workbench.schema import IRRADIATION_EVENT

Row = dict[str, Any]
ORDER = {source.value: rank for rank, source in enumerate(EventSource)}
MARGIN = timedelta(seconds=60)
UID = "irradiation_event_uid"
UNKNOWN = "unknown"


def with_preferred(frames: list[pl.DataFrame]) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the events of all sources with ``preferred`` and its reason, and findings.

    ``frames`` hold one source each.  Rows that are recognised as an event of a more trusted
    source take that event's UID.
    """
    rows = [row for frame in frames for row in frame.to_dicts()]
    studies: dict[str, list[Row]] = {}
    for row in rows:
        studies.setdefault(row["StudyInstanceUID"] or "", []).append(row)
    findings: list[Finding] = []
    for study in studies.values():
        _take_over_uids(study)
        findings += _uncovered(study)
    _choose(rows)
    rows.sort(key=_place)
    return IRRADIATION_EVENT.frame(rows), findings


def _place(row: Row) -> tuple[object, ...]:
    return (
        row["patient"] or "", row["StudyInstanceUID"] or "", str(row["started_at"] or ""),
        row[UID], ORDER[row["source"]],
    )  # fmt: skip


def _take_over_uids(study: list[Row]) -> None:
    known: list[Row] = []
    for source in (EventSource.RDSR, EventSource.DOSE_SEQUENCE, EventSource.HEADER):
        own = [row for row in study if row["source"] == source]
        taken = {row[UID] for row in own}
        uids = {row[UID] for row in known}
        loose = [row for row in own if row[UID] not in uids]
        free = [row for row in known if row[UID] not in taken]
        pairs = match(loose, free)
        for row in loose:
            row[UID] = pairs.get(row[UID], row[UID])
        known += [row for row in own if row[UID] not in uids]


def _uncovered(study: list[Row]) -> Iterator[Finding]:
    """Mark rows the study's dose report does not hold: ``preferred`` False, or to be counted."""
    for row in study:
        trusted = [other for other in study if ORDER[other["source"]] < ORDER[row["source"]]]
        row["preferred"] = None
        if not trusted or any(other[UID] == row[UID] for other in trusted):
            continue
        where: dict[str, Any] = {
            "study": row["StudyInstanceUID"], "event": row[UID],
            "series": next(iter(row["SeriesInstanceUIDs"] or ()), None),
        }  # fmt: skip
        if beyond := _beyond(row, study, trusted):
            row["preferred_reason"] = beyond
            yield Finding("mapping", "beyond_report", f"{beyond}: the event is counted",
                          severity="note", **where)  # fmt: skip
            continue
        row["preferred"] = False
        row["preferred_reason"] = (
            "the study has a dose report and no event of it fits: counting this one might "
            "count a dose twice"
        )
        yield Finding("mapping", "not_in_report", "an event fits none of the study's dose report "
                      "and is not counted", severity="note" if row["localizer"] else "warning",
                      **where)  # fmt: skip


def _beyond(row: Row, study: list[Row], trusted: list[Row]) -> str | None:
    """Say why the reports plainly do not cover an event; ``None`` when they may."""
    makers = {_maker(other) for other in trusted} - {""}
    if _maker(row) and makers and _maker(row) not in makers:
        return "another maker's equipment than that of the report"
    imaged = {other[UID] for other in study if other["source"] == row["source"]}
    complete = all(other["localizer"] or other[UID] in imaged for other in trusted)
    times = [time for other in trusted for time in _report_times(other)]
    if not complete or not row["started_at"] or len(times) < 2:
        return None
    if min(times) - MARGIN <= row["started_at"] <= max(times) + MARGIN:
        return None
    return "outside the time of the report, whose scans all have their images"


def _maker(row: Row) -> str:
    words = str(row["manufacturer"] or "").casefold().split()
    return words[0] if words else ""


def _report_times(row: Row) -> Iterator[datetime]:
    if row["report"]:
        said = json.loads(row["report"])
        for name in ("started_at", "ended_at"):
            moment = parse_moment(str(said.get(name) or ""))
            if moment is not None:
                yield moment


def _choose(rows: list[Row]) -> None:
    events: dict[str, list[Row]] = {}
    for row in rows:
        events.setdefault(row[UID], []).append(row)
    for sources in events.values():
        sources.sort(key=lambda row: ORDER[row["source"]])
        best = next((row for row in sources if row["preferred"] is None), None)
        for row in sources:
            if row is best:
                row["preferred"] = True
                row["preferred_reason"] = row["preferred_reason"] or _reason(row, sources)
                _complete(row, sources)
            elif row["preferred"] is None:
                row["preferred"] = False
                row["preferred_reason"] = f"{best and best['source']} is trusted more"


def _complete(row: Row, sources: list[Row]) -> None:
    """Take the protocol (and with it the region) of the images where a report tells none."""
    if row["protocol"] is not None:
        return
    telling = next((other for other in sources if other["protocol"] is not None), None)
    if telling is None:
        return
    row["protocol"] = telling["protocol"]
    row["flags"] = sorted({*(row["flags"] or ()), f"protocol_from_{telling['source']}"})
    if row["body_region"] == UNKNOWN:
        row["body_region"], row["region_rule"] = telling["body_region"], telling["region_rule"]


def _reason(row: Row, sources: list[Row]) -> str:
    if len(sources) == 1:
        return f"{row['source']} is the only source"
    return f"{row['source']} is trusted most of {len(sources)} sources"
