"""Memory and disk of a collector that works for nights: 500,000 objects in one run of the service.

A PACS without an end, in a process of its own, makes the CT images of 1,000 patients as they are
asked for; ``workbench collect run`` takes them by C-MOVE.  Every few seconds the memory of all the
collector's processes is read, with the size of the catalogue and its log.  What grows with the
number of objects would show: the peak of the last tenth stands beside that of the second.

    python -m benchmarks.endurance [OBJECTS]
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite

from workbench.collect.find import texts
from workbench.model import ApplicationEntity
from workbench.settings import CollectSettings, EntitySettings, Settings
from workbench.simulate.archive import KEYWORDS, UNIQUE, Values
from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port
from workbench.store.catalogue import FILE as CATALOGUE
from workbench.survey import create_survey

OBJECTS, A_PATIENT, A_SERIES = 500_000, 500, 250
ROOT = "1.2.826.0.1.3680043.10.1"
EVERY_S, REST_S, START_S = 5.0, 60.0, 60.0
FIRST_STUDY, FIRST = 1_000_000, 1000  # so that all identifiers are of one length
PREFIX = "END"
PROGRAM = str(Path(sys.executable).with_name("workbench"))


def identifiers(patient: int, image: int) -> tuple[str, str, str, str]:
    """Return PatientID and the three UIDs of one image."""
    study = f"{ROOT}.{FIRST_STUDY + patient}"
    series = f"{study}.{1 + image // A_SERIES}"
    return f"{PREFIX}{patient:06d}", study, series, f"{series}.{FIRST + image}"


def patient_of(wanted: dict[str, list[str]]) -> int:
    """Return which patient a query names, by ID or by study; -1 for none."""
    if name := wanted.get("PatientID"):
        digits, first = name[0].removeprefix(PREFIX), 0
    else:
        digits = wanted.get("StudyInstanceUID", [""])[0].removeprefix(f"{ROOT}.")
        first = FIRST_STUDY
    return int(digits) - first if digits.isdigit() else -1


def pair(image: Dataset) -> tuple[str, str]:
    """Return SOP class and transfer syntax."""
    return str(image.SOPClassUID), str(image.file_meta.TransferSyntaxUID)


def renamed(image: Dataset, number: int) -> Dataset:
    """Return a copy of an image as number so many of the first patient."""
    copied = Dataset(image)
    copied.file_meta = image.file_meta
    for keyword, value in zip(UNIQUE.values(), identifiers(0, number), strict=True):
        setattr(copied, keyword, value)
    copied.file_meta.MediaStorageSOPInstanceUID = copied.SOPInstanceUID
    copied.InstanceNumber = 1 + number % A_SERIES
    copied.ImagePositionPatient = [-250.0, -250.0, 1.25 * (number % A_SERIES)]
    return copied


class EndlessArchive:
    """Images of one simulated CT series, again and again under new identifiers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        objects = simulate_hospital(patients=1).objects()
        axial = [each for each in objects if "AXIAL" in each.get("ImageType", [])]
        images = [each for each in axial if pair(each) == pair(axial[0])]
        self._files, self._records = [], []
        for number in range(A_PATIENT):
            image = renamed(images[number % len(images)], number)
            buffer = BytesIO()
            dcmwrite(buffer, image, enforce_file_format=True)
            self._files.append(buffer.getvalue())
            self._records.append({name: list(texts(image, name)) for name in KEYWORDS})
        self.pair = pair(images[0])

    def match(self, level: str, keys: Dataset) -> list[Values]:
        """Return what a PACS would answer about the patient or the study of the keys."""
        wanted = {name: list(texts(keys, name)) for name in UNIQUE.values() if name in keys}
        wanted = {name: values for name, values in wanted.items() if values}
        found: dict[str, Values] = {}
        patient = patient_of(wanted)
        for image in range(A_PATIENT if patient >= 0 else 0):
            record = self._record(patient, image)
            if all(record[name][0] in values for name, values in wanted.items()):
                found.setdefault(record[UNIQUE[level]][0], record)
        return list(found.values())

    def path(self, uid: str) -> Path:
        """Return where an image would be."""
        return self.folder / uid

    def write(self, file: Path) -> None:
        """Make the image that a path names."""
        *_, patient, _, number = file.name.split(".")
        image = int(number) - FIRST
        content = self._files[image]
        theirs = identifiers(int(patient) - FIRST_STUDY, image)
        for old, new in zip(identifiers(0, image), theirs, strict=True):
            content = content.replace(old.encode(), new.encode())
        file.write_bytes(content)

    def save(self) -> None:
        """Keep nothing."""

    def _record(self, patient: int, image: int) -> Values:
        values = dict(zip(UNIQUE.values(), identifiers(patient, image), strict=True))
        return self._records[image] | {name: [value] for name, value in values.items()} | {
            "ModalitiesInStudy": ["CT"],
            "NumberOfStudyRelatedInstances": [str(A_PATIENT)],
            "NumberOfSeriesRelatedInstances": [str(A_SERIES)],
        }  # fmt: skip


