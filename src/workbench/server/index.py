"""What there is to open: dashboards and the workspace's finished reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat

from workbench.language import Words, data, markdown, moment, t
from workbench.report import notebooks
from workbench.report.page_head import HEAD_CHARACTERS, page_head
from workbench.rights import Right
from workbench.stages.dated_copies import HISTORY, REPORTS


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: ``name`` is its notebook's stem, the texts are its first cell's.

    ``right`` is what a visitor needs to open it: ``{"workbench": {"right": "look"}}`` in the
    metadata of its notebook; one that does not say so is the administrator's.
    """

    name: str
    title: Words
    description: Words
    right: Right


@dataclass(frozen=True)
class FinishedReport:
    """A finished report in the workspace; ``made_at`` is UTC, ``size`` in bytes."""

    file: str
    title: str
    description: str
    made_at: datetime
    size: int

    @property
    def time(self) -> Words:
        """The time to the minute."""
        return t("{time} UTC", time=moment(self.made_at))

    @property
    def kilobytes(self) -> int:
        """The size in kB, at least one."""
        return max(1, round(self.size / 1000))


def dashboard_folder() -> Path:
    """Return the folder of the dashboards' notebooks."""
    return notebooks.folder().parent / "dashboards"


def dashboards() -> tuple[Dashboard, ...]:
    """Return the dashboards, sorted by name; their texts are in the language that is spoken."""
    return tuple(_dashboard(path) for path in sorted(dashboard_folder().glob("*.ipynb")))


def report_files(workspace: Path) -> dict[str, Path]:
    """Return name -> path of the HTML files directly in the workspace's ``reports``.

    A link is left out: it may lead to anything.
    """
    folder = workspace / REPORTS
    return {
        path.name: path
        for path in sorted(folder.glob("*.html"))
        if path.is_file() and not path.is_symlink()
    }


def report_copy(workspace: Path, plan: str, name: str) -> Path | None:
    """Return a dated copy by its plan's name and its own; ``None`` where there is none."""
    folder = workspace / REPORTS / HISTORY / plan
    path = folder / name
    if folder.is_symlink() or path.is_symlink() or not path.is_file():
        return None
    return path


def reports(workspace: Path) -> tuple[FinishedReport, ...]:
    """Return the finished reports, newest first."""
    finished = [_report(path) for path in report_files(workspace).values()]
    return tuple(sorted(finished, key=lambda report: (report.made_at, report.file), reverse=True))


def _dashboard(path: Path) -> Dashboard:
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    first = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
    heading, _, rest = first.partition("\n")
    title = t(heading.lstrip("# ").strip()) if heading.strip() else data(path.stem)
    description = Words(" ".join(markdown(rest.strip()).split()))
    return Dashboard(path.stem, title, description, _right(notebook.metadata))


def _right(metadata: Mapping[str, Any]) -> Right:
    told = metadata.get("workbench")
    name = told.get("right") if isinstance(told, Mapping) else None
    return next((right for right in Right if right == name), Right.ADMINISTER)


def _report(path: Path) -> FinishedReport:
    stat = path.stat()
    with path.open(encoding="utf-8", errors="replace") as file:
        head = page_head(file.read(HEAD_CHARACTERS))
    return FinishedReport(
        file=path.name,
        title=head.title or path.stem,
        description=head.lead,
        made_at=datetime.fromtimestamp(stat.st_mtime, UTC),
        size=stat.st_size,
    )
