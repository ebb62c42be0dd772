"""Pages in Chromium: how long a person waits for the first picture."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.figures.figure import Figure, Found, Group, at_least, at_most
from benchmarks.figures.speed import need


def viewer(_: bool) -> Mapping[str, Found]:
    """Show an image of twelve megapixels."""
    from benchmarks.viewer import COLUMNS, ROWS, measured

    need("chromium")
    return {"viewer-first-picture": Found(measured(), f"{ROWS} × {COLUMNS}, 16 bit, no GPU")}


def dashboard(short: bool) -> Mapping[str, Found]:
    """Open a dashboard whose kernel waits, and one more right behind."""
    from benchmarks.dashboard import VISITS, measured

    need("chromium")
    visits = 1 if short else VISITS
    waiting, cold = measured(visits)
    return {"dashboard-ahead": Found(cold / waiting, f"median of {visits} visits")}


def languages(short: bool) -> Mapping[str, Found]:
    """Make a page and a report in French and in English, and import the language."""
    from benchmarks.languages import IMPORTS, REPORTS, VISITS, imported, page, report

    need("chromium")
    visits, reports = (2, 2) if short else (VISITS, REPORTS)
    return {
        "french-page": Found(page(visits), f"least of {visits} visits each, in turn"),
        "french-report": Found(report(reports), f"least of {reports} each, in turn"),
        "language-import": Found(imported(), f"least of {IMPORTS} starts"),
    }


# A kernel ahead must be worth keeping; the promise itself is in seconds, and no ratio: 2 s.
FIGURES = (
    Figure("viewer-first-picture", Group.PAGES, "the viewer's first picture", "×",
           "python -m benchmarks.viewer", viewer, at_most(2),
           "a plain loop and `putImageData` in the same browser"),
    Figure("dashboard-ahead", Group.PAGES, "the first picture of *My scanner* with a kernel "
           "started ahead", "×", "python -m benchmarks.dashboard", dashboard, at_least(1.2),
           "without one", 1),
    Figure("french-page", Group.PAGES, "the first picture of *My scanner* in French", "×",
           "python -m benchmarks.languages", languages, at_most(1.05), "in English"),
    Figure("french-report", Group.PAGES, "the report *Dose by protocol* in French", "×",
           "python -m benchmarks.languages", languages, at_most(1.05), "in English"),
    Figure("language-import", Group.PAGES, "importing the package of texts", "ms",
           "python -m benchmarks.languages", languages, at_most(5), digits=1),
)  # fmt: skip
