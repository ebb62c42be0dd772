"""The store a survey writes to and reads from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from workbench.errors import ReadError, StoreError
from workbench.model import Finding, Verdict
from workbench.schema import (
    DOSE_ESTIMATE,
    FINDING,
    INSTANCE,
    IRRADIATION_EVENT,
    PHANTOM_IMAGE,
    REJECTED,
    REPORT_RUN,
    RUN,
    SERIES,
    TABLES,
    TEST_RESULT,
    Table,
)
from workbench.settings import StoreSettings
from workbench.store import integrity, patient_identities
from workbench.store.asked_reports import AskedReports
from workbench.store.catalogue import erasures
from workbench.store.claims import Claim, claims, sites_stored
from workbench.store.database_wait import DatabaseWait
from workbench.store.erasure import Erasure, Remains, Traces, remains
from workbench.store.fingerprints import Fingerprints, StudyNotes
from workbench.store.instances import Instances, known, with_moments
from workbench.store.objects import ObjectDecision, Objects, Origin, Taken, now
from workbench.store.opening import open_catalogue
from workbench.store.part_place import place_of
from workbench.store.patient_identities import IdentityRow
from workbench.store.quality_frames import images_frame, results_frame
from workbench.store.quality_records import Quality
from workbench.store.quality_tally import QualityTally, quality_tally, tally_marks
from workbench.store.report_letters import ReportLetters
from workbench.store.report_run_frame import report_runs_frame
from workbench.store.report_runs import ReportRuns
from workbench.store.store_sizes import StoreSizes, store_sizes
from workbench.store.tables import (
    GRACE_PERIOD_S,
    OvertakenError,
    PartTables,
    TableVersion,
    nothing_else,
)

T = TypeVar("T")
PUBLISHED = (INSTANCE, SERIES, IRRADIATION_EVENT, DOSE_ESTIMATE, FINDING)  # as parts
MAX_READS = 10  # of a table that others replace while it is read


class Store:
    """One workspace folder; open it for reading from as many processes as you like.

    ``answered``: its server is known to be there, and waited for where it does not answer.
    """

    def __init__(
        self, folder: Path, settings: StoreSettings | None = None, answered: bool = False
    ) -> None:
        settings = settings or StoreSettings()
        self.folder = folder
        place = place_of(folder, settings.parts)
        self._catalogue = open_catalogue(folder, settings, place, answered)
        self._tables = PartTables(self._catalogue, place)
        self._objects = Objects(self._catalogue)
        self._instances = Instances(self._catalogue, self._tables, self._objects)
        self._fingerprints = Fingerprints(self._catalogue)
        self._erasure = Erasure(self._catalogue, self._tables)
        self.quality = Quality(self._catalogue)
        self.report_runs = ReportRuns(self._catalogue)
        self.asked_reports = AskedReports(self._catalogue, self.report_runs)
        self.report_letters = ReportLetters(self._catalogue, self.report_runs)

    @classmethod
    def open(
        cls, folder: Path, settings: StoreSettings | None = None, answered: bool = False
    ) -> Store:
        """Open the store of a workspace; raises ``StoreError`` where there is none."""
        if not folder.is_dir():
            raise StoreError("there is no such workspace.", "Make one: workbench init -w FOLDER")
        return cls(folder, settings, answered)

    def close(self) -> None:
        """Close the catalogue."""
        self._catalogue.close()

    @property
    def waits(self) -> DatabaseWait:
        """How long a catalogue is waited for that is locked or whose server is away."""
        return self._catalogue.waits

    # --- objects -----------------------------------------------------------------------------

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make the objects added inside one durable unit (faster than one by one)."""
        with self._objects.transaction():
            yield

    def take(self, taken: Taken) -> Verdict:
        """Keep one object, or note why not; it is on disk when this returns."""
        return self.decided([taken])[0].verdict

    def decided(self, taken: Sequence[Taken], together: bool = False) -> list[ObjectDecision]:
        """Keep objects, or note why not, and return what was decided; all is on disk then.

        ``together``: as ``extend`` does.
        """
        if together:
            return self._instances.extend(taken)
        return [self._instances.add(item) for item in taken]

    def add(
        self, row: Mapping[str, object], origin: Origin, findings: Sequence[Finding] = ()
    ) -> Verdict:
        """Keep one object; its row is on disk when this returns (or when the batch ends)."""
        return self.take(Taken(origin, row, None, findings))

    def refuse(self, error: ReadError, origin: Origin) -> Verdict:
        """Note an object that could not be taken, with the reason."""
        return self.take(Taken(origin, None, error))

    def extend(self, taken: Sequence[Taken]) -> list[Verdict]:
        """Keep many objects, or note why not; all is on disk when this returns.

        Their rows make a part of their own: give whole series where you can.
        """
        return [decision.verdict for decision in self.decided(taken, together=True)]

    def unchanged(self, origins: Iterable[Origin]) -> set[str]:
        """Return the digests of those places whose file is stored and was not changed since."""
        return self._objects.unchanged(origins)

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        """Return what became of SOP Instance UIDs (pseudonymous): stored, or the reason's code.

        Those that never came are not in the answer.
        """
        return self._objects.fates(uids)

    def with_finding(self, uids: Iterable[str], code: str) -> set[str]:
        """Return those SOP Instance UIDs (pseudonymous) whose stored object has such a finding."""
        return self._objects.with_finding(uids, code)

    def stored_in(self, uid: str) -> int:
        """Return how many objects of a series or study (pseudonymous UID) are kept."""
        return self._objects.stored_in(uid)

    def patients_of(self, study_uids: Iterable[str]) -> dict[str, str]:
        """Return the patient of each study (pseudonyms) of which anything is kept."""
        return self._objects.patients_of(study_uids)

    def patients_among(self, patients: Iterable[str]) -> set[str]:
        """Return those patients (pseudonyms) of whom anything is kept."""
        return self._objects.patients_among(patients)

    def identities(self, names: Iterable[bytes]) -> dict[bytes, IdentityRow]:
        """Return whom digests of studies, IDs and patients point to, of those that are known."""
        return patient_identities.identities(self._catalogue, names)

    def erasures(self) -> int:
        """Return how often patients were erased: what was looked up before may be gone."""
        return erasures(self._catalogue)

    def settle(
        self, rows: Sequence[IdentityRow], findings: Sequence[tuple[str, Finding]] = ()
    ) -> bool:
        """Note whom they point to, with findings of patients; ``False`` where one is known."""
        return patient_identities.settle(self._catalogue, rows, findings)

    def compact(self, only_when_full: bool = False) -> int:
        """Move what came in since the last time into parts; return the number of rows moved.

        ``only_when_full``: only what must not wait any longer, so that the catalogue stays small.
        """
        return self._instances.compact(only_when_full)

    def waiting(self) -> int:
        """Return how many objects wait to be moved into a part."""
        return self._instances.waiting()

    # --- the key -----------------------------------------------------------------------------

    def claim(self, site: str, fingerprint: str) -> None:
        """Bind a site's objects to the fingerprint of its key, before any is stored.

        Raises ``StoreError`` when objects of this site came under another key or survey name;
        from then on also when another process binds another one.
        """
        claim = Claim(site, fingerprint)
        if claims(self._catalogue).get(site) != fingerprint:
            self._catalogue.atomically(
                lambda: claim.make(self._catalogue, lambda: self._stored_under(site))
            )
        self._objects.claim = claim

    def key_fingerprints(self) -> dict[str, list[str]]:
        """Return site to fingerprints of the keys under which its objects were stored."""
        kept = sites_stored(self._catalogue)
        claimed = claims(self._catalogue)
        return {
            site: [claimed[site]]
            if site in claimed
            else sorted(filter(None, self._stored_under(site)))
            for site in sorted(kept)
        }

    def _stored_under(self, site: str) -> set[str]:
        rows = self.scan("instance").filter(pl.col("patient").str.starts_with(f"{site}-"))
        return set(rows.select(pl.col("key_fingerprint").unique()).collect()["key_fingerprint"])

    # --- tables ------------------------------------------------------------------------------

    def scan(self, name: str) -> pl.LazyFrame:
        """Return a table of ``schema.TABLES`` as a lazy polars frame."""
        table = TABLES[name]
        if table is INSTANCE:
            return self._instances.scan()
        if table is REJECTED:
            return self._refused().lazy()
        if table is RUN:
            return _frame(RUN, self._catalogue.all("SELECT * FROM run ORDER BY 1")).lazy()
        if table is TEST_RESULT:
            return results_frame(self.quality.results()).lazy()
        if table is PHANTOM_IMAGE:
            return images_frame(self.quality.images()).lazy()
        if table is REPORT_RUN:
            return report_runs_frame(self.report_runs.runs()).lazy()
        parts = self._tables.scan(table)
        if table is not FINDING:
            return parts
        return pl.concat([self._noted(), parts])

    def _noted(self) -> pl.LazyFrame:
        """Return the findings that the catalogue holds."""
        rows = self._catalogue.all("SELECT content FROM finding ORDER BY number")
        return FINDING.frame([known(json.loads(row["content"]), FINDING) for row in rows]).lazy()

    def files(self, name: str) -> list[Path]:
        """Return the Parquet files of a table that count now; none of one that has no files.

        Raises ``StoreError`` where they lie in a bucket.
        """
        if TABLES[name] not in PUBLISHED:
            return []
        return self._tables.place.paths([part.file for part in self._tables.parts(TABLES[name])])

    def beside_files(self, name: str) -> pl.LazyFrame:
        """Return the rows of a table that are in none of its files."""
        table = TABLES[name]
        if table is INSTANCE:
            return self._instances.beside_parts()
        if table is FINDING:
            return self._noted()
        return table.empty().lazy() if table in PUBLISHED else self.scan(name)

    def derived(self, name: str) -> pl.DataFrame:
        """Return what was published of a table, without what the catalogue adds to it."""
        return self._read(name, lambda: self._tables.scan(TABLES[name]).collect())

    def table(self, name: str) -> pl.DataFrame:
        """Return a table of ``schema.TABLES``, sorted by its key where it has one."""
        table, frame = TABLES[name], self.read(name, lambda rows: rows.collect())
        return frame.sort(*table.key, nulls_last=True) if table.key else frame

    def read(self, name: str, collect: Callable[[pl.LazyFrame], T]) -> T:
        """Return what is collected of a table; done anew where it is replaced meanwhile.

        (A lazy frame that is kept can fail: its parts may be erased without waiting for readers.)
        """
        return self._read(name, lambda: collect(self.scan(name)))

    def _read(self, name: str, read: Callable[[], T]) -> T:
        for _ in range(MAX_READS):
            try:
                with self._tables.reading(self._tables.parts(TABLES[name])):
                    return read()
            except OvertakenError:
                continue
        raise StoreError("other programs kept changing table {name}.", "Try again.", name=name)

    def seen_at_once(self, read: Callable[[], T]) -> T:
        """Return what ``read`` reads of one state, whatever others write meanwhile.

        Lazy frames that are made in it are of that state too.
        """
        return self._catalogue.seen_at_once(read)

    def version(self, names: Iterable[str]) -> TableVersion:
        """Return what derived tables are now, for whoever will replace them."""
        return self._tables.version(names)

    def publish(
        self,
        frames: Mapping[str, pl.DataFrame],
        since: TableVersion | None = None,
        notes: StudyNotes | None = None,
    ) -> None:
        """Replace derived tables by new ones and note what they were made of, all at once.

        Raises ``OvertakenError``, and keeps nothing, where the tables are no longer what they
        were ``since``, or patients have been erased.
        """
        also = nothing_else if notes is None else lambda: self._fingerprints.note(notes)
        self._tables.publish(frames, since, also)

    def sweep(self) -> None:
        """Remove parts replaced a while ago, and files a cut-off run left behind."""
        self._tables.sweep()

    def _refused(self) -> pl.DataFrame:
        rows = self._catalogue.all(
            "SELECT number AS object_number, verdict, code, reason, source, received_at"
            " FROM refused ORDER BY number"
        )
        return _frame(REJECTED, rows)

    # --- care --------------------------------------------------------------------------------

    def traces(self, patients: Iterable[str]) -> Traces:
        """Return everything by which patients (pseudonyms) could be found again."""
        return self._erasure.traces(patients)

    def erase(self, traces: Traces) -> int:
        """Erase patients from all tables; return the number of their objects.

        Readers keep what they hold; ``reclaim`` then removes the last bytes.
        """
        return self._erasure.erase(traces)

    def reclaim(self, grace: float = GRACE_PERIOD_S) -> None:
        """Remove parts replaced at least ``grace`` seconds ago, and what deleted rows left."""
        self._tables.sweep(grace)
        self._catalogue.reclaim()

    def remains(self, traces: Traces) -> Remains:
        """Look for traces of patients everywhere in the workspace."""
        return remains(self._catalogue, self._tables, self.folder, traces)

    def give_back(self) -> None:
        """Give the free pages of the catalogue back to the disk.

        Raises ``StoreError`` where another program does not let go of it, or the disk has no
        room for a second copy.
        """
        self._catalogue.reclaim()

    def sizes(self) -> StoreSizes:
        """Return how much room the tables take."""
        return store_sizes(self._catalogue, self._tables)

    def problems(self, told: integrity.Told = integrity.untold) -> Iterator[str]:
        """Yield what is wrong with the store, one sentence each; reads every byte."""
        return integrity.problems(self._catalogue, self._tables, told)

    def tally_marks(self) -> tuple[int, ...]:
        """Return numbers that change whenever ``quality_tally`` does; quick."""
        return tally_marks(self._catalogue)

    def quality_tally(self) -> QualityTally:
        """Return how image quality stands in numbers."""
        return quality_tally(self._catalogue)

    # --- what has been done ------------------------------------------------------------------

    def fingerprints(self, stage: str) -> dict[str, str]:
        """Return what a stage has already worked on: study to fingerprint of its input."""
        return self._fingerprints.of(stage)

    def remember(self, stage: str, fingerprints: Mapping[str, str]) -> None:
        """Note the input a stage has worked on, in place of what was noted before."""
        self._fingerprints.replace(stage, fingerprints)

    def begin_run(self, stage: str, version: str) -> int:
        """Note that a stage has begun; return the number of the run."""
        row = self._catalogue.one(  # one that writes: kept once, whatever happens
            "INSERT INTO run (stage, started_at, version) VALUES (?, ?, ?) RETURNING run_number",
            stage, now(), version,
        )  # fmt: skip
        return int(row["run_number"]) if row else 0

    def end_run(self, number: int, outcome: str, counts: Mapping[str, object]) -> None:
        """Note how a run ended."""
        self._catalogue.write(
            "UPDATE run SET ended_at = ?, outcome = ?, counts = ? WHERE run_number = ?",
            now(), outcome, json.dumps(counts), number,
        )  # fmt: skip


def _frame(table: Table, rows: Iterable[Any]) -> pl.DataFrame:
    return table.frame([with_moments(known(dict(row), table), table) for row in rows])
