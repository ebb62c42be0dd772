"""Somebody at the server's door, with or without a right, for the tests of what is served."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

from workbench.rights import Right
from workbench.server.voila import ServerProcess

Answer = tuple[int, dict[str, str], bytes]


class WebVisitor:
    """Keeps the cookie of its right, follows no redirect; ``None`` is nobody.

    ``source`` is the address it comes from, of the loopback network.
    """

    def __init__(
        self, server: ServerProcess, right: Right | None = Right.ADMINISTER,
        source: str = "127.0.0.1",
    ) -> None:  # fmt: skip
        self.parts = urlsplit(server.url)
        self.source = source
        self.headers: dict[str, str] = {}
        if right is not None:
            _, headers, _ = self.ask(f"/?{urlsplit(server.urls[right]).query}")
            self.headers["Cookie"] = headers["Set-Cookie"].partition(";")[0]

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> Answer:
        """Return status, headers and body of the answer."""
        connection = HTTPConnection(
            self.parts.hostname or "", self.parts.port or 0, timeout=90,
            source_address=(self.source, 0),
        )  # fmt: skip
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, {**self.headers, **named})
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        every = {name: ", ".join(reply.headers.get_all(name, [])) for name in reply.headers}
        return reply.status, every, content

    def kernel(self, dashboard: str) -> str:
        """Open a dashboard; return the number of its kernel."""
        status, _, body = self.ask(f"/dashboards/{dashboard}")
        assert status == 200, body[-500:]
        return kernel_of(body)


def kernel_of(page: bytes) -> str:
    """Return the number of a page's kernel."""
    told = re.search(
        rb'id="jupyter-config-data" type="application/json">(.*?)</script>', page, re.DOTALL
    )
    assert told
    return str(json.loads(told.group(1))["kernelId"])
