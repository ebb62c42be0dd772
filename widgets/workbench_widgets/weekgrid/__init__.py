"""A week of hours, painted with the mouse."""

from __future__ import annotations

from workbench_widgets.weekgrid.week_grid import WeekGrid

__all__ = ["WeekGrid"]
