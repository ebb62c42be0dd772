"""The programs that ``workbench up`` keeps running: how each stands, and who may start and stop it.

The page starts no program itself: that would end with its kernel, and have its visitor's rights.
It writes a wish, which the parent of the services obeys within two seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from zoneinfo import ZoneInfo

from markupsafe import Markup

from workbench.language import Words, listed, n, t
from workbench.services.dose_watch import DosingReport
from workbench.services.kept_service import COLLECT, DOSE, SERVICES, KeptService
from workbench.services.service_board import (
    Asker,
    ControlRows,
    ServiceBoard,
    ServiceReport,
    ServiceState,
    WantedState,
    Wish,
)
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NOTHING,
    Button,
    Outcome,
    buttons,
    card,
    clock,
    said,
    table,
)

START, STOP = "start-", "stop-"
ASKS = MappingProxyType({
    f"{verb}{service.name}": (service, wanted)
    for service in SERVICES if service.on_page
    for verb, wanted in ((START, WantedState.RUNNING), (STOP, WantedState.STOPPED))
})  # fmt: skip
NEEDS = MappingProxyType({ask: service.right for ask, (service, _) in ASKS.items()})
RUNS = (ServiceState.RUNNING, ServiceState.WAITING)


def act(board: ServiceBoard, ask: Ask) -> Outcome | None:
    """Write a wish; ``None`` for what is none."""
    if ask.name not in ASKS:
        return None
    service, wanted = ASKS[ask.name]
    board.ask(service, wanted, Asker.PAGE)
    return Outcome()


def dosing_line(rows: ControlRows, board: ServiceBoard, zone: ZoneInfo) -> Words:
    """Return whether what has come is mapped and dosed; nothing where no ``up`` is there."""
    report = board.reports().get(DOSE)
    if report is None or report.state is ServiceState.NOT_SET_UP:
        return Words("")
    told = DosingReport.read(rows)
    if report.state is not ServiceState.RUNNING:
        return t("Mapping and doses do not follow by themselves now: {state}.",
                 state=t(report.state.said))  # fmt: skip
    return t(told.state.said, moment=clock(told.at, zone)) if told else Words("")


def services_card(board: ServiceBoard, zone: ZoneInfo) -> Markup:
    """Return how the services stand; nothing where no ``workbench up`` is there."""
    up = board.up
    if up is None:
        return NOTHING
    reports, wishes = board.reports(), board.wishes(SERVICES)
    rows = [
        _row(service, reports[service.name], wishes[service.name], zone)
        for service in SERVICES if service.name in reports
    ]  # fmt: skip
    return card(
        t("Programs kept running"),
        table(
            [t("Program"), t("State"), t("Since"), Words("")], rows, t("Programs kept running"),
            t("Starting."),
        ),
        said(t("workbench up: {which}.", which=up.said.words()), "soft"),
        kind="wbc-full", help_key="collector_programs")  # fmt: skip


def _row(
    service: KeptService, report: ServiceReport, wish: Wish, zone: ZoneInfo
) -> tuple[object, ...]:
    return (
        t(service.title),
        _state(report, wish),
        clock(report.since, zone),
        _button(service, report),
    )


def _state(report: ServiceReport, wish: Wish) -> Words:
    return listed(_said(report, wish), ". ")


def _said(report: ServiceReport, wish: Wish) -> Iterator[Words]:
    yield t(report.state.said)
    if report.state in (ServiceState.STOPPED, ServiceState.ENDING) and wish.by:
        yield t("Asked for {where}", where=t(wish.by.said))
    if report.restarts:
        yield n("Started again once", "Started again {count} times", report.restarts)
    if report.reason:
        yield report.reason.words()


def _button(service: KeptService, report: ServiceReport) -> Markup:
    if not service.on_page or service.name == COLLECT:  # the collector has buttons above
        return NOTHING
    stop = report.state in RUNS
    verb, words = (STOP, t("End")) if stop else (START, t("Start"))
    label = (t("End: {program}", program=t(service.title)) if stop
             else t("Start: {program}", program=t(service.title)))  # fmt: skip
    off = report.state is ServiceState.ENDING
    return buttons(Button(words, f"{verb}{service.name}", off=off, label=label))
