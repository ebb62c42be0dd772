"""Pages that somebody opens and leaves at once: their kernels end without being culled."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from tests.server.broken_server import broken
from tests.server.server_workspace import harmless, make_workspace
from tests.server.test_visits import kernels, until
from tests.server.web_visitor import WebVisitor
from workbench.rights import Right
from workbench.server.web_application import READY

SOON = "from workbench.server import unheard_pages\nunheard_pages.UNHEARD_S = 2.0"


def dropped(visitor: WebVisitor, name: str) -> None:
    """Ask for a dashboard and close the connection before any of it has come."""
    address = visitor.parts.hostname or "", visitor.parts.port or 0
    with socket.create_connection(address) as connection:
        lines = (f"GET /dashboards/{name} HTTP/1.1", f"Host: {visitor.parts.netloc}",
                 f"Cookie: {visitor.headers['Cookie']}", "", "")  # fmt: skip
        connection.sendall("\r\n".join(lines).encode())
        time.sleep(0.3)


def test_pages_left_before_they_were_there_keep_no_kernel(tmp_path: Path) -> None:
    with broken(make_workspace(tmp_path / "w", harmless()), SOON) as server:
        until(lambda: len(kernels(server)) == len(READY))
        visitor = WebVisitor(server, Right.ADMINISTER)
        heard = visitor.kernel("scanners")
        assert visitor.ask(f"/dashboards/state/{heard}")[0] == 200
        # One comes whole, and its scripts never run; two are not waited for.
        unheard = visitor.kernel("my_scanner")
        for name in ("scanners", "my_scanner"):
            dropped(visitor, name)
        until(lambda: len(kernels(server)) == len(READY) + 1)
        assert b'"text": ""' in visitor.ask(f"/dashboards/state/{heard}")[2]
        assert b"has ended" in visitor.ask(f"/dashboards/state/{unheard}")[2]
