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

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def broken(workspace: Path, server: str = "pass", kernels: str = "pass") -> Iterator[ServerProcess]:
    """Serve a workspace; two pieces of code run before, in the server's and in each kernel."""
    folder = workspace.parent / f"{workspace.name}-broken"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(
        f"import sys\nif 'workbench.server' in sys.orig_argv:\n{indent(server, '    ')}\n"
        f"elif 'ipykernel_launcher' in sys.orig_argv:\n{indent(kernels, '    ')}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        # What is broken may be in the tests: a kernel does not begin in our folder.
        paths = [str(folder), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))
        with ServerProcess(workspace) as running:
            yield running
