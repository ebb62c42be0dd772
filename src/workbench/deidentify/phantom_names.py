"""Whether the patient of an object is a phantom, by name and ID: known at the border alone.

That no person was scanned tells nothing of a person, and a phantom's dose is nobody's.  A word
that is also a person's name ("Phan", "Test", "Konstanz", "Wasser") is no phantom's alone.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from workbench.deidentify.identity import WORD
from workbench.deidentify.spellings import fold

PHANTOM_NAMED = "phantom_named"
TWO = 2  # words that say so together only


@cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    text = (resources.files(__package__) / "data" / "phantom_names.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    alone = frozenset(fold(row["word"]) for row in rows if row["alone"] == "yes")
    return alone, frozenset(fold(row["word"]) for row in rows)


def names_phantom(name: str, patient_id: str = "") -> bool:
    """Return whether a PatientName or a PatientID is that of a phantom or a test of the machine."""
    alone, all_words = _words()
    words = [fold(word) for text in (name, patient_id) for word in WORD.findall(text)]
    if any(word in alone for word in words):
        return True
    return len({word for word in words if word in all_words}) >= TWO
