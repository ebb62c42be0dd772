"""Send fifty people through every way in, and make every output there is.

The real program in processes of its own, with the logs of every library at their loudest; a user's
home, temporary files and caches are part of what is searched.  At the end the key is locked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from pydicom.dataset import Dataset

from benchmarks.leaks.people import PEOPLE, Person, people
from workbench.model import ApplicationEntity
from workbench.schema import TABLES
from workbench.settings import CollectSettings, EntitySettings
from workbench.settings_file import read_settings
from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port

ROOT = Path(__file__).resolve().parents[2]
EACH = 3  # objects of a kind of series that carry one person
PASSPHRASE = "five words drawn by lot"
QUICK = CollectSettings(pause_s=0.0, quiet_s=2.0, answer_s=20.0, retrieve_s=60.0, tries=2)
KINDS = ("csv", "xlsx", "parquet")
REPORTS = (("dose_by_protocol", "html"), ("completeness", "html"), ("completeness", "pdf"),
           ("completeness", "rtf"), ("completeness", "docx"),
           ("dose_by_protocol", "docx"))  # fmt: skip
LOUD = """
import logging, sys, warnings
warnings.simplefilter("always")
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
for name in ("pynetdicom", "pydicom"):
    logging.getLogger(name).setLevel(logging.DEBUG)
from workbench.cli import main
codes = [main(words) for words in {words!r}]
print("codes", *codes)
sys.exit(max(min(code, 2) for code in codes))
"""
NOTEBOOK = """
import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
made = nbformat.read({source!r}, 4)
resources = {{"metadata": {{"path": {out!r}}}}}
NotebookClient(made, timeout=300, resources=resources).execute()
nbformat.write(made, {out!r} + "/explore.ipynb")
page, _ = HTMLExporter().from_notebook_node(made)
open({out!r} + "/explore.html", "w", encoding="utf-8").write(page)
"""
WIDGETS = """
import json
import ipywidgets
from workbench_widgets.pages.collector import collector_page
from workbench_widgets.pages.quality import QualityPage
from workbench_widgets.parts.live.live import Ask
pages, shown = [collector_page({workspace!r}), QualityPage({workspace!r})], []
for page in pages:
    for section in page._panels:
        shown.append(page.answer(Ask("section", {{"value": section}})).html)
state = json.dumps(ipywidgets.Widget.get_manager_state(), default=str)
open({out!r} + "/widgets.html", "w", encoding="utf-8").write("\\n".join(shown))
open({out!r} + "/widgets.json", "w", encoding="utf-8").write(state)
"""


@dataclass(frozen=True)
class Machine:
    """A user's machine: its home, what was printed, outputs, and the workspace."""

    folder: Path

    @property
    def workspace(self) -> Path:
        """The workspace, whose key is locked at the end."""
        return self.folder / "workspace"

    def place(self, name: str) -> Path:
        """Return a folder of outputs, made where it is not there."""
        place = self.folder / name
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place

    def run(self, code: str) -> int:
        """Run code in a process of its own; all that is printed is kept."""
        said = self.place("said")
        places = {"HOME": "home", "TMPDIR": "temporary", "XDG_CACHE_HOME": "cache",
                  "XDG_RUNTIME_DIR": "runtime", "XDG_CONFIG_HOME": "config"}  # fmt: skip
        own = {name: str(self.place(f"machine/{place}")) for name, place in places.items()}
        with (said / f"{len(list(said.iterdir())):03d}.txt").open("wb") as file:
            command = [sys.executable, "-X", "dev", "-c", code]
            done = subprocess.run(
                command, stdout=file, stderr=file, env={**os.environ, **own}, cwd=ROOT
            )
        return done.returncode

    def verbs(self, *verbs: Sequence[object]) -> None:
        """Run verbs of the workspace in one process: starting takes longer than most of them.

        Raises ``RuntimeError`` where one could not start.
        """
        words = [[*map(str, verb), "-w", str(self.workspace)] for verb in verbs]
        if self.run(LOUD.format(words=words)) not in (0, 1):
            last = max(self.place("said").iterdir()).read_text(errors="replace").splitlines()
            codes = (last[-1] if last else "").split()[1:]
            failed = [
                " ".join(words[:3])
                for words, code in zip(words, codes, strict=False)
                if code not in ("0", "1")
            ]
            why = [line for line in last if line.startswith("workbench: ")]
            raise RuntimeError(
                f"of {len(verbs)} verbs did not run: {failed}; {why}; see {self.folder.name}/said"
            )


def whole_line(folder: Path) -> Machine:
    """Run everything below an empty folder; what stands for the hospital is beside the machine."""
    hospital, machine = folder / "hospital", Machine(folder / "desk")
    everyone = list(_objects())
    half = PEOPLE // 2
    _write(hospital / "discs", [each for each in everyone if each[0].number < half])
    machine.place("machine")
    machine.verbs(
        ["init", "--survey", "leaks", "--site", "LU01"],
        ["import", hospital / "discs", "--workers", "2"],
    )
    _collect(machine, hospital, [each for each in everyone if each[0].number >= half])
    _phantoms(machine, everyone)
    _outputs(machine, hospital)
    _lock(machine)
    return machine


