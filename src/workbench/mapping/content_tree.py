"""The content tree of a structured report (PS3.3 C.17.3), read from DICOM JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.dicom.jsonmodel import Item, first, items, tag_key, values
from workbench.mapping.codes import NO_CODE, UNITS, Code, code_of

# PS3.16 CID and TID codes, scheme DCM.
DOSE_REPORT = "113701"  # X-Ray Radiation Dose Report, root of TID 10001 and 10011
NUCLEAR_REPORT = "113500"  # Radiopharmaceutical Radiation Dose Report, root of TID 10021
CT_ACCUMULATED = "113811"
CT_ACQUISITION = "113819"

FLOATING, NUMERATOR, DENOMINATOR, QUALIFIER, DESIGNATOR = map(
    tag_key,
    (
        "FloatingPointValue", "RationalNumeratorValue", "RationalDenominatorValue",
        "NumericValueQualifierCodeSequence", "CodingSchemeDesignator",
    ),
)  # fmt: skip

REPORT_KINDS = {
    "ct": "CT dose report",
    "projection": "projection dose report: not mapped yet",
    "nuclear": "radiopharmaceutical dose report: not mapped yet",
    "no_dose": "structured report without a dose",
}
DOSE_REPORT_KINDS = ("ct", "projection", "nuclear")


@dataclass(frozen=True)
class Node:
    """One content item; ``code`` of its concept name decides what it is."""

    item: Item

    @cached_property
    def concept(self) -> Code:
        """The concept name."""
        return code_of(self.item, "ConceptNameCodeSequence")

    @property
    def code(self) -> str:
        """Our name of the concept (``codes.Code.name``); empty when there is none."""
        return self.concept.name

    @cached_property
    def _by_code(self) -> dict[str, list[Node]]:
        """The direct children by concept name: a node is asked for some twenty of them."""
        children: dict[str, list[Node]] = {}
        bare: list[Node] = []
        for node in map(Node, items(self.item, "ContentSequence")):
            if node.concept.scheme:
                children.setdefault(node.concept.name, []).append(node)
            else:
                bare.append(node)
        proper = frozenset(children) if bare else frozenset()
        for node in bare:  # a code without scheme only stands in for one that has it
            if node.code not in proper:
                children.setdefault(node.code, []).append(node)
        return children

    def children(self, code: str) -> list[Node]:
        """Return the direct children with a concept name."""
        return self._by_code.get(code, [])

    def child(self, code: str) -> Node:
        """Return the first such child; an empty node when there is none."""
        return next(iter(self.children(code)), Node({}))

    def measured(self) -> tuple[list[Any], str | None]:
        """Return the numeric values (one, in a valid report) and the unit's code of the first.

        A unit of another scheme than UCUM has that scheme behind it.
        """
        measured = items(self.item, "MeasuredValueSequence")
        unit = code_of(next(iter(measured), Item()), "MeasurementUnitsCodeSequence")
        told = unit.value if unit.scheme in (UNITS, "") else unit.name
        return [v for item in measured for v in values(item, "NumericValue")], told or None

    def exact(self) -> list[float]:
        """Return what stands beside Numeric Value: its exact value (PS3.3 C.18.1)."""
        given: list[Any] = []
        for item in items(self.item, "MeasuredValueSequence"):
            if FLOATING in item:
                given += values(item, FLOATING)
            if NUMERATOR in item:
                above, below = values(item, NUMERATOR), values(item, DENOMINATOR)
                given += [a / b for a, b in zip(above, below, strict=False) if _ratio(a, b)]
        return [float(value) for value in given if _real(value)]

    def qualifier(self) -> Code:
        """Return why a number is not there (PS3.16 CID 42); an empty code when it is."""
        for item in (self.item, *items(self.item, "MeasuredValueSequence")):
            if QUALIFIER in item:
                return code_of(item, QUALIFIER)
        return NO_CODE

    def coded(self) -> tuple[str, str]:
        """Return our name and the meaning of a coded value; empty texts when absent."""
        code = code_of(self.item, "ConceptCodeSequence")
        return code.name, code.meaning

    def text(self) -> str | None:
        """Return a TEXT, UIDREF or DATETIME value, without blanks at its ends."""
        for keyword in ("TextValue", "UID", "DateTime"):
            value = first(self.item, keyword)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None


def _real(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _ratio(above: object, below: object) -> bool:
    return _real(above) and _real(below) and below != 0


def misplaced(node: Node, code: str) -> bool:
    """Say whether a concept stands deeper in a tree than in its children.

    What is inside those children is not looked at.
    """
    others = [
        Node(item) for item in items(node.item, "ContentSequence")
        if code_of(item, "ConceptNameCodeSequence").name != code
    ]  # fmt: skip
    return any(other.children(code) or misplaced(other, code) for other in others)


def schemeless(item: Item) -> bool:
    """Say whether a concept name in a tree tells no scheme."""
    name = next(iter(items(item, "ConceptNameCodeSequence")), None)
    if name and not (DESIGNATOR in name and values(name, DESIGNATOR)):
        code = code_of(item, "ConceptNameCodeSequence")
        if code.value and not code.scheme:
            return True
    return any(schemeless(child) for child in items(item, "ContentSequence"))


def parse_header(text: str | None) -> Item:
    """Return a header column as an item; an empty one when it is no JSON object."""
    try:
        header = json.loads(text or "{}")
    except ValueError:
        return Item()
    if not isinstance(header, dict):
        return Item()
    return {key: value for key, value in header.items() if isinstance(value, dict)}


def report_kind(text: str) -> str:
    """Return a key of ``REPORT_KINDS`` for a structured report's header column.

    The root concept decides, not the SOP class; CT content makes it a CT report.
    """
    root = Node(parse_header(text))
    if root.code == NUCLEAR_REPORT:
        return "nuclear"
    if root.code != DOSE_REPORT:
        return "no_dose"
    codes = {Node(item).code for item in items(root.item, "ContentSequence")}
    if codes & {CT_ACCUMULATED, CT_ACQUISITION} or misplaced(root, CT_ACQUISITION):
        return "ct"
    return "projection"
