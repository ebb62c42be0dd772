"""Receiving: objects a second beside DCMTK's storescp and Orthanc, from the same sender.

DCMTK's ``dcmsend`` sends CT images of 530 kB to all three in turn, all of them running, and the
medians of the rounds are compared.  Ours keeps the header only, but de-identified and durable
before it answers; the others keep files.  ``TCP_NODELAY=1`` is in everybody's environment: DCMTK
otherwise waits 40 ms an object for its peer.  Every round sends new SOP Instance UIDs, because
all three are quicker with what they have already.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from pydicom.uid import UID

from workbench.model import ApplicationEntity
from workbench.settings import Settings
from workbench.simulate.datasets import put, put_private
from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.peers import OrthancPacs, free_port
from workbench.survey import create_survey

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# By their full paths: pynetdicom installs programs of the same names.
SENDER, STORESCP = "/usr/bin/dcmsend", "/usr/bin/storescp"
CALLING, HOST = "SENDER", "127.0.0.1"
MATRIX = 512
FLOORS, AIMS = {"storescp": 0.75, "Orthanc": 2.0}, {"storescp": 1.0, "Orthanc": 3.0}
ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}
ACKNOWLEDGED = re.compile(rb"with status SUCCESS\s*:\s*(\d+)")
START_SECONDS = 30.0
A_PATIENT = 400  # images of each; beyond that their UIDs alone differ


@dataclass(frozen=True)
class Images:
    """Files to send, and where in them the last digits of the SOP Instance UID are."""

    files: list[Path]
    places: list[list[int]]
    bytes: int

    def renew(self, number: int) -> None:
        """Give every object a SOP Instance UID it never had."""
        digits = f"{number:06d}".encode()
        for file, places in zip(self.files, self.places, strict=True):
            with file.open("r+b") as opened:
                for place in places:
                    opened.seek(place)
                    opened.write(digits)


@dataclass
class Server:
    """One of those that receive, and what was measured of it.

    ``seconds`` and ``cpu`` (processor seconds, children included) are of one round each.
    """

    name: str
    title: str
    port: int
    process: psutil.Process
    tidy: Callable[[], None] = lambda: None
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def used(self) -> float:
        """Return processor seconds so far."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in family)


