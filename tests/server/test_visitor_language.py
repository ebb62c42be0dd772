"""Whose language a page is in: address, then cookie, then browser, then settings, then English."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application, RequestHandler

from tests.language.planted import forget, plant
from workbench.server.visitor_language import COOKIE, chosen_language, visitor_language


class _Connection:
    """Takes what a handler sends."""

    def set_close_callback(self, _: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _some_languages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    plant(monkeypatch, tmp_path, de={}, fr={}, lb={}, it={})
    yield
    forget()


def asked(address: str = "", cookie: str = "", browser: str = "", settings: str = "") -> str:
    headers = HTTPHeaders()
    if cookie:
        headers["Cookie"] = f"{COOKIE}={cookie}"
    if browser:
        headers["Accept-Language"] = browser
    path = f"/?lang={address}" if address else "/"
    return visitor_language(handler(path, headers, settings))


def handler(path: str, headers: HTTPHeaders | None = None, settings: str = "") -> RequestHandler:
    headers = headers or HTTPHeaders()
    headers["Host"] = "127.0.0.1"
    request = HTTPServerRequest(
        headers=headers, connection=cast(Any, _Connection()),
        start_line=RequestStartLine("GET", path, "HTTP/1.1"),
    )  # fmt: skip
    return RequestHandler(Application(language=settings), request)


@pytest.mark.parametrize(("where", "language"), [
    ({"address": "de", "cookie": "fr", "browser": "lb", "settings": "it"}, "de"),
    ({"cookie": "fr", "browser": "lb", "settings": "it"}, "fr"),
    ({"browser": "lb", "settings": "it"}, "lb"),
    ({"settings": "it"}, "it"),
    ({}, "en"),
    ({"address": "en", "cookie": "fr", "browser": "lb", "settings": "it"}, "en"),
    ({"cookie": "en", "browser": "lb"}, "en"),
    ({"browser": "en, de", "settings": "it"}, "en"),
    ({"browser": "nl", "settings": "it"}, "it"),
])  # fmt: skip
def test_the_first_that_names_one_counts(where: dict[str, str], language: str) -> None:
    assert asked(**where) == language


@pytest.mark.parametrize("code", ["tlh", "..%2Fde", "DE", "%00", "%ff%fe", "d" * 5000, "de,fr"])
def test_one_that_nobody_has_is_passed_over(code: str) -> None:
    assert asked(address=code, browser="fr") == "fr"
    assert asked(address=code) == "en"


@pytest.mark.parametrize("cookie", ["tlh", "../de", '"', "de de", "é"])
def test_a_cookie_of_garbage_is_passed_over(cookie: str) -> None:
    assert asked(cookie=cookie, browser="fr") == "fr"


def test_the_last_of_two_in_an_address_counts() -> None:
    assert chosen_language(handler("/?lang=de&lang=fr")) == "fr"
