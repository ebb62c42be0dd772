"""What in a workspace names people although the key is locked, and what a thief would have.

Names end at the border; these are the places where they may lie all the same: whole objects at
the phantom title, lists that somebody had written, and the key itself without a passphrase.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workbench.collect.connections import PHANTOMS
from workbench.collect.phantom_folder import PhantomFolder
from workbench.collect.queue import lists, relinking
from workbench.collect.queue.hospital_file import FILE, HospitalFile
from workbench.deidentify.unlocked_key import locked_file
from workbench.stages.quality.unselected import PhantomCount, count_phantoms
from workbench.survey import KEY_FILE, Survey

# How the lists begin that are written with the hospital's own names.
HEADS = tuple(",".join(columns).encode() for columns in (lists.COLUMNS, relinking.COLUMNS))
UNSEEN_DAYS = 1.0  # an object that nobody looked at for longer: nothing watches


def name_problems(survey: Survey) -> list[str]:
    """Return what names people and need not lie there, one sentence each, with the remedy.

    Raises ``IdentityError`` where the hospital's file is of a version that names patients in clear
    and the key is locked.
    """
    if (survey.folder / FILE).exists():
        HospitalFile(survey.folder).close()  # one of an old version is encrypted now
    return [*_phantom_problems(phantoms_of(survey)), *_listed(survey.folder)]


def name_notes(survey: Survey) -> list[str]:
    """Return what is as somebody chose it to be, and worth knowing all the same."""
    notes = []
    key = survey.folder / KEY_FILE
    if key.exists() and not locked_file(key).exists():
        notes.append(
            "The key has no passphrase and lies in the workspace: who steals the folder has both. "
            "Run: workbench key protect (docs/key.md)"
        )
    count = phantoms_of(survey)
    if survey.settings.local.phantom_title or count.kept:
        notes.append(
            f"{count.kept} phantom images are kept whole; whatever their headers name can be read "
            "without the key."
        )
    return notes


def phantoms_of(survey: Survey) -> PhantomCount:
    """Count what lies at the phantom title."""
    return count_phantoms(survey.store.quality, PhantomFolder(survey.folder / PHANTOMS))


def _phantom_problems(count: PhantomCount) -> Iterator[str]:
    left = count.unselected + count.refused + count.quarantined
    if left:
        yield (
            f"{left} objects at the phantom title are no phantom that a test profile measures "
            f"({count.unselected} selected by none, {count.refused} refused, {count.quarantined} "
            f"damaged; {count.named} carry a name that no measured one does; the oldest is "
            f"{count.oldest_days:.0f} days old). If they are patients': "
            "workbench qa erase --unselected --refused --quarantined"
        )
    if count.unseen and count.oldest_days > UNSEEN_DAYS:
        yield (
            f"{count.unseen} objects at the phantom title were not looked at. "
            "Leave running: workbench qa watch"
        )


def _listed(folder: Path) -> Iterator[str]:
    files = [
        file for file in folder.rglob("*.csv")
        if file.is_file() and not file.is_symlink() and _begins(file).startswith(HEADS)
    ]  # fmt: skip
    if files:
        yield (
            f"{len(files)} lists in the workspace name patients in clear. Move them to where such "
            "lists are kept, or delete them."
        )


def _begins(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(max(map(len, HEADS)))
    except OSError:
        return b""
