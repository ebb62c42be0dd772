"""Read a page of the docs as a person does who types what stands in it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAM = (sys.executable, "-m", "workbench.cli")
WAIT_S = 240.0  # for what takes seconds: a machine may be busy


@dataclass(frozen=True)
class Block:
    """What stands between two fences; ``kind`` is the word behind the first."""

    kind: str
    text: str

    def commands(self) -> list[str]:
        """Return its lines without remarks."""
        lines = (re.sub(r"\s+#.*", "", line).strip() for line in self.text.splitlines())
        return [line for line in lines if line and not line.startswith("#")]


def blocks(page: str, section: str = "") -> list[Block]:
    """Return the blocks of a page, or of one of its sections."""
    text = (DOCS / page).read_text("utf-8")
    if section:
        text = re.split(r"^## ", text.partition(f"## {section}\n")[2], flags=re.MULTILINE)[0]
    return [Block(kind, inner) for kind, inner in FENCE.findall(text)]


class Terminal:
    """A program that stays, and what it says."""

    def __init__(self, words: list[str], folder: Path) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        environment.pop("WORKBENCH_WORKSPACE", None)
        self.process = subprocess.Popen(
            [*PROGRAM, *words], cwd=folder, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.said: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.said.extend(self.process.stderr)

    @property
    def text(self) -> str:
        """All that it has said so far."""
        return "".join(list(self.said))

    def until_said(self, text: str) -> None:
        """Wait until it says this."""
        end = time.monotonic() + WAIT_S
        while text not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, self.text
            time.sleep(0.1)


@contextmanager
def staying(words: list[str], folder: Path) -> Iterator[Terminal]:
    """Run a program as in a terminal of its own; Ctrl-C ends it, and it must end well."""
    terminal = Terminal(words, folder)
    process = terminal.process
    try:
        yield terminal
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 0, terminal.text
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def done(words: list[str], folder: Path) -> str:
    """Run a command that must succeed; return its standard output."""
    ended = subprocess.run(
        [*PROGRAM, *words], cwd=folder, capture_output=True, text=True, timeout=WAIT_S
    )
    assert ended.returncode == 0, (words, ended.stdout, ended.stderr)
    return ended.stdout
