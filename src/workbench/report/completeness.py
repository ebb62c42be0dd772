"""Completeness: what was asked of the PACS, what it has, and what of that is here.  Tables only.

Judged from the table ``ledger``: objects the PACS listed (C-FIND, PS3.4 C.4.1) against objects in
our store, never from the counters of a C-MOVE.  A study whose objects the PACS did not list can be
neither complete nor incomplete: its number of objects is not known, and is counted as that.

The queue has a line for each ID, accession number and period asked for, so a patient may have
several lines, and a study may be found by several.  Patients and studies count once all the same:
a study by the fullest of its listings, a patient as the one of his lines that is furthest behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

import polars as pl

from workbench.errors import SettingsError
from workbench.language import Words, listed, mark, n, t
from workbench.mapping.source_choice import patients_together
from workbench.report.code_words import kept_words
from workbench.report.html_tables import with_words

COMPLETE = "complete"
# States after which the PACS has answered: a study it did not tell of then is gone.
ANSWERED = (COMPLETE, "incomplete", "not found")
NOT_ASKED = "not asked yet"
UNDERWAY = "not settled"
SETTLED = {COMPLETE: COMPLETE, "incomplete": "incomplete", "not found": "not found",
           "failed": "failed"}  # fmt: skip


# How states are called on pages.
STATES = {
    COMPLETE: mark("complete"), "incomplete": mark("incomplete"), "not found": mark("not found"),
    "failed": mark("failed"), "waiting": mark("waiting"), "asked": mark("asked"),
    "found": mark("found"), "moving": mark("moving"), UNDERWAY: mark("not settled"),
}  # fmt: skip
# Of several lines of a patient, the first of these states is the patient's.
BEHIND = ("failed", "incomplete", "not found", "waiting", "asked", "found", "moving", COMPLETE)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counts of patients, studies and objects; ``first`` and ``last`` are when the PACS was asked.

    Attributes
    ----------
    lines
        Of the queue.
    patients, asked, complete, cautioned
        Whom these lines mean; of these asked for at least once, and complete; and of the complete
        those with a caution.
    studies, unwanted
        Wanted studies that the PACS has; studies that the filter leaves out.
    told, untold
        Objects of the wanted studies as the PACS counts them; studies it gave no count for.
    unlisted
        Wanted studies of which the PACS did not list every object.
    expected, stored, refused, missing
        Objects listed in wanted series, and what became of them.
    """

    lines: int
    patients: int
    asked: int
    complete: int
    cautioned: int
    studies: int
    unwanted: int
    told: int
    untold: int
    unlisted: int
    expected: int
    stored: int
    refused: int
    missing: int
    first: datetime | None
    last: datetime | None

    @property
    def proven(self) -> bool:
        """Whether everything asked for is here, as far as the PACS can be believed."""
        return (
            0 < self.patients == self.complete
            and self.missing == 0
            and self.unlisted == 0
            and self.expected == self.stored + self.refused
        )


def in_period(ledger: pl.DataFrame, asked_from: str, asked_to: str) -> pl.DataFrame:
    """Return the rows of patients last asked for between two days (UTC), both included.

    Empty text leaves an end open; with an end, patients never asked for are left out.  Raises
    ``SettingsError`` for what is no day, or for a period that ends before it begins.
    """
    first, last = _day(asked_from, "asked_from"), _day(asked_to, "asked_to")
    if first and last and last < first:
        raise SettingsError("asked_to is before asked_from.", "Change one of them.")
    asked_on = pl.col("asked_at").dt.date()
    if first:
        ledger = ledger.filter(asked_on >= first)
    if last:
        ledger = ledger.filter(asked_on <= last)
    return ledger


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            "{name} is not a date.", "Write it as 2026-12-31.", name=name
        ) from error


