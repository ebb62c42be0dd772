"""docs/simulate.md runs as it is written: its Python, and its terminals."""

from __future__ import annotations

import json
import shlex
import time
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pytest

from tests.docs.pages import WAIT_S, blocks, done, staying
from workbench.simulate.peers import free_port
from workbench.simulate.standing_pacs import HospitalFolder

PAGE, PRACTICE = "simulate.md", "To practise with"


def terminals() -> list[list[str]]:
    """Return the commands of the section on practice, as words."""
    lines = [line for block in blocks(PAGE, PRACTICE) for line in block.commands()]
    assert all(line.startswith("workbench ") for line in lines)
    return [shlex.split(line)[1:] for line in lines]


def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    parts = [block.text for block in blocks(PAGE) if block.kind == "python"]
    assert len(parts) == 2
    for text in parts:
        exec(compile(text, PAGE, "exec"), names)
    truth = names["truth"] if "truth" in names else names["hospital"].truth  # type: ignore[attr-defined]
    assert truth["dlp_mgy_cm"].drop_nulls().len() > 0
    assert len(list((tmp_path / "archive").iterdir())) == len(names["files"])  # type: ignore[arg-type]
    assert names["pacs"].entity.port > 0  # type: ignore[attr-defined]
    assert not names["pacs"].quirks.find.limit  # type: ignore[attr-defined]


def test_three_terminals_collect_the_patients_and_make_the_report(tmp_path: Path) -> None:
    pacs, up, *looks = terminals()
    assert pacs[:2] == ["simulate", "training"]
    assert up[0] == "up"
    workspace = tmp_path / up[up.index("-w") + 1]
    with ExitStack() as stack:
        first = stack.enter_context(staying(pacs, tmp_path))
        first.until_said("stays until Ctrl-C")
        whom = {
            each.patient_id for each in HospitalFolder(tmp_path / pacs[1]).patients("simulated")
        }
        assert states(workspace) == ["waiting"] * len(whom) == ["waiting"] * 3
        second = stack.enter_context(staying([*up, "--port", str(free_port())], tmp_path))
        second.until_said("Keeping the services running")
        report = workspace / "reports" / "practice.html"
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end and not (
            report.exists() and states(workspace) == ["complete"] * 3
        ):
            assert first.process.poll() is None, first.text
            assert second.process.poll() is None, second.text
            time.sleep(1.0)
        told = [done(words, tmp_path) for words in looks]
        assert report.exists(), second.text
    assert told[1].count("complete") == 3
    assert "practice" in told[2]
    events = pl.read_csv(tmp_path / "events.csv")
    assert events["patient"].n_unique() == 3, "what was collected was mapped before the report"
    assert not any(patient in text for patient in whom for text in told)


def states(workspace: Path) -> list[str]:
    rows = json.loads(
        done(["collect", "list", "--json", "-w", str(workspace)], workspace).splitlines()[-1]
    )
    return [row["state"] for row in rows["patients"]]
