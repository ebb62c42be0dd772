"""What was asked of the PACS, and the log: both without any name."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from markupsafe import Markup

from workbench.collect.queue.overview import Desk
from workbench.language import Words, data, listed, mark, n, number, t, weekday
from workbench.language import clock as hours_minutes
from workbench.rights import Right
from workbench_widgets.pages.collector.figures import numbers, whole
from workbench_widgets.pages.collector.hospital_clock import wall
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NONE,
    Outcome,
    card,
    clock,
    join,
    said,
    table,
    utc,
)

REQUESTS, CHARTED, HOURS = 100, 20_000, 72
EVENTS = 200
COUNTED_FOR = 30.0  # seconds that the counts of put-aside objects are kept
# PS3.4 C.4.1.1.4, C.4.2.1.5 and C.4.3.1.4: what a status says in a word
SAID = {
    "0x0000": mark("success"), "0xFE00": mark("cancelled"), "0xFF00": mark("pending"),
    "0xFF01": mark("pending"),
    "0xB000": mark("done, with failures"), "0xA700": mark("out of resources"),
    "0xA701": mark("out of resources: cannot count"),
    "0xA702": mark("out of resources: cannot send"),
    "0xA801": mark("does not know our AE title"),
    "0xA900": mark("does not understand the query"),
}  # fmt: skip


class AskedPanel:
    """The fifth section: requests to the PACS, and how many objects it says it sent."""

    name, title = "asked", mark("Asked of the PACS")
    right = Right.COLLECT
    needs: Mapping[str, Right] = {}

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._newest, self._hour = -1, -1
        self._chart = Markup("")

    def html(self) -> Markup:
        """Return the chart and the newest requests."""
        zone = wall(self._desk)
        rows = self._desk.ledger.requests(REQUESTS)
        newest, hour = rows[0]["number"] if rows else 0, int(time.time() // 3600)
        if (newest, hour) != (self._newest, self._hour):
            self._newest, self._hour = newest, hour
            self._chart = by_hour(self._desk.ledger.requests(CHARTED), zone, datetime.now(UTC))
        return join((
            self._chart,
            table(
                (t("Time"), numbers(t("Patient no.")), t("What"), numbers(t("Seconds")),
                 t("It said"), numbers(t("Objects")), numbers(t("Failed"))),
                (_request(row, zone) for row in rows),
                t("What was asked of the PACS"), t("Nothing was asked of the PACS yet."),
            ),
            said(t("The newest {requests}. The PACS's own counters are told here and not believed: "
                   "completeness is judged by what is in our store.", requests=REQUESTS), "soft")
            if rows else "",
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:  # noqa: ARG002  nothing can be asked here
        """Return ``None``: this section only shows."""
        return None


def _request(row: Mapping[str, Any], zone: ZoneInfo) -> tuple[object, ...]:
    query = row["service"] == "query"
    status = str(row["status"])
    return (
        clock(row["at"], zone), row["patient"],
        t("query") if query else data(row["service"]),
        "" if query else number(row["seconds"], 1),
        _said(status),
        _studies(row["completed"]) if query else row["completed"],
        row["failed"] or "",
    )  # fmt: skip


def _said(status: str) -> Words:
    """Return a status with its meaning, where it has one."""
    meaning = SAID.get(status.upper().replace("0X", "0x"))
    return listed((data(status), t(meaning)), " ") if meaning else data(status)


def _studies(count: int | None) -> Words:
    return n("1 study", "{count} studies", count or 0)


def by_hour(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo, now: datetime) -> Markup:
    """Return a chart of the objects the PACS says it sent, in each hour of the last three days."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    counts: Counter[int] = Counter()
    for row in rows:
        if row["service"] == "query" or not row["completed"]:
            continue
        place = int((utc(row["at"]) - first).total_seconds() // 3600)
        counts[place] += int(row["completed"])
    inside = {place: count for place, count in counts.items() if 0 <= place < HOURS}
    if not inside:
        return Markup("")
    most = max(inside.values())
    bars = join(
        Markup('<rect x="{}" y="{:.2f}" width="0.8" height="{:.2f}"><title>{}</title></rect>')
        .format(place + 0.1, 30 - 28 * count / most, 28 * count / most,
                n("{hour}: {count} objects", "{hour}: {count} objects", count,
                  hour=_hour(first + timedelta(hours=place), zone)))
        for place, count in sorted(inside.items())
    )  # fmt: skip
    marks = join(
        Markup('<span style="left:{:.2f}%">{}</span>').format(
            100 * place / HOURS, _hour(first + timedelta(hours=place), zone)
        )
        for place in range(0, HOURS, 12)
    )
    total = whole(sum(inside.values()))
    words = t("{total} in three days, at most {most} in an hour", total=total, most=whole(most))
    return card(
        t("Objects sent by the PACS, by hour"),
        Markup('<svg class="wbc-hours-chart" viewBox="0 0 {} 30" preserveAspectRatio="none" '
               'role="img" aria-label="{}"><line x1="0" x2="{}" y1="30" y2="30"/>{}</svg>'
               '<div class="wbc-axis" aria-hidden="true">{}</div>').format(
                   HOURS, words, HOURS, bars, marks),
        said(t("{words}.", words=words), "soft"),
        kind="wbc-full", help_key="collector_hourly")  # fmt: skip


def _hour(at: datetime, zone: ZoneInfo) -> Words:
    there = at.astimezone(zone)
    return listed((weekday(there), hours_minutes(there)), " ")


class LogPanel:
    """The sixth section: what the collector said, what was put aside, and findings."""

    name, title = "log", mark("Log")
    right = Right.COLLECT
    needs: Mapping[str, Right] = {}

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counted = -COUNTED_FOR
        self._counts = Markup("")

    def html(self) -> Markup:
        """Return the log and the counts."""
        zone = wall(self._desk)
        if time.monotonic() - self._counted >= COUNTED_FOR:
            self._counted, self._counts = time.monotonic(), self._aside()
        warns = Markup('<b class="wbc-limit">◆ {}</b>').format(t("warning"))
        marks = {"info": "", "warning": warns}
        return join((
            table(
                (t("Time"), data(""), t("What")),
                ((clock(event["at"], zone), marks.get(event["severity"], event["severity"]),
                  event["said"].words())
                 for event in self._desk.control.events(EVENTS)),
                t("Log"), t("The collector has said nothing yet."),
            ),
            Markup('<div class="wbc-cards">{}</div>').format(self._counts),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:  # noqa: ARG002  nothing can be asked here
        """Return ``None``: this section only shows."""
        return None

    def _aside(self) -> Markup:
        rejected = _counts(self._desk.survey.lazy("rejected"), ("verdict", "code", "source"))
        findings = _counts(self._desk.survey.lazy("finding"), ("stage", "severity", "code"))
        aside, found = t("Objects put aside"), t("Findings")
        return card(aside, table(
            (t("Verdict"), t("Reason"), t("Came from"), numbers(t("Objects"))), rejected,
            aside, NONE,
        ), help_key="collector_aside") + card(found, table(
            (t("Stage"), t("Severity"), t("What"), numbers(t("Number"))), findings, found, NONE,
        ), help_key="collector_findings")  # fmt: skip


def _counts(rows: pl.LazyFrame, columns: tuple[str, ...]) -> list[tuple[object, ...]]:
    counted = rows.group_by(columns).len().sort("len", *columns, descending=[True, *[False] * 3])
    return [
        (*(data(str(cell or "").replace("_", " ")) for cell in row[:-1]), whole(row[-1]))
        for row in counted.collect().iter_rows()
    ]
