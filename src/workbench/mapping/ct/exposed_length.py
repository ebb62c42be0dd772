"""How long a patient was irradiated, as far as images tell, and how sure that is.

DLP is CTDIvol times the exposed length (IEC 60601-2-44), which images show in part only.  By mode:

* **spiral**: the range of the images and what the scanner irradiates beyond it to reconstruct the
  outermost ones.  Overranging is ``share x (1 + pitch) x total collimation``;
* **sequence** (step and shoot, one wide volume too): whole rotations, each a total collimation
  wide, as many as the stacks of touching slices need; what two beams overlap counts once, because
  CTDIvol holds the overlap (IEC 60601-2-44, 203.107: CTDIw x N x T / table increment);
* **unknown**: the range of the images; whether overranging is missing is uncertainty.

Numbers stand in ``data/exposed_length.csv`` with their sources; what they were fitted to in
``data/overranging.csv``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

Part = Mapping[str, Any]
Run = tuple[float, float]  # begin and end along the table, mm

# Columns of a dose length product's basis: what the exposed length was made of.
OVERRANGING = "spiral_range_and_overranging"
TYPICAL = "spiral_range_and_typical_overranging"
ROTATIONS = "rotations_times_collimation"
SLICES = "rotations_times_slices"
RANGE = "range_of_images"

# A part of a rotation that rounding of positions may add, not a further rotation.
ROTATION_TOLERANCE = 0.02
# The ends of a scan lie anywhere within the last increment: two even spreads, each 1/sqrt(12).
ENDS = math.sqrt(2 / 12)


@dataclass(frozen=True)
class Coefficient:
    """A number of ``data/exposed_length.csv`` and one standard deviation of its logarithm."""

    value: float
    sd_log: float


@dataclass(frozen=True)
class ExposedLength:
    """An exposed length in mm, its basis, and one standard deviation of its logarithm."""

    length_mm: float
    basis: str
    sd_log: float


@cache
def coefficients() -> dict[str, Coefficient]:
    """Return the coefficients by their quantity."""
    return {
        row["quantity"]: Coefficient(float(row["value"]), float(row["sd_log"]))
        for row in _rows("exposed_length")
    }


def overranging_cases() -> list[dict[str, str]]:
    """Return the scans whose overranging is known, as texts: ``data/overranging.csv``."""
    return _rows("overranging")


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("workbench.mapping") / "data" / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def overranging(pitch: float | None, collimation_mm: float | None) -> tuple[Coefficient, bool]:
    """Return the overranging of a spiral in mm, and whether pitch and collimation tell it.

    ``collimation_mm`` is the total collimation N x T.
    """
    if not pitch or not collimation_mm:
        return coefficients()["overranging_typical"], False
    share = coefficients()["overranging_share"]
    return Coefficient(share.value * (1 + pitch) * collimation_mm, share.sd_log), True


def exposed_length(range_mm: float | None, runs: Sequence[Run], best: Part) -> ExposedLength | None:
    """Return the exposed length of a scan; ``None`` when nothing tells where its slices lie.

    Parameters
    ----------
    range_mm
        What its slices cover along the table.
    runs
        Its stacks of touching slices; a spiral needs none.
    best
        The part that tells of mode, pitch, total collimation and increment.
    """
    if not range_mm:
        return None
    increment = best["slice_increment_mm"] or 0.0
    collimation = best["total_collimation_mm"]
    if best["spiral"]:
        beyond, known = overranging(best["pitch"], collimation)
        return _sure(range_mm + beyond.value, OVERRANGING if known else TYPICAL,
                     beyond.value * beyond.sd_log, ENDS * increment)  # fmt: skip
    if best["spiral"] is None:
        doubt = coefficients()["overranging_typical"].value
        return _sure(range_mm, RANGE, doubt, ENDS * increment)
    if not runs:
        return None
    length = irradiated(runs, collimation)
    if collimation:
        return _sure(length, ROTATIONS)
    apart = coefficients()["beam_width_unknown"].sd_log if len(runs) > 1 else 0.0
    return _sure(length, SLICES, apart * length, ENDS * increment)


def _sure(length_mm: float, basis: str, *spreads_mm: float) -> ExposedLength:
    agreement = coefficients()["dlp_agreement"].sd_log
    return ExposedLength(
        length_mm, basis, math.hypot(agreement, *(spread / length_mm for spread in spreads_mm))
    )


def irradiated(runs: Sequence[Run], collimation_mm: float | None) -> float:
    """Return the length in mm that the rotations of a sequence irradiate, overlaps once.

    Each run of touching slices needs whole rotations of ``collimation_mm`` around its middle; where
    the collimation is not known the slices are as wide as the beam.
    """
    beams = sorted(_beam(run, collimation_mm) for run in runs)
    length, reached = 0.0, -math.inf
    for begin, end in beams:
        length += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return length


def _beam(run: Run, collimation_mm: float | None) -> Run:
    begin, end = run
    if not collimation_mm:
        return run
    rotations = max(1, math.ceil((end - begin) / collimation_mm - ROTATION_TOLERANCE))
    middle, half = (begin + end) / 2, rotations * collimation_mm / 2
    return middle - half, middle + half