def _objects() -> Iterator[tuple[Person, Dataset]]:
    """Yield objects of a simulated hospital whose patients are these people."""
    seen: Counter[tuple[str, str]] = Counter()
    known: dict[str, Person] = {}
    for data in simulate_hospital(patients=PEOPLE, seed=7).objects():
        original = str(data.get("PatientID", ""))
        if original not in known and len(known) == PEOPLE:
            continue  # the phantom's
        if original not in known:
            known[original] = people()[len(known)]
        who = known[original]
        kind = str(data.StudyInstanceUID), str(data.get("Modality"))
        seen[kind] += 1
        if seen[kind] <= EACH:
            who.plant(data)
            yield who, data


def _write(folder: Path, objects: list[tuple[Person, Dataset]]) -> None:
    """Write files and folders whose names name people; some are cut short or are no DICOM."""
    for number, (who, data) in enumerate(objects):
        place = folder / f"{who.family} {who.given}" / who.patient_id
        place.mkdir(parents=True, exist_ok=True)
        content = _encoded(data)
        broken = content[: len(content) * 2 // 3] if number % 15 == 7 else content
        (place / f"{who.family}_{number}.dcm").write_bytes(broken)
        if number % 40 == 3:
            (place / "letter.txt").write_text(f"Dear {who.given} {who.family}", encoding="utf-8")


def _encoded(data: Dataset) -> bytes:
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _collect(machine: Machine, hospital: Path, objects: list[tuple[Person, Dataset]]) -> None:
    """Have a PACS send; two of the list it does not know."""
    local, pacs = (ApplicationEntity(name, port=free_port()) for name in ("WORKBENCH", "PACS"))
    settings = read_settings(machine.workspace)
    replace(
        settings, local=EntitySettings.of(local), pacs=EntitySettings.of(pacs), collect=QUICK
    ).write(machine.workspace)
    asked = list(dict.fromkeys(who for who, _ in objects))
    listed = hospital / f"list of {asked[0].family}.csv"
    rows = [f"{who.patient_id};{who.birth:%Y%m%d};" for who in asked]
    rows += [f"{who.patient_id};;{who.accession}" for who in people()[:2]]
    text = "\n".join(["patient_id;birth_date;accession", *rows])
    listed.write_text(text, encoding="utf-8-sig")
    with EmbeddedPacs(pacs, hospital / "pacs", {local.title: local}) as archive:
        archive.load([data for _, data in objects])
        machine.verbs(["collect", "run", "--patients", listed])


def _phantoms(machine: Machine, objects: list[tuple[Person, Dataset]]) -> None:
    """Put patients' images where objects of the phantom title lie, and look at them."""
    from workbench.collect.connections import PHANTOMS
    from workbench.collect.phantom_folder import PhantomFolder

    phantoms = PhantomFolder(machine.workspace / PHANTOMS)
    for _, data in objects[:: len(objects) // 10]:
        phantoms.keep_file(str(data.SOPInstanceUID), _encoded(data))
    settings = read_settings(machine.workspace)
    quality = replace(settings.quality, quiet_s=0.0)
    replace(settings, quality=quality).write(machine.workspace)


def _outputs(machine: Machine, hospital: Path) -> None:
    tables, reports = machine.place("tables"), machine.place("reports")
    clean, page = machine.folder / "deidentified", machine.place("verified") / "verified.html"
    machine.verbs(
        ["qa", "look"], ["map"], ["dose"],
        *(["table", table, "--out", tables / f"{table}.{kind}"]
          for table in TABLES for kind in KINDS),
        *(["report", "run", report, "--out", reports / f"{report}.{kind}"]
          for report, kind in REPORTS),
        ["quarantine", "--out", reports / "quarantine.html"],
        ["deidentify", hospital / "discs", clean],
        ["deidentify", "verify", hospital / "discs", clean, "--report", page],
        ["check"], ["store", "check"], ["collect", "status"], ["collect", "list"],
    )  # fmt: skip
    source = str(ROOT / "notebooks" / "explore" / "explore.ipynb")
    out = str(machine.place("notebook"))
    os.environ["WORKBENCH_WORKSPACE"] = str(machine.workspace)
    if machine.run(NOTEBOOK.format(source=source, out=out)):
        raise RuntimeError("the notebook did not run")
    out = str(machine.place("pages"))
    if machine.run(WIDGETS.format(workspace=str(machine.workspace), out=out)):
        raise RuntimeError("the pages were not made")


def _lock(machine: Machine) -> None:
    secret = machine.place("machine") / "passphrase"
    secret.write_text(PASSPHRASE, encoding="utf-8")
    secret.chmod(0o600)
    machine.verbs(["key", "protect", "--no-sheet", "--passphrase-file", secret])
