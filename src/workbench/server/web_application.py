"""The server: Voila with its settings made here, and nothing of it that we do not need."""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import webbrowser
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path
from jupyter_core.utils import run_sync
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from traitlets.config import Config
from voila.app import Voila
from voila.paths import collect_template_paths
from voila.utils import get_voila_labextensions_path

from workbench.errors import SettingsError
from workbench.report.kernel import ThisInterpreter
from workbench.rights import Right
from workbench.server.access import TEMPLATES, Guarded, SessionIdentity
from workbench.server.ended_sessions import LOOK_AGAIN_S, EndedSessions
from workbench.server.handlers import (
    DashboardPage,
    ExtensionFile,
    Goodbye,
    HandedOut,
    Index,
    KernelState,
    Login,
    Logout,
    OwnKernel,
    PageFile,
    PageScript,
    PageState,
    ReportCopy,
    ReportPage,
    TemplateFile,
    ThemeFile,
    Unknown,
)
from workbench.server.index import dashboard_folder
from workbench.server.index_facts import FactsReader
from workbench.server.kernel_messages import ALLOWED
from workbench.server.kernel_socket import OwnKernelMessages
from workbench.server.kernels import DashboardKernel
from workbench.server.login_attempts import LoginAttempts
from workbench.server.page_words import TEMPLATE_WORDS, later
from workbench.server.passwords import Passwords
from workbench.server.quiet_log import quiet
from workbench.server.sessions import Sessions
from workbench.server.visits import LOOK_AFTER_S, VisitorKernels
from workbench.settings import ServerSettings

Tell = Callable[[Mapping[Right, str]], None]
Handled = tuple[str, type[RequestHandler], dict[str, Any]]

ADDRESS = "127.0.0.1"
# What clinicians and physicists open every day waits ready; each costs a kernel (250 MB).
READY = ("my_scanner", "quality")
# Without Voila's own widget manager every widget stays blank; other extensions that happen to
# be installed only slow the page and write errors.
EXTENSIONS = (
    "@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget",
)  # fmt: skip
CULL_AFTER_S, CULL_EVERY_S = 1200, 60
PING_MS = 30_000
TOKEN_BYTES = 24
# Of a form of ours; Tornado reads a body before it is known who sends it.
MAX_BODY_BYTES = 1 << 20
# Voila's own pattern takes anything, and its handler fails on what is no such path.
TEMPLATE_FILE = r"/voila/templates/(\w+/static(?:/[\w-][\w.-]*)+)"
KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


def configuration(workspace: Path, limits: ServerSettings) -> Config:
    """Return every setting that differs from Voila's, for one workspace."""
    c = Config()
    c.Voila.ip = ADDRESS
    c.Voila.root_dir = str(dashboard_folder())
    c.Voila.open_browser = False
    c.Voila.config_file_paths = []  # a voila.json in some folder must not change what is served
    c.Voila.log_level = logging.ERROR
    c.Voila.identity_provider_class = SessionIdentity
    # "lab" names the files of the page; our folder stands before it on the template path.
    c.VoilaConfiguration.template = "lab"
    c.VoilaConfiguration.allow_template_override = "NO"
    c.VoilaConfiguration.allow_theme_override = "NO"
    c.VoilaConfiguration.show_tracebacks = False
    c.VoilaConfiguration.file_allowlist = []
    c.VoilaConfiguration.extension_allowlist = list(EXTENSIONS)
    c.VoilaConfiguration.kernel_spec_manager_class = ThisInterpreter
    c.VoilaConfiguration.attempt_fix_notebook = False  # it asks which kernels are installed
    c.VoilaConfiguration.preheat_kernel = False  # VisitorKernels do, without an open address
    c.VisitorKernels.kernel_pools_config = {
        "default": {"pool_size": 0},
        **{f"{name}.ipynb": {"pool_size": 1} for name in READY},
    }
    c.VisitorKernels.most = limits.kernels
    c.VisitorKernels.most_each = limits.kernels_per_visitor
    c.VisitorKernels.memory_mb = limits.kernel_memory_mb
    c.VisitorKernels.cull_idle_timeout = CULL_AFTER_S
    c.VisitorKernels.cull_interval = CULL_EVERY_S
    c.VoilaExporter.filters = {"words": TEMPLATE_WORDS.__getitem__}
    # Voila says before it, in English, which cell it was.
    again = later("Reload the page; if it stays, run workbench check.")
    c.VoilaExecutor.cell_error_instruction = str(again)
    kernel = f"{DashboardKernel.__module__}.{DashboardKernel.__name__}"
    c.AsyncMappingKernelManager.kernel_manager_class = kernel
    c.DashboardKernel.workspace = str(workspace)
    c.DashboardKernel.memory_mb = limits.kernel_memory_mb
    c.DashboardKernel.autorestart = False  # one that has died holds nothing of its page any more
    return c


