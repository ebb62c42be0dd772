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
from workbench.mapping.ct.slice_positions import AXIAL, GAP, touching_runs
from workbench.mapping.ct.summary import SAME_DOSE, summarise
from workbench.mapping.ct.technique import with_technique

Part = Mapping[str, Any]
TOLERANCE = timedelta(seconds=2)  # reconstructions repeat the time, some rounded to seconds
VOLTAGE_KV = 1.0  # headers hold whole kilovolts; half of the smallest step between settings
SEAM_MM = 10.0  # what a thick reconstruction may reach beyond a thin one: a thick slice
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

    @cached_property
    def best(self) -> Part:
        """Original before derived, the longest span, most slices, lowest series number.

        Span is first to last slice position without an increment, so that neither a thick nor
        a shorter reconstruction of the same scan replaces the scan.
        """
        return self.ranked[0]

    @cached_property
    def ranked(self) -> list[Part]:
        """The parts from the best to the least."""
        return sorted(self.parts, key=_preference)

    @cached_property
    def localizer(self) -> bool:
        """Whether these are localizers."""
        return bool(self.parts[0]["kind"] == "localizer")

    @cached_property
    def derived(self) -> bool:
        """Whether no original image is among them."""
        return all(part["kind"] == "derived" for part in self.parts)

    @cached_property
    def repeated(self) -> bool:
        """Whether it is unknown how often the range was irradiated.

        A part shows positions twice; or two series without times are alike in range, kernel
        and thickness, which is more like a second scan than a second reconstruction.
        """
        if any(part["repeated"] for part in self.parts):
            return True
        originals = [part for part in self.parts if part["kind"] == "image"]
        return self.uid is None and any(_alike(a, b) for a, b in combinations(originals, 2))

    @cached_property
    def shown(self) -> tuple[Part, ...]:
        """Parts whose slices show where the patient was irradiated.

        These are the best one and other original images across the table; what is computed from
        images may reach beyond them.
        """
        best = self.best
        others = (
            part for part in self.parts
            if part is not best and part["kind"] == "image" and best["kind"] == "image"
            and part["scan_length_mm"] and (part["normal_z"] or 0.0) >= AXIAL
        )  # fmt: skip
        return (best, *others)

    @cached_property
    def range_mm(self) -> float | None:
        """What the slices cover along the table, from end to end of all parts.

        Gaps are in it in a spiral of one acquisition, whose tube does not stop; else they are not.
        """
        best = self.best
        if not (best["spiral"] and self.continuous):
            length: float | None = best["scan_length_mm"]
            return length
        if best["first_edge_mm"] is None or not best["scan_length_mm"]:
            return None
        # The best part first: a further reconstruction within its range changes nothing.
        low = min(self.shown, key=lambda part: part["first_mm"])
        high = max(self.shown, key=lambda part: part["last_mm"])
        return float(high["last_edge_mm"] - low["first_edge_mm"])

    @cached_property
    def continuous(self) -> bool:
        """Whether the headers name one acquisition: what lies between its images was exposed."""
        return bool(self.uid) or any(part["AcquisitionNumbers"] for part in self.parts)

    @cached_property
    def runs(self) -> list[tuple[float, float]]:
        """Stacks of touching slices: those of the best part, and of others what lies outside."""
        best, *others = self.shown
        runs = _pairs(best["runs"])
        if not runs:
            return []
        for part in others:
            runs += [run for run in _pairs(part["runs"]) if not _within(run, runs)]
        return runs

    @cached_property
    def extending(self) -> tuple[Part, ...]:
        """Parts beside the best one that show a range which the best one does not."""
        best = self.best
        step = best["slice_increment_mm"] or 0.0
        return tuple(
            part for part in self.shown[1:]
            if part["first_mm"] < best["first_mm"] - step
            or part["last_mm"] > best["last_mm"] + step
        )  # fmt: skip

    @cached_property
    def ctdi_vol_mgy(self) -> float | None:
        """Mean CTDIvol: of the best part, with those that extend it by their length."""
        told = [
            (part["ctdi_vol_mgy"], part["scan_length_mm"])
            for part in (self.best, *self.extending)
            if part["ctdi_vol_mgy"] is not None and part["scan_length_mm"]
        ]
        if len(told) > 1:
            whole = sum(length for _, length in told)
            return float(sum(dose * length for dose, length in told) / whole)
        value: float | None = self.first("ctdi_vol_mgy")
        return value

    @cached_property
    def voltages(self) -> list[float]:
        """Tube voltages of the original images in kV, ascending; of derived ones where alone."""
        originals = [part for part in self.parts if part["kind"] != "derived"]
        return sorted({kv for part in originals or self.parts for kv in part["voltages"] or ()})

    def first(self, name: str) -> Any:
        """Return a value of the best part, else of the next that has it."""
        part = self.telling(name)
        return None if part is None else part[name]

    def telling(self, name: str) -> Part | None:
        """Return the best part, or the next best, that has a value."""
        return next((part for part in self.ranked if part[name] is not None), None)


