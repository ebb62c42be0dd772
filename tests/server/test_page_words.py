"""Texts of pages that are made before their visitor is known; nobody else can write such marks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader
from nbconvert.filters import ansi2html

from tests.language.planted import forget, plant
from tests.language.unmarked import unmarked
from workbench.collect.queue.collector_state import StateKind
from workbench.language import Words, use_language
from workbench.rights import Right, Rights
from workbench.server.access import TEMPLATES
from workbench.server.card_lines import CardLine
from workbench.server.index import Dashboard, FinishedReport, dashboards
from workbench.server.page_words import TEMPLATE_WORDS, later, markdown_later, rights_words, spoken
from workbench.server.visits import Visit
from workbench.server.web_application import configuration
from workbench.settings import ServerSettings

PAGE = '<!doctype html>\n<html lang="en">\n<p>'


@pytest.fixture(autouse=True)
def _nothing_planted_stays() -> Iterator[None]:
    yield
    forget()


def test_a_page_made_ahead_is_sent_in_each_visitors_language(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, tmp_path, de={"Now & then": "Jetzt <&> dann", "Doses": "Dosen"}, ar={})
    page = f"{PAGE}{later('Now & then')}</p>{markdown_later('# Doses')}"
    english = spoken(page)
    assert english.startswith(f"{PAGE}Now &amp; then</p>")
    assert '<html lang="en">' in english
    with use_language("de"):
        german = spoken(page)
    assert '<html lang="de">' in german
    assert "<p>Jetzt &lt;&amp;&gt; dann</p>" in german
    assert ">Dosen<" in german
    with use_language("ar"):
        assert '<html lang="ar" dir="rtl">' in spoken(page)


@pytest.mark.parametrize("kind", ["t", "m"])
@pytest.mark.parametrize("signs", [("\ue000", "\ue001", "\ue002")])
def test_a_header_cannot_forge_a_mark(kind: str, signs: tuple[str, str, str]) -> None:
    begin, between, end = signs
    forged = f"{PAGE}{begin}{kind}{between}&lt;script&gt;alert(1)&lt;/script&gt;{end}</p>"
    assert spoken(forged) == forged


def test_a_text_that_breaks_the_catalogue_leaves_the_page_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, tmp_path, de=b"\x00garbage" * 99)
    with use_language("de"):
        assert spoken(f"{PAGE}{later('Reload')}") == f"{PAGE}Reload".replace('"en"', '"de"')


# --- all templates of the server, in the pseudo-locale -------------------------------------------


class _Passwords:
    def __init__(self, some: bool) -> None:
        self.some = some

    def any(self) -> bool:
        return self.some


COLLECTOR = {"kind": "good", "text": "«running»", "todo": "«nothing»", "start": ""}
LINE = CardLine(StateKind.WARNING, Words("«no scanner»"))
RIGHTS = Rights.of((Right.LOOK, Right.DECIDE))
BUSY = {"seconds": 5, "title": "«Quality»"}
LOGIN = {
    "passwords": _Passwords(True),
    "rights": RIGHTS,
    "missing": None,
    "path": "/",
    "problem": "",
}


def home(**other: object) -> dict[str, object]:
    return {
        "survey": "Thorax & <b>", "collector": COLLECTOR, "dashboards": dashboards(),
        "languages": (("en", "English"), ("de", "Deutsch")), "rights": RIGHTS,
        "reports": (_report(),), "lines": {"my_scanner": [LINE]}, **other,
    }  # fmt: skip


def _report() -> FinishedReport:
    from datetime import UTC, datetime

    made_at = datetime(2026, 3, 29, 12, 5, tzinfo=UTC)
    return FinishedReport("doses.html", "Doses", "23 events", made_at, 1200)


CASES: dict[str, tuple[str, dict[str, object]]] = {
    "index": ("home.html", {}),
    "index of an empty workspace": (
        "home.html", {"dashboards": (), "reports": (), "collector": None},
    ),
    "line": ("busy.html", {**BUSY, "place": 3}),
    "too many": ("busy.html", {**BUSY, "mine": 2}),
    "too many, of one": ("busy.html", {**BUSY, "mine": 1}),
    "error": ("error.html", {"sentence": "There is no such page."}),
    "go on": ("go_on.html", {"path": "/"}),
    "login": ("login.html", LOGIN),
    "a right is missing": ("login.html", {**LOGIN, "missing": Right.COLLECT}),
    "nobody": ("login.html", {**LOGIN, "rights": Rights()}),
    "no password": (
        "login.html", {**LOGIN, "passwords": _Passwords(False), "missing": Right.COLLECT},
    ),
    "wrong password": (
        "login.html", {**LOGIN, "problem": "That is no password of this workspace."},
    ),
}  # fmt: skip


def page(name: str) -> str:
    template, values = CASES[name]
    if template == "home.html":
        values = home(**values)
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.globals.update(TEMPLATE_WORDS)
    return spoken(environment.get_template(template).render(values))


@pytest.mark.parametrize("name", CASES)
def test_every_page_of_the_server_is_marked(name: str) -> None:
    with use_language("xx"):
        shown = page(name)
    assert '<html lang="xx">' in shown
    assert unmarked(shown) == []


@pytest.mark.parametrize("name", CASES)
def test_no_sign_of_a_mark_is_left_on_a_page(name: str) -> None:
    assert (
        not set(page(name)) & set("\ue000\ue001\ue002⟦⟧«»")
        or name in ("line", "index")
        or ("too many" in name)
    )


def test_the_switch_names_each_language_in_itself() -> None:
    shown = page("index")
    assert 'href="/?lang=de" lang="de" hreflang="de" translate="no">Deutsch</a>' in shown
    assert 'lang="en" hreflang="en" translate="no" aria-current="true">English</a>' in shown
    only = CASES["index"][1] | {"languages": (("en", "English"),)}
    CASES["one language"] = ("home.html", only)
    try:
        assert 'class="languages"' not in page("one language")
    finally:
        del CASES["one language"]


def test_dashboards_are_named_in_the_language() -> None:
    with use_language("xx"):
        found: tuple[Dashboard, ...] = dashboards()
    assert all(each.title.startswith("⟦") for each in found)
    assert rights_words(RIGHTS) == "look, decide"


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_a_page_that_was_cut_anywhere_while_made_ahead_names_its_language(cut: int) -> None:
    page = f"{PAGE}{'x' * 30}</p></html>"

    class Renderer:
        rendered_cache = (page[:cut],)

    async def task() -> tuple[list[str], AsyncIterator[tuple[str, object]]]:
        async def rest() -> AsyncIterator[tuple[str, object]]:
            yield page[cut + 2 :], None

        return [page[:cut], page[cut : cut + 2]], rest()

    async def sent() -> str:
        visit = Visit("k", {"renderer": Renderer(), "task": task()})
        return "".join([piece async for piece in visit.html("xx")])

    assert asyncio.run(sent()) == page.replace('lang="en"', 'lang="xx"')


def test_what_to_do_about_a_broken_cell_is_said_in_the_visitors_language(tmp_path: Path) -> None:
    said = configuration(tmp_path, ServerSettings()).VoilaExecutor.cell_error_instruction
    shown = ansi2html(f"There was an error when executing cell [3]. {said}")
    assert spoken(shown).endswith("[3]. Reload the page; if it stays, run workbench check.")
    with use_language("xx"):
        assert "⟦Rélöàd" in spoken(shown)
