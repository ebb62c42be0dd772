"""From several irradiation events to one, its sources and the header behind it; and back.

What is shown travels as messages: nothing of an event is in the state of a widget, which is saved
into notebooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets
import polars as pl
from markupsafe import Markup

from workbench.language import Words, data, listed, mark, n, t
from workbench.report.follow_up import WEEK
from workbench.rights import Right, rights_here
from workbench.schema import IRRADIATION_EVENT
from workbench_widgets.parts.event_trail.event_page import event_html, event_words, peers_of
from workbench_widgets.parts.event_trail.event_rows import EventRows, event_rows, stored_header
from workbench_widgets.parts.event_trail.header_elements import ELEMENT, header_elements
from workbench_widgets.parts.live.live import HERE as LIVE
from workbench_widgets.parts.live.live import Ask, Live, Reply
from workbench_widgets.parts.panel.panel import Button, Field, Form, buttons, join, said
from workbench_widgets.parts.table.table import FrameTable
from workbench_widgets.parts.tabs.tabs import sentence

SHOWN = (
    "protocol", "body_region", "age_group", WEEK, "ctdi_vol_mgy", "dlp_mgy_cm", "ctdi_phantom_cm",
    "kvp_kv", "scan_length_mm", "localizer", "source", "flags", "scanner", "StudyInstanceUID",
    "irradiation_event_uid",
)  # fmt: skip
EVENTS, EVENT, HEADER = "events", "event", "header"  # the steps, in their order
NO_EVENTS = mark("There is no such event any more. Go back and read again.")


class _TrailLive(Live):
    """The trail's part that is HTML, with its own style beside that of every page."""

    _css = "\n".join(
        path.read_text("utf-8")
        for path in (LIVE / "live.css", Path(__file__).with_name("event_trail.css"))
    )


@dataclass
class OpenHeader:
    """Which object's header is shown: of which series, and the how manieth of it."""

    series: int = 0
    place: int = 0


