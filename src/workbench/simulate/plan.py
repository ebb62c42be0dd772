"""What a simulated CT study consists of, before any DICOM is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.simulate.identifiers import derived_uid

if TYPE_CHECKING:
    from workbench.simulate.invented_patients import Patient
    from workbench.simulate.technique import Technique

MULTIPLANAR_IMAGES = 8


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One irradiation event: a topogram, a scan, or one place watched for contrast.

    Attributes
    ----------
    number
        Position in the study from 1; AcquisitionNumber where the maker counts so.
    name
        Acquisition protocol as the operator sees it.
    start_mm
        Place of the first slice on the patient's long axis; the table goes towards the feet.
    delay_s
        Start after the beginning of the study.
    """

    number: int
    name: str
    region: str
    technique: Technique
    start_mm: float
    delay_s: int
    contrast: bool = False


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """One series of images from a scan; ``multiplanar`` ones are derived, coronal."""

    number: int
    scan: Scan
    thickness_mm: float
    increment_mm: float
    kernel: str
    label: str
    field_of_view_mm: float
    multiplanar: bool = False

    @property
    def slices(self) -> int:
        """Number of images."""
        technique = self.scan.technique
        if self.multiplanar:
            return MULTIPLANAR_IMAGES
        if technique.localizer or technique.acquisition == "STATIONARY":
            return technique.rotations
        return round(technique.scan_length_mm / self.increment_mm)


@dataclass(frozen=True, kw_only=True)
class Study:
    """A CT study of one patient.

    ``report`` is ``rdsr``, ``cumulative`` or ``none``; ``screen`` says whether a dose screen is
    stored; ``blemishes`` are words of ``cases.BLEMISHES``.
    """

    seed: int
    number: int
    patient: Patient
    maker: str
    language: str
    description: str
    protocol: str
    started_at: dt.datetime
    scans: tuple[Scan, ...]
    reconstructions: tuple[Reconstruction, ...]
    report: str
    screen: bool
    blemishes: frozenset[str] = frozenset()

    def uid(self, *parts: object) -> str:
        """Return the UID of a part of this study; without parts its StudyInstanceUID."""
        return derived_uid(self.seed, "study", self.number, *parts)

    def event_uid(self, scan: Scan) -> str:
        """Return the irradiation event UID of a scan."""
        return self.uid("event", scan.number)

    def moment(self, scan: Scan, later_s: float = 0.0) -> dt.datetime:
        """Return when a scan started, plus some seconds."""
        return self.started_at + dt.timedelta(seconds=scan.delay_s + later_s)

    def localizers(self) -> tuple[Scan, ...]:
        """Return the topograms."""
        return tuple(scan for scan in self.scans if scan.technique.localizer)
