"""A week of hours, painted with the mouse."""

from __future__ import annotations

from workbench_widgets.parts.week_grid.week_grid import WeekGrid

__all__ = ["WeekGrid"]
