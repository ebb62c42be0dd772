"""The header store beside its peers: rates, bytes, scans, erasure, at one size or several.

    python -m benchmarks.store --rows 100000 1000000

Rows are those of ``archive``; files for the import are those of ``corpus``.  Peers run in the same
process on the same data: pydicom's ``to_json``, gzip'd JSON, SQLite with JSON text, PostgreSQL's
JSONB (Debian's server, started here).  Peers of size are measured on a sample, and said so.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import polars as pl
from pydicom import dcmread

from benchmarks.archive import CREATOR, Archive
from benchmarks.corpus import write_corpus
from tests.store.postgres_server import programs, server
from workbench.executors import Processes, Serial
from workbench.stages.importing import import_files
from workbench.store import Store
from workbench.store.objects import Origin, Taken
from workbench.store.tagpath import TagPath
from workbench.store.tags import tag_frame
from workbench.survey import create_survey

FILES, SAMPLE, NIGHT, BATCH = 6_000, 5_000, 70_000, 5_000
ROUNDS = 3
T = TypeVar("T")


def timed(what: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds something takes, and what it returns."""
    begin = time.perf_counter()
    made = what()
    return time.perf_counter() - begin, made


def say(name: str, value: float, unit: str, beside: str = "") -> None:
    """Print one figure."""
    print(f"{name:44}{value:12,.3f} {unit:14}{beside}", flush=True)


def imports(folder: Path) -> None:
    """Print headers a second into the store, and pydicom's to JSON."""
    files = write_corpus(folder / "files", FILES)
    some = files[::20]
    spent, _ = timed(
        lambda: [json.dumps(dcmread(one).to_json_dict()) for one in some]
    )  # fmt: skip
    peer = len(some) / spent
    say("pydicom, to JSON, one process", peer, "headers/s")
    for name, rate in in_processes(folder, FILES).items():
        say(f"import, de-identified, durable, {name}", rate, "headers/s", f"{rate / peer:.1f} x")


def in_processes(folder: Path, number: int, rounds: int = ROUNDS) -> dict[str, float]:
    """Return headers a second of importing ``folder / "files"``, in turn; medians of the rounds."""
    rates: dict[str, list[float]] = {}
    for turn in range(rounds):
        for using, name in ((Serial(), "one process"), (Processes(2), "two processes")):
            survey = create_survey(folder / f"{name} {turn}")
            again = partial(import_files, survey, [folder / "files"], using=using)
            for what in (name, f"{name}, unchanged"):
                rates.setdefault(what, []).append(number / timed(again)[0])
            survey.close()
    return {name: median(each) for name, each in rates.items()}


def taken(frame: pl.DataFrame, source: str) -> list[Taken]:
    """Return rows as an import brings them."""
    return [
        Taken(Origin("folder", f"{source} {row['SOPInstanceUID']}", stamp=1), row)
        for row in frame.to_dicts()
    ]


def fill(store: Store, archive: Archive, source: str) -> float:
    """Write an archive; return the seconds that the store took."""
    spent = 0.0
    for frame in archive.frames(BATCH):
        rows = taken(frame, source)
        spent += timed(partial(store.extend, rows))[0]
    return spent + timed(store.compact)[0]


def sizes(store: Store, rows: int) -> dict[str, float]:
    """Print and return bytes an instance: ours, and peers' on a sample."""
    store.reclaim(0.0)  # parts that were joined do not count
    parts = sum(file.stat().st_size for file in (store.folder / "parts").iterdir())
    catalogue = sum(file.stat().st_size for file in store.folder.glob("catalogue*"))
    say("parts", parts / rows, "B/instance")
    say("catalogue", catalogue / rows, "B/instance")
    texts = store.scan("instance").select("header").head(SAMPLE).collect()["header"].to_list()
    zipped = sum(len(gzip.compress(text.encode(), 6)) for text in texts) / len(texts)
    ours = (parts + catalogue) / rows
    found = {"parts": parts / rows, "catalogue": catalogue / rows, "gzip": zipped}
    say("gzip'd JSON, one a header (sample)", zipped, "B/instance", f"{zipped / ours:.0f} x ours")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "peer.sqlite"
        peer = sqlite3.connect(file)
        peer.execute("CREATE TABLE t (header TEXT)")
        peer.executemany("INSERT INTO t VALUES (?)", [(text,) for text in texts])
        peer.commit()
        size = found["SQLite"] = file.stat().st_size / len(texts)
        say("SQLite, JSON text (sample)", size, "B/instance", f"{size / ours:.0f} x ours")
    if programs() is not None:
        size = found["PostgreSQL"] = in_postgres(texts)
        say("PostgreSQL, JSONB (sample)", size, "B/instance", f"{size / ours:.0f} x ours")
    return found


def in_postgres(texts: list[str]) -> float:
    """Return bytes a header as JSONB, its TOAST compressed by lz4."""
    import psycopg

    with server() as running, psycopg.connect(running.url, autocommit=True) as peer:
        peer.execute("SET default_toast_compression = 'lz4'")
        peer.execute("CREATE TABLE t (header JSONB)")
        with peer.cursor() as cursor:
            cursor.executemany("INSERT INTO t VALUES (%s)", [(text,) for text in texts])
        row: Any = peer.execute("SELECT pg_total_relation_size('t')").fetchone()
        return float(row[0]) / len(texts)


