"""A server with something broken on purpose, to see whether the next safeguard holds.

``sitecustomize`` is imported by every interpreter that starts with its folder on the path, so by
the server's own process and its kernels.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent

import pytest

from workbench.server.voila import ServerProcess

ONLY_THE_SERVER = "import sys\nif 'workbench.server' in sys.orig_argv:\n"


@contextmanager
def broken(workspace: Path, code: str) -> Iterator[ServerProcess]:
    """Serve a workspace; ``code`` runs before, in the server's process and in no kernel."""
    folder = workspace.parent / f"{workspace.name}-broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(f"{ONLY_THE_SERVER}{indent(code, '    ')}\n")
    with pytest.MonkeyPatch.context() as patch:
        paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))
        with ServerProcess(workspace) as server:
            yield server
