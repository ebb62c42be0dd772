"""A frame as a table that pages, sorts and filters in the kernel."""

from workbench_widgets.parts.table.table import FrameTable

__all__ = ["FrameTable"]
