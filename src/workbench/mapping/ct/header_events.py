"""Irradiation events read from image headers: one a scan, one a localizer exposure."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from typing import Any

import polars as pl

from workbench.mapping.body_regions import regions_of
from workbench.mapping.ct.acquisitions import Acquisition, Part, acquisitions, parts
from workbench.mapping.ct.completeness import lacking, selected
from workbench.mapping.ct.exposed_length import ExposedLength, exposed_length
from workbench.mapping.ct.slice_positions import AXIAL
from workbench.mapping.ct.technique_columns import technique_of
from workbench.mapping.event_columns import age_flags, derived_uid, shared_columns
from workbench.mapping.plausible import plausible
from workbench.mapping.rules import Rules
from workbench.model import DoseSource, Finding
from workbench.schema import IRRADIATION_EVENT

MM_PER_CM = 10.0


GAPS_EXPOSED = (
    "slices are missing inside the scan; a spiral does not stop, so the gaps are part of the scan "
    "length"
)
GAPS_LEFT_OUT = (
    "slices are missing inside the scan, or it has several ranges; the gaps are not part of the "
    "scan length"
)
BASIS = "ctdi_vol_times_exposed_length"
# Which series an event is read from and which lengthen it, whether only derived images show it,
# and why it is too little for a dose: for their roles and states.
READ_FROM = {"read_from": pl.String(), "derived_only": pl.Boolean(),
             "lengthened_by": pl.List(pl.String()), "lacking": pl.String()}  # fmt: skip


def header_events(instances: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, list[Finding]]:  # noqa: ARG001
    """Return the events (source ``header``) that images tell of, and findings.

    ``instances`` are those that ``prepared`` returns.  Beside the columns of an irradiation event
    the frame has ``read_from``, the ``series_key`` of the one series an event is read from,
    ``lengthened_by``, those of further ones that show more of its range, ``derived_only``, and
    ``lacking``: why its images are too few for a dose.
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
    read_from: dict[tuple[str, str], tuple[str, bool, list[str], str | None]] = {}
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
        further = sorted({part["series_key"] for part in acquisition.extending})
        read_from[key] = (best["series_key"], acquisition.derived, further, lacking(acquisition))
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
    exposed = _exposed(acquisition)
    dlp, basis = _dose_length_product(acquisition, exposed)
    computed = exposed is not None and basis == BASIS
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
        "ctdi_vol_mgy": acquisition.ctdi_vol_mgy,
        "dlp_mgy_cm": dlp,
        "dlp_basis": basis,
        "scan_length_mm": _length(acquisition),
        "exposed_length_mm": exposed.length_mm if exposed and computed else None,
        "exposed_length_basis": exposed.basis if exposed and computed else None,
        "exposed_length_sd_log": exposed.sd_log if exposed and computed else None,
        **technique_of(acquisition),
        **_voltages(acquisition),
        "flags": sorted([*_flags(acquisition), *age_flags(best)]),
    }  # fmt: skip


def _voltages(acquisition: Acquisition) -> dict[str, Any]:
    """Return the voltage; of several, that of the best part, and all of them as X-ray sources."""
    voltages = acquisition.voltages
    row: dict[str, Any] = {"kvp_kv": acquisition.first("kvp_kv")}
    if len(voltages) > 1:
        row["x_ray_sources"] = json.dumps([{"kvp_kv": voltage} for voltage in voltages])
    return row


def _length(acquisition: Acquisition) -> float | None:
    best = acquisition.best
    if acquisition.localizer or (acquisition.derived and (best["normal_z"] or 0.0) < AXIAL):
        return None  # slices of a reformat do not lie along the table
    return acquisition.range_mm


def _exposed(acquisition: Acquisition) -> ExposedLength | None:
    """Return the exposed length where images tell one and are not too few for it."""
    if acquisition.repeated or lacking(acquisition):
        return None
    return exposed_length(_length(acquisition), acquisition.runs, acquisition.best)


def _dose_length_product(
    acquisition: Acquisition, exposed: ExposedLength | None
) -> tuple[float | None, str | None]:
    """DLP = CTDIvol x L (IEC 60601-2-44), L the exposed length."""
    if (reported := acquisition.first("private_dlp_mgy_cm")) is not None:
        return reported, "reported"
    ctdi_vol = acquisition.ctdi_vol_mgy
    if ctdi_vol is None or exposed is None:
        return None, None
    dlp = ctdi_vol * exposed.length_mm / MM_PER_CM
    return (dlp, BASIS) if plausible("dlp", dlp) else (None, None)


