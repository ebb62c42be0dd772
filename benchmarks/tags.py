"""One element of many headers as a column, beside the other ways to read it from the same files.

The headers are those of a simulated CT series, filled to 12 kB, with twelve elements that change
from slice to slice; parts as the store writes them.  Ours reads single values of a private element
(the block of its creator), of a public one and of one inside a sequence.  The peers read the same
private element by its number alone, without asking whose it is: polars' regular expression, JSON
path and JSON decoding to a narrow type, DuckDB's regular expression and JSON.  Slow ones take a
tenth of the rows.  Times are scaled to a million headers.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from workbench.dicom.jsonmodel import Item
from workbench.dicom.record import as_text, dicom_json, instance_row, lines
from workbench.schema import INSTANCE
from workbench.simulate.hospital import simulate_hospital
from workbench.store.part_folder import FolderPlace
from workbench.store.tagpath import TagPath
from workbench.store.tags import tag_frame

ROWS, PART, SERIES = 100_000, 20_000, 250
MILLION = 1_000_000
CREATOR = "SIEMENS CT VA0  COAD"
FILLING = 5_000  # bytes of text that bring a header to some 12 kB
FLOOR, AIM = 5.0, 1.0  # seconds a million headers, for a private element
LINE = r'\n"00191092":(\{.*\})'
# What changes from slice to slice, besides the UID: tag and largest value.
VARYING = {
    "00181151": 500, "00181152": 250, "00200013": 250, "00280106": 30, "00280107": 4_000,
    "00191090": 900, "00191092": 9_000, "00191093": 9_000, "00191096": 90, "00201041": 800,
    "00180090": 500,
}  # fmt: skip


def a_header() -> Item:
    """Return the DICOM JSON of one simulated CT image with the private block."""
    for dataset in simulate_hospital(patients=3).objects():
        header, _ = dicom_json(dataset)
        if header.get("00190010", {}).get("Value") == [CREATOR]:
            return header
    raise LookupError(CREATOR)


def series_frame(base: Item, number: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return the rows of one series."""
    header = base | {
        "0020000E": {"vr": "UI", "Value": [f"2.25.{10**30 + number}"]},
        "00290010": {"vr": "LO", "Value": ["FILLING"]},
        "00291010": {"vr": "LT", "Value": [rng.bytes(FILLING // 2).hex()]},
    }
    texts = []
    for uid in rng.integers(10**17, 10**18, SERIES).tolist():
        own: Item = {"00080018": {"vr": "UI", "Value": [f"2.25.1{uid}"]}}
        for tag, largest in VARYING.items():
            own[tag] = {"vr": "DS", "Value": [int(rng.integers(largest)) / 8]}
        whole = header | own
        texts.append(lines(as_text({tag: whole[tag]})[1:-1] for tag in sorted(whole)))
    row, _ = instance_row(header)
    rows = INSTANCE.frame([row | {"patient": f"P{number // 4}"}])
    return rows.drop("header").join(pl.DataFrame({"header": texts}), how="cross")


def write(folder: Path, headers: int) -> list[str]:
    """Write the parts; return their names."""
    base, rng, place = a_header(), np.random.default_rng(1), FolderPlace(folder)
    names = []
    for first in range(0, headers, PART):
        numbers = range(first // SERIES, (first + PART) // SERIES)
        frame = pl.concat(series_frame(base, number, rng) for number in numbers)
        names.append(place.write(INSTANCE, frame.select(INSTANCE.names)).name)
    return names


def ours(instances: pl.LazyFrame, path: TagPath) -> Callable[[], object]:
    """Return the way of ours for one element."""
    return lambda: tag_frame(instances, path).collect()


def ways(
    instances: pl.LazyFrame, files: str, headers: int
) -> dict[str, tuple[int, Callable[[], object]]]:
    """Return every way with the rows it reads."""
    import duckdb

    header, few = pl.col("header"), headers // 10
    narrow = pl.Struct({"00191092": pl.Struct({"Value": pl.List(pl.Float64)})})
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")

    def sql(value: str) -> Callable[[], object]:
        query = f"SELECT count({value}) FROM '{files}'"  # noqa: S608 - constants of ours
        return lambda: connection.execute(query).fetchall()

    def read(value: pl.Expr, rows: int = headers) -> Callable[[], object]:
        return lambda: instances.head(rows).select(value.count()).collect()

    return {
        "header column read, nothing asked": (headers, read(header.str.len_bytes())),
        "ours, private": (headers, ours(instances, TagPath.parse("0019,1092", CREATOR))),
        "ours, public": (headers, ours(instances, TagPath.parse("SliceLocation"))),
        "ours, in a sequence": (
            headers, ours(instances, TagPath.parse("CTDIPhantomTypeCodeSequence/CodeValue"))
        ),
        "polars str.extract": (headers, read(header.str.extract(LINE))),
        "polars json_path_match": (
            few, read(header.str.json_path_match('$["00191092"].Value[0]'), few)
        ),
        "polars json_decode, narrow": (few, read(header.str.json_decode(narrow), few)),
        "DuckDB regexp_extract": (headers, sql(f"regexp_extract(header, '{LINE}', 1)")),
        "DuckDB JSON": (headers, sql("""header->>'$."00191092".Value[0]'""")),
    }  # fmt: skip


def seconds(way: Callable[[], object]) -> float:
    """Return the better of two times."""
    times = []
    for _ in range(2):
        begin = time.perf_counter()
        way()
        times.append(time.perf_counter() - begin)
    return min(times)


def measured(headers: int = ROWS) -> dict[str, float]:
    """Print seconds a million headers, and the memory at most held so far; return both."""
    taken = {}
    with tempfile.TemporaryDirectory() as folder:
        place = FolderPlace(Path(folder))
        instances = place.scan(INSTANCE, write(Path(folder), headers))
        size = instances.select(pl.col("header").str.len_bytes().mean()).collect().item()
        print(f"{headers} headers of {size:.0f} bytes, {pl.thread_pool_size()} threads")
        for name, (rows, way) in ways(instances, f"{place.folder}/*.parquet", headers).items():
            taken[name] = seconds(way) / rows * MILLION
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{name:36}{taken[name]:7.2f} s a million   {memory:6.0f} MiB")
    return taken


def alone(folder: Path) -> float:
    """Read the private element of written parts and do nothing else; return MB held at most."""
    place = FolderPlace(folder)
    instances = place.scan(INSTANCE, [path.name for path in sorted(folder.glob("*.parquet"))])
    ours(instances, TagPath.parse("0019,1092", CREATOR))()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    """Print all of it; ``--memory FOLDER`` what one reading of such parts holds, in MB."""
    if sys.argv[1:2] == ["--memory"]:
        print(f"{alone(Path(sys.argv[2])):.0f}")
        return
    measured()
    print(f"floor {FLOOR:.0f} s, aim {AIM:.0f} s for a private element")


if __name__ == "__main__":
    main()
