"""The section of all results: filter, mean and 2 s, export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import fmean, stdev

from markupsafe import Markup

from workbench.errors import SettingsError
from workbench.language import Words, data, mark, moment, n, sentences, t
from workbench.report.exports import write_table
from workbench.report.quaac_file import write_quaac
from workbench.report.quality_page import state_words
from workbench.rights import Right
from workbench.schema import TEST_RESULT
from workbench.stages.quality.charting import measurements
from workbench.store.quality_frames import results_frame
from workbench.store.quality_records import ACCEPTED, REJECTED, WAITING, StoredResult
from workbench_widgets.pages.quality.shown_results import (
    decimals_of,
    decision_words,
    nothing_yet,
    of_numbers,
    rounded,
    state_mark,
    with_unit,
)
from workbench_widgets.pages.quality.state import OnDesk
from workbench_widgets.pages.quality.today_section import result_card
from workbench_widgets.parts.download.download import Downloads, dated_name
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NOTHING,
    Button,
    Field,
    Form,
    Outcome,
    card,
    join,
    said,
    table,
)

DECISIONS = ("", ACCEPTED, WAITING, REJECTED)
STATES = ("", "ok", "warning", "alarm", "not measured", "not judged")
FORMATS = {".xlsx": "Excel", ".csv": "CSV", ".parquet": "Parquet", ".quaac.json": "QuAAC (JSON)"}
MAX_SHOWN = 200


class ResultsPanel:
    """All results of a test profile."""

    name, title = "results", mark("Results")
    right = Right.LOOK
    needs = {  # noqa: RUF012  never changed
        **dict.fromkeys(("filter", "open", "close"), Right.LOOK),
        **dict.fromkeys(("accepted", "rejected", "export"), Right.DECIDE),
    }

    def __init__(self, on: OnDesk, downloads: Downloads) -> None:
        self._downloads = downloads
        self._on = on
        self._chosen = {"profile": "", "decision": "", "state": "", "from": "", "to": ""}

    def html(self) -> Markup:
        """Return the section."""
        names = [profile.name for profile in self._on.desk.quality.profiles()]
        if not names:
            return nothing_yet(t("There is no result yet: make a test profile, then measure."))
        if self._chosen["profile"] not in names:
            self._chosen["profile"] = names[0]
        results = self._found()
        opened = self._on.number
        return join((
            self._filters(names),
            _listed(results),
            result_card(self._on, self._on.desk.quality.result(opened))
            if opened else NOTHING,
        ))  # fmt: skip

    def below(self) -> Markup:
        """Return the export."""
        return self._export() if self._chosen["profile"] else NOTHING

    def act(self, ask: Ask) -> Outcome | None:
        """Filter, open, export."""
        if ask.name == "filter":
            _check_days(ask.text("from"), ask.text("to"))
            self._chosen |= {name: ask.text(name) for name in self._chosen}
            return Outcome()
        if ask.name == "open" and ask.text("value").isdecimal():
            self._on.open(int(ask.text("value")))
            return Outcome()
        if ask.name == "close":
            self._on.clear()
            return Outcome()
        if ask.name in ("accepted", "rejected") and self._on.number is not None:
            return self._on.decide(self._on.number, ask)
        if ask.name == "export":
            return self._write(ask)
        return None

    def _found(self) -> list[StoredResult]:
        chosen = self._chosen
        return [
            result for result in self._on.desk.quality.results(chosen["profile"])
            if chosen["decision"] in ("", result.decision)
            and chosen["state"] in ("", result.content["state"])
            and _between(result, chosen["from"], chosen["to"])
        ]  # fmt: skip

    def _filters(self, names: Sequence[str]) -> Markup:
        chosen = self._chosen
        return Form("filter", (
            Field("profile", t("Test profile"), chosen["profile"],
                  options=[(name, data(name)) for name in names]),
            Field("decision", t("Decision"), chosen["decision"],
                  options=[(each, decision_words(each) if each else t("all"))
                           for each in DECISIONS]),
            Field("state", t("State"), chosen["state"],
                  options=[(state, state_words(state) if state else t("all"))
                           for state in STATES]),
            Field("from", t("From"), chosen["from"], "date"),
            Field("to", t("To"), chosen["to"], "date"),
        ), live=True).__html__()  # fmt: skip

    def _export(self) -> Markup:
        return card(t("Export what is shown"), Form("export", (
            Field("format", t("Format"),
                  options=[(suffix, data(name)) for suffix, name in FORMATS.items()]),
            Field("by", t("Your name"), self._on.by, hint=t("QuAAC names who measured")),
            Field("email", t("Your e-mail address"), hint=t("needed for QuAAC only")),
        ), (("export", t("Write the file")),)).__html__(), help_key="quality_export")  # fmt: skip

    def _write(self, ask: Ask) -> Outcome:
        suffix = ask.text("format") if ask.text("format") in FORMATS else ".csv"
        frame = results_frame(self._found())

        def write(out: Path) -> None:
            if suffix == ".quaac.json":
                write_quaac(frame, out, ask.text("by"), ask.text("email"))
            else:
                write_table(frame, TEST_RESULT, out)

        where = self._downloads.hand(dated_name("results", suffix), write, Right.DECIDE)
        rows = n("{count} value.", "{count} values.", frame.height)
        return Outcome(sentences(rows, where))


def _check_days(*days: str) -> None:
    for day in filter(None, days):
        try:
            date.fromisoformat(day)
        except ValueError as error:
            raise SettingsError("a day is missing or wrong.", "Write it as 2026-03-31.") from error


def _between(result: StoredResult, first: str, last: str) -> bool:
    day = f"{result.acquired_at:%Y-%m-%d}" if result.acquired_at else ""
    return (not first or day >= first) and (not last or (day != "" and day <= last))


def _listed(results: Sequence[StoredResult]) -> Markup:
    """Return a row a result and a column a value, then mean and 2 s of those not rejected."""
    known = measurements(results)
    heads = (
        of_numbers(t("Result")), t("Acquired"), t("State"), t("Decision"),
        *(of_numbers(with_unit(label, _unit(results, name))) for name, label in known.items()),
        Words(""),
    )  # fmt: skip
    counting = [result for result in results if result.decision != REJECTED]
    columns = [[value for result in counting if (value := _value(result, name)) is not None]
               for name in known]  # fmt: skip
    digits = dict(zip(known, map(decimals_of, columns), strict=True))
    rows: list[tuple[object, ...]] = [
        _row(result, digits) for result in reversed(results[-MAX_SHOWN:])
    ]
    if counting:
        many = n("one result", "{count} results", len(counting))
        told = list(zip(columns, digits.values(), strict=True))
        means = [rounded(fmean(values) if values else None, places) for values, places in told]
        spreads = [
            rounded(2 * stdev(values) if len(values) > 1 else None, places)
            for values, places in told
        ]
        rows[:0] = [
            (_strong(t("Mean")), many, "", "", *map(_strong, means), ""),
            (_strong(t("2 s")), many, "", "", *map(_strong, spreads), ""),
        ]
    more = said(t("The latest {shown} of {all} are shown; mean and 2 s are of all.",
                  shown=MAX_SHOWN, all=len(results)))  # fmt: skip
    listed = table(heads, rows, t("Results"), t("No result is so. Choose another filter."))
    return card(
        t("Results"),
        listed,
        more if len(results) > MAX_SHOWN else NOTHING,
        kind="wbc-full",
        help_key="quality_results",
    )


def _strong(text: Words) -> Markup:
    return Markup("<b>{}</b>").format(text)


def _row(result: StoredResult, digits: Mapping[str, int | None]) -> tuple[object, ...]:
    at = moment(result.acquired_at) if result.acquired_at else "–"
    show = Button(t("Show"), "open", str(result.number),
                  label=t("Show result {number}", number=result.number))  # fmt: skip
    return (
        result.number, at, state_mark(result.content["state"]), decision_words(result.decision),
        *(rounded(_value(result, name), places) for name, places in digits.items()), show,
    )  # fmt: skip


def _unit(results: Sequence[StoredResult], name: str) -> str:
    """Return the unit of a measurement: that of its newest result."""
    units = (value.get("unit", "") for result in reversed(results)
             for value in result.content["values"] if value["name"] == name)  # fmt: skip
    return str(next(units, ""))


def _value(result: StoredResult, name: str) -> float | None:
    for value in result.content["values"]:
        if value["name"] == name:
            measured: float | None = value["value"]
            return measured
    return None
