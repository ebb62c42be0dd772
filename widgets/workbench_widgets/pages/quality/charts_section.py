"""The section of control charts: choose, click a point, note events, set baselines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from markupsafe import Markup

from workbench.errors import SettingsError
from workbench.report import control_chart as pictures
from workbench.rights import Right
from workbench.spc.baseline import USUAL
from workbench.spc.chart import ChartSettings, ControlChart
from workbench.spc.run_rules import NELSONS, WESTERN_ELECTRIC
from workbench.spc.run_rules import USUAL as USUAL_RULES
from workbench.stages.quality.charting import EVENT, chart_of, measurements, set_baseline
from workbench_widgets.pages.quality.shown_results import nothing_yet, number
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
    "individuals": "Single values", "moving ranges": "Moving ranges", "ewma": "EWMA",
    "average": "Moving average", "cusum": "CUSUM", "histogram": "Histogram",
    "pair": "Two parameters",
}  # fmt: skip
RULES = {
    "usual": ("1 beyond 2 s or 3 s", USUAL_RULES), "none": ("none", ()),
    "western": ("Western Electric", WESTERN_ELECTRIC), "nelson": ("Nelson", NELSONS),
}  # fmt: skip
ESTIMATORS = (("sd", "mean ± 2 s and 3 s"), ("moving range", "I-MR (moving range / 1.128)"))
BASELINE_HEADS = ("Begins", "#Points", "#Mean", "#s", "#Mean moving range", "By", "Why")


class ChartsPanel:
    """Control charts."""

    name, title = "charts", "Charts"
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
        self.drawn: tuple[Any, str] | None = None

    def html(self) -> Markup:
        """Return the section; the chart itself is a widget below."""
        names = [profile.name for profile in self._on.desk.quality.profiles()]
        results = self._on.desk.quality.results(self._profile(names)) if names else []
        if not results:
            return nothing_yet("There is no result yet: measure first, in the section Measure.")
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
            return Outcome("")
        if ask.name == "note":
            return self._note(ask)
        if ask.name == "baseline":
            return self._baseline(ask)
        if ask.name == "close":
            self._on.clear()
            return Outcome("")
        return None

    def picture(self) -> tuple[Any, str] | None:
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
        sentences = [f"{series.title}, {len(series.points)} points.", *chart.warnings]
        if kind == "pair":
            right, second, _ = chart_of(self._on.desk, name, self._chosen["other"], settings)
            return pictures.pair(chart, right, (look, second)), " ".join(sentences)
        if kind == "histogram":
            sentences.append(pictures.counted_bars(chart))
        draw: Callable[[ControlChart, pictures.Look], Any] = {
            "individuals": pictures.individuals, "moving ranges": pictures.moving_ranges,
            "ewma": pictures.averages, "cusum": pictures.sums, "histogram": pictures.bars,
            "average": lambda chart, look: pictures.averages(chart, look, exponential=False),
        }[kind]  # fmt: skip
        return draw(chart, look), " ".join(sentences)

    def _profile(self, names: list[str]) -> str:
        if self._chosen["profile"] not in names:
            self._chosen["profile"] = names[0]
        return self._chosen["profile"]

    def _settle(self, known: dict[str, str]) -> None:
        """Choose what there is, where what was chosen is not there."""
        for place, name in enumerate(("measurement", "other")):
            if self._chosen[name] not in known:
                self._chosen[name] = list(known)[min(place, len(known) - 1)]

    def _choice(self, names: list[str], known: dict[str, str]) -> Markup:
        values = list(known.items())
        fields = [
            Field("profile", "Test profile", self._chosen["profile"],
                  options=[(name, name) for name in names]),
            Field("measurement", "Value", self._chosen["measurement"], options=values),
            Field("kind", "Chart", self._chosen["kind"], options=list(KINDS.items())),
            Field("estimator", "Lines", self._chosen["estimator"], options=ESTIMATORS),
            Field("rules", "Run rules", self._chosen["rules"],
                  options=[(name, words) for name, (words, _) in RULES.items()]),
        ]  # fmt: skip
        if self._chosen["kind"] == "pair":
            fields.append(Field("other", "Second value", self._chosen["other"], options=values))
        return Form("chart", fields, live=True).__html__()

    def _picked(self) -> Markup:
        if self._on.number is None:
            return said("Click a point: the result of that day opens, with its images.", "soft")
        result = self._on.desk.quality.result(self._on.number)
        return result_card(self._on, result, deciding=False)

    def _baselines(self) -> Markup:
        chart, _, series = chart_of(
            self._on.desk, self._chosen["profile"], self._chosen["measurement"]
        )
        rows = (
            (f"{baseline.begins:%Y-%m-%d}", baseline.points, number(baseline.mean),
             number(baseline.sd), number(baseline.mr_bar), baseline.by, baseline.reason or "–")
            for baseline in chart.baselines
        )  # fmt: skip
        days = [point.moment for point in series.points if point.counts]
        first = f"{days[0]:%Y-%m-%d}" if days else ""
        last = f"{days[min(USUAL, len(days)) - 1]:%Y-%m-%d}" if days else ""
        return card(
            f"Baselines of {series.label}", table(BASELINE_HEADS, rows, "Baselines", "None yet."),
            said(f"A baseline is made of some {USUAL} good points, once, and again only when the "
                 "machine was changed."),
            Form("baseline", (
                Field("first", "From", first, "date"), Field("last", "To", last, "date"),
                Field("reason", "Why", hint="such as: new tube"),
                Field("by", "Your name", self._on.by),
            ), (("baseline", "Set a baseline"),)).__html__(),
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
            f"A baseline of {baseline.points} points holds from {baseline.begins:%Y-%m-%d} on."
        )

    def _event(self) -> Markup:
        return card("What happened to the machine", Form("note", (
            Field("words", "What", hint="such as: service, new tube"),
            Field("at", "When", f"{datetime.now():%Y-%m-%d}", "date"),  # noqa: DTZ005
            Field("by", "Your name", self._on.by),
        ), (("note", "Note it"),)).__html__())  # fmt: skip

    def _note(self, ask: Ask) -> Outcome:
        self._on.by = ask.text("by")
        words = ask.text("words")
        if not words:
            raise SettingsError("nothing is written.", "Say what happened.")
        self._on.desk.quality.note_event(
            self._chosen["profile"], EVENT, _day(ask.text("at")), self._on.name(), {"words": words}
        )
        return Outcome("The event is noted.", reset=("note",))


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError("a day is missing or wrong.", "Write it as 2026-03-31.") from error
