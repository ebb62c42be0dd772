"""Logging in by password: who may, who has to wait, and where it leads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.server.server_workspace import make_workspace
from tests.server.web_visitor import Answer, WebVisitor
from workbench.rights import Right
from workbench.server.handlers import OWN_PATH
from workbench.server.login_attempts import MAX_FAILURES
from workbench.server.passwords import Passwords
from workbench.server.voila import ServerProcess, lines
from workbench.server.web_application import MAX_BODY_BYTES

LOOK, DECIDE = "look look look look", "decide decide decide"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    folder = make_workspace(tmp_path / "w")
    passwords = Passwords(folder)
    passwords.set(Right.LOOK, LOOK)
    passwords.set(Right.DECIDE, DECIDE)
    passwords.switch_off(Right.COLLECT)
    with ServerProcess(folder) as running:
        yield running


def log_in(visitor: WebVisitor, password: str, path: str = "/", **headers: str) -> Answer:
    kind = {"Content_Type": "application/x-www-form-urlencoded", **headers}
    return visitor.ask("/login", "POST", urlencode({"password": password, "path": path}), **kind)


def test_a_password_makes_a_session_with_its_right(server: ServerProcess) -> None:
    assert "token" in server.urls[Right.ADMINISTER]
    assert "token" not in server.urls[Right.LOOK]
    assert server.urls[Right.COLLECT] == ""
    visitor = WebVisitor(server, None)
    page = visitor.ask("/dashboards/quality")
    assert page[0] == 403
    assert b'name="path" value="/dashboards/quality"' in page[2]
    status, headers, body = log_in(visitor, LOOK, "/dashboards/quality")
    assert (status, headers["Location"], body) == (303, "/dashboards/quality", b"")
    assert "HttpOnly" in headers["Set-Cookie"]
    assert "SameSite=Strict" in headers["Set-Cookie"]
    visitor.headers["Cookie"] = headers["Set-Cookie"].partition(";")[0]
    assert b"You may: look." in visitor.ask("/")[2]
    _, headers, _ = log_in(visitor, DECIDE)
    visitor.headers["Cookie"] = headers["Set-Cookie"].partition(";")[0]
    assert b"You may: look, decide." in visitor.ask("/")[2]
    assert visitor.ask("/dashboards/collector")[0] == 403


@pytest.mark.parametrize("path", [
    "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "\\\\evil",
    "/%2f/evil", "javascript:alert(1)", "/a//b", "/ü", "/x?next=//evil", "/\r\nSet-Cookie: x=1", "",
])  # fmt: skip
def test_it_leads_nowhere_else(path: str) -> None:
    assert OWN_PATH.fullmatch("/dashboards/my_scanner")
    assert OWN_PATH.fullmatch("/reports/doses.html")
    assert not OWN_PATH.fullmatch(path)


def test_wrong_passwords_are_all_the_same_and_end_in_waiting(server: ServerProcess) -> None:
    visitor = WebVisitor(server, None)
    assert log_in(visitor, LOOK, Origin="http://evil.example")[0] == 403
    assert log_in(visitor, LOOK, Sec_Fetch_Site="cross-site")[0] == 403
    assert log_in(visitor, LOOK, Origin="null")[0] == 403
    assert log_in(visitor, LOOK, Origin="null", Sec_Fetch_Site="cross-site")[0] == 403
    # As a browser sends our own form, which names no referrer and so no origin.
    assert log_in(visitor, LOOK, Origin="null", Sec_Fetch_Site="same-origin")[0] == 303
    assert log_in(visitor, LOOK, "//evil.example")[1]["Location"] == "/"
    answers = [log_in(visitor, "a wrong one altogether") for _ in range(MAX_FAILURES)]
    assert {answer[0] for answer in answers} == {403}
    assert len({answer[2] for answer in answers}) == 1
    assert b"wrong one altogether" not in answers[0][2]
    status, headers, _ = log_in(visitor, LOOK)
    assert status == 429
    assert 0 < int(headers["Retry-After"]) <= 60


def test_the_addresses_are_told_widest_first() -> None:
    base = "http://127.0.0.1:1/"
    told = lines({
        Right.ADMINISTER: f"{base}?token=a", Right.COLLECT: "", Right.DECIDE: base,
        Right.LOOK: f"{base}?token=l",
    })  # fmt: skip
    assert told[0] == f"Serving at {base}?token=a"
    assert "collect only: nobody" in told[1]
    assert told[2].endswith(f"its password, at {base}")
    assert told[3] == f"  to look only: {base}?token=l"
    assert "Ctrl-C" in told[4]


def test_wrong_passwords_tried_at_the_same_time_are_counted_too(server: ServerProcess) -> None:
    def guess(number: int) -> int:
        return log_in(WebVisitor(server, None), f"guess number {number} of many")[0]

    with ThreadPoolExecutor(30) as guesses:
        answers = Counter(guesses.map(guess, range(60)))
    assert answers[403] <= MAX_FAILURES
    assert answers[429] == 60 - answers[403]


def test_a_large_body_is_not_read_from_somebody_without_a_right(server: ServerProcess) -> None:
    visitor = WebVisitor(server, None)
    for path in ("/login", "/logout", "/nothing"):
        try:
            status = visitor.ask(path, "POST", "x" * (8 * MAX_BODY_BYTES))[0]
        except OSError:
            continue  # the server hung up, as it may
        assert status in (400, 413)
    assert visitor.ask("/login")[0] in (200, 403)


def cookies(answer: Answer) -> dict[str, str]:
    """Return the cookies of an answer; two of them stand in one line here."""
    return dict(re.findall(r"(workbench[\w-]*)=([\w-]+)", answer[1]["Set-Cookie"]))


def test_who_guesses_locks_nobody_else_out(server: ServerProcess) -> None:
    stranger, ruth = WebVisitor(server, None), WebVisitor(server, None, source="127.0.0.2")
    neighbour = WebVisitor(server, None)
    known = log_in(neighbour, LOOK)
    assert known[0] == 303
    (name,) = [name for name in cookies(known) if "known" in name]
    for _ in range(MAX_FAILURES):
        assert log_in(stranger, "a wrong one altogether")[0] == 403
    assert log_in(stranger, LOOK)[0] == 429
    assert log_in(WebVisitor(server, None), DECIDE)[0] == 429  # whatever is typed
    assert log_in(ruth, LOOK)[0] == 303
    # A proxy on this machine says whose request it hands on.
    assert log_in(stranger, LOOK, X_Real_IP="192.0.2.7")[0] == 303
    assert log_in(stranger, LOOK, X_Real_IP="no address")[0] == 429
    # At the stranger's own address, a browser that has logged in before is known.
    neighbour.headers["Cookie"] = f"{name}={cookies(known)[name]}"
    assert neighbour.ask("/")[0] == 403  # it is no right
    again = log_in(neighbour, LOOK)
    assert again[0] == 303
    assert name not in cookies(again)
    for _ in range(MAX_FAILURES):
        assert log_in(neighbour, "a wrong one altogether")[0] == 403
    assert log_in(neighbour, LOOK)[0] == 429


@pytest.mark.parametrize(
    "path", ["/nothing", "/dashboards/nothing/at/all", "/voila/query/x", "/x.js"]
)
def test_an_unknown_address_is_answered_by_us(server: ServerProcess, path: str) -> None:
    status, headers, body = WebVisitor(server, Right.ADMINISTER).ask(path)
    assert status == 404
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert b"no such page" in body
    assert WebVisitor(server, None).ask(path, Host="evil.example")[0] == 403


def test_the_head_of_the_form_leads_nowhere(server: ServerProcess) -> None:
    assert WebVisitor(server, None).ask("/login", "HEAD")[0] == 405
