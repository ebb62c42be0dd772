"""UIDs that are the same for the same seed, under the root 2.25 (PS3.5 annex B.2)."""

from __future__ import annotations

import hashlib
import uuid

from pydicom.uid import UID


def derived_uid(seed: int, *parts: object) -> UID:
    """Return the UID that belongs to a seed and the parts that name a thing."""
    text = "/".join(str(part) for part in (seed, *parts))
    digest = hashlib.sha256(text.encode()).digest()
    return UID(f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}")
