"""From an allow-list and PS3.15 to one rule an attribute.

A rule says how a value is treated; its kind follows from the value representation and from the
action of PS3.15 table E.1-1 under the chosen options.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from pydicom.datadict import dictionary_VR, tag_for_keyword

from workbench.deidentify import standard_tables
from workbench.deidentify.patient_clock import Times
from workbench.language import Saying, mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


Key = TypeVar("Key")


class Kind(Enum):
    """How the value of an attribute is treated."""

    BINARY = auto()
    DECIMAL = auto()
    CODE_STRING = auto()
    AGE = auto()
    TIME = auto()
    OFFSET = auto()
    DATE = auto()
    KEPT_DATE = auto()
    MOMENT = auto()
    UID = auto()
    CLASS_UID = auto()
    KEPT_UID = auto()
    LABEL = auto()
    TEXT = auto()
    COMMENT = auto()
    PRIVATE_TEXT = auto()
    REPORT_TEXT = auto()
    CODED = auto()
    SEQUENCE = auto()
    EMPTY = auto()


@dataclass(frozen=True)
class AttributeRule:
    """The kind of an attribute, the standard's VR of it and its keyword."""

    kind: Kind
    vr: str
    keyword: str = "private attribute"


class NotKeptError(Exception):
    """An attribute that a profile lists, but that may not be kept."""

    def __init__(self, keyword: str, reason: str) -> None:
        super().__init__(f"{keyword}: {reason}")
        self.keyword = keyword
        self.reason = reason


KIND_OF_VR = MappingProxyType(
    {
        **dict.fromkeys(("US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"), Kind.BINARY),
        **dict.fromkeys(("DS", "IS"), Kind.DECIMAL),
        **dict.fromkeys(("LO", "SH", "UC", "ST", "LT", "UT"), Kind.TEXT),
        "AE": Kind.LABEL,
        "CS": Kind.CODE_STRING,
        "AS": Kind.AGE,
        "TM": Kind.TIME,
        "DA": Kind.DATE,
        "DT": Kind.MOMENT,
        "UI": Kind.CLASS_UID,
        "SQ": Kind.SEQUENCE,
    }
)
CODED = frozenset({"CodeValue", "LongCodeValue", "CodeMeaning"})
SEQUENCE_OF_UIDS = "X/Z/U*"  # table E.1-1: a sequence may stay if the UIDs in it are replaced
OFFSET = "TimezoneOffsetFromUTC"  # an SH of one form: PS3.3 C.12.1.1.8
TEXT_VALUE, PERSON_NAME = "TextValue", 0x0040A123
COMMENT = "Comment"  # in the keyword of every attribute that is one
PRIVATE_TEXTS = frozenset({Kind.TEXT, Kind.CODE_STRING})
DATES = frozenset({Kind.DATE, Kind.MOMENT})
TIMES_ALONE = frozenset({Kind.TIME, Kind.OFFSET})  # without a day in the same value


def resolve(
    keywords: Iterable[str], plain: frozenset[str], options: frozenset[str]
) -> dict[int, AttributeRule]:
    """Return the rule of each attribute that is kept, emptied or cleaned, by tag.

    Attributes that the table wants emptied (Z) are emptied even when not listed, so that a
    reader finds them where the standard demands them.  Raises ``NotKeptError``.
    """
    rules = {
        tag: AttributeRule(Kind.EMPTY, row_vr)
        for tag in standard_tables.attribute_actions()
        if standard_tables.action(tag, options).startswith("Z") and (row_vr := _vr(tag)) != ""
    }
    rules[PERSON_NAME] = AttributeRule(Kind.EMPTY, "PN")
    for keyword in keywords:
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise NotKeptError(keyword, mark("DICOM has no such keyword"))
        rules[tag] = _rule(tag, keyword, keyword in plain, options)
    return rules


def of_times(rules: Mapping[Key, AttributeRule], times: Times) -> dict[Key, AttributeRule]:
    """Return rules under which times of day leave as told, or empty; see ``patient_clock``."""
    if times is not Times.REMOVED:
        return dict(rules)
    return {
        key: replace(rule, kind=Kind.EMPTY) if rule.kind in TIMES_ALONE else rule
        for key, rule in rules.items()
    }


def private_rule(vr: str) -> AttributeRule:
    """Return the rule of a private attribute of this VR: texts are reduced to known words."""
    kind = KIND_OF_VR[vr]
    return AttributeRule(Kind.PRIVATE_TEXT if kind in PRIVATE_TEXTS else kind, vr)


def may_be_kept(keyword: str, options: frozenset[str]) -> bool:
    """Say whether the options let an attribute stay; raises ``NotKeptError`` for no keyword."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise NotKeptError(keyword, mark("DICOM has no such keyword"))
    try:
        _rule(tag, keyword, False, options)
    except NotKeptError:
        return False
    return True


def _rule(tag: int, keyword: str, plain: bool, options: frozenset[str]) -> AttributeRule:
    vr = _vr(tag)
    kind = KIND_OF_VR.get(vr)
    if kind is None:
        raise NotKeptError(keyword, Saying(mark("values of VR {vr} are never kept"), vr=vr))
    act = standard_tables.action(tag, options)
    if act == "U":
        return AttributeRule(Kind.UID, vr, keyword)
    if act not in ("", "K", "C", SEQUENCE_OF_UIDS):
        raise NotKeptError(keyword, Saying(
            mark("PS3.15 table E.1-1 demands {act} under the options chosen"), act=act
        ))  # fmt: skip
    return AttributeRule(_refined(kind, keyword, plain, act == "K", options), vr, keyword)


def _refined(
    kind: Kind, keyword: str, plain: bool, retained: bool, options: frozenset[str]
) -> Kind:
    if keyword == TEXT_VALUE:
        return Kind.REPORT_TEXT
    if keyword in CODED:
        return Kind.CODED
    if keyword == OFFSET:
        return Kind.OFFSET
    if kind is Kind.TEXT and COMMENT in keyword:
        return Kind.COMMENT
    if kind is Kind.CLASS_UID and retained:
        return Kind.KEPT_UID
    if kind is Kind.TEXT and (plain or retained):
        return Kind.LABEL
    if kind in DATES and (retained or "rtn_long_full" in options):
        return Kind.KEPT_DATE
    return kind


def _vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""