def _event_type(acquisition: Acquisition) -> str:
    if acquisition.localizer:
        return "CONSTANT_ANGLE"
    spiral = acquisition.first("spiral")
    if spiral is None:
        return "unknown"
    return "SPIRAL" if spiral else "STATIONARY" if _stationary(acquisition.best) else "SEQUENCED"


def _stationary(part: Part) -> bool:
    return bool(part["positions"] == 1 and part["slices"] > 1)


def _flags(acquisition: Acquisition) -> list[str]:
    best = acquisition.best
    several = len(acquisition.parts) > 1
    told = {
        "no_irradiation_event_uid": not acquisition.uid,
        "derived_images_only": acquisition.derived,
        "gap_in_slices": best["gaps"],
        "stationary": not acquisition.localizer and _stationary(best),
        "positions_repeated": acquisition.repeated,
        "phantom_unknown": acquisition.first("ctdi_phantom_cm") is None,
        "several_voltages": len(acquisition.voltages) > 1,
        "ctdi_vol_mean_of_slices": best["ctdi_vol_varies"],
        "images_missing": lacking(acquisition) is not None,
        "slices_apart": selected(acquisition),
        "range_of_several_series": acquisition.extending,
        "matched_without_time": several and not all(part["timed"] for part in acquisition.parts),
    }
    return [flag for flag, holds in told.items() if holds]


def _findings(acquisition: Acquisition, uid: str) -> Iterator[Finding]:
    best = acquisition.best
    where: dict[str, Any] = {
        "study": best["StudyInstanceUID"], "series": best["SeriesInstanceUID"], "event": uid
    }  # fmt: skip
    if best["gaps"] and not acquisition.localizer:
        inside = bool(best["spiral"] and acquisition.continuous)
        yield Finding("mapping", "gap_in_slices", GAPS_EXPOSED if inside else GAPS_LEFT_OUT,
                      column="scan_length_mm", **where)  # fmt: skip
    yield from _doubts(acquisition, where)
    if acquisition.repeated:
        times = max(part["exposures"] for part in acquisition.parts)
        yield Finding("mapping", "positions_repeated", "slice positions come more than once, at "
                      f"{times} times in all: how often the range was irradiated is not known, so "
                      "no DLP is computed",
                      severity="note" if _stationary(best) else "warning",
                      column="dlp_mgy_cm", **where)  # fmt: skip
    if acquisition.derived:
        yield Finding("mapping", "derived_only", "only derived images show this scan; the values "
                      "are theirs", **where)  # fmt: skip


def _doubts(acquisition: Acquisition, where: dict[str, Any]) -> Iterator[Finding]:
    """Yield what makes an exposed length, its dose or its voltage doubtful."""
    if reason := lacking(acquisition):
        yield Finding("mapping", "images_missing", f"{reason}; no DLP is computed",
                      column="dlp_mgy_cm", **where)  # fmt: skip
    elif selected(acquisition):
        yield Finding("mapping", "slices_apart", "the slices of a spiral lie farther apart than "
                      "they are thick: some may be missing; what lies between was exposed",
                      column="scan_length_mm", **where)  # fmt: skip
    if len(acquisition.voltages) > 1 and not acquisition.localizer:
        yield Finding("mapping", "several_voltages", "images of one exposure tell several tube "
                      "voltages (dual energy); whether CTDIvol is of one tube or of both depends "
                      "on the maker", column="kvp_kv", **where)  # fmt: skip
    if any(part["private_dlp_shared"] for part in acquisition.parts):
        yield Finding("mapping", "private_dlp_shared", "several scans of a series tell one DLP: it "
                      "is that of all of them and is not used", column="dlp_mgy_cm",
                      **where)  # fmt: skip


def _with_regions(events: pl.DataFrame) -> pl.DataFrame:
    texts = {
        "protocol": "protocol", "comment": "series description",
        "study_description": "study description", "target_region": "body part",
    }  # fmt: skip
    # The series description is no comment of a report: it only helps to find the region.
    return regions_of(events, texts).with_columns(
        comment=pl.lit(None, pl.String), target_region=pl.lit(None, pl.String)
    )
