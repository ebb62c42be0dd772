"""A table of any size: rows are sorted, filtered and paged in the kernel, never in the page.

Fifty rows travel at a time, as a message; none is kept in the widget's state, which is saved
into notebooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anywidget
import polars as pl
import traitlets

from workbench.deidentify.patient_clock import Times
from workbench.language import Marked, Words, data, mark, n, number, t
from workbench.report.exports import write_table
from workbench.report.html_tables import PRINTED_UNITS
from workbench.schema import Column, Table
from workbench_widgets.parts.table.cells import as_texts, decimals, matching

HERE = Path(__file__).parent
ROWS = 50  # a message; more than a screen holds
WORDS = {
    "clear": mark("Clear filters"),
    "download": mark("Download CSV"),
    "filter": mark("Filter {column}"),
    "first": mark("First"),
    "last": mark("Last"),
    "next": mark("Next"),
    "noAnswer": mark(
        "No answer yet: these rows are from before. Wait, run the cell again, or reload."
    ),
    "noRows": mark("0 rows"),
    "noneFit": mark("No row fits the filters. Clear or change them."),
    "open": mark("Open"),
    "openRow": mark("Open row {number}"),
    "numberHint": mark("> 5 or 5..9"),
    "pages": mark("Pages of the table"),
    "previous": mark("Previous"),
    "reading": mark("Reading the table…"),
    "scrolls": mark("Scroll to the side to see all columns."),
    "table": mark("Table"),
    "textHint": mark("filter…"),
    "unknown": mark("not known"),
}
NO_ROWS = mark("There are no rows yet.")
MAX_DOWNLOADED = 200_000  # rows that a browser is handed in one message


@dataclass(frozen=True)
class View:
    """What a page asks to see: the filters by column, and the order."""

    filters: tuple[tuple[str, str], ...] = ()
    sort: str | None = None
    descending: bool = False

    @classmethod
    def asked(cls, message: Mapping[str, Any]) -> View:
        """Read a page's message; whatever it does not say right is not said."""
        filters = message.get("filters")
        pairs = filters.items() if isinstance(filters, Mapping) else ()
        sort = message.get("sort")
        return cls(
            tuple((str(name), str(text)) for name, text in pairs if str(text).strip()),
            sort if isinstance(sort, str) else None,
            bool(message.get("descending")),
        )

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows asked for, in the order asked for; unknown values come last."""
        rows = frame.filter(matching(frame.schema, dict(self.filters)))
        if self.sort not in frame.columns:
            return rows
        by = pl.col(str(self.sort))
        if isinstance(frame.schema[str(self.sort)], pl.List):
            by = by.cast(pl.List(pl.String)).list.join("; ", ignore_nulls=True)
        return rows.sort(by, descending=self.descending, nulls_last=True, maintain_order=True)


class FrameTable(anywidget.AnyWidget):
    """A frame to look at, sort, filter by column and download as CSV.

    Parameters
    ----------
    frame
        Any frame, of any size.
    table
        The table of ``workbench.schema`` the columns belong to: its units stand in the head and
        its meanings behind the names.  Columns it does not know have neither.
    empty
        What is said where the frame has no rows: what to do next.
    times
        What becomes of times of day in what is downloaded.
    download
        Whether the rows can be taken away.
    """

    _esm = HERE / "table.js"
    _css = HERE / "table.css"

    caption = traitlets.Unicode().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        frame: pl.DataFrame,
        table: Table | None = None,
        caption: Words | None = None,
        empty: Words | Marked = NO_ROWS,
        times: Times = Times.HOUR,
        download: bool = True,
    ) -> None:
        self._times, self._download = times, download
        self._opened: Callable[[Mapping[str, Any]], None] | None = None
        self._revision = 0  # of the frame: a row of an older one is not opened
        self._frame, self._table, self._empty = frame, described(frame, table), empty
        self._known = table
        self._view, self._rows = View(), frame
        self._digits = decimals(frame)
        said = {name: t(text) for name, text in WORDS.items()}
        super().__init__(caption=caption or "", words=said)
        self.on_msg(self._answer)

    @property
    def frame(self) -> pl.DataFrame:
        """The rows that the filters of the page leave, in its order."""
        return self._rows

    def on_open(self, listener: Callable[[Mapping[str, Any]], None]) -> None:
        """Call ``listener`` with a row, by column, that somebody opens; without it none can be."""
        self._opened = listener

    def show(self, frame: pl.DataFrame) -> None:
        """Show another frame in the same place; the filters of the page stay."""
        self._frame, self._table = frame, described(frame, self._known)
        self._rows, self._digits = self._view.of(frame), decimals(frame)
        self._revision += 1
        self._send_head()

    def _send_head(self) -> None:
        columns = [
            {
                "name": column.name,
                "label": data(column.name),
                "unit": PRINTED_UNITS.get(column.unit, column.unit),
                "meaning": t(column.meaning) if column.meaning else "",
                "number": column.kind in ("integer", "real"),
            }
            for column in self._table.columns
        ]
        empty = t(self._empty) if isinstance(self._empty, Marked) else self._empty
        self.send({
            "head": columns, "total": self._frame.height, "empty": empty,
            "revision": self._revision, "opens": self._opened is not None,
            "saves": self._download,
        })  # fmt: skip

    def _answer(self, _: object, message: Mapping[str, Any], __: object) -> None:
        """Answer a page: with the head, with one page of rows, or with all of them as CSV."""
        if message.get("ask") == "head":
            self._send_head()
            return
        view = View.asked(message)
        if view != self._view:
            self._view, self._rows = view, view.of(self._frame)
        if message.get("ask") == "rows":
            self._send_rows(message.get("page"), message.get("number"))
        elif message.get("ask") == "open":
            self._open(message.get("page"), message.get("row"), message.get("revision"))
        elif message.get("ask") == "csv" and not self._download:
            return
        elif message.get("ask") == "csv" and self._rows.height <= MAX_DOWNLOADED:
            self.send({"csv": self._table.name, "number": message.get("number")}, [self._csv()])
        elif message.get("ask") == "csv":
            limit = t(
                "More than {most} rows: filter them, or export the table.",
                most=number(MAX_DOWNLOADED, grouped=True),
            )
            self.send({"refused": limit, "number": message.get("number")})

    def _send_rows(self, wanted: object, asked: object) -> None:
        pages = max(-(-self._rows.height // ROWS), 1)
        page = min(max(wanted, 0), pages - 1) if isinstance(wanted, int) else 0
        shown = as_texts(self._rows.slice(page * ROWS, ROWS), self._digits)
        self.send({
            "rows": [list(row) for row in shown.iter_rows()], "page": page, "pages": pages,
            "shown": self._rows.height, "total": self._frame.height, "number": asked,
            "counted": how_many(self._rows.height, self._frame.height),
            "where": t("Page {page} of {pages}", page=thin(page + 1), pages=thin(pages)),
        })  # fmt: skip

    def _open(self, page: object, row: object, revision: object) -> None:
        if self._opened is None or revision != self._revision:
            return
        if not isinstance(page, int) or not isinstance(row, int) or not 0 <= row < ROWS:
            return
        if 0 <= (place := page * ROWS + row) < self._rows.height:
            self._opened(self._rows.row(place, named=True))

    def _csv(self) -> bytes:
        with TemporaryDirectory() as folder:
            out = Path(folder) / "table.csv"
            view = self._view
            order = (view.sort, view.descending) if view.sort else None
            write_table(self._rows, self._table, out, times=self._times, order=order)
            return out.read_bytes()


def how_many(shown: int, total: int) -> Words:
    """Say how many rows of how many are shown."""
    return n(
        "{shown} of {total} row shown", "{shown} of {total} rows shown", total,
        shown=thin(shown), total=thin(total),
    )  # fmt: skip


def thin(value: int) -> Words:
    """Return a whole number with narrow no-break spaces between thousands."""
    return Words(f"{value:,}".replace(",", "\u202f"))


def described(frame: pl.DataFrame, table: Table | None) -> Table:
    """Return what is known of a frame's columns, in the frame's order."""
    known = {column.name: column for column in table.columns} if table else {}
    columns = [known.get(name) or Column(name, _kind(t), "") for name, t in frame.schema.items()]
    return Table(table.name if table else "table", "", (), tuple(columns))


def _kind(kind: pl.DataType) -> str:
    if kind.is_integer():
        return "integer"
    return "real" if kind.is_numeric() else "text"
