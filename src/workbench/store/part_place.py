"""Which place the parts of a workspace have."""

from __future__ import annotations

from pathlib import Path

from workbench.store.part_folder import FolderPlace
from workbench.store.parts import Place


def place_of(workspace: Path, url: str) -> Place:
    """Return where the parts of a workspace lie: its own folder, or a bucket named by ``url``."""
    if url:
        from workbench.store.part_bucket import BucketPlace

        return BucketPlace(url)
    return FolderPlace(workspace)
