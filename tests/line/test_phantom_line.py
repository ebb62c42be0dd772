"""From the scanner to the alarm: real senders, our receiver, nobody's hand."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mail.mail_server import mail_server
from tests.stages.quality.phantom_workspace import PROFILE, SMALL, WATER, week
from workbench.collect.connections import reception_of
from workbench.model import ApplicationEntity
from workbench.settings import EntitySettings, MailSettings, QualitySettings, Settings
from workbench.simulate.peers import OrthancPacs, free_port
from workbench.simulate.phantom_images import phantom_file
from workbench.stages.quality.arrivals import Arrivals
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.phantom_retrieval import phantom_archive
from workbench.stages.receiving import ReceiverSession, receive
from workbench.survey import Survey, create_survey


@contextmanager
def receiving(survey: Survey) -> Iterator[ReceiverSession]:
    """Receive while the block runs."""
    with receive(survey, reception_of(survey.settings, survey.folder)) as session:
        waiter = threading.Thread(target=session.wait)
        waiter.start()
        try:
            yield session
        finally:
            session._stopped.set()
            waiter.join()


def written(folder: Path, offset: float = 0.0) -> Path:
    file = folder / f"phantom-{offset:g}.dcm"
    file.write_bytes(phantom_file(WATER, replace(SMALL, offset=offset), week(int(offset))))
    return file


@pytest.mark.dcmtk
def test_a_scanner_sends_and_an_alarm_goes_out_untouched_by_hand(tmp_path: Path) -> None:
    local = EntitySettings("WORKBENCH", port=free_port(), phantom_title="WB_PHANTOM",
                           allow=("CT1@127.0.0.1",))  # fmt: skip
    with mail_server() as server:
        quality, mail = QualitySettings(quiet_s=0.2), MailSettings(server.address, "none")
        survey = create_survey(tmp_path / "w", Settings(local=local, quality=quality, mail=mail))
        desk = QualityDesk(survey)
        desk.save_profile(PROFILE, "A. Physicist")
        with receiving(survey):
            for offset in (0.0, 7.0):
                command = ["storescu", "-aet", "CT1", "-aec", "WB_PHANTOM", "127.0.0.1",
                           str(local.port), str(written(tmp_path, offset))]  # fmt: skip
                subprocess.run(command, check=True, timeout=60, capture_output=True)
        time.sleep(0.3)
        found = Arrivals(desk).look()
        assert (found.measured, found.alarms, found.untold) == (2, 1, 0)
        assert survey.instances().collect().is_empty()  # no patient's object, no row
    assert len(server.taken) == 1
    assert [one.content["state"] for one in desk.quality.results()] == ["ok", "alarm"]
    survey.close()


@pytest.mark.orthanc
def test_phantom_images_are_fetched_from_the_pacs_whole(tmp_path: Path) -> None:
    local = EntitySettings("WORKBENCH", port=free_port(), phantom_title="WB_PHANTOM")
    ours = ApplicationEntity("WB_PHANTOM", "127.0.0.1", local.port)
    title = ApplicationEntity("THEPACS", port=0)
    with OrthancPacs(title, tmp_path / "pacs", {ours.title: ours}) as pacs:
        pacs.load([written(tmp_path)])
        known = EntitySettings.of(pacs.entity)
        survey = create_survey(tmp_path / "w", Settings(local=local, pacs=known))
        desk = QualityDesk(survey)
        desk.save_profile(PROFILE, "A. Physicist")
        with receiving(survey):
            archive = phantom_archive(survey.settings, survey.folder, desk.phantoms)
            (study,) = archive.studies("QA")
            assert archive.fetch(study) == 1
        assert Arrivals(desk).look(now=time.time() + 60).measured == 1
        survey.close()
