"""The page of image quality: what is to do, measure, charts, results, profiles.

``quality_page()`` shows it in a notebook or in Voila; the workspace is that of
``WORKBENCH_WORKSPACE``.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping

import ipywidgets
import polars as pl

from workbench import open_survey
from workbench.dicom.pixels import HOUNSFIELD
from workbench.errors import WorkbenchError
from workbench.language import mark
from workbench.report.control_chart import PICKED
from workbench.rights import Right
from workbench.stages.quality.desk import QualityDesk
from workbench.store.database_wait import PAGE_LIMIT_S
from workbench_widgets.pages.quality.charts_section import ChartsPanel
from workbench_widgets.pages.quality.measure_section import MeasurePanel
from workbench_widgets.pages.quality.profiles_section import ProfilesPanel
from workbench_widgets.pages.quality.results_section import ResultsPanel
from workbench_widgets.pages.quality.state import OnDesk
from workbench_widgets.pages.quality.today_section import TodayPanel
from workbench_widgets.parts.chart import Chart
from workbench_widgets.parts.download.download import Downloads
from workbench_widgets.parts.tabs.tabs import TabbedPage, opened
from workbench_widgets.parts.viewer import Viewer

EXPECTED = (WorkbenchError, OSError, sqlite3.Error, pl.exceptions.PolarsError)
MEASURED_CT = (0.0, 200.0)  # HU: centre and width
MAX_POINTS = 20_000  # in a chart; each is one result, and holds nothing of a person


def quality_page(workspace: str | None = None) -> ipywidgets.Widget:
    """Return the page of a workspace, or one sentence why there is none."""
    folder = workspace or os.environ.get("WORKBENCH_WORKSPACE", "")
    return opened(folder, QualityPage, EXPECTED, Right.LOOK)


class QualityPage(TabbedPage):
    """The sections of image quality, with chart and viewer below them.

    Raises ``WorkbenchError`` when the folder holds no workspace.
    """

    reports = {  # noqa: RUF012  never changed
        "today": "quality_due", "charts": "quality_over_time", "results": "quality_results",
    }  # fmt: skip

    def __init__(self, workspace: str) -> None:
        self.on = OnDesk(QualityDesk(open_survey(workspace, wait_s=PAGE_LIMIT_S)))
        self.viewer = Viewer()
        self.downloads = Downloads(self.on.desk.survey.folder)
        self.chart: Chart | None = None
        self._charts = ChartsPanel(self.on)
        self._chart_place = ipywidgets.VBox([])
        self._drawn: object = None
        self._seen = 0
        panels = (
            TodayPanel(self.on), MeasurePanel(self.on), self._charts,
            ResultsPanel(self.on, self.downloads), ProfilesPanel(self.on),
        )  # fmt: skip
        below = [self._chart_place, self.viewer]
        super().__init__(mark("Image quality"), panels, below, self.downloads)

    def place(self) -> None:
        """Show the chart with its section, and the images of what is looked at."""
        charts = self.section == "charts"
        self._chart_place.layout.display = "flex" if charts else "none"
        self.viewer.layout.display = "flex" if self.on.images else "none"
        if self.on.shown != self._seen:
            self._seen = self.on.shown
            # Of water, noise and cupping are to be seen; by itself a body would be plain white.
            narrow = MEASURED_CT if self.on.regions and self.on.images[0].unit == HOUNSFIELD else ()
            self.viewer.show(self.on.images, tuple(dict.fromkeys(self.on.regions)), (), narrow)

    def after(self) -> None:
        """Draw the chart of the section, when it is another one than before."""
        self.viewer.speak()
        if self.section == "charts":
            self._draw()

    def _draw(self) -> None:
        picture = self._charts.picture()
        if picture is None:
            self._chart_place.children = ()
            self.chart = self._drawn = None
            return
        chart, words = picture
        drawn = (chart.to_json(), words)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        if self.chart is None:
            self.chart = Chart(chart, words, most_rows=MAX_POINTS)
            self.chart.on_select(self._picked)
            self._chart_place.children = (self.chart,)
        else:
            self.chart.show(chart, words)

    def _picked(self, name: str, value: Mapping[str, object]) -> None:
        keys = value.get("key")
        if name == PICKED and isinstance(keys, list) and keys:
            self.on.open(int(keys[0]))
            self.place()
            self.lower.show(str(self._below()))
