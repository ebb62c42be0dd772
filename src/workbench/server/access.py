"""Before anything answers: which host was asked, who asks, and with which right.

Every handler of the server is a ``Guarded`` one and says its right; the server does not start with
one that does not.  A token in an address is taken once, in exchange for a cookie; the browser goes
on without it.  Errors are one sentence of ours; no log line has an address in it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from inspect import isawaitable
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from workbench.language import mark, use_language
from workbench.rights import Right, Rights
from workbench.server.page_words import spoken
from workbench.server.sessions import Session, Sessions
from workbench.server.visitor_language import (
    COOKIE,
    KEPT_DAYS,
    chosen_language,
    visitor_language,
)
from workbench.server.visits import VisitorKernels

TEMPLATES = Path(__file__).parent / "templates" / "workbench"
SCHEME = re.compile(r"(?:bearer|token)\s+(\S+)", re.IGNORECASE)
BROWSER = "text/html"
SENTENCES = {
    404: mark("There is no such page."),
    405: mark("There is no such page."),
    429: mark("Too many passwords were tried. Wait a minute, then try again."),
    503: mark("The server is busy."),
}
BROKEN = mark("The page could not be made. Reload it; if this stays, run workbench check.")


class SessionIdentity(IdentityProvider):
    """Tells Jupyter's own handlers who asks, as ``Guarded`` has settled it."""

    @property
    def auth_enabled(self) -> bool:
        """Nothing is open to everybody."""
        return True

    @property
    def login_available(self) -> bool:
        """The page to log in is ours."""
        return False

    def get_user(self, handler: web.RequestHandler) -> User | None:
        """Return who asks; ``None`` where nobody has proved anything."""
        session: Session | None = getattr(handler, "session", None)
        return User(session.visitor, "visitor", "visitor", "V") if session else None

    def get_handlers(self) -> list[tuple[str, object]]:
        """No address of its own."""
        return []

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:  # noqa: ARG002
        """No request is spared the question where it comes from."""
        return False


