"""GE: private blocks hold pitch, feed and detector rows; no dose in any image.

``Exposure`` is not the tube current-time product: in the helical Discovery CT750 HD and the axial
Optima CT520 header it is mA x rotation time x slice thickness / table feed, cut to a whole number
(335 mA, 0.4 s, 5 mm, 20.625 mm: 32; 79 mA, 0.8 s, 2.5 mm, 20 mm: 7).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydicom.uid import EnhancedSRStorage

from workbench.simulate.datasets import put
from workbench.simulate.makers.template import Header, Maker, PrivateBlocks, constants
from workbench.simulate.rdsr import ReportStyle

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from workbench.simulate.plan import Reconstruction, Scan, Study

SCAN_OPTIONS = {
    "SPIRAL": "HELICAL MODE", "SEQUENCED": "AXIAL MODE",
    "STATIONARY": "CINE MODE", "CONSTANT_ANGLE": "SCOUT MODE",
}  # fmt: skip


def nominal_collimation(scan: Scan) -> float:
    """Return Nominal Total Collimation Width as the report gives it: not the collimation.

    The VCT report holds the slice thickness (2.5 mm) for 64-row spirals and the scanning length
    for scouts.
    """
    return scan.technique.scan_length_mm if scan.technique.localizer else 2.5


STYLE = ReportStyle(
    sop_class_uid=EnhancedSRStorage,
    series_number=997,
    series_description="Dose Record",
    dlp_unit="mGycm",
    continuity="CONTINUOUS",
    x_ray="X-ray",
    sources_unit="X-ray sources",
    source_name="1",
    intent=False,
    acquisition_protocol=False,
    procedure_context=False,
    target_region=False,
    scanning_length=lambda scan: scan.technique.scan_length_mm,
    nominal_collimation=nominal_collimation,
)


def series(study: Study, recon: Reconstruction) -> Header:
    """Return the attributes of a series."""
    technique = recon.scan.technique
    head = technique.ctdi_phantom_cm == 16
    plane = "LOCALIZER" if technique.localizer else "AXIAL"
    header: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", plane],
        "SeriesDescription": "Scout" if technique.localizer else recon.label,
        "ProtocolName": f"5.{study.number} {study.protocol}",
        "ScanOptions": SCAN_OPTIONS[technique.acquisition],
        "DataCollectionDiameter": "320.000000" if head else "500.000000",
        "FilterType": "HEAD FILTER" if head else "BODY FILTER",
        "SliceThickness": technique.scan_length_mm if technique.localizer else recon.thickness_mm,
        "PerformedProcedureStepDescription": study.description,
        "PerformedProcedureStepID": f"PPS ID {1000 + study.number}",
        "AcquisitionNumber": 1,
    }
    if not technique.localizer:
        header |= {
            "SpacingBetweenSlices": recon.increment_mm,
            "RevolutionTime": technique.rotation_time_s,
            "SingleCollimationWidth": technique.single_collimation_mm,
            "TotalCollimationWidth": technique.total_collimation_mm,
        }
    if technique.spiral:
        header |= {
            "TableSpeed": technique.table_speed_mm_s,
            "TableFeedPerRotation": technique.advance_mm,
            "SpiralPitchFactor": technique.pitch,
        }
    return header


def slice_header(recon: Reconstruction, current_ma: float) -> Header:
    """Return the attributes that follow the tube current."""
    technique = recon.scan.technique
    current = round(current_ma)
    if technique.localizer:
        seconds = technique.total_collimation_mm / technique.table_speed_mm_s
        exposure = current_ma * technique.exposure_time_s
    else:
        seconds = technique.rotation_time_s
        exposure = current * seconds * recon.thickness_mm / technique.advance_mm
    return {
        "ExposureTime": round(seconds * 1000),
        "XRayTubeCurrent": current,
        "Exposure": math.floor(exposure),
        "GeneratorPower": round(current * technique.kvp_kv),
    }


def private_series(_study: Study, recon: Reconstruction) -> PrivateBlocks:
    """Return private pitch, feed, gantry period and detector rows of the series."""
    technique = recon.scan.technique
    moving = technique.spiral
    rotation = 0.0 if technique.localizer else technique.rotation_time_s
    rows = round(technique.total_collimation_mm / technique.single_collimation_mm)
    side = "S" if recon.scan.start_mm >= 0 else "I"
    return {
        (0x0019, "GEMS_ACQU_01"): {
            0x18: ("LO", side),
            0x1A: ("LO", "I"),
            0x23: ("DS", f"{technique.advance_mm if moving else 0:.6f}"),
            0x24: ("DS", f"{technique.exposure_time_s / 2:.6f}"),
            0x27: ("DS", f"{rotation:.6f}"),
        },
        (0x0021, "GEMS_RELA_01"): {0x03: ("SS", recon.number)},
        (0x0043, "GEMS_PARM_01"): {
            0x27: ("SH", f"{technique.pitch:.3f}:1" if technique.pitch else ""),
            0x4E: ("FL", technique.exposure_time_s),
        },
        (0x0045, "GEMS_HELIOS_01"): {
            0x01: ("SS", rows),
            0x02: ("FL", technique.single_collimation_mm),
            0x32: ("FL", rotation),
        },
    }


def screen(_study: Study, page: Dataset) -> None:
    """Mark the dose screen ("Dose Report", series 999)."""
    put(page, {
        "ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"],
        "SeriesNumber": 999,
        "SeriesDescription": "Dose Report",
    })  # fmt: skip


_scanner, _image, _private = constants("ge")

GE = Maker(
    name="ge", scanner=_scanner, image=_image, private=_private, style=STYLE,
    series=series, slice_header=slice_header, private_series=private_series, screen=screen,
    events_in_images=False, dose_in_images=False,
)  # fmt: skip
