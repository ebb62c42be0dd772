"""The content tree of a structured report (PS3.3 C.17.3), read from DICOM JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.dicom.jsonmodel import Item, first, items, values

# PS3.16 CID and TID codes, scheme DCM.
DOSE_REPORT = "113701"  # X-Ray Radiation Dose Report, root of TID 10001 and 10011
NUCLEAR_REPORT = "113500"  # Radiopharmaceutical Radiation Dose Report, root of TID 10021
CT_ACCUMULATED = "113811"
CT_ACQUISITION = "113819"

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

    @property
    def code(self) -> str:
        """Code value of the concept name; empty when there is none."""
        return code_of(self.item, "ConceptNameCodeSequence")[0]

    @cached_property
    def _by_code(self) -> dict[str, list[Node]]:
        """The direct children by concept name: a node is asked for some twenty of them."""
        children: dict[str, list[Node]] = {}
        for node in map(Node, items(self.item, "ContentSequence")):
            children.setdefault(node.code, []).append(node)
        return children

    def children(self, code: str) -> list[Node]:
        """Return the direct children with a concept name."""
        return self._by_code.get(code, [])

    def child(self, code: str) -> Node:
        """Return the first such child; an empty node when there is none."""
        return next(iter(self.children(code)), Node({}))

    def measured(self) -> tuple[list[Any], str | None]:
        """Return the numeric values (one, in a valid report) and the unit's code of the first."""
        measured = items(self.item, "MeasuredValueSequence")
        unit = code_of(next(iter(measured), Item()), "MeasurementUnitsCodeSequence")[0]
        return [v for item in measured for v in values(item, "NumericValue")], unit or None

    def coded(self) -> tuple[str, str]:
        """Return code value and meaning of a coded value; empty texts when absent."""
        return code_of(self.item, "ConceptCodeSequence")

    def text(self) -> str | None:
        """Return a TEXT, UIDREF or DATETIME value, without blanks at its ends."""
        for keyword in ("TextValue", "UID", "DateTime"):
            value = first(self.item, keyword)
            if isinstance(value, str) and value.strip():
                return value.strip()
        return None


def code_of(item: Item, keyword: str) -> tuple[str, str]:
    """Return code value and meaning of the first item of a code sequence."""
    code = next(iter(items(item, keyword)), Item())
    for name in ("CodeValue", "LongCodeValue", "URNCodeValue"):
        value = first(code, name)
        if value:
            return str(value).strip(), str(first(code, "CodeMeaning") or "").strip()
    return "", str(first(code, "CodeMeaning") or "").strip()


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
    return "ct" if codes & {CT_ACCUMULATED, CT_ACQUISITION} else "projection"
