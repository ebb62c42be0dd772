"""A running server: the address chooses, a cookie remembers, dashboards follow at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.language.unmarked import unmarked
from tests.server.server_workspace import make_workspace
from tests.server.web_visitor import WebVisitor
from workbench.rights import Right
from workbench.server.visitor_language import COOKIE
from workbench.server.voila import ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(make_workspace(tmp_path_factory.mktemp("spoken") / "w")) as running:
        yield running


def language_of(page: bytes) -> str:
    found = re.search(rb'<html lang="(\w+)"', page)
    assert found
    return found[1].decode()


def bare(page: bytes) -> list[str]:
    return unmarked(page.decode())


def test_the_address_chooses_and_a_cookie_remembers(server: ServerProcess) -> None:
    visitor = WebVisitor(server, Right.LOOK)
    assert language_of(visitor.ask("/")[2]) == "en"
    status, headers, page = visitor.ask("/?lang=xx")
    assert (status, language_of(page)) == (200, "xx")
    assert bare(page) == []
    cookie = re.search(rf"{COOKIE}=xx[^,]*(, [^,=]*)?", headers["Set-Cookie"])
    assert cookie
    assert "HttpOnly" in cookie[0]
    session = visitor.headers["Cookie"]
    visitor.headers["Cookie"] = f"{session}; {COOKIE}=xx"
    assert language_of(visitor.ask("/")[2]) == "xx"
    assert language_of(visitor.ask("/?lang=en")[2]) == "en"
    visitor.headers["Cookie"] = f"{session}; {COOKIE}=tlh"
    assert language_of(visitor.ask("/")[2]) == "en"


def test_a_language_nobody_has_is_english_and_not_remembered(server: ServerProcess) -> None:
    visitor = WebVisitor(server, Right.LOOK)
    for code in ("tlh", "..%2F..%2Fetc", "%ff", b"<script>".hex()):
        status, headers, page = visitor.ask(f"/?lang={code}", Accept_Language="tlh")
        assert (status, language_of(page)) == (200, "en")
        assert COOKIE not in headers.get("Set-Cookie", "")


def test_refusals_are_in_the_visitors_language(server: ServerProcess) -> None:
    stranger = WebVisitor(server, None)
    status, _, page = stranger.ask("/?lang=xx")
    assert (status, language_of(page)) == (403, "xx")
    assert bare(page) == []
    status, _, page = WebVisitor(server, Right.LOOK).ask("/nowhere?lang=xx")
    assert (status, language_of(page)) == (404, "xx")
    assert bare(page) == []


def test_a_dashboard_made_ahead_is_sent_in_the_visitors_language(server: ServerProcess) -> None:
    visitor = WebVisitor(server, Right.ADMINISTER)
    for language in ("xx", "en", "xx"):
        status, _, page = visitor.ask(f"/dashboards/my_scanner?lang={language}")
        assert (status, language_of(page)) == (200, language)
        text = page.decode()
        assert not set(text) & set("\ue000\ue001\ue002")
        marked = "<title>⟦Mý sçàññér" in text
        assert marked == (language == "xx")
        assert ('data-ended="This page has ended. Reload it."' in text) == (language == "en")
