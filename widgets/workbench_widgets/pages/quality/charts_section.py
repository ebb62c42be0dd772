"""The section of control charts: choose, click a point, note events, set baselines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from markupsafe import Markup

from workbench.errors import SettingsError
from workbench.language import Words, data, day, listed, mark, t
from workbench.report import control_chart as pictures
from workbench.rights import Right
from workbench.spc.baseline import D2, USUAL
from workbench.spc.chart import ChartSettings, ControlChart
from workbench.spc.run_rules import NELSONS, WESTERN_ELECTRIC
from workbench.spc.run_rules import USUAL as USUAL_RULES
from workbench.stages.quality.charting import EVENT, chart_of, measurements, set_baseline
from workbench_widgets.pages.quality.shown_results import nothing_yet, number, of_numbers
from workbench_widgets.pages.quality.state import OnDesk
from workbench_widgets.pages.quality.today_section import result_card
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NOTHING,
    Field,
    Form,
    Outcome,
    card,
    join,
    said,
    table,
)

KINDS = {
    "individuals": mark("Single values"), "moving ranges": mark("Moving ranges"),
    "ewma": mark("EWMA"), "average": mark("Moving average"), "cusum": mark("CUSUM"),
    "histogram": mark("Histogram"), "pair": mark("Two parameters"),
}  # fmt: skip
RULES = {
    "usual": (mark("1 beyond 2 s or 3 s"), USUAL_RULES), "none": (mark("no rules"), ()),
    "western": (mark("Western Electric"), WESTERN_ELECTRIC), "nelson": (mark("Nelson"), NELSONS),
}  # fmt: skip
ESTIMATORS = {"sd": mark("mean ± 2 s and 3 s"), "moving range": mark("I-MR (moving range / {d2})")}


class ChartsPanel:
    """Control charts."""

    name, title = "charts", mark("Charts")
    right = Right.LOOK
    needs = {  # noqa: RUF012  never changed
        "chart": Right.LOOK, "close": Right.LOOK, "note": Right.DECIDE, "baseline": Right.DECIDE,
    }  # fmt: skip

    def __init__(self, on: OnDesk) -> None:
        self._on = on
        self._chosen: dict[str, str] = {
            "profile": "", "measurement": "", "other": "", "kind": "individuals",
            "rules": "usual", "estimator": "sd",
        }  # fmt: skip
        self.drawn: tuple[Any, Words] | None = None

    def html(self) -> Markup:
        """Return the section; the chart itself is a widget below."""
        names = [profile.name for profile in self._on.desk.quality.profiles()]
        results = self._on.desk.quality.results(self._profile(names)) if names else []
        if not results:
            return nothing_yet(t("There is no result yet: measure first, in the section Measure."))
        self._settle(measurements(results))
        return self._choice(names, measurements(results))

    def below(self) -> Markup:
        """Return the result picked on the chart, baselines and events."""
        if not self._chosen["measurement"]:
            return NOTHING
        return join((
            self._picked(),
            Markup('<div class="wbc-cards">{}</div>').format(self._baselines() + self._event()),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Choose, note, set."""
        if ask.name == "chart":
            self._chosen |= {name: ask.values.get(name, "") for name in self._chosen
                             if name in ask.values}  # fmt: skip
            return Outcome()
        if ask.name == "note":
            return self._note(ask)
        if ask.name == "baseline":
            return self._baseline(ask)
        if ask.name == "close":
            self._on.clear()
            return Outcome()
        return None

    def picture(self) -> tuple[Any, Words] | None:
        """Return the chart to be shown with its description; ``None`` while there is none."""
        if not self._chosen["measurement"]:
            return None
        name, kind = self._chosen["profile"], self._chosen["kind"]
        settings = ChartSettings(
            rules=RULES[self._chosen["rules"]][1],
            estimator="sd" if self._chosen["estimator"] == "sd" else "moving range",
        )
        chart, look, series = chart_of(
            self._on.desk, name, self._chosen["measurement"], settings, clickable=True
        )
        if not series.points:
            return None
        said_of_it = [
            t("{value}, {number} points.", value=series.title, number=len(series.points)),
            *(warning.words() for warning in chart.warnings),
        ]
        if kind == "pair":
            right, second, _ = chart_of(self._on.desk, name, self._chosen["other"], settings)
            return pictures.pair(chart, right, (look, second)), listed(said_of_it, " ")
        if kind == "histogram":
            said_of_it.append(pictures.counted_bars(chart))
        draw: Callable[[ControlChart, pictures.Look], Any] = {
            "individuals": pictures.individuals, "moving ranges": pictures.moving_ranges,
            "ewma": pictures.averages, "cusum": pictures.sums, "histogram": pictures.bars,
            "average": lambda chart, look: pictures.averages(chart, look, exponential=False),
        }[kind]  # fmt: skip
        return draw(chart, look), listed(said_of_it, " ")

    def _profile(self, names: list[str]) -> str:
        if self._chosen["profile"] not in names:
            self._chosen["profile"] = names[0]
        return self._chosen["profile"]

    def _settle(self, known: dict[str, Words]) -> None:
        """Choose what there is, where what was chosen is not there."""
        for place, name in enumerate(("measurement", "other")):
            if self._chosen[name] not in known:
                self._chosen[name] = list(known)[min(place, len(known) - 1)]

    def _choice(self, names: list[str], known: dict[str, Words]) -> Markup:
        values = list(known.items())
        fields = [
            Field("profile", t("Test profile"), self._chosen["profile"],
                  options=[(name, data(name)) for name in names]),
            Field("measurement", t("Value"), self._chosen["measurement"], options=values),
            Field("kind", t("Chart"), self._chosen["kind"],
                  options=[(kind, t(words)) for kind, words in KINDS.items()]),
            Field("estimator", t("Lines"), self._chosen["estimator"],
                  options=[(name, t(words, d2=number(D2)))
                           for name, words in ESTIMATORS.items()]),
            Field("rules", t("Run rules"), self._chosen["rules"],
                  options=[(name, t(words)) for name, (words, _) in RULES.items()]),
        ]  # fmt: skip
        if self._chosen["kind"] == "pair":
            fields.append(Field("other", t("Second value"), self._chosen["other"], options=values))
        return Form("chart", fields, live=True).__html__()

    def _picked(self) -> Markup:
        if self._on.number is None:
            return said(t("Click a point: the result of that day opens, with its images."), "soft")
        result = self._on.desk.quality.result(self._on.number)
        return result_card(self._on, result, deciding=False)

    def _baselines(self) -> Markup:
        chart, _, series = chart_of(
            self._on.desk, self._chosen["profile"], self._chosen["measurement"]
        )
        rows = (
            (day(baseline.begins), baseline.points, number(baseline.mean),
             number(baseline.sd), number(baseline.mr_bar), data(baseline.by),
             data(baseline.reason or "–"))
            for baseline in chart.baselines
        )  # fmt: skip
        days = [point.moment for point in series.points if point.counts]
        first = f"{days[0]:%Y-%m-%d}" if days else ""
        last = f"{days[min(USUAL, len(days)) - 1]:%Y-%m-%d}" if days else ""
        heads = (
            t("Begins"), *map(of_numbers, (t("Points"), t("Mean"), t("s"), t("Mean moving range"))),
            t("By"), t("Why"),
        )  # fmt: skip
        return card(
            t("Baselines of {value}", value=series.label),
            table(heads, rows, t("Baselines"), t("None yet.")),
            said(t("A baseline is made of some {number} good points, once, and again only when "
                   "the machine was changed.", number=USUAL)),
            Form("baseline", (
                Field("first", t("From"), first, "date"), Field("last", t("To"), last, "date"),
                Field("reason", t("Why"), hint=t("such as: new tube")),
                Field("by", t("Your name"), self._on.by),
            ), (("baseline", t("Set a baseline")),)).__html__(), help_key="quality_baselines",
        )  # fmt: skip

    def _baseline(self, ask: Ask) -> Outcome:
        self._on.by = ask.text("by")
        first, last = (_day(ask.text(name)) for name in ("first", "last"))
        _, _, series = chart_of(self._on.desk, self._chosen["profile"], self._chosen["measurement"])
        baseline = set_baseline(
            self._on.desk, series, (first, last.replace(hour=23, minute=59, second=59)),
            self._on.name(), ask.text("reason"),
        )  # fmt: skip
        return Outcome(
            t(
                "A baseline of {number} points holds from {day} on.",
                number=baseline.points,
                day=day(baseline.begins),
            )
        )

    def _event(self) -> Markup:
        return card(t("What happened to the machine"), Form("note", (
            Field("words", t("What"), hint=t("such as: service, new tube")),
            Field("at", t("When"), f"{datetime.now():%Y-%m-%d}", "date"),  # noqa: DTZ005
            Field("by", t("Your name"), self._on.by),
        ), (("note", t("Note it")),)).__html__(), help_key="quality_machine")  # fmt: skip

    def _note(self, ask: Ask) -> Outcome:
        self._on.by = ask.text("by")
        words = ask.text("words")
        if not words:
            raise SettingsError("nothing is written.", "Say what happened.")
        self._on.desk.quality.note_event(
            self._chosen["profile"], EVENT, _day(ask.text("at")), self._on.name(), {"words": words}
        )
        return Outcome(t("The event is noted."), reset=("note",))


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError("a day is missing or wrong.", "Write it as 2026-03-31.") from error
