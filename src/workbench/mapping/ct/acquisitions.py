"""Which groups of slices show the same acquisition.

A *part* is the share of one series in one acquisition: a series is cut by Irradiation Event
UID, spiral series also by Acquisition Number, localizers by number and time.  In step-and-
shoot series the acquisition number counts rotations, so it does not cut.  Where positions
come twice, ``repeats`` cuts further or marks the part.  Parts of several series that show one
acquisition are one irradiation event: a scan is counted once, however often it was
reconstructed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import combinations
from typing import Any

import polars as pl

from workbench.mapping.ct.repeats import with_repeats
from workbench.mapping.ct.series import facts_of
from workbench.mapping.ct.slice_positions import AXIAL
from workbench.mapping.ct.summary import summarise
from workbench.mapping.ct.technique import with_technique

Part = Mapping[str, Any]
TOLERANCE = timedelta(seconds=2)  # reconstructions repeat the time, some rounded to seconds
VOLTAGE_KV = 1.0  # headers hold whole kilovolts; half of the smallest step between settings
# Columns of the instance table that are nothing to an acquisition.
UNREAD = (
    "header", "content_sha256", "profile_sha256", "key_fingerprint", "source", "received_at",
    "PixelSpacing", "FocalSpots", "ImageOrientationPatient",
)  # fmt: skip
OVERLAP = 0.5  # share of the shorter range two reconstructions without times must have in common


@dataclass(frozen=True)
class Acquisition:
    """Parts that show one acquisition; ``best`` is the one to read values from."""

    parts: tuple[Part, ...]
    uid: str | None

    @property
    def best(self) -> Part:
        """Original before derived, the longest span, most slices, lowest series number.

        Span is first to last slice position without an increment, so that neither a thick nor
        a shorter reconstruction of the same scan replaces the scan.
        """
        return self.ranked[0]

    @property
    def localizer(self) -> bool:
        """Whether these are localizers."""
        return bool(self.parts[0]["kind"] == "localizer")

    @property
    def derived(self) -> bool:
        """Whether no original image is among them."""
        return all(part["kind"] == "derived" for part in self.parts)

    @property
    def repeated(self) -> bool:
        """Whether it is unknown how often the range was irradiated.

        A part shows positions twice; or two series without times are alike in range, kernel
        and thickness, which is more like a second scan than a second reconstruction.
        """
        if any(part["repeated"] for part in self.parts):
            return True
        originals = [part for part in self.parts if part["kind"] == "image"]
        return self.uid is None and any(_alike(a, b) for a, b in combinations(originals, 2))

    def first(self, name: str) -> Any:
        """Return a value of the best part, else of the next that has it."""
        part = self.telling(name)
        return None if part is None else part[name]

    def telling(self, name: str) -> Part | None:
        """Return the best part, or the next best, that has a value."""
        return next((part for part in self.ranked if part[name] is not None), None)

    @cached_property
    def ranked(self) -> list[Part]:
        """The parts, the best first."""
        return sorted(self.parts, key=_preference)


def _preference(part: Part) -> tuple[object, ...]:
    number = part["SeriesNumber"]
    return (
        part["kind"] == "derived",
        -round(part["span_mm"] or 0.0, 1),
        -(part["positions"] or 0),
        number is None,
        number or 0,
        part["SeriesInstanceUID"],
        part["part"],
    )


def parts(instances: pl.DataFrame) -> pl.DataFrame:
    """Return one row a part, summarised; images and localizers only."""
    kept = instances.drop(UNREAD, strict=False)  # what slices are cut and joined with costs time
    slices = kept.filter(pl.col("kind").is_in(["image", "derived", "localizer"]))
    number = pl.col("AcquisitionNumber").cast(pl.String)
    localizer = pl.col("kind") == "localizer"
    cut = (
        pl.when(pl.col("IrradiationEventUID").is_not_null())
        .then(pl.lit(""))
        .when(localizer)
        .then(pl.concat_str(number, pl.col("started_at").cast(pl.String), separator="@",
                            ignore_nulls=True))
        .when("spiral")
        .then(number.fill_null(""))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    slices = slices.with_columns(
        part=pl.concat_str(
            "series_key", "kind", pl.col("IrradiationEventUID").fill_null(""), cut,
            separator="|",
        )
    )  # fmt: skip
    slices = with_repeats(slices)
    identity = slices.group_by("part", maintain_order=True).agg(
        pl.col("series_key").first(),
        pl.col("kind").first(),
        pl.col("IrradiationEventUID").first(),
        pl.col("repeated").any(),
        first_mm=pl.col("position_mm").min(),
        last_mm=pl.col("position_mm").max(),
    )
    summary = summarise(slices, "part").join(identity, on="part", maintain_order="left")
    joined = summary.join(facts_of(slices), on="series_key", how="left", maintain_order="left")
    return with_technique(joined)


def acquisitions(parts: pl.DataFrame) -> list[Acquisition]:
    """Group the parts of each study; the order of rows does not matter."""
    ordered = parts.sort("patient", "StudyInstanceUID", "part", nulls_last=True)
    groups: list[Acquisition] = []
    for _, study in ordered.group_by("patient", "StudyInstanceUID", maintain_order=True):
        groups += _grouped(study.to_dicts())
    return groups


def _grouped(rows: list[dict[str, Any]]) -> Iterator[Acquisition]:
    groups: list[list[Part]] = [[row] for row in rows]
    for a, b in combinations(rows, 2):
        if not same_acquisition(a, b):
            continue
        left, right = (next(g for g in groups if any(p is x for p in g)) for x in (a, b))
        if left is not right and len(_uids(left) | _uids(right)) <= 1:
            left += right
            groups = [group for group in groups if group is not right]
    for group in groups:
        yield Acquisition(tuple(group), next(iter(_uids(group)), None))


def _uids(group: list[Part]) -> set[str]:
    return {part["IrradiationEventUID"] for part in group if part["IrradiationEventUID"]}


def same_acquisition(a: Part, b: Part) -> bool:
    """Say whether two parts of a study show one acquisition.

    The Irradiation Event UID decides where both have one.  Otherwise all of these must hold:
    both localizers or neither; one kV; a common Acquisition Number, or none given; and either
    overlapping acquisition times, or, where a header lacks them, overlapping slice positions.
    """
    if (a["kind"] == "localizer") != (b["kind"] == "localizer"):
        return False
    if a["IrradiationEventUID"] and b["IrradiationEventUID"]:
        return bool(a["IrradiationEventUID"] == b["IrradiationEventUID"])
    if _far(a["kvp_kv"], b["kvp_kv"], VOLTAGE_KV):
        return False
    numbers = set(a["AcquisitionNumbers"] or ()), set(b["AcquisitionNumbers"] or ())
    if all(numbers) and not numbers[0] & numbers[1]:
        return False
    if a["timed"] and b["timed"] and a["started_at"] and b["started_at"]:
        return _times_overlap(a, b)
    return all(numbers) and _positions_overlap(a, b)


def _far(a: float | None, b: float | None, limit: float) -> bool:
    return a is not None and b is not None and abs(a - b) > limit


def _times_overlap(a: Part, b: Part) -> bool:
    begin: datetime = max(a["started_at"], b["started_at"])
    end: datetime = min(a["ended_at"], b["ended_at"])
    return begin - end <= TOLERANCE


def _positions_overlap(a: Part, b: Part) -> bool:
    if any(part["first_mm"] is None or (part["normal_z"] or 0) < AXIAL for part in (a, b)):
        return False
    begin, end = max(a["first_mm"], b["first_mm"]), min(a["last_mm"], b["last_mm"])
    shorter = min(part["last_mm"] - part["first_mm"] for part in (a, b))
    return bool(end - begin >= OVERLAP * shorter)


def _alike(a: Part, b: Part) -> bool:
    if a["timed"] and b["timed"]:
        return False
    same = ("ConvolutionKernel", "slice_thickness_mm", "slice_increment_mm")
    return all(a[name] == b[name] for name in same) and _positions_overlap(a, b)
