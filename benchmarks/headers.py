"""Header reading: file to stored row, beside a bare pydicom walk of the same files.

Ours is ``read_header`` + ``dicom_json`` + ``instance_row``: checked, whole header kept as DICOM
JSON, typed columns.  The peers are pydicom's ``dcmread`` with every element touched, and its
``to_json``.  All run in turn over the same files of the simulated hospital; the medians of the
rounds are compared.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydicom import dcmread

from workbench.dicom.quiet import quiet
from workbench.dicom.read import read_header
from workbench.dicom.record import dicom_json, instance_row
from workbench.simulate.hospital import simulate_hospital

FILES = 300
ROUNDS = 5


def ours(path: Path) -> None:
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


def seconds(read: Callable[[Path], None], files: Sequence[Path]) -> float:
    """Return the process's own time over all files."""
    begin = time.process_time()
    for path in files:
        read(path)
    return time.process_time() - begin


def main() -> None:
    """Print the time a file and the ratios."""
    readers = {"ours": ours, "pydicom walk": walk, "pydicom to_json": to_json}
    with tempfile.TemporaryDirectory() as folder, quiet():
        written = simulate_hospital(patients=4).write(folder)
        files = written[:: max(len(written) // FILES, 1)][:FILES]
        rounds = [[seconds(read, files) for read in readers.values()] for _ in range(ROUNDS)]
    medians = [statistics.median(each) for each in zip(*rounds, strict=True)]
    for name, median in zip(readers, medians, strict=True):
        print(f"{name:16}{median / len(files) * 1e6:9.0f} us a file")
    print(f"ratio {medians[0] / medians[1]:8.2f} x the time of a bare pydicom walk")
    print(f"ratio {medians[0] / medians[2]:8.2f} x the time of pydicom's to_json")


if __name__ == "__main__":
    main()
