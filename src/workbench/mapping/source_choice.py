"""Which source of an irradiation event counts.

Every source keeps its row.  Rows that describe one event share its UID, and of the sources
that tell its dose the most trusted one (``model.DoseSource``) is preferred.  An event of the
images that fits none of the study's dose report is not counted: a report lists what was
irradiated, so such an event is far more often a scan that could not be recognised than one the
report forgot, and counting it would count a dose twice.  It counts only where the report
plainly does not cover it: it comes from another maker's equipment, or it lies outside the time
of the report while every scan of the report has its images.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import polars as pl

from workbench.dicom.values import parse_moment
from workbench.mapping.equipment import maker
from workbench.mapping.evidence import TOLD_IN, UID, WRITER, evidence, note
from workbench.mapping.matching import match
from workbench.mapping.other_studies import reported_in_other_studies
from workbench.mapping.repeated_reports import (
    IN_SEVERAL,
    MAY_BE_ONE,
    preference,
    with_repeats_joined,
)
from workbench.model import DoseSource, Finding
from workbench.schema import IRRADIATION_EVENT

Row = dict[str, Any]
ORDER = {source.value: rank for rank, source in enumerate(DoseSource)}
MARGIN = timedelta(seconds=60)
ASIDE = (TOLD_IN, WRITER)  # columns of the frames that are of no use afterwards
UNKNOWN = "unknown"


def with_preferred(frames: list[pl.DataFrame]) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the events of all sources with ``preferred`` and its reason, and findings.

    ``frames`` hold one source each.  Rows that are recognised as an event of a more trusted
    source of their study take that event's UID.  An event is one through all studies of a
    patient; events of different patients are never one, whatever their UID, unless they are of
    one study: a study has one patient, whatever its objects say (PS3.3 A.1.2).
    """
    patients: dict[str, list[Row]] = {}
    for frame in frames:
        aside = [name for name in ASIDE if name in frame.columns]
        for row in frame.select(*IRRADIATION_EVENT.names, *aside).to_dicts():
            patients.setdefault(row["patient"] or "", []).append(row)
    findings: list[Finding] = []
    rows: list[Row] = []
    leaders = patients_together(
        (patient, _study(row)) for patient, own in patients.items() for row in own
    )
    for same in _by_leader(patients, leaders):
        findings += [note for own in same for note in _recognised(own)]
        events, notes = _across_patients(same)
        findings += notes
        for own in events:
            chosen, copies = _joined(own)
            _choose(chosen)
            rows += chosen
            findings += copies
    rows.sort(key=_place)
    kept = [{name: row[name] for name in IRRADIATION_EVENT.names} for row in rows]
    return IRRADIATION_EVENT.frame(kept), findings


def _by_leader(
    patients: dict[str, list[Row]], leaders: dict[str, str]
) -> Iterator[list[list[Row]]]:
    groups: dict[str, list[list[Row]]] = {}
    for patient, own in patients.items():
        groups.setdefault(leaders[patient], []).append(own)
    yield from groups.values()


def _recognised(rows: list[Row]) -> list[Finding]:
    """Recognise the events of one patient in all sources."""
    findings = with_repeats_joined(rows)
    rows.sort(key=_examined)  # sorting is stable: events keep their order within a source
    studies = [list(study) for _, study in groupby(rows, key=_examined)]
    told = _told(rows)
    for study in studies:
        _take_over_uids(study, told)
    findings += reported_in_other_studies(rows)
    told = _told(rows)
    return findings + [finding for study in studies for finding in _uncovered(study, told)]


def _told(rows: list[Row]) -> dict[str, set[str]]:
    """Return source to the UIDs of its events, of all studies of a patient."""
    told: dict[str, set[str]] = {source.value: set() for source in DoseSource}
    for row in rows:
        told[row["source"]].add(row[UID])
    return told


def _more_trusted(source: str, told: dict[str, set[str]]) -> set[str]:
    return set().union(*(uids for other, uids in told.items() if ORDER[other] < ORDER[source]))