class EventTrail(ipywidgets.VBox):  # type: ignore[misc]
    """Steps from events to a header, one at a time, each with a way back.

    Parameters
    ----------
    folder
        The workspace.
    back
        What the page before is called, and what brings it back when this is left.

    Attributes
    ----------
    counted
        The events that peers are looked for in: those of ``dose_by_protocol.counted_events``.
    step
        ``events``, ``event`` or ``header``; empty while nothing is open.
    """

    def __init__(
        self, folder: Path, back: tuple[str, Callable[[], None]], counted: pl.DataFrame
    ) -> None:
        self._folder, (self._home, self._left) = folder, back
        self.counted, self.step = counted, ""
        self._title = Words("")
        self._events = pl.DataFrame()
        self._event: dict[str, Any] = {}
        self._rows: EventRows | None = None
        self._header, self._focus, self._wrong = OpenHeader(), 0, Words("")
        self.live = _TrailLive(self.answer)
        self.events = FrameTable(
            pl.DataFrame(), IRRADIATION_EVENT, t("Irradiation events"), NO_EVENTS
        )  # fmt: skip
        self.events.on_open(self._open)
        # A header's dates and times would leave as they are stored: it is only looked at.
        self.elements = FrameTable(
            pl.DataFrame(), ELEMENT, t("Elements of the header"), download=False
        )
        super().__init__([self.live, self.events, self.elements])
        self._place()

    def open_events(self, events: pl.DataFrame, title: Words) -> None:
        """Show events to choose from, or the one event there is.

        ``events`` are rows of ``counted``, or of ``dose_by_protocol.preferred_ct``.
        """
        self._events, self._title, self._wrong = events, title, Words("")
        if events.height == 1:
            self._open(events.row(0, named=True))
            return
        shown = [name for name in SHOWN if name in events.columns]
        self.events.show(events.select(shown))
        self._go(EVENTS)

    def close_trail(self) -> None:
        """Leave it, and bring the page before back."""
        self._go("")
        self._left()

    def answer(self, ask: Ask) -> Reply:
        """Do what is asked, and return the step as it is then."""
        if ask.name == "home":
            self.close_trail()
        elif ask.name in (EVENTS, EVENT) and self.step:
            self._go(ask.name)
        elif ask.name in ("series", "object") and self.step in (EVENT, HEADER):
            self._tried(lambda: self._turn(ask.text("series"), ask.text("value")))
        return Reply(str(self.html()))

    def html(self) -> Markup:
        """Return the step as it is now; nothing while none is open."""
        if not self.step:
            return Markup("")
        return join((
            self._crumbs(),
            Markup('<div class="wb-trail"><h2 tabindex="-1" data-focus="{}">{}</h2>{}{}</div>')
            .format(
                self._focus, self._heading(),
                said(self._wrong, "problem") if self._wrong else "", self._content(),
            ),
        ))  # fmt: skip

    def _content(self) -> Markup:
        if self.step == EVENTS:
            return said(t(
                "One row an event. Open one to see it beside its peers, with all its sources. "
                "Weeks count from the patient's first exam: dates are shifted for each patient."
            ), "soft")  # fmt: skip
        if self._rows is None:
            return Markup("")
        if self.step == EVENT:
            html = event_html(self._rows, peers_of(self._event, self.counted))
            return join((self._header_button(), html))
        return self._header_choice()

    def _heading(self) -> Words:
        if self.step == EVENTS:
            return self._title
        if self.step == EVENT:
            return event_words(self._event)
        return t("The stored header, de-identified")

    def _crumbs(self) -> Markup:
        """Return the way back: every step before this one."""
        before = [Button(t(self._home), "home")]
        if self.step in (EVENT, HEADER) and self._events.height > 1:
            count = self._events.height
            before.append(Button(n("{count} event", "{count} events", count), EVENTS))
        if self.step == HEADER:
            before.append(Button(t("The event"), EVENT))
        named = Markup('<nav class="wb-crumbs" aria-label="{}">{}</nav>')
        return named.format(t("The way back"), join((Markup("◀ "), buttons(*before))))

    def _header_button(self) -> Markup:
        if self._rows is None or self._rows.objects.is_empty():
            return said(t("No object that shows this event is stored."), "soft")
        count = self._rows.objects.height
        text = n("Header behind it ({count} object)", "Header behind it ({count} objects)", count)
        return buttons(Button(text, "object", "0", main=True))

    def _open(self, row: Mapping[str, Any]) -> None:
        self._tried(lambda: self._read(row["StudyInstanceUID"], row["irradiation_event_uid"]))

    def _read(self, study: str | None, event: str | None) -> None:
        alike = self._events.filter(
            pl.col("StudyInstanceUID").eq_missing(study),
            pl.col("irradiation_event_uid").eq_missing(event),
        )
        if alike.is_empty():
            return
        self._event, self._header = alike.row(0, named=True), OpenHeader()
        self._rows = event_rows(self._folder, (study, event))
        self._go(EVENT)

    def _tried(self, act: Callable[[], None]) -> None:
        """Do it with the right to look; what goes wrong is said where it was asked."""
        self._wrong = Words("")
        try:
            rights_here().need(Right.LOOK)
            act()
        except Exception as error:  # noqa: BLE001  a page that says nothing helps nobody
            self._wrong = sentence(error)
            if not self.step:
                self._go(EVENTS)
            self.live.show(str(self.html()))

    def _go(self, step: str) -> None:
        self.step = step
        self._focus += 1
        self._place()
        self.live.show(str(self.html()))

    def _place(self) -> None:
        self.events.layout.display = None if self.step == EVENTS else "none"
        self.elements.layout.display = None if self.step == HEADER else "none"

    def _series(self) -> list[pl.DataFrame]:
        """Return the objects behind the event, series by series."""
        objects = pl.DataFrame() if self._rows is None else self._rows.objects
        if objects.is_empty():
            return []
        return objects.partition_by("SeriesInstanceUID", maintain_order=True)

    def _turn(self, series: str, place: str) -> None:
        """Show the header of another object; what a page says is held to what there is."""
        all_series, shown = self._series(), self._header
        if series.isdecimal() and int(series) < len(all_series):
            shown.series, shown.place = int(series), 0
        elif place.lstrip("-").isdecimal() and self.step == HEADER:
            shown.place += max(-1, min(int(place), 1))
        if not all_series:
            return
        objects = all_series[shown.series]
        shown.place = max(0, min(shown.place, objects.height - 1))
        row = objects.row(shown.place, named=True)
        header = stored_header(self._folder, self._event["StudyInstanceUID"], row["SOPInstanceUID"])
        self.elements.show(ELEMENT.empty() if header is None else header_elements(header))
        if self.step == HEADER:
            return
        self._go(HEADER)

    def _header_choice(self) -> Markup:
        all_series, shown = self._series(), self._header
        options = [
            (str(number), self._series_words(objects)) for number, objects in enumerate(all_series)
        ]
        chosen = Form(
            "series", (Field("series", t("Series"), str(shown.series), options=options),), live=True
        )
        of = all_series[shown.series].height
        where = t("Object {place} of {count}", place=shown.place + 1, count=of)
        turned = buttons(
            Button(t("Previous object"), "object", "-1", off=shown.place == 0),
            Button(t("Next object"), "object", "1", off=shown.place + 1 >= of),
        )
        note = t("Names are gone, UIDs are pseudonyms, dates are shifted. Filter to search.")
        return join((chosen.__html__(), said(where), turned, said(note, "soft")))

    @staticmethod
    def _series_words(objects: pl.DataFrame) -> Words:
        first, count = objects.row(0, named=True), objects.height
        number = first["SeriesNumber"]
        return listed((
            t("no number") if number is None else t("series {number}", number=number),
            data(first["Modality"] or ""),
            n("{count} object", "{count} objects", count),
        ))  # fmt: skip
