"""What ``workbench import`` spends on a header, beside pydicom's ``to_json`` on the same files.

An import reads, checks, de-identifies and stores each header durably with its verdict, in one
process; its start (what it spends on a single file) is taken off.  Of that, ``reading and
de-identifying`` is the part of ``HeaderReader`` and ``HeaderRows`` alone, and ``one by one`` the
same without the help of neighbours.  The peers are pydicom's ``to_json`` alone (nothing checked,
de-identified or stored) and ``dcmread`` with every element touched.

The files are corpora of CT series of 250 slices, read in their order and in any order, and the CT
of the simulated hospital, 1 to 124 slices a series.  All ways run in turn over the same files;
CPU seconds of this process, medians of the rounds.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydicom import dcmread

from benchmarks.corpus import write_corpus
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.header_rows import HeaderRows
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.read import read_header
from workbench.dicom.reader import HeaderReader
from workbench.executors import Serial
from workbench.simulate.hospital import simulate_hospital
from workbench.stages.importing import import_files
from workbench.survey import create_survey

PATIENTS = 6
CORPUS = 2_000  # files
SAMPLE = 10  # of so many files one is read by the slow ways
ROUNDS = 3
IMPORT, QUICK, ALONE = "import, all of it", "reading and de-identifying", "one by one"
TO_JSON, WALK = "pydicom to_json", "pydicom walk"
GOALS = {"in order": (10, 20), "in any order": (6, 10)}  # floor and aim: times to_json


def to_json(path: Path) -> None:
    """Read with pydicom and write its DICOM JSON."""
    json.dumps(dcmread(path, stop_before_pixels=True).to_json_dict())


def walk(path: Path) -> None:
    """Read with pydicom and touch every element."""
    for _ in dcmread(path, stop_before_pixels=True).iterall():
        pass


def spent(work: Callable[[], object]) -> float:
    """Return the process's own time for some work."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def each(read: Callable[[Path], object], files: Sequence[Path]) -> float:
    """Return seconds a file."""
    return spent(lambda: [read(path) for path in files]) / len(files)


def imported(folder: Path, files: int) -> float:
    """Return seconds a file of a serial import into a new workspace, the start taken off."""
    one = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    with tempfile.TemporaryDirectory() as place:
        surveys = [create_survey(Path(place) / name) for name in ("start", "all")]
        start = spent(lambda: import_files(surveys[0], [one], using=Serial()))
        whole = spent(lambda: import_files(surveys[1], [folder], using=Serial()))
        for survey in surveys:
            survey.close()
    return (whole - start) / (files - 1)


def one_round(folder: Path, files: Sequence[Path]) -> dict[str, float]:
    """Return seconds a file for every way; nothing is remembered from an earlier round."""
    some = files[::SAMPLE]
    rows = HeaderRows(Deidentifier(load_profile(), Pseudonyms(bytes(32), "bench", "SITE")))
    reader = HeaderReader()
    return {
        IMPORT: imported(folder, len(files)),
        QUICK: each(lambda path: rows.row(reader.header(path)), files),
        ALONE: each(lambda path: rows.one_by_one(read_header(path)), some),
        TO_JSON: each(to_json, some),
        WALK: each(walk, some),
    }


def in_any_order(files: Sequence[Path], folder: Path) -> list[Path]:
    """Link the files under other names, so that an import meets them in any order."""
    folder.mkdir()
    shuffled = random.Random(1).sample(files, len(files))
    links = [folder / f"{number:07d}.dcm" for number in range(len(shuffled))]
    for link, path in zip(links, shuffled, strict=True):
        link.hardlink_to(path)
    return links


def hospital(folder: Path) -> list[Path]:
    """Write the CT of the simulated hospital."""
    written = simulate_hospital(patients=PATIENTS).write(folder)
    images = [path for path in written if read_header(path).dataset.Modality == "CT"]
    for path in set(written) - set(images):
        path.unlink()
    return images


def measure(what: str, folder: Path, files: Sequence[Path], order: str) -> None:
    """Print the time a file and the ratios."""
    rounds = [one_round(folder, files) for _ in range(ROUNDS)]
    median = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    print(f"{what}, {order}: {len(files)} files")
    for name, value in median.items():
        print(f"  {name:28}{value * 1e6:7.0f} us a file {1 / value:8.0f} a CPU second"
              f" {median[TO_JSON] / value:6.1f} x to_json")  # fmt: skip
    floor, aim = GOALS[order]
    ratio = median[TO_JSON] / median[IMPORT]
    reached = "not reached" if ratio < floor else "reached"
    print(f"  goal of import: {ratio:.1f} x, floor {floor} x {reached}, aim {aim} x")


def main() -> None:
    """Measure the sets of files."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        files = write_corpus(place / "corpus", CORPUS)
        measure("corpus", place / "corpus", files, "in order")
        links = in_any_order(files, place / "mixed")
        measure("corpus", place / "mixed", links, "in any order")
        images = hospital(place / "hospital")
        measure("simulated hospital", place / "hospital", images, "in order")


if __name__ == "__main__":
    main()
