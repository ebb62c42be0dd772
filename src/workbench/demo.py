"""The whole line on a small hospital: what `make demo` runs.

It makes a workspace, a simulated hospital and a PACS on loopback (Orthanc where it is installed,
otherwise Workbench's own), collects by a patient list over C-FIND and C-MOVE, maps, doses, writes
one report and serves it.  Run again, it finds everything done and changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from workbench.collect.patient_list import ListedPatient, read_patient_list
from workbench.dicom.files import Candidate, candidates, is_dicomdir
from workbench.errors import ReadError, SettingsError
from workbench.model import ApplicationEntity
from workbench.settings import FILE, CollectSettings, EntitySettings, Settings, SurveySettings
from workbench.simulate.bundled import bundled_files
from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import OrthancPacs, free_port
from workbench.stages.collecting import collect
from workbench.stages.collection import Collection
from workbench.stages.importing import import_files
from workbench.stages.line import dose_line, make_report
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.sample import make_sample
from workbench.stages.run_record import Progress
from workbench.survey import Survey, create_survey, open_survey

Tell = Callable[[str], None]
PATIENTS = 30  # enough for medians, few enough for a minute
REPORT = "dose_by_protocol"
LOCAL = ApplicationEntity("WORKBENCH")
PACS = ApplicationEntity("DEMOPACS")
SHOWN = {
    "instance": "instances", "series": "series", "irradiation_event": "event rows",
    "dose_estimate": "dose estimates", "finding": "findings", "rejected": "files not stored",
}  # fmt: skip
SETTINGS = Settings(
    survey=SurveySettings("demo", "DEMO", times="hour"), collect=CollectSettings(pause_s=0.0)
)


@dataclass(frozen=True)
class Demo:
    """One demonstration: where, with whose files, and how it tells what it does."""

    workspace: Path
    data: Path | None
    tell: Tell
    progress: Progress

    @property
    def hospital(self) -> Path:
        """Folder of what stands for the hospital: its files and its PACS, names included."""
        return self.workspace / "hospital"


def run_demo(demo: Demo) -> bool:
    """Run the line up to the report; return whether every patient is complete and it was made."""
    if demo.data is not None and not demo.data.is_dir():
        raise SettingsError("the DATA folder does not exist.", "Check its path.")
    survey = _workspace(demo)
    collection = dose_line(survey, lambda: _collect(demo, survey), demo.progress)
    _tell_tables(demo.tell, survey)
    measured = make_sample(QualityDesk(survey))
    if measured:
        demo.tell(f"Image quality: {measured} weekly tests of a simulated scanner.")
    reported = _report(demo, survey)
    survey.close()
    return collection.complete and reported


def _workspace(demo: Demo) -> Survey:
    if (demo.workspace / FILE).exists():
        demo.tell(f"Workspace: {demo.workspace} (going on where it stopped)")
        return open_survey(demo.workspace)
    demo.tell(f"Workspace: {demo.workspace} (new)")
    return create_survey(demo.workspace, SETTINGS)


def _collect(demo: Demo, survey: Survey) -> Collection:
    simulated, patients = _simulated(demo)
    others, more, unlisted = _real(demo)
    everyone = list(dict.fromkeys([*patients, *more]))
    with _pacs(demo, survey) as pacs:
        refused = _load(demo, pacs, [*simulated, *others])
        demo.tell(f"Collecting {len(everyone)} patients by C-FIND and C-MOVE ...")
        collection = collect(survey, everyone, demo.progress)
    demo.tell(collection.sentence())
    for patient in collection.patients:
        if patient["reason"]:
            demo.tell(f"- patient {patient['number']} of the queue: {patient['reason']}")
    rest = [*unlisted, *refused]
    if rest:
        demo.tell(f"{len(rest)} files have no patient ID, or the PACS refused them: reading them.")
        intake = import_files(survey, rest, demo.progress)
        demo.tell(", ".join(f"{number} {verdict}" for verdict, number in intake.verdicts.items()))
    return collection


def _simulated(demo: Demo) -> tuple[list[Path], list[ListedPatient]]:
    """Return the files and patients of the simulated hospital, made on the first run."""
    folder, listed = demo.hospital / "simulated", demo.hospital / "patients.txt"
    if not listed.exists():
        demo.tell("Simulating a hospital: CT of four makers, dose reports, projection, phantoms.")
        hospital = simulate_hospital(patients=PATIENTS)
        hospital.write(folder)
        listed.write_text("\n".join(hospital.patient_ids), "utf-8")
    return sorted(path for path in folder.rglob("*") if path.is_file()), [
        *read_patient_list(listed)
    ]


def _real(demo: Demo) -> tuple[list[Path], list[ListedPatient], list[Path]]:
    """Return real files with the patients they show, and those no patient list can reach."""
    named = candidates([demo.data]) if demo.data else ()
    files = [*(Candidate(path) for path in bundled_files()), *named]
    listed: list[Path] = []
    patients: dict[ListedPatient, None] = {}
    unlisted: dict[Path, None] = {}
    for done, candidate in enumerate(files, 1):
        patient = _patient(candidate)
        if patient is None and is_dicomdir(candidate.path):
            continue  # an index; the files it lists are among those found
        if patient is None:
            unlisted[candidate.path] = None
        else:
            patients[patient] = None
            listed.append(candidate.path)
        demo.progress(done, len(files), "listing patients of real files")
    return listed, [*patients], [*unlisted]


def _patient(candidate: Candidate) -> ListedPatient | None:
    if candidate.member is not None:
        return None  # a PACS takes files, not archives
    try:
        patient_id = str(candidate.read().dataset.get("PatientID") or "").strip()
    except ReadError:
        return None
    usable = patient_id and not set(patient_id) & set("\\*?") and patient_id.isprintable()
    return ListedPatient(patient_id) if usable else None


# --- the PACS ------------------------------------------------------------------------------------


@contextmanager
def _pacs(demo: Demo, survey: Survey) -> Iterator[OrthancPacs | EmbeddedPacs]:
    """Start a PACS on loopback that knows our receiver, and set the survey to ask it."""
    local = replace(LOCAL, port=free_port())
    kind = OrthancPacs if OrthancPacs.available() else EmbeddedPacs
    folder = demo.hospital / kind.__name__
    with kind(replace(PACS, port=free_port()), folder, {local.title: local}) as pacs:
        demo.tell(f"PACS: {'Orthanc' if kind is OrthancPacs else 'embedded'} at {pacs.entity}")
        survey.settings = replace(
            survey.settings, local=EntitySettings.of(local), pacs=EntitySettings.of(pacs.entity)
        )
        yield pacs


def _load(demo: Demo, pacs: OrthancPacs | EmbeddedPacs, files: Sequence[Path]) -> list[Path]:
    """Fill the PACS unless it holds these files already; return those it refused."""
    signature = hashlib.sha256()
    for path in files:
        stat = path.stat()
        signature.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    note = demo.hospital / f"{type(pacs).__name__}.json"
    if note.exists():
        known = json.loads(note.read_text("utf-8"))
        if known["signature"] == signature.hexdigest():
            return [Path(path) for path in known["refused"]]
    demo.tell(f"Filling the PACS with {len(files)} files ...")
    refused = [Path(path) for path in pacs.load(files).refused]
    content = {"signature": signature.hexdigest(), "refused": [str(path) for path in refused]}
    note.touch(mode=0o600)
    note.write_text(json.dumps(content), "utf-8")
    return refused


# --- what came of it -----------------------------------------------------------------------------


def _report(demo: Demo, survey: Survey) -> bool:
    out = demo.workspace / "reports" / f"{REPORT}.html"
    state = hashlib.sha256(
        survey.events().write_json().encode() + survey.doses().write_json().encode()
    ).hexdigest()
    note = out.with_suffix(".state")
    if out.exists() and note.exists() and note.read_text("utf-8") == state:
        demo.tell(f"Report: {out} (nothing has changed)")
        return True
    demo.tell("Writing the report ...")
    out.parent.mkdir(parents=True, exist_ok=True)
    run = make_report(survey, REPORT, out, {})
    demo.tell(run.message if run.failed else f"Report: {out}")
    if not run.failed:
        note.write_text(state, "utf-8")
    return not run.failed


def _tell_tables(tell: Tell, survey: Survey) -> None:
    counts = {name: survey.lazy(name).select(pl.len()).collect().item() for name in SHOWN}
    tell("Tables: " + ", ".join(f"{number} {SHOWN[name]}" for name, number in counts.items()))
