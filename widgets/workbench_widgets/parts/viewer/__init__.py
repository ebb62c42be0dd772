"""A viewer of 16-bit images."""

from __future__ import annotations

from workbench_widgets.parts.viewer.viewer import Viewer

__all__ = ["Viewer"]
