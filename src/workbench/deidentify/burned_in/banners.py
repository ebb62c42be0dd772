"""Fixed banners: where a device of a known kind writes names into its images.

``data/burned_in_banners.csv`` has one rectangle a line and the header values it goes with.
All rectangles that match are filled; the program the facts come from fills those of the first
match only, so ours fill more.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pydicom.datadict import tag_for_keyword
from pydicom.multival import MultiValue

from workbench.deidentify.burned_in.boxes import Box
from workbench.deidentify.standard_tables import data_bytes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

TABLE = "burned_in_banners.csv"
PLACE = ("top", "left", "height", "width")
OTHER, OTHER_VALUE = "other", "value"
CONTAINS, EQUALS, BEGINS = "~", "=", "^"
SIGNS = {CONTAINS: "contains", EQUALS: "equals", BEGINS: "begins with"}


@dataclass(frozen=True)
class BannerCondition:
    """What the value of one attribute must be; one of the alternatives suffices.

    Attributes
    ----------
    keyword
        DICOM keyword, or a tag of a repeating group in eight hexadecimal digits; looked for at
        the top level and in the file meta information.
    sign
        ``~`` contains, ``=`` equals, ``^`` begins with; letter case does not matter.
    alternatives
        The texts, folded to lower case.
    """

    keyword: str
    sign: str
    alternatives: tuple[str, ...]

    def holds(self, value: str) -> bool:
        """Say whether a value, written with backslashes between several, fulfils it."""
        folded = value.strip(" \0").casefold()
        if self.sign == CONTAINS:
            return any(alternative in folded for alternative in self.alternatives)
        if self.sign == BEGINS:
            return folded.startswith(self.alternatives)
        return folded in self.alternatives


@dataclass(frozen=True)
class BannerRule:
    """A rectangle, and the conditions that must all hold."""

    box: Box
    conditions: tuple[BannerCondition, ...]

    def matches(self, header: Dataset) -> bool:
        """Say whether an object is of the rule's kind; an absent attribute fulfils nothing."""
        return all(
            condition.holds(written(header, condition.keyword)) for condition in self.conditions
        )


def written(header: Dataset, keyword: str) -> str:
    """Return a value as text, empty where it is absent or cannot be read."""
    try:
        tag = tag_for_keyword(keyword) or int(keyword, 16)
        holder = header if header.get_item(tag) else getattr(header, "file_meta", {})
        value = holder[tag].value if tag in holder else None
    except Exception:  # noqa: BLE001 - pydicom raises a dozen kinds; unreadable matches nothing
        return ""
    if value is None:
        return ""
    several = value if isinstance(value, MultiValue | list | tuple) else [value]
    return "\\".join(map(str, several))


def _condition(keyword: str, cell: str) -> BannerCondition:
    sign, texts = cell[:1], tuple(cell[1:].casefold().split("|"))
    if sign not in SIGNS or not all(texts):
        reason = f"{TABLE}: a cell of {keyword} has no sign or no text"
        raise ValueError(reason)
    return BannerCondition(keyword, sign, texts)


def _rule(row: Mapping[str, str]) -> BannerRule:
    cells = {name: text for name, text in row.items() if text and name not in PLACE}
    attribute, value = cells.pop(OTHER, ""), cells.pop(OTHER_VALUE, "")
    cells |= {attribute: value} if attribute else {}
    box = Box(*(int(row[name]) for name in PLACE))
    return BannerRule(box, tuple(_condition(keyword, cell) for keyword, cell in cells.items()))


@cache
def rules() -> tuple[BannerRule, ...]:
    """Return the rules of the table."""
    lines = data_bytes(TABLE).decode("utf-8").splitlines()
    return tuple(map(_rule, csv.DictReader(line for line in lines if line[:1] != "#")))


def banners(header: Dataset) -> tuple[Box, ...]:
    """Return the rectangles of all rules that match an object, each once."""
    return tuple(dict.fromkeys(rule.box for rule in rules() if rule.matches(header)))
