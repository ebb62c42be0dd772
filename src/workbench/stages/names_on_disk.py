"""What in a workspace names people although the key is locked, and what a thief would have.

Names end at the border; these are the places where they may lie all the same: whole objects at
the phantom title, lists that somebody had written, and the key itself without a passphrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from workbench.collect import patient_list
from workbench.collect.connections import PHANTOMS
from workbench.collect.phantom_folder import PhantomFolder
from workbench.collect.queue.hospital_file import FILE, HospitalFile
from workbench.deidentify.unlocked_key import locked_file
from workbench.stages.quality.unselected import PhantomCount, count_phantoms
from workbench.store.erasure_proof import DATABASE
from workbench.store.part_folder import FOLDER as PARTS
from workbench.survey import KEY_FILE, Survey

# Columns that name patients, of the lists we write and of those that can be added; "id" alone is
# a word of many tables.
NAMING = frozenset(
    name for name, meaning in patient_list.COLUMNS.items()
    if meaning in ("patient_id", "accession", "birth_date") and name != "id"
)  # fmt: skip
OTHERS = frozenset((PHANTOMS, PARTS, "hospital"))  # looked at elsewhere; the demonstration's
MAX_HEAD_BYTES = 4096
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
    if count.oldest_unseen_days > UNSEEN_DAYS:
        yield (
            f"{count.unseen} objects at the phantom title were not looked at. "
            "Leave running: workbench qa watch"
        )


def _listed(folder: Path) -> Iterator[str]:
    heads = [_names(file) for file in folder.rglob("*") if _may_be_list(folder, file)]
    if closed := heads.count(None):
        yield f"{closed} files that may be lists cannot be read. Look who may: ls -l"
    listed = sum(names is not None and bool(names & NAMING) for names in heads)
    if listed:
        yield (
            f"{listed} lists in the workspace name patients in clear. Move them to where such "
            "lists are kept, or delete them."
        )


def _may_be_list(folder: Path, file: Path) -> bool:
    """Say whether a file is to be looked into: never a database's, which is no text.

    One that is open here would lose its locks by that (``erasure_proof``), and be damaged by the
    next process that closes it.
    """
    inside = file.relative_to(folder).parts
    if inside[0] in OTHERS or DATABASE in file.name:
        return False
    return file.is_file() and not file.is_symlink()


def _names(file: Path) -> set[str] | None:
    """Return the columns that the first line of a text names, folded; ``None``: not readable."""
    try:
        with file.open("rb") as opened:
            head = opened.read(MAX_HEAD_BYTES)
    except FileNotFoundError:
        return set()
    except OSError:
        return None
    line = head.partition(b"\n")[0].decode("utf-8-sig", "replace")
    return {re.sub(r"[\s_\"'-]", "", cell).casefold() for cell in re.split("[,;\t]", line)}
