"""The page of the collector, for JupyterLab and Voila."""

from __future__ import annotations

from workbench_widgets.pages.collector.page import CollectorPage, collector_page

__all__ = ["CollectorPage", "collector_page"]
