"""Turning a case into a study: scans with consistent physics, and what is reconstructed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from workbench.simulate.exams import EXAMS, Exam
from workbench.simulate.invented_patients import (
    ADULT_SIZE_M,
    ADULT_WEIGHT_KG,
    Patient,
    invent_patient,
)
from workbench.simulate.makers import MAKERS
from workbench.simulate.plan import Reconstruction, Scan, Study
from workbench.simulate.technique import KILOVOLTAGE_EXPONENT, REFERENCE_KV, Technique

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.simulate.cases import Case
    from workbench.simulate.makers.template import Scanner

FIRST_DAY = dt.date(2024, 1, 8)
CHILD_KV, ADULT_KV = 100.0, 120.0
DOSE_FALLS_WITH_WEIGHT = 0.6
TOPOGRAM_BEYOND_MM = 60.0
STANDARD_SLICE_MM, THIN_SLICE_MM, THICK_SLICE_MM = 5.0, 2.5, 10.0
LONG_SCAN_MM = 180.0
SEQUENCED_COLLIMATION_MM, SEQUENCED_SLICE_MM, SEQUENCED_ROTATION_S = 14.4, 4.8, 1.0
WATCHED_MM, WATCHED_MA = 10.0, 40.0
UNKNOWN_PROTOCOL = "17b"


@dataclass(frozen=True)
class Planner:
    """Makes the study of one case; all that varies comes from ``rng``."""

    case: Case
    patient: Patient

    @property
    def exam(self) -> Exam:
        """The examination."""
        return EXAMS[self.case.exam]

    @property
    def scanner(self) -> Scanner:
        """The scanner."""
        return MAKERS[self.case.maker].scanner

    def names(self) -> tuple[str, str]:
        """Return StudyDescription and the protocol."""
        description, protocol = self.exam.names[self.case.language]
        if "unknown_region" in self.case.blemishes:
            return "CT", UNKNOWN_PROTOCOL
        if self.case.maker == "siemens":
            size = "Child" if self.patient.child else "Adult"
            description = f"{description}^{protocol} ({size})"
        return description, protocol

    def scans(self, rng: Random) -> Iterator[Scan]:
        """Yield topogram, watched places and scans in their order."""
        length = self._length(rng.uniform(0.95, 1.05))
        top = rng.randrange(-200, 200) + 0.5
        protocol = self.names()[1]
        yield Scan(
            number=1, name="Topogram", region=self.exam.region, delay_s=20,
            technique=self._topogram(length + TOPOGRAM_BEYOND_MM),
            start_mm=top + TOPOGRAM_BEYOND_MM / 2,
        )  # fmt: skip
        number = 1
        for contrast in self.exam.phases:
            if contrast and self.exam.watch_contrast and self.case.maker == "siemens":
                for name, rotations in (("PreMonitoring", 1), ("Monitoring", 4)):
                    number += 1
                    yield Scan(
                        number=number, name=name, region=self.exam.region, delay_s=60 * number,
                        technique=self._watched(rotations), start_mm=top - round(length / 3),
                        contrast=rotations > 1,
                    )  # fmt: skip
            number += 1
            yield Scan(
                number=number, name=protocol, region=self.exam.region, delay_s=60 * number,
                technique=self._main(length, rng.uniform(0.85, 1.15)), start_mm=top,
                contrast=contrast,
            )  # fmt: skip

    def _length(self, spread: float) -> float:
        """Scan length in mm: a whole number of slices of every thickness."""
        grown = self.patient.size_m / ADULT_SIZE_M[self.patient.sex]
        length = self.exam.adult_length_mm * spread * grown
        step = SEQUENCED_COLLIMATION_MM if self.case.sequenced else THICK_SLICE_MM
        return round(round(length / step) * step, 3)

    def _phantom(self) -> tuple[int, float]:
        """CTDI phantom in cm and CTDIw in it, mGy per 100 mAs at 120 kV."""
        small = self.exam.head_phantom or (self.patient.child and self.case.child_phantom_cm == 16)
        scanner = self.scanner
        return (16, scanner.head_ctdi_w_mgy) if small else (32, scanner.body_ctdi_w_mgy)

    def _main(self, length: float, spread: float) -> Technique:
        """Technique that gives about the dose of the exam, less for a light patient."""
        scanner, exam = self.scanner, self.exam
        voltage = CHILD_KV if self.patient.child else ADULT_KV
        rotation = SEQUENCED_ROTATION_S if self.case.sequenced else scanner.rotation_time_s
        collimation = scanner.total_collimation_mm
        if self.case.sequenced:
            collimation = SEQUENCED_COLLIMATION_MM
        pitch = 1.0 if self.case.sequenced else exam.pitch
        light = (self.patient.weight_kg / ADULT_WEIGHT_KG[self.patient.sex]) ** (
            DOSE_FALLS_WITH_WEIGHT
        )
        reference = scanner.head_ctdi_w_mgy if exam.head_phantom else scanner.body_ctdi_w_mgy
        per_100_mas = reference * (voltage / REFERENCE_KV) ** KILOVOLTAGE_EXPONENT
        mas = exam.adult_ctdi_vol_mgy * light * spread / per_100_mas * 100
        phantom, ctdi_w = self._phantom()
        return Technique(
            acquisition="SEQUENCED" if self.case.sequenced else "SPIRAL",
            kvp_kv=voltage, mean_current_ma=float(round(mas * pitch / rotation)),
            rotation_time_s=rotation, ctdi_w_mgy=ctdi_w, ctdi_phantom_cm=phantom,
            single_collimation_mm=1.2 if self.case.sequenced else scanner.single_collimation_mm,
            total_collimation_mm=collimation, advance_mm=round(pitch * collimation, 6),
            scan_length_mm=length, modulated=not exam.head_phantom,
        )  # fmt: skip

    def _topogram(self, length: float) -> Technique:
        phantom, ctdi_w = self._phantom()
        mode = self.scanner.localizer
        return Technique(
            acquisition="CONSTANT_ANGLE", kvp_kv=ADULT_KV, mean_current_ma=mode.current_ma,
            rotation_time_s=self.scanner.rotation_time_s, ctdi_w_mgy=ctdi_w,
            ctdi_phantom_cm=phantom, single_collimation_mm=mode.single_mm,
            total_collimation_mm=mode.total_mm, advance_mm=mode.speed_mm_s, scan_length_mm=length,
        )  # fmt: skip

    def _watched(self, rotations: int) -> Technique:
        phantom, ctdi_w = self._phantom()
        return Technique(
            acquisition="STATIONARY", kvp_kv=ADULT_KV, mean_current_ma=WATCHED_MA,
            rotation_time_s=self.scanner.rotation_time_s, ctdi_w_mgy=ctdi_w,
            ctdi_phantom_cm=phantom, single_collimation_mm=WATCHED_MM,
            total_collimation_mm=WATCHED_MM, advance_mm=0.0, scan_length_mm=WATCHED_MM,
            rotations=rotations,
        )  # fmt: skip

    def reconstructions(self, scans: tuple[Scan, ...]) -> Iterator[Reconstruction]:
        """Yield the series of images; the last scan is also reconstructed with other settings."""
        number = 0
        for scan in scans:
            for order, (thickness, kernel, multiplanar) in enumerate(self._settings(scan, scans)):
                number += 1
                position = scan.number * 100 + order + 1 if not scan.technique.localizer else 100
                yield Reconstruction(
                    number=position if self.case.maker == "philips" else number,
                    scan=scan, thickness_mm=thickness, increment_mm=thickness,
                    kernel=kernel, label=self._label(scan, thickness),
                    field_of_view_mm=250.0 if self.exam.head_phantom else 400.0,
                    multiplanar=multiplanar,
                )  # fmt: skip

    def _label(self, scan: Scan, thickness: float) -> str:
        name = "" if "unknown_region" in self.case.blemishes else f"{self.exam.label} "
        if self.case.maker == "siemens":
            watched = scan.technique.localizer or scan.technique.acquisition == "STATIONARY"
            return scan.name if watched else self.names()[1]
        return f"{name}{thickness:g}mm"

    def _settings(self, scan: Scan, scans: tuple[Scan, ...]) -> list[tuple[float, str, bool]]:
        """Return slice thickness, kernel and whether derived, one entry a series."""
        kernels, technique = self.scanner.kernels, scan.technique
        standard, sharp = kernels.head if self.exam.head_phantom else kernels.body
        if technique.localizer:
            return [(1.0, kernels.localizer, False)]
        if technique.acquisition == "STATIONARY":
            return [(WATCHED_MM, standard, False)]
        if technique.acquisition == "SEQUENCED":
            return [(SEQUENCED_SLICE_MM, standard, False)]
        if scan is not scans[-1]:
            return [(THICK_SLICE_MM, standard, False)]
        settings = [(STANDARD_SLICE_MM, standard, False)]
        thickness = THICK_SLICE_MM if technique.scan_length_mm > LONG_SCAN_MM else THIN_SLICE_MM
        settings.append((thickness, sharp, False))
        if self.case.maker == "siemens":
            settings.append((STANDARD_SLICE_MM, standard, True))
        return settings


def plan_study(seed: int, number: int, case: Case) -> Study:
    """Return the study of a case; the same seed and number give the same study."""
    rng = Random(f"{seed}/{number}")
    day = FIRST_DAY + dt.timedelta(days=rng.randrange(300))
    patient = invent_patient(rng, number, case.sex, case.age, day)
    clock = dt.time(rng.randrange(7, 19), rng.randrange(60), rng.randrange(60))
    planner = Planner(case, patient)
    description, protocol = planner.names()
    scans = tuple(planner.scans(rng))
    return Study(
        seed=seed, number=number, patient=patient, maker=case.maker, language=case.language,
        description=description, protocol=protocol,
        started_at=dt.datetime.combine(day, clock), scans=scans,
        reconstructions=tuple(planner.reconstructions(scans)),
        report=case.report, screen=case.screen, blemishes=case.blemishes,
    )  # fmt: skip
