"""The verb ``qa``: what operations and scripts do with image quality."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stages.quality.phantom_workspace import PROFILE, SMALL, arrive, quality_desk, week, write
from workbench.cli import main


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "w"
    with quality_desk(folder, profile=""):
        pass
    return folder


def said(capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, object], str]:
    out, err = capsys.readouterr()
    return (json.loads(out.splitlines()[-1]) if out else {}), err


def test_a_profile_is_kept_measured_decided_and_due(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(PROFILE)
    w = ["-w", str(workspace), "--json"]
    assert main(["qa", "due", *w]) == 0
    assert "no test profile" in said(capsys)[1]
    assert main(["qa", "profile", str(file), "--by", "A. Physicist", *w]) == 0
    assert said(capsys)[0] == {"profile": "CT1 water", "version": 1}
    assert main(["qa", "profiles", *w]) == 0
    told, words = said(capsys)
    assert told["tests"] == ["ct-water"]
    assert "ct_water_200" in words

    images = write(tmp_path, SMALL)
    assert main(["qa", "measure", "CT1 water", str(images[0]), "--keep", *w]) == 0
    told, words = said(capsys)
    assert told["series"][0]["result"] == 1  # type: ignore[index]
    assert "Mean CT number" in words
    assert main(["qa", "decide", "1", "reject", "--by", "A. Physicist", *w]) == 2
    assert "comment" in said(capsys)[1]
    assert main(["qa", "decide", "1", "accept", "--by", "A. Physicist", *w]) == 0
    assert main(["qa", "event", "CT1 water", "new tube", "--by", "N. N.", *w]) == 0
    capsys.readouterr()
    assert main(["qa", "due", *w]) == 1  # the images are of March
    assert said(capsys)[0] == {"profiles": {"CT1 water": "overdue"}}
    out = tmp_path / "results.csv"
    assert main(["table", "test_result", "--out", str(out), *w]) == 0
    assert "mean_ct_number" in out.read_text()


def test_looking_says_what_it_could_not_measure(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from workbench.stages.quality.desk import QualityDesk
    from workbench.survey import open_survey

    survey = open_survey(workspace)
    desk = QualityDesk(survey)
    desk.save_profile(PROFILE, "A. Physicist")
    arrive(desk, SMALL, week(0))
    arrive(desk, replace(SMALL, tilt=30), week(1))
    settings = workspace / "workbench.toml"
    settings.write_text(settings.read_text() + "\n[quality]\nquiet_s = 0.0\n")
    survey.close()
    assert main(["qa", "look", "-w", str(workspace), "--json"]) == 1
    told, _ = said(capsys)
    assert (told["measured"], told["refused"]) == (1, 1)
    assert main(["qa", "look", "-w", str(workspace), "--json"]) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["measure", "none", "."], "no test profile 'none'. Make one"),
        (["measure", "none", "/no/such/place"], "there is no '/no/such/place'"),
        (["decide", "7", "accept", "--by", "N. N."], "no result 7. workbench qa results lists"),
        (["event", "none", "x", "--by", "N. N."], "no test profile 'none'"),
        (["profile", "/no/such/file", "--by", "N. N."], "there is no '/no/such/file'"),
    ],
)
def test_what_cannot_be_is_said(
    workspace: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["qa", *words, "-w", str(workspace)]) == 2
    assert told in capsys.readouterr().err
