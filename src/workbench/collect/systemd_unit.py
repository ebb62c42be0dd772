"""The systemd unit that runs the collector as a service."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

UNIT = """\
# /etc/systemd/system/workbench-collect.service
[Unit]
Description=Workbench collector
After=network-online.target
Wants=network-online.target

[Service]
User={user}
ExecStart={program} -m workbench.cli collect run -w {workspace}
# SIGTERM: it ends after the patient in hand
TimeoutStopSec=30min
Restart=on-failure
RestartSec=15
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={workspace}
# a locked key needs the lines of docs/key.md, which unlock it when the service starts
# a port below 1024, such as 104, needs this line too:
# AmbientCapabilities=CAP_NET_BIND_SERVICE

[Install]
WantedBy=multi-user.target
"""


def systemd_unit(workspace: Path) -> str:
    """Return the text of a unit for this installation, this user and a workspace."""
    return UNIT.format(
        user=getpass.getuser(), program=sys.executable, workspace=workspace.resolve()
    )
