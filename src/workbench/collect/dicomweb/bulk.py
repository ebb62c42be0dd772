"""Fetch the small binary values that a web server's metadata only points at (BulkDataURI)."""

from __future__ import annotations

import base64
from typing import Any

from workbench.collect.dicomweb.http import BrokenOff, WebClient
from workbench.collect.dicomweb.multipart import boundary_of, parts
from workbench.dicom.fromjson import MAX_DEPTH, PIXELS
from workbench.dicom.jsonmodel import Item
from workbench.errors import DamagedObject, NetworkError

SMALL = 2**16  # bytes; private elements that matter to dose are far smaller
MAX_REQUESTS = 64  # of one series: beyond it, whole objects would have been cheaper
ACCEPT = 'multipart/related; type="application/octet-stream", application/octet-stream;q=0.5'
# Overlays, waveforms and documents are large, and nothing that is kept here.
LARGE = ("60", "5400", "00420011")


class Bulk:
    """The binary values of one series."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._left = MAX_REQUESTS

    def fetched(self, item: Item, depth: int = 0) -> Item:
        """Return ``item`` with what could be fetched inline; the rest stays a pointer."""
        if depth > MAX_DEPTH:
            raise DamagedObject("too_deep", "sequences are nested too deep")
        return {key: self._element(key, element, depth) for key, element in item.items()}

    def _element(self, key: str, element: Any, depth: int) -> Any:
        if not isinstance(element, dict):
            return element
        if element.get("vr") == "SQ" and isinstance(element.get("Value"), list):
            items = [
                self.fetched(item, depth + 1) if isinstance(item, dict) else {}
                for item in element["Value"]
            ]
            return {**element, "Value": items}
        if "BulkDataURI" not in element or key.upper() in PIXELS or key.startswith(LARGE):
            return element
        content = self._content(str(element["BulkDataURI"]))
        if content is None:
            return element
        inline = base64.b64encode(content).decode("ascii")
        return {"vr": element.get("vr"), "InlineBinary": inline}

    def _content(self, address: str) -> bytes | None:
        if self._left <= 0 or not self._client.ours(address):
            return None
        self._left -= 1
        try:
            with self._client.get(self._client.absolute(address), ACCEPT) as answer:
                if answer.status != 200:
                    return None
                boundary = boundary_of(answer.kind)
                if not boundary:
                    return answer.content(SMALL)
                return next(parts(answer.chunks(), boundary, SMALL), None)
        except (BrokenOff, NetworkError):
            return None
