"""Two choices of a survey's events side by side: medians, numbers, the difference in words."""

from __future__ import annotations

from typing import Any

import ipywidgets
import polars as pl
from markupsafe import Markup

from workbench.language import t
from workbench.report.dose_by_protocol import counted_events
from workbench_widgets.pages.explore.page import EventFilter
from workbench_widgets.pages.my_scanner.side_by_side import compared_html
from workbench_widgets.parts.live.live import Ask, Live, Reply


class TwoChoices(ipywidgets.VBox):  # type: ignore[misc]
    """Two sets of filters, and what their events' doses are beside each other.

    Parameters
    ----------
    events
        As for ``EventFilter``.

    Attributes
    ----------
    one, other
        The filters: scanner, region, ages and period of each side.
    live
        The comparison: it follows both.
    """

    def __init__(self, events: pl.DataFrame) -> None:
        self.one, self.other = EventFilter(events), EventFilter(events)
        self.live = Live(self._answer)
        heads = (t("First choice"), t("Second choice"))
        sides = [
            ipywidgets.VBox(
                [ipywidgets.Label(head), side],
                layout=ipywidgets.Layout(flex="1 1 22rem", min_width="0"),
            )
            for head, side in zip(heads, (self.one, self.other), strict=True)
        ]
        wrap = ipywidgets.Layout(flex_flow="row wrap", grid_gap="0.5rem 2rem")
        super().__init__([ipywidgets.Box(sides, layout=wrap), self.live])
        for side in (self.one, self.other):
            side.observe(self._changed, "frame")

    def html(self) -> Markup:
        """Return the comparison of both choices as they are now."""
        sides = [counted_events(side.frame) for side in (self.one, self.other)]
        names = (t("the first choice"), t("the second choice"))
        return Markup('<div class="wb-beside">{}</div>').format(
            Markup(compared_html(sides[0], sides[1], names))
        )

    def _answer(self, _: Ask) -> Reply:
        return Reply(str(self.html()))

    def _changed(self, _: Any) -> None:
        self.live.show(str(self.html()))
