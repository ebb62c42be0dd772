"""Headers de-identified in a CPU second: one by one, in a series, and pydicom on the same ones.

The goals: a hospital's night of 70,000 objects in under five minutes needs 250 a CPU second; a
receiver that answers each C-STORE after de-identification should not be held up by it, so 2,000
in a repeating series.  Reading from the received bytes is part of every figure, as a receiver does
it: one ``HeaderReader`` and one ``HeaderRows`` for all.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from statistics import median

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import ImplicitVRLittleEndian

from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.header_rows import HeaderRows
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.read import read_header, read_received
from workbench.dicom.reader import HeaderReader
from workbench.simulate.hospital import simulate_hospital

GOAL, SERIES_GOAL = 250, 2_000
ROUNDS = 5
FIRST = 3  # objects of a series in which its people are met
Received = tuple[bytes, str]


def part10(data: Dataset) -> bytes:
    """Return a data set as the bytes of a file."""
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def hospital() -> list[tuple[Received, bool]]:
    """Return all objects of some patients, and whether each follows others of its series."""
    night = []
    seen: Counter[str] = Counter()
    for data in simulate_hospital(patients=6).objects():
        header = read_header(part10(data))
        seen[data.SeriesInstanceUID] += 1
        follows = seen[data.SeriesInstanceUID] > FIRST
        night.append(((header.encoded, header.transfer_syntax), follows))
    return night


def seconds(work: Callable[[Received], object], objects: Iterable[Received]) -> list[float]:
    """Return the CPU time of each object."""
    times = []
    for one in objects:
        start = time.process_time()
        work(one)
        times.append(time.process_time() - start)
    return times


def peer(one: Received) -> bytes:
    """Read and write with pydicom."""
    implicit = one[1] == ImplicitVRLittleEndian
    data = read_dataset(BytesIO(one[0]), implicit, True)
    buffer = BytesIO()
    data.save_as(buffer, implicit_vr=implicit, little_endian=True)
    return buffer.getvalue()


def one_round(rows: HeaderRows, night: Sequence[tuple[Received, bool]]) -> dict[str, float]:
    """Return objects a CPU second by what is done with them."""
    some = [one for one, _ in night[:: max(len(night) // 200, 1)]]
    reader = HeaderReader()
    times = seconds(lambda one: rows.row(reader.received(*one)), (one for one, _ in night))
    series = [spent for spent, (_, follows) in zip(times, night, strict=True) if follows]
    alone = seconds(lambda one: rows.one_by_one(read_received(*one)), some)
    pydicom = seconds(peer, some)
    found = {"series": series, "night": times, "alone": alone, "pydicom": pydicom}
    return {name: len(spent) / sum(spent) for name, spent in found.items()}


def main() -> None:
    """Print the rates and their ratios: medians of rounds, each with nothing remembered."""
    deidentifier = Deidentifier(load_profile(), Pseudonyms(bytes(32), "bench", "SITE"))
    night = hospital()
    rounds = [one_round(HeaderRows(deidentifier), night) for _ in range(ROUNDS)]
    rate = {name: median(one[name] for one in rounds) for name in rounds[0]}
    print(f"in a series         {rate['series']:7.0f} rows a CPU second    goal: {SERIES_GOAL}")
    print(f"a night, all met    {rate['night']:7.0f} rows a CPU second    goal: {GOAL}")
    print(f"one by one          {rate['alone']:7.0f} rows a CPU second    goal: {GOAL}")
    print(f"pydicom read, write {rate['pydicom']:7.0f} headers a CPU second")
    print(f"ratio in a series to one by one {rate['series'] / rate['alone']:6.1f}")
    print(f"ratio in a series to pydicom    {rate['series'] / rate['pydicom']:6.1f}")


if __name__ == "__main__":
    main()
