"""Header reading beside pydicom on the same files: JSON with typed columns, and columns alone.

Ours are ``read_header`` with ``dicom_json`` and ``instance_row`` (each header alone), and with
``InternedRows`` (a series' elements made once): checked, the whole header as DICOM JSON, and the
typed columns.  The peers are pydicom's ``dcmread`` with every element touched, its ``to_json``, and
its ``specific_tags`` with the same columns read.  All run in turn over the same files; the medians
of the rounds are compared.  The files are the CT series of the simulated hospital, 1 to 124 slices
each, and the corpus, 250 each.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydicom import dcmread

from benchmarks.corpus import write_corpus
from workbench.dicom.interned import InternedRows
from workbench.dicom.quiet import quiet
from workbench.dicom.read import read_header
from workbench.dicom.record import COPIED, dicom_json, instance_row
from workbench.simulate.hospital import simulate_hospital

PATIENTS = 6
CORPUS = 1_000  # files
ROUNDS = 3
COLUMNS = [column.name for column in COPIED][:40]
# (what, ours, peer, floor, aim); a ratio above 1 means that ours is faster.
GOALS = (
    ("whole header as DICOM JSON to pydicom to_json", "ours, interned", "pydicom to_json", 15, 30),
    ("typed columns to pydicom specific_tags", "ours, interned", "pydicom 40 tags", 4, 8),
    ("a header alone to pydicom to_json", "ours, alone", "pydicom to_json", 1, 2),
)


def alone(path: Path) -> None:
    """Take a file as far as the row of the instance table."""
    header, _ = dicom_json(read_header(path).dataset)
    instance_row(header)


def walk(path: Path) -> None:
    """Read with pydicom and touch every element."""
    for _ in dcmread(path, stop_before_pixels=True).iterall():
        pass


def to_json(path: Path) -> None:
    """Read with pydicom and write its DICOM JSON."""
    json.dumps(dcmread(path, stop_before_pixels=True).to_json_dict())


def specific_tags(path: Path) -> None:
    """Read 40 values with pydicom."""
    data = dcmread(path, stop_before_pixels=True, specific_tags=COLUMNS)
    for keyword in COLUMNS:
        data.get(keyword)


def seconds(read: Callable[[Path], object], files: Sequence[Path]) -> float:
    """Return the process's own time over all files."""
    begin = time.process_time()
    for path in files:
        read(path)
    return time.process_time() - begin


def one_round(files: Sequence[Path]) -> dict[str, float]:
    """Return seconds a file for every way; nothing is remembered from an earlier round."""
    rows = InternedRows()
    ways: dict[str, Callable[[Path], object]] = {
        "ours, interned": lambda path: rows.row(read_header(path)),
        "ours, alone": alone,
        "pydicom walk": walk,
        "pydicom to_json": to_json,
        "pydicom 40 tags": specific_tags,
    }
    return {name: seconds(read, files) / len(files) for name, read in ways.items()}


def hospital(folder: Path) -> list[Path]:
    """Write the simulated hospital and return its CT."""
    written = simulate_hospital(patients=PATIENTS).write(folder)
    return [path for path in written if read_header(path).dataset.Modality == "CT"]


def measure(what: str, files: Sequence[Path]) -> None:
    """Print the time a file and the ratios."""
    rounds = [one_round(files) for _ in range(ROUNDS)]
    median = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    print(f"{what}: {len(files)} files")
    for name, value in median.items():
        print(f"  {name:16}{value * 1e6:9.0f} us a file")
    for goal, ours, peer, floor, aim in GOALS:
        ratio = median[peer] / median[ours]
        print(f"  ratio {ratio:6.1f} x  {goal}  (floor {floor}, aim {aim})")


def main() -> None:
    """Measure both sets of files."""
    with tempfile.TemporaryDirectory() as folder, quiet():
        measure("simulated hospital", hospital(Path(folder) / "hospital"))
        measure("corpus", write_corpus(Path(folder) / "corpus", CORPUS))


if __name__ == "__main__":
    main()
