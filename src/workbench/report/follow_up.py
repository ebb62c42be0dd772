"""Periods that a shift of dates leaves true: weeks since a patient's first exam.

Each patient's dates are moved by another number of days, so a calendar period of several patients
does not exist; what lies between two exams of one patient is as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from workbench.language import Words, t

WEEK = "follow_up_week"  # the column: whole weeks since the patient's first exam, 0 for that one
DAYS_A_WEEK = 7
MAX_DIGITS = 4  # of a number of weeks: no life has more


@dataclass(frozen=True)
class FollowUp:
    """A period in weeks since each patient's first exam, both ends included.

    ``None`` leaves an end open.
    """

    first: int | None = None
    last: int | None = None

    @classmethod
    def read(cls, first: str, last: str) -> FollowUp:
        """Read what somebody typed, or what an address says; what is no number of weeks is none.

        Ends in the wrong order are exchanged.
        """
        ends = [_week(first), _week(last)]
        if None not in ends:
            ends.sort(key=lambda end: end or 0)
        return cls(*ends)

    @property
    def limited(self) -> bool:
        """Whether it leaves anything out."""
        return (self.first or 0) > 0 or self.last is not None

    def of(self, events: pl.DataFrame) -> pl.DataFrame:
        """Return the events of the period; where it is limited, those without a date are not."""
        if not self.limited:
            return events
        week = pl.col(WEEK)
        kept = [week.is_not_null()]
        if self.first is not None:
            kept.append(week >= self.first)
        if self.last is not None:
            kept.append(week <= self.last)
        return with_weeks(events).filter(kept)

    def words(self) -> Words:
        """Say which weeks."""
        if not self.limited:
            return t("all weeks")
        if self.last is None:
            return t("from week {first} on", first=self.first or 0)
        if self.first == self.last:
            return t("week {first}", first=self.last)
        return t("weeks {first} to {last}", first=self.first or 0, last=self.last)


ALL_WEEKS = FollowUp()


def with_weeks(events: pl.DataFrame) -> pl.DataFrame:
    """Return events with the column ``WEEK``, null where a study or a patient has no date.

    ``events`` are all of a survey, rows of ``schema.IRRADIATION_EVENT``: a patient's first exam is
    the first of any modality and scanner.  All events of a study are in one week.
    """
    if WEEK in events.columns:
        return events
    studies = (
        events.group_by("patient", "StudyInstanceUID")
        .agg(pl.col("started_at").min().dt.date().alias("_day"))
        .with_columns(
            ((pl.col("_day") - pl.col("_day").min().over("patient")).dt.total_days() // DAYS_A_WEEK)
            .cast(pl.Int64)
            .alias(WEEK)
        )
        .drop("_day")
    )
    return events.join(
        studies, on=("patient", "StudyInstanceUID"), how="left", nulls_equal=True,
        maintain_order="left",
    )  # fmt: skip


def _week(text: str) -> int | None:
    text = text.strip()
    plain = text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS
    return int(text) if plain else None
