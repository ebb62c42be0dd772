"""The physics of a simulated CT scan: dose index, exposed length, tube current modulation.

One rule covers every scan with a moving table.  A point of the patient stays in the beam for
collimation / table speed, so the effective tube current-time product is
``mA x collimation / table speed``; in a spiral this is the familiar mA x rotation time / pitch
(PMC2736703).  Then

* CTDIvol = CTDIw per 100 mAs x effective mAs / 100 (French decree of 24 October 2011, annex 1),
* DLP = CTDIvol x exposed length (PMC3473380: within 3 % in eight measured scans),
* exposed length of a spiral = scan length + overranging, overranging = a + b x pitch x collimation.

Lengths are in mm, times in s, currents in mA, doses in mGy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

KILOVOLTAGE_EXPONENT = 2.95
"""CTDIw grows with kV to this power: 3.936 and 6.735 mGy per 100 mAs at 100 and 120 kV, 32 cm,
read in two image headers of one scanner model (public test files of Orthanc and pydicom)."""

REFERENCE_KV = 120.0

OVERRANGING_CONSTANT_MM = 0.7
OVERRANGING_PER_ADVANCE = 0.575
"""Fitted to the two spiral events of one public GE report (OpenREM's CT-ESR-GE_VCT.dcm: 22.9 mm
at an advance of 38.75 mm a rotation, 32.3 mm at 55 mm); the simulation uses it for all makers."""

MODULATION_DEPTH = 0.25
"""Relative amplitude of the simulated tube current modulation along z (a choice)."""


@dataclass(frozen=True, kw_only=True)
class Technique:
    """What the scanner did in one irradiation event.

    Attributes
    ----------
    acquisition
        ``SPIRAL``, ``SEQUENCED``, ``STATIONARY`` or ``CONSTANT_ANGLE`` (AcquisitionType).
    kvp_kv, mean_current_ma, rotation_time_s
        Tube voltage, tube current averaged over the scan, time of one rotation.
    ctdi_w_mgy
        CTDIw per 100 mAs at 120 kV in the phantom ``ctdi_phantom_cm``.
    advance_mm
        Table travel a rotation (spiral, sequenced), or a second (constant angle); 0 if stationary.
    rotations
        Rotations at one place, for stationary scans.
    """

    acquisition: str
    kvp_kv: float
    mean_current_ma: float
    rotation_time_s: float
    ctdi_w_mgy: float
    ctdi_phantom_cm: int
    single_collimation_mm: float
    total_collimation_mm: float
    advance_mm: float
    scan_length_mm: float
    modulated: bool = False
    rotations: int = 1

    @property
    def pitch(self) -> float | None:
        """Table travel a rotation over collimation; only a spiral has one."""
        return self.advance_mm / self.total_collimation_mm if self.spiral else None

    @property
    def spiral(self) -> bool:
        """Whether the table moved while the tube turned."""
        return self.acquisition == "SPIRAL"

    @property
    def localizer(self) -> bool:
        """Whether the tube stood still while the table moved."""
        return self.acquisition == "CONSTANT_ANGLE"

    @property
    def table_speed_mm_s(self) -> float:
        """Table speed while irradiating."""
        return self.advance_mm if self.localizer else self.advance_mm / self.rotation_time_s

    @property
    def effective_mas(self) -> float:
        """Tube current-time product that a point of the patient sees."""
        if self.acquisition == "STATIONARY":
            return self.mean_current_ma * self.rotation_time_s * self.rotations
        return self.mean_current_ma * self.total_collimation_mm / self.table_speed_mm_s

    @property
    def ctdi_vol_mgy(self) -> float:
        """Volume CT dose index, mean over the scan."""
        voltage: float = (self.kvp_kv / REFERENCE_KV) ** KILOVOLTAGE_EXPONENT
        return self.ctdi_w_mgy * voltage * self.effective_mas / 100

    @property
    def exposed_length_mm(self) -> float:
        """Length that was irradiated."""
        if self.spiral:
            return (
                self.scan_length_mm
                + OVERRANGING_CONSTANT_MM
                + (OVERRANGING_PER_ADVANCE * self.advance_mm)
            )
        if self.acquisition == "SEQUENCED":
            return math.ceil(self.scan_length_mm / self.advance_mm) * self.total_collimation_mm
        return (
            self.total_collimation_mm if self.acquisition == "STATIONARY" else self.scan_length_mm
        )

    @property
    def dlp_mgy_cm(self) -> float:
        """Dose length product."""
        return self.ctdi_vol_mgy * self.exposed_length_mm / 10

    @property
    def exposure_time_s(self) -> float:
        """Total time of irradiation."""
        if self.acquisition == "STATIONARY":
            return self.rotation_time_s * self.rotations
        if self.acquisition == "SEQUENCED":
            return self.rotation_time_s * self.exposed_length_mm / self.total_collimation_mm
        return self.exposed_length_mm / self.table_speed_mm_s

    @property
    def maximum_current_ma(self) -> float:
        """Largest tube current of the scan."""
        return self.mean_current_ma * (1 + MODULATION_DEPTH * self.modulated)

    def current_ma(self, fraction: float) -> float:
        """Return the tube current at a place given as fraction of the scan length.

        Its mean over the scan is ``mean_current_ma``, whatever the number of slices.
        """
        wave = math.sin(2 * math.pi * fraction) if self.modulated else 0.0
        return self.mean_current_ma * (1 + MODULATION_DEPTH * wave)