def _pairs(runs: list[list[float]] | None) -> list[tuple[float, float]]:
    return [(begin, end) for begin, end in runs or ()]


def _within(run: tuple[float, float], runs: list[tuple[float, float]]) -> bool:
    middle = (run[0] + run[1]) / 2
    inside = any(begin <= middle <= end for begin, end in runs)
    longer = max((end - begin for begin, end in runs), default=0.0)
    return inside and run[1] - run[0] <= longer + SEAM_MM


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
    first_number = instances.group_by("series_key").agg(
        series_first_number=pl.col("InstanceNumber").min()
    )
    kept = instances.drop(UNREAD, strict=False)  # what slices are cut and joined with costs time
    slices = kept.filter(pl.col("kind").is_in(["image", "derived", "localizer"]))
    localizer = pl.col("IrradiationEventUID").is_null() & (pl.col("kind") == "localizer")
    time = pl.when(localizer).then(pl.col("started_at").cast(pl.String)).fill_null("")
    slices = slices.with_columns(
        part=pl.concat_str("series_key", "kind", "scan", time, separator="|")
    )
    slices = with_repeats(slices)
    identity = slices.group_by("part", maintain_order=True).agg(
        pl.col("series_key").first(),
        pl.col("kind").first(),
        pl.col("IrradiationEventUID").first(),
        pl.col("repeated").any(),
        pl.col("study_missing").first(),
        exposures=pl.col("started_at").n_unique(),
        first_mm=pl.col("position_mm").min(),
        last_mm=pl.col("position_mm").max(),
    )
    identity = identity.join(first_number, on="series_key", how="left", maintain_order="left")
    summary = summarise(slices, "part").join(identity, on="part", maintain_order="left")
    runs = touching_runs(slices.filter(~pl.col("spiral").fill_null(False)), "part")
    for table in (runs, facts_of(slices, "part")):
        summary = summary.join(table, on="part", how="left", maintain_order="left")
    return with_technique(_own_private_dlp(summary))


def _own_private_dlp(parts: pl.DataFrame) -> pl.DataFrame:
    """Drop private DLPs that are of the whole series: several scans of it tell the same one."""
    dlp = pl.col("private_dlp_mgy_cm")
    scans = ("series_key", "kind")
    shared = (dlp.drop_nulls().len().over(scans) > 1) & (dlp.n_unique().over(scans) == 1)
    # In one phase after another the same range gets the same dose: then it is each scan's own.
    unlike = pl.col("span_mm").round(0).n_unique().over(scans) > 1
    whole = (shared & unlike).fill_null(False)
    return parts.with_columns(
        pl.when(~whole).then(dlp).alias("private_dlp_mgy_cm"), private_dlp_shared=whole
    )


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
    if _far(a["kvp_kv"], b["kvp_kv"], VOLTAGE_KV) and not two_tubes(a, b):
        return False
    numbers = set(a["AcquisitionNumbers"] or ()), set(b["AcquisitionNumbers"] or ())
    if all(numbers) and not numbers[0] & numbers[1]:
        return False
    if a["timed"] and b["timed"] and a["started_at"] and b["started_at"]:
        return _times_overlap(a, b)
    return all(numbers) and (_positions_overlap(a, b) or _touching(a, b))


def two_tubes(a: Part, b: Part) -> bool:
    """Say whether parts of unlike voltage show one exposure with two X-ray energies.

    Nothing scans one range twice at one time: both are of one number, time, range and CTDIvol (each
    tells that of both), or one is computed from the images of both.
    """
    if not (a["timed"] and b["timed"] and a["started_at"] and b["started_at"]):
        return False
    numbers = set(a["AcquisitionNumbers"] or ()) & set(b["AcquisitionNumbers"] or ())
    at_once = abs(a["started_at"] - b["started_at"]) <= TOLERANCE
    if not (numbers and at_once and a["spiral"] and b["spiral"] and _positions_overlap(a, b)):
        return False
    if "derived" in (a["kind"], b["kind"]):
        return True
    doses = a["ctdi_vol_mgy"], b["ctdi_vol_mgy"]
    same_range = max(abs(a[end] - b[end]) for end in ("first_mm", "last_mm")) <= SEAM_MM
    return same_range and (None in doses or abs(doses[0] - doses[1]) <= SAME_DOSE * max(doses))


def _touching(a: Part, b: Part) -> bool:
    """Whether two parts of a spiral without times lie end to end."""
    if not (a["spiral"] and b["spiral"]) or a["ConvolutionKernel"] != b["ConvolutionKernel"]:
        return False
    if any(part["first_mm"] is None or (part["normal_z"] or 0) < AXIAL for part in (a, b)):
        return False
    step = max(part["slice_increment_mm"] or 0.0 for part in (a, b))
    between = max(a["first_mm"], b["first_mm"]) - min(a["last_mm"], b["last_mm"])
    return bool(0 <= between <= GAP * step)


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
