"""What stands at the top of a page: its title, and the paragraph that sums it up."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import NamedTuple

# Title and summary stand at the top of a report; a page is not read further for them.
HEAD_CHARACTERS = 100_000
LEAD = ("lead",)  # the summary of a page that has something to tell
SUMMARY = ("lead", "empty")  # ... and of one that lacks what it is about


class PageHead(NamedTuple):
    """The title and the summary of a page; each may be empty."""

    title: str
    lead: str


def page_head(page: str, kinds: Sequence[str] = LEAD) -> PageHead:
    """Return the title of a page, and its first paragraph that is of one of these classes."""
    head = _Head(kinds)
    head.feed(page[:HEAD_CHARACTERS])
    return PageHead(*(" ".join("".join(texts).split()) for texts in head.texts.values()))


class _Head(HTMLParser):
    """Reads the texts of a title and of a paragraph."""

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {"title": [], "lead": []}
        self._classes = [("class", kind) for kind in kinds]
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        summary = any(known in attrs for known in self._classes)
        wanted = "title" if tag == "title" else "lead" if summary else ""
        if wanted and not self.texts[wanted]:
            self._inside = wanted

    def handle_endtag(self, tag: str) -> None:
        if tag in ("title", "p"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside].append(data)
