"""What answers a request: the index, a report, a dashboard, and a visitor's good-bye."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado import web
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler

from workbench.server import index
from workbench.settings import read_settings

# A dashboard's scripts are Voila's own, inline and from here; anywidget loads a widget's module
# from a blob.  Nothing may ask another host, and no attribute may hold a script.
OWN_SCRIPTS = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; "
    "script-src-attr 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' blob: data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NO_SCRIPTS = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
SENTENCES = {
    403: "This page needs the address that workbench serve printed: it ends with ?token=…",
    404: "There is no such page.",
}
BROKEN = "The page could not be made. Reload it; if this stays, run workbench check."


class Page(JupyterHandler):
    """A page of ours: needs the token, keeps it out of the address, errs in one sentence."""

    async def prepare(self, **options: Any) -> None:
        """Ask for the token; a browser then goes on without it in its address and history."""
        await super().prepare(**options)
        browser = self.request.headers.get("Sec-Fetch-Mode") == "navigate"
        if browser and "token" in self.request.query_arguments and not self._finished:
            rest = [
                (name, value)
                for name, values in self.request.query_arguments.items()
                for value in values
                if name != "token"
            ]
            # The path as we know it: one with two slashes in front would name another host.
            path = "/" + self.request.path.lstrip("/")
            self.redirect(f"{path}?{urlencode(rest)}" if rest else path)

    @property
    def content_security_policy(self) -> str:
        """No script at all."""
        return NO_SCRIPTS

    def set_default_headers(self) -> None:
        """Keep pages out of caches and their address out of other pages."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    def show(self, template: str, **values: Any) -> None:
        """Answer with a template of ours, every value escaped."""
        self.finish(self.settings["jinja2_env"].get_template(template).render(**values))

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer with one sentence; never with the words of an exception."""
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.show("error.html", sentence=SENTENCES.get(status_code, BROKEN))


class Index(Page):
    """The page at ``/``."""

    def initialize(self, workspace: Path) -> None:
        """Take the workspace's folder."""
        self.workspace = workspace

    @web.authenticated
    def get(self) -> None:
        """List the dashboards and the reports."""
        self.show(
            "home.html",
            survey=read_settings(self.workspace).survey,
            dashboards=index.dashboards(),
            reports=index.reports(self.workspace),
        )


class ReportPage(Page):
    """A finished report: a file somebody else's texts are in, so it may run nothing."""

    def initialize(self, workspace: Path) -> None:
        """Take the workspace's folder."""
        self.workspace = workspace

    @property
    def content_security_policy(self) -> str:
        """A page of no origin: what runs in it, if anything, cannot reach a kernel."""
        return f"sandbox; {NO_SCRIPTS}"

    @web.authenticated
    def get(self, name: str) -> None:
        """Answer with a file of the listing; a name is looked up, never made a path."""
        path = index.report_files(self.workspace).get(name)
        if path is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(path.read_bytes())


class DashboardPage(Page, TornadoVoilaHandler):  # type: ignore[misc]
    """A dashboard, run by Voila in a kernel of the visitor's own."""

    @property
    def content_security_policy(self) -> str:
        """Scripts of this server only."""
        return OWN_SCRIPTS

    @web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Run the dashboard of that name."""
        if path not in {dashboard.name for dashboard in index.dashboards()}:
            raise web.HTTPError(404)
        await TornadoVoilaHandler.get(self, f"{path}.ipynb")

    def should_use_rendered_notebook(
        self, notebook_data: dict[str, Any], pool_size: int, *_: object
    ) -> bool:
        """Use a kernel that waits whatever theme is asked for: the browser sets the theme."""
        return bool(pool_size and notebook_data)


class Login(Page):
    """Where Jupyter sends who has no token: there is nothing to fill in."""

    @allow_unauthenticated
    def get(self) -> None:
        """Say where the address with the token is found."""
        self.set_status(403)
        self.show("error.html", sentence=SENTENCES[403])


class Goodbye(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Ends a visitor's kernel when the page is closed."""

    def check_xsrf_cookie(self) -> None:
        """Do without the cookie that Voila's farewell cannot send (voila issue 1458).

        With it every farewell is refused, and 75 to 250 MB a visit stay until the culling.  The
        request still needs the token's cookie, our own origin, and the kernel's random number.
        """
