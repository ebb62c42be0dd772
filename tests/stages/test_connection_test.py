"""Trying the connections: what fails is named, with what to do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.collect.tls_peers import Pacs, authority, certificate
from workbench.collect.dimse.tls import TlsFiles
from workbench.credentials import confirm
from workbench.settings import EntitySettings, Settings, TlsSettings
from workbench.simulate.peers import free_port
from workbench.stages.connection_test import Trial, trials
from workbench.survey import Survey, create_survey

NAMED = "pacs.hospital.example"
ECHO, ROUND = "PACS answers C-ECHO", "Our receiver takes, de-identifies and drops an object"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, TlsFiles]:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    authority(tmp_path, "hospital")
    return {
        "us": certificate(tmp_path, "us", "hospital", names="DNS:workbench.hospital.example"),
        "pacs": certificate(tmp_path, "pacs", "hospital", names=f"DNS:{NAMED}"),
    }


@pytest.fixture
def survey(files: dict[str, TlsFiles], tmp_path: Path) -> Iterator[Survey]:
    us = files["us"]
    tls = TlsSettings(str(us.certificate), str(us.key), str(us.authorities))
    local = EntitySettings("WORKBENCH", port=free_port(), tls=True)
    survey = create_survey(tmp_path / "w", Settings(local=local, tls=tls))
    yield survey
    survey.close()


def tried(survey: Survey, port: int, **more: str) -> dict[str, Trial]:
    pacs = EntitySettings("PACS", "127.0.0.1", port, tls=True, retrieve="get")
    survey.settings = replace(survey.settings, pacs=replace(pacs, **more))
    return {trial.name: trial for trial in trials(survey)}


def test_the_name_that_a_certificate_does_not_hold_is_said(
    survey: Survey, files: dict[str, TlsFiles]
) -> None:
    with Pacs(files["pacs"]).listening() as port:
        wrong = tried(survey, port)[ECHO]
        assert not wrong.passed
        assert 'does not name "127.0.0.1"' in wrong.text
        assert "tls_name of [pacs]" in wrong.text
        moved = tried(survey, port, tls_name=NAMED)[ECHO]
        assert "credentials confirm pacs-key" in moved.text
        confirm(survey.folder, survey.settings, "pacs-key")
        assert tried(survey, port, tls_name=NAMED)[ECHO].passed


def test_our_own_receiver_is_tried_encrypted_where_it_is(
    survey: Survey, files: dict[str, TlsFiles]
) -> None:
    with Pacs(files["pacs"]).listening() as port:
        assert tried(survey, port)[ROUND] == Trial(
            ROUND, True, "It did; the made-up name in it did not pass."
        )


def test_without_a_pacs_the_other_trials_run(survey: Survey) -> None:
    tried_alone = {trial.name: trial for trial in trials(survey)}
    assert not tried_alone[ECHO].passed
    assert "[pacs]" in tried_alone[ECHO].text
    assert tried_alone["Settings"].passed
    assert tried_alone["Disk"].passed
