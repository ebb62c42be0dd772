"""Markdown of notebooks: each heading and each paragraph is a text of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.language.texts import Words, t

BETWEEN = re.compile(r"(\n[ \t]*\n+)")
HEADING = re.compile(r"(#{1,6} +)(.*)\Z", re.DOTALL)


def markdown_texts(source: str) -> Iterator[str]:
    """Yield the texts of a cell."""
    for block in BETWEEN.split(source)[::2]:
        _, words = _parts(block)
        if words:
            yield words


def markdown(source: str) -> Words:
    """Return a cell in the language that is spoken."""
    pieces = BETWEEN.split(source)
    for place in range(0, len(pieces), 2):
        mark, words = _parts(pieces[place])
        if words:
            pieces[place] = f"{mark}{t(words)}"
    return Words("".join(pieces))


def _parts(block: str) -> tuple[str, str]:
    """Return the sign of a heading, and the words; lines of a paragraph are one."""
    heading = HEADING.match(block.strip())
    if heading:
        return heading[1], heading[2]
    return "", block.strip()
