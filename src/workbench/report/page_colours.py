"""The colours of a page on paper: put into its drawings, where nothing reads CSS.

A chart's colours are variables of the page and the text's own colour (``report.charts``).  A
browser resolves them; WeasyPrint does not inside a drawing, nor does what makes PNG of one: every
line would be black, and a warning would look like a good value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import tinycss2

from workbench.report.html_page import STYLE

INK = "ink"  # the variable that the text's own colour comes from
MEDIA = frozenset({"print", "all"})
STYLES = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
DRAWING = re.compile(r"<svg\b.*?</svg\s*>", re.DOTALL | re.IGNORECASE)
# Only of these attributes: a text that happens to read so stays as it is.
PAINT = re.compile(
    r"(\s(?:fill|stroke|color|stop-color|flood-color|style)=)(\"[^\"]*\"|'[^']*')", re.IGNORECASE
)
VARIABLE = re.compile(r"var\(\s*--([\w-]+)\s*(?:,[^()]*)?\)")
OWN = re.compile(r"\bcurrentcolor\b", re.IGNORECASE)


def resolved(page: str) -> str:
    """Return a page whose drawings name each colour as it is printed."""
    colours = paper_colours(page)
    return DRAWING.sub(lambda drawing: _painted(drawing[0], colours), page)


def paper_colours(page: str) -> dict[str, str]:
    """Return the page's colours on paper by the names of their variables, without dashes.

    They are those of its own style; what it does not set is as in the style of our pages.
    """
    colours = dict(_colours(STYLE.read_text(encoding="utf-8")))
    for style in STYLES.findall(page):
        colours |= _colours(style)
    return colours


@lru_cache(maxsize=8)
def _colours(style: str) -> dict[str, str]:
    rules = tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True)
    return dict(_variables(rules))


def _variables(rules: Any) -> Iterator[tuple[str, str]]:
    """Yield the variables of the page, in the order they are set; the last one holds."""
    for rule in rules:
        if rule.type == "at-rule" and rule.lower_at_keyword == "media":
            if tinycss2.serialize(rule.prelude).strip().lower() in MEDIA:
                yield from _variables(tinycss2.parse_rule_list(rule.content, skip_comments=True))
        elif rule.type == "qualified-rule" and tinycss2.serialize(rule.prelude).strip() == ":root":
            for part in tinycss2.parse_blocks_contents(rule.content, skip_comments=True):
                if part.type == "declaration" and part.name.startswith("--"):
                    yield part.name[2:], tinycss2.serialize(part.value).strip()


def _painted(drawing: str, colours: dict[str, str]) -> str:
    def colour(variable: re.Match[str]) -> str:
        return colours.get(variable[1], colours[INK])

    return PAINT.sub(
        lambda paint: paint[1] + OWN.sub(colours[INK], VARIABLE.sub(colour, paint[2])), drawing
    )
