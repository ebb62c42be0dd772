"""One-to-one matching of a study's events to those of a more trusted source.

Image headers often lack the Irradiation Event UID that the dose report gives, so the same
event must be recognised by kind, voltage, dose, length, time, protocol and order.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.mapping.ct.acquisitions import TOLERANCE, VOLTAGE_KV
from workbench.mapping.event_start import comparable

Event = Mapping[str, Any]
CTDI_SHARE = 0.10  # headers give means over reconstructed slices, reports over the exposure
CTDI_FLOOR_MGY = 0.05  # reports round to 0.01 mGy; matters for small doses only
# Scanning length over reconstructed length in real spirals: images are never longer than the
# exposure, but reports may exclude overranging (DLP / (CTDIvol x length) is 0.82 to 1.17).
LONGER, LONGER_MM = 1.25, 20.0
SIMILAR_LENGTH = math.log(1.4)
UNKNOWN_COST = 0.5
MOST_PAIRS = 250_000  # of a study: five hundred scans beside five hundred reported ones


def match(events: Sequence[Event], reported: Sequence[Event]) -> dict[str, str]:
    """Return the UIDs of ``events`` with the UID of the reported event each is.

    Both are in their order of time.  No event and no reported event is used twice; where
    several fit, the best fit comes first.
    """
    fits: list[tuple[float, int, int]] = []
    ranks = _ranks(events), _ranks(reported)
    few = len(events) * len(reported) <= MOST_PAIRS
    for i, j in _every(events, reported) if few else _at_once(events, reported):
        cost = mismatch(events[i], reported[j])
        if cost is not None:
            fits.append((cost + 0.1 * abs(ranks[0][i] - ranks[1][j]), i, j))
    pairs: dict[int, int] = {}
    used: set[int] = set()
    for _, i, j in sorted(fits):
        if i not in pairs and j not in used:
            pairs[i] = j
            used.add(j)
    uid = "irradiation_event_uid"
    return {events[i][uid]: reported[j][uid] for i, j in pairs.items()}


def _every(events: Sequence[Event], reported: Sequence[Event]) -> Iterator[tuple[int, int]]:
    return ((i, j) for i in range(len(events)) for j in range(len(reported)))


def _at_once(events: Sequence[Event], reported: Sequence[Event]) -> Iterator[tuple[int, int]]:
    """Yield pairs that began at once: of a phantom's thousands of scans no others are compared."""
    later = sorted(
        (event["started_at"], j) for j, event in enumerate(reported) if comparable(event)
    )
    starts = [start for start, _ in later]
    for i, event in enumerate(events):
        if comparable(event):
            begin = bisect_left(starts, event["started_at"] - TOLERANCE)
            end = bisect_right(starts, event["started_at"] + TOLERANCE)
            yield from ((i, j) for _, j in later[begin:end])


def _ranks(events: Sequence[Event]) -> list[int]:
    """Place of each event among those of its kind."""
    counts = {True: 0, False: 0}
    ranks = []
    for event in events:
        kind = bool(event["localizer"])
        ranks.append(counts[kind])
        counts[kind] += 1
    return ranks


def mismatch(event: Event, report: Event) -> float | None:
    """Return how badly two descriptions fit; ``None`` when they cannot be one event.

    A scan needs evidence: the same CTDIvol, start, or a similar length.
    """
    if bool(event["localizer"]) != bool(report["localizer"]) or _other_voltage(event, report):
        return None
    simultaneous = _simultaneous(event, report)
    length = _length(event, report)
    if length is None and not simultaneous:
        return None
    protocol = 0.0 if _same_protocol(event, report) else 0.2
    if event["localizer"]:
        return protocol + (0.0 if simultaneous else UNKNOWN_COST)
    dose = _dose(event, report)
    if dose is None:
        return None
    similar = length is not None and 0 <= length < SIMILAR_LENGTH
    if not (simultaneous or similar or 0 <= dose < UNKNOWN_COST):
        return None
    length_cost = UNKNOWN_COST if length is None or length < 0 else min(length, 1.0)
    dose_cost = UNKNOWN_COST if dose < 0 else dose
    return protocol + dose_cost + length_cost - (1.0 if simultaneous else 0.0)


def _other_voltage(event: Event, report: Event) -> bool:
    voltages = [report["kvp_kv"]]
    if report["x_ray_sources"]:
        voltages += [source.get("kvp_kv") for source in json.loads(report["x_ray_sources"])]
    known = [voltage for voltage in voltages if voltage is not None]
    if event["kvp_kv"] is None or not known:
        return False
    return all(abs(event["kvp_kv"] - voltage) > VOLTAGE_KV for voltage in known)


def _simultaneous(event: Event, report: Event) -> bool:
    if not (comparable(event) and comparable(report)):
        return False
    return bool(abs(event["started_at"] - report["started_at"]) <= TOLERANCE)


def _same_protocol(event: Event, report: Event) -> bool:
    names = [str(side["protocol"] or "").casefold().strip() for side in (event, report)]
    return bool(names[0]) and (names[0] in names[1] or (names[1] != "" and names[1] in names[0]))


def _dose(event: Event, report: Event) -> float | None:
    """Relative difference of CTDIvol; -1 when it cannot be compared, ``None`` when too large."""
    a, b = event["ctdi_vol_mgy"], report["ctdi_vol_mgy"]
    phantoms = {event["ctdi_phantom_cm"], report["ctdi_phantom_cm"]} - {None}
    if a is None or b is None or len(phantoms) > 1:
        return -1.0
    if min(a, b) == 0 and max(a, b) > CTDI_FLOOR_MGY:  # one of them does not tell it
        return -1.0
    difference = abs(a - b)
    if difference > max(CTDI_SHARE * b, CTDI_FLOOR_MGY):
        return None
    return float(difference / b) if b > 0 else 0.0


def _length(event: Event, report: Event) -> float | None:
    """|ln ratio| of lengths; -1 when unknown, ``None`` when images exceed the exposure."""
    a = event["scan_length_mm"]
    b = report["exposed_length_mm"] or report["scan_length_mm"]
    if not a or not b:
        return -1.0
    if a > LONGER * b + LONGER_MM:
        return None
    return abs(math.log(a / b))
