"""The whole line on a small hospital: what `make demo` runs.

It makes a workspace, a simulated hospital and a PACS on loopback (Orthanc where it is installed,
otherwise Workbench's own), collects by a patient list over C-FIND and C-MOVE, maps, doses, writes
one report and serves it.  Run again, it finds everything done and changes nothing.

It leaves a workspace to practise on: it knows its PACS, further patients wait, a report is due.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import PatientState, Queue
from workbench.dicom.files import Candidate, candidates, is_dicomdir
from workbench.errors import ReadError, SettingsError
from workbench.settings import FILE, CollectSettings, Settings, SurveySettings
from workbench.simulate.bundled import bundled_files
from workbench.simulate.standing_pacs import HospitalFolder, Tell
from workbench.stages.border import Intake
from workbench.stages.collecting import collect
from workbench.stages.collection import Collection, collection_of
from workbench.stages.importing import import_files
from workbench.stages.line import dose_line, make_report
from workbench.stages.practice import REPORT, Practice, practice_survey, ways_on
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.sample import make_sample
from workbench.stages.run_record import Progress
from workbench.survey import Survey, open_survey

PATIENTS, SEED = 30, 1  # enough for medians, few enough for a minute
WAITING, WAITING_SEED = 4, 2  # left in the queue, for who practises
ENDED = (
    PatientState.COMPLETE, PatientState.INCOMPLETE, PatientState.NOT_FOUND, PatientState.FAILED,
)  # fmt: skip
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
    program: str = "workbench"  # as it is called in the commands that it tells

    @property
    def hospital(self) -> HospitalFolder:
        """What stands for the hospital: its files and its PACS, names included."""
        return HospitalFolder(self.workspace / "hospital")


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
    _leave(demo, survey)
    survey.close()
    return collection.complete and reported


@contextmanager
def pacs_of(demo: Demo) -> Iterator[None]:
    """Keep the PACS of a demonstration running, for who goes on with its workspace."""
    survey = open_survey(demo.workspace)
    try:
        with _practice(demo, survey).pacs():
            yield
    finally:
        survey.close()


def _workspace(demo: Demo) -> Survey:
    there = (demo.workspace / FILE).exists()
    state = "going on where it stopped" if there else "new"
    survey = practice_survey(demo.workspace, demo.hospital.folder, SETTINGS)
    demo.tell(f"Workspace: {demo.workspace} ({state})")
    return survey


def _practice(demo: Demo, survey: Survey) -> Practice:
    return Practice(survey, demo.hospital, demo.tell)


def _collect(demo: Demo, survey: Survey) -> Collection:
    simulated, patients = _simulated(demo)
    others, more, unlisted = _real(demo)
    everyone = list(dict.fromkeys([*patients, *more]))
    with _practice(demo, survey).pacs() as pacs:
        refused = demo.hospital.fill(pacs, "simulated", simulated, demo.tell)
        refused += demo.hospital.fill(pacs, "real", others, demo.tell)
        collection = _asked_before(survey, everyone)
        if collection is None:
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


def _asked_before(survey: Survey, everyone: Sequence[ListedPatient]) -> Collection | None:
    """Return what became of these patients, where all of them have been asked for to the end.

    A collector would take those too who wait for somebody who practises.
    """
    with closing(HospitalFile(survey.folder)) as hospital:
        queue = Queue(hospital)
        numbers = queue.numbers(everyone)
        ended = {row["number"] for row in queue.rows(ENDED, limit=-1)}
    if len(numbers) < len(everyone) or not ended.issuperset(numbers):
        return None
    return collection_of(survey, numbers, Intake(), {})


def _simulated(demo: Demo) -> tuple[list[Path], list[ListedPatient]]:
    """Return the files and patients of the simulated hospital, made on the first run."""
    if demo.hospital.make("simulated", SEED, PATIENTS):
        demo.tell("Simulated a hospital: CT of four makers, dose reports, projection, phantoms.")
    return demo.hospital.files("simulated"), demo.hospital.patients("simulated")


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


# --- what came of it -----------------------------------------------------------------------------


def _report(demo: Demo, survey: Survey) -> bool:
    out = demo.workspace / "reports" / f"{REPORT}.html"
    state = hashlib.sha256(
        survey.events().write_json().encode() + survey.table("dose_estimate").write_json().encode()
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


def _leave(demo: Demo, survey: Survey) -> None:
    """Leave the workspace so that somebody can practise on it."""
    practice = _practice(demo, survey)
    if demo.hospital.make("waiting", WAITING_SEED, WAITING):
        with practice.pacs() as pacs:
            practice.fill(pacs)
    waiting, due = practice.queue_up(), practice.plan()
    for line in ways_on(practice, demo.program, due, waiting):
        demo.tell(line)


def _tell_tables(tell: Tell, survey: Survey) -> None:
    counts = {name: survey.lazy(name).select(pl.len()).collect().item() for name in SHOWN}
    tell("Tables: " + ", ".join(f"{number} {SHOWN[name]}" for name, number in counts.items()))
