"""The store a survey writes to and reads from."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from workbench.errors import ReadError, StoreError
from workbench.model import Finding, Verdict
from workbench.schema import FINDING, INSTANCE, REJECTED, RUN, TABLES, Table
from workbench.store import parts
from workbench.store.catalogue import Catalogue

GRACE_SECONDS = 600.0  # a reader may still hold a part that was replaced
PART_ROWS = 20_000  # about 250 MB of headers as JSON in memory while a part is made


@dataclass(frozen=True)
class Origin:
    """Where an object came from: ``source`` is folder or network; ``digest`` names the place.

    The digest is keyed and stays in the catalogue; it lets a second import of the same file be
    recognised without keeping its path.  ``uid`` is the pseudonymous SOP Instance UID, where the
    sender announced one.
    """

    source: str
    digest: str | None = None
    uid: str | None = None


class _OvertakenError(Exception):
    """Another process has moved some of the same rows: its part counts, ours does not."""


class Store:
    """One workspace folder; open it for reading from as many processes as you like."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._catalogue = Catalogue(folder)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the store of a workspace; raises ``StoreError`` where there is none."""
        if not folder.is_dir():
            raise StoreError("there is no such workspace.", "Make one: workbench init -w FOLDER")
        return cls(folder)

    def close(self) -> None:
        """Close the catalogue."""
        self._catalogue.close()

    # --- objects -----------------------------------------------------------------------------

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make the objects added inside one durable unit (faster than one by one)."""
        with self._catalogue.transaction():
            yield

    def add(
        self, row: Mapping[str, object], origin: Origin, findings: Sequence[Finding] = ()
    ) -> Verdict:
        """Keep one object; its row is on disk when this returns (or when the batch ends)."""
        uid, digest = row["SOPInstanceUID"], row["content_sha256"]
        with self._catalogue.transaction():
            known = self._catalogue.one(
                "SELECT number, content_sha256, origin FROM object"
                " WHERE sop_uid = ? AND verdict = 'stored'",
                uid,
            )
            if known is None:
                self._insert(row, origin, findings)
                return Verdict.STORED
            if known["content_sha256"] != digest:
                reason = f"object {known['number']} has the same SOP Instance UID, other content"
                self._refuse(Verdict.QUARANTINED, "same_uid_other_content", reason, origin)
                return Verdict.QUARANTINED
            if origin.digest is not None and origin.digest != known["origin"]:
                reason = f"the same as object {known['number']}"
                self._refuse(Verdict.DUPLICATE, "same_object", reason, origin)
            return Verdict.DUPLICATE

    def refuse(self, error: ReadError, origin: Origin) -> Verdict:
        """Note an object that could not be taken, with the reason."""
        verdict = Verdict(error.verdict)
        with self._catalogue.transaction():
            self._refuse(verdict, error.code, str(error), origin)
        return verdict

    def _insert(
        self, row: Mapping[str, object], origin: Origin, findings: Sequence[Finding]
    ) -> None:
        write = self._catalogue.write
        now = _now()
        # A file mended in place: what was said of it before no longer holds.
        write("DELETE FROM object WHERE origin = ? AND verdict <> 'stored'", origin.digest)
        write("UPDATE object SET origin = NULL WHERE origin = ?", origin.digest)
        number = write(
            "INSERT INTO object (verdict, source, received_at, sop_uid, content_sha256, origin,"
            " patient, study_uid, series_uid) VALUES ('stored', ?, ?, ?, ?, ?, ?, ?, ?)",
            origin.source, now, row["SOPInstanceUID"], row["content_sha256"], origin.digest,
            row["patient"], row["StudyInstanceUID"], row["SeriesInstanceUID"],
        )  # fmt: skip
        whole = {**row, "object_number": number, "source": origin.source, "received_at": now}
        write("INSERT INTO inbox VALUES (?, ?)", number, json.dumps(whole, default=_plain))
        for finding in findings:
            noted = {**finding.row(), "object_number": number}
            write("INSERT INTO finding VALUES (?, ?)", json.dumps(noted), number)

    def _refuse(self, verdict: Verdict, code: str, reason: str, origin: Origin) -> None:
        # What stood in that place before and was stored stays stored; the place is the new one's.
        self._catalogue.write(
            "UPDATE object SET origin = NULL WHERE origin = ? AND verdict = 'stored'",
            origin.digest,
        )
        self._catalogue.write(
            "INSERT INTO object (verdict, code, reason, source, received_at, origin, sop_uid)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (origin) WHERE origin IS NOT NULL"
            " DO UPDATE SET verdict = excluded.verdict, code = excluded.code,"
            " reason = excluded.reason, received_at = excluded.received_at,"
            " sop_uid = excluded.sop_uid WHERE (object.verdict, object.code, object.reason)"
            " IS NOT (excluded.verdict, excluded.code, excluded.reason)",
            verdict, code, reason, origin.source, _now(), origin.digest, origin.uid,
        )  # fmt: skip

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        """Return what became of SOP Instance UIDs (pseudonymous): stored, or the reason's code.

        Those that never came are not in the answer.
        """
        rows = self._catalogue.all(
            "SELECT sop_uid, max(verdict = 'stored') AS kept, max(code) AS code"
            " FROM object JOIN json_each(?) ON sop_uid = value GROUP BY sop_uid",
            json.dumps(list(uids)),
        )
        return {row["sop_uid"]: str(Verdict.STORED) if row["kept"] else row["code"] for row in rows}

    def stored_in(self, uid: str) -> int:
        """Return how many objects of a series or study (pseudonymous UID) are kept."""
        row = self._catalogue.one(
            "SELECT count(*) AS n FROM object WHERE series_uid = ? OR study_uid = ?", uid, uid
        )
        return int(row["n"]) if row else 0

    def patients_of(self, study_uids: Iterable[str]) -> dict[str, str]:
        """Return the patient of each study (pseudonyms) of which anything is kept."""
        rows = self._catalogue.all(
            "SELECT study_uid, min(patient) AS patient FROM object JOIN json_each(?)"
            " ON study_uid = value GROUP BY study_uid",
            json.dumps(list(study_uids)),
        )
        return {row["study_uid"]: row["patient"] for row in rows}

    def compact(self) -> int:
        """Move what came in since the last time into parts; return the number of rows moved."""
        moved = 0
        while rows := self._compacted():
            moved += rows
        return moved

    def _compacted(self) -> int:
        """Move one batch; several processes may try at once, each row goes into one part only."""
        waiting = self._waiting(PART_ROWS)
        if not waiting:
            return 0
        numbers = json.dumps([row["number"] for row in waiting])
        frame = _instance_frame([json.loads(row["row"]) for row in waiting]).sort(
            "patient", "StudyInstanceUID", "SeriesInstanceUID", "InstanceNumber", "object_number"
        )
        with parts.writing(self.folder):
            name = parts.write_part(self.folder, INSTANCE, frame)
            try:
                self._move(numbers, name, frame.height)
            except _OvertakenError:
                parts.discard(self.folder, name)
                return 0
        return frame.height

    def _move(self, numbers: str, name: str, rows: int) -> None:
        with self._catalogue.transaction():
            taken = self._catalogue.change(
                "DELETE FROM inbox WHERE number IN (SELECT value FROM json_each(?))", numbers
            )
            if taken != rows:
                raise _OvertakenError
            self._catalogue.write(
                "INSERT INTO part VALUES (?, ?, ?, NULL)", name, INSTANCE.name, rows
            )

    # --- tables ------------------------------------------------------------------------------

    def scan(self, name: str) -> pl.LazyFrame:
        """Return a table of ``schema.TABLES`` as a lazy polars frame."""
        table = TABLES[name]
        if table is REJECTED:
            return self._objects_refused().lazy()
        if table is RUN:
            return self._frame(RUN, self._catalogue.all("SELECT * FROM run ORDER BY 1")).lazy()
        with self._catalogue.snapshot():
            frames = [parts.scan_parts(self.folder, table, self._parts(table))]
            if table is INSTANCE:
                frames.append(self._inbox().lazy())
        if table is FINDING:
            rows = self._catalogue.all("SELECT row FROM finding ORDER BY rowid")
            frames.insert(0, FINDING.frame([json.loads(row["row"]) for row in rows]).lazy())
        return pl.concat(frames)

    def derived(self, name: str) -> pl.DataFrame:
        """Return what was published of a table, without what the catalogue adds to it."""
        return parts.scan_parts(self.folder, TABLES[name], self._parts(TABLES[name])).collect()

    def table(self, name: str) -> pl.DataFrame:
        """Return a table of ``schema.TABLES``, sorted by its key where it has one."""
        table = TABLES[name]
        frame = self.scan(name).collect()
        return frame.sort(*table.key, nulls_last=True) if table.key else frame

    def publish(self, frames: Mapping[str, pl.DataFrame]) -> None:
        """Replace derived tables by new ones, all at once."""
        with parts.writing(self.folder):
            written = {
                name: (parts.write_part(self.folder, TABLES[name], frame), frame.height)
                for name, frame in frames.items()
            }
            with self._catalogue.transaction():
                for name, (file, rows) in written.items():
                    self._replace(name, file, rows)
        self.sweep()

    def _replace(self, name: str, file: str, rows: int) -> None:
        self._catalogue.write(
            "UPDATE part SET retired_at = ? WHERE table_name = ? AND retired_at IS NULL",
            time.time(), name,
        )  # fmt: skip
        self._catalogue.write("INSERT INTO part VALUES (?, ?, ?, NULL)", file, name, rows)

    def sweep(self) -> None:
        """Remove parts replaced a while ago, and files a cut-off run left behind."""
        before = time.time() - GRACE_SECONDS
        self._catalogue.write("DELETE FROM part WHERE retired_at < ?", before)
        parts.remove_strangers(self.folder, self._known_parts)

    def _known_parts(self) -> set[str]:
        return {row["file"] for row in self._catalogue.all("SELECT file FROM part")}

    # --- what has been done ------------------------------------------------------------------

    def fingerprints(self, stage: str) -> dict[str, str]:
        """Return what a stage has already worked on: study to fingerprint of its input."""
        rows = self._catalogue.all("SELECT * FROM fingerprint WHERE stage = ?", stage)
        return {row["study_uid"]: row["value"] for row in rows}

    def remember(self, stage: str, fingerprints: Mapping[str, str]) -> None:
        """Note the input a stage has worked on, in place of what was noted before."""
        with self._catalogue.transaction():
            self._catalogue.write("DELETE FROM fingerprint WHERE stage = ?", stage)
            for study, value in fingerprints.items():
                self._catalogue.write(
                    "INSERT INTO fingerprint VALUES (?, ?, ?)", stage, study, value
                )

    def begin_run(self, stage: str, version: str) -> int:
        """Note that a stage has begun; return the number of the run."""
        return self._catalogue.write(
            "INSERT INTO run (stage, started_at, version) VALUES (?, ?, ?)", stage, _now(), version
        )

    def end_run(self, number: int, outcome: str, counts: Mapping[str, object]) -> None:
        """Note how a run ended."""
        self._catalogue.write(
            "UPDATE run SET ended_at = ?, outcome = ?, counts = ? WHERE run_number = ?",
            _now(), outcome, json.dumps(counts), number,
        )  # fmt: skip

    def _parts(self, table: Table) -> list[str]:
        rows = self._catalogue.all(
            "SELECT file FROM part WHERE table_name = ? AND retired_at IS NULL ORDER BY rowid",
            table.name,
        )
        return [row["file"] for row in rows]

    def _inbox(self) -> pl.DataFrame:
        return _instance_frame([json.loads(row["row"]) for row in self._waiting(-1)])

    def _waiting(self, limit: int) -> list[Any]:
        return self._catalogue.all("SELECT number, row FROM inbox ORDER BY number LIMIT ?", limit)

    def waiting(self) -> int:
        """Return how many objects wait to be moved into a part."""
        row = self._catalogue.one("SELECT count(*) AS waiting FROM inbox")
        return int(row["waiting"]) if row else 0

    def _objects_refused(self) -> pl.DataFrame:
        rows = self._catalogue.all(
            "SELECT number AS object_number, verdict, code, reason, source, received_at"
            " FROM object WHERE verdict <> 'stored' ORDER BY number"
        )
        return self._frame(REJECTED, rows)

    @staticmethod
    def _frame(table: Table, rows: Iterable[Any]) -> pl.DataFrame:
        return table.frame([_with_moments(dict(row), table) for row in rows])


def _instance_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return INSTANCE.frame([_with_moments(row, INSTANCE) for row in rows])


def _with_moments(row: dict[str, Any], table: Table) -> dict[str, Any]:
    for column in table.columns:
        text = row.get(column.name)
        if isinstance(text, str) and column.kind == "moment":
            row[column.name] = datetime.fromisoformat(text)
        elif isinstance(text, str) and column.kind == "date":
            row[column.name] = date.fromisoformat(text)
    return row


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat()
