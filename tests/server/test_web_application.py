"""What the server gives to whom: everything needs the token, and little is there to be had."""

from __future__ import annotations

import json
import re
import signal
import socket
import urllib.request
from collections.abc import Iterator
from html import escape, unescape
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psutil
import pytest

from tests.server.server_workspace import harmless, make_workspace
from tests.server.web_visitor import WebVisitor
from workbench.cli import main
from workbench.collect.queue.collector_state import collector_state
from workbench.collect.queue.control import Control
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.errors import SettingsError
from workbench.rights import Right
from workbench.server.voila import ServerProcess, serve
from workbench.services.running_process import Process
from workbench.settings import Settings, SurveySettings
from workbench.survey import create_survey

KERNEL = "12345678-1234-1234-1234-123456789012"
EVERYTHING = (
    "/", "/reports/doses.html", "/dashboards/my_scanner", f"/api/kernels/{KERNEL}",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = make_workspace(tmp_path_factory.mktemp("served") / "w", harmless())
    (folder / "reports" / "<b>odd & name.html").write_text("<title><i>odd</i></title>")
    (folder / "reports" / "key.html").symlink_to(folder / "hospital.key")
    (folder / "reports" / "notes.txt").write_text("private")
    with ServerProcess(folder) as running:
        yield running


@pytest.mark.parametrize("path", EVERYTHING)
def test_nothing_is_shown_without_the_token(server: ServerProcess, path: str) -> None:
    for stranger in (path, f"{path}?token=wrong"):
        status, headers, body = WebVisitor(server, None).ask(stranger)
        assert status in {302, 403}
        assert b"Doses" not in body
        if status == 302:
            assert urlsplit(headers["Location"]).path == "/login"
    status, _, body = WebVisitor(server, None).ask("/login")
    assert status == 403
    assert b"workbench serve" in body


def test_a_kernel_is_not_heard_without_the_token(server: ServerProcess) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
               "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    path = f"/api/kernels/{KERNEL}/channels"
    assert WebVisitor(server, None).ask(path, **upgrade)[0] == 403
    foreign = WebVisitor(server)
    assert foreign.ask(path, Origin="http://example.org", **upgrade)[0] in {403, 404}


def test_a_script_may_come_with_the_token_in_the_address(server: ServerProcess) -> None:
    with urllib.request.urlopen(server.url, timeout=30) as reply:
        assert reply.status == 200


def test_a_browser_loses_the_token_from_its_address(server: ServerProcess) -> None:
    query = urlsplit(server.url).query
    status, headers, _ = WebVisitor(server, None).ask(
        f"//example.org/?a=1&{query}", Sec_Fetch_Mode="navigate"
    )
    assert status in {302, 404}
    assert not headers.get("Location", "/").startswith("//")
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    opener.addheaders = [("Sec-Fetch-Mode", "navigate")]
    with opener.open(f"{server.url}&theme=dark", timeout=30) as reply:
        assert urlsplit(reply.geturl()).query == "theme=dark"
        assert b"My scanner" in reply.read()


def test_the_index_lists_what_there_is_with_texts_escaped(server: ServerProcess) -> None:
    status, headers, body = WebVisitor(server).ask("/")
    page = body.decode()
    assert status == 200
    assert re.findall(r"<script.*?</script>", page) == [
        '<script type="module" src="/alive.js"></script>',
        '<script nomodule src="/old-browser.js"></script>',
    ]
    assert not re.search(r"\son\w+=|javascript:", page)
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'self'", "script-src-attr 'none'",
                 "connect-src 'self'"):  # fmt: skip
        assert part in policy
    assert "unsafe" not in policy
    assert 'href="/dashboards/my_scanner"' in page
    assert "Doses &amp; more" in page
    assert "23 events of 18 patients." in page
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC · 1 kB<", page)
    assert "doses.html<" not in page  # its title says what it is
    assert "<i>" not in page
    assert "key.html" not in page
    assert "notes.txt" not in page


def test_a_report_is_served_in_a_sandbox(server: ServerProcess) -> None:
    visitor = WebVisitor(server)
    status, headers, body = visitor.ask("/reports/doses.html")
    assert status == 200
    assert b"23 events" in body
    assert headers["Content-Security-Policy"].startswith("sandbox;")
    assert "allow-scripts" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert visitor.ask("/reports/%3Cb%3Eodd%20%26%20name.html")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/hospital.key", "/catalogue.sqlite", "/workbench.toml", "/parts/", "/reports", "/reports/",
        "/reports/../hospital.key", "/reports/..%2fhospital.key", "/reports/%2e%2e%2fhospital.key",
        "/reports/..%5chospital.key", "/reports/%2e%2e/hospital.key", "/reports/key.html",
        "/reports/notes.txt", "/reports/%00", "/reports//etc/passwd", "/reports/%2fetc%2fpasswd",
        "/voila/files/my_scanner.ipynb", "/voila/files/../../../hospital.key",
        "/files/hospital.key",
        "/voila/static/../../hospital.key", "/voila/static/%2e%2e%2f%2e%2e%2fhospital.key",
        "/voila/templates/lab/static/..%2f..%2fhospital.key", "/voila/tree", "/voila/tree/",
        "/voila/render/my_scanner.ipynb", "/voila/api/contents/", "/api/contents", "/tree",
        "/dashboards/", "/dashboards/other", "/dashboards/my_scanner.ipynb",
        "/dashboards/..%2freports%2fdose_by_protocol", "/api/kernels", "/api/sessions",
        "/terminals", "/lab", "/logout",
    ],
)  # fmt: skip
def test_nothing_else_can_be_had_with_the_token(server: ServerProcess, path: str) -> None:
    status, _, body = WebVisitor(server).ask(path)
    key = (server.workspace / "hospital.key").read_bytes().strip()
    assert status in {400, 403, 404, 405}
    assert key not in body
    assert b"SQLite" not in body
    assert b"Traceback" not in body
    assert str(server.workspace).encode() not in body


