"""What the report notebooks of image quality show; each function is one part of a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from workbench.dicom.pixels import HOUNSFIELD
from workbench.errors import MeasurementError, SettingsError
from workbench.model import Region
from workbench.report import quality_page as page
from workbench.report.html_tables import Html, Shown, html_table, paragraph
from workbench.spc.chart import ChartSettings
from workbench.stages.quality.charting import baselines, chart_of, measurements
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.image_reading import read_files
from workbench.stages.quality.region_picture import picture
from workbench.store.quality_frames import results_frame
from workbench.store.quality_records import StoredResult

MEASURED_CT, MEASURED = (0.0, 200.0), 0.005  # HU; share of values beyond the window elsewhere
DUE = (Shown("profile", "Test profile"), Shown("station", "Station"), Shown("test", "Test"),
       Shown("last", "Last", missing="never"), Shown("due", "Next due", missing="–"),
       Shown("state", "State"), Shown("waiting", "To decide"))  # fmt: skip


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
        raise SettingsError(f"{name}={text} is no date.", "Write it as 2026-12-31.") from None


def _day(result: StoredResult) -> str:
    return f"{result.acquired_at:%Y-%m-%d}" if result.acquired_at else ""


def opening(title: str, results: Sequence[StoredResult]) -> Html:
    """Return the heading and how many results are in which state."""
    if not results:
        return page.opening(title, "There is no result for this choice.", good=False)
    counts: dict[str, int] = {}
    for result in results:
        counts[result.content["state"]] = counts.get(result.content["state"], 0) + 1
    words = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    bad = counts.keys() & {"alarm", "not measured"}
    return page.opening(title, f"{len(results)} results: {words}.", good=not bad)


def results(desk: QualityDesk, numbers: Sequence[int]) -> Html:
    """Return results whole: values, image with regions, verification, decisions."""
    if not numbers:
        raise SettingsError("no result is named.", "Give numbers, such as: numbers=[1,2]")
    return Html("".join(_result(desk, desk.quality.result(number)) for number in numbers))


def _result(desk: QualityDesk, result: StoredResult) -> str:
    content = result.content
    serial = content.get("equipment", {}).get("DeviceSerialNumber")
    decided = [
        f"{each.decision} by {each.decided_by}, {each.decided_at:%Y-%m-%d %H:%M} UTC. "
        f"{each.comment}".strip()
        for each in result.decisions
    ] or ["nobody has decided on it yet"]
    facts = {
        "Result": str(result.number), "Acquired": f"{result.acquired_at or 'not known'}",
        "Test profile": f"{result.profile}, version {result.profile_version}",
        "Station": content["station"],
        "Scanner": desk.machine(content),
        "Serial number": serial or "not known",
        "Test": f"{content['test']['name']} {content['test']['version']}",
        "Phantom": f"{content['phantom']['name']}, geometry {content['phantom']['sha256'][:12]}",
        "Workbench": content["workbench"], "Decision": "; ".join(decided),
    }  # fmt: skip
    unverified = content["phantom"]["status"] != "verified"
    return "".join((
        page.made_with(facts), page.values(content["values"]), _pictures(desk, result),
        page.verified(content["verification"]),
        paragraph(page.UNVERIFIED, "note") if unverified else "",
    ))  # fmt: skip


def _pictures(desk: QualityDesk, result: StoredResult) -> str:
    try:
        images = read_files(desk.images_of(result))
    except MeasurementError as error:
        return paragraph(f"The images are not shown: {error}", "note")
    if not images:
        return paragraph("The images are no longer in the workspace.", "note")
    regions = [Region.of(row) for value in result.content["values"] for row in value["regions"]]
    pictures = []
    for number, image in enumerate(images):
        window = MEASURED_CT if image.unit == HOUNSFIELD else _window(image.values)
        shown = [region for region in regions if region.image == number]
        words = f"Image {number + 1} with its regions; window {window[0]:g}, width {window[1]:g}."
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
            f"there is no value '{measurement}'.", f"There is: {', '.join(known) or 'none'}."
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
    return Html("".join(parts) or paragraph("There is nothing to draw.", "note"))


def _judged(stored: Sequence[StoredResult]) -> list[str]:
    """Return the names of values that have limits in any result."""
    return list(dict.fromkeys(
        value["name"] for result in stored for value in result.content["values"]
        if value["reference"] is not None
    ))  # fmt: skip


def listed(stored: Sequence[StoredResult]) -> Html:
    """Return a row a value with limits: number, mean, 2 s, least, most, and its states."""
    frame = results_frame(stored).filter(pl.col("decision") != "rejected")
    by = frame.group_by("label", "unit", maintain_order=True).agg(
        pl.col("value").count().alias("n"), pl.col("value").mean().alias("mean"),
        (2 * pl.col("value").std()).alias("spread"), pl.col("value").min().alias("least"),
        pl.col("value").max().alias("most"),
        (pl.col("state") == "warning").sum().alias("warnings"),
        (pl.col("state") == "alarm").sum().alias("alarms"),
    )  # fmt: skip
    shown = by.with_columns(
        pl.col("unit").replace(page.UNITS),
        *(pl.col(name).map_elements(page.number, return_dtype=pl.String)
          for name in ("mean", "spread", "least", "most")),
    )  # fmt: skip
    return html_table(shown, (
        Shown("label", "Value"), Shown("unit", "Unit", missing=""), Shown("n", "Results"),
        Shown("mean", "Mean", right=True), Shown("spread", "2 s", missing="–", right=True),
        Shown("least", "Least", right=True), Shown("most", "Most", right=True),
        Shown("warnings", "Warnings"), Shown("alarms", "Alarms"),
    ), "Values of the period, rejected results left out", "there is no result")  # fmt: skip


def due(desk: QualityDesk, now: datetime | None = None) -> Html:
    """Return which tests were done, and which are overdue."""
    rows = [
        {
            "profile": entry.profile.name, "station": entry.profile.station,
            "test": entry.profile.test,
            "last": f"{entry.last:%Y-%m-%d}" if entry.last else None,
            "due": f"{entry.due:%Y-%m-%d}" if entry.due else None, "state": entry.words,
            "waiting": entry.waiting,
        }
        for entry in desk.due(now)
    ]  # fmt: skip
    schema = {name.column: pl.String for name in DUE[:-1]} | {"waiting": pl.Int64}
    return html_table(pl.DataFrame(rows, schema=schema), DUE, "Tests",
                      "There is no test profile yet.")  # fmt: skip


def due_sentence(desk: QualityDesk, title: str) -> Html:
    """Return the heading and how many tests are overdue."""
    entries = desk.due()
    late = [entry for entry in entries if entry.overdue]
    never = [entry for entry in entries if entry.last is None]
    tests = "1 test" if len(entries) == 1 else f"{len(entries)} tests"
    words = f"{tests}: {len(late)} overdue, {len(never)} never done."
    return page.opening(title, words, good=not late and not never)


def events(desk: QualityDesk, profile: str) -> Html:
    """Return what happened to the machine."""
    rows = [
        {"at": f"{event.happened_at:%Y-%m-%d}", "kind": event.kind,
         "words": str(event.content.get("words", "") or ""), "by": event.noted_by}
        for event in desk.quality.events(profile)
    ]  # fmt: skip
    schema = dict.fromkeys(("at", "kind", "words", "by"), pl.String)
    return html_table(pl.DataFrame(rows, schema=schema), (
        Shown("at", "When"), Shown("kind", "What"), Shown("words", "Words", missing=""),
        Shown("by", "Noted by"),
    ), "What happened", "Nothing was noted.")  # fmt: skip
