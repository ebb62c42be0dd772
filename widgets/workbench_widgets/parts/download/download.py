"""Files that end in the downloads of the browser, named by us.

A file travels as one message; nothing of it is widget state, which is saved into notebooks.  What
is larger than a message may be lies in ``exports`` of the workspace, and the page shows a link by
which the browser fetches it without leaving the page, whose kernel would end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import anywidget

from workbench.language import Words, data, t
from workbench.rights import Right
from workbench.stages.handed_files import MAX_SENT_BYTES, HandedFile, handed_file

HERE = Path(__file__).parent
# Media types (IANA) by suffix; a browser keeps the name all the same.
TYPES = {
    ".csv": "text/csv", ".json": "application/json", ".pdf": "application/pdf",
    ".html": "text/html", ".zip": "application/zip", ".parquet": "application/octet-stream",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip


class Downloads(anywidget.AnyWidget):
    """The place of a page by which its files go to the browser; it shows nothing by itself.

    ``folder`` is that of the workspace, ``most`` what a message may hold, in bytes.
    """

    _esm = HERE / "download.js"
    _css = HERE / "download.css"

    def __init__(self, folder: Path, most: int = MAX_SENT_BYTES) -> None:
        super().__init__()
        self._folder = folder.resolve()
        self._most = most
        self._number = 0

    def hand(self, name: str, write: Callable[[Path], object], right: Right) -> Words:
        """Let ``write`` write a file, hand it to the browser, and say where it is.

        ``name`` and ``right`` are as in ``handed_file``; so is what it raises, and ``write``.
        """
        return self.give(handed_file(self._folder, name, write, right, self._most))

    def give(self, file: HandedFile) -> Words:
        """Hand a file that was written to the browser, and say where it is."""
        self._number += 1
        kind = TYPES.get(Path(file.name).suffix, "application/octet-stream")
        told = {"file": file.name, "type": kind, "number": self._number}
        if file.content is not None:
            self.send(told, [file.content])
            return t("{file} is in the downloads of your browser.", file=data(file.name))
        link = t("Download {file}", file=data(file.name))
        place = t("The file is {place} in the folder of the workspace.", place=data(file.place))
        self.send({**told, "address": f"/{file.place}", "link": link, "place": place})
        return t(
            "{file} is too large to be handed over by itself: use the link below. "
            "It is there for a week.", file=data(file.name),
        )  # fmt: skip


def dated_name(stem: str, suffix: str) -> str:
    """Return a file name with the day it is made (UTC): ``results_2026-12-01.csv``."""
    return f"{stem}_{datetime.now(UTC):%Y-%m-%d}{suffix}"
