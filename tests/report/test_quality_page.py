"""Reports on image quality: whole, signed, and without a word of a header's texts running."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.stages.quality.phantom_workspace import SMALL, arrive, quality_desk, week
from workbench.report.runner import run_report
from workbench.stages.quality.arrivals import Arrivals

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "w"
    with quality_desk(folder) as desk:
        for number in range(3):
            made = replace(week(number), more={"ManufacturerModelName": HOSTILE})
            arrive(desk, replace(SMALL, seed=number, offset=7 * (number == 2)), made)
        Arrivals(desk).look(now=1e12)
        desk.quality.decide(1, "accepted", HOSTILE, HOSTILE)
        desk.quality.note_event("CT1 water", "event", week(1).moment, "N. N.", {"words": HOSTILE})
    return folder


def made(workspace: Path, name: str, out: Path, **parameters: object) -> str:
    run = run_report(name, {"workspace": str(workspace), **parameters}, out)
    assert run.outcome == "done", run.message
    return out.read_text("utf-8")


def test_a_result_is_shown_whole_with_its_image_and_signed(workspace: Path, tmp_path: Path) -> None:
    page = made(workspace, "quality_results", tmp_path / "r.html", numbers=[1, 3],
                signed_by="A. Physicist")  # fmt: skip
    for words in ("2 results: 1 alarm, 1 ok", "Mean CT number", "data:image/png;base64",
                  "Signed by A. Physicist on", "not verified against", "KVP"):  # fmt: skip
        assert words in page
    assert HOSTILE not in page
    assert "Phantom^" not in page


def test_a_year_has_its_charts_and_what_happened(workspace: Path, tmp_path: Path) -> None:
    page = made(workspace, "quality_over_time", tmp_path / "t.html", profile="CT1 water")
    assert page.count("<svg") == 2  # the two values with limits
    assert "3 results" in page
    assert HOSTILE not in page
    later = made(workspace, "quality_over_time", tmp_path / "l.html", profile="CT1 water",
                 acquired_from="2026-03-05", measurement="noise")  # fmt: skip
    assert "2 results" in later
    assert later.count("<svg") == 1


def test_what_is_overdue_is_listed_also_as_rtf(workspace: Path, tmp_path: Path) -> None:
    assert "1 test: 1 overdue" in made(workspace, "quality_due", tmp_path / "d.html")
    assert "CT1 water" in made(workspace, "quality_due", tmp_path / "d.rtf")


def test_a_site_edits_a_report_and_its_copy_is_used(workspace: Path, tmp_path: Path) -> None:
    from workbench.report.notebooks import folder

    own = tmp_path / "own"
    own.mkdir()
    text = (folder() / "quality_due.ipynb").read_text()
    (own / "quality_due.ipynb").write_text(text.replace("tests done and overdue", "unser Bericht"))
    out = tmp_path / "o.html"
    run = run_report("quality_due", {"workspace": str(workspace)}, out, own)
    assert run.outcome == "done"
    assert "unser Bericht" in out.read_text()


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("quality_results", {"numbers": []}, "no result is named"),
        ("quality_results", {"numbers": [99]}, "no result 99"),
        ("quality_over_time", {"profile": "none"}, "no test profile 'none'"),
    ],
)
def test_a_report_on_nothing_says_so(
    workspace: Path, tmp_path: Path, name: str, parameters: dict[str, object], told: str
) -> None:
    run = run_report(name, {"workspace": str(workspace), **parameters}, tmp_path / "x.html")
    assert run.failed
    assert told in run.message