class DashboardServer(Voila):  # type: ignore[misc]
    """Voila for one workspace, at one port of this machine; ``start`` blocks.

    Raises ``SettingsError`` when the file of passwords cannot be read.
    """

    name = "workbench"

    def __init__(
        self, workspace: Path, port: int, tell: Tell, limits: ServerSettings, *, browse: bool
    ) -> None:
        super().__init__(config=configuration(workspace, limits))
        self.workspace = workspace
        self.limits = limits
        self.tell = tell
        self.browse = browse
        self.port = port
        self.passwords = Passwords(workspace)
        self.tokens = {
            right: secrets.token_urlsafe(TOKEN_BYTES)
            for right in Right
            if self.passwords.state(right) == "address"
        }
        quiet(self.log)

    @property
    def addresses(self) -> dict[Right, str]:
        """The address of the index for each right; empty for one that nobody has."""
        base = f"http://{ADDRESS}:{self.port}/"
        told = {right: f"{base}?token={token}" for right, token in self.tokens.items()}
        return {
            right: told.get(right, base if self.passwords.state(right) == "password" else "")
            for right in reversed(Right)
        }

    def setup_template_dirs(self) -> None:
        """Put our templates before Voila's."""
        super().setup_template_dirs()
        paths = collect_template_paths(
            ["voila", "nbconvert"], "lab", prune=True, root_dirs=jupyter_path()
        )
        self.template_paths = [str(TEMPLATES), *paths]

    def init_settings(self) -> dict[str, Any]:
        """Use our pages and our kernels, and refuse requests for other host names."""
        settings: dict[str, Any] = super().init_settings()
        self.kernel_manager = settings["kernel_manager"] = VisitorKernels(
            parent=self,
            connection_dir=self.connection_dir,
            kernel_spec_manager=self.kernel_spec_manager,
            allowed_message_types=sorted(ALLOWED),
        )
        environment = settings["voila_jinja2_env"]
        environment.globals.update(TEMPLATE_WORDS)
        sessions = Sessions(self.tokens)
        self.ended_sessions = EndedSessions(sessions, self.kernel_manager)
        return settings | {
            "jinja2_env": environment,
            "language": self.limits.language,
            # A page elsewhere whose name leads to 127.0.0.1 is refused by the name.
            "allow_remote_access": False,
            "log_function": no_log,
            "ws_ping_timeout": PING_MS,  # Tornado wants it no longer than the interval
            "sessions": sessions,
            "ended_sessions": self.ended_sessions,
            "login_attempts": LoginAttempts(),
            "passwords": self.passwords,
            "port": self.port,
        }

    def init_handlers(self) -> list[Handled]:
        """Return every address there is; raises ``TypeError`` for one without a rule."""
        ours = {"workspace": self.workspace}
        live = {**ours, "reader": FactsReader(self.workspace)}
        extensions = get_voila_labextensions_path(self.voila_configuration.extra_labextensions_path)
        handlers: list[Handled] = [
            ("/", Index, live),
            ("/login", Login, {}),
            ("/logout", Logout, {}),
            (r"/reports/([^/]+)", ReportPage, ours),
            (r"/reports/history/([a-z][a-z0-9_-]*)/(\d[\dZ_-]*\.html)", ReportCopy, ours),
            (r"/exports/(look|decide|collect|administer)/([a-z0-9][\w.-]*)", HandedOut, ours),
            (r"/dashboards/(\w+)", DashboardPage, {}),
            (r"/dashboards/page\.js", PageScript, {"script": "dashboard.js"}),
            (r"/alive\.js", PageScript, {"script": "alive.js"}),
            (r"/old-browser\.js", PageScript, {"script": "old_browser.js"}),
            ("/state", PageState, live),
            (rf"/dashboards/state/{KERNEL}", KernelState, {}),
            (rf"/voila/api/shutdown/{KERNEL}", Goodbye, {}),
            (rf"/api/kernels/{KERNEL}", OwnKernel, {}),
            (rf"/api/kernels/{KERNEL}/channels", OwnKernelMessages, {}),
            (TEMPLATE_FILE, TemplateFile, {}),
            (r"/voila/static/(.*)", PageFile, {"paths": self.static_paths}),
            (r"/voila/labextensions/(.*)", ExtensionFile,
             {"path": extensions, "no_cache_paths": ["/"]}),
            (r"/voila/api/themes/(.*)", ThemeFile,
             {"themes_url": "/voila/api/themes", "path": self.themes_dir,
              "labextensions_path": extensions, "no_cache_paths": ["/"]}),
        ]  # fmt: skip
        for pattern, handler, _ in handlers:
            if not issubclass(handler, Guarded) or not hasattr(handler, "right"):
                raise TypeError(f"{pattern} has no rule who may ask for it")
        return handlers

    def application(self) -> Application:
        """Return the application with all its addresses."""
        self.app = Application(**self.init_settings(), default_handler_class=Unknown)
        self.app.add_handlers(".*$", self.init_handlers())
        return self.app

    def start(self) -> None:
        """Serve until a signal; then end every kernel.

        Raises ``SettingsError`` when the port is taken.
        """
        try:
            sockets = bind_sockets(self.port, ADDRESS)
        except OSError as error:
            raise SettingsError(
                "port {port} cannot be used.", "Choose another with --port.", port=self.port
            ) from error
        self.port = sockets[0].getsockname()[1]  # of port 0 the system chooses one
        self.connection_dir = tempfile.mkdtemp(prefix="wb_")
        self.ioloop = IOLoop.current()
        try:
            # A proxy on this machine says whether its visitor came by TLS.
            HTTPServer(self.application(), xheaders=True, max_body_size=MAX_BODY_BYTES).add_sockets(
                sockets
            )
            PeriodicCallback(self.kernel_manager.look_after, LOOK_AFTER_S * 1000).start()
            PeriodicCallback(self.ended_sessions.look_after, LOOK_AGAIN_S * 1000).start()
            self.tell(self.addresses)
            if self.browse:
                self._open_browser()
            self.ioloop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()

    def stop(self) -> None:
        """End the kernels, then remove their sockets: in the other order they are not heard."""
        if hasattr(self, "kernel_manager"):
            run_sync(self.kernel_manager.shutdown_all)(now=True)
        shutil.rmtree(self.connection_dir, ignore_errors=True)

    def _open_browser(self) -> None:
        """Open the page by a file: an address would stand in the list of processes."""
        address = self.addresses[Right.ADMINISTER] or next(filter(None, self.addresses.values()))
        page = Path(self.connection_dir) / "open.html"
        page.write_text(
            f'<meta http-equiv="refresh" content="0;url={escape(address)}">', encoding="utf-8"
        )
        webbrowser.open(page.as_uri())


def no_log(handler: RequestHandler) -> None:
    """Log no request: an address may hold the token."""
    del handler
