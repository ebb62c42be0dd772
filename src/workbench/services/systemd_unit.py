"""The systemd unit that keeps the services of a workspace running."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

UNIT = """\
# /etc/systemd/system/workbench.service
[Unit]
Description=Workbench: collector, quality watch, pages
After=network-online.target
Wants=network-online.target

[Service]
User={user}
ExecStart={program} -m workbench.cli up -w {workspace}
# SIGTERM goes to the parent alone: a second one at the collector would not wait for its patient
KillMode=mixed
TimeoutStopSec=30min
Restart=on-failure
RestartSec=15
# 2: could not start; somebody has to mend something first
RestartPreventExitStatus=2
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={workspace}
Environment=IPYTHONDIR=/tmp/ipython JUPYTER_RUNTIME_DIR=/tmp/jupyter
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
