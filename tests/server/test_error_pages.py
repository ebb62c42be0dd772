"""What went wrong has a page of ours: in the visitor's language, with a way back, no Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.language.unmarked import unmarked
from tests.server.broken_server import broken
from tests.server.server_workspace import harmless, make_workspace
from tests.server.web_visitor import Answer, WebVisitor
from workbench.rights import Right
from workbench.server.voila import ServerProcess
from workbench.settings import ServerSettings
from workbench.settings_file import read_settings

# Listing the reports fails in a way that nobody has thought of.
UNFORESEEN = """
from workbench.server import index
def reports(workspace):
    raise KeyError("PatientName of /home/somebody")
index.reports = reports
"""
LIMITS = ServerSettings(kernels=3, kernels_per_visitor=1)
LANGUAGES = ("en", "xx")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = make_workspace(tmp_path_factory.mktemp("wrong") / "w", harmless())
    replace(read_settings(folder), server=LIMITS).write(folder)
    with broken(folder, UNFORESEEN) as running:
        yield running


def ask(visitor: WebVisitor, path: str, language: str) -> Answer:
    return visitor.ask(path, Accept="text/html", Accept_Language=language)


def judge(answer: Answer, status: int, language: str) -> str:
    """Fail where an answer is no page of ours; return it."""
    got, headers, body = answer
    page = body.decode()
    assert got == status
    assert headers["Content-Type"].startswith("text/html")
    assert f'<html lang="{language}"' in page
    assert '<a href="/"' in page
    assert not re.search(r"Traceback|Error|tornado|voila|\.py|PatientName|/home", page)
    if language == "xx":
        assert unmarked(page) == []
    return page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["/nowhere", "/reports/gone.html", "/dashboards/gone", "/%ff%00"])
def test_what_is_not_there(server: ServerProcess, path: str, language: str) -> None:
    page = judge(ask(WebVisitor(server, Right.LOOK), path, language), 404, language)
    assert language == "xx" or "There is no such page." in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_somebody_may_not_see(server: ServerProcess, language: str) -> None:
    page = judge(ask(WebVisitor(server, Right.LOOK), "/dashboards/collector", language), 403,
                 language)  # fmt: skip
    assert language == "xx" or "needs the right to <strong>collect</strong>" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_failed_unforeseen_can_be_tried_again(server: ServerProcess, language: str) -> None:
    page = judge(ask(WebVisitor(server, Right.LOOK), "/?theme=dark", language), 500, language)
    assert 'href="/?theme=dark"' in page
    assert 'role="alert"' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_too_many_pages_open_is_told(server: ServerProcess, language: str) -> None:
    visitor = WebVisitor(server, Right.LOOK)
    kernel = visitor.kernel("my_scanner")
    page = judge(ask(visitor, "/dashboards/quality", language), 429, language)
    assert language == "xx" or "You have one dashboard open" in page
    assert visitor.ask(f"/voila/api/shutdown/{kernel}", "POST")[0] == 204
