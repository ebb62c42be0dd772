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


# A kernel ahead must be worth keeping; the promise itself is in seconds, and no ratio: 2 s.
FIGURES = (
    Figure("viewer-first-picture", Group.PAGES, "the viewer's first picture", "×",
           "python -m benchmarks.viewer", viewer, at_most(2),
           "a plain loop and `putImageData` in the same browser"),
    Figure("dashboard-ahead", Group.PAGES, "the first picture of *My scanner* with a kernel "
           "started ahead", "×", "python -m benchmarks.dashboard", dashboard, at_least(1.2),
           "without one", 1),
)  # fmt: skip
