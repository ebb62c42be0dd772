"""Is every study in every table that says so?  Objects, what was worked on, and rows are compared.

A study is compared where its stage has worked on what it is now; what came since is only waiting
for the next ``map`` or ``dose``, and is no fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import polars as pl

from workbench.errors import StoreError
from workbench.schema import DOSE_ESTIMATE, INSTANCE, IRRADIATION_EVENT, LEDGER, SERIES
from workbench.stages.changed_studies import in_studies
from workbench.stages.dosing import event_fingerprints
from workbench.stages.mapping import header_fingerprints, never_came
from workbench.survey import Survey

STUDY = pl.col("StudyInstanceUID").fill_null("")
OF_SERIES = ("patient", "StudyInstanceUID", "SeriesInstanceUID")
OF_EVENT = ("patient", "StudyInstanceUID", "irradiation_event_uid")
MAX_LOOKS = 3  # at tables whose parts are erased without waiting for readers
MAP_AGAIN, DOSE_AGAIN = "Run: workbench map --again", "Run: workbench dose --again"


@dataclass(frozen=True)
class StudyTables:
    """The tables of one moment, and what the stages have noted of each study."""

    instance: pl.LazyFrame
    series: pl.LazyFrame
    irradiation_event: pl.LazyFrame
    dose_estimate: pl.LazyFrame
    ledger: pl.LazyFrame
    mapped: Mapping[str, str]
    dosed: Mapping[str, str]

    @classmethod
    def of(cls, survey: Survey) -> StudyTables:
        """Return the tables of a survey."""
        scan, noted = survey.store.scan, survey.store.fingerprints
        return survey.store.seen_at_once(
            lambda: cls(
                scan(INSTANCE.name), scan(SERIES.name), scan(IRRADIATION_EVENT.name),
                scan(DOSE_ESTIMATE.name), scan(LEDGER.name), noted("map"), noted("dose"),
            )
        )  # fmt: skip


def mapped_problems(survey: Survey) -> list[str]:
    """Return what is missing of the tables that ``map`` makes, one sentence each.

    Raises ``StoreError`` where a table cannot be read.
    """
    return _read(survey, _mapped)


def dosed_problems(survey: Survey) -> list[str]:
    """Return what is missing of the table that ``dose`` makes, one sentence each.

    Raises ``StoreError`` where a table cannot be read.
    """
    return _read(survey, _dosed)


def _read(survey: Survey, look: Callable[[StudyTables], Iterator[str]]) -> list[str]:
    """Return what a look at the tables says; at those of now where parts are erased meanwhile."""
    for _ in range(MAX_LOOKS):
        with suppress(OSError, pl.exceptions.PolarsError):
            return list(look(StudyTables.of(survey)))
    raise StoreError("a table cannot be read.", "workbench store check names what is damaged.")


def _worked_on(noted: Mapping[str, str], inputs: Mapping[str, str]) -> tuple[set[str], bool]:
    """Return the studies whose stage has worked on what they are now; and whether these are all.

    Where they are not, the stage has something to do, and leaves out then what is of no study.
    """
    worked_on = {study for study, value in inputs.items() if noted.get(study) == value}
    return worked_on, worked_on == inputs.keys() and noted.keys() <= inputs.keys()


def _mapped(tables: StudyTables) -> Iterator[str]:
    inputs = header_fingerprints(tables.instance, never_came(tables.ledger))
    worked_on, all_done = _worked_on(tables.mapped, inputs)
    objects = tables.instance.select(_keys(OF_SERIES)).unique().collect()
    series = tables.series.select(_keys(OF_SERIES)).unique().collect()
    events = tables.irradiation_event.select(_keys(OF_EVENT)).unique().collect()
    yield from _sentence(
        "{} mapped, and missing in the table series, whole or in part",
        _lacking(objects.filter(in_studies(worked_on)), series, OF_SERIES), MAP_AGAIN,
    )  # fmt: skip
    shown = (
        tables.series.filter(in_studies(worked_on))
        .select(*_keys(OF_SERIES[:2]), irradiation_event_uid="irradiation_event_uids")
        .explode("irradiation_event_uid")
        .drop_nulls("irradiation_event_uid")
        .collect()
    )
    yield from _sentence(
        "{} whose series show irradiation events that are missing in the table irradiation_event",
        _lacking(shown, events, ("patient", "irradiation_event_uid")), MAP_AGAIN,
    )  # fmt: skip
    if all_done:
        yield from _sentence(
            "{} in the table series, and without an object",
            _lacking(series, objects, OF_SERIES[:2]), MAP_AGAIN,
        )  # fmt: skip
        yield from _sentence(
            "{} in the table irradiation_event, and without an object",
            _lacking(events, objects, OF_EVENT[:2]), MAP_AGAIN,
        )  # fmt: skip


def _dosed(tables: StudyTables) -> Iterator[str]:
    events = tables.irradiation_event.collect()
    worked_on, all_done = _worked_on(tables.dosed, event_fingerprints(events))
    doses = tables.dose_estimate.select(_keys(OF_EVENT)).unique().collect()
    counted = events.filter(pl.col("preferred").fill_null(value=False) & in_studies(worked_on))
    yield from _sentence(
        "{} estimated, and missing in the table dose_estimate, whole or in part",
        _lacking(counted.select(_keys(OF_EVENT)), doses, OF_EVENT), DOSE_AGAIN,
    )  # fmt: skip
    if all_done:
        stray = doses.filter(~in_studies(events.select(STUDY).unique()["StudyInstanceUID"]))
        yield from _sentence(
            "{} in the table dose_estimate, and without an irradiation event", stray, DOSE_AGAIN
        )


def _keys(names: tuple[str, ...]) -> list[pl.Expr]:
    return [pl.col(name).fill_null("") for name in names]


def _lacking(rows: pl.DataFrame, others: pl.DataFrame, on: tuple[str, ...]) -> pl.DataFrame:
    return rows.join(others, on=list(on), how="anti")


def _sentence(text: str, rows: pl.DataFrame, remedy: str) -> Iterator[str]:
    """Yield a sentence that counts the studies of rows, where there are any."""
    studies = rows.select(STUDY).n_unique() if rows.height else 0
    if studies:
        noun = "study is" if studies == 1 else "studies are"
        yield f"{text.format(f'{studies} {noun}')}. {remedy}"
