"""Widgets of Workbench for JupyterLab and Voila: plain ES modules, no bundler, no internet.

``Chart`` shows an Altair chart, ``FrameTable`` pages through a polars frame; ``explore``,
``stages`` and ``dashboard`` put them together.
"""

from __future__ import annotations

# First, because it spares every kernel a second: workbench.report drops a slow import that
# Altair would make (workbench.report.fastimport says which and why).
import workbench.report  # noqa: F401
from workbench_widgets.parts.chart import Chart
from workbench_widgets.parts.table import FrameTable

__all__ = ["Chart", "FrameTable"]
