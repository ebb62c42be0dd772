"""Fifty planted people go through the whole line; nobody is found at its end.

Imported from files whose names name them, received over the network, mapped, dosed, exported,
reported, drawn in the notebook; with every log record that any library writes kept.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, XRayRadiationDoseSRStorage
from pynetdicom import AE

import workbench as wb
from tests.line import canaries
from workbench.schema import TABLES

SENT = (CTImageStorage, XRayRadiationDoseSRStorage)
ROOT = Path(__file__).parents[2]
# As a user would run it, but with every logger of every library at its loudest.
LOUD = """
import logging, sys, warnings
warnings.simplefilter("always")
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
logging.getLogger("pynetdicom").setLevel(logging.DEBUG)
logging.getLogger("pydicom").setLevel(logging.DEBUG)
from workbench.cli import main
sys.exit(main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Desk:
    """A user's machine: home, temporary files, what was printed, and the workspace."""

    folder: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def environment(self) -> dict[str, str]:
        places = {"HOME": "home", "TMPDIR": "temporary", "XDG_CACHE_HOME": "cache",
                  "XDG_RUNTIME_DIR": "runtime", "XDG_CONFIG_HOME": "config"}  # fmt: skip
        for place in places.values():
            (self.folder / place).mkdir(parents=True, exist_ok=True, mode=0o700)
        own = {name: str(self.folder / place) for name, place in places.items()}
        return {**os.environ, **own, "WORKBENCH_WORKSPACE": str(self.workspace)}

    def run(self, *words: object, code: str = LOUD) -> int:
        """Run a verb; all it says goes into files of this desk."""
        self.out.mkdir(exist_ok=True)
        number = len(list(self.out.iterdir()))
        with (self.out / f"{number:03d}.said").open("wb") as said:
            command = [sys.executable, "-X", "dev", "-c", code, *map(str, words)]
            return subprocess.run(
                command, stdout=said, stderr=said, env=self.environment(), cwd=ROOT
            ).returncode


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospital")
    assert canaries.write(folder) > 250
    return folder


@pytest.fixture(scope="module")
def desk(hospital: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The line run once, from both entrances to all exits."""
    return whole_line(hospital, Desk(tmp_path_factory.mktemp("desk")))


def whole_line(hospital: Path, desk: Desk) -> Desk:
    """Run every verb that makes an output on what lies in the folder ``hospital``."""
    assert desk.run("init", "-w", desk.workspace, "--survey", "canaries", "--site", "LU01") == 0
    assert desk.run("import", hospital, "-w", desk.workspace, "--workers", "2") == 1
    receive(desk, hospital)
    assert desk.run("map", "-w", desk.workspace) in (0, 1)
    assert desk.run("dose", "-w", desk.workspace) in (0, 1)
    exports(desk)
    report = desk.out / "report.html"
    assert desk.run("report", "run", "dose_by_protocol", "-w", desk.workspace, "--out", report) == 0
    assert desk.run("check", "-w", desk.workspace) in (0, 1)
    assert desk.run("store", "check", "-w", desk.workspace) == 0
    notebook(desk)
    return desk


def exports(desk: Desk) -> None:
    """Write every table in every form."""
    kinds = ("csv", "xlsx", "parquet")
    files = {f"{table}.{kind}": table for table in TABLES for kind in kinds}
    words = [
        ["table", table, "-w", str(desk.workspace), "--out", str(desk.out / name)]
        for name, table in files.items()
    ]
    many = LOUD.replace("sys.exit(main(sys.argv[1:]))", f"sys.exit(max(map(main, {words!r})))")
    assert desk.run(code=many) == 0
    assert all((desk.out / name).exists() for name in files)


def receive(desk: Desk, hospital: Path) -> None:
    """Send some of the objects to a receiver that logs all it can."""
    code = RECEIVER.format(workspace=str(desk.workspace), hospital=str(hospital))
    assert desk.run(code=code) == 0


RECEIVER = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
import workbench as wb
from tests.line.test_canaries import send
from workbench.collect.dimse.receiver import AllowedPeer, Reception
from workbench.stages.receiving import receive
from workbench.model import ApplicationEntity
survey = wb.open_survey({workspace!r})
us = ApplicationEntity("WORKBENCH", "127.0.0.1", 0)
with receive(survey, Reception(us, (AllowedPeer("MODALITY"),))) as session:
    send(session.entity.port, {hospital!r})
"""


def send(port: int, hospital: str) -> None:
    """Send objects from a process of its own, whose logs are the sender's."""
    code = (
        f"from tests.line.test_canaries import send_from_here; send_from_here({port}, {hospital!r})"
    )
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, **silent)  # type: ignore[call-overload]


def send_from_here(port: int, hospital: str) -> None:
    node = AE(ae_title="MODALITY")
    for sop_class in SENT:
        node.add_requested_context(sop_class, ExplicitVRLittleEndian)
    association, sent = node.associate("127.0.0.1", port, ae_title="WORKBENCH"), 0
    for path in sorted(Path(hospital).rglob("*.dcm"))[::5]:
        try:
            data = dcmread(path)
            data.SOPInstanceUID += ".7"
            sent += association.send_c_store(data).get("Status") is not None
        except Exception:  # noqa: BLE001 - what is broken cannot be sent
            continue
    association.release()
    assert sent > 20


def notebook(desk: Desk) -> None:
    """Run the notebook that an epidemiologist opens, and save it with its outputs as a page too."""
    code = f"""
import nbformat, sys
from nbclient import NotebookClient
from nbconvert import HTMLExporter
made = nbformat.read({str(ROOT / "notebooks/explore/explore.ipynb")!r}, 4)
NotebookClient(made, timeout=300, resources={{"metadata": {{"path": {str(desk.out)!r}}}}}).execute()
nbformat.write(made, {str(desk.out / "explore.ipynb")!r})
page, _ = HTMLExporter().from_notebook_node(made)
open({str(desk.out / "explore.html")!r}, "w").write(page)
"""
    assert desk.run(code=code) == 0


def test_the_search_finds_them_in_the_hospital(hospital: Path) -> None:
    found = canaries.hits(hospital)
    files = [path for path in hospital.rglob("*") if path.is_file()]
    assert len(found) > len(files)
    assert canaries.speaks("born 15.06.1950".encode("utf-16-le")) is False
    assert canaries.speaks(canaries.births()[3].encode("utf-16-le"))


def test_something_went_through(desk: Desk) -> None:
    survey = wb.open_survey(desk.workspace)
    stored = survey.instances().collect()
    assert stored.height > 250
    assert stored["patient"].n_unique() == canaries.PEOPLE
    assert set(stored["source"]) == {"folder", "network"}
    assert survey.rejected().height > 20
    assert survey.events().height > 20
    assert (desk.out / "explore.ipynb").stat().st_size > 10_000
    said = b"".join(path.read_bytes() for path in desk.out.glob("*.said"))
    assert b"DEBUG" in said


def test_nobody_is_found_anywhere(desk: Desk) -> None:
    assert canaries.hits(desk.folder) == []


def test_nobody_is_found_in_an_error(hospital: Path, desk: Desk) -> None:
    """Verbs that fail say so, and quote nothing but what was typed: no name out of a file."""
    file = next(hospital.rglob("*.dcm"))
    elsewhere = Desk(desk.folder.parent / "elsewhere")
    elsewhere.folder.mkdir(exist_ok=True)
    for words in (
        ("import", file / "missing.dcm", "-w", desk.workspace),
        ("table", "instance", "-w", desk.workspace, "--out", file / "x.csv"),
        ("report", "run", "dose_by_protocol", "-w", desk.workspace, "--out", file / "x.html"),
        ("deidentify", file, elsewhere.folder / "clean", "--key", file),
    ):
        number = len(list(elsewhere.out.iterdir())) if elsewhere.out.exists() else 0
        assert elsewhere.run(*words) in (1, 2)
        said = elsewhere.out / f"{number:03d}.said"
        text = said.read_text()
        assert "fault of the program" not in text
        for typed in sorted(map(str, (*words, file)), key=len, reverse=True):
            text = text.replace(typed, "")
        said.write_text(text)
    assert canaries.hits(elsewhere.out) == []
