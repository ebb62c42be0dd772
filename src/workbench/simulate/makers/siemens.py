"""Siemens: standard attributes tell all.

Exposure is effective (per pitch); CTDIvol follows the tube current of the slice; topograms have a
dose; images carry the irradiation event UID.

That CTDIvol is the slice's own was computed: in a spiral image of pydicom's and one of Orthanc's
test files it equals CTDIw x mA x rotation time x collimation / table feed to nine digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.simulate.datasets import put, reference
from workbench.simulate.makers.template import Header, Maker, PrivateBlocks, constants
from workbench.simulate.rdsr import ReportStyle

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from workbench.simulate.plan import Reconstruction, Scan, Study

RAW_DATA = "1.3.12.2.1107.5.9.1"

KIND = {
    "SPIRAL": "CT_SOM5 SPI", "SEQUENCED": "CT_SOM5 SEQ",
    "STATIONARY": "CT_SOM5 SEQ", "CONSTANT_ANGLE": "CT_SOM5 TOP",
}  # fmt: skip

SCANNING_BEYOND_EXPOSED = 0.58
"""Scanning Length exceeds the exposed range by this part of the collimation: 11 mm at 19.2 mm
(two 4DCT events of OpenREM's Siemens-Multi-3) and 22.4 mm at 38.4 mm (Siemens_Flash-TAP-SS)."""


def scanning_length(scan: Scan) -> float:
    """Return Scanning Length as the report gives it."""
    technique = scan.technique
    beyond = SCANNING_BEYOND_EXPOSED * technique.total_collimation_mm if technique.spiral else 0
    return round(technique.exposed_length_mm + beyond)


def report_comment(scan: Scan) -> str:
    """Return the Comment of an irradiation event."""
    body = "Head" if scan.technique.ctdi_phantom_cm == 16 else "Body"
    modulation = "XYZ_EC" if scan.technique.modulated else "OFF"
    return (
        f"Internal technical scan parameters: Organ Characteristic = Abdomen, Body Size = Adult, "
        f"Body Region = {body}, X-ray Modulation Type = {modulation}, Sn Filter (Tube A) = no"
    )


STYLE = ReportStyle(
    series_number=502,
    series_description="Dose Report",
    dlp_unit="mGy.cm",
    reports_localizer_dose=True,
    scanning_length=scanning_length,
    exposed_range=True,
    dose_check=True,
    modulation="XYZ_EC",
    comment=report_comment,
    irradiating_device=True,
)


def image_type(recon: Reconstruction) -> list[str]:
    """Return ImageType."""
    if recon.multiplanar:
        return ["DERIVED", "PRIMARY", "AXIAL", "CT_SOM5 MPR"]
    technique = recon.scan.technique
    plane = "LOCALIZER" if technique.localizer else "AXIAL"
    return ["ORIGINAL", "PRIMARY", plane, KIND[technique.acquisition]]


def series(study: Study, recon: Reconstruction) -> Header:
    """Return the attributes of a series."""
    scan, technique = recon.scan, recon.scan.technique
    description = f"{recon.label}  {recon.thickness_mm:.1f}  {recon.kernel}"
    header: dict[str, Any] = {
        "ImageType": image_type(recon),
        "SeriesDescription": f"{description} MPR cor" if recon.multiplanar else description,
        "ProtocolName": study.protocol,
        "SliceThickness": None if technique.localizer else recon.thickness_mm,
        "SingleCollimationWidth": technique.single_collimation_mm,
        "TotalCollimationWidth": technique.total_collimation_mm,
        "SpiralPitchFactor": technique.pitch or 0.0,
        "ExposureModulationType": "XYZ_EC" if technique.modulated else "NONE",
        "EstimatedDoseSaving": 27.5 if technique.modulated else 0.0,
        "AcquisitionNumber": scan.number,
        "SourceImageSequence": [reference(RAW_DATA, study.uid("raw", scan.number))],
        "DataCollectionCenterPatient": [0.0, -153.0, scan.start_mm],
        "ReconstructionTargetCenterPatient": [0.0, -153.0, scan.start_mm],
        "SmallestImagePixelValue": 0,
        "LargestImagePixelValue": 0,
    }
    if technique.localizer or technique.spiral:
        header["TableSpeed"] = technique.table_speed_mm_s
    if technique.spiral:
        header["TableFeedPerRotation"] = technique.advance_mm
    return header


def slice_header(recon: Reconstruction, current_ma: float) -> Header:
    """Return the attributes that follow the tube current: Exposure is mA x time / pitch."""
    technique = recon.scan.technique
    seconds = technique.exposure_time_s if technique.localizer else technique.rotation_time_s
    return {
        "ExposureTime": round(seconds * 1000),
        "XRayTubeCurrent": round(current_ma),
        "Exposure": round(current_ma * seconds / (technique.pitch or 1)),
        "GeneratorPower": round(current_ma * technique.kvp_kv / 1000),
        "CTDIvol": technique.ctdi_vol_mgy * current_ma / technique.mean_current_ma,
    }


def private_series(_study: Study, _recon: Reconstruction) -> PrivateBlocks:
    """Return the private elements that depend on the series: none that bear on dose."""
    return {}


def screen(_study: Study, page: Dataset) -> None:
    """Mark the dose screen ("Patient Protocol")."""
    put(page, {
        "ImageType": ["DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT"],
        "SeriesNumber": 501,
        "SeriesDescription": "Patient Protocol",
    })  # fmt: skip


_scanner, _image, _private = constants("siemens")

SIEMENS = Maker(
    name="siemens", scanner=_scanner, image=_image, private=_private, style=STYLE,
    series=series, slice_header=slice_header, private_series=private_series, screen=screen,
    events_in_images=True, dose_in_images=True,
)  # fmt: skip
