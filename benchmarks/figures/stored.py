"""Sizes: bytes in the store, memory, the environment on disk; and what an erasure leaves."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from benchmarks.figures.figure import (
    NONE,
    Count,
    Figure,
    Found,
    Group,
    MissingError,
    at_least,
    at_most,
)

SIZES = Group.SIZES
ROOT = Path(__file__).resolve().parents[2]
PATIENT = 1_000  # objects of each in the archive


def store(short: bool) -> Mapping[str, Found]:
    """Fill a store and look after it."""
    from benchmarks.archive import Archive
    from benchmarks.store import NIGHT, care, fill, raw, scans, sizes
    from tests.store.postgres_server import programs
    from workbench.store import Store

    if programs() is None:
        raise MissingError("PostgreSQL's server, a peer, is not installed")
    rows, night = (20_000, 10_000) if short else (100_000, NIGHT)
    with tempfile.TemporaryDirectory() as name:
        made = Store.open(Path(name))
        rate = raw(Archive(rows)) / fill(made, Archive(rows), "archive")
        size, series, kept = sizes(made, rows), scans(made, rows), care(made, night)
        made.close()
    ours, note = size["parts"] + size["catalogue"], f"{rows:,} headers of 12 kB, 250 a series"
    bytes_of = {f"{peer.lower()}-against-store": size[peer] / ours
                for peer in ("gzip", "SQLite", "PostgreSQL")}  # fmt: skip
    reads = f"a patient of {PATIENT:,} objects erased meanwhile"
    return {
        "write-against-parquet": Found(rate, f"{note}, wall time"),
        "series-against-duckdb": Found(series, f"{note}, wall time"),
        "bytes-in-parts": Found(size["parts"], note),
        "bytes-in-catalogue": Found(size["catalogue"], note),
        **{key: Found(ratio, note) for key, ratio in bytes_of.items()},
        "reads-failed": Found(Count(kept.failed, kept.read + kept.failed), reads),
        "erase-remains": Found(Count(kept.traces, 1), "looked for in every part and the catalogue"),
        "store-memory": Found(_peak_mb(), f"{note}; the making of them and all peers included"),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def tag_memory(short: bool) -> Mapping[str, Found]:
    """Read a tag in a process that does nothing else."""
    from benchmarks.tags import PART, ROWS, write

    headers = PART if short else ROWS
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), headers)
        command = [sys.executable, "-m", "benchmarks.tags", "--memory", name]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {"tag-memory": Found(float(told), f"{headers:,} headers of 13 kB")}


def environment(_: bool) -> Mapping[str, Found]:
    """Add up the files of all packages that ``make setup`` installs."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    sizes = []
    for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE):
        try:
            listed = files(name) or []
        except PackageNotFoundError:  # of another platform
            continue
        places = (Path(str(file.locate())) for file in listed)
        sizes.append(sum(place.stat().st_size for place in places if place.is_file()))
    return {"environment-on-disk": Found(sum(sizes) / 1e9, f"{len(sizes)} packages")}


STORE, TAGS = "python -m benchmarks.store", "python -m benchmarks.tags"
FIGURES = (
    Figure("write-against-parquet", Group.SPEED, "the store's writing, with verdicts, findings and "
           "compaction, rows a second", "×", STORE, store, at_least(0.5),
           "polars writes the same rows to Parquet and no more"),
    Figure("series-against-duckdb", Group.SPEED, "the headers of one series read", "×", STORE,
           store, at_least(0.5), "DuckDB on the same files"),
    Figure("bytes-in-parts", SIZES, "bytes an instance in parts, whole header kept", "B", STORE,
           store, at_most(200), "", 0),
    Figure("bytes-in-catalogue", SIZES, "bytes an instance in the catalogue", "B", STORE, store,
           at_most(250), "", 0),
    Figure("gzip-against-store", SIZES, "gzip'd JSON, one a header, to parts and catalogue", "×",
           STORE, store, at_least(8), "parts and catalogue", 0),
    Figure("sqlite-against-store", SIZES, "JSON text in SQLite", "×", STORE, store, at_least(25),
           "parts and catalogue", 0),
    Figure("postgresql-against-store", SIZES, "JSONB in PostgreSQL", "×", STORE, store,
           at_least(12), "parts and catalogue", 0),
    Figure("reads-failed", Group.LOSSES, "reads that failed while a patient was erased", "", STORE,
           store, NONE),
    Figure("erase-remains", Group.LEAKS, "patients of whom something remained after an erasure",
           "", STORE, store, NONE),
    Figure("store-memory", SIZES, "peak memory of writing, reading, erasing and checking", "MB",
           STORE, store, at_most(1_600), "", 0),
    Figure("tag-memory", SIZES, "peak memory of `survey.tag`", "MB", TAGS, tag_memory,
           at_most(500), "", 0),
    Figure("environment-on-disk", SIZES, "`.venv` as `make setup` makes it", "GB",
           "make setup", environment, at_most(1.5), "", 1),
)  # fmt: skip
