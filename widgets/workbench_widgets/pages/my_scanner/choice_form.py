"""The fields of My scanner's choice, and what somebody has chosen in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl
from markupsafe import Markup

from workbench.language import Words, data, n, t
from workbench.report.code_words import code_words
from workbench.report.follow_up import FollowUp
from workbench_widgets.pages.my_scanner import scanner_frames as frames
from workbench_widgets.pages.my_scanner.scanner_frames import ScannerChoice
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import Field, Form

ALL = ""
Sets = Mapping[str, tuple[str, int]]


def choice_form(shown: ScannerChoice, events: pl.DataFrame, sets: Sets) -> Markup:
    """Return the form; ``sets`` are labels of reference levels with their country and year."""
    fields = (*_fields(shown, events, sets), *_periods(shown))
    return Form("choice", fields, live=True).__html__()


def asked_choice(ask: Ask, shown: ScannerChoice, events: pl.DataFrame, sets: Sets) -> ScannerChoice:
    """Return what a page has chosen; a browser may give a line's end back as another."""
    country, year = sets.get(ask.values.get("levels", ""), (shown.country, shown.year))
    scanner, region, wanted, beside = (
        ask.values.get(name) or None for name in ("scanner", "region", "protocol", "beside")
    )
    protocols = frames.protocols(events, scanner, region)
    return ScannerChoice(
        scanner=scanner, region=region, country=country, year=year, beside=beside,
        protocol=next((name for name in protocols if _alike(name, wanted)), None),
        weeks=FollowUp.read(ask.text("from"), ask.text("to")),
        beside_weeks=FollowUp.read(ask.text("beside_from"), ask.text("beside_to")),
    )  # fmt: skip


def _alike(name: str, other: str | None) -> bool:
    return other is not None and name.splitlines() == other.splitlines()


def _fields(shown: ScannerChoice, events: pl.DataFrame, sets: Sets) -> Iterator[Field]:
    scanners = _scanners(events)
    regions = [(name, code_words(name)) for name in frames.regions(events, shown.scanner)]
    protocols = frames.protocols(events, shown.scanner, shown.region)
    alike = [(name, data(name)) for name in protocols]
    levels = [(name, data(name)) for name in sets]
    for name, label, value, options in (
        ("scanner", t("Scanner"), shown.scanner, scanners or [(ALL, t("no scanner"))]),
        ("region", t("Region"), shown.region, [(ALL, t("all regions")), *regions]),
        ("protocol", t("Protocol"), shown.protocol, [(ALL, t("all protocols")), *alike]),
        ("levels", t("Reference levels"), f"{shown.country} {shown.year}", levels),
        ("beside", t("Beside"), shown.beside, [(ALL, t("nothing")), *scanners]),
    ):
        yield Field(name, label, value or ALL, options=options)


def _scanners(events: pl.DataFrame) -> list[tuple[str, Words]]:
    return [
        (
            name,
            n("{scanner} ({count} exam)", "{scanner} ({count} exams)", exams, scanner=data(name)),
        )
        for name, exams in frames.scanners(events)
    ]


def _periods(shown: ScannerChoice) -> Iterator[Field]:
    """Yield the ends of the period, and of that beside it where something is."""
    sides = [
        ("", shown.weeks, t("From week"), t("To week")),
        ("beside_", shown.beside_weeks, t("Beside: from week"), t("Beside: to week")),
    ]
    hint = t("since the patient's first exam")
    for name, weeks, first, last in sides[: 2 if shown.beside else 1]:
        yield Field(f"{name}from", first, _text(weeks.first), "number", hint)
        yield Field(f"{name}to", last, _text(weeks.last), "number", hint)


def _text(week: int | None) -> str:
    return "" if week is None else str(week)
