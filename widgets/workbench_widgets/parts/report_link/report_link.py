"""A link to the page of reports with one report chosen.

It opens another tab: a page that is left ends its kernel.  Where no server of ours gives the page,
as in JupyterLab, there is no such address, and the link is not shown (live.css).
"""

from __future__ import annotations

from urllib.parse import urlencode

from markupsafe import Markup

from workbench.language import Words, t

ADDRESS = "/dashboards/reports"
IN_ADDRESS = "report"  # of the page of reports: the report that is chosen


def report_link(report: str, words: Words | None = None) -> Markup:
    """Return a link to the page of reports; nothing where ``report`` is empty."""
    if not report:
        return Markup("")
    return Markup(
        '<p class="wbc-served"><a href="{}?{}" target="_blank" rel="noopener">{}</a></p>'
    ).format(
        ADDRESS, urlencode({IN_ADDRESS: report}),
        words or t("Make a report of this, in another tab"),
    )  # fmt: skip