def _across_patients(same: list[list[Row]]) -> tuple[list[list[Row]], list[Finding]]:
    """Recognise events of a study that is kept under several patients, so that each counts once.

    Returns the rows by the patient whose event they show.  Only reported events that no image of
    their own patient shows are looked at: two persons who share a Study Instance UID by mistake
    each have their own.
    """
    if len(same) == 1:
        return same, []
    findings: list[Finding] = []
    shown_by: dict[int, str] = {}
    rows = sorted((row for own in same for row in own), key=_examined)
    for _, group in groupby(rows, key=_examined):
        study = list(group)
        for source in list(DoseSource)[1:]:
            for row, other in _pairs_across(study, source):
                row[UID], row["preferred"], row["preferred_reason"] = other[UID], None, None
                shown_by[id(row)] = other["patient"]
                note(row, [*evidence(row, other), "one_study_two_patients"])
                findings.append(Finding(
                    "mapping", "event_under_two_patients", "two pseudonyms of one study show one "
                    "irradiation event; it is counted once", study=row["StudyInstanceUID"],
                    event=row[UID],
                ))  # fmt: skip
    events: dict[str, list[Row]] = {}
    for row in rows:
        events.setdefault(shown_by.get(id(row), row["patient"] or ""), []).append(row)
    return list(events.values()), findings


def _pairs_across(study: list[Row], source: DoseSource) -> Iterator[tuple[Row, Row]]:
    shown = {(row["patient"], row[UID]) for row in study if row["source"] == source}
    trusted = [row for row in study if ORDER[row["source"]] < ORDER[source]]
    told = {(row["patient"], row[UID]) for row in trusted}
    own = [row for row in study if row["source"] == source]
    for patient in sorted({row["patient"] or "" for row in own}):
        loose = [
            row for row in own
            if (row["patient"] or "") == patient and (row["patient"], row[UID]) not in told
        ]  # fmt: skip
        free = [
            row for row in trusted
            if (row["patient"] or "") != patient and (row["patient"], row[UID]) not in shown
        ]  # fmt: skip
        by_uid = {row[UID]: row for row in reversed(free)}
        pairs = {row[UID]: row[UID] for row in loose if row[UID] in by_uid}
        pairs |= match(
            [row for row in loose if row[UID] not in pairs],
            [row for row in by_uid.values() if row[UID] not in pairs],
        )
        yield from ((row, by_uid[pairs[row[UID]]]) for row in loose if row[UID] in pairs)


