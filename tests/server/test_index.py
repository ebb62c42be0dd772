"""What the index reads from files: dashboards' first cells, reports' heads."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from workbench.rights import Right
from workbench.server import index


def test_a_dashboard_is_named_by_its_first_cell() -> None:
    (found,) = [dashboard for dashboard in index.dashboards() if dashboard.name == "my_scanner"]
    assert found.title == "My scanner"
    assert "reference levels" in found.description


def test_reports_come_newest_first_and_without_links(tmp_path: Path) -> None:
    assert index.reports(tmp_path) == ()
    folder = tmp_path / "reports"
    folder.mkdir()
    for number, name in enumerate(("old", "new")):
        (folder / f"{name}.html").write_text(f"<title>{name} &lt;x&gt;</title><p>no lead</p>")
        os.utime(folder / f"{name}.html", (number, number))
    (folder / "link.html").symlink_to(tmp_path / "elsewhere")
    (folder / "folder.html").mkdir()
    found = index.reports(tmp_path)
    assert [report.title for report in found] == ["new <x>", "old <x>"]
    assert found[0].time == "1970-01-01 00:00 UTC"
    assert found[0].description == ""


def test_a_page_that_is_none_is_named_by_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "x.html").write_bytes(b"\xff\xfe\x00<<<<title")
    assert index.reports(tmp_path)[0].title == "x"


def test_a_dashboard_that_names_no_right_is_the_administrators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = [None, {}, "look", {"right": "look"}, {"right": "LOOK"}, {"right": 7}]
    for number, metadata in enumerate(told):
        notebook = nbformat.v4.new_notebook(metadata={"workbench": metadata})
        nbformat.write(notebook, tmp_path / f"n{number}.ipynb")
    monkeypatch.setattr(index, "dashboard_folder", lambda: tmp_path)
    rights = [dashboard.right for dashboard in index.dashboards()]
    assert rights == [Right.LOOK if number == 3 else Right.ADMINISTER for number in range(6)]


def test_the_dashboards_of_ours_are_for_who_needs_them() -> None:
    rights = {dashboard.name: dashboard.right for dashboard in index.dashboards()}
    assert rights == {
        "my_scanner": Right.LOOK, "quality": Right.LOOK, "collector": Right.COLLECT,
        "scanners": Right.DECIDE, "reports": Right.LOOK,
    }  # fmt: skip
