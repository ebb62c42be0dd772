"""Dose statements out of comments: nothing else of a comment leaves.

Some makers write doses into comments only (GE and Philips: ``CommentsOnRadiationDose``,
"Series #3 KIDNEYS Average CTDIvol=7.2 DLP=196.0").  A comment is therefore read word by word by
a fixed grammar: a quantity with its number, a number with its unit, the number of a series or an
event, and words of the vocabulary between them.  Whatever is none of these is left out.
"""

from __future__ import annotations

import re

from workbench.deidentify.descriptors import COUNT
from workbench.deidentify.identity import WORD, Identity
from workbench.deidentify.spellings import fold, visible
from workbench.deidentify.standard_tables import vocabulary

_NUMBER = r"\d{1,6}(?:[.,]\d{1,9})?"
_QUANTITY = (
    r"(?:CTDI\w{0,4}|DLP|DAP|KAP|RAK|AGD|MGD|SSDE|Kerma|EVENT|Series|Scan|kV|kVp|mA|mAs|EI|DI)"
)
_UNIT = r"(?:%|[cdmuµ]?Gy(?:[.*]?c?m\d?)?|kVp?|mAs?|mm|cm|s|ms|MBq)"
STATEMENT = re.compile(
    rf"(?:{_QUANTITY}\s?[=:]\s?{_NUMBER}{_UNIT}?|{_NUMBER}\s?{_UNIT}|#\d{{1,4}}"
    rf"|{_QUANTITY}\s{_NUMBER}(?:\s?{_UNIT})?)"
    r"(?=[\s,;]|\Z)",
    re.I,
)
PART = re.compile(r"\s+|[,;:]|[^\s,;:]+")


def dose_statements(text: str, names: Identity) -> str:
    """Return what of a comment states a dose, with the words of technique beside it."""
    seen = visible(text)
    kept: list[str] = []
    place = 0
    while place < len(seen):
        statement = STATEMENT.match(seen, place)
        part = statement or PART.match(seen, place)
        if part is None:
            break
        if statement or _is_technique(part[0], names):
            kept.append(part[0])
        place = part.end()
    words = "".join(kept)
    return words if any(map(str.isalnum, words)) else ""


def _is_technique(part: str, names: Identity) -> bool:
    words = WORD.findall(part)
    return all(
        (fold(word) in vocabulary() or (COUNT.match(word) and not word.isdigit()))
        and fold(word) not in names.own
        for word in words
    ) and (bool(words) or not part.strip() or part in ",;:")
