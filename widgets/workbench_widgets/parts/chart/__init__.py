"""An Altair chart as a widget."""

from __future__ import annotations

from workbench_widgets.parts.chart.chart import Chart

__all__ = ["Chart"]
