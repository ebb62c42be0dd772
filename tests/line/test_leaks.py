"""Fifty people go everywhere and every output is searched; only phantom images name anybody."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.leaks.__main__ import Searched, leaking, lines, searched
from benchmarks.leaks.people import PEOPLE, all_planted
from benchmarks.leaks.search import Search
from benchmarks.leaks.whole_line import Machine, whole_line
from workbench.cli import main

Run = tuple[Path, Machine, Sequence[Searched]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("leaks")
    machine = whole_line(folder)
    return folder, machine, list(searched(machine, all_planted()))


def test_nobody_is_named_in_any_output_nor_in_the_workspace_whose_key_is_locked(run: Run) -> None:
    _, _, found = run
    assert [(hit.where, hit.value.kind, hit.encoding) for hit in leaking(found)] == []


def test_the_same_search_finds_all_of_them_at_the_hospital(run: Run) -> None:
    folder, _, _ = run
    search, hospital = Search(all_planted()), folder / "hospital"
    hits, _ = search.files(sorted(hospital.rglob("*")), hospital)
    assert len({hit.value.person for hit in hits if not hit.value.retained}) == PEOPLE


def test_something_of_everybody_went_through(run: Run) -> None:
    _, machine, found = run
    by_name = {each.output: each for each in found}
    assert all(each.files for each in found)
    workspace = by_name["workspace, key locked"]
    assert workspace.people(retained=True, kind="device") == PEOPLE
    with closing(sqlite3.connect(machine.workspace / "hospital.sqlite")) as opened:
        states = dict(opened.execute("SELECT state, count(*) FROM patient GROUP BY state"))
        answers = opened.execute("SELECT count(*) FROM answer").fetchone()[0]
    assert states["complete"] == PEOPLE // 2
    assert answers >= PEOPLE // 2
    assert any("DEBUG" in file.read_text("utf-8", "replace")
               for file in (machine.folder / "said").iterdir())  # fmt: skip


def test_phantom_images_are_the_only_place_and_are_told_of(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    _, machine, found = run
    assert found[-1].people(retained=False) > 5
    assert not (machine.workspace / "hospital.key").exists()
    assert main(["check", "-w", str(machine.workspace)]) == 1
    said = capsys.readouterr().out
    assert "selected by none" in said
    assert "key is locked" in said


def test_the_table_tells_kept_values_apart(run: Run) -> None:
    _, _, found = run
    heads, *rows = lines(found)
    assert "named" in heads
    assert "time of day" in heads
    assert len(rows) == len(found)
