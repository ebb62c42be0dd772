"""Values that a web server's metadata only points at (BulkDataURI, PS3.18 section F.2.6).

Servers point at every binary value, whatever its size: private attributes of VR UN with pitch or
DLP in them too.  What nobody keeps is dropped; of the rest a few are fetched one by one.  More of
them in a series are dearer than the whole objects, and those are fetched then (``client``).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from workbench.collect.dicomweb.http import BrokenOff, WebClient
from workbench.collect.dicomweb.multipart import boundary_of, parts
from workbench.dicom.fromjson import MAX_DEPTH, PIXELS, told
from workbench.dicom.jsonmodel import Item
from workbench.errors import DamagedObject

MAX_VALUE_BYTES = 2**20  # bytes of a value fetched alone; a larger one comes with its object
MAX_REQUESTS = 64  # values of one series: beyond it, whole objects are cheaper
ACCEPT = 'multipart/related; type="application/octet-stream", application/octet-stream;q=0.5'
# Overlays, curves, waveforms and documents are large, and nothing that is kept here.
LARGE = ("60", "50", "5400", "00420011")

Needs = Callable[[int, str], bool]
"""Says of a tag, and of the creator of its private block ("" where it is not known), whether its
value is kept."""


def needs_everything(_tag: int, _creator: str) -> bool:
    """Say of every value that it is kept."""
    return True


class Bulk:
    """The values of one series that are only pointed at.

    Parameters
    ----------
    needs
        Which values are kept; the others are dropped.
    """

    def __init__(self, client: WebClient, needs: Needs) -> None:
        self._client = client
        self._needs = needs

    def needed(self, item: Item, depth: int = 0) -> tuple[Item, int]:
        """Return ``item`` without pointers that nobody needs, and how many are left.

        Raises ``DamagedObject`` when sequences are nested too deep.
        """
        if depth > MAX_DEPTH:
            raise DamagedObject("too_deep", "sequences are nested too deep")
        kept: Item = {}
        pointers = 0
        for key, element in item.items():
            if _is_sequence(element):
                below = [
                    self.needed(each, depth + 1) if isinstance(each, dict) else ({}, 0)
                    for each in element["Value"]
                ]
                kept[key] = {**element, "Value": [each for each, _ in below]}
                pointers += sum(number for _, number in below)
            elif not _points(element):
                kept[key] = element
            elif self._is_needed(key, item):
                kept[key] = element
                pointers += 1
        return kept, pointers

    def fetched(self, item: Item) -> Item:
        """Return ``item`` with what could be fetched inline; the rest stays a pointer.

        Raises ``BrokenOff`` when the server cannot be waited for any longer.
        """
        return {key: self._element(element) for key, element in item.items()}

    def _is_needed(self, key: str, item: Item) -> bool:
        if key.upper() in PIXELS or key.startswith(LARGE):
            return False
        try:
            tag = int(key, 16)
        except ValueError:
            return False
        if not tag >> 16 & 1:
            return self._needs(tag, "")
        # PS3.5 section 7.8.1: (gggg,00xx) names who has reserved (gggg,xx00) to (gggg,xxFF)
        creator = told(item, f"{tag >> 16:04X}00{tag >> 8 & 0xFF:02X}") or told(
            item, f"{tag >> 16:04x}00{tag >> 8 & 0xFF:02x}"
        )
        return not creator or self._needs(tag, creator)

    def _element(self, element: Any) -> Any:
        if _is_sequence(element):
            items = [self.fetched(each) for each in element["Value"]]
            return {**element, "Value": items}
        if not _points(element):
            return element
        content = self._content(str(element["BulkDataURI"]))
        if content is None:
            return element
        inline = base64.b64encode(content).decode("ascii")
        return {"vr": element.get("vr"), "InlineBinary": inline}

    def _content(self, address: str) -> bytes | None:
        if not self._client.ours(address):
            return None
        with self._client.get(self._client.absolute(address), ACCEPT, retrieving=True) as answer:
            if answer.status != 200:
                return None
            boundary = boundary_of(answer.kind)
            try:
                if not boundary:
                    return answer.content(MAX_VALUE_BYTES)
                return next(parts(answer.chunks(), boundary, MAX_VALUE_BYTES), None)
            except BrokenOff:
                return None  # larger than allowed, or cut: it may come with the whole object


def _is_sequence(element: Any) -> bool:
    return (
        isinstance(element, dict)
        and element.get("vr") == "SQ"
        and isinstance(element.get("Value"), list)
    )


def _points(element: Any) -> bool:
    return isinstance(element, dict) and "BulkDataURI" in element
