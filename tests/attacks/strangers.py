"""What a stranger can send to the pages' port, with words that must not come into the log."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress

WORDS = "MUELLER-ANNA"
FORGED = f"2026-01-01 00:00:00 all is well, {WORDS}"
FORM = "application/x-www-form-urlencoded"
SECONDS = 5.0
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
KERNEL = "12345678-1234-1234-1234-123456789012"
LARGE = 1 << 20


def requests(port: int) -> Iterator[bytes]:
    """Yield each way to bring words to the server, as bytes."""
    host = {"Host": f"127.0.0.1:{port}"}
    for path in PATHS:
        for method in ("GET", "POST", WORDS):
            yield request(method, path, host)
    for name in NAMES:
        for value in VALUES:
            yield request("GET", "/", {**host, name: value})
    for body, kind in BODIES:
        headers = {**host, "Content-Type": kind, "Content-Length": str(len(body))}
        for path in ("/login", "/", "/logout"):
            yield request("POST", path, headers, body)
    yield from (start.replace(b"PORT", str(port).encode()) for start in BROKEN)
    for path in (f"/api/kernels/{KERNEL}/channels", f"/{WORDS}", "/login"):
        for changed in ({}, {"Sec-WebSocket-Version": WORDS}, {"Sec-WebSocket-Key": WORDS},
                        {"Origin": f"http://{WORDS}"}, {"Sec-WebSocket-Protocol": WORDS},
                        {"Sec-WebSocket-Extensions": WORDS}):  # fmt: skip
            yield request("GET", path, {**host, **UPGRADE, **changed})


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def send(port: int, content: bytes) -> bytes:
    """Send bytes; return how the answer begins, nothing when there is none."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), SECONDS) as wire:
        wire.sendall(content)
        wire.shutdown(socket.SHUT_WR)
        return wire.recv(1 << 12)
    return b""


PATHS = (
    f"/{WORDS}", f"/?token={WORDS}", f"/%0a{WORDS}%0a", f"//{WORDS}/", f"/{WORDS}\x00", "/%ff%fe",
    f"/reports/{WORDS}.html", f"/reports/%00{WORDS}", f"/dashboards/{WORDS}",
    f"/dashboards/state/{WORDS}", f"/voila/static/{WORDS}", f"/voila/static/%00{WORDS}",
    f"/voila/templates/lab/static/{WORDS}", f"/voila/labextensions/{WORDS}%00",
    f"/voila/api/themes/{WORDS}", f"/login?path={WORDS}", f"/login?path=%ff{WORDS}",
    f"http://{WORDS}/", WORDS, "*", "/" + "x" * 60_000 + WORDS, f"/?{WORDS}" + "&a=b" * 20_000,
)  # fmt: skip
NAMES = (
    "User-Agent", "Referer", "Cookie", "Host", "Origin", "Authorization", "X-Forwarded-For",
    "X-Real-IP", "X-Forwarded-Proto", "X-Scheme", "Accept", "Accept-Language", "If-None-Match",
    "If-Modified-Since", "Range", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Content-Type", "Expect",
    "Content-Length", "Transfer-Encoding", "Content-Encoding", "Connection", WORDS,
)  # fmt: skip
VALUES = (
    WORDS, f"{WORDS}.example:80", f"[{WORDS}]", f"a={WORDS}; b", f"{WORDS}\t{WORDS}", FORGED,
    f"{FORGED}\r\n {FORGED}", f"\x1b[2J{WORDS}", f"\u202e{WORDS}", "x" * 30_000 + WORDS,
)  # fmt: skip
BODIES = (
    (f"password={WORDS}&path={WORDS}".encode(), FORM),
    (b"password=%ff\xff&" + WORDS.encode(), FORM),
    (b"=&" * 5000 + WORDS.encode(), FORM), (f"path={WORDS}".encode(), FORM), (b"", FORM),
    (b"password=" + b"x" * 900_000 + WORDS.encode(), FORM),
    (WORDS.encode(), f"multipart/form-data; boundary={WORDS}"),
    (WORDS.encode(), "multipart/form-data"),
    (b"--b\r\n" + WORDS.encode(), "multipart/form-data; boundary=b"),
    (f"--b\r\nContent-Disposition: form-data; {WORDS}\r\n\r\nx\r\n--b--".encode(),
     "multipart/form-data; boundary=b"),
    (f'{{"password": "{WORDS}"'.encode(), "application/json"), (WORDS.encode(), WORDS),
)  # fmt: skip
BROKEN = (
    WORDS.encode(), f"{WORDS}\r\n\r\n".encode(), f"GET {WORDS}\r\n\r\n".encode(),
    f"GET / HTTP/9.9 {WORDS}\r\n\r\n".encode(), f"GET / {WORDS}\r\n\r\n".encode(),
    f"GET / HTTP/1.1\r\n{WORDS}\r\n\r\n".encode(), f"GET / HTTP/1.1\r\n: {WORDS}\r\n\r\n".encode(),
    f"GET / HTTP/1.1\r\n {WORDS}\r\n\r\n".encode(), b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
     b"x: " + b"y" * 200_000 + WORDS.encode() + b"\r\n\r\n", b"\x16\x03\x01" + WORDS.encode() * 20,
    f"POST /login HTTP/1.1\r\nContent-Length: {WORDS}\r\n\r\n".encode(),
    f"POST /login HTTP/1.1\r\nContent-Length: {8 * LARGE}\r\n\r\n{WORDS}".encode(),
    f"POST /login HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\n{WORDS}".encode(),
    f"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{WORDS}\r\n".encode(),
    f"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n{WORDS}\r\n".encode(),
    f"POST /login HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{WORDS}".encode(),
    f"POST /login HTTP/1.1\r\nContent-Length: 12\r\nContent-Encoding: gzip\r\n\r\n{WORDS}".encode(),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + WORDS.encode(), b"\0" * 5000, b"\xff" * 5000,
)  # fmt: skip
