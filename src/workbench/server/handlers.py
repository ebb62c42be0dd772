"""What answers a request: the index, a report, a dashboard, its kernel, the page to log in."""

from __future__ import annotations

import json
import re
from asyncio import get_running_loop, sleep
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado import web
from tornado.iostream import StreamClosedError
from voila.app import ThemesHandler  # JupyterLab's
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler

from workbench.collect.queue.overview import collector_of
from workbench.errors import WorkbenchError
from workbench.language import mark, t, use_language
from workbench.language.choice import languages_by_name
from workbench.report.page_contents import with_way_back
from workbench.rights import Right, Rights
from workbench.server import index
from workbench.server.access import SENTENCES, TEMPLATES, Guarded
from workbench.server.card_lines import CardLine, card_lines, survey_lines
from workbench.server.index_facts import FactsReader, IndexFacts
from workbench.server.login_attempts import LoginAttempts
from workbench.server.visits import Busy, TooMany
from workbench.server.waiting_room import ASK_AGAIN_S
from workbench.stages.handed_files import fetched_file

# A dashboard's scripts are files of this server; anywidget loads a widget's module from a blob.
# Nothing may ask another host, and no script may stand in the page itself, nor in an attribute.
# Styles must be allowed in the page: Voila's bundle, JupyterLab and anywidget write their style
# sheets into <style> elements when they start, and drawings and our bars have style attributes.
OWN_SCRIPTS = (
    "default-src 'none'; script-src 'self' blob:; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' blob: data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
REPORT_STYLES = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "object-src 'none'; form-action 'none'; frame-ancestors 'none'"
)

PIECE_BYTES = 1 << 20  # of a file on its way
KNOWN_DAYS = 90.0  # that a browser which has logged in is known by
OWN_PATH = re.compile(r"/(?:[\w.-]+/?)*", re.ASCII)  # two slashes would name another host


class LivePage(Guarded):
    """A page that says how the workspace stands."""

    right = Right.LOOK

    def initialize(self, workspace: Path, reader: FactsReader) -> None:
        """Take the workspace's folder, and who reads what is said of it."""
        self.workspace = workspace
        self.reader = reader

    async def facts(self) -> IndexFacts:
        """Return how the workspace stands; a disk that is slow holds up nobody else."""
        return await get_running_loop().run_in_executor(None, self.reader.facts)

    def lines(self, facts: IndexFacts) -> dict[str, list[CardLine]]:
        """Return the lines of what the visitor may open, and of the survey, in her language."""
        with use_language(self.language):
            closed = {page.name for page in index.dashboards() if not self.rights.allow(page.right)}
            now = datetime.now()  # noqa: DTZ005  as images have it
            cards = card_lines(facts, now).items()
            shown = {name: [line] for name, line in cards if name not in closed}
            return {"survey": survey_lines(facts), **shown}


class Index(LivePage):
    """The page at ``/``."""

    async def get(self) -> None:
        """List the dashboards that the visitor may open, and the reports."""
        facts = await self.facts()
        self.show(
            "home.html",
            scripts=True,
            collector=await collector(self.workspace, self.rights, self.language),
            survey="" if isinstance(facts.settings, WorkbenchError) else facts.settings.survey.name,
            dashboards=[page for page in self._dashboards() if self.rights.allow(page.right)],
            languages=languages_by_name(),
            lines=self.lines(facts),
            reports=index.reports(self.workspace),
            rights=self.rights,
        )

    def _dashboards(self) -> tuple[index.Dashboard, ...]:
        with use_language(self.language):
            return index.dashboards()


class ShownReport(Guarded):
    """A finished report: a file somebody else's texts are in, so it may run nothing."""

    right = Right.LOOK

    def initialize(self, workspace: Path) -> None:
        """Take the workspace's folder."""
        self.workspace = workspace

    def show_file(self, path: Path | None) -> None:
        """Answer with a page that may run nothing."""
        if path is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        # A page of no origin: what runs in it, if anything, cannot reach a kernel.
        self.set_header("Content-Security-Policy", f"sandbox; {REPORT_STYLES}")
        with use_language(self.language):
            self.finish(with_way_back(path.read_bytes(), t("All pages and reports")))


