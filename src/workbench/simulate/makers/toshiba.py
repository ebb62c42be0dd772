"""Toshiba: CTDIvol of the event in every image, no dose for topograms.

The private block repeats CTDIvol with the DLP, pitch and feed, and reaches an archive as VR UN;
images carry no irradiation event UID.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from workbench.simulate.datasets import put
from workbench.simulate.makers.template import Header, Maker, PrivateBlocks, constants
from workbench.simulate.rdsr import ReportStyle

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from workbench.simulate.plan import Reconstruction, Scan, Study

SCAN_OPTIONS = {"SPIRAL": "HELICAL_CT", "CONSTANT_ANGLE": "SCANOSCOPE"}
BODY_PART = {"head": "HEAD", "chest": "CHEST", "neck": "NECK"}

SCANNED_PART = 0.62
"""Scanning Length lies between reconstructed length and exposed range: (366 - 301) / (406 - 301)
in OpenREM's CT-RDSR-Toshiba_MultiValSD.dcm."""


def scanning_length(scan: Scan) -> float:
    """Return Scanning Length as the report gives it: 0 for a topogram."""
    technique = scan.technique
    if technique.localizer:
        return 0.0
    beyond = technique.exposed_length_mm - technique.scan_length_mm
    return round(technique.scan_length_mm + SCANNED_PART * beyond)


STYLE = ReportStyle(
    series_number=9001,
    series_description=None,
    dlp_unit="mGy.cm",
    decimals=1,
    observer_details=False,
    source_concept="Identification Number of the X-Ray Source",
    source_name="1",
    scanning_length=scanning_length,
    target_region=False,
    exposed_range=True,
    reconstructable_length=True,
    dose_check=True,
    modulation="3D/3D",
    irradiating_device=True,
)


def series(study: Study, recon: Reconstruction) -> Header:
    """Return the attributes of a series."""
    scan, technique = recon.scan, recon.scan.technique
    organ = "Head" if technique.ctdi_phantom_cm == 16 else "Body"
    contrast = " CE" if scan.contrast else ""
    plane = "LOCALIZER" if technique.localizer else "AXIAL"
    header: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", plane],
        "SeriesDescription": f" {organ} {recon.thickness_mm:.1f}{contrast}",
        "ProtocolName": f"({300 + study.number}) {study.protocol}",
        "InstitutionalDepartmentName": "ID_DEPARTMENT",
        "BodyPartExamined": BODY_PART.get(scan.region, "ABDOMEN"),
        "ScanOptions": SCAN_OPTIONS[technique.acquisition],
        "SliceThickness": f"{recon.thickness_mm:.1f}",
        "AcquisitionNumber": scan.number,
        "FilterType": "LARGE",
        "ImageComments": recon.label,
        "StackID": f"1_{recon.number:04d}_00002",
        "PerformedProcedureStepID": f"{120000 + study.number}",
    }
    if scan.contrast:
        header["ContrastBolusAgent"] = "CE"
    if technique.spiral:
        header |= {
            "SpiralPitchFactor": technique.pitch,
            "ExposureModulationType": "3D",
            "EstimatedDoseSaving": 28.35,
        }
    return header


def slice_header(recon: Reconstruction, current_ma: float) -> Header:
    """Return the attributes that follow the tube current: Exposure is mA x rotation time."""
    technique = recon.scan.technique
    seconds = technique.exposure_time_s if technique.localizer else technique.rotation_time_s
    header: dict[str, Any] = {
        "ExposureTime": round(seconds * 1000),
        "XRayTubeCurrent": round(current_ma),
        "Exposure": int(round(current_ma) * seconds),
        "GeneratorPower": round(current_ma * technique.kvp_kv / 1000),
    }
    if not technique.localizer:
        header["CTDIvol"] = round(technique.ctdi_vol_mgy, 1)
    return header


def unknown(value: str | float) -> tuple[str, bytes]:
    """Return a text or a little-endian double as an archive keeps it: bytes of VR UN."""
    if isinstance(value, float):
        return "UN", struct.pack("<d", value)
    text = value.encode("ascii")
    return "UN", text + b" " * (len(text) % 2)


def private_series(_study: Study, recon: Reconstruction) -> PrivateBlocks:
    """Return the TOSHIBA_MEC_CT3 elements: row width, feed, pitch, DLP and CTDIvol."""
    scan, technique = recon.scan, recon.scan.technique
    single = technique.single_collimation_mm
    block: dict[int, tuple[str, Any]] = {
        0x08: unknown(f"{single:.1f}"),
        0x0B: unknown("AIDR 3D STD"),
        0x0D: unknown(BODY_PART.get(scan.region, "ABDOMEN")),
        0x0E: unknown("IMG"),
        0x0F: unknown("HF"),
        0x12: unknown("SU"),
        0x1B: unknown(recon.kernel),
        0x22: unknown(f"{recon.increment_mm:.2f}"),
        0x30: unknown("CT"),
        0x41: unknown(f"{single:.1f}x{round(technique.total_collimation_mm / single)}"),
    }
    if technique.spiral:
        block |= {
            0x0A: unknown(f"+{technique.advance_mm:.2f}"),
            0x23: unknown(f"{technique.pitch:.3f}"),
            0x40: unknown(round(technique.dlp_mgy_cm, 1)),
            0x63: unknown(round(technique.ctdi_vol_mgy, 1)),
        }
    return {(0x7005, "TOSHIBA_MEC_CT3"): block}


def screen(_study: Study, page: Dataset) -> None:
    """Mark the dose screen (series 9000)."""
    put(page, {
        "ImageType": ["DERIVED", "SECONDARY"],
        "SeriesNumber": 9000,
        "SeriesDescription": "DOSE SUMMARY",
    })  # fmt: skip


_scanner, _image, _private = constants("toshiba")

TOSHIBA = Maker(
    name="toshiba", scanner=_scanner, image=_image, private=_private, style=STYLE,
    series=series, slice_header=slice_header, private_series=private_series, screen=screen,
    events_in_images=False, dose_in_images=True,
)  # fmt: skip
