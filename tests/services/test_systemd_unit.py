"""The unit of the services: systemd reads it, and it asks for no more rights than it needs."""

from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path

from workbench.services.systemd_unit import systemd_unit


def test_the_unit_runs_this_installation_for_the_workspace_and_little_else(tmp_path: Path) -> None:
    unit = RawConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(systemd_unit(tmp_path / "a" / ".." / "w"))
    service = unit["Service"]
    workspace = str((tmp_path / "w").resolve())
    assert service["ExecStart"].endswith(f" -m workbench.cli up -w {workspace}")
    assert Path(service["ExecStart"].split()[0]).is_file()
    assert service["ReadWritePaths"] == workspace
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["UMask"] == "0077"
    assert service["KillMode"] == "mixed", "a second SIGTERM would not wait for the patient"
    assert service["RestartPreventExitStatus"] == "2"
    assert service["User"]
    assert unit["Install"]["WantedBy"] == "multi-user.target"
