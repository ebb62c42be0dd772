"""The page of scanners: which there are, under which name each is shown, what is one, what is two.

``scanners_page()`` shows it in a notebook or in Voila; the workspace is that of
``WORKBENCH_WORKSPACE``.
"""

from __future__ import annotations

import os
import sqlite3

import ipywidgets
import polars as pl

from workbench import open_survey
from workbench.errors import WorkbenchError
from workbench.language import mark
from workbench.rights import Right
from workbench_widgets.pages.scanners.scanners_panel import ScannersPanel
from workbench_widgets.parts.tabs.tabs import TabbedPage, opened

EXPECTED = (WorkbenchError, OSError, sqlite3.Error, pl.exceptions.PolarsError)


def scanners_page(workspace: str | None = None) -> ipywidgets.Widget:
    """Return the page of a workspace, or one sentence why there is none."""
    folder = workspace or os.environ.get("WORKBENCH_WORKSPACE", "")
    return opened(folder, ScannersPage, EXPECTED, Right.DECIDE)


class ScannersPage(TabbedPage):
    """All scanners of a survey.

    Raises ``WorkbenchError`` when the folder holds no workspace.
    """

    def __init__(self, workspace: str) -> None:
        self.survey = open_survey(workspace)
        super().__init__(mark("Scanners"), (ScannersPanel(self.survey),))
