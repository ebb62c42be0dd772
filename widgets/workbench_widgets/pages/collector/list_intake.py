"""The one card that adds patients: paste or choose a file, look at what it would do, then add.

What was handed over is kept in this process until it is added or let go, ten minutes at most, and
is never part of the page: of the list only numbers and the numbers of its lines are shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from workbench.collect.list_preview import LineNote, ListPreview, preview_file, preview_text
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.patient_queue import Queue
from workbench.errors import SettingsError, WorkbenchError
from workbench.language import Words, data, listed, n, sentences, t
from workbench_widgets.pages.collector.figures import whole
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NOTHING,
    Button,
    Field,
    Form,
    Outcome,
    buttons,
    card,
    join,
    said,
)

FORM, CONFIRM, DROP = "add", "add-confirm", "add-drop"
ASKS = (FORM, CONFIRM, DROP)
KEPT_S = 600.0  # seconds that a list waits to be added
AT_ONCE_S = 1.0  # seconds that an answer waits for the work; longer work shows how far it is
ADDED_AT_ONCE = 2_000  # patients a transaction: a collector that runs is never kept out for long
LINES_NAMED = 20
MAX_PRIORITY_DIGITS = 9


@dataclass(frozen=True)
class ReadList:
    """A list that was looked at: what it holds, and how many of it are in the queue already."""

    preview: ListPreview
    known: int
    priority: int = 0
    at: float = field(default_factory=time.monotonic)

    @property
    def new(self) -> int:
        """How many it would add."""
        return len(self.preview.patients) - self.known

    def numbered(self) -> Iterator[ListedPatient]:
        """Yield the patients with the priority that was asked for, where one was."""
        for patient in self.preview.patients:
            yield replace(patient, priority=self.priority) if self.priority else patient


class ListIntake:
    """Reads and adds lists in a thread of its own, and says how far it is."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._read: ReadList | None = None
        self._done: tuple[int, int] = (0, 0)
        self._work: Future[Outcome] | None = None
        self._told = Outcome()

    def act(self, ask: Ask) -> Outcome:
        """Look at what was handed over, add it, or let it go."""
        if self._work is not None and not self._work.done():
            raise SettingsError("a list is being read or added.", "Wait for its end.")
        if ask.name == DROP:
            self._read, self._told = None, Outcome()
            return Outcome(t("Nobody was added."), reset=(FORM,))
        if ask.name == CONFIRM:
            read = self._waiting()
            if read is None:
                raise SettingsError("no list waits to be added.", "Hand it over once more.")
            return self._start(lambda: self._added(read))
        self._read, self._told = None, Outcome()
        texts, priority = ask.values.get("patients", ""), _whole(ask.text("priority"))
        files = ask.files
        if texts.strip() and files:
            raise SettingsError(
                "both a text and a file were handed over.", "Add one, then the other."
            )
        if len(files) > 1:
            raise SettingsError("several files were chosen.", "Choose one after the other.")
        if not texts.strip() and not files:
            raise SettingsError("no patients were handed over.", "Paste them, or choose a file.")
        return self._start(lambda: self._looked_at(texts, files, priority))

    def html(self) -> Markup:
        """Return the card: the form, and what was found or how far the work is."""
        return card(
            t("Add patients"),
            _form().__html__(),
            self._below(),
            kind="wbc-full",
            help_key="collector_add",
        )

    # --- the work ------------------------------------------------------------------------------

    def _start(self, work: Callable[[], Outcome]) -> Outcome:
        """Work, and wait a moment: a short list is done before the page is written."""
        self._done, self._told = (0, 0), Outcome()
        context = copy_context()  # the visitor's language and rights
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="list")
        self._work = worker.submit(context.run, work)
        worker.shutdown(wait=False)
        with suppress(NotYet):
            done, self._work = self._work.result(AT_ONCE_S), None
            return done
        return Outcome()

    def _looked_at(self, text: str, files: Sequence[bytes], priority: int) -> Outcome:
        preview = preview_file(files[0], self._tell) if files else preview_text(text, self._tell)
        known, patients = 0, preview.patients
        for start in range(0, len(patients), ADDED_AT_ONCE):
            known += len(self._queue.numbers(patients[start : start + ADDED_AT_ONCE]))
            self._tell(start, len(patients))
        self._read = ReadList(preview, known, priority)
        return Outcome()

    def _added(self, read: ReadList) -> Outcome:
        patients, added = list(read.numbered()), 0
        for start in range(0, len(patients), ADDED_AT_ONCE):
            added += self._queue.add(patients[start : start + ADDED_AT_ONCE])
            self._tell(start, len(patients))
        self._read = None
        known = len(patients) - added
        new = n("1 patient added.", "{count} patients added.", added, count=whole(added))
        before = n(
            "1 was in the queue already.", "{count} were in the queue already.",
            known, count=whole(known),
        )  # fmt: skip
        return Outcome(sentences(new, before) if known else new, reset=(FORM,))

    def _tell(self, done: int, of: int) -> None:
        self._done = (done, of)

    def _waiting(self) -> ReadList | None:
        """Return the list that waits to be added; one that has waited too long is let go."""
        if self._read is not None and time.monotonic() - self._read.at > KEPT_S:
            self._read = None
            self._told = Outcome(
                t("The list waited for ten minutes and was let go: hand it over once more."), False
            )
        return self._read

    # --- what is shown -------------------------------------------------------------------------

    def _below(self) -> Markup:
        if self._work is not None and not self._work.done():
            return self._progress()
        if self._work is not None:
            self._told, self._work = _outcome(self._work), None
        read = self._waiting()
        told = self._told.text
        kind = "said" if self._told.good else "problem"
        shown = _preview(read) if read else NOTHING
        return Markup('<div role="status">{}{}</div>').format(
            said(told, kind) if told else NOTHING, shown
        )

    def _progress(self) -> Markup:
        done, of = self._done
        words = (
            t("{done} of {all} lines", done=whole(done), all=whole(of)) if of else t("Starting.")
        )
        return Markup(
            '<p role="status">{}</p><progress max="{}" value="{}" aria-label="{}"></progress>'
        ).format(words, max(of, 1), done, t("How far the list is"))


