"""Every card has its help, in every language, and each text speaks of what is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.help import MAX_WORDS, help_names, rendered
from workbench.help.reading import TEXTS
from workbench.language import mark, t, use_language
from workbench.language.choice import languages
from workbench_widgets.parts.panel.panel import card

PAGES = Path(__file__).resolve().parents[3] / "widgets/workbench_widgets/pages"
BOLD = re.compile(r"\*\*(.+?)\*\*")
ON_NO_CARD = re.compile(r'help_on\("(\w+)"')
HEADS = {
    "en": ["What it shows", "What to do", "If it looks wrong"],
    "de": ["Was es zeigt", "Was zu tun ist", "Wenn etwas nicht stimmt"],
    "fr": ["Ce que cela montre", "Que faire", "Si quelque chose ne va pas"],
}


def cards(source: str) -> Iterator[tuple[int, str | None]]:
    """Yield line and help of every card of a module; ``None`` where it has none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "card":
            given = [word.value for word in node.keywords if word.arg == "help_key"]
            yield node.lineno, ast.literal_eval(given[0]) if given else None


def sources() -> Iterator[tuple[str, str]]:
    for file in sorted(PAGES.rglob("*.py")):
        yield file.name, file.read_text("utf-8")


def texts() -> Iterator[tuple[str, str]]:
    return ((name, language) for name in help_names() for language in languages())


def text(name: str, language: str) -> str:
    return (TEXTS / f"{name}.{language}.md").read_text("utf-8")


def test_every_card_has_its_help() -> None:
    without = [f"{name}:{line}" for name, source in sources()
               for line, given in cards(source) if given not in help_names()]  # fmt: skip
    assert without == []


def test_every_help_stands_on_a_card() -> None:
    used = {given for _, source in sources() for _, given in cards(source)}
    used |= {name for _, source in sources() for name in ON_NO_CARD.findall(source)}
    assert sorted(set(help_names()) - used) == []


def test_a_card_without_help_is_noticed() -> None:
    assert list(cards('card(t("Queue"), x)\ncard(t("Now"), help_key="now")')) == [
        (1, None), (2, "now"),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "language"), list(texts()))
def test_it_is_two_minutes_under_the_same_three_heads(name: str, language: str) -> None:
    words = text(name, language)
    assert len(words.split()) <= MAX_WORDS * (1 if language == "en" else 4 / 3)
    assert re.findall(r"^# (.*)$", words, re.MULTILINE) == HEADS[language]


@pytest.mark.parametrize(("name", "language"), list(texts()))
def test_what_is_bold_stands_on_the_page(name: str, language: str) -> None:
    """A button that was renamed is not looked for by its old name, in any language."""
    english = BOLD.findall(text(name, "en"))
    known = {each for _, source in sources() for each in literals(source)}
    assert [each for each in english if each not in known] == []
    with use_language(language):
        assert sorted(BOLD.findall(text(name, language))) == sorted(
            str(t(mark(each))) for each in english
        )


def literals(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_help_of_a_card_opens_by_keyboard_and_names_its_card() -> None:
    with use_language("en"):
        shown = str(card(t(mark("Tests")), "…", help_key="quality_tests"))
    assert '<summary aria-label="Help: Tests"' in shown, "a details opens by Enter and Space"
    assert str(rendered(text("quality_tests", "en"))) in shown
    assert "wbc-help" not in str(card(t(mark("Tests")), "…"))
