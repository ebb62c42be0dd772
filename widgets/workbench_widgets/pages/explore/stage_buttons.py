"""Buttons for the stages of a survey, and for taking its tables away.

A stage runs in a thread of its own with the survey opened anew, so the page stays alive.  An
import can be stopped between batches and a collection between patients; both go on there when they
are started again.  Mapping and estimating are one step each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import ipywidgets
import traitlets

from workbench.collect.patient_list import read_patient_list
from workbench.errors import SettingsError, WorkbenchError
from workbench.language import Words, capital, data, listed, mark, n, sentences, t
from workbench.report.code_words import code_words
from workbench.report.exports import export_table
from workbench.rights import Right, rights_here
from workbench.schema import TABLES
from workbench.stages.border import Intake
from workbench.stages.collecting import collect
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.stages.run_record import Progress
from workbench.survey import Survey, open_survey
from workbench_widgets.parts.download.download import Downloads, dated_name
from workbench_widgets.parts.tabs.tabs import sentence

FORMATS = (("CSV", ".csv"), ("Excel (XLSX)", ".xlsx"), ("Parquet", ".parquet"))
# The words on the buttons, by which stages are known.
IMPORT, COLLECT = mark("Import a folder"), mark("Collect patients")
MAP, ESTIMATE = mark("Map"), mark("Estimate doses")
STOPPABLE = frozenset({IMPORT, COLLECT})
Stage = Callable[[Survey, Progress], str]


class StageStoppedError(WorkbenchError):
    """Somebody pressed Stop; what was done until then is kept."""


class Stages(ipywidgets.VBox):  # type: ignore[misc]
    """The buttons of a survey's stages, from a folder or the PACS to dose estimates.

    Attributes
    ----------
    running
        Whether a stage is at work; observe it to read the tables again when it has ended.
    message
        One sentence: what is being done, what was done, or what went wrong.
    """

    running = traitlets.Bool()
    message = traitlets.Unicode()

    def __init__(self, survey: Survey) -> None:
        self._workspace = survey.folder
        self._stop_asked = Event()
        self._folder = _path(t("Folder"), "/data/cd")
        self._patients = _path(t("Patient list"), "/data/patients.txt")
        self._stages: dict[str, Stage] = {
            IMPORT: self._import, COLLECT: self._collect, MAP: _map, ESTIMATE: _estimate,
        }  # fmt: skip
        self._buttons = [self._button(name) for name in self._stages]
        self._stop = ipywidgets.Button(description=t("Stop"), disabled=True)
        self._bar = ipywidgets.IntProgress(
            min=0, max=1, layout=ipywidgets.Layout(width="12rem", visibility="hidden")
        )
        label = ipywidgets.Label()
        super().__init__(
            [
                _line(self._folder, self._buttons[0]),
                _line(self._patients, self._buttons[1]),
                _line(*self._buttons[2:], self._stop, self._bar),
                label,
            ]
        )
        traitlets.dlink((self, "message"), (label, "value"))
        self._stop.on_click(lambda _: self._stop_asked.set())
        self.observe(self._switch, "running")
        self.message = t("Import a folder or collect patients, then map, then estimate doses.")

    def run(self, name: str) -> Future[str] | None:
        """Start a stage by its button's words, unless one is at work."""
        if self.running:
            return None
        right = Right.COLLECT if name == COLLECT else Right.ADMINISTER
        if not rights_here().allow(right):
            self.message = t("For that you need the right to {right}.", right=t(right))
            return None
        self._stop_asked.clear()
        self._stop.disabled = name not in STOPPABLE
        self.running, self.message = True, t("{stage}…", stage=t(name))
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stage")
        work = worker.submit(self._work, self._stages[name])
        work.add_done_callback(self._ended)
        worker.shutdown(wait=False)
        return work

    def _button(self, name: str) -> Any:
        button = ipywidgets.Button(description=t(name), button_style="primary")
        button.on_click(lambda _: self.run(name))
        return button

    def _work(self, stage: Stage) -> str:
        survey = open_survey(self._workspace)
        try:
            return stage(survey, self._progress)
        finally:
            survey.close()

    def _import(self, survey: Survey, progress: Progress) -> str:
        folder = Path(self._folder.value.strip()).expanduser()
        if not self._folder.value.strip() or not folder.exists():
            raise SettingsError("there is no such folder.", "Type the path of a folder of files.")
        return imported(import_files(survey, [folder], progress))

    def _collect(self, survey: Survey, progress: Progress) -> str:
        listed = self._patients.value.strip()
        if not listed:
            raise SettingsError(
                "which patients?", "Type the path of a file with one patient ID a line."
            )
        collection = collect(survey, read_patient_list(Path(listed).expanduser()), progress)
        return t("Collection is done. {counts} Next: map.", counts=collection.sentence())

    def _progress(self, done: int, total: int | None, text: str) -> None:
        """Show how far a stage is; called between batches, where a stop does no harm."""
        self._bar.max, self._bar.value = max(total or done, 1), done
        said = text if isinstance(text, Words) else t(text)
        self.message = t(
            "{doing}: {done} of {total}", doing=capital(said), done=done,
            total=total or t("an unknown number"),
        )  # fmt: skip
        if self._stop_asked.is_set():
            raise StageStoppedError(
                "the work was stopped.", "What was done is kept; press the button again to go on."
            )

    def _ended(self, work: Future[str]) -> None:
        error = work.exception()
        self.message = work.result() if error is None else sentence(error)
        self.running = False

    def _switch(self, _: object = None) -> None:
        for button in self._buttons:
            button.disabled = self.running
        self._stop.disabled = self._stop.disabled or not self.running
        self._bar.layout.visibility = "visible" if self.running else "hidden"


