"""A page as PDF, printed by Chromium without network, scripts or the user's profile."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from workbench.errors import MissingTool, WorkbenchError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
TIMEOUT_S = 120
QUIET = (
    "--headless", "--disable-gpu", "--disable-extensions", "--disable-background-networking",
    "--no-first-run", "--no-pdf-header-footer", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def browser() -> str:
    """Return the program that prints; raises ``MissingTool`` where there is none."""
    for name in BROWSERS:
        if program := shutil.which(name):
            return program
    raise MissingTool(
        "a PDF is printed by Chromium, which is not installed.",
        "Install it (apt install chromium), or make the report as .html and print that.",
    )


def pdf(page: str) -> bytes:
    """Return a page of ours as PDF.

    Raises ``MissingTool`` without Chromium, ``WorkbenchError`` when it prints nothing.
    """
    program = browser()
    with tempfile.TemporaryDirectory(prefix="workbench-print-") as folder:
        source, printed = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, "utf-8")
        # Its own sandbox is not to be had as root, as in a container.
        root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
        command = [
            program, *QUIET, *root, f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={printed}", source.as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(
                command, check=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            return printed.read_bytes()
        except (subprocess.SubprocessError, OSError) as error:
            raise WorkbenchError(
                f"Chromium did not print the page ({type(error).__name__}).",
                "Make the report as .html and print that.",
            ) from None
