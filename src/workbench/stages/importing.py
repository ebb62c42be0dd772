"""Files come in by the million: in parallel, again and again, each with one verdict.

A task is a few hundred neighbouring files.  Whoever runs it (this process, another, a machine of
a Dask cluster) reads and de-identifies them and makes their rows durable together with their
verdicts, so a task that was cut off has left nothing, and one that is done again changes nothing.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from workbench.dicom.files import Candidate, candidates
from workbench.executors import Executor, Serial, Workplace, executor
from workbench.language import mark
from workbench.model import Verdict
from workbench.stages.border import Border, Intake
from workbench.stages.run_record import Progress, no_progress, recorded
from workbench.stages.study_identities import IdentityAwaited
from workbench.store.objects import UNCHANGED, Origin, Taken
from workbench.survey import Survey, open_survey

DOING = mark("reading files")
FILES_A_TASK = 500  # files of a task: several series, and a second or two of work
MAX_HELD_LETTERS = 64 * 2**20  # characters of headers that a task holds before it stores them
Note = Callable[[Candidate, Verdict], None]


@dataclass(frozen=True)
class TaskVerdicts:
    """What became of the files of one task: verdicts in their order, each with its code.

    ``long_way`` are the reasons why rows were made without the help of neighbours; ``files`` are
    the files themselves where the caller wants to know them.
    """

    verdicts: list[Verdict]
    codes: list[str]
    long_way: list[str]
    files: Sequence[Candidate] = ()


@dataclass(frozen=True)
class ImportTask:
    """Some files to be read into the store of a workspace.

    Attributes
    ----------
    folder
        The workspace.
    run_id
        Tells tasks of one import from those of others: at one workplace they share a border.
    files
        What to read; their paths may hold names and are never shown.
    named
        Whether the answer is to name the files.
    """

    folder: Path
    run_id: str
    files: tuple[Candidate, ...] = field(repr=False)
    named: bool = False

    def __repr__(self) -> str:
        return f"ImportTask({len(self.files)} files)"

    def run(self, workplace: Workplace) -> TaskVerdicts:
        """Read, de-identify and store the files."""
        border = workplace.kept(
            self.run_id, lambda: Border(open_survey(self.folder, answered=True))
        )
        work = _TaskWork(border)
        for file, origin, known in _looked_up(border, self.files):
            work.take(file, origin, known)
        work.take_late()
        work.store()
        files = self.files if self.named else ()
        return TaskVerdicts(work.verdicts, work.codes, work.long_way, files)


def _looked_up(
    border: Border, files: Sequence[Candidate]
) -> Iterator[tuple[Candidate, Origin, bool]]:
    """Yield files with their origins, and whether they are stored and unchanged."""
    origins = [border.from_file(file) for file in files]
    known = border.store.unchanged(origins)
    for file, origin in zip(files, origins, strict=True):
        yield file, origin, origin.digest in known


class _TaskWork:
    """The files of one task on their way into the store."""

    def __init__(self, border: Border) -> None:
        self._border = border
        self._waiting: list[Taken] = []
        self._places: list[int] = []
        self._held = 0
        self._late: list[tuple[int, Candidate, Origin]] = []
        self.verdicts: list[Verdict] = []
        self.codes: list[str] = []
        self.long_way: list[str] = []

    def take(self, file: Candidate, origin: Origin, known: bool) -> None:
        """Take one file; a known one is a duplicate of itself."""
        self.verdicts.append(Verdict.DUPLICATE)
        self.codes.append(UNCHANGED)
        if known:
            return
        try:
            self._take(len(self.verdicts) - 1, file, origin, waits=True)
        except IdentityAwaited:
            self._late.append((len(self.verdicts) - 1, file, origin))

    def take_late(self) -> None:
        """Take those that say less of their patient than others of their study."""
        for place, file, origin in self._late:
            self._take(place, file, origin, waits=False)
        self._late = []

    def _take(self, place: int, file: Candidate, origin: Origin, waits: bool) -> None:
        read = partial(file.read, self._border.files)
        taken = self._border.taken(read, origin, waits)
        if taken.long_way:
            self.long_way.append(taken.long_way)
        self._places.append(place)
        self._waiting.append(taken)
        self._held += len(str(taken.row["header"])) if taken.row else 0
        if self._held > MAX_HELD_LETTERS:
            self.store()

    def store(self) -> None:
        """Make what waits durable, with its verdicts."""
        store, waiting = self._border.store, self._waiting
        decisions = store.decided(waiting, together=True) if waiting else []
        for place, decision in zip(self._places, decisions, strict=True):
            self.verdicts[place] = decision.verdict
            self.codes[place] = decision.counted_as
        self._waiting, self._places, self._held = [], [], 0


def import_files(
    survey: Survey,
    paths: Iterable[str | Path],
    progress: Progress = no_progress,
    note: Note | None = None,
    using: Executor | None = None,
) -> Intake:
    """Read files, folders, DICOMDIRs and zips; every file gets exactly one verdict.

    ``note`` is told each file with its verdict; what it does with the path is its affair, the
    store keeps no path.  ``using`` says who does the work, by default as many processes as there
    are processors.  An import that was cut off goes on where it stopped when run again: files
    that are stored and have the same time and size are not read again.
    """
    named = [Path(path) for path in paths]
    intake, about = Intake(), _count(named)
    with recorded(survey, "import", progress) as counts:
        try:
            for answer in _answers(survey, named, note is not None, using, about):
                intake.count(answer.verdicts, answer.codes, answer.long_way)
                for file, verdict in zip(answer.files, answer.verdicts, strict=False):
                    if note is not None:
                        note(file, verdict)
                done = intake.verdicts.total()
                progress(done, max(done, about), DOING)
            survey.store.compact()
        finally:
            counts.update(intake.as_json())
        done = intake.verdicts.total()
        progress(done, done, DOING)
    return intake


def _answers(
    survey: Survey, paths: list[Path], named: bool, using: Executor | None, about: int
) -> Iterator[TaskVerdicts]:
    run_id = uuid.uuid4().hex
    waiting = candidates(paths)
    chunks = iter(lambda: tuple(islice(waiting, FILES_A_TASK)), ())
    tasks = (ImportTask(survey.folder.absolute(), run_id, files, named) for files in chunks)
    few = about <= FILES_A_TASK  # not worth the start of another process
    yield from (using or (Serial() if few else executor())).run(tasks)


def _count(paths: Iterable[Path]) -> int:
    """Return about how many files there are, by their names alone."""
    return sum(
        sum(len(names) for _, _, names in os.walk(path)) if os.path.isdir(path) else 1  # noqa: PTH112
        for path in paths
    )
