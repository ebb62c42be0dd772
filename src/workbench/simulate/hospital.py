"""A small simulated hospital whose every dose is known.

>>> hospital = simulate_hospital(seed=1, patients=12)
>>> hospital.truth.filter(maker="siemens", localizer=False)["dlp_mgy_cm"]   # doctest: +SKIP

``objects`` yields what its archive holds: CT studies of four makers with topograms, scans,
reconstructions, dose screens and dose reports, some radiographs, the report of a fluoroscopy and
a water phantom.  The same seed gives the same bytes.  docs/simulate.md tells what is modelled on
real headers, what is a choice, and what is left out.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from workbench.simulate.cases import CASES
from workbench.simulate.ct_images import images
from workbench.simulate.phantom import WaterPhantom
from workbench.simulate.projection import Fluoroscopy, FluoroscopyEvent, Radiograph
from workbench.simulate.report_objects import report_objects
from workbench.simulate.screens import dose_screen
from workbench.simulate.studies import plan_study
from workbench.simulate.truth import TRUTH, ct_rows, fluoroscopy_rows, phantom_row, radiograph_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from workbench.simulate.plan import Study

RADIOGRAPH_EVERY, FLUOROSCOPY_EVERY = 4, 12
RADIOGRAPHS = (
    ("CHEST", "chest", {"en": "Chest X-ray", "de": "Thorax bett", "fr": "Radio thorax"}),
    ("ABDOMEN", "abdomen", {"en": "Abdomen X-ray", "de": "Abdomen leer", "fr": "ASP"}),
)
FLUOROSCOPY_EVENTS = (
    FluoroscopyEvent(number=1, delay_s=0, kvp_kv=77, current_ma=95.1, pulses=24,
                     pulse_width_ms=4.2),
    FluoroscopyEvent(number=2, delay_s=240, kvp_kv=74, current_ma=96.9, pulses=300,
                     pulse_width_ms=8.3),
    FluoroscopyEvent(number=3, delay_s=360, kvp_kv=81, current_ma=320.0, pulses=40,
                     pulse_width_ms=12.8, acquisition=True),
)  # fmt: skip


@dataclass(frozen=True)
class Hospital:
    """What the hospital did; make one with :func:`simulate_hospital`."""

    seed: int
    studies: tuple[Study, ...]
    radiographs: tuple[Radiograph, ...]
    fluoroscopies: tuple[Fluoroscopy, ...]
    phantom: WaterPhantom

    @property
    def patient_ids(self) -> tuple[str, ...]:
        """PatientIDs of the patients, in order; the phantom is not among them."""
        return tuple(study.patient.patient_id for study in self.studies)

    def objects(self) -> Iterator[Dataset]:
        """Yield every object of the archive as a complete Part 10 dataset, always the same."""
        for study in self.studies:
            yield from images(study)
            if study.screen:
                yield dose_screen(study)
            yield from report_objects(study)
        for radiograph in self.radiographs:
            yield radiograph.image()
        for fluoroscopy in self.fluoroscopies:
            yield fluoroscopy.report()
        yield from self.phantom.images()

    @cached_property
    def truth(self) -> pl.DataFrame:
        """One row a true irradiation event; the columns are those of ``truth.TRUTH``."""
        rows = [row for study in self.studies for row in ct_rows(study)]
        rows += [radiograph_row(radiograph) for radiograph in self.radiographs]
        rows += [row for fluoroscopy in self.fluoroscopies for row in fluoroscopy_rows(fluoroscopy)]
        rows.append(phantom_row(self.phantom))
        return pl.DataFrame(rows, schema=dict(TRUTH), orient="row")

    def write(self, folder: Path | str) -> list[Path]:
        """Write every object into a folder, one file each; return the files in order."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        files = []
        for number, dataset in enumerate(self.objects()):
            file = target / f"IM{number:05d}.dcm"
            dataset.save_as(file, enforce_file_format=True)
            files.append(file)
        return files


def simulate_hospital(seed: int = 1, patients: int = 12) -> Hospital:
    """Return a simulated hospital.

    Parameters
    ----------
    seed
        Decides names, UIDs, dates, lengths and currents.
    patients
        Number of patients with a CT study; twelve cover every case, more repeat the cases.

    Raises
    ------
    ValueError
        If there is not at least one patient.
    """
    if patients < 1:
        raise ValueError("a hospital has at least one patient")
    studies = tuple(
        plan_study(seed, number, CASES[number % len(CASES)]) for number in range(patients)
    )
    return Hospital(
        seed=seed,
        studies=studies,
        radiographs=tuple(
            _radiograph(seed, number, study)
            for number, study in enumerate(studies[2::RADIOGRAPH_EVERY])
        ),
        fluoroscopies=tuple(
            Fluoroscopy(
                seed=seed, number=number, patient=study.patient,
                started_at=study.started_at + dt.timedelta(hours=2), events=FLUOROSCOPY_EVENTS,
            )
            for number, study in enumerate(studies[6::FLUOROSCOPY_EVERY])
        ),
        phantom=WaterPhantom(seed=seed),
    )  # fmt: skip


def _radiograph(seed: int, number: int, study: Study) -> Radiograph:
    """Return a radiograph taken an hour before the CT; every second one lacks its KVP."""
    body_part, region, names = RADIOGRAPHS[number % len(RADIOGRAPHS)]
    return Radiograph(
        seed=seed, number=number, patient=study.patient,
        taken_at=study.started_at - dt.timedelta(hours=1),
        body_part=body_part, region=region, description=names[study.language],
        kvp_kv=85.0 if study.patient.child else 110.0, current_ma=200.0,
        exposure_time_ms=8.0 + number, kvp_known=number % 2 == 0,
    )  # fmt: skip
