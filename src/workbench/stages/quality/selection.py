"""What a person or a peer offers to be measured: series of images, and the profiles they fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom import Dataset

from workbench.dicom.files import Candidate, candidates
from workbench.dicom.jsonmodel import tag_key
from workbench.dicom.values import MOMENTS, start_of
from workbench.errors import ReadError
from workbench.qa.constraints import Constraint
from workbench.qa.profiles import TestProfile
from workbench.stages.run_record import Progress, no_progress

# What lists and results say of the machine; nothing of a patient is among it.
EQUIPMENT = (
    "Modality", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "StationName",
    "SoftwareVersions",
)  # fmt: skip


@dataclass(frozen=True)
class Offered:
    """One image file that was found; ``header`` is without pixels."""

    source: Candidate
    header: Dataset

    @property
    def moment(self) -> datetime | None:
        """When it was acquired, local time."""
        return start_of({
            tag_key(keyword): {"Value": [str(self.header.get(keyword) or "")]}
            for keyword in MOMENTS
        }).at  # fmt: skip


@dataclass(frozen=True)
class PhantomSeries:
    """Images of one series, in the order of slices.

    Attributes
    ----------
    images
        At least one.
    profiles
        Test profiles whose ``select`` fits the first image.
    """

    images: tuple[Offered, ...]
    profiles: tuple[TestProfile, ...] = ()

    @property
    def header(self) -> Dataset:
        """Header of the first image."""
        return self.images[0].header

    @property
    def equipment(self) -> dict[str, str]:
        """What the header says of the machine."""
        return equipment(self.header)

    def choices(self, number: int, most: int) -> Iterator[tuple[Offered, ...]]:
        """Yield so many neighbouring images, from the middle outwards; all, when they are fewer."""
        if len(self.images) <= number:
            yield self.images
            return
        middle = (len(self.images) - number) // 2
        starts = sorted(range(len(self.images) - number + 1), key=lambda start: abs(start - middle))
        for start in starts[:most]:
            yield self.images[start : start + number]


@dataclass(frozen=True)
class Selection:
    """What was found in the places named.

    ``left`` counts what is no image, by reason; ``faults`` says of files what is wrong with them.
    """

    series: tuple[PhantomSeries, ...]
    left: dict[str, int]
    faults: Mapping[Path, ReadError] = field(default_factory=dict)


def select(
    paths: Iterable[Path], profiles: Sequence[TestProfile], progress: Progress = no_progress
) -> Selection:
    """Find the images in files, folders, DICOMDIRs and zip archives, by series.

    Nothing found is passed over: what is no image is counted by the code of its reason.
    """
    by_series: dict[str, list[Offered]] = {}
    left: dict[str, int] = {}
    faults: dict[Path, ReadError] = {}
    for number, source in enumerate(candidates(paths), 1):
        try:
            header = source.read().dataset
        except ReadError as error:
            left[error.code] = left.get(error.code, 0) + 1
            faults[source.path] = error
            continue
        if "Rows" not in header:
            left["no_image"] = left.get("no_image", 0) + 1
            continue
        by_series.setdefault(str(header.get("SeriesInstanceUID", "")), []).append(
            Offered(source, header)
        )
        progress(number, None, "reading headers")
    return Selection(
        tuple(offered(images, profiles) for images in by_series.values()),
        dict(sorted(left.items())),
        faults,
    )


def offered(images: Sequence[Offered], profiles: Sequence[TestProfile]) -> PhantomSeries:
    """Return images as a series in the order of slices, with the profiles that select it."""
    ordered = tuple(sorted(images, key=lambda image: place(image.header)))
    fitting = tuple(profile for profile in profiles if fits(profile.select, ordered[0].header))
    return PhantomSeries(ordered, fitting)


def fits(constraints: Any, header: Dataset) -> bool:
    """Say whether a header meets all constraints by keyword."""
    return all(_meets(constraint, header.get(name)) for name, constraint in constraints.items())


def _meets(constraint: Constraint, value: object) -> bool:
    return value not in (None, "") and constraint.met(value)


def equipment(header: Dataset) -> dict[str, str]:
    """Return what a header says of the machine."""
    return {
        keyword: str(header.get(keyword) or "").strip()
        for keyword in EQUIPMENT if header.get(keyword)
    }  # fmt: skip


def place(header: Dataset) -> tuple[float, float]:
    """Return where an image stands in its series: along the normal of the slice, then by number.

    The normal is the cross product of the image's two directions (PS3.3 C.7.6.2.1.1).
    """
    number = _number(header.get("InstanceNumber"))
    at, along = header.get("ImagePositionPatient"), header.get("ImageOrientationPatient")
    try:
        x, y, z = (float(coordinate) for coordinate in at)
        a, b, c, d, e, f = (float(cosine) for cosine in along)
    except (TypeError, ValueError):
        return _number(header.get("SliceLocation")), number
    return x * (b * f - c * e) + y * (c * d - a * f) + z * (a * e - b * d), number


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0
