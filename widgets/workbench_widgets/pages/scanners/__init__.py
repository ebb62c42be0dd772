"""The page on which scanners are named, merged and split."""

from workbench_widgets.pages.scanners.page import scanners_page

__all__ = ["scanners_page"]
