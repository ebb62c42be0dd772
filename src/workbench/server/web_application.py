"""The server: Voila with its settings made here, and nothing of it that we do not need."""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path
from jupyter_core.utils import run_sync
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from traitlets.config import Config
from voila.app import Voila
from voila.paths import collect_template_paths
from voila.request_info_handler import RequestInfoSocketHandler
from voila.static_file_handler import TemplateStaticFileHandler
from voila.voila_identity_provider import VoilaIdentityProvider

from workbench.errors import SettingsError
from workbench.report.kernel import ThisInterpreter
from workbench.server.handlers import DashboardPage, Goodbye, Index, Login, ReportPage
from workbench.server.index import dashboard_folder
from workbench.server.kernels import DashboardKernel

Tell = Callable[[str], None]

ADDRESS = "127.0.0.1"
TEMPLATES = Path(__file__).parent / "templates" / "workbench"
# What clinicians and physicists open every day waits ready; each costs a kernel (250 MB).
READY = ("my_scanner", "quality")
# Without Voila's own widget manager every widget stays blank; other extensions that happen to
# be installed only slow the page and write errors.
EXTENSIONS = (
    "@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget",
)  # fmt: skip
CULL_AFTER_S, CULL_EVERY_S = 1200, 60
PING_MS = 30_000
# Of Voila's handlers: kernels, and the files of its pages.
KEPT = ("/api/kernels/", "/voila/static/", "/voila/labextensions/", "/voila/api/themes/")
# Voila's own pattern takes anything, and its handler fails on what is no such path.
TEMPLATE_FILE = r"/voila/templates/(\w+/static(?:/[\w-][\w.-]*)+)"
KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


def configuration(workspace: Path) -> Config:
    """Return every setting that differs from Voila's, for one workspace."""
    c = Config()
    c.Voila.ip = ADDRESS
    c.Voila.root_dir = str(dashboard_folder())
    c.Voila.open_browser = False
    c.Voila.config_file_paths = []  # a voila.json in some folder must not change what is served
    c.Voila.log_level = logging.ERROR
    c.Voila.identity_provider_class = VoilaIdentityProvider
    c.IdentityProvider.cookie_options = {"samesite": "Lax", "httponly": True}
    # "lab" names the files of the page; our folder stands before it on the template path.
    c.VoilaConfiguration.template = "lab"
    c.VoilaConfiguration.allow_template_override = "NO"
    c.VoilaConfiguration.allow_theme_override = "NO"
    c.VoilaConfiguration.show_tracebacks = False
    c.VoilaConfiguration.file_allowlist = []
    c.VoilaConfiguration.extension_allowlist = list(EXTENSIONS)
    c.VoilaConfiguration.kernel_spec_manager_class = ThisInterpreter
    c.VoilaConfiguration.attempt_fix_notebook = False  # it asks which kernels are installed
    c.VoilaConfiguration.preheat_kernel = True
    c.VoilaKernelManager.kernel_pools_config = {
        "default": {"pool_size": 0},
        **{f"{name}.ipynb": {"pool_size": 1} for name in READY},
    }
    c.VoilaExecutor.cell_error_instruction = "Reload the page; if it stays, run workbench check."
    c.MappingKernelManager.cull_idle_timeout = CULL_AFTER_S
    c.MappingKernelManager.cull_interval = CULL_EVERY_S
    kernel = f"{DashboardKernel.__module__}.{DashboardKernel.__name__}"
    c.AsyncMappingKernelManager.kernel_manager_class = kernel
    c.DashboardKernel.workspace = str(workspace)
    return c


class DashboardServer(Voila):  # type: ignore[misc]
    """Voila for one workspace, at one port of this machine; ``start`` blocks."""

    name = "workbench"

    def __init__(
        self, workspace: Path, port: int, tell: Tell, *, token: bool, browse: bool
    ) -> None:
        super().__init__(config=configuration(workspace))
        self.workspace = workspace
        self.tell = tell
        self.browse = browse
        self.port = port
        self.token = secrets.token_urlsafe(24) if token else ""
        for log in (self.log, logging.getLogger("tornado.application")):
            log.addFilter(without_details)

    @property
    def address(self) -> str:
        """Address of the index, with the token."""
        query = f"?token={self.token}" if self.token else ""
        return f"http://{ADDRESS}:{self.port}/{query}"

    def setup_template_dirs(self) -> None:
        """Put our templates before Voila's."""
        super().setup_template_dirs()
        paths = collect_template_paths(
            ["voila", "nbconvert"], "lab", prune=True, root_dirs=jupyter_path()
        )
        self.template_paths = [str(TEMPLATES), *paths]

    def init_settings(self) -> dict[str, Any]:
        """Use our pages for errors, and refuse requests for other host names."""
        settings: dict[str, Any] = super().init_settings()
        settings["jinja2_env"] = settings["voila_jinja2_env"]
        # A page elsewhere whose name leads to 127.0.0.1 is refused by the name.
        settings["allow_remote_access"] = False
        settings["log_function"] = no_log
        settings["ws_ping_timeout"] = PING_MS  # Tornado wants it no longer than the interval
        return settings

    def init_handlers(self) -> list[Any]:
        """Return our pages, and of Voila's handlers only those that a dashboard needs."""
        ours = {"workspace": self.workspace}
        dashboard = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        kept = [handler for handler in super().init_handlers() if handler[0].startswith(KEPT)]
        return [
            ("/", Index, ours),
            ("/login", Login),
            (r"/reports/([^/]+)", ReportPage, ours),
            (r"/dashboards/(\w+)", DashboardPage, dashboard),
            (TEMPLATE_FILE, TemplateStaticFileHandler),
            (rf"/voila/api/shutdown/{KERNEL}", Goodbye),
            # Where a kernel that was started ahead waits for its visitor.
            (rf"/voila/query/{KERNEL}", RequestInfoSocketHandler),
            *kept,
        ]

    def start(self) -> None:
        """Serve until a signal; then end every kernel.

        Raises ``SettingsError`` when the port is taken.
        """
        try:
            sockets = bind_sockets(self.port, ADDRESS)
        except OSError as error:
            raise SettingsError(
                f"port {self.port} cannot be used.", "Choose another with --port."
            ) from error
        self.port = sockets[0].getsockname()[1]  # of port 0 the system chooses one
        self.connection_dir = tempfile.mkdtemp(prefix="wb_")
        self.ioloop = IOLoop.current()
        try:
            self.app = Application(**self.init_settings())
            self.app.add_handlers(".*$", self.init_handlers())
            HTTPServer(self.app).add_sockets(sockets)
            self.tell(self.address)
            if self.browse:
                webbrowser.open(self.address)
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


def no_log(handler: RequestHandler) -> None:
    """Log no request: an address may hold the token."""
    del handler


def without_details(record: logging.LogRecord) -> bool:
    """Keep of an error its kind and place: its words may quote a header."""
    kind = record.exc_info[0] if record.exc_info else None
    if record.levelno >= logging.ERROR:
        record.msg = f"an error in {record.module} ({kind.__name__ if kind else 'not said'})"
        record.args = record.exc_info = record.exc_text = None
    return True
