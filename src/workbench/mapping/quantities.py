"""Numbers with unit codes: normalised by a table, refused when the unit is unknown."""

from __future__ import annotations

import csv
import math
from functools import cache
from importlib import resources
from typing import Any

from workbench.mapping.tree import Node
from workbench.model import Finding


@cache
def unit_factors() -> dict[tuple[str, str], float]:
    """Return factors to the column's unit by quantity and unit code (``data/unit_codes.csv``)."""
    text = (resources.files(__package__) / "data" / "unit_codes.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["quantity"], row["code"]): float(row["factor"]) for row in rows}


def number(value: Any) -> float | None:
    """Return a finite number, also from a decimal text; else ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except ValueError:
        return None
    return result if math.isfinite(result) else None


class Reading:
    """Reads measured values and collects findings about those it refuses."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def measured(self, node: Node, quantity: str, column: str) -> float | None:
        """Return a NUM content item in the unit of ``column``; ``None`` with a finding if not.

        An absent item gives ``None`` and no finding.
        """
        raw, unit = node.measured()
        if raw is None:
            return None
        value = number(raw)
        factor = unit_factors().get((quantity, unit or ""))
        if value is None:
            self.refuse("bad_value", "a value of the report is not a number", column)
            return None
        if factor is None:
            self.refuse("unknown_unit", "the unit of a value is not known; it is not used", column)
            return None
        return value if factor == 1.0 else value * factor

    def refuse(self, code: str, detail: str, column: str) -> None:
        """Note a value that is not used."""
        self.findings.append(Finding("mapping", code, detail, column=column))
