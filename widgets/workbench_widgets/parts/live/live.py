"""A part of a page that Python writes: shown without blinking, asked by messages only.

The browser asks every two seconds while somebody can see the page, and not before the last answer
has come; so a page that is gone, hidden or slow costs nothing.  Widget state, which is saved into
notebooks, holds nothing of it: neither what is shown nor what is typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anywidget

from workbench.language import best_language, current_language, mark, settle_language, t

HERE = Path(__file__).parent
# One module of three files: plain ES modules cannot find each other inside a notebook.
FILES = ("address.js", "points.js", "live.js")
IMPORT = re.compile(r"^import .*\n", re.MULTILINE)  # of each other, for tools and readers
MAX_IN_ADDRESS = 400  # characters of a value: a name of a scanner has fewer
NO_ANSWER = mark(
    "No answer: what is shown may be old. It is asked again every five seconds; if nothing comes, "
    "reload the page, or run its cell again."
)
AT_WORK = mark("Still at work on what you asked. What is shown is from before.")
SCROLLS = mark("Scroll to the side to see all columns.")


@dataclass(frozen=True)
class Ask:
    """What a page asks: a button's or form's name, its fields, and the bytes of chosen files.

    ``number`` counts the questions of a page: its answer bears it, so that a page knows which of
    its questions are answered.  ``language`` is what the page's visitor reads (RFC 9110 section
    12.5.4); empty where the page does not say.  ``address`` is what the page's address says, and
    is there when a page is shown first: whatever stands in it was written by anybody.

    Fields may hold patient IDs: they are not shown by ``repr``, and nobody keeps an ``Ask``.
    """

    name: str
    values: Mapping[str, str]
    files: Sequence[bytes] = ()
    number: int = 0
    language: str = ""
    address: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Ask({self.name!r})"

    def text(self, name: str) -> str:
        """Return a field without the blanks around it; empty when there is none."""
        return self.values.get(name, "").strip()

    @classmethod
    def read(cls, message: object, buffers: object) -> Ask | None:
        """Read a page's message; ``None`` for what is none."""
        if not isinstance(message, Mapping) or not isinstance(message.get("ask"), str):
            return None
        texts = _texts(message.get("values"))
        address = {
            name: text
            for name, text in _texts(message.get("address")).items()
            if len(text) <= MAX_IN_ADDRESS
        }
        files = (
            tuple(bytes(buffer) for buffer in buffers) if isinstance(buffers, list | tuple) else ()
        )
        number = message.get("number")
        language = message.get("language")
        return cls(
            message["ask"], texts, files, number if isinstance(number, int) else 0,
            language if isinstance(language, str) else "", address,
        )  # fmt: skip


def _texts(given: object) -> dict[str, str]:
    values = given if isinstance(given, Mapping) else {}
    return {str(name): text for name, text in values.items() if isinstance(text, str)}


@dataclass(frozen=True)
class Reply:
    """What a page gets: all of its HTML, escaped, and names of forms to empty.

    ``address`` is what the page's address shall say from now on, so that a bookmark and a reload
    lead back to what is shown; an empty text takes a name out of it.  It goes through servers and
    into histories: it never holds anything of one patient.
    """

    html: str
    reset: tuple[str, ...] = ()
    address: Mapping[str, str] | None = None


class Live(anywidget.AnyWidget):
    """HTML that ``answer`` writes anew for each question of the page.

    What is the same as before is not sent; forms whose fields hold secrets are emptied by
    ``Reply.reset`` as soon as what they held was taken.
    """

    _esm = IMPORT.sub("", "\n".join((HERE / name).read_text("utf-8") for name in FILES))
    _css: Path | str = HERE / "live.css"

    def __init__(self, answer: Callable[[Ask], Reply]) -> None:
        super().__init__()
        self._reply = answer
        self._shown = ""
        self._language = ""
        self.on_msg(self._asked)

    def show(self, html: str) -> None:
        """Put HTML, escaped, onto the page without having been asked."""
        if html != self._shown:
            self._shown = html
            self.send({"html": html})

    def _asked(self, _: object, message: object, buffers: object) -> None:
        ask = Ask.read(message, buffers)
        if ask is None:
            return
        if ask.language:
            settle_language(best_language(ask.language, current_language()))
        reply = self._reply(ask)
        answer: dict[str, Any] = {"reset": list(reply.reset), "number": ask.number}
        if current_language() != self._language:
            self._language = current_language()
            answer["words"] = {
                "noAnswer": t(NO_ANSWER), "atWork": t(AT_WORK), "scrolls": t(SCROLLS),
            }  # fmt: skip
        if reply.address is not None:
            answer["address"] = dict(reply.address)
        if reply.html != self._shown or ask.name != "look":
            answer["html"] = self._shown = reply.html
        self.send(answer)
