"""How the connection test tells a receiver at work which object it only wants to see arrive.

The test has the PACS send one small object to our real title and port.  Where a collector listens
there, the object comes to that other process, which must drop it and say that it came.  The two
meet in two small files of the workspace; without the first one nothing is compared.  No UID stands
in them: a keyed digest does, with a key of its own for each test.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.collect.received import STORED, ReceivedObject, Take
from workbench.dicom.read import read_received
from workbench.errors import ReadError
from workbench.file_modes import write_private

ASKED, CAME = "trial.json", "trial-came.json"
MAX_AGE_S = 180.0  # of a request; a test that was killed must not swallow objects for ever


@dataclass(frozen=True)
class Wanted:
    """Which object is waited for: by its own UID, or any of a series whose objects are not listed.

    Attributes
    ----------
    instances
        SOP Instance UIDs; the first of them that comes is it.
    series
        Series Instance UIDs, where the PACS names no objects.
    """

    instances: frozenset[str] = frozenset()
    series: frozenset[str] = frozenset()

    def meets(self, received: ReceivedObject) -> bool:
        """Whether an object that came is the one."""
        return received.sop_instance in self.instances or (
            bool(self.series) and series_of(received) in self.series
        )


def series_of(received: ReceivedObject) -> str:
    """Return the Series Instance UID of an object that came; empty when it cannot be read."""
    try:
        header = read_received(received.encoded, received.transfer_syntax)
    except ReadError:
        return ""
    return str(header.dataset.get("SeriesInstanceUID", ""))


@dataclass(frozen=True)
class TrialBox:
    """The two files in a workspace's folder."""

    folder: Path

    # --- what the test does ----------------------------------------------------------------------

    def ask(self, wanted: Wanted) -> None:
        """Have the receiver at work drop the wanted object once, and say that it came."""
        self.close()
        key = secrets.token_hex(16)
        write_private(
            self.folder / ASKED,
            json.dumps({
                "key": key,
                "until": time.time() + MAX_AGE_S,
                "instances": [_digest(key, uid) for uid in sorted(wanted.instances)],
                "series": [_digest(key, uid) for uid in sorted(wanted.series)],
            }),
            durable=False,
        )  # fmt: skip

    def answer(self) -> dict[str, Any] | None:
        """Return what the receiver said of it (bytes, whole); ``None`` while it has not come."""
        return _read(self.folder / CAME)

    def close(self) -> None:
        """Take back the request."""
        for name in (ASKED, CAME):
            (self.folder / name).unlink(missing_ok=True)

    # --- what the receiver does ------------------------------------------------------------------

    def before(self, take: Take, *, whole: bool = False) -> Take:
        """Return ``take`` with a look into the box before it.

        ``whole`` says that it is the door of the phantom title.
        """

        def taken(received: ReceivedObject) -> int:
            return STORED if self._is_wanted(received, whole) else take(received)

        return taken

    def _is_wanted(self, received: ReceivedObject, whole: bool) -> bool:
        asked = self.folder / ASKED
        if not asked.exists():
            return False
        request = _read(asked)
        if request is None or not 0 < request["until"] - time.time() <= MAX_AGE_S:
            return False
        if not _named(request, received):
            return False
        try:
            asked.unlink()  # once: whoever sends it as well must have it stored
        except FileNotFoundError:
            return False
        told = json.dumps({"bytes": received.size, "whole": whole})
        write_private(self.folder / CAME, told, durable=False)
        return True


def _named(request: dict[str, Any], received: ReceivedObject) -> bool:
    key = str(request["key"])
    if _digest(key, received.sop_instance) in request["instances"]:
        return True
    return bool(request["series"]) and _digest(key, series_of(received)) in request["series"]


def _digest(key: str, uid: str) -> str:
    return hmac.new(key.encode(), uid.encode(), hashlib.sha256).hexdigest()


def _read(file: Path) -> dict[str, Any] | None:
    """Return what stands in a file; ``None`` where there is none, or what is none of ours."""
    try:
        read = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) and _is_ours(read) else None


def _is_ours(read: dict[str, Any]) -> bool:
    if "bytes" in read:
        return isinstance(read["bytes"], int)
    kinds = {"key": str, "until": int | float, "instances": list, "series": list}
    return all(isinstance(read.get(name), kind) for name, kind in kinds.items())
