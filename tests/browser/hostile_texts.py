"""Texts that run where they are not held down, and what notices that one ran.

A payload tells of itself in every way it can: a name set in the window, another title, a dialog,
an element of its own, a link that runs a script when it is followed, a request to a canary.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONG = 40_000  # characters; a cell of a worksheet holds 32,767
# Every way a payload of ours can be seen, once it got out of its text.
TRACES = """() => {
  const found = [];
  if (window.__pwned) found.push("script: " + window.__pwned);
  if (document.querySelector("[data-pwned]")) found.push("element");
  const links = "a[href], area[href], form[action], iframe, object, embed";
  const bad = /^[\\s\\u0000-\\u001f]*(javascript|vbscript|data:text.html)/i;
  for (const one of document.querySelectorAll(links)) {
    const address = one.getAttribute("href") || one.getAttribute("action") ||
      one.getAttribute("src") || one.getAttribute("data") || "";
    if (bad.test(address)) found.push("link: " + one.tagName);
  }
  for (const one of document.querySelectorAll("svg a")) {
    const address = one.getAttributeNS("http://www.w3.org/1999/xlink", "href") || "";
    if (bad.test(address)) found.push("link in a drawing");
  }
  return found;
}"""


def payloads(canary: str) -> dict[str, str]:
    """Return the payloads by name; ``canary`` is an address that must not be asked."""
    run = f"window.__pwned=1;document.title='pwned';fetch('{canary}/ran')"
    mark = "<b data-pwned=1>x</b>"
    return {
        "script": f"<script>{run}</script>{mark}",
        "breakout": f"</script></style></title></textarea></svg><script>{run}</script>{mark}",
        "comment and CDATA": f"--><!-- ]]><script>{run}</script>{mark}<!--",
        "image": f'"><img src={canary}/image onerror="{run}" data-pwned=1>',
        "drawing": f'</text></svg><svg data-pwned=1 onload="{run}"><script>{run}</script></svg>',
        "address": f"javascript:{run}",
        "template marks": f"{{{{7*7}}}}{{% set x=7*7 %}}${{7*7}}{{{{constructor.constructor("
                          f'"{run}")()}}}}<%= 7*7 %>#{{7*7}}',
        "Vega expression": f"']+(window.__pwned=1)+datum['x' + warn(\"{run}\") + "
                           '{"signal": "window.__pwned=1"}',
        "markdown link": f"[press](javascript:{run}) ![x]({canary}/markdown) <{canary}/auto>\n"
                         f'# head\n\n<img src=x onerror="{run}" data-pwned=1>',
        "mathematics": f"$\\href{{javascript:{run}}}{{x}}$ \\(\\href{{javascript:{run}}}{{y}}\\) "
                       f"$$\\unicode{{60}}\\require{{html}}\\style{{x}}{{y}}$$",
        "entities": f"&lt;script&gt;{run}&lt;/script&gt;&amp;lt;img src=x onerror={run} "
                    f"data-pwned=1&amp;gt;&#60;svg onload={run}&#62;",
        "style": f"</style><style>@import '{canary}/style';*{{background:url({canary}/url)}}"
                 f'</style><p style="width:expression({run});background:url({canary}/p)">',
        "line separators": f"x\u2028\";{run};//\u2029';{run};//\r\n</script>{mark}",
        "direction and zero width": f"\u202egnp.exe\u2066<\u200bscript>{run}</script>\ufeff{mark}",
        "NUL and controls": f'a\x00<img src=x onerror="{run}" data-pwned=1>\x01\x08\x0b\x1f\x7f'
                            f"\x85\ufffe",
        "terminal": f"\x1b[2J\x1b]0;pwned\x07\x1b]8;;{canary}/link\x07x\x9b31m\x1b[31m",
        "formula cmd": "=cmd|'/c calc'!A1",
        "formula at": f'@SUM(1+1)*HYPERLINK("{canary}/at";"x")',
        "formula plus": f'+1+WEBSERVICE("{canary}/plus")',
        "formula minus": f'-1;=HYPERLINK("{canary}/minus")',
        "formula tab": "\t=1+1",
        "very long": f"{'x' * LONG}<script>{run}</script>{mark}",
    }  # fmt: skip


@dataclass
class Canary:
    """A server that nobody may ask: ``asked`` are the paths that somebody did."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def canary() -> Iterator[Canary]:
    """Run a canary on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.asked.append(self.path)
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        do_POST = do_GET  # noqa: N815  the name the library calls

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Canary(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Watch:
    """Looks at one page for anything that ran: dialogs, requests, elements, titles."""

    def __init__(self, page: Any, heard: Canary) -> None:
        self.page = page
        self._heard, self._before = heard, len(heard.asked)
        self._seen: list[str] = []
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("popup", lambda _: self._seen.append("window"))

    def ran(self) -> list[str]:
        """Return what is known to have run until now, in every frame of the page."""
        found = [*self._seen, *(f"request {path}" for path in self._heard.asked[self._before :])]
        for frame in self.page.frames:
            found += frame.evaluate(TRACES)
        if self.page.title() == "pwned":
            found.append("title")
        return found

    def _dialog(self, dialog: Any) -> None:
        self._seen.append(f"dialog {dialog.type}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if request.url.startswith(self._heard.url):
            self._seen.append(f"request {request.url.removeprefix(self._heard.url)}")
