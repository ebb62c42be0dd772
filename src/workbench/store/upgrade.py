"""Bring a workspace of an older schema to today's, leaving the old files until all is written.

Most is done by numbered steps.  Schema 1 and 2 kept whole UIDs in the catalogue and a header on
one line: their parts are written anew, and beside them a new catalogue, which then takes the old
one's name in one step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from workbench.dicom.record import as_text, lines
from workbench.errors import StoreError
from workbench.model import Verdict
from workbench.schema import INSTANCE, SCHEMA_VERSION
from workbench.settings import StoreSettings
from workbench.store.catalogue import FILE, OBJECTS, digest_of
from workbench.store.catalogue import TABLES as DEFINITIONS
from workbench.store.database import Sqlite
from workbench.store.integrity import Told, untold
from workbench.store.objects import ObjectDecision, Objects, Origin, Taken
from workbench.store.opening import check_not_newer, connect, define, version_in
from workbench.store.part_columns import read_whole
from workbench.store.part_place import place_of
from workbench.store.parts import PartFile, Place
from workbench.store.steps import FIRST, Work, steps_from
from workbench.store.tables import PartTables, table_named

PARTIAL = "catalogue.upgrade"


def upgrade(folder: Path, told: Told = untold, settings: StoreSettings | None = None) -> int:
    """Upgrade the workspace in ``folder``; return the version it had.

    Does nothing where it is of today's schema.  Interrupted, it leaves the workspace as it was.
    Raises ``StoreError`` where there is no catalogue, or one of a newer version.
    """
    settings = settings or StoreSettings()
    version = _version(folder, settings)
    if version == SCHEMA_VERSION:
        return version
    place = place_of(folder, settings.parts)
    if version >= FIRST:
        with closing(connect(folder, settings)) as base, place.writing(), base.transaction():
            _take_steps(version, Work(base, PartTables(base, place), told))
    elif settings.catalogue:
        raise StoreError(
            "schema {version} was never on a server: this catalogue is damaged.",
            "Restore it from a backup, or set [store] catalogue to another schema.",
            version=version,
        )
    else:
        _write_anew(folder, place, told)
    return version


def _version(folder: Path, settings: StoreSettings) -> int:
    version = None
    if settings.catalogue or (folder / FILE).exists():
        with closing(connect(folder, settings)) as database:
            version = version_in(database)
    if version is None:
        raise StoreError("there is no catalogue to upgrade.", "Name a workspace: -w FOLDER")
    check_not_newer(version)
    return version


def _take_steps(version: int, work: Work) -> None:
    """Take the steps from a version, unless another program has just taken them."""
    if version_in(work.database) == version:
        for step in steps_from(version) or ():
            step.work(work)
        define(work.database)


def _write_anew(folder: Path, place: Place, told: Told) -> None:
    for left in folder.glob(f"{PARTIAL}*"):
        left.unlink()
    old, new = Sqlite(folder / FILE), Sqlite(folder / PARTIAL, DEFINITIONS)
    try:
        with old.transaction(), place.writing(), new.transaction():  # nobody else may write
            _Upgrade(PartTables(new, place), old, new).run(told)
            _take_steps(FIRST, Work(new, PartTables(new, place), told))
        new.reclaim()
    finally:
        old.close()
        new.close()
    for journal in ("-wal", "-shm"):
        (folder / f"{FILE}{journal}").unlink(missing_ok=True)
    (folder / PARTIAL).replace(folder / FILE)


class _Upgrade:
    def __init__(self, tables: PartTables, old: Sqlite, new: Sqlite) -> None:
        self._old, self._new = old, new
        self._tables = tables
        self._objects = Objects(new)
        self._origins = {
            row["number"]: row["origin"]
            for row in old.all("SELECT number, origin FROM object WHERE verdict = 'stored'")
        }

    def run(self, told: Told) -> None:
        parts = self._old.all("SELECT * FROM part ORDER BY rowid")
        for done, part in enumerate(parts):
            told(done, len(parts))
            self._part(part)
        for row in self._old.all("SELECT row FROM inbox ORDER BY number"):
            self._waiting(json.loads(row["row"]))
        self._others()
        told(len(parts), len(parts))

    def _part(self, part: Any) -> None:
        if part["retired_at"] is not None:
            return  # nobody reads it any more
        place, table = self._tables.place, table_named(part["table_name"])
        if table is not INSTANCE:
            digest = place.digest(part["file"])
            if digest is None:
                raise StoreError("a part is gone.", "Restore the parts folder from a backup.")
            rows = read_whole(place, table, part["file"]).height
            size = 0  # told when it is next written
            self._tables.note(table, PartFile(part["file"], rows, size, digest))
            return
        frame = read_whole(place, table, part["file"])
        headers = [in_lines(text) for text in frame["header"]]
        digests = [hashlib.sha256(text.encode()).hexdigest() for text in headers]
        frame = frame.with_columns(
            pl.Series("header", headers, pl.String), pl.Series("content_sha256", digests, pl.String)
        )
        self._tables.note(table, place.write(table, frame))
        self._stored(frame.drop("header").iter_rows(named=True))

    def _stored(self, rows: Iterator[dict[str, Any]]) -> None:
        for row in rows:
            origin = Origin(row["source"], self._origins.get(row["object_number"]))
            taken = Taken(origin, row)
            self._objects.note([taken], [ObjectDecision(Verdict.STORED, row["object_number"])])

    def _waiting(self, row: dict[str, Any]) -> None:
        row["header"] = in_lines(row["header"])
        row["content_sha256"] = hashlib.sha256(row["header"].encode()).hexdigest()
        self._new.write("INSERT INTO inbox VALUES (?, ?)", row["object_number"], json.dumps(row))
        self._stored(iter([row]))

    def _others(self) -> None:
        new, old = self._new, self._old
        refused = old.all("SELECT * FROM object WHERE verdict <> 'stored' ORDER BY number")
        for row in refused:
            new.write(
                "INSERT INTO refused VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row["number"], row["verdict"], row["code"], row["reason"], row["source"],
                row["received_at"], _digest(row["origin"]), _digest(row["sop_uid"]),
            )  # fmt: skip
        for row in old.all("SELECT row FROM finding ORDER BY rowid"):
            number = json.loads(row["row"])["object_number"]
            new.write("INSERT INTO finding (object, content) VALUES (?, ?)", number, row["row"])
        new.many(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)",
            [tuple(row) for row in old.all("SELECT * FROM run")],
        )
        last = old.one("SELECT max(number) AS last FROM object")
        new.write("INSERT INTO counter VALUES (?, ?)", OBJECTS, (last and last["last"]) or 0)
        new.write("INSERT INTO meta VALUES ('schema_version', ?)", str(FIRST))


def _digest(text: str | None) -> bytes | None:
    return None if text is None else digest_of(text)


def in_lines(header: str) -> str:
    """Return the JSON of a header with each of its own elements on a line of its own."""
    return lines(as_text({key: value})[1:-1] for key, value in json.loads(header).items())
