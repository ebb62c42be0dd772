"""What is known to be vulnerable is found, and what could not be asked is never called fine."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from checks import audit
from checks.audit import (
    CONTROL,
    FINE,
    KNOWN,
    LOCKS,
    NOT_AUDITED,
    WRONG,
    Pinned,
    main,
    old_releases,
    pinned,
)
from checks.locks import ROOT

TODAY = dt.date(2026, 11, 30)
# As OSV has it: two databases that name each other, and one entry that was withdrawn.
ENTRIES: dict[str, dict[str, Any]] = {
    "GHSA-h5c8-rqwp-cp95": {
        "id": "GHSA-h5c8-rqwp-cp95", "aliases": ["CVE-2024-22195"],
        "summary": "Jinja vulnerable to HTML attribute injection",
        "affected": [{
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.3"}]}],
        }],
    },
    "PYSEC-2024-1": {
        "id": "PYSEC-2024-1", "aliases": ["CVE-2024-22195", "GHSA-h5c8-rqwp-cp95"],
        "details": "The same, by another database.\nSecond line",
    },
    "PYSEC-2024-2": {"id": "PYSEC-2024-2", "withdrawn": "2024-02-01T00:00:00Z", "summary": "no"},
    "GHSA-node-node-node": {
        "id": "GHSA-node-node-node", "summary": "TypeScript of a test",
        "affected": [{"package": {"ecosystem": "npm", "name": "typescript"}, "ranges": []}],
    },
}  # fmt: skip
VULNERABLE = {
    ("PyPI", "jinja2", "3.1.2"): ["GHSA-h5c8-rqwp-cp95", "PYSEC-2024-1", "PYSEC-2024-2"],
    ("npm", "typescript", "5.0.0"): ["GHSA-node-node-node"],
}


ODD: dict[str, Any] = {
    "error": {"error": {"code": 3}}, "message": {"message": "Invalid query"}, "null": None,
    "no id": {"vulns": [{}]}, "text": {"vulns": "x"}, "number": {"vulns": [{"id": 3}]},
}  # fmt: skip


class StandIn:
    """A service that speaks as OSV does, or as one that fails in some way."""

    def __init__(self) -> None:
        self.fault = ""
        self.asked: list[tuple[str, str, str]] = []
        self.address = ""

    def batch(self, queries: list[dict[str, Any]]) -> Any:
        results: list[dict[str, Any]] = []
        for query in queries:
            release = (query["package"]["ecosystem"], query["package"]["name"], query["version"])
            self.asked.append(release)
            if Pinned(*release) == CONTROL:
                nothing = self.fault == "empty"
                results.append({} if nothing else {"vulns": [{"id": "GHSA-8r7q-cvjq-x353"}]})
                self.asked.pop()
                continue
            ids = VULNERABLE.get(release, [])
            if self.fault == "pages":  # one a page
                at = int(query.get("page_token", 0))
                more = {"next_page_token": str(at + 1)} if at + 1 < len(ids) else {}
                results.append({"vulns": [{"id": name} for name in ids[at : at + 1]], **more})
            else:
                results.append({"vulns": [{"id": name} for name in ids]} if ids else {})
        if self.fault == "endless":
            results = [{"next_page_token": "again"} for _ in queries[1:]] + results[-1:]
        if self.fault in ODD:
            results = [ODD[self.fault] for _ in queries[1:]] + results[-1:]
        return {"results": results[:-1] if self.fault == "short" else results}

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        if self.fault == "500":
            return 500, b"{}"
        if self.fault == "page":
            return 200, b"<html>Please log in</html>"
        if self.fault == "list":
            return 200, b"[]"
        if path == "/v1/querybatch":
            return 200, json.dumps(self.batch(json.loads(body)["queries"])).encode()
        name = path.rpartition("/")[2]
        if self.fault == "lost" or name not in ENTRIES:
            return 404, b"{}"
        return 200, json.dumps(ENTRIES[name]).encode()


@pytest.fixture
def osv() -> Iterator[StandIn]:
    service = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = service.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield service
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.lock"
    digest = "0" * 64
    file.write_text(
        f"jinja2==3.1.2 ; python_full_version == '3.12.*' \\\n    --hash=sha256:{digest}\n"
        f"markupsafe==3.0.4 \\\n    --hash=sha256:{digest}\n"
    )
    return file


@pytest.fixture
def npm(tmp_path: Path) -> Path:
    file = tmp_path / "package-lock.json"
    file.write_text(json.dumps({"packages": {
        "": {"name": "checks"}, "node_modules/typescript": {"version": "5.0.0"},
        "node_modules/@scope/a": {"version": "1.0.0"},
        "node_modules/b/node_modules/a": {"version": "2.0.0"},
    }}))  # fmt: skip
    return file


def ran(capsys: pytest.CaptureFixture[str], osv: str, *locks: Path) -> tuple[int, str]:
    code = main(["--osv", osv, *map(str, locks)])
    return code, capsys.readouterr().out


def test_a_vulnerable_release_is_found_with_what_mends_it(
    osv: StandIn, lock: Path, npm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ran(capsys, osv.address, lock, npm)
    assert code == KNOWN
    assert "jinja2 3.1.2: CVE-2024-22195, GHSA-h5c8-rqwp-cp95, PYSEC-2024-1: Jinja" in said
    assert "fixed in 3.1.3" in said
    assert "typescript 5.0.0: GHSA-node-node-node" in said
    assert "no release mends it yet" in said
    assert "PYSEC-2024-2" not in said, "withdrawn"
    assert "5 releases asked about, 2 vulnerabilities known" in said
    assert ("npm", "@scope/a", "1.0.0") in osv.asked
    assert ("npm", "a", "2.0.0") in osv.asked


def test_an_answer_in_pages_is_read_to_its_end(
    osv: StandIn, lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    osv.fault = "pages"
    code, said = ran(capsys, osv.address, lock)
    assert code == KNOWN
    assert "PYSEC-2024-1" in said


def test_every_release_of_every_lock_here_is_asked_about(
    osv: StandIn, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MAX_QUERIES", 50)
    code, said = ran(capsys, osv.address)
    assert code == FINE, said
    held = set[Pinned]().union(*(pinned(ROOT / name) for name in LOCKS))
    assert {Pinned(*release) for release in osv.asked} == held
    names = {release.name for release in held}
    assert {"jinja2", "mypy", "typescript"} <= names
    assert f"{len(held)} releases asked about, 0 vulnerabilities known" in said


@pytest.mark.parametrize(
    "fault", ["500", "page", "list", "short", "endless", "lost", "empty", *ODD]
)
def test_a_service_that_fails_is_never_taken_for_good_news(
    fault: str, osv: StandIn, lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    osv.fault = fault
    code, said = ran(capsys, osv.address, lock)
    assert code == NOT_AUDITED
    assert "NOT AUDITED" in said
    assert "good or bad" in said
    assert "0 vulnerabilities" not in said


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9", "http://osv.invalid", "nonsense", "http://[::"]
)
def test_a_service_that_cannot_be_reached_is_said(
    address: str, lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ran(capsys, address, lock)
    assert code == NOT_AUDITED
    assert "could not be reached" in said
    assert "OSV=https://" in said


@pytest.mark.parametrize("content", [None, "", "# nothing\n"])
def test_a_lock_that_is_missing_or_empty_is_no_good_news(
    content: str | None, osv: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "requirements.lock"
    if content is not None:
        file.write_text(content)
    code, said = ran(capsys, osv.address, file)
    assert code == WRONG
    assert said.startswith("Not audited")


def test_what_was_accepted_counts_until_its_day(
    osv: StandIn, lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file = tmp_path / "audit.toml"
    monkeypatch.setattr(audit, "ACCEPTED", file)
    row = '[[accepted]]\nid = "CVE-2024-22195"\nreason = "no attributes from outside"\nuntil = '
    file.write_text(f"{row}2999-01-01\n")
    code, said = ran(capsys, osv.address, lock)
    assert (code, "Accepted: jinja2" in said) == (FINE, True)
    file.write_text(f"{row}2026-01-01\n")
    assert ran(capsys, osv.address, lock)[0] == KNOWN
    file.write_text('[[accepted]]\nid = "CVE-2024-22195"\n')
    assert ran(capsys, osv.address, lock)[0] == WRONG


def test_old_releases_of_what_we_name_ourselves_are_told() -> None:
    page = (
        "| package | why | licence | tested release |\n|---|---|---|---|\n"
        "| httpx | asks | BSD | 0.28.1, 2024-11 |\n| young | x | MIT | 1.0, 2024-12 |\n"
        "| quaac | writes | MIT | 1.0.2, 2024 |\n| old | x | MIT | 1.0, 2023 |\n"
        "| @biomejs/biome | x | MIT | 2.6.8, 2026 |\n"
    )
    assert old_releases(page, TODAY) == [
        "old 1.0 is of 2023: is there a newer one, is it cared for?"
    ]
    assert len(old_releases(page, dt.date(2026, 12, 1))) == 2


def test_the_page_of_dependencies_is_read() -> None:
    page = audit.DEPENDENCIES.read_text("utf-8")
    read = {name for name, *_ in audit.RELEASE.findall(page)}
    assert {"httpx", "quaac", "pydicom", "typescript"} <= read


def test_make_audit_is_a_target_of_its_own_and_hands_its_code_on() -> None:
    printed = subprocess.run(
        ["make", "-n", "audit", "OSV=http://x"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    assert "checks.audit" in printed
    assert "http://x" in printed
    checked = subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True)
    assert "checks.audit" not in checked.stdout
    assert "audit" not in (ROOT / ".ci" / "run").read_text("utf-8")
