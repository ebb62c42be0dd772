"""Content of structured reports and acquisition contexts, item by item (PS3.3 C.17.3).

Numbers, codes and containers stay; what a text may say depends on its concept.  UIDs, dates
and names in items are ordinary attributes and are treated by the rules of the profile.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from workbench.dicom.values import DAYS_A_YEAR, DAYS_IN

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from workbench.deidentify.confidentiality_profile import Concept, ConfidentialityProfile

REMOVED = "REMOVED"
AGES = frozenset({("121033", "DCM"), ("424144002", "SCT"), ("445518008", "SCT")})  # PS3.16 TID 1007
COMMENTS = frozenset({("121106", "DCM")})  # of these only known words stay
UNITS_OF_AGE = {"a": "Y", "mo": "M", "wk": "W", "d": "D"}  # UCUM -> letters of AS
# Schemes whose meanings are published terms; texts under others are a site's or a maker's own.
PUBLIC_SCHEMES = frozenset(
    {"DCM", "SRT", "SCT", "SNM3", "UCUM", "LN", "RADLEX", "FMA", "NCIt", "UMLS", "I10"}
    | {"ISO3166_1", "RFC5646"}
)


# Units of dose reports (PS3.16 CID 82 and others), as products and quotients with exponents.
_UNIT = (
    r"(?:[numcdhkMG]?(?:Gy|Sv|Bq|eV|Hz|A|V|W|m|g|L|l|s|J|C|R|T|rad)|min|h|d|wk|mo|a|deg|dB|Cel|%|1)"
)
UNIT = re.compile(rf"/?{_UNIT}-?\d?(?:[./]{_UNIT}-?\d?)*\Z")


def concept(item: Dataset, sequence: str = "ConceptNameCodeSequence") -> Concept | None:
    """Return code and scheme of an item's concept, or ``None`` when it has none."""
    try:
        code = item[sequence].value[0]
        return str(code.get("CodeValue", "")), str(code.get("CodingSchemeDesignator", ""))
    except (KeyError, IndexError, AttributeError, TypeError, ValueError, NotImplementedError):
        return None


def is_dropped(item: Dataset, profile: ConfidentialityProfile) -> bool:
    """Say whether a whole content item leaves the report."""
    return "ConceptNameCodeSequence" in item and concept(item) in profile.dropped_items


def is_unit(text: str, scheme: str) -> bool:
    """Say whether a code or meaning is a unit by its form; UCUM's braces hold free text."""
    return scheme == "UCUM" and UNIT.match(text) is not None


def is_published(scheme: str, value: str, meaning: str | None = None) -> bool:
    """Say whether the standard's own dictionaries hold a code, and with this meaning if given.

    Asked only when a code looks like a name or an identifier: loading them takes a moment.
    """
    meanings = _published().get((scheme, value))
    return meanings is not None and (meaning is None or meaning in meanings)


@cache
def _published() -> dict[tuple[str, str], set[str]]:
    from pydicom.sr.codedict import codes

    meanings: dict[tuple[str, str], set[str]] = {}
    for scheme in codes.schemes():
        for known in getattr(codes, scheme).concepts.values():
            meanings.setdefault((scheme, known.value), set()).add(known.meaning)
    return meanings


def is_too_old(item: Dataset, oldest_years: int) -> bool:
    """Say whether a content item states a person's age above the given one."""
    if concept(item) not in AGES:
        return False
    try:
        measured = item["MeasuredValueSequence"].value[0]
        unit = (concept(measured, "MeasurementUnitsCodeSequence") or ("a", ""))[0]
        days = float(measured["NumericValue"].value) * DAYS_IN[UNITS_OF_AGE[unit]]
        # A birthday may come a day before as many years of 365.25 days have passed.
        return days + 1 > (oldest_years + 1) * DAYS_A_YEAR
    except (KeyError, IndexError, AttributeError, TypeError, ValueError):
        # An age that cannot be read could be any age.
        return "MeasuredValueSequence" in item
