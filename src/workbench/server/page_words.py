"""Pages that are made before their visitor is known: their texts are put in on the way out.

A dashboard's page may be made ahead, with its kernel.  Its template marks texts, and the notebook's
markdown; what is marked is translated when the page is sent.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from html import unescape
from typing import Any

from markupsafe import Markup, escape
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from workbench.language import (
    Words,
    current_language,
    data,
    html,
    listed,
    mark,
    markdown,
    n,
    number,
    t,
)
from workbench.language.choice import written_leftwards
from workbench.rights import Right, Rights

RIGHTS = {
    Right.LOOK: mark("look"), Right.DECIDE: mark("decide"), Right.COLLECT: mark("collect"),
    Right.ADMINISTER: mark("administer"),
}  # fmt: skip
# Nobody can write these: what a header or a survey's name holds is never taken for a mark.
SECRET = secrets.token_hex(16)
BEGIN, BETWEEN, END = f"\ue000{SECRET}", f"\ue001{SECRET}", f"\ue002{SECRET}"
TEXT, MARKDOWN = "t", "m"
LATER = re.compile(f"{BEGIN}([{TEXT}{MARKDOWN}]){BETWEEN}(.*?){END}", re.DOTALL)
ROOT = re.compile(r"<html\b[^>]*>")


def later(text: str) -> Markup:
    """Mark a text of a page, to be translated when it is sent."""
    return Markup(f"{BEGIN}{TEXT}{BETWEEN}{escape(text)}{END}")


def markdown_later(source: str) -> Markup:
    """Mark a notebook's markdown."""
    return Markup(f"{BEGIN}{MARKDOWN}{BETWEEN}{escape(source)}{END}")


def spoken(page: str) -> str:
    """Return a piece of a page in the language that is spoken."""
    page = ROOT.sub(root(), page, count=1)
    return LATER.sub(_said, page)


def root() -> str:
    """Return the tag that begins a page: its language, and which way that is written."""
    way = ' dir="rtl"' if written_leftwards() else ""
    return f'<html lang="{current_language()}"{way}>'


def _said(match: re.Match[str]) -> str:
    if match[1] == MARKDOWN:
        return str(markdown2html_mistune(markdown(unescape(match[2]))))
    return str(escape(t(unescape(match[2]))))


def strong(value: object) -> Markup:
    """Return a value that stands out."""
    return Markup("<strong>{}</strong>").format(value if isinstance(value, Words) else data(value))


def link(address: str, words: Words) -> Markup:
    """Return a link to a page of ours."""
    return Markup('<a href="{}">{}</a>').format(address, words)


def right_words(right: Right) -> Words:
    """Return the name of a right."""
    return t(RIGHTS[right])


def rights_words(rights: Rights) -> Words:
    """Return the names of rights."""
    return listed(right_words(right) for right in Right if right in rights.given)


def code(value: object) -> Markup:
    """Return what is typed as it stands."""
    return Markup("<code>{}</code>").format(value)


TEMPLATE_WORDS: dict[str, Callable[..., Any]] = {
    "t": t, "n": n, "data": data, "number": number, "html": html, "strong": strong, "code": code,
    "link": link, "right_words": right_words, "rights_words": rights_words,
    "later": later, "markdown_later": markdown_later, "language": current_language,
}  # fmt: skip
