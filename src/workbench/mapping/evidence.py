"""What two rows of one exposure agree in: the words of the column ``matched_by``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from workbench.mapping.equipment import shared_by_machines
from workbench.mapping.event_start import comparable

Row = Mapping[str, Any]
UID = "irradiation_event_uid"
TOLD_IN, WRITER = "told_in", "writer"  # objects that tell an event, and what program wrote them
SCOPE = "scope_study_uid"  # in what a report says of itself: the study it is of
AT_ONCE = timedelta(seconds=2)  # headers and reports round to seconds
MINUTE = timedelta(minutes=1)  # clocks of two programs, and reports that tell minutes
# Column, share and floor within which two values are the same: reports round to 0.01 mGy,
# 0.1 mGy.cm or 0.1 mm, and headers tell means over slices.
CLOSE = {
    "kvp_kv": (0.0, 1.0),
    "ctdi_vol_mgy": (0.01, 0.011),
    "dlp_mgy_cm": (0.01, 0.11),
    "scan_length_mm": (0.01, 1.0),
}


def close(column: str, a: Row, b: Row) -> bool | None:
    """Say whether two rows tell the same value; ``None`` where one of them tells none."""
    ours, theirs = a[column], b[column]
    if ours is None or theirs is None:
        return None
    share, floor = CLOSE[column]
    return bool(abs(ours - theirs) <= max(share * max(abs(ours), abs(theirs)), floor))


def apart(a: Row, b: Row) -> timedelta | None:
    """Return how far apart two events began; ``None`` where that cannot be said."""
    if not (comparable(a) and comparable(b)):
        return None
    return abs(timedelta(seconds=(a["started_at"] - b["started_at"]).total_seconds()))


def evidence(a: Row, b: Row) -> Iterator[str]:
    """Yield in what two rows agree, as words of the column ``matched_by``."""
    if a["StudyInstanceUID"] == b["StudyInstanceUID"]:
        yield "study"
    between = apart(a, b)
    if between is not None and between <= MINUTE:
        yield "start" if between <= AT_ONCE else "minute"
    for column in CLOSE:
        if close(column, a, b):
            yield column
    yield from shared_by_machines(a, b)
    names = [str(row["protocol"] or "").casefold().strip() for row in (a, b)]
    if names[0] and names[0] == names[1]:
        yield "protocol"


def note(row: dict[str, Any], words: Iterator[str] | list[str]) -> None:
    """Add words to what a row was recognised by."""
    row["matched_by"] = sorted({*(row.get("matched_by") or ()), *words})
