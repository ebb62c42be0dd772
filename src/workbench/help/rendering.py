"""Help as HTML: Markdown with every tag escaped, headings below those of the page."""

from __future__ import annotations

import re
from functools import lru_cache

import mistune
from markupsafe import Markup

MAX_WORDS = 250  # two minutes, at 125 words a minute read beside one's work
BELOW = 3  # a card's own heading is an h3
DEEPEST = 6
WEB = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


class _OnACard(mistune.HTMLRenderer):
    """Headings go below the card's, links open beside the page, pictures are words."""

    def heading(self, text: str, level: int, **attrs: object) -> str:
        del attrs  # an anchor's name could stand twice on a page
        below = min(level + BELOW, DEEPEST)
        return f"<h{below}>{text}</h{below}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        del title
        # Without `target` a click would leave the page and end its kernel.
        if not WEB.match(url):
            return text
        return (
            f'<a href="{Markup.escape(url)}" target="_blank" rel="noopener noreferrer">{text}</a>'
        )

    def image(self, text: str, url: str, title: str | None = None) -> str:
        del url, title  # a picture from elsewhere would tell who reads the page
        return text


@lru_cache(maxsize=256)
def rendered(markdown: str) -> Markup:
    """Return a text as HTML; tags in it are shown as they stand."""
    page = mistune.create_markdown(escape=True, renderer=_OnACard(escape=True), plugins=["table"])
    return Markup(str(page(markdown)))
