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
from workbench.mapping.ucum import conversion
from workbench.model import Finding

EXACT_SHARE = 0.01  # decision: Numeric Value is rounded; further apart is contradiction


@cache
def unit_factors() -> dict[tuple[str, str], float]:
    """Return factors to the column's unit by quantity and unit code (``data/unit_codes.csv``)."""
    text = (resources.files(__package__) / "data" / "unit_codes.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["quantity"], row["code"]): float(row["factor"]) for row in rows}


@cache
def _units() -> dict[str, str]:
    text = (resources.files(__package__) / "data" / "unit_codes.csv").read_text("utf-8")
    return {row["quantity"]: row["unit"] for row in csv.DictReader(text.splitlines())}


@cache
def unit_factor(quantity: str, code: str) -> float | None:
    """Return the factor from a unit's code to the column's unit; ``None`` for no such unit.

    The table counts first, for spellings that are no UCUM; then what UCUM makes of the code.
    """
    factor = unit_factors().get((quantity, code))
    return factor if factor is not None or not code else conversion(code, _units()[quantity])


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
        if node.qualifier().value:
            self.refuse("value_qualified", "a value is told as not available; it is not used",
                        column)  # fmt: skip
            return None
        value, unit = self._numeric(node, column)
        if value is None:
            return None
        factor = unit_factor(quantity, unit or "")
        if factor is None:
            self.refuse("unknown_unit", "the unit of a value is not known; it is not used", column)
            return None
        return self._plausible(value if factor == 1.0 else value * factor, quantity, column)

    def child(self, parent: Node, code: str, quantity: str, column: str) -> float | None:
        """Return the NUM child of a concept as ``measured`` does.

        Several that tell one value are that value; ``None`` with a finding where they differ.
        """
        nodes = parent.children(code) or [Node({})]
        read = {self.measured(node, quantity, column) for node in nodes} - {None}
        if len(read) > 1:
            self.refuse("multi_valued", "several values stand where one must be; none is used",
                        column)  # fmt: skip
            return None
        return next(iter(read), None)

    def _numeric(self, node: Node, column: str) -> tuple[float | None, str | None]:
        """Return the number and unit of a content item, by its exact value where it has one."""
        given, unit = node.measured()
        exact = node.exact()
        if len(exact) == 1 and len(given) <= 1:
            told = number(given[0]) if given else None
            if told is None or math.isclose(told, exact[0], rel_tol=EXACT_SHARE):
                return (exact[0] if told is None else told), unit
            self.refuse("contradictory_value", "two forms of one value differ; none is used",
                        column)  # fmt: skip
            return None, unit
        if node.item and not any(value not in (None, "") for value in given):
            self.note("empty_value", "a value is left empty", column)
        return self._single(given, column), unit

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

    def note(self, code: str, detail: str, column: str) -> None:
        """Note what is worth knowing and costs nothing."""
        self.findings.append(Finding("mapping", code, detail, severity="note", column=column))

    def refuse(self, code: str, detail: str, column: str) -> None:
        """Note a value that is not used."""
        self.findings.append(Finding("mapping", code, detail, column=column))
