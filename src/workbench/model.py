"""The nouns of the field, as values.

Roles, states and verdicts are words that appear in tables and on screens; they are spelled
here once.  Nothing in this file reads a file or a socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

# PS3.16 CID 4052: the phantoms for which CTDI is defined, by diameter in cm; code, scheme, meaning.
CTDI_PHANTOMS = MappingProxyType({
    16: ("113690", "DCM", "IEC Head Dosimetry Phantom"),
    32: ("113691", "DCM", "IEC Body Dosimetry Phantom"),
})  # fmt: skip
CTDI_PHANTOM_CM = MappingProxyType({code: size for size, (code, _, _) in CTDI_PHANTOMS.items()})


class SeriesRole(StrEnum):
    """What a series is to a dose study, in the words users see (PerMoS' type mapper)."""

    ACQUISITION = "SCAN"
    LOCALIZER = "TOPOGRAM"
    RECONSTRUCTION = "RECONSTRUCTION"
    DOSE_REPORT = "DOSEINFO"
    OTHER = "OTHER"


class MappingState(StrEnum):
    """How far the mapping of a series came."""

    MAPPED = "MAPPED"
    INCOMPLETE = "INCOMPLETE"
    UNUSED = "UNUSED"


class Verdict(StrEnum):
    """What became of a file or object; each gets exactly one."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


class DoseSource(StrEnum):
    """Where an irradiation event's dose was read, in the order of trust (docs/dose.md)."""

    RDSR = "rdsr"
    DOSE_SEQUENCE = "dose_sequence"
    HEADER = "header"
    DOSE_SCREEN = "dose_screen"
    TECHNIQUE = "technique"


@dataclass(frozen=True)
class ApplicationEntity:
    """A DICOM peer: its AE title, address and port."""

    title: str
    host: str = "127.0.0.1"
    port: int = 11112

    def __str__(self) -> str:
        return f"{self.title}@{self.host}:{self.port}"


@dataclass(frozen=True)
class Finding:
    """Something a person should know; becomes a row of ``schema.FINDING``.

    ``detail`` never holds an identifying value.
    """

    stage: str
    code: str
    detail: str
    severity: str = "warning"
    column: str | None = None
    object_number: int | None = None
    study: str | None = None
    series: str | None = None
    event: str | None = None

    def row(self) -> dict[str, object]:
        """Return the row of the finding table."""
        return {
            "stage": self.stage, "code": self.code, "severity": self.severity,
            "object_number": self.object_number, "StudyInstanceUID": self.study,
            "SeriesInstanceUID": self.series, "irradiation_event_uid": self.event,
            "column": self.column, "detail": self.detail,
        }  # fmt: skip


@dataclass(frozen=True)
class Region:
    """What a number was read from, in pixels of an image; (0, 0) is the centre of the first pixel.

    Attributes
    ----------
    kind
        ``circle``, ``ellipse``, ``rectangle``, ``line``, ``polygon`` or ``point``.
    points
        (row, column) of: the centre (circle, ellipse, rectangle), both ends (line), the corners
        (polygon), the point itself.
    size
        In pixels: (radius,) of a circle, (row radius, column radius) of an ellipse,
        (height, width) of a rectangle.
    angle
        Degrees clockwise as seen on the screen, about the centre (ellipse, rectangle).
    label
        Short, for people: ``centre``.
    role
        ``signal``, ``background``, ``phantom`` or ``mark``.
    image
        Which of the measured images, from 0.
    """

    kind: str
    points: tuple[tuple[float, float], ...]
    size: tuple[float, ...] = ()
    angle: float = 0.0
    label: str = ""
    role: str = "signal"
    image: int = 0

    def row(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {
            **asdict(self), "points": [list(point) for point in self.points],
            "size": list(self.size),
        }  # fmt: skip

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Region:
        """Return the region that ``row`` was made of."""
        points = tuple((float(point[0]), float(point[1])) for point in row["points"])
        return cls(**{**row, "points": points, "size": tuple(row["size"])})


@dataclass(frozen=True)
class Measurement:
    """A value measured in an image.

    Attributes
    ----------
    name
        Fixed key in tables: ``mean_ct_number``.
    value
        ``None``: it could not be measured; ``reason`` says why.
    unit
        UCUM code: ``[hnsf'U]`` for Hounsfield units, ``mm``, ``%``, ``1``.
    regions
        What it was read from.
    label
        Name for people.
    uncertainty
        Standard uncertainty in ``unit``, where it is known.
    reason
        Why there is no value.
    """

    name: str
    value: float | None
    unit: str
    regions: tuple[Region, ...] = ()
    label: str = ""
    uncertainty: float | None = None
    reason: str = ""
