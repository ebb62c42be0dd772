"""A program that does what it is told on a workspace: ``python -m tests.faults.hand``.

Each line of its input is one task as JSON; each line of its output says how that ended.  It stays,
so that hundreds of tasks need not wait for as many programs to start; it can be frozen and killed
as any other.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.survey import open_survey

BLIND = "WORKBENCH_TEST_BLIND"
BEGUN = "begun"


class Hand:
    """The parent's side: one program, one task at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._said: str | None = None
        self._begun = False

    def begin(self, task: str, workspace: Path, **how: Any) -> None:
        """Give it a task, to a new program where the last one was killed."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.hand"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ),
            )  # fmt: skip
        assert self._process.stdin is not None
        self._said, self._begun = None, False
        line = json.dumps({"task": task, "workspace": str(workspace), **how})
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def outcome(self) -> str:
        """Wait for the end of its task and return how it was."""
        self.wait()
        said, self._said = self._said, None
        return said or "ended without a word"

    def until_begun(self) -> None:
        """Wait until it has begun its task: a new program has to start first."""
        if not self._begun and self._process is not None:
            assert self._process.stdout is not None
            self._begun = self._process.stdout.readline().strip() == BEGUN

    def wait(self) -> None:
        """Wait for the end of its task."""
        self.until_begun()
        if self._said is None and self._process is not None:
            assert self._process.stdout is not None
            self._said = self._process.stdout.readline().strip()

    def signal(self, number: signal.Signals) -> None:
        """Freeze it or let it go on."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, wherever it is."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _blindly(publish: Callable[..., None], frames: Any, since: object, notes: object) -> None:
    """Publish whatever others have published meanwhile."""
    publish(frames, None, notes)


def done(task: dict[str, Any]) -> str:
    """Do a task; return "done", or what went wrong."""
    os.environ.update(task.get("environment", {}))
    survey = open_survey(task["workspace"])
    if BLIND in os.environ:
        survey.store.publish = partial(_blindly, survey.store.publish)  # type: ignore[method-assign]
    try:
        if task["task"] == "import":
            import_files(survey, task["paths"])
        elif task["task"] == "line":
            map_survey(survey, again=task["again"])
            estimate_doses(survey, again=task["again"])
        else:
            raise ValueError(task["task"])
    except WorkbenchError as error:
        return f"{type(error).__name__}: {error}"
    finally:
        survey.close()
    return "done"


def main() -> None:
    """Do tasks until there are no more."""
    for line in sys.stdin:
        sys.stdout.write(f"{BEGUN}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{done(json.loads(line))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
