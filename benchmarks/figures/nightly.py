"""Reports of a night and of a year, their PDF, and what keeps running for them."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.figures.figure import (
    ALL,
    NONE,
    Count,
    Figure,
    Found,
    Group,
    MissingError,
    at_least,
    at_most,
)
from benchmarks.figures.speed import need


def night(_: bool) -> Mapping[str, Found]:
    """Make a night's reports both ways."""
    from benchmarks.report_night import PATIENTS, night

    took = night()
    note = f"{took.reports} reports, a simulated hospital of {PATIENTS} patients"
    return {
        "night-seconds": Found(took.seconds, note),
        "night-against-fresh": Found(took.fresh_s / took.seconds, f"{note}, wall time"),
        "night-memory": Found(took.peak_mb, f"{note}; PSS of all processes"),
        "night-pages-equal": Found(Count(took.equal, took.reports), "but for the minute made in"),
    }


def printing(short: bool) -> Mapping[str, Found]:
    """Print four real reports by WeasyPrint and by Chromium."""
    from benchmarks.report_night import PRINTED, ROUNDS, printing

    need("chromium")
    rounds = 2 if short else ROUNDS
    took = printing(rounds)
    note = f"{len(PRINTED)} reports, least of {rounds} each, in turn"
    peak = "PSS, the highest of them"
    return {
        "pdf-against-chromium": Found(took.chromium_s / took.weasyprint_s, f"{note}, import apart"),
        "pdf-memory": Found(took.weasyprint_mb, peak),
        "pdf-memory-chromium": Found(took.chromium_mb, f"{peak}; its program included"),
    }


def resting(_: bool) -> Mapping[str, Found]:
    """Let everything run, and nobody ask for anything."""
    from benchmarks.up_memory import measured

    held, processes = measured()
    return {"up-memory": Found(held, f"{processes} processes, PSS")}


def year(short: bool) -> Mapping[str, Found]:
    """Live through a year with two machines that are killed, on both databases."""
    from benchmarks.report_machine import BREAKS
    from benchmarks.report_year import BREAK_DAYS, ENGINES, SEED, SHORT_DAYS, YEAR_DAYS
    from tests.store.postgres_server import programs

    if programs() is None:
        raise MissingError("PostgreSQL's server is not installed")
    days = SHORT_DAYS if short else YEAR_DAYS
    lived = [live(days, SEED, "") for live in ENGINES.values()]
    seen = [ENGINES["sqlite"](BREAK_DAYS, SEED, broken) for broken in BREAKS]
    due, kills = sum(each.due for each in lived), sum(each.kills for each in lived)
    note = f"{days} days, ten plans, {len(ENGINES)} databases, {kills} kills, seed {SEED}"
    caught = sum(each.caught_up for each in lived)
    return {
        "year-double": Found(Count(sum(each.double for each in lived), due), note),
        "year-lost": Found(
            Count(sum(each.lost for each in lived), due), f"{caught} reports caught up"
        ),
        "year-faults-seen": Found(
            Count(sum(each.wrong > 0 for each in seen), len(seen)), ", ".join(BREAKS)
        ),
    }


SPEED, SIZES, TRUTH, LOSSES = Group.SPEED, Group.SIZES, Group.TRUTH, Group.LOSSES
NIGHT, YEAR = "python -m benchmarks.report_night", "python -m benchmarks.report_year"
PDF = f"{NIGHT} --print"
FIGURES = (
    Figure("night-seconds", SPEED, "fifty reports due in one night, made by `workbench report due`",
           "s", NIGHT, night, at_most(60), "", 0),
    Figure("night-against-fresh", SPEED, "the same", "×", NIGHT, night, at_least(2),
           "a fresh kernel for each, by papermill"),
    Figure("night-memory", SIZES, "peak memory of the same", "MB", NIGHT, night, at_most(1_000),
           "", 0),
    Figure("night-pages-equal", TRUTH, "pages of the same that equal those out of fresh kernels",
           "", NIGHT, night, ALL),
    Figure("pdf-against-chromium", SPEED, "four reports printed to PDF by WeasyPrint", "×", PDF,
           printing, at_least(1), "Chromium"),
    Figure("pdf-memory", SIZES, "peak memory of printing a report to PDF", "MB", PDF, printing,
           at_most(250), "", 0),
    Figure("pdf-memory-chromium", SIZES, "the same by Chromium", "MB", PDF, printing, None, "", 0),
    Figure("up-memory", SIZES, "`workbench up` at rest with all its programs", "MB",
           "python -m benchmarks.up_memory", resting, at_most(750), "", 0),
    Figure("year-double", LOSSES, "times of plans in a simulated year, with kills, that have two "
           "reports or are caught up twice", "", YEAR, year, NONE),
    Figure("year-lost", LOSSES, "times of plans in the same that have none", "", YEAR, year, NONE),
    Figure("year-faults-seen", LOSSES, "faults put into the schedule on purpose that the same "
           "sees", "", f"{YEAR} --broken claim", year, ALL),
)  # fmt: skip
