"""Fetching a patient from one Orthanc in three ways: objects a second, and their ratios.

C-MOVE to our receiver, C-GET, and headers over the web (WADO-RS metadata); and by DCMTK's
``movescu``, which asks and receives by itself.  Objects are only
counted, so what is compared is the way itself; all run in turn over the same patients of the
simulated hospital, and the medians of the rounds are compared.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from workbench.collect.dicomweb.client import WebSource
from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.get import GetSource
from workbench.collect.dimse.move import MoveSource
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.expected import Expected, ExpectedStudy
from workbench.collect.filters import SurveyFilter
from workbench.collect.patient_list import ListedPatient
from workbench.collect.received import ReceivedObject
from workbench.collect.retrieval import RetrieveOutcome, Source
from workbench.model import ApplicationEntity
from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.peers import OrthancPacs, free_port

ROUNDS = 3
MOVESCU = "/usr/bin/movescu"  # pynetdicom installs a program of the same name
PATIENTS = 3
SECONDS = 60.0  # for what is on its way


class Counter:
    """Takes everything and keeps its UID only."""

    def __init__(self) -> None:
        self.uids: set[str] = set()

    def take(self, received: ReceivedObject) -> int:
        """Count one object."""
        self.uids.add(received.sop_instance)
        return 0


@dataclass(frozen=True)
class Movescu:
    """C-MOVE by DCMTK's program, which asks and receives by itself and keeps files."""

    us: ApplicationEntity
    archive: ApplicationEntity
    folder: Path
    asking: Source
    counter: Counter

    def expect(self, patient: ListedPatient) -> Expected:
        """Ask as we do: only the fetching is compared."""
        return self.asking.expect(patient)

    def fetch(self, study: ExpectedStudy, missing: frozenset[str]) -> list[RetrieveOutcome]:
        """Fetch a study; what came is counted when all of it is there."""
        command = [
            MOVESCU, "-S", "-aet", self.us.title, "-aem", self.us.title, "-aec",
            self.archive.title, "--port", str(self.us.port), "-od", str(self.folder),
            "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study.study.study_uid}",
            self.archive.host, str(self.archive.port),
        ]  # fmt: skip
        before = len(list(self.folder.iterdir()))
        subprocess.run(
            command, check=True, capture_output=True, env={**os.environ, "TCP_NODELAY": "1"}
        )
        files = list(self.folder.iterdir())
        if len(files) - before >= len(missing):
            self.counter.uids |= missing
        for file in files:
            file.unlink()
        return [RetrieveOutcome(0)]

    def echo(self) -> None:
        """Test the connection."""
        self.asking.echo()


def seconds(source: Source, studies: list[ExpectedStudy], counter: Counter) -> float:
    """Return how long it takes until all objects of the studies have arrived."""
    counter.uids.clear()
    wanted = frozenset().union(*(study.instances for study in studies))
    begin = time.monotonic()
    for study in studies:
        source.fetch(study, study.instances)
    while not wanted <= counter.uids and time.monotonic() - begin < SECONDS:
        time.sleep(0.001)
    assert wanted <= counter.uids, "not everything arrived"
    return time.monotonic() - begin


def measure(sources: dict[str, Source], patients: list[str], counter: Counter) -> dict[str, float]:
    """Print the rate of each way, what it is to C-MOVE's, and what asking takes; return ratios."""
    studies: list[ExpectedStudy] = []
    asking: dict[str, float] = {}
    for name, source in sources.items():
        begin = time.monotonic()
        studies = [study for one in patients for study in source.expect(ListedPatient(one)).studies]
        asking[name] = (time.monotonic() - begin) / len(patients)
    number = sum(len(study.instances) for study in studies)
    rounds = [
        [seconds(source, studies, counter) for source in sources.values()] for _ in range(ROUNDS)
    ]
    medians = [statistics.median(each) for each in zip(*rounds, strict=True)]
    for name, median in zip(sources, medians, strict=True):
        print(
            f"  {name:14}{number / median:6.0f} objects/s {medians[0] / median:6.2f} x C-MOVE, "
            f"{asking[name]:.2f} s to ask for a patient"
        )
    return {name: medians[0] / median for name, median in zip(sources, medians, strict=True)}


def enlarged(file: Path) -> Dataset:
    """Return an object with Pixel Data of 512 x 512, as a CT scanner's."""
    dataset = dcmread(file)
    if "PixelData" in dataset:
        dataset.Rows = dataset.Columns = 512
        dataset.SamplesPerPixel = 1
        dataset.BitsAllocated = 16
        dataset.PixelData = bytes(2 * 512 * 512)
    return dataset


def compare(
    files: list[Path], folder: Path, load: Callable[[Path], Path | Dataset]
) -> dict[str, float]:
    """Measure with what ``load`` makes of the files, on loopback; return ratios to C-MOVE."""
    patients = sorted({str(dcmread(file, stop_before_pixels=True).PatientID) for file in files})
    counter = Counter()
    us = ApplicationEntity("WORKBENCH", port=0)
    movescu = ApplicationEntity("MOVESCU", "127.0.0.1", free_port())
    received = folder.with_name(f"{folder.name}-movescu")
    received.mkdir()
    here = ApplicationEntity("ORTHANC", port=0)
    with (
        Receiver(Reception(us, (AllowedPeer("ORTHANC"),)), counter.take) as receiver,
        OrthancPacs(
            here, folder, {"WORKBENCH": receiver.entity, "MOVESCU": movescu}, dicomweb=True
        ) as pacs,
    ):
        pacs.load(load(file) for file in files)
        peer, everything = Peer("WORKBENCH", pacs.entity), SurveyFilter()
        ours = MoveSource(peer, everything, "WORKBENCH")
        sources: dict[str, Source] = {
            "C-MOVE": ours,
            "movescu": Movescu(movescu, pacs.entity, received, ours, counter),
            "C-GET": GetSource(peer, everything, counter.take),
            "web metadata": WebSource(pacs.web_root, everything, counter.take),
        }
        return measure(sources, patients, counter)


def main() -> None:
    """Measure with the simulated hospital's small images, then with images of full size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = simulate_hospital(patients=PATIENTS).write(folder / "files")
        print(f"{len(files)} objects as the simulated hospital makes them")
        compare(files, folder / "small", lambda file: file)
        print(f"{len(files)} objects with images of 512 x 512")
        compare(files, folder / "large", enlarged)


if __name__ == "__main__":
    main()
