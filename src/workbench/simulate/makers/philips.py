"""Philips: ExposureTime and Exposure are per pitch, no dose report.

The dose screen repeats all doses in its Exposure Dose Sequence.

Two habits seen in every public header of this maker (Ingenuity CT, iCT 256): CTDIvol of an image
is the mean of the event x Exposure of the image / mean Exposure; and TableFeedPerRotation is pitch
x number of detector rows (25.024 = 0.391 x 64), so it is not the table feed in mm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from workbench.simulate.datasets import dicom_datetime, put, put_private, rounded
from workbench.simulate.makers.template import Header, Maker, PrivateBlocks, constants
from workbench.simulate.rdsr import ReportStyle

if TYPE_CHECKING:
    from workbench.simulate.plan import Reconstruction, Scan, Study

SCAN_OPTIONS = {"SPIRAL": "HELIX", "CONSTANT_ANGLE": "SURVIEW"}
PHANTOM = {16: "HEAD 16 CM", 32: "BODY 32 CM"}
BODY_PART = {"head": "BRAIN", "chest": "CHEST", "neck": "NECK"}
LANGUAGE = {"en": "ENGLISH", "de": "GERMAN", "fr": "FRENCH"}


def rows(scan: Scan) -> int:
    """Return the number of detector rows used."""
    return round(scan.technique.total_collimation_mm / scan.technique.single_collimation_mm)


def protocol_name(study: Study, scan: Scan) -> str:
    """Return ProtocolName: the protocol and the kind of body after a slash."""
    return f"{study.protocol} /{scan_type(scan)}"


def scan_type(scan: Scan) -> str:
    """Return the private Scan Type."""
    return "Brain" if scan.technique.ctdi_phantom_cm == 16 and scan.region == "head" else "Body"


def body_part(study: Study, scan: Scan) -> str:
    """Return BodyPartExamined: empty on a surview."""
    hidden = scan.technique.localizer or "unknown_region" in study.blemishes
    return "" if hidden else BODY_PART.get(scan.region, "ABDOMEN")


def series(study: Study, recon: Reconstruction) -> Header:
    """Return the attributes of a series."""
    scan, technique = recon.scan, recon.scan.technique
    plane = "LOCALIZER" if technique.localizer else "AXIAL"
    header: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", plane],
        "SeriesDescription": "" if technique.localizer else recon.label,
        "ImageComments": "" if technique.localizer else recon.label,
        "ProtocolName": protocol_name(study, scan),
        "InstitutionalDepartmentName": "Radiology",
        "BodyPartExamined": body_part(study, scan),
        "ScanOptions": SCAN_OPTIONS[technique.acquisition],
        "SliceThickness": 0.625 if technique.localizer else recon.thickness_mm,
        "AcquisitionType": technique.acquisition,
        "AcquisitionNumber": scan.number - 1,
        "SingleCollimationWidth": technique.single_collimation_mm,
        "TotalCollimationWidth": technique.total_collimation_mm,
        "TableSpeed": round(technique.table_speed_mm_s, 1),
        "ExposureModulationType": "Z MODULATION" if technique.modulated else "NONE",
        "RequestedProcedureID": "",
    }
    if technique.localizer:
        return header | {"AngularPosition": "90"}
    if scan.contrast:
        header |= {"ContrastBolusAgent": "Iodine", "ContrastBolusRoute": "IV"}
    return header | {
        "SpacingBetweenSlices": recon.increment_mm,
        "RevolutionTime": technique.rotation_time_s,
        "TableFeedPerRotation": (technique.pitch or 0) * rows(scan),
        "SpiralPitchFactor": technique.pitch,
        "EstimatedDoseSaving": 25.0 if technique.modulated else 0.0,
        "FilterType": recon.kernel,
    }


def exposure(scan: Scan, current_ma: float) -> tuple[int, int]:
    """Return ExposureTime in ms (rotation time / pitch) and Exposure in mAs."""
    technique = scan.technique
    if technique.localizer:
        return round(technique.exposure_time_s * 1000), 0
    seconds = technique.rotation_time_s / (technique.pitch or 1)
    return round(seconds * 1000), round(current_ma * seconds)


def slice_header(recon: Reconstruction, current_ma: float) -> Header:
    """Return the attributes that follow the tube current; a surview has no dose."""
    scan, technique = recon.scan, recon.scan.technique
    milliseconds, mas = exposure(scan, current_ma)
    header: dict[str, Any] = {
        "ExposureTime": milliseconds,
        "XRayTubeCurrent": round(current_ma),
    }
    if not technique.localizer:
        header["Exposure"] = mas
        header["CTDIvol"] = technique.ctdi_vol_mgy * mas / technique.effective_mas
    return header


def private_series(study: Study, recon: Reconstruction) -> PrivateBlocks:
    """Return the ELSCINT1 elements that depend on the series."""
    scan, technique = recon.scan, recon.scan.technique
    block: dict[int, tuple[str, Any]] = {
        0x01: ("CS", "SLICES" if technique.localizer else technique.acquisition),
        0x08: ("DS", rounded(technique.scan_length_mm, 1)),
        0x46: ("FL", technique.single_collimation_mm),
        0x47: ("SH", "2D" if technique.localizer else "3D"),
        0x4A: ("SH", "DOM" if technique.modulated else "NONE"),
        0x4B: ("SH", f"{rows(scan)}x{technique.single_collimation_mm}"),
        0x4E: ("SH", scan_type(scan)),
    }
    if technique.spiral:
        block[0x26] = ("DS", rounded(technique.pitch or 0, 3))
        block[0x27] = ("DS", rounded(technique.rotation_time_s))
    return {
        (0x00E1, "ELSCINT1"): {
            0x02: ("SH", "Child" if study.patient.child else "Adult"),
            0x40: ("SH", "" if technique.localizer else recon.label[:16]),
            0x50: ("DS", rounded(technique.exposure_time_s, 3)),
            0x63: ("SH", LANGUAGE[study.language]),
        },
        (0x01F1, "ELSCINT1"): block,
    }


def exposure_item(study: Study, scan: Scan) -> Dataset:
    """Return one item of the Exposure Dose Sequence."""
    technique = scan.technique
    milliseconds, mas = exposure(scan, technique.mean_current_ma)
    item = Dataset()
    put(item, {
        "AcquisitionDateTime": dicom_datetime(study.moment(scan)),
        "SeriesDescription": "",
        "IrradiationEventUID": study.event_uid(scan),
        "ContrastBolusAgent": "Iodine" if scan.contrast else "",
        "BodyPartExamined": body_part(study, scan) or "WHOLEBODY",
        "KVP": rounded(technique.kvp_kv),
        "ProtocolName": protocol_name(study, scan),
        "ExposureTime": milliseconds,
        "XRayTubeCurrent": round(technique.mean_current_ma),
        "Exposure": mas,
        "RadiationMode": "CONTINUOUS",
        "ScanLength": round(technique.scan_length_mm),
        "AcquisitionDuration": technique.exposure_time_s,
        "AcquisitionType": technique.acquisition,
        "SingleCollimationWidth": technique.single_collimation_mm,
        "TotalCollimationWidth": technique.total_collimation_mm,
        "CTDIvol": technique.ctdi_vol_mgy,
        "SeriesNumber": scan.number * 100,
        "CommentsOnRadiationDose": comment(scan),
    })  # fmt: skip
    if technique.spiral:
        put(item, {"SpiralPitchFactor": technique.pitch})
    put_private(item, 0x00E1, "ELSCINT1", {0x21: ("DS", rounded(technique.dlp_mgy_cm))})
    put_private(item, 0x01E1, "ELSCINT1", {0x26: ("CS", PHANTOM[technique.ctdi_phantom_cm])})
    put_private(item, 0x01F1, "ELSCINT1", {
        0x27: ("DS", rounded(technique.rotation_time_s)), 0x4E: ("SH", scan_type(scan)),
    })  # fmt: skip
    return item


def comment(scan: Scan) -> str:
    """Return the dose of an event as text."""
    technique = scan.technique
    return f"CTDIvol={technique.ctdi_vol_mgy:.4g} DLP={technique.dlp_mgy_cm:.1f}"


def screen(study: Study, page: Dataset) -> None:
    """Mark the dose screen and repeat all doses in its header, as this maker does."""
    lines = [f"Series #{scan.number} Average {comment(scan)}" for scan in study.scans]
    total = sum(scan.technique.dlp_mgy_cm for scan in study.scans)
    put(page, {
        "ImageType": ["DERIVED", "SECONDARY", "DOSE_INFO"],
        "SeriesNumber": 401,
        "SeriesDescription": "Dose Info",
        "ImageComments": "Dose Information",
        "InstitutionalDepartmentName": "Radiology",
        "TotalNumberOfExposures": len(study.scans),
        "ExposureDoseSequence": [exposure_item(study, scan) for scan in study.scans],
        "CommentsOnRadiationDose": "\r\n".join(lines),
    })  # fmt: skip
    put_private(page, 0x00E1, "ELSCINT1", {0x21: ("DS", rounded(total))})


_scanner, _image, _private = constants("philips")

PHILIPS = Maker(
    name="philips", scanner=_scanner, image=_image, private=_private, style=ReportStyle(),
    series=series, slice_header=slice_header, private_series=private_series, screen=screen,
    events_in_images=True, dose_in_images=True,
)  # fmt: skip