class EndlessPacs(EmbeddedPacs):
    """Makes each image when it is sent, and forgets it."""

    def __init__(self, entity: ApplicationEntity, folder: Path, us: ApplicationEntity) -> None:
        super().__init__(entity, folder / "none", {us.title: us})
        self.archive: Any = EndlessArchive(folder / "images")

    def offered(self, file: Path) -> tuple[str, str]:
        """All images are alike."""
        del file
        return self.archive.pair  # type: ignore[no-any-return]

    def send(self, association: Any, file: Path, **originator: Any) -> Dataset:
        """Make an image, send it, remove it."""
        self.archive.write(file)
        try:
            return super().send(association, file, **originator)
        finally:
            file.unlink()


def serve(entity: ApplicationEntity, folder: Path, us: ApplicationEntity) -> None:
    """Be the PACS until the process is ended."""
    with EndlessPacs(entity, folder, us):
        signal.pause()


class Sample(NamedTuple):
    """What was seen at one moment: objects stored, bytes resident, bytes of catalogue and log."""

    objects: int
    resident: int
    catalogue: int


def sample(process: psutil.Process, workspace: Path, stored: int) -> Sample:
    """Look at the collector, all its processes together."""
    resident = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            resident += each.memory_info().rss
    catalogue = workspace / CATALOGUE
    log = catalogue.with_name(f"{CATALOGUE}-wal")  # gone for a moment when it is begun anew
    size = catalogue.stat().st_size + (log.stat().st_size if log.exists() else 0)
    return Sample(stored, resident, size)


def workbench(*words: str) -> Any:
    """Run a verb; return what it prints as JSON."""
    command = [PROGRAM, *words, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def watch(process: psutil.Process, workspace: Path, patients: int) -> Iterator[Sample]:
    """Yield samples until every patient is complete and the collector has rested a while."""
    complete, rested = 0, 0.0
    while rested < REST_S:
        time.sleep(EVERY_S)
        counts = workbench("collect", "status", "-w", str(workspace))["patients"]
        complete = counts["complete"]
        rested += EVERY_S if complete >= patients else 0.0
        seen = sample(process, workspace, complete * A_PATIENT)
        print(f"{seen.objects:,} objects, {seen.resident / 1e9:.2f} GB", file=sys.stderr)
        yield seen


@contextmanager
def collector(workspace: Path, objects: int) -> Iterator[psutil.Process]:
    """Queue the patients and start the service."""
    listed = workspace.parent / "patients.csv"
    names = [identifiers(patient, 0)[0] for patient in range(objects // A_PATIENT)]
    listed.write_text("\n".join(("PatientID", *names)) + "\n")
    workbench("collect", "add", str(listed), "-w", str(workspace))
    command = [PROGRAM, "collect", "run", "-w", str(workspace)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as process:  # type: ignore[call-overload]
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def settings(us: ApplicationEntity, pacs: ApplicationEntity) -> Settings:
    """Return the settings of a workspace that asks without pauses."""
    ours, theirs = (EntitySettings(each.title, each.host, each.port) for each in (us, pacs))
    return Settings(local=ours, pacs=theirs, collect=CollectSettings(pause_s=0.0))


def told(samples: Sequence[Sample], objects: int) -> None:
    """Print a line for each tenth of the way, and what grew."""
    print("  objects   memory, peak   catalogue and log, peak")
    peaks = []
    for tenth in range(10):
        low, high = objects * tenth / 10, objects * (tenth + 1) / 10
        within = [each for each in samples if low <= each.objects < high] or [samples[-1]]
        peaks.append(max(each.resident for each in within))
        disk = max(each.catalogue for each in within)
        print(f"{high:9,.0f} {peaks[-1] / 1e9:11.2f} GB {disk / 1e6:14.1f} MB")
    rest = samples[-1]
    print(f"  at rest {rest.resident / 1e9:11.2f} GB {rest.catalogue / 1e6:14.1f} MB")
    print(f"  the last tenth's peak is {peaks[-1] / peaks[1]:.2f} x the second's")


def main(words: Sequence[str]) -> None:
    """Collect, and print a line a tenth of the way and what was bounded."""
    objects = int(words[0]) if words else OBJECTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        us = ApplicationEntity("WORKBENCH", port=free_port())
        entity = ApplicationEntity("ENDLESS", port=free_port())
        workspace = folder / "workspace"
        survey = create_survey(workspace, settings(us, entity))
        survey.close()
        pacs = get_context("spawn").Process(target=serve, args=(entity, folder / "pacs", us))
        pacs.start()
        try:
            with collector(workspace, objects) as process:
                told(list(watch(process, workspace, objects // A_PATIENT)), objects)
        finally:
            pacs.terminate()
            pacs.join()


if __name__ == "__main__":
    main(sys.argv[1:])
