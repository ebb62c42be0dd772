"""What PS3.15 demands of an attribute, under the options that an output claims by their codes.

The data are the verifier's own, in ``verify/data``, in another form than those of what
de-identifies and read by other code: a mistake in one of them shows.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.errors import IdentityError
from workbench.verify.told_ages import OLDEST_YEARS
from workbench.verify.told_times import EXACT, HOUR, REMOVED

EDITION = "2026c"
TABLE = f"demands_{EDITION}.txt"
# PS3.16 CID 7050, De-identification Method: codes of scheme DCM.
BASIC = "113100"
FULL_DATES, MOVED_DATES = "113106", "113107"
KEEP_UIDS, SAFE_PRIVATE, KEEP_INSTITUTION = "113110", "113111", "113112"
OPTIONS = frozenset({
    "113103", "113104", "113105", FULL_DATES, MOVED_DATES, "113108", "113109", KEEP_UIDS,
    SAFE_PRIVATE, KEEP_INSTITUTION,
})  # fmt: skip
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


@dataclass(frozen=True)
class Demand:
    """What is demanded of an attribute: by the basic profile, and under options by their codes."""

    basic: str
    under: Mapping[str, str]

    def action(self, options: frozenset[str]) -> str:
        """Return the action under some options: cleaning before keeping before the profile's."""
        actions = {action for code, action in self.under.items() if code in options}
        return "C" if "C" in actions else "K" if "K" in actions else self.basic


def _lines(name: str) -> Iterator[str]:
    """Yield the lines of a data file that say something."""
    text = (files("workbench.verify") / "data" / name).read_text("utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def table() -> Mapping[int, Demand]:
    """Return table E.1-1 by tag; groups of tags are judged by ``CURVES`` and others."""
    by_tag: dict[int, Demand] = {}
    demanded = Demand("", {})
    for line in _lines(TABLE):
        if line.startswith(" "):
            group, element = line.split()[0].split(",")
            by_tag[int(group, 16) << 16 | int(element, 16)] = demanded
        else:
            basic, *options = line.split()
            demanded = Demand(basic, dict(option.split("=") for option in options))
    return MappingProxyType(by_tag)


def demand(tag: int, options: frozenset[str]) -> str:
    """Return the action on an attribute; empty where the table does not name it."""
    named = table().get(tag)
    return named.action(options) if named else ""


@dataclass(frozen=True)
class Promise:
    """What a survey promises of what leaves, where outputs cannot say it by the codes of options.

    Attributes
    ----------
    times
        Times of day: ``exact``, ``hour`` or ``removed``; empty where it is not known.
    full_dates
        Whether days stay what they are.  An output whose times of day were changed may not claim
        so, though its days were not moved.
    oldest_age_years
        The oldest age that is told; all above are one year more.
    """

    times: str = ""
    full_dates: bool = False
    oldest_age_years: int = OLDEST_YEARS


NO_PROMISE = Promise()


def promise_of(profile: Path | None, times: str = "", dates: str = "") -> Promise:
    """Return the promise of a profile file (the built-in one without) and of a survey's settings.

    Of two promises of times the one that tells less counts.  Raises ``IdentityError`` for a file
    that is no profile.
    """
    form = {} if profile is None else _form(profile)
    order = (EXACT, HOUR, REMOVED)
    both = (form.get("times") or EXACT, times or EXACT)
    return Promise(
        max(both, key=order.index),
        dates == "kept" or "rtn_long_full" in form.get("options", []),
        min(form.get("oldest_age_years", OLDEST_YEARS), OLDEST_YEARS),
    )


def safe_private(profile: Path | None = None) -> frozenset[tuple[str, int, int]]:
    """Return the private attributes that may be there: creator, group, byte.

    They are those of ``safe_private.csv``, or those a profile of the hospital's own promises.
    """
    if profile is None:
        rows = csv.reader(StringIO("\n".join(_lines("safe_private.csv"))))
        next(rows)
        return frozenset((creator, int(group, 16), int(low, 16)) for creator, group, low in rows)
    return frozenset(
        (block["creator"].strip(), block["group"], int(element, 16))
        for block in _form(profile).get("private", [])
        for element in block["elements"]
    )


def _form(profile: Path) -> dict[str, Any]:
    """Return what a profile file says; raises ``IdentityError``."""
    try:
        return tomllib.loads(profile.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise IdentityError(
            "the confidentiality profile cannot be read.", "Name the TOML file that was used."
        ) from None
