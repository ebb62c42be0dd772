"""Numbers with unit codes: normalised by a table, refused when unit or value cannot be."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from workbench.mapping.content_tree import Node
from workbench.mapping.plausible import plausible
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
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


class Reading:
    """Reads values and collects findings about those it refuses."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def measured(self, node: Node, quantity: str, column: str) -> float | None:
        """Return a NUM content item in the unit of ``column``; ``None`` with a finding if not.

        An absent item gives ``None`` and no finding.
        """
        given, unit = node.measured()
        value = self._single(given, column)
        if value is None:
            return None
        factor = unit_factors().get((quantity, unit or ""))
        if factor is None:
            self.refuse("unknown_unit", "the unit of a value is not known; it is not used", column)
            return None
        return self._plausible(value if factor == 1.0 else value * factor, quantity, column)

    def given(
        self, values: Sequence[Any], quantity: str, column: str, factor: float = 1.0
    ) -> float | None:
        """Return an attribute's one value times ``factor``; ``None`` with a finding if not."""
        value = self._single(values, column)
        return None if value is None else self._plausible(value * factor, quantity, column)

    def _single(self, values: Sequence[Any], column: str) -> float | None:
        present = [value for value in values if value not in (None, "")]
        if not present:
            return None
        if len(present) > 1:
            self.refuse("multi_valued", "several values stand where one must be; none is used",
                        column)  # fmt: skip
            return None
        value = number(present[0])
        if value is None:
            self.refuse("bad_value", "a value is not a number", column)
        return value

    def _plausible(self, value: float, quantity: str, column: str) -> float | None:
        if plausible(quantity, value):
            return value
        if value < 0:
            self.refuse("negative_value", "a value is negative; it is not used", column)
        else:
            self.refuse("implausible_value", "a value is impossible; it is not used", column)
        return None

    def refuse(self, code: str, detail: str, column: str) -> None:
        """Note a value that is not used."""
        self.findings.append(Finding("mapping", code, detail, column=column))
