"""One exposure that a source tells several times: in two reports, or in copies of a study.

Reports of one exposure that two programs wrote bear two Irradiation Event UIDs, and copies of
images without UIDs bear none.  What is the same is recognised by machine, start, voltage,
CTDIvol, DLP and length, and takes one UID; what may be the same, and may as well be a second
exposure of the same settings, stays two events and is told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from workbench.mapping.equipment import maker_family, other_machine
from workbench.mapping.event_start import comparable
from workbench.mapping.evidence import (
    AT_ONCE,
    CLOSE,
    MINUTE,
    TOLD_IN,
    UID,
    WRITER,
    apart,
    close,
    evidence,
    note,
)
from workbench.model import DoseSource, Finding

Row = dict[str, Any]
IN_SEVERAL, MAY_BE_ONE = "in_several_reports", "may_be_one_exposure"
MOST_ALIKE = 50  # events of unknown start and the same values that one is compared with


def with_repeats_joined(rows: list[Row]) -> list[Finding]:
    """Give rows of one source and exposure of one patient the same UID; return findings."""
    findings: list[Finding] = []
    for source in DoseSource:
        own = sorted((row for row in rows if row["source"] == source), key=_place)
        if len({row[UID] for row in own}) < 2:
            continue
        pairs = sorted(_pairs(own), key=lambda pair: pair[0])
        groups: dict[str, list[Row]] = {}
        for row in own:
            groups.setdefault(row[UID], []).append(row)
        for _, sure, a, b in pairs:
            left, right = groups[a[UID]], groups[b[UID]]
            if left is right or not _disjoint(left, right):
                continue
            if sure:
                left += right
                groups |= {row[UID]: left for row in right}
            else:
                findings += _told(a, b)
        renamed: dict[str, str] = {}
        for group in {id(group): group for group in groups.values()}.values():
            if len({row[UID] for row in group}) > 1:
                renamed |= _one(group)
                findings += _finding(group)
        for row in rows:
            row[UID] = renamed.get(row[UID], row[UID])
    return findings


def _place(row: Row) -> tuple[str, ...]:
    return (str(row["started_at"] or ""), row["StudyInstanceUID"] or "", row[UID])


def _pairs(rows: list[Row]) -> Iterator[tuple[tuple[object, ...], bool, Row, Row]]:
    """Yield pairs that are, or may be, one exposure, with their place and whether it is sure.

    Rows are compared within a minute, and where a start is unknown within a study and a CTDIvol:
    the work grows with their number, not with its square.
    """
    timed = [row for row in rows if comparable(row)]
    for i, a in enumerate(timed):
        for b in timed[i + 1 :]:
            if b["started_at"] - a["started_at"] > MINUTE:
                break
            yield from _pair(a, b)
    rows = sorted(rows, key=lambda row: row["StudyInstanceUID"] or "")
    for _, study in groupby(rows, key=lambda row: row["StudyInstanceUID"] or ""):
        own = sorted(study, key=lambda row: (row["ctdi_vol_mgy"] or 0.0, *_place(row)))
        if all(map(comparable, own)) or len({_told_in(row) for row in own}) == 1:
            continue
        doses = [row["ctdi_vol_mgy"] or 0.0 for row in own]
        share, floor = CLOSE["ctdi_vol_mgy"]
        for i, a in enumerate(own):
            end = bisect_right(doses, doses[i] * (1 + 2 * share) + 2 * floor)
            for b in own[i + 1 : min(end, i + MOST_ALIKE)]:
                if not (comparable(a) and comparable(b)):
                    yield from _pair(a, b)


def _pair(a: Row, b: Row) -> Iterator[tuple[tuple[object, ...], bool, Row, Row]]:
    if not _can_be_one(a, b):
        return
    between = apart(a, b)
    if between is None:
        sure = _other_writer(a, b)
    else:
        sure = between <= AT_ONCE or (between <= MINUTE and _other_writer(a, b))
    order = (not sure, between is None, between or MINUTE, a[UID], b[UID], _place(a), _place(b))
    yield order, sure, a, b


def _can_be_one(a: Row, b: Row) -> bool:
    """Whether nothing says that two rows of one source are two events, and their doses agree."""
    if a[UID] == b[UID] or bool(a["localizer"]) != bool(b["localizer"]):
        return False
    types = {a["event_type"], b["event_type"]} - {None, "unknown"}
    if len(types) > 1 or other_machine(a, b) or not _disjoint([a], [b]):
        return False
    same = {column: close(column, a, b) for column in CLOSE}
    if False in same.values():
        return False
    if a["localizer"]:
        return bool(same["kvp_kv"] and apart(a, b) is not None)
    return bool(same["ctdi_vol_mgy"] and (same["scan_length_mm"] or same["dlp_mgy_cm"]))


def _told_in(row: Row) -> tuple[str, ...]:
    """Objects that tell an event; images tell those of their study: others decide within it."""
    return tuple(row.get(TOLD_IN) or (row["StudyInstanceUID"] or "",))


def _disjoint(left: list[Row], right: list[Row]) -> bool:
    """Whether no object tells both: events of one report are different ones."""
    first = {name for row in left for name in _told_in(row)}
    return not any(name in first for row in right for name in _told_in(row))


def _other_writer(a: Row, b: Row) -> bool:
    """Whether other programs wrote the two: one program gives one exposure one UID."""
    return bool(a.get(WRITER) and b.get(WRITER) and a[WRITER] != b[WRITER])


def _one(group: list[Row]) -> dict[str, str]:
    """Note what the rows of one exposure agree in; return their UIDs and the one they take."""
    best, *others = sorted(group, key=preference)
    for row in others:
        words = list(evidence(best, row))
        note(row, words)
        note(best, words)
    if best["source"] != DoseSource.HEADER:
        for row in group:
            row["flags"] = sorted({*(row["flags"] or ()), IN_SEVERAL})
    return {row[UID]: best[UID] for row in others}


def preference(row: Row) -> tuple[object, ...]:
    """Place of a row: the machine's own report before a program's, one with a start first."""
    flags = row["flags"] or ()
    return (
        row["dlp_mgy_cm"] is None, maker_family((row.get(WRITER) or "").partition("|")[0]) is None,
        not comparable(row), "no_irradiation_event_uid" in flags, *_place(row),
    )  # fmt: skip


def _finding(group: list[Row]) -> Iterator[Finding]:
    first, *others = sorted(group, key=_place)
    for row in others:
        if row["StudyInstanceUID"] == first["StudyInstanceUID"]:
            yield Finding("mapping", "event_in_two_reports", "two reports tell one exposure under "
                          "two Irradiation Event UIDs; it is counted once",
                          study=row["StudyInstanceUID"], event=row[UID])  # fmt: skip


def _told(a: Row, b: Row) -> Iterator[Finding]:
    for row in (a, b):
        row["flags"] = sorted({*(row["flags"] or ()), MAY_BE_ONE})
    yield Finding("mapping", MAY_BE_ONE, "two events of the same settings in different reports may "
                  "be one exposure: their starts do not tell; both are counted",
                  study=b["StudyInstanceUID"], event=b[UID])  # fmt: skip
