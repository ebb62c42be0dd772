"""Speed: ratios to a named peer, taken with the verb that a user runs."""

from __future__ import annotations

import importlib
import shutil
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks import receive as receiving
from benchmarks import startup
from benchmarks.figures.figure import Figure, Found, Group, MissingError, at_least, at_most

SPEED = Group.SPEED
SENDERS = (1, 2, 4)
PEERS = {"storescp": "DCMTK's storescp", "Orthanc": "Orthanc"}


def need(*programs: str) -> None:
    """Raise ``MissingError`` for the first program that is not installed."""
    for program in programs:
        if shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            raise MissingError(f"{Path(program).name} is not installed")


def start(short: bool) -> Mapping[str, Found]:
    """Start the command line."""
    repeats = 10 if short else startup.REPEATS
    bare, shown = startup.least(repeats)
    return {"start-of-help": Found(shown / bare, f"least of {repeats} starts")}


def receive(short: bool) -> Mapping[str, Found]:
    """Receive from one sender and from several at once."""
    need("dcmsend", "storescp", "Orthanc")
    objects, rounds = (100, 3) if short else (200, 5)
    note = f"{objects} CT images of 530 kB, median of {rounds} rounds"
    return {
        receive_name(senders, peer): Found(ratio, note)
        for senders, servers, _ in receiving.measured(objects, rounds, SENDERS)
        for peer, ratio in receiving.ratios(servers).items()
    }


def receive_name(senders: int, peer: str) -> str:
    """Return the key of a figure of receiving."""
    return f"receive-against-{peer.lower()}" + (f"-{senders}" if senders > 1 else "")


def retrieve(short: bool) -> Mapping[str, Found]:
    """Fetch patients from Orthanc in three ways."""
    from benchmarks.retrieve import PATIENTS, compare, enlarged
    from workbench.simulate.hospital import simulate_hospital

    need("Orthanc", "movescu")
    patients = 1 if short else PATIENTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = simulate_hospital(patients=patients).write(folder / "files")
        ratios = compare(files, folder / "large", enlarged)
    note = f"{len(files)} objects with images of 512 × 512, loopback"
    return {
        "move-against-movescu": Found(1 / ratios["movescu"], note),
        "get-against-move": Found(ratios["C-GET"], note),
        "web-against-move": Found(ratios["web metadata"], note),
    }


def deidentify(short: bool) -> Mapping[str, Found]:
    """De-identify what a receiver is handed."""
    from benchmarks.deidentify import ROUNDS, hospital, one_round
    from workbench.deidentify.confidentiality_profile import load_profile
    from workbench.deidentify.engine import Deidentifier
    from workbench.deidentify.header_rows import HeaderRows
    from workbench.deidentify.pseudonym import Pseudonyms

    rounds = 1 if short else ROUNDS
    names = Pseudonyms(bytes(32), "bench", "SITE")
    night = hospital()
    all_rounds = [
        one_round(HeaderRows(Deidentifier(load_profile(), names)), night) for _ in range(rounds)
    ]
    rate = {name: statistics.median(one[name] for one in all_rounds) for name in all_rounds[0]}
    note = f"{len(night)} headers, CPU time, median of {rounds}"
    return {
        "deidentify-against-pydicom": Found(rate["series"] / rate["pydicom"], note),
        "deidentify-alone-against-pydicom": Found(rate["alone"] / rate["pydicom"], note),
        "deidentify-series-against-alone": Found(rate["series"] / rate["alone"], note),
    }


@cache
def headers_module() -> Any:
    """Return the benchmark of importing."""
    module = importlib.import_module("benchmarks.headers")
    if not hasattr(module, "IMPORT"):
        raise MissingError("benchmarks.headers does not measure an import yet")
    return module


def imports(short: bool) -> Mapping[str, Found]:
    """Import a corpus, in the order of its series and in any order."""
    headers = headers_module()
    number = 1_000 if short else headers.CORPUS
    rounds = 1 if short else headers.ROUNDS
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        files = headers.write_corpus(place / "corpus", number)
        links = headers.in_any_order(files, place / "mixed")
        found = {
            "import-in-order": _imported(headers, place / "corpus", files, rounds),
            "import-in-any-order": _imported(headers, place / "mixed", links, rounds),
        }
    note = f"{number:,} headers, one process, CPU time, start taken off, median of {rounds}"
    return {key: Found(ratio, note) for key, ratio in found.items()}


def _imported(headers: Any, folder: Path, files: Sequence[Path], rounds: int) -> float:
    all_rounds = [headers.one_round(folder, files) for _ in range(rounds)]
    ours, peer = (
        statistics.median(one[name] for one in all_rounds)
        for name in (headers.IMPORT, headers.TO_JSON)
    )
    return float(peer / ours)


def processes(short: bool) -> Mapping[str, Found]:
    """Import in one process and in two, and the same again."""
    from benchmarks.corpus import write_corpus
    from benchmarks.store import FILES, ROUNDS, in_processes

    number, rounds = (2_000, 1) if short else (FILES, ROUNDS)
    with tempfile.TemporaryDirectory() as name:
        write_corpus(Path(name) / "files", number)
        rates = in_processes(Path(name), number, rounds)
    one = rates["one process"]
    note = f"{number:,} headers, wall time, start included, median of {rounds}"
    return {
        "import-two-processes": Found(rates["two processes"] / one, note),
        "import-again": Found(rates["one process, unchanged"] / one, note),
    }


