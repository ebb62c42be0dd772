"""What a reader on a screen has of a page and paper does not need: contents, and folded parts.

A printed page, and a file for word processors, has all parts unfolded and no list of links.
"""

from __future__ import annotations

import re

from markupsafe import Markup

from workbench.language import Words, t
from workbench.report.html_tables import Html

HEADING = re.compile(r"<h2>(.*?)</h2>", re.DOTALL)
# The first paragraph that sums the page up; the contents stand below the words that follow it.
SUMMARY = re.compile(r'<p class="(?:lead|empty)">.*?</p>', re.DOTALL)
INTRODUCTION = re.compile(r"\s*<section>(?:(?!<h2|<section>).)*?</section>", re.DOTALL)
CONTENTS = re.compile(r'<nav class="contents".*?</nav>\n?', re.DOTALL)
FOLD = re.compile(r'<details class="fold"><summary>(.*?)</summary>(.*?)</details>', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
LEAST = 2  # headings that are worth a list
BODY = "<body>"


def folded(title: Words, *parts: str) -> Html:
    """Return a part that a reader unfolds; ``parts`` are HTML that escaping functions made."""
    inside = Markup("").join(map(Markup, parts))
    return Html(
        Markup('<details class="fold"><summary>{}</summary>{}</details>').format(title, inside)
    )


def with_contents(page: str) -> str:
    """Return a page whose headings are listed, with links, below what sums it up.

    A page without a summary, or with fewer than two headings, is returned as it is.
    """
    summary = SUMMARY.search(page)
    heads = HEADING.findall(page)
    if summary is None or len(heads) < LEAST:
        return page
    numbers = iter(range(1, len(heads) + 1))
    at = summary.end()
    if introduction := INTRODUCTION.match(page, at):
        at = introduction.end()
    links = "".join(
        f'<li><a href="#part-{number}">{TAG.sub("", head)}</a></li>'
        for number, head in enumerate(heads, 1)
    )
    title = Markup.escape(t("Contents"))
    begin = f'\n<nav class="contents" aria-label="{title}"><h3>{title}</h3>'
    contents = f"{begin}<ul>{links}</ul></nav>\n"
    rest = HEADING.sub(lambda head: f'<h2 id="part-{next(numbers)}">{head[1]}</h2>', page[at:])
    return f"{page[:at]}{contents}{rest}"


def for_paper(page: str) -> str:
    """Return a page of ours with every part unfolded and without the list of its contents."""
    return FOLD.sub(r'<p class="note">\1</p>\2', CONTENTS.sub("", page))


def with_way_back(page: bytes, words: Words) -> bytes:
    """Return a page with a link to the index of the server that shows it.

    The file itself has none: elsewhere it would lead nowhere, and it may be signed as it is.
    """
    link = Markup('<nav class="back"><a href="/">{}</a></nav>').format(words)
    return page.replace(BODY.encode(), f"{BODY}\n{link}".encode(), 1)
