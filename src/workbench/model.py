"""The nouns of the field, as values.

Roles, states and verdicts are words that appear in tables and on screens; they are spelled
here once.  Nothing in this file reads a file or a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


class EventSource(StrEnum):
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
