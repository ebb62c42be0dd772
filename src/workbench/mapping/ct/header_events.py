"""Irradiation events read from image headers: one a scan, one a localizer exposure."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import polars as pl

from workbench.mapping.body_regions import regions_of
from workbench.mapping.ct.acquisitions import Acquisition, Part, acquisitions, parts
from workbench.mapping.ct.slice_positions import AXIAL
from workbench.mapping.ct.technique_columns import technique_of
from workbench.mapping.event_columns import age_flags, derived_uid, shared_columns
from workbench.mapping.plausible import plausible
from workbench.mapping.rules import Rules
from workbench.model import DoseSource, Finding
from workbench.schema import IRRADIATION_EVENT

MM_PER_CM = 10.0


# Which series an event is read from, and whether only derived images show it: for their roles.
READ_FROM = {"read_from": pl.String(), "derived_only": pl.Boolean()}


def header_events(instances: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, list[Finding]]:  # noqa: ARG001
    """Return the events (source ``header``) that images tell of, and findings.

    ``instances`` are those that ``prepared`` returns.  Beside the columns of an irradiation event
    the frame has ``read_from``, the ``series_key`` of the one series an event is read from, and
    ``derived_only``.
    """
    return events_of(acquisitions(parts(instances)))


def events_of(acquisitions: list[Acquisition]) -> tuple[pl.DataFrame, list[Finding]]:
    """Return the events of acquisitions, as ``header_events`` does.

    Derived images alone make an event only when they name an irradiation event of their own
    or the study holds no original image: otherwise they show a scan that is already counted.
    Images of one event in several studies of a patient count once; patients are never mixed.
    """
    original = {_study(a) for a in acquisitions if not a.derived and not a.localizer}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    read_from: dict[tuple[str, str], tuple[str, bool]] = {}
    findings: list[Finding] = []
    for acquisition in sorted(acquisitions, key=_order):
        best = acquisition.best
        if acquisition.derived and not acquisition.uid and _study(acquisition) in original:
            continue
        uid = _event_uid(acquisition, rows)
        row = _row(acquisition, uid)
        key = (str(best["patient"]), uid)
        if key in rows:  # the same exposure stored in a second study
            findings.append(_copied(acquisition, uid))
            series = {*rows[key]["SeriesInstanceUIDs"], *row["SeriesInstanceUIDs"]}
            rows[key]["SeriesInstanceUIDs"] = sorted(series)
            continue
        rows[key] = row
        read_from[key] = (best["series_key"], acquisition.derived)
        findings += _findings(acquisition, uid)
    events = _with_regions(IRRADIATION_EVENT.frame(list(rows.values())))
    places = pl.DataFrame(list(read_from.values()), schema=READ_FROM, orient="row")
    return events.hstack(places), findings


def _study(acquisition: Acquisition) -> tuple[object, object]:
    return acquisition.best["patient"], acquisition.best["StudyInstanceUID"]


def _copied(acquisition: Acquisition, uid: str) -> Finding:
    return Finding("mapping", "event_in_two_studies", "images of one irradiation event are stored "
                   "in two studies; it is counted in the first",
                   study=acquisition.best["StudyInstanceUID"], event=uid)  # fmt: skip


def _order(acquisition: Acquisition) -> tuple[object, ...]:
    best = acquisition.best
    return (
        str(best["patient"]), acquisition.derived and acquisition.uid is not None,
        str(best["StudyInstanceUID"] or ""), str(best["started_at"] or ""),
        str(best["SeriesInstanceUID"]), str(best["part"]),
    )  # fmt: skip


def _event_uid(acquisition: Acquisition, used: Container[tuple[str, str]]) -> str:
    if acquisition.uid:
        return acquisition.uid
    numbers = [number for part in acquisition.parts for number in part["AcquisitionNumbers"] or ()]
    started = [part["started_at"] for part in acquisition.parts if part["started_at"]]
    voltage = acquisition.first("kvp_kv")
    identity = (
        acquisition.best["StudyInstanceUID"], acquisition.localizer,
        min(numbers, default=None), min(started, default=None),
        voltage and round(voltage), acquisition.best["SeriesNumber"] if not started else None,
    )  # fmt: skip
    uid = derived_uid(*identity)
    repeat = 1
    while (str(acquisition.best["patient"]), uid) in used:
        repeat += 1
        uid = derived_uid(*identity, repeat)
    return uid


def _row(acquisition: Acquisition, uid: str) -> dict[str, Any]:
    best = acquisition.best
    ctdi_vol = acquisition.first("ctdi_vol_mgy")
    length = _length(acquisition)
    dlp, basis = _dose_length_product(acquisition, ctdi_vol, length)
    return {
        **shared_columns(best),
        "SeriesInstanceUIDs": sorted({part["SeriesInstanceUID"] for part in acquisition.parts}),
        "irradiation_event_uid": uid,
        "source": DoseSource.HEADER,
        "started_at": min((p["started_at"] for p in acquisition.parts if p["started_at"]),
                          default=None),
        "event_type": _event_type(acquisition),
        "localizer": acquisition.localizer,
        "protocol": acquisition.first("ProtocolName"),
        "comment": acquisition.first("SeriesDescription"),
        "target_region": acquisition.first("BodyPartExamined"),
        "ctdi_vol_mgy": ctdi_vol,
        "dlp_mgy_cm": dlp,
        "dlp_basis": basis,
        "scan_length_mm": length,
        **technique_of(acquisition),
        "flags": sorted([*_flags(acquisition), *age_flags(best)]),
    }  # fmt: skip


def _length(acquisition: Acquisition) -> float | None:
    best = acquisition.best
    if acquisition.localizer or (acquisition.derived and (best["normal_z"] or 0.0) < AXIAL):
        return None  # slices of a reformat do not lie along the table
    value: float | None = best["scan_length_mm"]
    return value


def _dose_length_product(
    acquisition: Acquisition, ctdi_vol: float | None, length: float | None
) -> tuple[float | None, str | None]:
    """DLP = CTDIvol x L (IEC 60601-2-44), L the range of slices: overranging is not in it."""
    if (reported := acquisition.first("private_dlp_mgy_cm")) is not None:
        return reported, "reported"
    if ctdi_vol is None or length is None or acquisition.repeated:
        return None, None
    dlp = ctdi_vol * length / MM_PER_CM
    return (dlp, "ctdi_vol_times_scan_length") if plausible("dlp", dlp) else (None, None)


def _event_type(acquisition: Acquisition) -> str:
    if acquisition.localizer:
        return "CONSTANT_ANGLE"
    spiral = acquisition.first("spiral")
    if spiral is None:
        return "unknown"
    return "SPIRAL" if spiral else "STATIONARY" if _stationary(acquisition.best) else "SEQUENCED"


def _stationary(part: Part) -> bool:
    return bool(part["positions"] == 1 and part["slices"] > 1)


def _flags(acquisition: Acquisition) -> Iterator[str]:
    best = acquisition.best
    if not acquisition.uid:
        yield "no_irradiation_event_uid"
    if acquisition.derived:
        yield "derived_images_only"
    if best["gaps"]:
        yield "gap_in_slices"
    if not acquisition.localizer and _stationary(best):
        yield "stationary"
    if acquisition.repeated:
        yield "positions_repeated"
    if acquisition.first("ctdi_phantom_cm") is None:
        yield "phantom_unknown"
    if len(acquisition.parts) > 1 and not all(part["timed"] for part in acquisition.parts):
        yield "matched_without_time"


def _findings(acquisition: Acquisition, uid: str) -> Iterator[Finding]:
    best = acquisition.best
    where: dict[str, Any] = {
        "study": best["StudyInstanceUID"], "series": best["SeriesInstanceUID"], "event": uid
    }  # fmt: skip
    if best["gaps"] and not acquisition.localizer:
        yield Finding("mapping", "gap_in_slices", "slices are missing inside the scan, or it has "
                      "several ranges; the gaps are not part of the scan length",
                      column="scan_length_mm", **where)  # fmt: skip
    if acquisition.repeated:
        yield Finding("mapping", "positions_repeated", "slice positions come more than once: how "
                      "often the range was irradiated is not known, so no DLP is computed",
                      severity="note" if _stationary(best) else "warning",
                      column="dlp_mgy_cm", **where)  # fmt: skip
    if acquisition.derived:
        yield Finding("mapping", "derived_only", "only derived images show this scan; the values "
                      "are theirs", **where)  # fmt: skip


def _with_regions(events: pl.DataFrame) -> pl.DataFrame:
    texts = {
        "protocol": "protocol", "comment": "series description",
        "study_description": "study description", "target_region": "body part",
    }  # fmt: skip
    # The series description is no comment of a report: it only helps to find the region.
    return regions_of(events, texts).with_columns(
        comment=pl.lit(None, pl.String), target_region=pl.lit(None, pl.String)
    )
