"""A patient's image sent to the phantom title by mistake: its names stay in its file."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mail.mail_server import mail_server
from tests.stages.quality.phantom_workspace import SMALL, arrive, quality_desk, week
from workbench.cli import main
from workbench.qa.geometry import geometry
from workbench.report.runner import run_report
from workbench.settings import MailSettings, QualitySettings
from workbench.simulate.phantom_images import PhantomHeader
from workbench.stages.quality.arrivals import Arrivals
from workbench_widgets.pages.quality import QualityPage
from workbench_widgets.parts.live.live import Ask

NAMES = {
    "PatientName": "KANARIE^ANNA", "PatientID": "CANARY4711", "PatientBirthDate": "19470211",
    "ReferringPhysicianName": "DOKTERS^JAN", "InstitutionName": "SINT VOGEL",
    "AccessionNumber": "ACC4711", "OperatorsName": "ZANGER^PIET", "PatientComments": "KWETTERT",
}  # fmt: skip
SOUGHT = ("KANARIE", "CANARY4711", "19470211", "DOKTERS", "VOGEL", "ACC4711", "ZANGER", "KWETTERT")


def hits(text: str) -> list[str]:
    return [word for word in SOUGHT if word.lower() in text.lower()]


def test_no_name_of_a_header_leaves_its_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    folder = tmp_path / "w"
    made = PhantomHeader(more=dict(NAMES))
    with mail_server() as server:
        mail = MailSettings(server.address, "none")
        with quality_desk(folder, QualitySettings(quiet_s=0), mail=mail) as desk:
            arrive(desk, SMALL, week(0, made))
            arrive(desk, replace(SMALL, offset=7), week(1, made))
            arrive(desk, SMALL, week(2, replace(made, station="CT9")))
            arrive(desk, SMALL, week(3, made), geometry("ct_water_160"))
            found = Arrivals(desk).look()
            assert (found.measured, found.unrecognised, found.refused) == (2, 1, 1)
            kept = {
                path.read_bytes().find(b"KANARIE") > 0 for path in desk.phantoms.folder.iterdir()
            }
            assert kept == {True}  # the images themselves are kept whole
    shown = []
    page = QualityPage(str(folder))
    for name in ("today", "measure", "charts", "results", "profiles"):
        page.section = name
        shown.append(page.answer(Ask("show", {})).html)
    page.section = "measure"
    shown.append(page.answer(Ask("came", {})).html)
    shown.append(page.answer(Ask("measure", {"value": "0 CT1 water"})).html)
    shown.append(str(page.viewer.get_state()))
    for name, parameters in (
        ("quality_results", {"numbers": [1, 2]}), ("quality_due", {}),
        ("quality_over_time", {"profile": "CT1 water"}),
    ):  # fmt: skip
        out = tmp_path / f"{name}.html"
        assert not run_report(name, {"workspace": str(folder), **parameters}, out).failed
        shown.append(out.read_text())
    main(["table", "test_result", "-w", str(folder), "--out", str(folder / "r.csv")])
    main(["table", "phantom_image", "-w", str(folder), "--out", str(folder / "p.csv")])
    shown += [*capsys.readouterr(), caplog.text, *server.taken]
    assert not [hits(text) for text in shown if hits(text)]
    for path in folder.rglob("*"):
        if path.is_file() and path.parent.name != "phantoms":
            assert not hits(path.read_bytes().decode("latin-1")), path.name
            assert not hits(path.name)
