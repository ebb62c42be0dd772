"""Numbers in README and docs that look measured, and those that are none: settings and limits.

A number with a unit of time, size, rate or ratio, a share ("636 of 636", "40 %") or a cell of a
table that is a number alone looks measured.  Code, links to rows of docs/figures.md and other
links' addresses are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

NUMBER = r"(?<![\w.,/^-])\d[\d,]*(?:\.\d+)?"
UNITS = r"(?:[kMGT]i?B|bytes|seconds?|minutes?|min|hours?|ms|µs|us|s|rows/s|/s)"
PATTERNS = (
    re.compile(rf"{NUMBER}\s?(?:×|x)(?![\w-])(?!\s\d)"),
    re.compile(rf"{NUMBER} times\b"),
    re.compile(rf"{NUMBER}(?: [\w-]+)? (?:a|an|per) (?:CPU )?(?:second|minute|hour)\b"),
    re.compile(rf"{NUMBER}\s?{UNITS}(?![\w/])"),
    re.compile(rf"{NUMBER} of {NUMBER}"),
    re.compile(rf"{NUMBER}\s?%"),
    re.compile(r"(?<=\|) *\d[\d,]*(?:\.\d+)? *(?=\|)"),
)
FENCED = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
FIGURE = re.compile(r"\[[^\]\[]+\]\((?:docs/)?figures\.md#[\w-]+\)")
CODE, ADDRESS = re.compile(r"`[^`\n]*`"), re.compile(r"(?<=\])\([^)\s]+\)")


@dataclass(frozen=True)
class Place:
    """A number that looks measured: its page, its line, and where in the line it stands."""

    page: str
    line: str
    start: int
    end: int

    @property
    def number(self) -> str:
        return self.line[self.start : self.end].strip()

    def within(self, words: str) -> bool:
        """Say whether it is part of some words of its line."""
        return any(
            match.start() <= self.start and self.end <= match.end()
            for match in re.finditer(re.escape(words), self.line)
        )


def blanked(text: str) -> str:
    """Return a text in which code, figures and addresses are empty; letters stay in place."""
    for pattern in (FENCED, FIGURE, CODE, ADDRESS):
        text = pattern.sub(lambda match: re.sub(r"[^\n]", "·", match[0]), text)
    return text


def places(page: str, text: str) -> Iterator[Place]:
    """Yield what looks measured in a page."""
    for line, seen in zip(text.split("\n"), blanked(text).split("\n"), strict=True):
        for pattern in PATTERNS:
            for match in pattern.finditer(seen):
                blanks = len(match[0]) - len(match[0].lstrip())
                yield Place(
                    page, line, match.start() + blanks, match.start() + len(match[0].rstrip())
                )


def unlinked(page: str, text: str, allowed: Iterable[str]) -> list[Place]:
    """Return what looks measured and is in none of the words that are allowed."""
    words = list(allowed)
    return [one for one in places(page, text) if not any(one.within(each) for each in words)]