def patients_together(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return each patient's leader, of pairs of patient and study: patients of one study share it.

    The leader is the first of them in the order of their names; no study ("") joins nobody.
    """
    leaders: dict[str, str] = {}

    def leader(patient: str) -> str:
        leaders.setdefault(patient, patient)
        while leaders[patient] != patient:
            patient = leaders[patient]
        return patient

    first: dict[str, str] = {}
    for patient, study in pairs:
        ours = leader(patient)
        theirs = leader(first.setdefault(study, patient)) if study else ours
        leaders[max(ours, theirs)] = min(ours, theirs)
    return {patient: leader(patient) for patient in leaders}


def _examined(row: Row) -> tuple[str, str]:
    """Study and modality: a report of one modality tells nothing of another's events."""
    return _study(row), row["modality"] or ""


def _study(row: Row) -> str:
    return row["StudyInstanceUID"] or ""


def _place(row: Row) -> tuple[object, ...]:
    return (
        row["patient"] or "", row["StudyInstanceUID"] or "", str(row["started_at"] or ""),
        row[UID], ORDER[row["source"]],
    )  # fmt: skip


def _take_over_uids(study: list[Row], told: dict[str, set[str]]) -> None:
    known: dict[str, Row] = {}
    for source in DoseSource:
        own = [row for row in study if row["source"] == source]
        taken = set(told[source])
        uids = _more_trusted(source, told)
        loose = [row for row in own if row[UID] not in uids]
        free = {uid: row for uid, row in known.items() if uid not in taken}
        pairs = match(loose, list(free.values()))
        for row in loose:
            if row[UID] in pairs:
                other = free[pairs[row[UID]]]
                row[UID] = other[UID]
                note(row, evidence(row, other))
                told[source].add(other[UID])
        for row in own:
            if row[UID] not in uids:
                known.setdefault(row[UID], row)


def _joined(rows: list[Row]) -> tuple[list[Row], list[Finding]]:
    """Join the rows of one source and event from several studies, as copied studies have them."""
    studies: dict[str, Counter[str]] = {}
    for row in rows:
        studies.setdefault(row[UID], Counter())[_study(row)] += 1
    rows = sorted(rows, key=lambda row: (row[UID], ORDER[row["source"]]))
    kept: list[Row] = []
    findings: list[Finding] = []
    for _, same in groupby(rows, key=lambda row: (row[UID], row["source"])):
        best, *others = sorted(
            same, key=lambda row: (_poverty(row), -studies[row[UID]][_study(row)], preference(row))
        )
        kept.append(best)
        for other in others:
            findings += _copied(best, other)
            _take_series(best, other)
            note(best, other["matched_by"] or ["irradiation_event_uid"])
            best["flags"] = sorted({*(best["flags"] or ()), *_of_all(other)})
            if other["preferred"] is None:
                best["preferred"] = None
    return kept, findings


def _take_series(row: Row, other: Row) -> None:
    series = {*(row["SeriesInstanceUIDs"] or ()), *(other["SeriesInstanceUIDs"] or ())}
    row["SeriesInstanceUIDs"] = sorted(series)


def _of_all(row: Row) -> set[str]:
    return {IN_SEVERAL, MAY_BE_ONE} & set(row["flags"] or ())


def _poverty(row: Row) -> int:
    """Place of a row by the dose it tells: the quantities that estimates need, CTDIvol, none."""
    told = {name: row[name] for name in ("dlp_mgy_cm", "dap_gy_cm2", "ctdi_vol_mgy")}
    if not row["localizer"]:  # zero is believed of a localizer, not of a scan that images show
        told = {name: value or None for name, value in told.items()}
    if told["dlp_mgy_cm"] is not None or told["dap_gy_cm2"] is not None:
        return 0
    return 1 if told["ctdi_vol_mgy"] is not None else 2


def _copied(best: Row, other: Row) -> Iterator[Finding]:
    where: dict[str, Any] = {"study": other["StudyInstanceUID"], "event": best[UID]}
    if _study(best) == _study(other):
        return  # two reports of one study: told where they were recognised
    yield Finding("mapping", "event_in_two_studies", "one irradiation event is stored in two "
                  "studies of the patient; it is counted in the other one", **where)  # fmt: skip
    for column in ("ctdi_vol_mgy", "dlp_mgy_cm"):
        if None not in (best[column], other[column]) and best[column] != other[column]:
            yield Finding("mapping", "conflicting_reports", "two studies give an event different "
                          "values; that of the other study is used", column=column,
                          **where)  # fmt: skip


def _uncovered(study: list[Row], told: dict[str, set[str]]) -> Iterator[Finding]:
    """Mark rows the study's dose report does not hold: ``preferred`` False, or to be counted."""
    trusted_than = {
        source.value: [row for row in study if ORDER[row["source"]] < ORDER[source]]
        for source in DoseSource
    }
    known = {source.value: _more_trusted(source, told) for source in DoseSource}
    for row in study:
        trusted = trusted_than[row["source"]]
        row["preferred"] = None
        if not trusted or row[UID] in known[row["source"]]:
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
    makers = {maker(other) for other in trusted} - {""}
    if maker(row) and makers and maker(row) not in makers:
        return "another maker's equipment than that of the report"
    imaged = {other[UID] for other in study if other["source"] == row["source"]}
    complete = all(other["localizer"] or other[UID] in imaged for other in trusted)
    times = [time for other in trusted for time in _report_times(other)]
    if not complete or not row["started_at"] or len(times) < 2:
        return None
    if min(times) - row["started_at"] <= MARGIN and row["started_at"] - max(times) <= MARGIN:
        return None
    return "outside the time of the report, whose scans all have their images"


def _report_times(row: Row) -> Iterator[datetime]:
    if row["report"]:
        report = json.loads(row["report"])
        for name in ("started_at", "ended_at"):
            moment = parse_moment(str(report.get(name) or ""))
            if moment.at is not None and moment.offset is None:  # others are in no known zone
                yield moment.at


def _choose(rows: list[Row]) -> None:
    events: dict[str, list[Row]] = {}
    for row in rows:
        events.setdefault(row[UID], []).append(row)
    for sources in events.values():
        sources.sort(key=lambda row: ORDER[row["source"]])
        for row in sources[1:]:  # the others were recognised by values, or bear the UID
            row["matched_by"] = row["matched_by"] or ["irradiation_event_uid"]
        open_to_count = [row for row in sources if row["preferred"] is None]
        best = min(open_to_count, key=_poverty, default=None)
        for row in sources:
            if row is best:
                row["preferred"] = True
                row["preferred_reason"] = row["preferred_reason"] or _reason(row, sources)
                _complete(row, sources)
                for other in sources:
                    _take_series(row, other)
            elif row["preferred"] is None:
                row["preferred"] = False
                row["preferred_reason"] = _why_not(row, best)


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
    poorer = [other for other in sources if ORDER[other["source"]] < ORDER[row["source"]]]
    if poorer:
        return f"{row['source']} is trusted most of the sources that tell a dose"
    return f"{row['source']} is trusted most of {len(sources)} sources"


def _why_not(row: Row, best: Row | None) -> str:
    if best is not None and ORDER[row["source"]] < ORDER[best["source"]]:
        return f"{best['source']} tells more of the dose"
    return f"{best and best['source']} is trusted more"
