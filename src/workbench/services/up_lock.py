"""One parent of services a workspace: a lock that ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import SettingsError
from workbench.file_modes import open_private
from workbench.services.service_board import now_utc

LOCK = "up.lock"
MOST_BYTES = 1_000  # of what stands in it


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a workspace; raises ``SettingsError`` while another one holds it."""
    descriptor = open_private(folder / LOCK, os.O_RDWR)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _refusal(descriptor) from None
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": now_utc()}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(descriptor)  # also unlocks


def _refusal(descriptor: int) -> SettingsError:
    remedy = "Let it work, or end it first."
    try:
        held = json.loads(os.pread(descriptor, MOST_BYTES, 0))
        return SettingsError(
            "workbench up runs on this workspace already: process {number} on {host}, since "
            "{since} UTC.",
            remedy, number=int(held["pid"]), host=str(held["host"]),
            since=str(held["since"]).replace("T", " "),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return SettingsError("workbench up runs on this workspace already.", remedy)
