"""When an irradiation event began, in the one zone of its study.

Objects of one study may speak of different zones (a report in UTC beside local images): all are
brought to local time of the equipment before any two are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import polars as pl

from workbench.dicom.values import (
    FAULTS,
    Moment,
    in_zone,
    parse_moment,
    written_moment,
)
from workbench.mapping.quantities import Reading
from workbench.model import Finding

STUDY = ("patient", "StudyInstanceUID")
OWN, ZONE = "utc_offset_minutes", "study_utc_offset_minutes"
START_ABSENT = ("start_absent", ("none is told", "note"))
# Flags of events whose start is no moment to compare.
NOT_OF_EVENT, ZONE_UNKNOWN = "start_not_of_event", "start_in_unknown_zone"


def with_study_zone(instances: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Return instances with ``started_at`` in their study's zone, that zone, and findings.

    The zone is that which most images tell; objects that tell none are local (PS3.3 C.12.1.1.8).
    Where no image tells one it is that of the reports, unless that is UTC itself: a report in UTC
    beside images in local time is not told from a hospital on that meridian.
    """
    image = (pl.col("Modality") != "SR").fill_null(True)
    telling = pl.col("images").filter(pl.col(OWN).is_not_null()).sum() > 0
    offsets = (
        instances.group_by(*STUDY, OWN)
        .agg(images=image.sum(), objects=pl.len())
        .sort("images", "objects", OWN, descending=[True, True, False], nulls_last=True)
    )
    zones = offsets.group_by(STUDY, maintain_order=True).agg(
        pl.col(OWN).drop_nulls().first().alias(ZONE),
        several=pl.col(OWN).drop_nulls().len() > 1,
        silent=(pl.col("images").sum() > 0) & ~telling,
    )
    in_doubt = pl.col("silent") & (pl.col(ZONE) == 0)
    zones = zones.with_columns(pl.when(~in_doubt.fill_null(False)).then(ZONE).alias(ZONE))
    joined = instances.join(zones, on=STUDY, how="left", nulls_equal=True, maintain_order="left")
    later = pl.duration(minutes=pl.col(ZONE) - pl.col(OWN)).fill_null(timedelta())
    findings = [
        Finding("mapping", "several_zones", "objects of the study tell different offsets from "
                "UTC; times are those of the zone of most images", severity="note",
                column="started_at", study=uid)
        for uid in zones.filter("several")["StudyInstanceUID"].sort().to_list()
    ]  # fmt: skip
    local = joined.with_columns(started_at=pl.col("started_at") + later)
    return local.drop("several", "silent"), findings


class EventStart(NamedTuple):
    """Start of an event, or the nearest moment before it, and the flags of what it is not."""

    at: datetime | None
    flags: tuple[str, ...] = ()


def event_start(
    text: str | None, instance: Mapping[str, Any], reading: Reading, report: str | None = None
) -> EventStart:
    """Return when an event began by a DT text of its own, else by the report's, else its study.

    A start that is not told, or in a zone that cannot be compared, is a finding and a flag.
    """
    moment = parse_moment(text or "")
    if moment.at is None:
        code, (detail, severity) = (
            START_ABSENT if not moment.fault else (moment.fault, FAULTS[moment.fault])
        )
        reading.findings.append(
            Finding("mapping", code, f"start of an event: {detail}", severity, "started_at")
        )
        begun = _local(parse_moment(report or ""), instance) or instance["started_at"]
        return EventStart(begun, (NOT_OF_EVENT,))
    at = _local(moment, instance)
    if at is not None:
        return EventStart(at)
    reading.refuse("zone_unknown", "a start is told with an offset from UTC, and no object of the "
                   "study tells its zone: it is compared with no other time",
                   "started_at")  # fmt: skip
    return EventStart(moment.at, (ZONE_UNKNOWN,))


def local_text(text: str | None, instance: Mapping[str, Any]) -> str | None:
    """Return a DT text as local time of the study; as it is where that is not known or is it."""
    moment = parse_moment(text or "")
    at = _local(moment, instance)
    return text if at is None or moment == Moment(at) else written_moment(at)


def _local(moment: Moment, instance: Mapping[str, Any]) -> datetime | None:
    own, zone = (
        None if instance[name] is None else timedelta(minutes=instance[name])
        for name in (OWN, ZONE)
    )
    return in_zone(moment, own, zone)


def comparable(event: Mapping[str, Any]) -> bool:
    """Whether an event's ``started_at`` is its own, in the zone of its study."""
    return event["started_at"] is not None and not (
        {NOT_OF_EVENT, ZONE_UNKNOWN} & set(event["flags"] or ())
    )
