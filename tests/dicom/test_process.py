"""Reading makes pydicom quiet once, for all threads, and leaves its writing as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import grimp

CANARY = "Grottenolm"
# Warnings shown, records printed, headers with values that pydicom would quote, read and made rows
# by several threads, while another looks at the settings.
THREADS = """
import logging, sys, threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
logging.basicConfig(level=logging.DEBUG)
from pydicom import config
before = config.settings.writing_validation_mode
from tests.dicom.headers import ordinary, encoded
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.header_rows import HeaderRows
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.reader import HeaderReader
from workbench.dicom.record import dicom_json

def odd(number):
    data = ordinary()
    data.SOPInstanceUID = f"1.2.{number}"
    data.SpecificCharacterSet = ["ISO_IR 100", "ISO 2022 CANARY"][number % 2]
    data.PatientID, data.PatientName = "CANARY" * 20, "CANARY" * 20
    data.add_new("PatientAge", "AS", "CANARY")
    data.add_new("StudyDate", "LO", "CANARY")
    data.add_new("ExposureTime", "LO", "CANARY")
    data.add_new("KVP", "LO", "1" * 40)
    return encoded(data, implicit=True)

contents = [odd(number) for number in range(16)]
rows = HeaderRows(Deidentifier(load_profile(), Pseudonyms(bytes(32), "x", "SITE")))
reader, modes, done = HeaderReader(), set(), threading.Event()

def look():
    while not done.is_set():
        modes.add((config.settings.reading_validation_mode,
                   config.settings.writing_validation_mode))

def read(content):
    header = reader.received(content, "1.2.840.10008.1.2")
    dicom_json(header.dataset)
    rows.row(header)

watch = threading.Thread(target=look)
watch.start()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(read, contents * 20))
done.set()
watch.join()
assert modes == {(config.IGNORE, before)}, modes
print("read")
"""


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", code.replace("CANARY", CANARY)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def test_several_threads_say_no_value_and_change_no_setting() -> None:
    ended = run(THREADS, "-W", "always")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "read\n"
    assert CANARY not in ended.stderr
    assert "1" * 40 not in ended.stderr


def test_the_same_values_are_quoted_where_pydicom_is_not_set_up() -> None:
    """Else the test before this one would prove nothing."""
    ended = run('from pydicom.dataset import Dataset\nDataset().PatientID = "CANARY" * 20')
    loud = run(
        "from pydicom.dataset import Dataset\n"
        'data = Dataset()\ndata.add_new("PatientAge", "AS", "CANARY")'
    )
    assert CANARY in ended.stderr + loud.stderr


def test_who_reads_with_pydicom_has_it_set_up() -> None:
    """Whatever of ours imports pydicom imports ``workbench.dicom``, which sets it up."""
    graph = grimp.build_graph(
        "workbench", include_external_packages=True, exclude_type_checking_imports=True
    )
    loud = [
        name for name in graph.find_modules_that_directly_import("pydicom")
        if name.startswith("workbench.") and not _sets_up(graph, name)
    ]  # fmt: skip
    assert loud == []


def _sets_up(graph: grimp.ImportGraph, name: str) -> bool:
    parts = name.split(".")
    parents = {".".join(parts[:length]) for length in range(2, len(parts) + 1)}
    loaded = parents.union(*map(graph.find_upstream_modules, parents))
    return any(f"{one}.".startswith("workbench.dicom.") for one in loaded)


FILTERS = """
import sys, warnings
from tests.dicom.headers import ordinary
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms
data = ordinary()
data.SpecificCharacterSet = "CANARY"
data.PatientName = "Käthe"
deidentifier = Deidentifier(load_profile(), Pseudonyms(bytes(32), "x", "SITE"))
warnings.simplefilter("always")  # as a notebook or a test may do
deidentifier.apply(data)
"""


def test_a_filter_that_somebody_sets_later_shows_no_value() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILTERS.replace("CANARY", CANARY)], capture_output=True, text=True,
        check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert CANARY not in done.stdout + done.stderr
