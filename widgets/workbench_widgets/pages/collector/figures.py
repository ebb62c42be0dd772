"""Whole numbers and commands as this page writes them."""

from __future__ import annotations

from markupsafe import Markup

from workbench.language import Words, data
from workbench_widgets.parts.panel.panel import number


def whole(value: float | None) -> Words:
    """Return a whole number with thin spaces between thousands."""
    text: str = number(value)
    return text if isinstance(text, Words) else data(text)


def command(text: str) -> Markup:
    """Return what is typed in a terminal, as it stands."""
    return Markup("<code>{}</code>").format(text)


def numbers(head: Words) -> Words:
    """Return the head of a column of numbers, as tables know it."""
    return Words(f"#{head}")
