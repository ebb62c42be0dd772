"""Large files and dated copies: given whole, to who has the right, and nothing else of the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.server_workspace import harmless, make_workspace
from tests.server.web_visitor import WebVisitor
from workbench.rights import Right
from workbench.server.voila import ServerProcess

LARGE = hashlib.sha256(b"seed").digest() * 100_000  # three pieces and a bit
PAGE = "<html><body>\n<main>made</main></body></html>"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_workspace(tmp_path_factory.mktemp("handed") / "w", harmless(1))
    exports = folder / "exports" / "decide"
    exports.mkdir(parents=True)
    (exports / "1f-results_2026-12-01.csv").write_bytes(LARGE)
    (exports / "2f-link.csv").symlink_to(folder / "workbench.toml")
    (folder / "exports" / "other.csv").write_text("of somebody else")
    copies = folder / "reports" / "history" / "page-doses"
    copies.mkdir(parents=True)
    (copies / "2026-12-01_053000Z.html").write_text(PAGE)
    (copies / "2026-12-01_053000Z.signatures.json").write_text("[]")
    (copies / "2026-12-02_053000Z.html").symlink_to(folder / "workbench.toml")
    return folder


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[ServerProcess]:
    with ServerProcess(workspace) as running:
        yield running


def test_a_large_file_comes_whole_under_our_name_and_is_never_a_page(server: ServerProcess) -> None:
    address = "/exports/decide/1f-results_2026-12-01.csv"
    status, headers, body = WebVisitor(server, Right.DECIDE).ask(address)
    assert (status, body == LARGE) == (200, True)
    assert headers["Content-Disposition"] == 'attachment; filename="results_2026-12-01.csv"'
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert WebVisitor(server, Right.LOOK).ask(address)[0] == 403
    assert WebVisitor(server, None).ask(address)[0] == 403


@pytest.mark.parametrize(
    "address",
    [
        "/exports/decide/2f-link.csv", "/exports/other.csv", "/exports/decide/../other.csv",
        "/exports/decide/%2e%2e%2fother.csv", "/exports/secret/1f-results_2026-12-01.csv",
        "/exports/look/1f-results_2026-12-01.csv", "/exports/decide/",
        "/reports/history/page-doses/2026-12-02_053000Z.html",
        "/reports/history/page-doses/2026-12-01_053000Z.signatures.json",
        "/reports/history/../history/page-doses/2026-12-01_053000Z.html",
        "/reports/history/none/2026-12-01_053000Z.html",
    ],
)  # fmt: skip
def test_nothing_else_is_given(server: ServerProcess, address: str) -> None:
    assert WebVisitor(server).ask(address)[0] == 404


def test_a_dated_copy_is_shown_with_a_way_back_and_may_run_nothing(
    server: ServerProcess, workspace: Path
) -> None:
    address = "/reports/history/page-doses/2026-12-01_053000Z.html"
    status, headers, body = WebVisitor(server, Right.LOOK).ask(address)
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("sandbox;")
    assert b'<nav class="back"><a href="/">All pages and reports</a></nav>' in body
    assert (workspace / address.lstrip("/")).read_text() == PAGE  # the file has none
