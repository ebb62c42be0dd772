"""What the report notebooks of image quality show; each function is one part of a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

import polars as pl

from workbench.dicom.pixels import HOUNSFIELD
from workbench.errors import MeasurementError, SettingsError
from workbench.language import Words, data, day, mark, moment, n, significant, t
from workbench.language import listed as one_after_the_other
from workbench.model import Region
from workbench.qa.judging import State
from workbench.report import quality_page as page
from workbench.report.html_tables import Html, Shown, html_table, paragraph
from workbench.spc.chart import ChartSettings
from workbench.stages.quality.alarms import ALARM
from workbench.stages.quality.charting import BASELINE, EVENT, baselines, chart_of, measurements
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.due import standing_words
from workbench.stages.quality.image_reading import read_files
from workbench.stages.quality.region_picture import picture
from workbench.store.quality_frames import results_frame
from workbench.store.quality_records import (
    ACCEPTED,
    REJECTED,
    Decision,
    StoredEvent,
    StoredResult,
)

# What was decided, by whom and when.
DECIDED = {
    ACCEPTED: mark("accepted by {name}, {moment} UTC."),
    REJECTED: mark("rejected by {name}, {moment} UTC."),
}
KINDS = {ALARM: mark("alarm"), BASELINE: mark("baseline"), EVENT: mark("event")}
MEASURED_CT, MEASURED = (0.0, 200.0), 0.005  # HU; share of values beyond the window elsewhere


def chosen(desk: QualityDesk, profile: str, asked_from: str, asked_to: str) -> list[StoredResult]:
    """Return the results of a profile (or all) whose images were acquired in a period.

    Raises ``SettingsError`` for what is no day.
    """
    first, last = _checked_day("acquired_from", asked_from), _checked_day("acquired_to", asked_to)
    return [
        result for result in desk.quality.results(profile)
        if (not first or _day(result) >= first) and (not last or "" < _day(result) <= last)
    ]  # fmt: skip


def _checked_day(name: str, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise SettingsError(
            "{name}={text} is no date.", "Write it as 2026-12-31.", name=name, text=text
        ) from None


def _day(result: StoredResult) -> str:
    return f"{result.acquired_at:%Y-%m-%d}" if result.acquired_at else ""


def opening(title: str, results: Sequence[StoredResult], of: str = "") -> Html:
    """Return the heading and how many results are in which state.

    ``title`` is translated where it is the report's own; ``of`` is whose results they are.
    """
    head = t("{title}: {name}", title=_title(title), name=data(of)) if of else _title(title)
    if not results:
        return page.opening(head, t("There is no result for this choice."), good=False)
    counts: dict[str, int] = {}
    for result in results:
        counts[result.content["state"]] = counts.get(result.content["state"], 0) + 1
    words = one_after_the_other(
        t("{number} {state}", number=number, state=page.state_words(state))
        for state, number in sorted(counts.items())
    )
    bad = counts.keys() & {State.ALARM, State.NOT_MEASURED}
    sentence = n("One result: {states}.", "{count} results: {states}.", len(results), states=words)
    return page.opening(head, sentence, good=not bad)


def _title(title: str) -> Words:
    return t(title) if title else Words("")


def results(desk: QualityDesk, numbers: Sequence[int]) -> Html:
    """Return results whole: values, image with regions, verification, decisions."""
    if not numbers:
        raise SettingsError("no result is named.", "Give numbers, such as: numbers=[1,2]")
    return Html("".join(_result(desk, desk.quality.result(number)) for number in numbers))


def _result(desk: QualityDesk, result: StoredResult) -> str:
    content = result.content
    serial = content.get("equipment", {}).get("DeviceSerialNumber")
    decided = [decision_words(each) for each in result.decisions] or [
        t("nobody has decided on it yet")
    ]
    unknown, at = t("not known"), result.acquired_at
    facts = {
        t("Result"): data(result.number),
        t("Acquired"): _to_the_second(at) if at else unknown,
        t("Test profile"): t("{name}, version {version}", name=data(result.profile),
                             version=result.profile_version),
        t("Station"): data(content["station"]),
        t("Scanner"): data(desk.machine(content)),
        t("Serial number"): data(serial) if serial else unknown,
        t("Test"): data(f"{content['test']['name']} {content['test']['version']}"),
        t("Phantom"): t("{name}, geometry {digest}", name=data(content["phantom"]["name"]),
                        digest=data(content["phantom"]["sha256"][:12])),
        t("Workbench"): data(content["workbench"]),
        t("Decision"): one_after_the_other(decided, t("; ")),
    }  # fmt: skip
    unverified = content["phantom"]["status"] != "verified"
    return "".join((
        page.made_with(facts), page.values(content["values"]), _pictures(desk, result),
        page.verified(content["verification"]),
        paragraph(t(page.UNVERIFIED), "note") if unverified else "",
    ))  # fmt: skip


def _to_the_second(at: datetime) -> Words:
    part = f".{at:%f}" if at.microsecond else ""
    return data(f"{moment(at)}:{at:%S}{part}")


def decision_words(decision: Decision) -> Words:
    """Return who decided what, when and why."""
    sentence = DECIDED[decision.decision]
    said = t(sentence, name=data(decision.decided_by), moment=moment(decision.decided_at))
    return one_after_the_other((said, data(decision.comment)), " ") if decision.comment else said


def _pictures(desk: QualityDesk, result: StoredResult) -> str:
    try:
        images = read_files(desk.images_of(result))
    except MeasurementError as error:
        return paragraph(t("The images are not shown: {reason}", reason=error.words()), "note")
    if not images:
        return paragraph(t("The images are no longer in the workspace."), "note")
    regions = [Region.of(row) for value in result.content["values"] for row in value["regions"]]
    pictures = []
    for number, image in enumerate(images):
        window = MEASURED_CT if image.unit == HOUNSFIELD else _window(image.values)
        shown = [region for region in regions if region.image == number]
        words = t(
            "Image {number} with its regions; window {centre}, width {width}.", number=number + 1,
            centre=significant(window[0], 6), width=significant(window[1], 6),
        )  # fmt: skip
        pictures.append(page.picture(picture(image, shown, window), words))
    return "".join(pictures)


def _window(values: object) -> tuple[float, float]:
    import numpy as np

    low, high = np.quantile(np.asarray(values), (MEASURED, 1 - MEASURED))
    return float(low + high) / 2, float(high - low)


def over_time(
    desk: QualityDesk, profile: str, measurement: str, period: tuple[str, str],
    settings: ChartSettings | None = None,
) -> Html:  # fmt: skip
    """Return the control charts of one measurement, or of every one with limits or a baseline."""
    stored = chosen(desk, profile, *period)
    known = measurements(stored)
    if measurement and measurement not in known:
        raise SettingsError(
            "there is no value '{measurement}'.",
            "There is: {known}.",
            measurement=measurement,
            known=", ".join(known) or mark("none"),
        )
    charted = [*_judged(stored), *(name for name in known if baselines(desk, profile, name))]
    names = [measurement] if measurement else list(dict.fromkeys(charted)) or list(known)
    days = {result.number for result in stored}
    parts = []
    for name in names:
        chart, look, series = chart_of(desk, profile, name, settings)
        kept = tuple(drawn for drawn in chart.points if drawn.point.key in days)
        inside = type(chart)(kept, chart.baselines, chart.settings, chart.warnings)
        parts.append(page.chart(inside, look, series.title))
    return Html("".join(parts) or paragraph(t("There is nothing to draw."), "note"))


def _judged(stored: Sequence[StoredResult]) -> list[str]:
    """Return the names of values that have limits in any result."""
    return list(dict.fromkeys(
        value["name"] for result in stored for value in result.content["values"]
        if value["reference"] is not None
    ))  # fmt: skip


def listed(stored: Sequence[StoredResult]) -> Html:
    """Return a row a value with limits: number, mean, 2 s, least, most, and its states."""
    frame = results_frame(stored).filter(pl.col("decision") != "rejected")
    labels = {value["label"]: page.label_words(value) for result in stored
              for value in result.content["values"] if value["label"]}  # fmt: skip
    by = frame.group_by("label", "unit", maintain_order=True).agg(
        pl.col("value").count().alias("n"), pl.col("value").mean().alias("mean"),
        (2 * pl.col("value").std()).alias("spread"), pl.col("value").min().alias("least"),
        pl.col("value").max().alias("most"),
        (pl.col("state") == "warning").sum().alias("warnings"),
        (pl.col("state") == "alarm").sum().alias("alarms"),
    )  # fmt: skip
    # Not by ``map_elements``: its threads do not know the language of this one.
    columns: dict[str, list[Words | None]] = {
        "label": [labels.get(label) or data(label) for label in by["label"]],
        "unit": [data(page.UNITS.get(unit, unit)) if unit else None for unit in by["unit"]],
        **{name: [page.number(value) for value in by[name]]
           for name in ("mean", "spread", "least", "most")},
    }  # fmt: skip
    shown = by.with_columns(
        pl.Series(name, values, dtype=pl.String) for name, values in columns.items()
    )
    return html_table(shown, (
        Shown("label", t("Value")), Shown("unit", t("Unit"), missing=Words("")),
        Shown("n", t("Results")), Shown("mean", t("Mean"), right=True),
        Shown("spread", t("2 s"), missing=Words("–"), right=True),
        Shown("least", t("Least"), right=True), Shown("most", t("Most"), right=True),
        Shown("warnings", t("Warnings")), Shown("alarms", t("Alarms")),
    ), t("Values of the period, rejected results left out"), t("there is no result"))  # fmt: skip


def due(desk: QualityDesk, now: datetime | None = None) -> Html:
    """Return which tests were done, and which are overdue."""
    columns = (
        Shown("profile", t("Test profile")), Shown("station", t("Station")),
        Shown("test", t("Test")), Shown("last", t("Last"), missing=t("never")),
        Shown("due", t("Next due"), missing=Words("–")), Shown("state", t("State")),
        Shown("waiting", t("To decide")),
    )  # fmt: skip
    rows = [
        {
            "profile": data(entry.profile.name), "station": data(entry.profile.station),
            "test": data(entry.profile.test), "last": day(entry.last) if entry.last else None,
            "due": day(entry.due) if entry.due else None, "state": standing_words(entry.standing),
            "waiting": entry.waiting,
        }
        for entry in desk.due(now)
    ]  # fmt: skip
    schema = {name.column: pl.String for name in columns[:-1]} | {"waiting": pl.Int64}
    return html_table(pl.DataFrame(rows, schema=schema), columns, t("Tests"),
                      t("There is no test profile yet."))  # fmt: skip


def due_sentence(desk: QualityDesk, title: str) -> Html:
    """Return the heading and how many tests are overdue."""
    entries = desk.due()
    late = [entry for entry in entries if entry.overdue]
    never = [entry for entry in entries if entry.last is None]
    words = n(
        "1 test: {late} overdue, {never} never done.",
        "{count} tests: {late} overdue, {never} never done.",
        len(entries), late=len(late), never=len(never),
    )  # fmt: skip
    return page.opening(_title(title), words, good=not late and not never)


def events(desk: QualityDesk, profile: str) -> Html:
    """Return what happened to the machine."""
    rows = [
        {"at": day(event.happened_at), "kind": _kind_words(event.kind),
         "words": data(words) if (words := event.content.get("words", "") or "") else "",
         "by": data(event.noted_by)}
        for event in _each_alarm_once(desk.quality.events(profile))
    ]  # fmt: skip
    schema = dict.fromkeys(("at", "kind", "words", "by"), pl.String)
    return html_table(pl.DataFrame(rows, schema=schema), (
        Shown("at", t("When")), Shown("kind", t("What")),
        Shown("words", t("Words"), missing=Words("")), Shown("by", t("Noted by")),
    ), t("What happened"), t("Nothing was noted."))  # fmt: skip


def _each_alarm_once(events: Iterable[StoredEvent]) -> Iterator[StoredEvent]:
    """Yield events, of the tries to tell of an alarm the first only."""
    seen: set[int] = set()
    for event in events:
        if event.kind == ALARM:
            if event.content["result"] in seen:
                continue
            seen.add(event.content["result"])
        yield event


def _kind_words(kind: str) -> Words:
    return t(KINDS[kind]) if kind in KINDS else data(kind)
