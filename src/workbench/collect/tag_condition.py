"""One condition of the survey's filter on an attribute, as [[filter.tag]] says it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from workbench.collect.find import texts
from workbench.dicom.object_definitions import can_have
from workbench.language import Words, data, listed, number, t

NUMBERED = re.compile(r"([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\Z")
DECIMAL = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d{1,3})?\Z", re.ASCII)


@dataclass(frozen=True)
class TagCondition:
    """One attribute that must have one of some values, or lie in a range (ends included).

    Attributes
    ----------
    tag
        A DICOM keyword, or ``gggg,eeee``.
    creator
        Private creator, for a private attribute; the element is then counted in its block.
    values
        Any of these; letter case and blanks around do not count, and 120 is 120.0.
    low, high
        Ends of the range; ``None`` is open.
    """

    tag: str
    creator: str = ""
    values: frozenset[str] = frozenset()
    low: float | None = None
    high: float | None = None

    def number(self) -> BaseTag | None:
        """Return the tag's number; ``None`` for what is neither keyword nor number."""
        match = NUMBERED.match(self.tag)
        if match:
            return Tag(int(match[1], 16), int(match[2], 16))
        known = tag_for_keyword(self.tag)
        return None if known is None else Tag(known)

    def is_for(self, sop_class: str) -> bool:
        """Whether objects of a SOP class can have the attribute."""
        number = self.number()
        return number is not None and can_have(sop_class, number)

    def holds(self, dataset: Dataset) -> bool | None:
        """Say whether a header meets the condition; ``None`` when it lacks the attribute."""
        written = self._texts(dataset)
        if not written:
            return None
        return any(self.admits(value) for value in written)

    def admits(self, value: str) -> bool:
        """Say whether a value meets the condition."""
        if self.values:
            return _plain(value) in {_plain(wanted) for wanted in self.values}
        return self._within(value)

    def sentence(self) -> Words:
        """Say it for a person."""
        tag = data(self.tag)
        if self.values:
            values = listed(map(data, sorted(self.values)), f" {t('or')} ")
            return t("{tag} {values}", tag=tag, values=values)
        if self.low is None:
            return t("{tag} up to {high}", tag=tag, high=plainly(self.high))
        if self.high is None:
            return t("{tag} from {low}", tag=tag, low=plainly(self.low))
        return t("{tag} {low} to {high}", tag=tag, low=plainly(self.low), high=plainly(self.high))

    def _texts(self, dataset: Dataset) -> list[str]:
        tag = self.number()
        if tag is not None and self.creator:
            try:
                tag = dataset.private_block(tag.group, self.creator).get_tag(tag.element & 0xFF)
            except KeyError:
                return []
        if tag is None:
            return []
        written = list(texts(dataset, tag))
        return written or [each for item in _frames(dataset) for each in texts(item, tag)]

    def _within(self, value: str) -> bool:
        number = _plain(value)
        if isinstance(number, str):
            return False
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return low <= number <= high


def _frames(dataset: Dataset) -> Iterator[Dataset]:
    """Yield the items of an enhanced object's functional groups (PS3.3 C.7.6.16)."""
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for groups in _items(dataset.get(keyword)):
            for group in groups:
                yield from _items(group.value)


def _items(value: object) -> Iterable[Dataset]:
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()


def _plain(value: str) -> str | float:
    """Return what two equal values have in common: a number where it is one, else small letters."""
    small = value.strip().casefold()
    return float(small.replace(",", ".")) if DECIMAL.match(small) else small


def plainly(value: float | None) -> Words:
    """Return an end of a range; one that is open is 0."""
    return number(value or 0)