def scans(store: Store, rows: int) -> float:
    """Print the seconds of reading: a column, any tag, a series; return DuckDB's time to ours."""
    instances = store.scan("instance")
    mean = instances.group_by("SeriesInstanceUID").agg(pl.col("XRayTubeCurrent").mean())
    private = tag_frame(instances, TagPath.parse("0019,1092", CREATOR)).select("present", "bad")
    uid = instances.select("SeriesInstanceUID").slice(rows // 2, 1).collect().item()
    one = instances.filter(pl.col("SeriesInstanceUID") == uid)
    for name, query in (("column, mean by series", mean), ("private tag", private),
                        ("one series' headers", one)):  # fmt: skip
        query.head(1).collect()
        spent, frame = timed(query.collect)
        say(f"{name} ({frame.height:,} rows)", spent, "s")
    peer = by_duckdb(store, uid)
    say("one series' headers, DuckDB", peer, "s", f"{peer / spent:.1f} x")
    return peer / spent


def by_duckdb(store: Store, uid: str) -> float:
    """Return the seconds in which DuckDB finds the headers of a series in the same files."""
    import duckdb

    files = f"{store.folder / 'parts'}/instance-*.parquet"
    query = f"SELECT * FROM '{files}' WHERE SeriesInstanceUID = ?"  # noqa: S608 - names of ours
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(query, [uid]).fetchall()
    return timed(lambda: connection.execute(query, [uid]).fetchall())[0]


@contextmanager
def reading(store: Store) -> Iterator[list[int]]:
    """Read again and again meanwhile; yields how many reads went well and failed."""
    done, stop = [0, 0], threading.Event()

    def read() -> None:
        reader = Store.open(store.folder)
        while not stop.is_set():
            try:
                reader.scan("instance").select(pl.col("KVP").mean()).collect()
                done[0] += 1
            except BaseException:  # noqa: BLE001 - polars panics are no Exception
                done[1] += 1
        reader.close()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


@dataclass(frozen=True)
class Care:
    """Reads during an erasure, well and failed; traces it left; problems of the check."""

    read: int
    failed: int
    traces: int
    problems: int


def care(store: Store, night: int = NIGHT) -> Care:
    """Print what a night, an erasure and a check take; return what they must not break."""
    spent = fill(store, Archive(night, seed=2), "night")
    say(f"a night of {night:,} appended", spent, "s", f"{night / spent:,.0f} rows/s")
    patient = store.scan("instance").select("patient").slice(12_345, 1).collect().item()
    traces = store.traces([patient])
    with reading(store) as reads:
        spent, _ = timed(lambda: store.erase(traces))
        time.sleep(0.5)
    say(f"a patient of {len(traces.objects)} erased, published", spent, "s",
        f"reads meanwhile: {reads[0]} well, {reads[1]} failed")  # fmt: skip
    say("old parts and free pages gone", timed(lambda: store.reclaim(0.0))[0], "s")
    spent, left = timed(lambda: store.remains(traces))
    say("looked for what remains", spent, "s", "nothing" if left.nothing else "SOMETHING")
    spent, problems = timed(lambda: list(store.problems()))
    say("every byte checked", spent, "s", f"{len(problems)} problems")
    return Care(reads[0], reads[1], int(not left.nothing), len(problems))


def raw(archive: Archive) -> float:
    """Return the seconds in which polars alone writes the same rows to Parquet, and no more."""
    spent = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, frame in enumerate(archive.frames(BATCH)):
            file = Path(folder) / f"{number}.parquet"
            spent += timed(partial(frame.write_parquet, file, compression="zstd"))[0]
    return spent


def mapping(store: Store) -> None:
    """Print 35 columns of every series by polars, and by Python series by series."""
    numbers = [name for name, kind in store.scan("instance").collect_schema().items()
               if kind.is_numeric()]  # fmt: skip
    wanted = [pl.col(name).mean().name.suffix(f"_{n}") for n in (1, 2, 3) for name in numbers][:35]
    rows = store.scan("instance").select("SeriesInstanceUID", *numbers).collect()
    ours, made = timed(lambda: rows.group_by("SeriesInstanceUID").agg(wanted))
    some = rows.partition_by("SeriesInstanceUID")[:400]

    def series_by_series() -> list[list[float | None]]:
        return [
            [mean(one[name].to_list()) for name in islice(numbers * 3, 35)] for one in some
        ]  # fmt: skip

    spent, _ = timed(series_by_series)
    peer = spent * made.height / len(some)
    say(f"35 columns of {made.height:,} series", ours, "s", f"Python: {peer / ours:.0f} x (scaled)")


def mean(values: list[float | None]) -> float | None:
    """Return the mean of what is there."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def main() -> None:
    """Print all figures for each size asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[100_000])
    options.add_argument("--no-import", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not asked.no_import:
            imports(Path(folder))
        for rows in asked.rows:
            print(f"--- {rows:,} instances")
            place = Path(folder) / str(rows)
            place.mkdir()
            store = Store.open(place)
            spent = fill(store, Archive(rows), "archive")
            say("written, with verdicts and compaction", rows / spent, "rows/s")
            for step in (sizes, scans):
                step(store, rows)
            for look in (mapping, care):
                look(store)
            store.close()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            say("peak memory so far", peak, "GB")


if __name__ == "__main__":
    main()
