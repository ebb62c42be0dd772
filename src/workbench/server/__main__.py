"""``python -m workbench.server WORKSPACE PORT``: what ``ServerProcess`` starts."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.file_modes import private_umask
from workbench.server.voila import serve, to_stderr


def to_stdout(text: str) -> None:
    """Write a line for the process that started this one."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Serve; return 2 when it could not start."""
    workspace, port = arguments
    try:
        with private_umask():
            serve(Path(workspace), int(port), tell=to_stdout)
    except WorkbenchError as error:
        to_stderr(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
