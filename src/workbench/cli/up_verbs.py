"""The verb ``up``: the services of a workspace under one parent, their states, and wishes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import MAX_PORT, WholeNumber
from workbench.cli.output import DONE, PROBLEMS, finish, say, tell
from workbench.cli.verb import workspace_of, workspace_verb
from workbench.services.kept_service import BY_NAME, SERVICES

if TYPE_CHECKING:
    from workbench.services.service_board import ServiceReport, Wish

PORT = 8866


def add_up(verbs: Any) -> None:
    """Add the verb of this module."""
    up = workspace_verb(
        verbs, "up", _up, "keep the collector, the quality watch and the pages running"
    )
    up.add_argument(
        "--port", type=WholeNumber(0, MAX_PORT), default=PORT, help="of the pages (8866)"
    )
    instead = up.add_mutually_exclusive_group()
    instead.add_argument("--status", action="store_true", help="say how the services stand")
    instead.add_argument(
        "--start", choices=tuple(BY_NAME), metavar="SERVICE", help="have a service started again"
    )
    instead.add_argument("--stop", choices=tuple(BY_NAME), metavar="SERVICE", help="have it end")
    instead.add_argument(
        "--unit", action="store_true", help="print a systemd unit that runs all of them"
    )


def _up(options: argparse.Namespace) -> int:
    folder = workspace_of(options)
    if options.unit:
        from workbench.services.systemd_unit import systemd_unit

        return finish(options, {"unit": systemd_unit(folder)}, "{unit}")
    if options.start or options.stop:
        return _wish(options, folder)
    if options.status:
        return _status(options, folder)
    from workbench.services.log_lines import SharedLog
    from workbench.services.supervisor import Supervisor

    supervisor = Supervisor(folder, options.port, SharedLog())
    tell("Keeping the services running. Ctrl-C ends them.")
    supervisor.run()
    return finish(options, {"services": supervisor.states()}, "All services have ended.")


def _wish(options: argparse.Namespace, folder: Path) -> int:
    from contextlib import closing

    from workbench.collect.queue.hospital_file import HospitalFile
    from workbench.services.service_board import Asker, ServiceBoard, WantedState

    service = BY_NAME[options.start or options.stop]
    wanted = WantedState.RUNNING if options.start else WantedState.STOPPED
    with closing(HospitalFile(folder)) as hospital:
        board = ServiceBoard(hospital)
        board.ask(service, wanted, Asker.TERMINAL)
        up = board.up
    facts = {"service": service.name, "wanted": str(wanted), "up": up is not None}
    if up is None:
        sentence = (
            "Noted for {service}: {wanted}. Nothing keeps services running here now: workbench up"
        )
    else:
        sentence = "Asked for {service}: {wanted}. How it stands: workbench up --status"
    finish(options, facts, sentence)
    return DONE if up else PROBLEMS


def _status(options: argparse.Namespace, folder: Path) -> int:
    from contextlib import closing

    from workbench.collect.queue.hospital_file import HospitalFile
    from workbench.services.service_board import ServiceBoard, ServiceState, WantedState

    with closing(HospitalFile(folder)) as hospital:
        board = ServiceBoard(hospital)
        up, reports, wishes = board.up, board.reports(), board.wishes(SERVICES)
    if up is None:
        say(options, f"Nothing keeps the services running. Start them: workbench up -w {folder}")
    else:
        say(options, f"workbench up: {up.said}.")
    rows = []
    for service in SERVICES:
        report, wish = reports.get(service.name), wishes[service.name]
        say(options, _line(service.name, report, wish))
        rows.append(_row(service.name, report, wish))
    finish(options, {"up": str(up.said) if up else None, "services": rows}, "")
    bad = (ServiceState.FAILED, ServiceState.WAITING)
    missed = any(
        report is None or report.state in bad
        for service in SERVICES
        if wishes[service.name].wanted is WantedState.RUNNING
        for report in [reports.get(service.name)]
    )
    return PROBLEMS if missed or up is None else DONE


def _line(name: str, report: ServiceReport | None, wish: Wish) -> str:
    if report is None:
        return f"{name:<8} not running; wanted: {wish.wanted}"
    number = f", process {report.pid}" if report.pid else ""
    again = f", started again {report.restarts} times" if report.restarts else ""
    asked = f", {wish.wanted} was asked for {wish.by.said} at {wish.at} UTC" if wish.by else ""
    since = report.since.replace("T", " ")
    reason = f". {report.reason}" if report.reason else ""
    return f"{name:<8} {report.state} since {since} UTC{number}{again}{asked}{reason}"


def _row(name: str, report: ServiceReport | None, wish: Wish) -> dict[str, object]:
    told = {**vars(report), "reason": str(report.reason)} if report else {"state": None}
    return {"name": name, **told, "wanted": str(wish.wanted), "asked": wish.by, "asked_at": wish.at}
