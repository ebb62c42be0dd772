"""What a header says of its machine, folded: one spelling for all that mean the same.

Folded are case and blanks of every sign, and of a maker also the legal form of its company and the
spellings of ``maker_spellings.csv``, which makers write into Manufacturer (0008,0070) and name in
their DICOM conformance statements.  Nothing is guessed: an unknown maker stays what it is.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib import resources
from typing import NamedTuple

# Of companies, at the end of a name; they tell no maker from another.
LEGAL_FORMS = frozenset(
    {"ag", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "kg", "kk", "llc", "ltd",
     "limited", "nv", "sa"}
)  # fmt: skip
# What stands where a serial number or station was not known, or was taken away.
NO_SIGNS = frozenset(
    {"", "anon", "anonymised", "anonymized", "anonymous", "deidentified", "dummy", "n/a", "na",
     "none", "notavailable", "notspecified", "null", "removed", "unknown", "unspecified"}
)  # fmt: skip
FILLER = re.compile(r"([0x*?.\-_])\1*")  # 0000, XXXX, ----: of no machine
# Canon took over Toshiba's CT business and its machines, which kept their models' names.
SUCCESSORS = frozenset({"toshiba", "canon"})


class DeviceSigns(NamedTuple):
    """What headers say of a machine, as they spell it; ``None`` is what they do not say."""

    manufacturer: str | None = None
    model: str | None = None
    station: str | None = None
    serial: str | None = None

    @property
    def folded(self) -> FoldedSigns:
        """The signs without what tells spellings apart."""
        return FoldedSigns(
            folded_maker(self.manufacturer), _joined(self.model), _sign(self.station),
            _sign(self.serial),
        )  # fmt: skip

    def __str__(self) -> str:
        named = " ".join(filter(None, (maker_name(self.manufacturer), _plain(self.model))))
        station = _plain(self.station) if _sign(self.station) else ""
        return ", ".join(filter(None, (named, station))) or "scanner not stated"


class FoldedSigns(NamedTuple):
    """The same for every spelling of the same; empty is what is not said."""

    maker: str
    model: str
    station: str
    serial: str


def folded_maker(manufacturer: str | None) -> str:
    """Return a maker in lower case, in one spelling of those that are known."""
    words = _maker_words(manufacturer)
    return maker_spellings().get(words, words).casefold()


def maker_name(manufacturer: str | None) -> str:
    """Return how a maker is shown: as it is known, else as the header spells it."""
    return maker_spellings().get(_maker_words(manufacturer), _plain(manufacturer))


def same_maker(first: FoldedSigns, second: FoldedSigns) -> bool:
    """Say whether two makers are one, or the one took over the other's machines of that model."""
    if first.maker == second.maker:
        return True
    succeeded = {first.maker, second.maker} == SUCCESSORS
    return succeeded and first.model == second.model != ""


@cache
def maker_spellings() -> dict[str, str]:
    """Return spelling -> maker of ``maker_spellings.csv``."""
    text = resources.files(__package__).joinpath("maker_spellings.csv").read_text("utf-8")
    return {row["spelling"]: row["maker"] for row in csv.DictReader(text.splitlines())}


def _maker_words(manufacturer: str | None) -> str:
    words = re.sub(r"[\W_]+", " ", _plain(manufacturer).casefold()).split()
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    return " ".join(words)


def _sign(text: str | None) -> str:
    joined = _joined(text)
    return "" if joined in NO_SIGNS or FILLER.fullmatch(joined) else joined


def _joined(text: str | None) -> str:
    return "".join(_plain(text).casefold().split())


def _plain(text: str | None) -> str:
    """Return a text with single blanks; DICOM pads with blanks, some makers with NUL."""
    return " ".join(unicodedata.normalize("NFKC", text or "").replace("\0", " ").split())
