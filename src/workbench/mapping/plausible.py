"""What a value may be at all: finite, and within the bounds of ``data/plausible.csv``.

The bounds are far outside what equipment does: they refuse typing errors and units in disguise,
not unusual examinations.  A refused value is missing, with a finding.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from functools import cache
from importlib import resources

import polars as pl

from workbench.model import Finding


@cache
def bounds() -> dict[str, tuple[float, float]]:
    """Return lowest and highest plausible value by quantity, in the unit of the table."""
    text = (resources.files(__package__) / "data" / "plausible.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["quantity"]: (float(row["low"]), float(row["high"])) for row in rows}


def plausible(quantity: str, value: float) -> bool:
    """Whether a value is finite and within its bounds; zero means "not given" and passes."""
    low, high = bounds()[quantity]
    return math.isfinite(value) and (value == 0 or low <= value <= high)


def without_implausible(
    instances: pl.DataFrame, checked: Mapping[str, tuple[str, float]], where: pl.Expr
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return instances without impossible values, and a finding a series and column.

    ``checked`` names columns of the instance table with their quantity and the factor to the
    unit of the bounds; slice positions are checked as well.  Rows that are not ``where`` keep
    their values.
    """
    wrong = {name: where & ~_fits(name, *meant) for name, meant in checked.items()}
    place = pl.col("ImagePositionPatient")
    low, high = bounds()["position"]
    within = place.list.eval(pl.element().is_between(low, high)).list.all()
    wrong["ImagePositionPatient"] = where & ~within
    flagged = instances.with_columns(
        **{f"bad_{name}": expression.fill_null(False) for name, expression in wrong.items()}
    )
    cleaned = flagged.with_columns(
        pl.when(~pl.col(f"bad_{name}")).then(name).alias(name) for name in wrong
    )
    return cleaned.drop(f"bad_{name}" for name in wrong), _findings(flagged, tuple(wrong))


def _fits(name: str, quantity: str, factor: float) -> pl.Expr:
    low, high = bounds()[quantity]
    value = pl.col(name) * factor
    return (value.is_finite() & value.is_between(low, high)) | (value == 0)


def _findings(flagged: pl.DataFrame, names: tuple[str, ...]) -> list[Finding]:
    findings = []
    for name in names:
        series = flagged.filter(f"bad_{name}").select("StudyInstanceUID", "SeriesInstanceUID")
        findings += [
            Finding("mapping", "implausible_value", "a value is impossible; it is not used",
                    column=name, study=study, series=uid)
            for study, uid in series.unique().iter_rows()
        ]  # fmt: skip
    return findings