class Guarded(JupyterHandler):
    """A handler that answers only who has its right; ``None`` is for everybody.

    Each must say it in so many words, so that a handler without a rule is an error.
    """

    right: ClassVar[Right | None]
    allowed_methods: ClassVar[frozenset[str]] = frozenset({"GET", "HEAD"})
    session: Session | None = None
    missing: Right | None = None

    async def prepare(self, **options: Any) -> None:
        """Ask for the right; a browser then goes on without the token in its address."""
        if not self.check_host():
            raise web.HTTPError(403)
        if self.request.method not in self.allowed_methods:
            raise web.HTTPError(405)
        self.session = self._who()
        if self.right is not None:
            self.need(self.right)
        self._take_token_away()
        if code := chosen_language(self):
            self.give_cookie(COOKIE, code, expires_days=KEPT_DAYS)
        if not self._finished:
            prepared = super().prepare(**options)
            if isawaitable(prepared):
                await prepared

    @property
    def rights(self) -> Rights:
        """What who asks may do."""
        return self.session.rights if self.session else Rights()

    @property
    def sessions(self) -> Sessions:
        """The sessions of this server."""
        sessions: Sessions = self.settings["sessions"]
        return sessions

    @property
    def kernels(self) -> VisitorKernels:
        """The kernels of all visitors."""
        kernels: VisitorKernels = self.settings["kernel_manager"]
        return kernels

    @property
    def visitor(self) -> str:
        """The random name of who asks."""
        assert self.session is not None
        return self.session.visitor

    @property
    def language(self) -> str:
        """The code of the language that the visitor reads."""
        return visitor_language(self)

    def need(self, right: Right) -> None:
        """Answer 403 where a right is missing."""
        if not self.rights.allow(right):
            self.missing = right
            raise web.HTTPError(403)

    def log_in(self, rights: Rights) -> None:
        """Give the browser a cookie for these rights besides those it has."""
        key, self.session = self.sessions.open(rights, self.session)
        self.give_cookie(self._cookie, key)

    def give_cookie(self, name: str, value: str, **options: Any) -> None:
        """Give the browser a cookie that only this server is sent, and no script can read."""
        self.set_cookie(
            name, value, path="/", httponly=True, samesite="Strict",
            secure=self.request.protocol == "https", **options,
        )  # fmt: skip

    def log_out(self) -> None:
        """End the session of the browser."""
        self.sessions.close(self.get_cookie(self._cookie) or "")
        self.clear_cookie(self._cookie, path="/")

    @property
    def _cookie(self) -> str:
        # Cookies know no ports: two servers of a machine must not take each other's.
        return f"workbench-{self.settings['port']}"

    def _who(self) -> Session | None:
        """Return who asks, by cookie, header or address; a token of an address makes a cookie."""
        known = self.sessions.find(self.get_cookie(self._cookie) or "")
        scheme = SCHEME.fullmatch(self.request.headers.get("Authorization", "").strip())
        if scheme and (bearer := self.sessions.bearing(scheme.group(1))):
            return bearer
        self.session = known
        if token := self._token():
            rights = self.sessions.granted(token)
            if rights.given and not (known and known.rights.given >= rights.given):
                self.log_in(rights)
        return self.session

    def _token(self) -> str:
        values = self.request.query_arguments.get("token", [b""])
        return values[-1].decode("utf-8", "replace")

    def _take_token_away(self) -> None:
        """Lead a browser to the same address without the token."""
        if "token" not in self.request.query_arguments or not self._browser():
            return
        if self._from_elsewhere():
            self._go_on()
        else:
            self.redirect(self._clean_address())

    def _clean_address(self) -> str:
        """Return the address that was asked for, without a token."""
        rest = [
            (name, value)
            for name, values in self.request.query_arguments.items()
            for value in values
            if name != "token"
        ]
        # The path as we know it: one with two slashes in front would name another host.
        path = "/" + self.request.path.lstrip("/")
        return f"{path}?{urlencode(rest)}" if rest else path

    def _go_on(self) -> None:
        """Lead on by a page of ours: after a link elsewhere no redirect bears a strict cookie."""
        self.set_status(200)
        self.show("go_on.html", path=self._clean_address())

    def _from_elsewhere(self) -> bool:
        return self._browser() and self.request.headers.get("Sec-Fetch-Site") == "cross-site"

    def _browser(self) -> bool:
        headers = self.request.headers
        return headers.get("Sec-Fetch-Mode") == "navigate" or BROWSER in headers.get("Accept", "")

    @property
    def content_security_policy(self) -> str:
        """No script at all, and our own style only."""
        return no_scripts()

    def set_default_headers(self) -> None:
        """Keep pages out of caches and their address out of other pages."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")

    def check_xsrf_cookie(self) -> None:
        """Refuse what another site's page sends; its strict cookie would be missing, too.

        In place of Jupyter's second cookie, which Voila's farewell cannot send (voila issue 1458).
        """
        origin, site = (self.request.headers.get(name) for name in ("Origin", "Sec-Fetch-Site"))
        if site not in (None, "same-origin", "none"):
            raise web.HTTPError(403)
        if origin == "null" and site == "same-origin":
            return  # a form of ours: a page that sends no referrer does not name itself either
        if origin is not None and urlsplit(origin).netloc.lower() != self.request.host.lower():
            raise web.HTTPError(403)

    def show(self, template: str, *, scripts: bool = False, **values: Any) -> None:
        """Answer with a template of ours, every value escaped; ``scripts`` lets ours run."""
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        # The page of an error may come from a handler with another policy.
        self.set_header("Content-Security-Policy", own_scripts() if scripts else no_scripts())
        with use_language(self.language):
            page = self.settings["jinja2_env"].get_template(template).render(**values)
            self.finish(spoken(page))

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer with one sentence; never with the words of an exception."""
        if status_code == 403 and self.session is None and self._from_elsewhere():
            self._go_on()  # it may have a cookie, which a link elsewhere does not bring
        elif status_code == 403:
            self.refuse()
        else:
            again = status_code >= 500 and self.request.method == "GET"
            self.show(
                "error.html", sentence=SENTENCES.get(status_code, BROKEN), again=again,
                path=self._clean_address(),
            )  # fmt: skip

    def refuse(self, problem: str = "") -> None:
        """Say what is missing, and how to get it."""
        here = self.request.path if self.request.method == "GET" else "/"
        self.show(
            "login.html", missing=self.missing, rights=self.rights, problem=problem, path=here,
            passwords=self.settings["passwords"],
        )  # fmt: skip

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Log no words of an error and no address: ``(kind, module, line)`` at most."""
        if isinstance(error, web.HTTPError) and error.status_code < 500:
            return
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
        self.log.error("an error in %s (%s)", place, getattr(kind, "__name__", "not said"))

    def _request_summary(self) -> str:
        return f"{self.request.method} of an address"


@lru_cache(1)
def no_scripts() -> str:
    """Return the policy of our own pages: one style, known by its hash, and a form to ourselves."""
    style = (TEMPLATES / "page.css").read_text("utf-8").removesuffix("\n")  # as Jinja includes it
    known = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{known}'; img-src data:; base-uri 'none'; "
        "object-src 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def own_scripts() -> str:
    """Return the policy of a page of ours whose script is a file and asks this server."""
    return f"{no_scripts()}; script-src 'self'; script-src-attr 'none'; connect-src 'self'"