class ReportPage(ShownReport):
    """The newest report of a plan, or one that somebody has put into the folder."""

    right = Right.LOOK

    def get(self, name: str) -> None:
        """Answer with a file of the listing; a name is looked up, never made a path."""
        self.show_file(index.report_files(self.workspace).get(name))


class ReportCopy(ShownReport):
    """A dated copy of a report, as it was made."""

    right = Right.LOOK

    def get(self, plan: str, name: str) -> None:
        """Answer with a file of the folder of a plan, or of what was asked for on a page."""
        self.show_file(index.report_copy(self.workspace, plan, name))


class HandedOut(Guarded):
    """A file that a page has written and that is too large for a message to the page."""

    right = Right.LOOK

    def initialize(self, workspace: Path) -> None:
        """Take the workspace's folder."""
        self.workspace = workspace

    async def get(self, right: str, name: str) -> None:
        """Hand the file out piece by piece, to who has the right that its folder names."""
        self.need(Right(right))
        path = fetched_file(self.workspace, Right(right), name)
        if path is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f'attachment; filename="{name.partition("-")[2]}"')
        self.set_header("Content-Length", str(path.stat().st_size))
        with path.open("rb") as file, suppress(StreamClosedError):  # nobody waits for it any more
            while piece := file.read(PIECE_BYTES):
                self.write(piece)
                await self.flush()


class DashboardPage(Guarded):
    """A dashboard, in a kernel of the visitor's own; its notebook says which right it needs."""

    right = Right.LOOK
    left = False

    def on_connection_close(self) -> None:
        """Note that nobody waits for the page any more."""
        self.left = True
        super().on_connection_close()

    async def get(self, name: str) -> None:
        """Show the dashboard of that name, or say how long the line is."""
        with use_language(self.language):
            dashboard = next((page for page in index.dashboards() if page.name == name), None)
        if dashboard is None:
            raise web.HTTPError(404)
        self.need(dashboard.right)
        try:
            visit = await self.kernels.visit(f"{name}.ipynb", self.visitor, self.rights)
        except Busy as busy:
            self._wait(503, dashboard.title, place=busy.place)
            return
        except TooMany as many:
            self._wait(429, dashboard.title, mine=many.number)
            return
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.set_header("Content-Security-Policy", OWN_SCRIPTS)
        try:
            async for html in visit.html(self.language):
                if self.left:
                    raise StreamClosedError
                self.write(html)
                await self.flush()
        except StreamClosedError:
            await self.kernels.leave(visit.kernel_id)
        else:
            self.kernels.unheard.sent(visit.kernel_id)

    def _wait(self, status: int, title: str, **why: Any) -> None:
        """Answer with a page that comes again by itself."""
        self.set_status(status)
        self.set_header("Retry-After", str(ASK_AGAIN_S))
        self.show("busy.html", seconds=ASK_AGAIN_S, title=title, **why)


class PageScript(Guarded):
    """A script of our pages."""

    right = Right.LOOK

    def initialize(self, script: str) -> None:
        """Take the name of the script's file."""
        self.script = script

    def get(self) -> None:
        """Answer with the script."""
        self.set_header("Content-Type", "text/javascript; charset=UTF-8")
        self.finish((TEMPLATES / self.script).read_bytes())


class PageState(LivePage):
    """Says to a page without a kernel that the server is there, and how the workspace stands."""

    async def get(self) -> None:
        """Answer with what is wrong with the page (nothing), and all that is live on it."""
        state = await collector(self.workspace, self.rights, self.language)
        lines = self.lines(await self.facts())
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"text": "", "collector": state, "lines": as_json(lines)}))


def as_json(lines: Mapping[str, list[CardLine]]) -> dict[str, list[dict[str, str]]]:
    """Return lines for the page's script."""
    return {name: [line.as_json() for line in told] for name, told in lines.items()}


async def collector(workspace: Path, rights: Rights, language: str) -> dict[str, str] | None:
    """Return how the collector stands, for who may steer it; ``None`` for others."""
    if not rights.allow(Right.COLLECT):
        return None

    def said() -> dict[str, str] | None:
        # A thread has the language of nobody.
        with use_language(language):
            state = collector_of(workspace)
            return state.as_json() if state else None

    return await get_running_loop().run_in_executor(None, said)


