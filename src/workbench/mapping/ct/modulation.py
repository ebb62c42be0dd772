"""Tube current modulation in words that all makers share.

Headers name it in Exposure Modulation Type (0018,9323), reports in X-Ray Modulation Type (113842,
DCM), in each maker's own words: ``data/modulation_words.csv`` says what they mean.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib import resources

OTHER = "OTHER"  # something is told that no line of the table knows
NONE = "NONE"


@cache
def modulation(text: str | None) -> str | None:
    """Return the kinds of modulation that a maker's words name, joined by a plus.

    ``NONE``: none; ``ANGULAR``: about the patient; ``LONGITUDINAL``: along the table; ``ECG``;
    ``ORGAN``; ``AUTOMATIC``: of a kind that is not told; ``OTHER``: unknown words.  Returns
    ``None`` where nothing is told.
    """
    told = (text or "").replace("\\", " ").replace("_", " ").strip()
    if not told:
        return None
    kinds = {kind for pattern, kind in _words() if pattern.search(told)}
    if len(kinds) > 1:
        kinds -= {NONE}
    return "+".join(sorted(kinds)) or OTHER


@cache
def _words() -> tuple[tuple[re.Pattern[str], str], ...]:
    folder = resources.files("workbench.mapping") / "data"
    rows = csv.DictReader((folder / "modulation_words.csv").read_text("utf-8").splitlines())
    return tuple((re.compile(row["pattern"], re.IGNORECASE), row["kind"]) for row in rows)
