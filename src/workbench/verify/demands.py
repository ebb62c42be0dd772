"""What PS3.15 demands of an attribute, read as data, under the options that an output claims."""

from __future__ import annotations

import csv
import tomllib
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path

BASIC = "113100"  # DCM, CID 7050: Basic Application Confidentiality Profile
FULL_DATES, MOVED_DATES = "rtn_long_full", "rtn_long_modif"
CURVES, OVERLAYS = range(0x5000, 0x5100), range(0x6000, 0x6100)
PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
# What a dose study cannot do without; the names of PS3.6.
_DOSE = """
Modality Manufacturer ManufacturerModelName KVP XRayTubeCurrent XRayTubeCurrentInuA ExposureTime
ExposureTimeInuS Exposure ExposureInuAs SliceThickness SpacingBetweenSlices CTDIvol
SpiralPitchFactor SingleCollimationWidth TotalCollimationWidth TableSpeed TableFeedPerRotation
RevolutionTime ScanOptions FilterType ConvolutionKernel DataCollectionDiameter
ReconstructionDiameter DistanceSourceToDetector DistanceSourceToPatient GantryDetectorTilt
TableHeight RotationDirection GeneratorPower FocalSpots ExposureModulationType SliceLocation
EstimatedDoseSaving ImagePositionPatient ImageOrientationPatient PixelSpacing Rows Columns
ImageAndFluoroscopyAreaDoseProduct EntranceDose EntranceDoseInmGy OrganDose HalfValueLayer
BodyPartThickness CompressionForce ExposureIndex DeviationIndex RadionuclideTotalDose NumericValue
"""

_DOSE_PLACES = """
SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence CTExposureSequence
CTAcquisitionDetailsSequence CTAcquisitionTypeSequence CTTableDynamicsSequence CTGeometrySequence
CTReconstructionSequence CTXRayDetailsSequence CTPositionSequence PixelMeasuresSequence
PlanePositionSequence PlaneOrientationSequence ExposureDoseSequence ContentSequence
MeasuredValueSequence RadiopharmaceuticalInformationSequence
"""
DOSE, DOSE_PLACES = _DOSE.split(), _DOSE_PLACES.split()


def _text(name: str) -> str:
    # Through the parent package: the data are shared with what is verified, the code is not.
    return (files("workbench") / "deidentify" / "data" / name).read_text("utf-8")


@cache
def table() -> dict[int, dict[str, str]]:
    """Return table E.1-1 by tag; rows for groups of tags are judged by ``CURVES`` and others."""
    rows = csv.DictReader(StringIO(_text("ps3_15_table_e_1_1.csv")))
    return {
        int(row["tag"], 16): row
        for row in rows
        if row["tag"] != "PRIVATE" and "X" not in row["tag"]
    }


@cache
def editions() -> str:
    """Return the newest edition that the table's rows name."""
    return max(row["edition"] for row in table().values())


@cache
def option_of_code() -> dict[str, str]:
    """Return the option of each code of CID 7050 that stands for one."""
    rows = csv.DictReader(StringIO(_text("cid_7050.csv")))
    return {row["code"]: row["option"] for row in rows if row["option"]}


def demand(tag: int, options: frozenset[str]) -> str:
    """Return the action on an attribute: C before K before that of the basic profile."""
    row = table().get(tag)
    if row is None:
        return ""
    chosen = {row[option] for option in options}
    return "C" if "C" in chosen else "K" if "K" in chosen else row["basic"]


@cache
def vocabulary() -> frozenset[str]:
    """Return words of anatomy and technique, which name nobody."""
    lines = _text("vocabulary.txt").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def safe_private(profile: Path | None = None) -> frozenset[tuple[str, int, int]]:
    """Return the private attributes that a profile promises to be safe: creator, group, byte."""
    text = _text("dose.toml") if profile is None else profile.read_text("utf-8")
    return frozenset(
        (block["creator"].strip(), block["group"], int(element, 16))
        for block in tomllib.loads(text).get("private", [])
        for element in block["elements"]
    )