class OfOwnKernel(Guarded):
    """A handler about one kernel: for others than its visitor there is no such kernel."""

    right = Right.LOOK

    async def prepare(self, **options: Any) -> None:
        """Answer 404 for the kernel of somebody else."""
        await super().prepare(**options)
        kernel_id = self.path_kwargs["kernel_id"]
        if not self._finished and self.kernels.owner(kernel_id) != self.visitor:
            raise web.HTTPError(404)
        self.kernels.unheard.heard(kernel_id)


class KernelState(OfOwnKernel):
    """Says whether a page's kernel is still there, and why not."""

    async def get(self, kernel_id: str) -> None:
        """Answer with one sentence; empty while all is well."""
        await self.kernels.look_at(kernel_id)
        self.set_header("Content-Type", "application/json")
        with use_language(self.language):
            why = self.kernels.why_ended(kernel_id)
            self.finish(json.dumps({"text": t(why) if why else ""}))


class Goodbye(OfOwnKernel):
    """Ends a visitor's kernel when the page is closed."""

    allowed_methods = frozenset({"POST"})

    async def post(self, kernel_id: str) -> None:
        """End it."""
        await self.kernels.leave(kernel_id)
        self.set_status(204)


class OwnKernel(OfOwnKernel, KernelHandler):
    """What Jupyter tells about a kernel, to its visitor; its end is the farewell's affair."""


class PageFile(Guarded, MultiStaticFileHandler):  # type: ignore[misc]
    """A file of Voila's page."""

    right = Right.LOOK


class TemplateFile(Guarded, TemplateStaticFileHandler):  # type: ignore[misc]
    """A file of Voila's template."""

    right = Right.LOOK


class ExtensionFile(Guarded, FileFindHandler):
    """A file of a widget manager or of anywidget."""

    right = Right.LOOK


class ThemeFile(Guarded, ThemesHandler):  # type: ignore[misc]
    """A style sheet of JupyterLab's themes."""

    right = Right.LOOK


class Unknown(Guarded):
    """Every address that nothing else answers."""

    right = None

    async def prepare(self, **_: Any) -> None:
        """Say so, whoever asks; a token in the address is not looked at."""
        raise web.HTTPError(404 if self.check_host() else 403)


class Login(Guarded):
    """Where somebody proves a right by its password."""

    right = None
    allowed_methods: ClassVar[frozenset[str]] = frozenset({"GET", "POST"})

    @allow_unauthenticated
    def get(self) -> None:
        """Show the form, or say where an address with the token is found."""
        self.set_status(200 if self.session else 403)
        self.refuse()

    @property
    def attempts(self) -> LoginAttempts:
        """What was tried lately."""
        attempts: LoginAttempts = self.settings["login_attempts"]
        return attempts

    @allow_unauthenticated
    async def post(self) -> None:
        """Give the rights of a password; a wrong one says no more than that."""
        origin = self.request.remote_ip or "", self.get_cookie(self._known) or ""
        if wait := self.attempts.wait_s(*origin):
            self.set_status(429)
            self.set_header("Retry-After", str(wait))
            self.show("error.html", sentence=SENTENCES[429])
            return
        password = self.get_body_argument("password", "", strip=False)
        trial = self.settings["passwords"].granted
        with self.attempts.attempt(*origin) as seconds:
            await sleep(seconds)
            rights = await get_running_loop().run_in_executor(None, trial, password)
        if not rights.given:
            self.set_status(403)
            self.refuse(mark("That is no password of this workspace."))
            return
        self.log_in(rights)
        if browser := self.attempts.succeeded(*origin):
            self.give_cookie(self._known, browser, expires_days=KNOWN_DAYS)
        path = self.get_body_argument("path", "/")
        self.redirect(path if OWN_PATH.fullmatch(path) else "/", status=303)

    @property
    def _known(self) -> str:
        return f"workbench-known-{self.settings['port']}"


class Logout(Guarded):
    """Where a browser gives its rights back."""

    right = Right.LOOK
    allowed_methods = frozenset({"POST"})

    async def post(self) -> None:
        """End the session and the visitor's kernels."""
        await self.kernels.leave_all(self.visitor)
        self.log_out()
        self.redirect("/login", status=303)
