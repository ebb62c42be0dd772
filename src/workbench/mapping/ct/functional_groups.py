"""Frames of multi-frame CT images as rows: what a slice of a single-frame image would say.

Values that all frames share stand in the Shared Functional Groups Sequence (5200,9229), others in
the Per-Frame Functional Groups Sequence (5200,9230), each in the sequence of its macro (PS3.3
C.7.6.16, C.8.15.3; CT: CT Exposure, CT X-Ray Details, CT Acquisition Details, CT Table Dynamics,
CT Reconstruction, Plane Position, Frame Content).  A frame's own value counts before a shared one,
and that before one at the top of the object.  Images that were converted from single frames keep
the rest in the Unassigned Converted Attributes Sequences (PS3.3 C.7.6.16.2.25).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
from pydicom.datadict import tag_for_keyword

from workbench.dicom.jsonmodel import Item, items, tag_key
from workbench.dicom.record import COPIED, typed
from workbench.mapping.content_tree import parse_header
from workbench.model import Finding

# Enhanced CT and Legacy Converted Enhanced CT Image Storage (PS3.4 B.5).
MULTI_FRAME = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
# Attributes of the enhanced image that say what another one says of a single frame.
SAME_AS = {
    "ExposureTimeInms": "ExposureTime",
    "XRayTubeCurrentInmA": "XRayTubeCurrent",
    "ExposureInmAs": "Exposure",
    "FrameType": "ImageType",
    "FrameAcquisitionNumber": "AcquisitionNumber",
}
ALIASES = {tag_key(theirs): tag_key(ours) for theirs, ours in SAME_AS.items()}
BY_TAG = {f"{tag_for_keyword(column.name):08X}": column for column in COPIED}
# What tells one object from another stays the object's, whatever its frames refer to.
OBJECT = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality")
ADDITIONAL_SOURCES = tag_key("CTAdditionalXRaySourceSequence")
OWN = frozenset(tag_key(name) for name in (*OBJECT, "NumberOfFrames"))


def with_frames(instances: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Return instances with a row a frame in the place of each multi-frame image, and findings.

    Each row keeps the whole header; ``frame`` is 1 on the first row of each object.  An image
    without functional groups stays one row.
    """
    instances = instances.with_columns(frame=pl.lit(1, pl.Int64))
    multi = pl.col("SOPClassUID").is_in(MULTI_FRAME).fill_null(False) & ~pl.col("foreign")
    if not instances.select(multi.any()).item():
        return instances, []
    placed = instances.with_row_index("place")
    images = placed.filter(multi)
    rows: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for image in images.iter_rows(named=True):
        frames, problems = frames_of(parse_header(image["header"]), image)
        rows += [image | frame for frame in frames]
        findings += problems
    expanded = pl.DataFrame(rows, schema=images.schema, orient="row", strict=False)
    together = pl.concat([placed.filter(~multi), expanded])
    return together.sort("place", maintain_order=True).drop("place"), findings


def frames_of(header: Item, image: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Finding]]:
    """Return, for each frame, the columns of the instance table that functional groups fill.

    ``image`` is the object's own row: for the places of findings.
    """
    place = {"object_number": image["object_number"], "study": image["StudyInstanceUID"],
             "series": image["SeriesInstanceUID"]}  # fmt: skip
    per_frame = items(header, PER_FRAME)
    if not per_frame:
        return [{}], [Finding(
            "mapping", "multi_frame_without_groups", "a multi-frame image holds no functional "
            "groups of its frames: where its slices lie is not known", column=PER_FRAME, **place,
        )]  # fmt: skip
    bad: list[Finding] = []
    shared = [_columns(group, bad) for group in items(header, SHARED)[:1]]
    common = shared[0] if shared else {}
    rows: list[dict[str, Any]] = [
        {"frame": number, "InstanceNumber": number, **common, **_columns(frame, bad)}
        for number, frame in enumerate(per_frame, 1)
    ]
    _place_along_table(rows, image)
    findings = [
        Finding("mapping", "bad_value", "a value of the functional groups is not what its VR "
                "allows and is treated as missing", column=name, **place)
        for name in sorted({finding.column or "" for finding in bad})
    ]  # fmt: skip
    told = image["NumberOfFrames"]
    if told is not None and told != len(rows):
        findings.append(Finding(
            "mapping", "frames_differ", "a multi-frame image announces another number of frames "
            "than it has functional groups", column="NumberOfFrames", **place,
        ))  # fmt: skip
    return rows, findings


def _place_along_table(rows: list[dict[str, Any]], image: dict[str, Any]) -> None:
    """Give frames without an orientation a Slice Location where they differ in z alone.

    Whatever their orientation is, such frames lie behind each other along the table.
    """
    places = [row.get("ImagePositionPatient") for row in rows]
    oriented = image["ImageOrientationPatient"] or any(
        row.get("ImageOrientationPatient") for row in rows
    )
    if oriented or any(place is None or len(place) != 3 for place in places):
        return
    if len({tuple(place[:2]) for place in places if place}) == 1:
        for row in rows:
            row.setdefault("SliceLocation", row["ImagePositionPatient"][2])


def _columns(groups: Item, bad: list[Finding]) -> dict[str, object]:
    """Return the columns that the macros of one item of functional groups fill."""
    flat: Item = {}
    for macro in _macros(groups):
        for tag, element in macro.items():
            ours = ALIASES.get(tag, tag)
            if ours in BY_TAG and ours not in OWN:
                flat.setdefault(ours, element)
    read = {BY_TAG[tag].name: typed(flat, BY_TAG[tag], bad) for tag in flat}
    return {name: value for name, value in read.items() if value is not None}


def _macros(groups: Item) -> Iterator[Item]:
    """Yield the first item of each macro, without those of additional X-ray sources."""
    for tag, element in groups.items():
        if tag != ADDITIONAL_SOURCES:
            yield from _items(element)[:1]


def _items(element: Item) -> list[Item]:
    return [item for item in element.get("Value", ()) if isinstance(item, dict)]


def group_items(header: Item, name: str) -> list[Item]:
    """Return the items of a sequence inside the macros: shared ones, else the first frame's."""
    for keyword in (SHARED, PER_FRAME):
        for groups in items(header, keyword)[:1]:
            for macro in _macros(groups):
                if found := items(macro, name):
                    return found
    return []
