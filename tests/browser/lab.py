"""JupyterLab on loopback and a browser that lets nothing out, for the tests beside this file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workbench.simulate.peers import free_port

ROOT = Path(__file__).resolve().parents[2]
# JupyterLab looks for news, updates and extensions on the internet unless it is told not to.
SETTINGS = """
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.IdentityProvider.token = ""
c.ServerApp.password = ""
c.KernelManager.transport = "tcp"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
"""
OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false", "checkForUpdates": False,
    },
    # All cells are in the page at once, so that a test can look at every one.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}  # fmt: skip
LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:")


@dataclass
class Tab:
    """A page of the browser, with what it asked for outside and what it complained about."""

    page: Any
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def this_interpreter(folder: Path) -> Path:
    """Write a kernel specification for the running interpreter; return the JUPYTER_PATH."""
    kernel = folder / "kernels" / "python3"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    paths = os.pathsep.join(
        [str(ROOT / "src"), str(ROOT / "widgets"), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    spec = {
        "argv": command, "display_name": "Python 3", "language": "python",
        "env": {"PYTHONPATH": paths},
    }  # fmt: skip
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder


@contextmanager
def jupyterlab(folder: Path, home: Path, workspace: Path) -> Iterator[str]:
    """Run JupyterLab over ``folder``, its settings in ``home``; give its address."""
    config = home / "config"
    (config / "labconfig").mkdir(parents=True)
    (config / "jupyter_server_config.py").write_text(SETTINGS, encoding="utf-8")
    overrides = config / "labconfig" / "default_setting_overrides.json"
    overrides.write_text(json.dumps(OVERRIDES), encoding="utf-8")
    port = free_port()
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PATH": str(this_interpreter(home / "share")),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "WORKBENCH_WORKSPACE": str(workspace),
    }
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}", "--ServerApp.port_retries=0"]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, home / "server.log")
        yield address
    finally:
        _shut_down(address, server)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _shut_down(address: str, server: subprocess.Popen[bytes]) -> None:
    """Stop the kernels, then the server; wait until they are gone."""
    try:
        with urllib.request.urlopen(f"{address}/api/kernels", timeout=5) as answer:
            for kernel in json.load(answer):
                where = f"{address}/api/kernels/{kernel['id']}"
                gone = urllib.request.Request(where, method="DELETE")
                urllib.request.urlopen(gone, timeout=10).close()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        pass  # the server's own end stops its kernels, too
    server.terminate()
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(5)


@contextmanager
def chromium(**options: Any) -> Iterator[Tab]:
    """Open an empty page in Chromium; whatever it asks for outside is refused and noted."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": 1280, "height": 1000}, **options)
        tab = Tab(context.new_page())

        def judge(route: Any) -> None:
            if route.request.url.startswith(LOCAL):
                route.continue_()
            else:
                tab.outside.append(route.request.url)
                route.abort()

        context.route("**/*", judge)
        tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
        try:
            yield tab
        finally:
            browser.close()


def run_all(tab: Tab, address: str, notebook: str, cells: int) -> None:
    """Open a notebook in JupyterLab, run all its cells and wait for the last."""
    page = tab.page
    page.goto(f"{address}/lab/tree/{notebook}?reset")
    # Before the status bar names an idle kernel the notebook is on screen, but runs nothing.
    page.get_by_text("Python 3 | Idle").wait_for(timeout=45_000)
    page.locator(".jp-Notebook").first.click(position={"x": 5, "y": 5})
    page.keyboard.press("Escape")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Run All Cells", exact=True).click()
    done = """count => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
        .filter(one => /\\[\\d+\\]/.test(one.textContent)).length >= count"""
    page.wait_for_function(done, arg=cells, timeout=60_000)