def tags(short: bool) -> Mapping[str, Found]:
    """Read one element of many headers."""
    from benchmarks.tags import PART, ROWS, measured

    headers = PART if short else ROWS
    taken = measured(headers)
    ours, note = taken["ours, private"], f"{headers:,} headers of 13 kB"
    peers = {
        "tag-against-duckdb-json": "DuckDB JSON",
        "tag-against-json-path": "polars json_path_match",
        "tag-against-json-decode": "polars json_decode, narrow",
        "tag-against-extract": "polars str.extract",
        "tag-against-reading": "header column read, nothing asked",
    }
    return {key: Found(taken[peer] / ours, note) for key, peer in peers.items()}


def water(short: bool) -> Mapping[str, Found]:
    """Measure a water phantom."""
    from benchmarks.qa import REPEATS, SEEDS, measured

    repeats, seeds = (5, 6) if short else (REPEATS, SEEDS)
    ratio, highest = measured(repeats, seeds)
    return {
        "water-against-filter": Found(ratio, f"512 × 512, CPU time, median of {repeats}"),
        "noise-significance": Found(highest, f"five kinds of scan, {seeds} images each"),
    }


def hospital_file(short: bool) -> Mapping[str, Found]:
    """Queue, ask and answer patients in the encrypted file."""
    from benchmarks.hospital_file import OBJECTS, PATIENTS, SERIES, measure

    patients = PATIENTS // 10 if short else PATIENTS
    note = f"{patients:,} patients, {SERIES * OBJECTS} objects each, CPU time"
    return {"encrypted-file": Found(measure(patients).share, note)}


HELP, BARE = "`workbench --help`", "`python -c pass`"
RECEIVE = "python -m benchmarks.receive"
TAGS, DEIDENTIFY = "python -m benchmarks.tags", "python -m benchmarks.deidentify"
HEADERS, STORE = "python -m benchmarks.headers", "python -m benchmarks.store"
TO_JSON = "pydicom's `to_json` alone"

FIGURES = (
    Figure("start-of-help", SPEED, f"{HELP}: its time to that of a bare interpreter", "×",
           "python -m benchmarks.startup", start, at_most(startup.GOAL), BARE),
    *(Figure(receive_name(senders, peer), SPEED,
             f"`workbench receive`, {senders} sender{'s at once' if senders > 1 else ''}, objects "
             "a second", "×", RECEIVE, receive, at_least(floor), PEERS[peer])
      for senders in SENDERS for peer, floor in receiving.FLOORS.items()),
    Figure("import-in-order", SPEED, "`workbench import`, series in their order", "×", HEADERS,
           imports, at_least(10), TO_JSON, 1),
    Figure("import-in-any-order", SPEED, "`workbench import`, files in any order", "×", HEADERS,
           imports, at_least(6), TO_JSON, 1),
    Figure("import-two-processes", SPEED, "`workbench import --workers 2`", "×", STORE,
           processes, at_least(1.5), "one process"),
    Figure("import-again", SPEED, "`workbench import` of a folder that did not change", "×", STORE,
           processes, at_least(10), "the first import", 0),
    Figure("deidentify-against-pydicom", SPEED, "a header in a series de-identified as it is "
           "received", "×", DEIDENTIFY, deidentify, at_least(2), "pydicom reads and writes it"),
    Figure("deidentify-alone-against-pydicom", SPEED, "the same one by one, with no help of "
           "neighbours", "×", DEIDENTIFY, deidentify, None, "pydicom reads and writes it"),
    Figure("deidentify-series-against-alone", SPEED, "in a series", "×", DEIDENTIFY, deidentify,
           at_least(5), "one by one", 1),
    Figure("encrypted-file", SPEED, "the hospital's file encrypted: its share of a night's CPU",
           "%", "python -m benchmarks.hospital_file", hospital_file, at_most(5),
           "de-identifying and storing what the patients have"),
    Figure("move-against-movescu", SPEED, "C-MOVE from Orthanc, objects a second", "×",
           "python -m benchmarks.retrieve", retrieve, at_least(0.75), "DCMTK's `movescu`"),
    Figure("get-against-move", SPEED, "C-GET from Orthanc, objects a second", "×",
           "python -m benchmarks.retrieve", retrieve, at_least(0.6), "C-MOVE"),
    Figure("web-against-move", SPEED, "DICOMweb metadata from Orthanc, objects a second", "×",
           "python -m benchmarks.retrieve", retrieve, at_least(0.8), "C-MOVE"),
    Figure("tag-against-duckdb-json", SPEED, "`survey.tag`, a private element of all headers", "×",
           TAGS, tags, at_least(1), "DuckDB's JSON"),
    Figure("tag-against-json-path", SPEED, "the same", "×", TAGS, tags, at_least(3),
           "polars' `json_path_match`", 1),
    Figure("tag-against-json-decode", SPEED, "the same", "×", TAGS, tags, at_least(6),
           "polars' `json_decode`, narrow", 1),
    Figure("tag-against-extract", SPEED, "the same", "×", TAGS, tags, None,
           "polars' `str.extract`: text only, no creator, no type"),
    Figure("tag-against-reading", SPEED, "the same", "×", TAGS, tags, None,
           "the column read, nothing asked"),
    Figure("water-against-filter", SPEED, "a water phantom measured", "×",
           "python -m benchmarks.qa", water, at_most(3), "one Gaussian filter of the slice", 1),
    Figure("noise-significance", Group.TRUTH, "highest significance of structure found in pure "
           "noise; structure begins at the ceiling", "σ", "python -m benchmarks.qa", water,
           at_most(6.5), "", 1),
)  # fmt: skip
