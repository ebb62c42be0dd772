"""The page on which reports are made, read, signed and put on a schedule."""

from workbench_widgets.pages.reports.page import reports_page

__all__ = ["reports_page"]