def write_images(folder: Path, number: int) -> Images:
    """Write CT images of two patients in several series, 150 to 180 elements in each header."""
    objects = _objects()
    files, places = [], []
    for index in range(number):
        dataset = objects[index * len(objects) // number % len(objects)]
        uid = UID(f"2.25.1{index:08d}{os.getpid():08d}" + "9" * 6)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
        file = folder / f"{index:06d}.dcm"
        dataset.save_as(file, enforce_file_format=True)
        begin = file.read_bytes()[: 2**16]
        places.append([found.end() - 6 for found in re.finditer(uid.encode(), begin)])
        files.append(file)
    return Images(files, places, sum(file.stat().st_size for file in files))


def _objects() -> list[Dataset]:
    hospital = simulate_hospital(patients=2)
    chosen: list[Dataset] = []
    for patient in hospital.patient_ids:
        of_patient = (one for one in hospital.objects() if one.PatientID == patient)
        chosen += islice((one for one in of_patient if one.Modality == "CT"), A_PATIENT)
    pixels = os.urandom(2 * MATRIX * MATRIX)
    more = {number: ("LO", f"value {number}") for number in range(1, 41)}
    for one in chosen:
        put(one, {"Rows": MATRIX, "Columns": MATRIX, "PixelData": pixels})
        put_private(one, 0x0029, "BENCHMARK HEADER", {0x10: ("OB", os.urandom(3200))})
        if len(one) < 150:
            put_private(one, 0x0031, "BENCHMARK MORE", more)
    return chosen


@contextmanager
def started(command: Sequence[object], log: Path, port: int) -> Iterator[psutil.Process]:
    """Run a program as long as the block lasts; it listens when the block begins."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=output, stderr=output, env=ENVIRONMENT
        )
    try:
        _wait(port)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((HOST, port)):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing listens at port {port}")


def start_all(stack: ExitStack, folder: Path) -> list[Server]:
    """Start the three receivers."""
    files = folder / "storescp"
    files.mkdir()
    port = free_port()
    command: list[object] = [STORESCP, "-aet", "STORESCP", "-od", files, str(port)]
    process = stack.enter_context(started(command, folder / "storescp.txt", port))

    def tidy() -> None:
        shutil.rmtree(files)
        files.mkdir()

    servers = [Server("storescp", "STORESCP", port, process, tidy)]
    sender = ApplicationEntity(CALLING, HOST, free_port())
    orthanc = OrthancPacs(
        ApplicationEntity("ORTHANC", HOST, 0), folder / "orthanc", {CALLING: sender}
    )
    before = {one.pid for one in psutil.Process().children()}
    stack.enter_context(orthanc)
    new = next(one for one in psutil.Process().children() if one.pid not in before)
    servers.append(Server("Orthanc", "ORTHANC", orthanc.entity.port, new))
    create_survey(folder / "workspace", Settings()).close()
    port = free_port()
    command = [sys.executable, "-m", "workbench.cli", "receive", "-w", folder / "workspace"]
    command += ["--aet", "WORKBENCH", "--port", str(port), "--allow", CALLING]
    process = stack.enter_context(started(command, folder / "ours.txt", port))
    return [*servers, Server("ours", "WORKBENCH", port, process)]


def send(server: Server, files: Sequence[Path], senders: int) -> None:
    """Send the files by some senders at once; raises ``ValueError`` unless all are stored."""
    command = [SENDER, "-v", "-aet", CALLING, "-aec", server.title, HOST, str(server.port)]
    cpu, begin = server.used(), time.perf_counter()
    running = [
        subprocess.Popen(
            [*command, *map(str, files[start::senders])],
            env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for start in range(senders)
    ]  # fmt: skip
    told = [one.communicate()[0] for one in running]
    server.seconds.append(time.perf_counter() - begin)
    server.cpu.append(server.used() - cpu)
    stored = sum(int(found[1]) for each in told for found in ACKNOWLEDGED.finditer(each))
    if stored != len(files):
        raise ValueError(f"{server.name} acknowledged {stored} of {len(files)} objects")


def tell(servers: Sequence[Server], images: Images) -> None:
    """Print the medians and the ratios."""
    number = len(images.files)
    print(f"{'':10}{'objects/s':>10}{'MB/s':>8}{'CPU ms/object':>15}{'spread':>16}")
    for server in servers:
        median = statistics.median(server.seconds)
        rates = sorted(number / each for each in server.seconds)
        print(
            f"{server.name:10}{number / median:10.0f}{images.bytes / median / 1e6:8.0f}"
            f"{statistics.median(server.cpu) / number * 1000:15.2f}"
            f"{f'{rates[0]:.0f} to {rates[-1]:.0f}':>16}"
        )
    for name, ratio in ratios(servers).items():
        floor = FLOORS[name]
        verdict = "below" if ratio < floor else "passed" if ratio < AIMS[name] else "reached"
        print(f"ours / {name:9} {ratio:5.2f}     floor {floor}, aim {AIMS[name]}: {verdict}")


def ratios(servers: Sequence[Server]) -> Mapping[str, float]:
    """Return how many times as fast as each peer ours is; above 1 it is faster."""
    medians = {server.name: statistics.median(server.seconds) for server in servers}
    return {name: medians[name] / medians["ours"] for name in FLOORS}


def measured(
    objects: int, rounds: int, numbers: Sequence[int]
) -> Iterator[tuple[int, list[Server], Images]]:
    """Yield each number of senders with the servers as they were measured under it."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "images").mkdir()
        images = write_images(folder / "images", objects)
        servers = start_all(stack, folder)
        serial = 0
        for senders in numbers:
            for server in servers:
                server.seconds.clear()
                server.cpu.clear()
            for _ in range(rounds):
                for server in servers:
                    serial += 1
                    images.renew(serial)
                    send(server, images.files, senders)
                    server.tidy()
            yield senders, servers, images


def main() -> None:
    """Measure with each number of senders and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--senders", type=int, nargs="+", default=[1, 2, 4])
    options = parser.parse_args()
    for senders, servers, images in measured(options.objects, options.rounds, options.senders):
        print(f"\n{senders} sender(s), {options.objects} objects, {options.rounds} rounds")
        tell(servers, images)


if __name__ == "__main__":
    main()