def patients(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return one row a patient of the queue, in order, with the sums of the wanted studies.

    Columns: queue_number (of the first line), patient, state, reason, tries, asked_at, studies,
    unlisted, expected, stored, refused, missing.
    """
    wanted = _wanted() & pl.col("counted")
    sums = [
        pl.col(name).filter(wanted).sum().alias(name)
        for name in ("expected", "stored", "refused", "missing")
    ]
    behind = pl.col("state").replace_strict(
        dict(zip(BEHIND, range(len(BEHIND)), strict=True)), default=0, return_dtype=pl.Int64
    )
    return (
        _with_person(_with_counted(ledger))
        .sort("queue_number", "StudyInstanceUID", nulls_last=True)
        .group_by("person", maintain_order=True)
        .agg(
            pl.col("queue_number", "patient").first(),
            pl.col("state").sort_by(behind).first(),
            pl.col("reason").drop_nulls().unique(maintain_order=True).str.join(" "),
            pl.col("tries", "asked_at").max(),
            wanted.sum().cast(pl.Int64).alias("studies"),
            (wanted & _unlisted()).sum().cast(pl.Int64).alias("unlisted"),
            *sums,
        )
        .with_columns(pl.when(pl.col("reason") != "").then("reason").alias("reason"))
        .drop("person")
    )


def studies(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of studies, each study once: by its fullest listing, wanted ones first."""
    return _with_counted(ledger).filter("counted").drop("counted")


def _with_counted(ledger: pl.DataFrame) -> pl.DataFrame:
    """Add ``counted``: whether a row is the one by which its study counts."""
    listing = [
        _wanted().cast(pl.Int8), pl.col("expected").fill_null(-1),
        pl.col("listed").fill_null(value=False).cast(pl.Int8), pl.col("last_found"),
        -pl.col("queue_number"),
    ]  # fmt: skip
    counted = pl.struct(listing).rank("ordinal", descending=True).over("StudyInstanceUID") == 1
    return ledger.with_columns(counted=counted & pl.col("StudyInstanceUID").is_not_null())


def _with_person(ledger: pl.DataFrame) -> pl.DataFrame:
    """Add ``person``: the same for lines of one pseudonym, and for pseudonyms of one line."""
    several = (pl.col("patient").n_unique().over("queue_number") > 1) | (
        pl.col("queue_number").n_unique().over("patient") > 1
    )
    lines = pl.col("queue_number").cast(pl.String).alias("person")
    pairs = ledger.filter(several).select(lines, "patient").unique().sort(pl.all())
    leaders = patients_together(pairs.iter_rows())
    return ledger.with_columns(lines.replace(list(leaders), list(leaders.values())))


def totals(ledger: pl.DataFrame) -> Totals:
    """Return the counts of a ledger."""
    each, found = patients(ledger), studies(ledger)
    wanted = found.filter(_wanted())
    return Totals(
        lines=ledger["queue_number"].n_unique(),
        patients=each.height,
        asked=each["asked_at"].count(),
        complete=each.filter(pl.col("state") == COMPLETE).height,
        cautioned=each.filter(pl.col("state") == COMPLETE, pl.col("reason").is_not_null()).height,
        studies=wanted.height,
        unwanted=found.height - wanted.height,
        told=int(wanted["told"].sum()),
        untold=wanted["told"].null_count(),
        unlisted=wanted.filter(_unlisted()).height,
        expected=int(wanted["expected"].sum()),
        stored=int(wanted["stored"].sum()),
        refused=int(wanted["refused"].sum()),
        missing=int(wanted["missing"].sum()),
        first=cast("datetime | None", ledger["asked_at"].min()),
        last=cast("datetime | None", ledger["asked_at"].max()),
    )


def states(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return one row a state: state, patients, expected, stored, refused, missing."""
    return (
        patients(ledger)
        .group_by("state")
        .agg(
            pl.len().cast(pl.Int64).alias("patients"),
            pl.col("expected", "stored", "refused", "missing").sum(),
        )
        .sort("patients", "state", descending=[True, False])
    )


def by_month(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return one row a month of asking and state: month, state, patients.

    The month is that of the last question (UTC), or that there was none; states on the way are
    one.
    """
    month = pl.col("asked_at").dt.strftime("%Y-%m").fill_null(NOT_ASKED)
    settled = pl.col("state").replace_strict(SETTLED, default=UNDERWAY)
    return (
        patients(ledger)
        .group_by(month=month, state=settled)
        .agg(pl.len().cast(pl.Int64).alias("patients"))
        .sort("month", "state")
    )


def not_complete(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return the patients that are not complete, or of whom something is missing, and why.

    Why is said in the language that is spoken.

    Those that were asked for come first, and in the order of their pseudonyms: the order of the
    queue would tell who they are.
    """
    behind = (
        patients(ledger)
        .filter((pl.col("state") != COMPLETE) | (pl.col("missing") > 0) | (pl.col("unlisted") > 0))
        .sort(pl.col("asked_at").is_null(), "patient", "expected", "state")
    )
    return with_words(behind, "why", _why)


def _why(row: Mapping[str, Any]) -> Words | None:
    """Say why a patient is not complete; ``None`` where nothing is known of it."""
    said: list[Words] = []
    if row["reason"] is not None:
        said.append(kept_words(row["reason"]))
    elif row["missing"]:
        said.append(n(
            "{count} listed objects are not here.", "{count} listed objects are not here.",
            row["missing"],
        ))  # fmt: skip
    if row["unlisted"]:
        said.append(t("Studies not listed object by object: {count}.", count=row["unlisted"]))
    if row["asked_at"] is None:
        said.append(t("Not asked for yet."))
    return listed(said, " ") if said else None


def cautions(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return the complete patients with a caution, by pseudonym: patient, why."""
    return (
        patients(ledger)
        .filter(pl.col("state") == COMPLETE, pl.col("reason").is_not_null())
        .select("patient", why="reason")
        .sort("patient")
    )


def refused_by_reason(rejected: pl.DataFrame) -> pl.DataFrame:
    """Return one row a reason why objects off the network were put aside: verdict, code, objects.

    ``rejected`` is ``schema.REJECTED``; objects read from folders were not asked of the PACS.
    """
    return (
        rejected.filter(pl.col("source") == "network", pl.col("verdict") != "duplicate")
        .group_by("verdict", "code", pl.col("reason"))
        .agg(pl.len().cast(pl.Int64).alias("objects"))
        .sort("objects", "verdict", "code", "reason", descending=[True, False, False, False])
    )


def left_out(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return one row a part of the filter that left studies out: unwanted, studies."""
    return (
        studies(ledger)
        .filter(~_wanted())
        .group_by("unwanted")
        .agg(pl.len().cast(pl.Int64).alias("studies"))
        .sort("studies", "unwanted", descending=[True, False])
    )


def not_told_any_more(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return the studies that the PACS told of once and did not in its last answer, by day.

    A study that it still tells of when it is asked for another line is not among them.
    """
    gone = (
        pl.col("state").is_in(ANSWERED)
        & (pl.col("last_found") < pl.col("asked_at") - timedelta(seconds=1))
    ).fill_null(value=False)
    return (
        studies(ledger.filter(gone.all().over("StudyInstanceUID"), gone))
        .select("patient", "StudyInstanceUID", pl.col("first_found", "last_found").dt.date(),
                "expected", "stored")
        .sort("patient", "StudyInstanceUID")
    )  # fmt: skip


def _wanted() -> pl.Expr:
    """Whether a row has a study that the filter leaves in."""
    kept = pl.col("unwanted").fill_null("") == ""
    return pl.col("StudyInstanceUID").is_not_null() & kept


def _unlisted() -> pl.Expr:
    return ~pl.col("listed").fill_null(value=False)
