"""What it costs that the hospital's file is encrypted, beside a night of collecting.

10,000 patients are queued, asked for and answered: CPU time with encryption and without (the same
code, with a cipher that leaves all as it is).  Beside it stands the CPU time in which as many
objects are de-identified and stored; the goal is under 5 % of both together.

    python -m benchmarks.hospital_file [PATIENTS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from workbench.collect.expected import Expected, OfferedSeries, OfferedStudy, expected_of
from workbench.collect.find import FoundStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue import hospital_file
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.ledger import Ledger
from workbench.collect.queue.patient_queue import Counts, PatientState, Queue
from workbench.deidentify.key import create_key
from workbench.simulate.hospital import simulate_hospital
from workbench.stages.importing import import_files
from workbench.survey import KEY_FILE, create_survey

PATIENTS = 10_000
SERIES, OBJECTS = 3, 40  # of a study; objects of a series
NIGHT_PATIENTS = 6  # simulated: their objects are some hundreds


class Unencrypted:
    """Leaves everything as it is: what the file would cost without encryption."""

    def __init__(self, key: bytes, salt: bytes) -> None:
        del key, salt

    def encrypt(self, content: bytes, *_: str) -> bytes:
        """Return the content."""
        return content

    def decrypt(self, content: bytes, *_: str) -> bytes:
        """Return the content."""
        return content

    def index(self, *words: str) -> bytes:
        """Return the words."""
        return "\0".join(words).encode()


@dataclass(frozen=True)
class Cost:
    """CPU seconds.

    Attributes
    ----------
    encrypted, plain
        Of queue and ledger, for all patients.
    night
        Of de-identifying and storing their objects.
    """

    encrypted: float
    plain: float
    night: float

    @property
    def share(self) -> float:
        """Percent of a night's CPU that encryption takes."""
        return 100 * (self.encrypted - self.plain) / (self.night + self.encrypted)


def answered(number: int) -> Expected:
    """Return what a PACS tells of a patient: a study of three series, every object by its UID."""
    study_uid = f"1.2.840.113619.2.55.3.{number:010d}"
    series = []
    told: list[dict[str, Any]] = []
    for part in range(SERIES):
        uid = f"{study_uid}.{part}"
        uids = frozenset(f"{uid}.{place}" for place in range(OBJECTS))
        series.append(OfferedSeries(uid, "CT", OBJECTS, uids, listed=True))
        told += [{"00080018": {"vr": "UI", "Value": [each]}, "0020000E": {"vr": "UI",
                  "Value": [uid]}} for each in sorted(uids)]  # fmt: skip
    found = FoundStudy(study_uid, f"{number:08d}", "", frozenset({"CT"}), SERIES * OBJECTS,
                       date(2024, 1, 1))  # fmt: skip
    offered = OfferedStudy(found, tuple(series), listed=True)
    return expected_of((offered,), Counter(), answers={"IMAGE": told})


def file_cost(patients: int, cipher: Any) -> float:
    """Return the CPU time in which so many patients are queued, asked for and answered."""
    spent = 0.0
    with tempfile.TemporaryDirectory() as name, patch.object(hospital_file, "FieldCipher", cipher):
        create_key(Path(name) / KEY_FILE)
        with closing(HospitalFile(Path(name))) as hospital:
            hospital.write("PRAGMA synchronous = OFF")  # CPU is measured, not a disk
            queue, ledger = Queue(hospital, "a"), Ledger(hospital)
            begun = time.process_time()
            queue.add(ListedPatient(f"{number:08d}") for number in range(patients))
            spent += time.process_time() - begun
            while job := queue.lease():
                answer = answered(job.number)
                begun = time.process_time()
                ledger.found(job.number, answer, 1.0)
                queue.count(job.number, Counts(1, SERIES * OBJECTS, 0, SERIES * OBJECTS, 0))
                queue.settle(job.number, PatientState.COMPLETE)
                spent += time.process_time() - begun
    return spent


def object_cost() -> float:
    """Return the CPU time in which one object is read, de-identified and stored."""
    with tempfile.TemporaryDirectory() as name:
        files = simulate_hospital(patients=NIGHT_PATIENTS).write(Path(name) / "files")
        with closing(create_survey(Path(name) / "w")) as survey:
            begun = time.process_time()
            import_files(survey, files)
            return (time.process_time() - begun) / len(files)


def measure(patients: int = PATIENTS) -> Cost:
    """Measure all three."""
    from workbench.deidentify.field_encryption import FieldCipher

    plain = file_cost(patients, Unencrypted)
    encrypted = file_cost(patients, FieldCipher)
    return Cost(encrypted, plain, object_cost() * patients * SERIES * OBJECTS)


def main() -> None:
    """Print it."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS
    cost = measure(patients)
    print(
        f"{patients} patients: queue and ledger {cost.encrypted:.1f} s CPU encrypted, "
        f"{cost.plain:.1f} s not; their {patients * SERIES * OBJECTS} objects {cost.night:.0f} s"
    )
    print(f"encryption: {cost.share:.2f} % of a night's CPU")


if __name__ == "__main__":
    main()
