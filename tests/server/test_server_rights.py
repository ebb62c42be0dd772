"""Every address of the server, as its routing table has it, with and without each right."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.routing import Rule
from tornado.web import Application
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.server.server_workspace import harmless, make_workspace
from tests.server.web_visitor import WebVisitor
from workbench.rights import Right, rights_here
from workbench.server.access import Guarded
from workbench.server.handlers import Index
from workbench.server.voila import ServerProcess
from workbench.server.web_application import DashboardServer
from workbench.settings import ServerSettings

NOBODYS = "12345678-1234-1234-1234-123456789012"
ALL = dict.fromkeys(Right, 200)
ABSENT = dict.fromkeys(Right, 404)
SOCKET = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
          "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
# Pattern of the routing table -> method, address, and what each right gets.  Without a right it is
# 403 everywhere.  A new address belongs here.
RULES: dict[str, tuple[str, str, dict[Right, int]]] = {
    r"/$": ("GET", "/", ALL),
    r"/login$": ("GET", "/login", ALL),
    r"/logout$": ("POST", "/logout", dict.fromkeys(Right, 303)),
    r"/reports/([^/]+)$": ("GET", "/reports/doses.html", ALL),
    r"/reports/history/([a-z][a-z0-9_-]*)/(\d[\dZ_-]*\.html)$": (
        "GET", "/reports/history/weekly/2026-12-01_0530Z.html", ALL),
    r"/exports/(look|decide|collect|administer)/([a-z0-9][\w.-]*)$": (
        "GET", "/exports/decide/1-results.csv", {
            Right.LOOK: 403, Right.DECIDE: 200, Right.COLLECT: 403, Right.ADMINISTER: 200,
        }),
    r"/dashboards/(\w+)$": ("GET", "/dashboards/collector", {
        Right.LOOK: 403, Right.DECIDE: 403, Right.COLLECT: 200, Right.ADMINISTER: 200,
    }),
    r"/dashboards/page\.js$": ("GET", "/dashboards/page.js", ALL),
    r"/alive\.js$": ("GET", "/alive.js", ALL),
    r"/old-browser\.js$": ("GET", "/old-browser.js", ALL),
    r"/state$": ("GET", "/state", ALL),
    r"/dashboards/state/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)$": (
        "GET", f"/dashboards/state/{NOBODYS}", ABSENT),
    r"/voila/api/shutdown/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)$": (
        "POST", f"/voila/api/shutdown/{NOBODYS}", ABSENT),
    r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)$": (
        "GET", f"/api/kernels/{NOBODYS}", ABSENT),
    r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/channels$": (
        "GET", f"/api/kernels/{NOBODYS}/channels", ABSENT),
    r"/voila/templates/(\w+/static(?:/[\w-][\w.-]*)+)$": (
        "GET", "/voila/templates/lab/static/voila-style.js", ALL),
    r"/voila/static/(.*)$": ("GET", "/voila/static/voila.js", ALL),
    r"/voila/labextensions/(.*)$": (
        "GET", "/voila/labextensions/anywidget/package.json", ALL),
    r"/voila/api/themes/(.*)$": (
        "GET", "/voila/api/themes/@jupyterlab/theme-light-extension/index.css", ALL),
}  # fmt: skip
COLLECTORS = r"/dashboards/(\w+)$"  # starts a kernel: once a right is enough


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_workspace(tmp_path_factory.mktemp("rights") / "w", harmless())
    copies, exports = folder / "reports" / "history" / "weekly", folder / "exports" / "decide"
    for made in (copies / "2026-12-01_0530Z.html", exports / "1-results.csv"):
        made.parent.mkdir(parents=True)
        made.write_text("<p>made</p>")
    return folder


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[ServerProcess]:
    with ServerProcess(workspace) as running:
        yield running


@pytest.fixture(scope="module")
def application(workspace: Path) -> Application:
    before = signal.getsignal(signal.SIGTERM)
    made = DashboardServer(workspace, 1, lambda _: None, ServerSettings(), browse=False)
    made.initialize([])
    signal.signal(signal.SIGTERM, before)
    made.config.VisitorKernels.kernel_pools_config = {"default": {"pool_size": 0}}
    made.connection_dir = str(workspace)
    return made.application()


def table(rules: list[Rule]) -> Iterator[tuple[str, Any]]:
    """Yield pattern and handler of each address, however deep in the routing table."""
    for rule in rules:
        if hasattr(rule.target, "rules"):
            yield from table(rule.target.rules)
        else:
            yield rule.matcher.regex.pattern, rule.target  # type: ignore[attr-defined]


def test_the_routing_table_holds_no_address_without_a_rule(application: Application) -> None:
    live = dict(table(application.default_router.rules))
    assert set(live) == set(RULES)
    for handler in live.values():
        assert issubclass(handler, Guarded)
        assert handler.right in {None, *Right}
    assert [pattern for pattern, handler in live.items() if handler.right is None] == [r"/login$"]


def test_a_handler_without_a_rule_is_refused(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unruled(Guarded):
        """Says nothing of a right."""

    before = signal.getsignal(signal.SIGTERM)
    made = DashboardServer(workspace, 1, lambda _: None, ServerSettings(), browse=False)
    made.initialize([])
    signal.signal(signal.SIGTERM, before)
    assert made.init_handlers()
    monkeypatch.setattr("workbench.server.web_application.Index", Unruled)
    with pytest.raises(TypeError, match="/ has no rule"):
        made.init_handlers()
    monkeypatch.setattr("workbench.server.web_application.Index", Index.__mro__[2])
    with pytest.raises(TypeError, match="/ has no rule"):
        made.init_handlers()


@pytest.mark.parametrize("pattern", RULES)
@pytest.mark.parametrize("way", ["nothing", "address", "header", "cookie"])
def test_without_a_right_nothing_is_there(server: ServerProcess, pattern: str, way: str) -> None:
    method, path, _ = RULES[pattern]
    token = "?token=wrong" if way == "address" else ""
    headers = {
        "header": {"Authorization": "Bearer wrong"},
        "cookie": {"Cookie": f"workbench-{server.port}=wrong; username-127-0-0-1=admin"},
    }.get(way, {})
    if path.endswith("/channels"):
        headers |= SOCKET
    status, answered, body = WebVisitor(server, None).ask(path + token, method, **headers)
    assert status == 403
    assert "Set-Cookie" not in answered
    assert b"Doses" not in body
    assert b"wrong" not in body


@pytest.mark.parametrize("pattern", RULES)
def test_each_right_gets_what_its_rule_says(server: ServerProcess, pattern: str) -> None:
    method, path, expected = RULES[pattern]
    headers = SOCKET if path.endswith("/channels") else {}
    got = {}
    for right in Right:
        visitor = WebVisitor(server, right)
        got[right], answered, _ = visitor.ask(path, method, **headers)
        assert answered.get("Referrer-Policy") == "no-referrer"
        if pattern == COLLECTORS:
            visitor.ask("/logout", "POST")
    assert got == expected


@pytest.mark.parametrize("pattern", RULES)
def test_no_other_method_does_anything(server: ServerProcess, pattern: str) -> None:
    allowed, path, _ = RULES[pattern]
    others = {"PUT", "DELETE", "PATCH", "OPTIONS", "POST", "TRACE"} - {allowed}
    others -= {"POST"} if path == "/login" else set()
    visitor = WebVisitor(server, Right.ADMINISTER)
    assert {visitor.ask(path, method)[0] for method in others} <= {404, 405}


def test_what_was_closed_stays_closed(server: ServerProcess) -> None:
    for path in (f"/voila/query/{NOBODYS}", "/voila/files/x.png", "/voila/tree", "/api/kernels",
                 "/voila/execution/1", "/nbextensions/x.js", "/static/x.js"):  # fmt: skip
        for right in (None, Right.ADMINISTER):
            assert WebVisitor(server, right).ask(path, **SOCKET)[0] == 404, path


def test_a_kernel_is_its_visitors_alone(server: ServerProcess) -> None:
    owner, other = WebVisitor(server, Right.COLLECT), WebVisitor(server, Right.ADMINISTER)
    kernel = owner.kernel("collector")
    addresses = (f"/api/kernels/{kernel}", f"/dashboards/state/{kernel}")
    assert [owner.ask(address)[0] for address in addresses] == [200, 200]
    assert json.loads(owner.ask(addresses[1])[2]) == {"text": ""}
    for stranger, status in ((other, 404), (WebVisitor(server, None), 403)):
        assert [stranger.ask(address)[0] for address in addresses] == [status, status]
        assert stranger.ask(f"/voila/api/shutdown/{kernel}", "POST")[0] == status
        with pytest.raises(InvalidStatus) as refused, _socket(server, stranger, kernel):
            pass
        assert refused.value.response.status_code == status
    with pytest.raises(InvalidStatus), _socket(server, owner, kernel, "http://evil.example"):
        pass
    with _socket(server, owner, kernel):
        pass
    assert (
        owner.ask(f"/voila/api/shutdown/{kernel}", "POST", Origin="http://evil.example")[0] == 403
    )
    assert owner.ask("/logout", "POST")[0] == 303
    assert owner.ask(addresses[0])[0] == 403  # the session is over
    assert other.ask(addresses[0])[0] == 404


def test_scripts_show_their_token_and_share_no_kernel(server: ServerProcess) -> None:
    scripts = {}
    for right in (Right.LOOK, Right.ADMINISTER):
        scripts[right] = WebVisitor(server, None)
        token = server.urls[right].partition("token=")[2]
        scripts[right].headers["Authorization"] = f"Bearer {token}"
    status, headers, body = scripts[Right.LOOK].ask("/")
    assert status == 200
    assert "Set-Cookie" not in headers
    assert b"You may: look." in body
    kernel = scripts[Right.ADMINISTER].kernel("my_scanner")
    address = f"/api/kernels/{kernel}"
    assert [scripts[right].ask(address)[0] for right in scripts] == [404, 200]
    assert scripts[Right.ADMINISTER].ask(f"/voila/api/shutdown/{kernel}", "POST")[0] == 204


def test_a_page_can_talk_to_its_widgets_and_do_nothing_else(server: ServerProcess) -> None:
    visitor = WebVisitor(server, Right.LOOK)
    kernel = visitor.kernel("my_scanner")
    with _socket(server, visitor, kernel) as socket:
        for kind, content in (
            ("execute_request", {"code": "1/0", "silent": False}),
            ("comm_open", {"comm_id": "x", "target_name": "jupyter.widget", "data": {}}),
            ("shutdown_request", {"restart": False}),
            ("complete_request", {"code": "imp", "cursor_pos": 3}),
        ):
            for channel in ("shell", "control"):
                socket.send(_message(kind, content, channel))
        socket.send(_message("kernel_info_request", {}, "control"))
        socket.send(_message("comm_info_request", {"target_name": "jupyter.widget"}))
        told = []
        while "comm_info_reply" not in told:
            told.append(json.loads(socket.recv(30))["msg_type"])
    assert not {"execute_reply", "complete_reply", "shutdown_reply", "error"} & set(told)
    assert visitor.ask(f"/api/kernels/{kernel}")[0] == 200


def test_a_browser_is_given_a_strict_cookie_and_a_clean_address(server: ServerProcess) -> None:
    token = server.urls[Right.LOOK].partition("?")[2]
    browser = {"Accept": "text/html,application/xhtml+xml"}
    status, headers, body = WebVisitor(server, None).ask(f"/?{token}&theme=dark", **browser)
    assert (status, headers["Location"], body) == (302, "/?theme=dark", b"")
    cookie = headers["Set-Cookie"]
    assert re.search(r"HttpOnly.*SameSite=Strict", cookie)
    assert "Secure" not in cookie
    assert token.partition("=")[2] not in cookie
    # Over TLS, as a proxy on this machine says it is, the cookie stays there.
    secured = WebVisitor(server, None).ask(f"/?{token}", X_Forwarded_Proto="https", **browser)
    assert "Secure" in secured[1]["Set-Cookie"]
    # After a link in a mail no strict cookie comes with a redirect: a page of ours leads on.
    linked = WebVisitor(server, None).ask(
        f"/reports/doses.html?{token}", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate"
    )
    assert linked[0] == 200
    assert b"0;url=/reports/doses.html" in linked[2]
    assert token.encode() not in linked[2]
    without = WebVisitor(server, None).ask(
        "/reports/doses.html", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate"
    )
    assert without[0] == 200
    assert b"Doses" not in without[2]


def test_a_second_proof_adds_a_right_and_changes_the_cookie(server: ServerProcess) -> None:
    visitor = WebVisitor(server, Right.DECIDE)
    kernel = visitor.kernel("quality")
    before = dict(visitor.headers)
    query = server.urls[Right.COLLECT].partition("?")[2]
    _, headers, body = visitor.ask(f"/?{query}")
    assert b"You may: decide, collect." in body
    visitor.headers["Cookie"] = headers["Set-Cookie"].partition(";")[0]
    assert visitor.headers != before
    assert visitor.ask(f"/api/kernels/{kernel}")[0] == 200
    visitor.headers = before
    assert visitor.ask("/")[0] == 403
    # The narrower right takes nothing away, and gives nothing new.
    wide = WebVisitor(server, Right.ADMINISTER)
    assert "Set-Cookie" not in wide.ask(f"/?{server.urls[Right.ADMINISTER].partition('?')[2]}")[1]


def test_tests_themselves_may_do_everything() -> None:
    assert rights_here().allow(Right.ADMINISTER)


def _socket(server: ServerProcess, visitor: WebVisitor, kernel: str, origin: str = "") -> Any:
    base = server.url.partition("?")[0].replace("http", "ws")
    return connect(
        f"{base}api/kernels/{kernel}/channels?session_id=s", additional_headers=visitor.headers,
        origin=origin or server.url.partition("/?")[0], open_timeout=60, proxy=None,
    )  # fmt: skip


def _message(kind: str, content: dict[str, Any], channel: str = "shell") -> str:
    header = {"msg_id": kind, "msg_type": kind, "session": "s", "username": "", "version": "5.3",
              "date": "2026-01-01T00:00:00Z"}  # fmt: skip
    return json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content,
                       "channel": channel})  # fmt: skip
