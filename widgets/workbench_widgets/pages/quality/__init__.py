"""The page of image quality, for JupyterLab and Voila."""

from __future__ import annotations

from workbench_widgets.pages.quality.page import QualityPage, quality_page

__all__ = ["QualityPage", "quality_page"]
