"""What can be chosen for a report: each parameter with its kind, its default and its values.

Kind and default are those of the notebook's parameters cell; the values of some are what the survey
has: its scanners, protocols and test profiles, and the countries and years of reference levels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import polars as pl

from workbench.dose import reference_levels
from workbench.errors import SettingsError
from workbench.language import Marked, mark
from workbench.plans.slot_dates import SIGN
from workbench.report.notebooks import default_parameters, read_notebook, report_names
from workbench.report.runner import NOT_SHOWN, SIGNED_BY
from workbench.settings import Settings
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.reporting import TEMPLATES
from workbench.survey import Survey

MAX_VALUES = 500  # in a list; the rest is found by the report's own table
MAX_TEXT = 400  # characters of a text
DAYS = ("_from", "_to")  # end the name of a day
# What a person calls them; another name is shown as it stands in the notebook.
NAMES = {
    "country": mark("Country of the reference levels"), "year": mark("Year of the levels"),
    "scanner": mark("Scanner"), "protocol": mark("Protocol"), "profile": mark("Test profile"),
    "measurement": mark("Value"), "acquired_from": mark("Acquired from"),
    "acquired_to": mark("Acquired to"), "asked_from": mark("Asked from"),
    "asked_to": mark("Asked to"), "title": mark("Title"), "place": mark("Place"),
    "most_listed": mark("Rows of a list at most"), "numbers": mark("Numbers of results"),
}  # fmt: skip
NEEDED = frozenset({"profile"})
NO_WHOLE_NUMBER = "{parameter}: that is no whole number."


class ChoiceKind(StrEnum):
    """How a parameter is written."""

    TEXT = "text"
    DAY = "day"
    WHOLE = "whole"
    REAL = "real"
    FLAG = "flag"
    MANY = "many"  # values with commas between


@dataclass(frozen=True)
class ReportChoice:
    """One parameter of a report.

    Attributes
    ----------
    name, kind, default
        As in the notebook.
    values
        What may be chosen; empty where anything may be written.
    cut
        Whether there are more values than are listed.
    """

    name: str
    kind: ChoiceKind
    default: object
    values: tuple[str, ...] = ()
    cut: bool = False

    @property
    def needed(self) -> bool:
        """Whether one of the values has to be chosen: the report is of one of them."""
        return self.name in NEEDED

    @property
    def lacks(self) -> bool:
        """Whether the survey has nothing yet of what is chosen here."""
        return self.name in VALUES and not self.values

    @property
    def words(self) -> Marked | str:
        """What a person calls it."""
        return NAMES.get(self.name, self.name)

    @property
    def text(self) -> str:
        """The default as a person writes it."""
        if isinstance(self.default, bool):
            return "yes" if self.default else ""
        if isinstance(self.default, list):
            return ", ".join(map(str, self.default))
        return str(self.default)

    def read(self, text: str) -> object:
        """Return what somebody wrote; raises ``SettingsError`` with what to write instead."""
        text = text.strip()
        if self.kind is ChoiceKind.FLAG:
            return text == "yes"
        if self.values and text and text not in self.values:
            raise SettingsError(
                "{parameter}: there is no '{value}'.", "Choose one of the list.",
                parameter=self.name, value=text[:40],
            )  # fmt: skip
        if self.kind is ChoiceKind.MANY:
            return [_whole(self.name, each) for each in text.replace(";", ",").split(",") if each]
        if self.kind is ChoiceKind.WHOLE:
            return _whole(self.name, text)
        if self.kind is ChoiceKind.REAL:
            return _real(self.name, text)
        if self.kind is ChoiceKind.DAY:
            _check_day(self.name, text)
        if len(text) > MAX_TEXT or not text.isprintable():
            raise SettingsError("{parameter}: the text is too long.", parameter=self.name)
        return text


def report_titles(survey: Survey) -> dict[str, str]:
    """Return the title of each report there is, by name; of a notebook without one, its name."""
    own = survey.folder / TEMPLATES
    titles = {}
    for name in report_names(own):
        try:
            title = default_parameters(read_notebook(name, own)).get("title", "")
        except SettingsError:
            title = ""
        titles[name] = str(title or name)
    return titles


def report_choices(survey: Survey, report: str) -> list[ReportChoice]:
    """Return the parameters of a report that somebody can choose.

    Raises ``SettingsError`` where there is no such report, or it cannot be read.
    """
    defaults = default_parameters(read_notebook(report, survey.folder / TEMPLATES))
    return [
        _choice(survey, name, default)
        for name, default in defaults.items()
        if name not in NOT_SHOWN and name != SIGNED_BY
    ]


def takes_signature(survey: Survey, report: str) -> bool:
    """Say whether a report has a place for the name of who signs it."""
    return SIGNED_BY in default_parameters(read_notebook(report, survey.folder / TEMPLATES))


def _choice(survey: Survey, name: str, default: object) -> ReportChoice:
    listed = VALUES.get(name)
    values = sorted({text for text in listed(survey) if text}) if listed else []
    if isinstance(default, int) and str(default) not in values and values:
        values = sorted({*values, str(default)})
    shown = tuple(values[:MAX_VALUES])
    return ReportChoice(name, _kind(name, default), default, shown, len(values) > MAX_VALUES)


def _kind(name: str, default: object) -> ChoiceKind:
    match default:
        case bool():
            return ChoiceKind.FLAG
        case int():
            return ChoiceKind.WHOLE
        case float():
            return ChoiceKind.REAL
        case list():
            return ChoiceKind.MANY
    return ChoiceKind.DAY if name.endswith(DAYS) else ChoiceKind.TEXT


def _levels(column: str) -> Callable[[Survey], Iterable[str]]:
    return lambda _: map(str, reference_levels()[column].unique())


def _protocols(survey: Survey) -> Iterable[str]:
    events = survey.lazy("irradiation_event").select("protocol")
    found: list[str] = events.unique().drop_nulls().collect()["protocol"].to_list()
    return found


def _scanners(survey: Survey) -> Iterable[str]:
    return (scanner.name for scanner in survey.scanner_names().scanners)


def _profiles(survey: Survey) -> Iterable[str]:
    return (profile.name for profile in QualityDesk(survey).profiles())


def _measured(survey: Survey) -> Iterable[str]:
    results: pl.DataFrame = survey.table("test_result")
    return results["measurement"].unique().to_list() if "measurement" in results.columns else []


VALUES: Mapping[str, Callable[[Survey], Iterable[str]]] = {
    "country": _levels("country"), "year": _levels("year"), "protocol": _protocols,
    "scanner": _scanners, "profile": _profiles, "measurement": _measured,
}  # fmt: skip


def _whole(name: str, text: str) -> int:
    try:
        return int(text.strip())
    except ValueError:
        raise SettingsError(NO_WHOLE_NUMBER, "Write digits only.", parameter=name) from None


def _real(name: str, text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SettingsError("{parameter}: that is no number.", "Write digits.", parameter=name)
    return value


def _check_day(name: str, text: str) -> None:
    if not text or text.startswith(SIGN):
        return  # no limit, or a day that is worked out when the report is due
    try:
        date.fromisoformat(text)
    except ValueError:
        raise SettingsError(
            "{parameter}: that is no day.", "Write it as 2026-12-01.", parameter=name
        ) from None


def with_plan(settings: Settings, name: str, table: Mapping[str, object] | None) -> Settings:
    """Return settings with one plan written anew, or without it (``None``)."""
    kept = {key: value for key, value in settings.report.items() if key != name}
    return replace(settings, report={**kept, name: dict(table)} if table is not None else kept)
