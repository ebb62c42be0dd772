"""Look over a whole store: every byte of the tables must be as it was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator

from workbench.schema import INSTANCE
from workbench.store.catalogue import digest_of
from workbench.store.database import Database
from workbench.store.tables import Part, PartTables

Told = Callable[[int, int], None]
RESTORE = "Restore it from a backup; without one, erase its patients and import them again."


def untold(done: int, total: int) -> None:
    """Tell nobody how far it is."""


def problems(database: Database, tables: PartTables, told: Told) -> Iterator[str]:
    """Yield what is wrong with a store, one sentence each, parts by the names of their files.

    Every part is compared with the digest of its bytes, the rows of the instance table with what
    the catalogue knows of each object, and headers that wait with the digest of their text.
    ``told`` is told how many parts are done, of how many.
    """
    yield from database.check()
    parts = tables.parts()
    for done, part in enumerate(parts):
        told(done, len(parts))
        yield from _part(database, tables, part)
    told(len(parts), len(parts))
    yield from _missing(database, parts)
    yield from _inbox(database)


def _part(database: Database, tables: PartTables, part: Part) -> Iterator[str]:
    digest = tables.place.digest(part.file)
    if digest is None:
        yield f"Part {part.file} is gone. {RESTORE}"
    elif digest != part.sha256:
        yield f"Part {part.file} is damaged: its bytes are not those written. {RESTORE}"
    elif part.table is INSTANCE:
        yield from _objects(database, tables, part)


def _objects(database: Database, tables: PartTables, part: Part) -> Iterator[str]:
    """Compare each row with its object; both say what it is and whose it is."""
    names = (
        "object_number", "SOPInstanceUID", "content_sha256", "patient", "StudyInstanceUID",
        "SeriesInstanceUID",
    )  # fmt: skip
    rows = tables.place.scan(INSTANCE, [part.file]).select(names).collect()
    known = {
        row["number"]: row
        for row in database.all_among(
            "SELECT object.number, sop, content, patient, study_uid, series_uid FROM object"
            " JOIN series ON series.number = object.series WHERE object.number IN ({})",
            rows["object_number"],
        )
    }
    different = sum(
        not _same(known.get(number), uid, content, owner)
        for number, uid, content, *owner in rows.iter_rows()
    )
    if different:
        yield (
            f"{different} rows of part {part.file} are not what the catalogue says. Restore both "
            "from the same backup."
        )


def _same(row: object, uid: str, content: str, owner: list[str | None]) -> bool:
    if row is None:
        return False
    noted = [row[name] for name in ("patient", "study_uid", "series_uid")]  # type: ignore[index]
    if noted != [text or "" for text in owner]:
        return False
    return (bytes(row["sop"]), bytes(row["content"])) == (  # type: ignore[index]
        digest_of(uid), digest_of(content),
    )  # fmt: skip


def _missing(database: Database, parts: list[Part]) -> Iterator[str]:
    """Every object has one row: in a part or in the inbox."""
    objects = _count(database, "object")
    rows = sum(part.rows for part in parts if part.table is INSTANCE) + _count(database, "inbox")
    if objects != rows:
        yield (
            f"The catalogue has {objects} objects, the tables {rows}. Restore both from the same "
            "backup."
        )


def _count(database: Database, table: str) -> int:
    row = database.one(f"SELECT count(*) AS n FROM {table}")  # noqa: S608 - a name of our own
    return int(row["n"]) if row else 0


def _inbox(database: Database) -> Iterator[str]:
    for waiting in database.all("SELECT number, content FROM inbox"):
        if not _sound(waiting["content"]):
            yield f"The waiting row of object {waiting['number']} is damaged. {RESTORE}"


def _sound(content: str) -> bool:
    try:
        row = json.loads(content)
        header, digest = str(row["header"]), row["content_sha256"]
    except (ValueError, KeyError, TypeError):
        return False
    return bool(hashlib.sha256(header.encode()).hexdigest() == digest)
