"""The truth table: what every irradiation event of the simulated hospital really was."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl

from workbench.simulate.makers import MAKERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.simulate.invented_patients import Patient
    from workbench.simulate.phantom import WaterPhantom
    from workbench.simulate.plan import Scan, Study
    from workbench.simulate.projection import Fluoroscopy, Radiograph
    from workbench.simulate.technique import Technique

TRUTH: Mapping[str, pl.DataType] = MappingProxyType({
    "patient_id": pl.String(),
    "StudyInstanceUID": pl.String(),
    "SeriesInstanceUIDs": pl.List(pl.String()),
    "irradiation_event_uid": pl.String(),
    "modality": pl.String(),
    "maker": pl.String(),
    "event_type": pl.String(),
    "localizer": pl.Boolean(),
    "body_region": pl.String(),
    "contrast": pl.Boolean(),
    "ctdi_vol_mgy": pl.Float64(),
    "dlp_mgy_cm": pl.Float64(),
    "ctdi_phantom_cm": pl.Int64(),
    "dap_gy_cm2": pl.Float64(),
    "kvp_kv": pl.Float64(),
    "mean_current_ma": pl.Float64(),
    "rotation_time_s": pl.Float64(),
    "exposure_time_s": pl.Float64(),
    "pitch": pl.Float64(),
    "total_collimation_mm": pl.Float64(),
    "scan_length_mm": pl.Float64(),
    "exposed_length_mm": pl.Float64(),
    "patient_age_years": pl.Float64(),
    "patient_sex": pl.String(),
    "dose_in": pl.List(pl.String()),
})  # fmt: skip
"""Columns of the truth; ``dose_in`` names the sources of the archive that tell the event's dose:
``rdsr``, ``dose_sequence``, ``header``, ``dose_screen``.  A UID that no object carries (GE's and
Toshiba's without a report, radiographs') still identifies the event here."""


def ct_rows(study: Study) -> Iterator[dict[str, object]]:
    """Yield the events of a CT study."""
    for scan in study.scans:
        series = [r.number for r in study.reconstructions if r.scan is scan]
        yield (
            _person(study.patient)
            | _technique(scan.technique)
            | {
                "StudyInstanceUID": study.uid(),
                "SeriesInstanceUIDs": [study.uid("series", number) for number in series],
                "irradiation_event_uid": study.event_uid(scan),
                "modality": "CT",
                "maker": study.maker,
                "body_region": scan.region,
                "contrast": scan.contrast,
                "dose_in": list(dose_sources(study, scan)),
            }
        )


def dose_sources(study: Study, scan: Scan) -> Iterator[str]:
    """Yield the sources that tell the dose of a scan, in the order of trust."""
    maker = MAKERS[study.maker]
    is_told = not scan.technique.localizer or maker.style.reports_localizer_dose
    if study.report != "none" and is_told:
        yield "rdsr"
    if study.screen and study.maker == "philips":
        yield "dose_sequence"
    if maker.dose_in_images and is_told:
        yield "header"
    if study.screen and (is_told or study.maker == "philips"):
        yield "dose_screen"


def radiograph_row(radiograph: Radiograph) -> dict[str, object]:
    """Return the event of a radiograph."""
    return _person(radiograph.patient) | {
        "StudyInstanceUID": radiograph.uid(),
        "SeriesInstanceUIDs": [radiograph.uid("series")],
        "irradiation_event_uid": radiograph.uid("event"),
        "modality": "DX",
        "maker": "ge",
        "event_type": "RADIOGRAPH",
        "localizer": False,
        "body_region": radiograph.region,
        "dap_gy_cm2": radiograph.dap_gy_cm2,
        "kvp_kv": radiograph.kvp_kv,
        "mean_current_ma": radiograph.current_ma,
        "exposure_time_s": radiograph.exposure_time_ms / 1000,
        "dose_in": ["header"],
    }


def fluoroscopy_rows(fluoroscopy: Fluoroscopy) -> Iterator[dict[str, object]]:
    """Yield the events of a fluoroscopy."""
    for event in fluoroscopy.events:
        yield _person(fluoroscopy.patient) | {
            "StudyInstanceUID": fluoroscopy.uid(),
            "SeriesInstanceUIDs": [fluoroscopy.uid("series")],
            "irradiation_event_uid": fluoroscopy.uid("event", event.number),
            "modality": "RF",
            "maker": "siemens",
            "event_type": "ACQUISITION" if event.acquisition else "FLUOROSCOPY",
            "localizer": False,
            "body_region": "chest",
            "dap_gy_cm2": event.dap_gy_m2 * 1e4,
            "kvp_kv": event.kvp_kv,
            "mean_current_ma": event.current_ma,
            "exposure_time_s": event.pulses * event.pulse_width_ms / 1000,
            "dose_in": ["rdsr"],
        }


def phantom_row(phantom: WaterPhantom) -> dict[str, object]:
    """Return the event of the water phantom."""
    return _technique(phantom.scan.technique) | {
        "patient_id": phantom.patient_id,
        "StudyInstanceUID": phantom.uid(),
        "SeriesInstanceUIDs": [phantom.uid("series")],
        "irradiation_event_uid": phantom.uid("event"),
        "modality": "CT",
        "maker": "siemens",
        "body_region": phantom.scan.region,
        "contrast": False,
        "patient_sex": "O",
        "dose_in": ["header"],
    }


def _person(patient: Patient) -> dict[str, object]:
    return {
        "patient_id": patient.patient_id,
        "patient_age_years": patient.age_years,
        "patient_sex": patient.sex,
    }


def _technique(technique: Technique) -> dict[str, object]:
    return {
        "event_type": technique.acquisition,
        "localizer": technique.localizer,
        "ctdi_vol_mgy": technique.ctdi_vol_mgy,
        "dlp_mgy_cm": technique.dlp_mgy_cm,
        "ctdi_phantom_cm": technique.ctdi_phantom_cm,
        "kvp_kv": technique.kvp_kv,
        "mean_current_ma": technique.mean_current_ma,
        "rotation_time_s": technique.rotation_time_s,
        "exposure_time_s": technique.exposure_time_s,
        "pitch": technique.pitch,
        "total_collimation_mm": technique.total_collimation_mm,
        "scan_length_mm": technique.scan_length_mm,
        "exposed_length_mm": technique.exposed_length_mm,
    }