def test_another_host_name_is_refused(server: ServerProcess) -> None:
    assert WebVisitor(server).ask("/", Host="evil.example")[0] == 403


def test_only_this_machine_is_listened_to(server: ServerProcess) -> None:
    assert server.process is not None
    listening = [
        connection.laddr.ip
        for process in _family(server.process.pid)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    # Messages of kernels go over local sockets; ipykernel alone opens one loopback port each, for
    # what child processes of a kernel print.
    assert set(listening) == {"127.0.0.1"}
    assert len(listening) <= len(_family(server.process.pid))


def test_a_visitors_kernel_ends_with_the_page_and_not_for_others(server: ServerProcess) -> None:
    visitor = WebVisitor(server)
    status, headers, body = visitor.ask("/dashboards/my_scanner?theme=dark")
    assert status == 200
    assert "script-src-attr 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]
    assert not re.search(rb"(src|href)=[\"']?(https?:)?//", body)
    found = re.search(rb'id="jupyter-config-data" type="application/json">(.*?)</script>', body,
                      re.DOTALL)  # fmt: skip
    assert found
    kernel = json.loads(found.group(1))["kernelId"]
    goodbye = f"/voila/api/shutdown/{kernel}"
    assert WebVisitor(server, None).ask(goodbye, "POST")[0] == 403
    assert visitor.ask(goodbye, "POST", Origin="http://example.org")[0] in {403, 404}
    assert visitor.ask(f"/api/kernels/{kernel}")[0] == 200
    assert visitor.ask(goodbye, "POST")[0] == 204
    assert visitor.ask(f"/api/kernels/{kernel}")[0] == 404


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_running(tmp_path: Path, number: signal.Signals) -> None:
    server = ServerProcess(make_workspace(tmp_path / "w", harmless()))
    server.start()
    try:
        WebVisitor(server).ask("/dashboards/my_scanner")
        assert server.process is not None
        family = _family(server.process.pid)
        assert len(family) >= 2, "a kernel was started"
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        _, alive = psutil.wait_procs(family, timeout=5)
        assert alive == []
    finally:
        server.stop()
        server.stop()


def test_an_empty_workspace_says_the_next_step(tmp_path: Path) -> None:
    folder = make_workspace(tmp_path / "w")
    (folder / "reports" / "doses.html").unlink()
    with ServerProcess(folder) as server:
        page = WebVisitor(server).ask("/")[2].decode()
    assert "workbench report run" in page


def test_the_index_of_a_new_workspace_names_its_survey_and_its_instruction_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "Doses <of> children & more"
    folder = tmp_path / "w"
    create_survey(folder, Settings(SurveySettings(name, "LU01"))).close()
    with ServerProcess(folder) as server:
        page = WebVisitor(server).ask("/")[2].decode()
        assert f"<h1>Workbench: {escape(name)}</h1>" in page
        assert f"<title>Workbench: {escape(name)}</title>" in page
        assert "Settings(" not in page
        (told,) = re.findall(r"<code>(workbench report run .*?)</code>", page)
        words = [word.replace("W/", f"{folder}/") for word in unescape(told).split()[1:]]
        assert not (folder / "reports").exists()
        assert main([str(folder) if word == "W" else word for word in words]) == 0
        again = WebVisitor(server).ask("/")[2].decode()
        assert "Dose by protocol" in again
        assert "There is no report yet" not in again
        assert server.process is not None
    capsys.readouterr()


def test_the_index_says_how_the_collector_stands_to_who_may_steer_it(tmp_path: Path) -> None:
    folder = make_workspace(tmp_path / "w")
    with ServerProcess(folder) as server:
        steering, looking = WebVisitor(server, Right.COLLECT), WebVisitor(server, Right.LOOK)
        assert b'id="collector"' not in steering.ask("/")[2]  # nobody has ever collected here
        told = json.loads(steering.ask("/state")[2])
        assert (told["text"], told["collector"]) == ("", None)
        cards = {"survey", "my_scanner", "quality", "reports"}
        assert told["lines"].keys() == cards | {"collector"}
        assert json.loads(looking.ask("/state")[2])["lines"].keys() == cards
        for (line,) in told["lines"].values():
            assert escape(line["text"]) in steering.ask("/")[2].decode()
        hospital = HospitalFile(folder)
        control = Control(hospital)
        for beat, words in (
            ({"doing": "The queue is done.", "patient": None}, "The queue is done."),
            (None, "Not running since"),
        ):
            if beat:
                control.beat(str(Process.this()), beat)
            else:
                control.gone(str(Process.this()))
            state = json.loads(steering.ask("/state")[2])["collector"]
            assert state == collector_state(control, folder, ZoneInfo("UTC")).as_json()
            assert state["text"].startswith(words)
            assert escape(state["text"]) in steering.ask("/")[2].decode()
            assert json.loads(looking.ask("/state")[2])["collector"] is None
            assert b'id="collector"' not in looking.ask("/")[2]
        hospital.close()


def test_no_workspace_and_a_taken_port_are_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="workbench init"):
        serve(tmp_path)
    folder = make_workspace(tmp_path / "w")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        before = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SettingsError, match="--port"):
                serve(folder, port=taken.getsockname()[1])
        finally:
            signal.signal(signal.SIGTERM, before)


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]
