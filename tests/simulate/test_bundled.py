"""The files that come with pydicom are on the disk: nothing is fetched to practise on."""

from __future__ import annotations

import socket
from pathlib import Path

import pydicom
import pytest

from workbench.simulate.bundled import bundled_files


def test_bundled_files_are_on_disk_and_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    files = bundled_files()
    assert files == sorted(files)
    home = Path(pydicom.__file__).parent
    assert all(file.is_relative_to(home) for file in files)
    names = {file.name for file in files}
    assert {"CT_small.dcm", "DICOMDIR"} <= names
    assert not any(file.suffix in {".py", ".json", ".txt", ".zip"} for file in files)
    assert len(files) > 50
