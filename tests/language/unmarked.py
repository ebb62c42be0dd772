"""What a page in the pseudo-locale shows that did not go through the door for texts.

What is translated stands between ⟦ and ⟧, what is data between « and »; see
``workbench.language.pseudo``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from html.parser import HTMLParser

from workbench.language.pseudo import BEGIN, DATA_BEGIN, DATA_END, END

READ_ALOUD = {
    "alt", "aria-description", "aria-label", "aria-placeholder", "aria-roledescription",
    "aria-valuetext", "label", "placeholder", "title",
}  # fmt: skip
# Of what is within a picture nothing else is read: WAI-ARIA 1.2, "children
# presentational"; the picture's own words are.
VISIBLE = {"alt", "label", "placeholder", "title"}
LEFT_OUT = {"code", "script", "style", "template"}
BUTTONS = {"button", "reset", "submit"}
VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
}  # fmt: skip
# A text may go on in these: html("Survey {name}", name=<b>…</b>).  All others end it.
INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "data", "em", "i", "kbd", "mark", "q",
    "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tspan", "u", "wbr",
}  # fmt: skip
WORD = re.compile(r"[^\W\d_]{2,}")
PLAIN_VOWEL = re.compile(r"[aeiouyAEIOUY]")
ENGLISH_NUMBER = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")
NAME = re.compile(r"\bWorkbench\b")  # of the program, in every language
COMMAND = re.compile(r"`[^`]*`")  # kept as it is by the pseudo-locale


def unmarked(html: str) -> list[str]:
    """Return what is wrong with the visible texts of a page in the pseudo-locale.

    That is: texts with two or more letters outside ⟦⟧ and «» (also in attributes that are read
    aloud), words with a plain vowel inside ⟦⟧ and outside «» (a value that is no ``data``), and
    numbers with an English decimal point outside «».
    """
    return judged(html, wrong_in_text)


def judged(html: str, judge: Callable[[str], list[str]]) -> list[str]:
    """Return what ``judge`` says of the visible texts of a page, block by block."""
    reader = _Reader(judge)
    reader.feed(html)
    reader.close()
    reader.end_text()
    return reader.wrong


def wrong_in_text(text: str) -> list[str]:
    """Return what is wrong with one text; it may hold several marked ones."""
    bare, inside = _split(COMMAND.sub(" ", text))
    bare = NAME.sub(" ", bare)
    shown = " ".join(text.split())
    wrong = [shown] if WORD.search(bare) else []
    wrong += [
        f"{word} (no data, inside {shown})"
        for word in WORD.findall(inside)
        if PLAIN_VOWEL.search(word)
    ]
    wrong += [
        f"{number} (English number, in {shown})"
        for number in ENGLISH_NUMBER.findall(f"{bare} {inside}")
    ]
    return wrong


def _split(text: str) -> tuple[str, str]:
    """Return what stands outside all signs, and what stands inside ⟦⟧ but outside «»."""
    bare, inside = [], []
    texts = values = 0
    for sign in text:
        if sign in (BEGIN, END):
            texts = max(0, texts + (1 if sign == BEGIN else -1))
        elif sign in (DATA_BEGIN, DATA_END):
            values = max(0, values + (1 if sign == DATA_BEGIN else -1))
        bare.append(" " if texts or values or sign in (END, DATA_END) else sign)
        inside.append(sign if texts and not values else " ")
    return "".join(bare), "".join(inside)


class _Reader(HTMLParser):
    """Gathers texts block by block."""

    def __init__(self, judge: Callable[[str], list[str]]) -> None:
        super().__init__(convert_charrefs=True)
        self._judge = judge
        self.wrong: list[str] = []
        # Tag, whether its words are left out, and whether it is (in) a picture.
        self._open: list[tuple[str, bool, bool]] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        hidden = self._hidden() or tag in LEFT_OUT or values.get("translate") == "no"
        if tag not in INLINE:
            self.end_text()
        inside = bool(self._open) and self._open[-1][2]
        if not hidden:
            self._read_aloud(values, (VISIBLE if inside else READ_ALOUD), tag)
        if tag not in VOID:
            self._open.append((tag, hidden, inside or values.get("role") == "img"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in INLINE:
            self.end_text()
        # What was never closed (p, li) ends with what holds it.
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        if not self._hidden():
            self._text.append(data)

    def end_text(self) -> None:
        """Judge what was gathered of a block."""
        self.wrong += self._judge("".join(self._text))
        self._text = []

    def _hidden(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def _read_aloud(
        self, values: dict[str, str | None], looked_at: Collection[str], tag: str
    ) -> None:
        names = set(looked_at)
        if tag == "input" and values.get("type") in BUTTONS:
            names.add("value")
        for name in sorted(names & values.keys()):
            self.wrong += [f"{name}: {each}" for each in self._judge(values[name] or "")]
