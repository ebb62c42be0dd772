"""Body regions from the texts of protocols, in English, German and French.

Rules are tried in their order on each text, texts in the order given; the first hit decides.
A text that no rule knows stays ``unknown``: a wrong region would choose a wrong coefficient.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import polars as pl

UNKNOWN = "unknown"
LONGEST = 256  # characters of a text that are looked at; LO holds 64 (PS3.5 6.2)


@dataclass(frozen=True)
class RegionRule:
    """A numbered rule: ``pattern`` must be found in the normalised text, ``unless`` must not."""

    number: int
    region: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None

    def fits(self, text: str) -> bool:
        """Whether the rule fits a normalised text."""
        if not self.pattern.search(text):
            return False
        return self.unless is None or not self.unless.search(text)


@cache
def region_rules() -> tuple[RegionRule, ...]:
    """Return the rules of ``data/region_rules.csv`` in order."""
    text = (resources.files(__package__) / "data" / "region_rules.csv").read_text("utf-8")
    rules = []
    for row in csv.DictReader(text.splitlines()):
        patterns = [row[language] for language in ("english", "german", "french")]
        pattern = re.compile("|".join(filter(None, patterns)))
        unless = re.compile(row["unless"]) if row["unless"] else None
        rules.append(RegionRule(int(row["rule"]), row["region"], pattern, unless))
    return tuple(sorted(rules, key=lambda rule: rule.number))


def normalised(text: str) -> str:
    """Return a text in lower case without accents; separators become single blanks."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST].lower().replace("ß", "ss"))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^0-9a-z]+", " ", kept).split())


def body_region(text: str) -> tuple[str, int | None]:
    """Return region and rule number for one text; ``("unknown", None)`` when none fits."""
    plain = normalised(text)
    for rule in region_rules():
        if plain and rule.fits(plain):
            return rule.region, rule.number
    return UNKNOWN, None


def regions_of(frame: pl.DataFrame, texts: Mapping[str, str]) -> pl.DataFrame:
    """Add ``body_region`` and ``region_rule`` to a frame.

    Parameters
    ----------
    frame
        Any table with text columns.
    texts
        Column name to the words that say in ``region_rule`` which text decided, in order of
        trust.  Each distinct text is looked at once.
    """
    regions: list[pl.Expr] = []
    rules: list[pl.Expr] = []
    for column, words in texts.items():
        found = {text: body_region(text) for text in _distinct(frame[column])}
        found = {text: hit for text, hit in found.items() if hit[1] is not None}
        regions.append(_looked_up(column, {text: hit[0] for text, hit in found.items()}))
        rules.append(_looked_up(column, {t: f"{hit[1]} ({words})" for t, hit in found.items()}))
    return frame.with_columns(
        body_region=pl.coalesce(*regions, pl.lit(UNKNOWN)), region_rule=pl.coalesce(*rules)
    )


def _distinct(column: pl.Series) -> Iterable[str]:
    return [text for text in column.unique().to_list() if text]


def _looked_up(column: str, found: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(
        list(found), list(found.values()), default=None, return_dtype=pl.String
    )