class Export(ipywidgets.VBox):  # type: ignore[misc]
    """Write a table of a survey, with its codebook, and hand it to the browser."""

    message = traitlets.Unicode()

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        tables = [(data(table.name.replace("_", " ")), table.name) for table in TABLES.values()]
        self._table = ipywidgets.Dropdown(
            options=tables, value="irradiation_event", description=t("Table")
        )
        self._format = ipywidgets.Dropdown(options=FORMATS, description=t("Format"))
        button = ipywidgets.Button(description=t("Export"), button_style="primary")
        button.on_click(lambda _: self.write())
        label = ipywidgets.Label()
        traitlets.dlink((self, "message"), (label, "value"))
        self.downloads = Downloads(survey.folder)
        row = _line(self._table, self._format, button)
        super().__init__([row, label, self.downloads])

    def write(self) -> bool:
        """Write the chosen table and say where it is; ``False`` where it could not be."""
        rows = 0

        def write(out: Path) -> None:
            nonlocal rows
            rows = export_table(self._survey, self._table.value, out)

        try:
            rights_here().need(Right.ADMINISTER)
            name = dated_name(self._table.value, self._format.value)
            where = self.downloads.hand(name, write, Right.ADMINISTER)
        except (WorkbenchError, OSError) as error:
            self.message = sentence(error)
            return False
        self.message = sentences(n("one row.", "{count} rows.", rows), where)
        return True


def _path(name: Words, example: str) -> Any:
    return ipywidgets.Text(
        description=name, placeholder=example, layout=ipywidgets.Layout(width="28rem")
    )


def _line(*parts: Any) -> Any:
    """Return widgets side by side, or below each other on a narrow page."""
    for part in parts:
        part.layout.flex = "0 1 auto" if isinstance(part, ipywidgets.Text) else "0 0 auto"
    return ipywidgets.Box(parts, layout=ipywidgets.Layout(flex_flow="row wrap"))


def imported(intake: Intake) -> Words:
    """Say in one sentence what came in."""
    counts = intake.as_json()
    verdicts, reasons = _counted(counts["verdicts"]), _counted(counts["codes"])
    if not reasons:
        return t("Import is done: {verdicts}. Next: map.", verdicts=verdicts)
    return t(
        "Import is done: {verdicts}. Reasons: {reasons}. Next: map.",
        verdicts=verdicts, reasons=reasons,
    )  # fmt: skip


def _counted(counts: Mapping[str, int]) -> Words:
    """Return codes with their numbers."""
    return listed(listed((data(number), code_words(code)), " ") for code, number in counts.items())


def _map(survey: Survey, progress: Progress) -> Words:
    counts = map_survey(survey, progress)
    return t(
        "Mapping is done: {studies} new or changed studies; the survey has {series} series and "
        "{events} irradiation events. Next: estimate doses.",
        studies=counts["studies"], series=counts["series"], events=counts["events"],
    )  # fmt: skip


def _estimate(survey: Survey, progress: Progress) -> Words:
    counts = estimate_doses(survey, progress)
    return t(
        "Doses are estimated: {studies} new or changed studies; the survey has {estimates} "
        "estimates. Run the cells below again to see them.",
        studies=counts["studies"], estimates=counts["estimates"],
    )  # fmt: skip
