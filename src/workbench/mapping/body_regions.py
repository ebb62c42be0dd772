"""Body regions from the texts of protocols, in English, German and French.

All rules are tried on a text; words that only look like anatomy ("head first", "dose rate")
are taken out before.  Regions that a more specific hit covers do not count ("NNH" is part of
the head).  If several remain, they must be known as one combined region, or the text is
ambiguous.  A text that no rule knows stays ``unknown``: a wrong region would choose a wrong
coefficient.  Texts are asked in the order given; the first that names anything decides.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import polars as pl

from workbench.model import Finding

UNKNOWN = "unknown"
# Exposures of one place; what moved along the table is none, whatever its name says it waited for.
ONE_PLACE = frozenset({"bolus_tracking", "localizer"})
# Decision: longer than a monitoring exposure that is told as one of a sequence.
MOVED_MM = 50.0
AMBIGUOUS = "ambiguous"
LONGEST = 256  # characters of a text that are looked at; LO holds 64 (PS3.5 6.2)
# CamelCase and digits end a word: "ThorRoutine", "CTAbdomen", "Thorax2".
WORD_ENDS = re.compile(
    r"(?<=[a-zäöüàâéèêëîïôûç])(?=[A-ZÄÖÜ])|(?<=[A-Z])(?=[A-ZÄÖÜ][a-zäöüé]{2})"
    r"|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
)
# Pieces of words written without a blank: "CHESTABDPELVIS", "THORABD", "KOPFHALS".
_PIECES = (
    "head|neck|brain|chest|thorax|thor|thx|lung|abdomen|abdom|abdo|abd|pelvis|pelv|pel|cta|ct|"
    "kopf|hals|schadel|becken|oberbauch|bauch|leber|routine|angio|nativ|spirale|spine|sinus|nnh|hws|bws|lws|low|dose"
)
GLUED = re.compile(rf"(?:{_PIECES}){{2,}}")
PIECE = re.compile(_PIECES)


@dataclass(frozen=True)
class RegionRule:
    """A numbered rule: ``pattern`` must be found in the normalised text, ``unless`` must not.

    Attributes
    ----------
    covers
        Regions that do not count beside this one: it is part of them, or they of it.
    when
        ``first`` decides before all others, ``last`` only where no other rule fits.
    """

    number: int
    region: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    covers: frozenset[str] = frozenset()
    when: Literal["first", "", "last"] = ""

    def fits(self, text: str) -> bool:
        """Whether the rule fits a normalised text."""
        if not self.pattern.search(text):
            return False
        return self.unless is None or not self.unless.search(text)


@dataclass(frozen=True)
class RegionReading:
    """What a text says: ``rule`` is the number of the first rule that decided."""

    region: str = UNKNOWN
    rule: int | None = None
    ambiguous: bool = False

    @property
    def said(self) -> str | None:
        """The rule as a text, "ambiguous", or ``None`` where the text names no region."""
        return AMBIGUOUS if self.ambiguous else None if self.rule is None else str(self.rule)


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files(__package__) / "data" / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def region_rules() -> tuple[RegionRule, ...]:
    """Return the rules of ``data/region_rules.csv`` in order."""
    rules = []
    for row in _rows("region_rules.csv"):
        patterns = [row[language] for language in ("english", "german", "french")]
        pattern = re.compile("|".join(filter(None, patterns)))
        unless = re.compile(row["unless"]) if row["unless"] else None
        covers = frozenset(row["covers"].split())
        when: Literal["first", "", "last"] = (
            "first" if row["when"] == "first" else "last" if row["when"] == "last" else ""
        )
        rules.append(RegionRule(int(row["rule"]), row["region"], pattern, unless, covers, when))
    return tuple(sorted(rules, key=lambda rule: rule.number))


@cache
def _combinations() -> dict[frozenset[str], str]:
    rows = _rows("region_combinations.csv")
    return {frozenset(row["regions"].split()): row["region"] for row in rows}


@cache
def _phrases() -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = _rows("region_phrases.csv")
    return tuple((re.compile(row["phrase"]), f" {row['instead']} ") for row in rows)


def normalised(text: str) -> str:
    """Return a text in lower case without accents; separators become single blanks.

    CamelCase and digits end a word, words written together from known pieces are parted.
    """
    spaced = WORD_ENDS.sub(" ", text[:LONGEST])
    plain = unicodedata.normalize("NFKD", spaced.lower().replace("ß", "ss"))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(_parted(word) for word in re.sub(r"[^0-9a-z]+", " ", kept).split())


def _parted(word: str) -> str:
    return " ".join(PIECE.findall(word)) if GLUED.fullmatch(word) else word


def read_region(text: str, *, moved: bool = False) -> RegionReading:
    """Return what one text says of the body region.

    In "folder^protocol", as some consoles write protocols, the part behind the last caret
    decides where it names a region.  Of a scan along the table (``moved``) no text makes a bolus
    tracking or a localizer.
    """
    for part in (text.rpartition("^")[2], text) if "^" in text else (text,):
        reading = _reading(_without_phrases(normalised(part)), moved)
        if reading.said is not None:
            return reading
    return RegionReading()


def _without_phrases(plain: str) -> str:
    for phrase, instead in _phrases():
        plain = phrase.sub(instead, plain)
    return " ".join(plain.split())


def _reading(plain: str, moved: bool) -> RegionReading:
    hits = [rule for rule in region_rules() if plain and rule.fits(plain)]
    if moved:
        hits = [rule for rule in hits if rule.region not in ONE_PLACE]
    for when in ("first", "", "last"):
        if now := [rule for rule in hits if rule.when == when]:
            return _decided(now[:1] if when else now)
    return RegionReading()


def _decided(hits: list[RegionRule]) -> RegionReading:
    covered = {region for rule in hits for region in rule.covers if region != rule.region}
    left = [rule for rule in hits if rule.region not in covered] or hits[:1]
    regions = frozenset(rule.region for rule in left)
    if len(regions) == 1:
        return RegionReading(left[0].region, left[0].number)
    combined = _combinations().get(regions)
    if combined is None:
        return RegionReading(ambiguous=True)
    return RegionReading(combined, left[0].number)


def body_region(text: str) -> tuple[str, int | None]:
    """Return region and rule number for one text; ``("unknown", None)`` when none decides."""
    reading = read_region(text)
    return reading.region, reading.rule


def regions_of(frame: pl.DataFrame, texts: Mapping[str, str]) -> pl.DataFrame:
    """Add ``body_region`` and ``region_rule`` to a frame.

    Parameters
    ----------
    frame
        Any table with text columns.
    texts
        Column name to the words that say in ``region_rule`` which text decided, in order of
        trust.  Each distinct text is looked at once.  An ambiguous text ends the search: the
        region is unknown and ``region_rule`` begins with "ambiguous".
    """
    regions: list[pl.Expr] = []
    rules: list[pl.Expr] = []
    moved = _moved(frame)
    for column, words in texts.items():
        both = [_readings(_distinct(frame[column]), along) for along in (True, False)]
        regions.append(_chosen(moved, column, *(
            {text: hit.region for text, hit in read.items()} for read in both
        )))  # fmt: skip
        rules.append(_chosen(moved, column, *(
            {text: f"{hit.said} ({words})" for text, hit in read.items()} for read in both
        )))  # fmt: skip
    return frame.with_columns(
        body_region=pl.coalesce(*regions, pl.lit(UNKNOWN)), region_rule=pl.coalesce(*rules)
    )


def _moved(frame: pl.DataFrame) -> pl.Expr:
    """Return whether the table moved, as far as events or series tell it."""
    if "event_type" in frame.columns:
        sequence = (pl.col("event_type") == "SEQUENCED") & (pl.col("scan_length_mm") > MOVED_MM)
        return ((pl.col("event_type") == "SPIRAL") | sequence).fill_null(False)
    return pl.col("spiral").fill_null(False) if "spiral" in frame.columns else pl.lit(False)


def _readings(texts: Iterable[str], moved: bool) -> dict[str, RegionReading]:
    read = {text: read_region(text, moved=moved) for text in texts}
    return {text: reading for text, reading in read.items() if reading.said is not None}


def _chosen(
    moved: pl.Expr, column: str, along: Mapping[str, str], still: Mapping[str, str]
) -> pl.Expr:
    if along == still:
        return _looked_up(column, still)
    return pl.when(moved).then(_looked_up(column, along)).otherwise(_looked_up(column, still))


def ambiguous_regions(events: pl.DataFrame) -> list[Finding]:
    """Return a finding for each counted event whose text names several regions."""
    unclear = events.filter(
        pl.col("preferred") & pl.col("region_rule").str.starts_with(AMBIGUOUS).fill_null(False)
    )
    return [
        Finding("mapping", "region_ambiguous", "a text names several body regions that are no "
                "one region of the rules; the region stays unknown",
                severity="note" if localizer else "warning", column="body_region",
                study=study, event=event)
        for study, event, localizer in unclear.select(
            "StudyInstanceUID", "irradiation_event_uid", "localizer"
        ).iter_rows()
    ]  # fmt: skip


def _distinct(column: pl.Series) -> Iterable[str]:
    return [text for text in column.unique().to_list() if text]


def _looked_up(column: str, table: Mapping[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(
        list(table), list(table.values()), default=None, return_dtype=pl.String
    )