def _outcome(work: Future[Outcome]) -> Outcome:
    try:
        return work.result()
    except WorkbenchError as error:
        return Outcome(error.words(), good=False)


def _form() -> Form:
    return Form(FORM, (
        Field("patients", t("Paste patient IDs, or rows of a spreadsheet"), kind="lines",
              hint=t("One patient a line. In a table the first line names the columns: patient_id, "
                     "and where you have them issuer, accession, date_from, date_to, birth_date, "
                     "priority.")),
        Field("list", t("or choose a file"), kind="upload",
              hint=t("Text or CSV, with commas, semicolons or tabs.")),
        Field("priority", t("Priority"), "0", "number", t("Larger goes first.")),
    ), ((FORM, t("Look at the list")),))  # fmt: skip


def _preview(read: ReadList) -> Markup:
    preview = read.preview
    wrong = len(preview.wrong)
    counts = [
        n("1 new", "{count} new", read.new, count=whole(read.new)),
        n("1 known", "{count} known", read.known, count=whole(read.known)),
    ]
    if preview.repeated:
        counts.append(n("1 named twice", "{count} named more than once", preview.repeated,
                        count=whole(preview.repeated)))  # fmt: skip
    if wrong:
        counts.append(n("1 line left out", "{count} lines left out", wrong, count=whole(wrong)))
    add = (
        n("Add 1 patient", "Add {count} patients", read.new, count=whole(read.new)) if not wrong
        else n("Add 1 patient without these lines", "Add {count} patients without these lines",
               read.new, count=whole(read.new))
    )  # fmt: skip
    return join((
        Markup('<p class="wbc-big">{}</p>').format(listed(counts, ", ")),
        _notes(t("Left out:"), preview.wrong),
        _notes(t("Taken, but look:"), preview.notes),
        said(n("Column {columns} is not read: it has no known name.",
               "Columns {columns} are not read: they have no known name.", len(preview.unread),
               columns=data(", ".join(map(str, preview.unread)))), "soft")
        if preview.unread else "",
        said(t(preview.guessed), "warn") if preview.guessed else "",
        said(t("Nothing was added yet."), "soft"),
        buttons(
            Button(add, CONFIRM, main=True, off=not read.new),
            Button(t("Add nobody"), DROP),
        ),
    ))  # fmt: skip


def _notes(title: Words, notes: Sequence[LineNote]) -> Markup:
    """Return lines with what is said of each, the first twenty in words and all by number."""
    if not notes:
        return NOTHING
    lines = join(
        Markup("<li>{}</li>").format(_sentence(note.said.words())) for note in notes[:LINES_NAMED]
    )
    rest = [note.line for note in notes[LINES_NAMED:]]
    more = NOTHING
    if rest:
        more = Markup("<details><summary>{}</summary><p>{}</p></details>").format(
            n("and 1 more line", "and {count} more lines", len(rest), count=whole(len(rest))),
            t("Lines {lines}.", lines=data(spans(rest))),
        )
    return Markup('<div class="wbc-noted"><p>{}</p><ul class="wbc-lines">{}</ul>{}</div>').format(
        title, lines, more
    )


MAX_SPANS = 200


def spans(numbers: Sequence[int]) -> str:
    """Return ascending numbers as ``3, 7-12``; after two hundred pieces, dots."""
    pieces: list[list[int]] = []
    for number in numbers:
        if pieces and number == pieces[-1][1] + 1:
            pieces[-1][1] = number
        else:
            pieces.append([number, number])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in pieces[:MAX_SPANS]]
    return ", ".join(shown + (["…"] if len(pieces) > MAX_SPANS else []))


def _sentence(text: Words) -> Words:
    return Words(f"{text[:1].upper()}{text[1:]}")


def _whole(text: str) -> int:
    try:
        number = int(text or "0")
    except ValueError:
        number = 10**MAX_PRIORITY_DIGITS + 1
    if abs(number) > 10**MAX_PRIORITY_DIGITS:
        raise SettingsError("the priority is not a whole number.", "Write 0, or a larger one.")
    return number
