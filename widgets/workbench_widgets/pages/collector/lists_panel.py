"""Local lists with the hospital's own names: export and deletion, each asking twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

from workbench.collect.queue.lists import (
    delete_answered,
    delete_everything,
    delete_list,
    export_lists,
)
from workbench.collect.queue.overview import Desk
from workbench.errors import SettingsError
from workbench.language import Words, data, mark, n, sentences, t
from workbench.rights import Right
from workbench.stages.border import Border
from workbench_widgets.pages.collector.figures import whole
from workbench_widgets.parts.download.download import Downloads, dated_name
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import Field, Form, Outcome, card, join, said

EXPORT, LIST, EVERYTHING = "export-list", "delete-list", "delete-everything"
ANSWERED = "delete-answered"


class ListsPanel:
    """The last section; ``gone`` is the proof once everything was deleted.

    ``leave`` is called before, so that nothing of the workspace stays open.
    """

    name, title = "lists", mark("Lists")
    right = Right.ADMINISTER
    needs = dict.fromkeys((EXPORT, LIST, EVERYTHING), Right.ADMINISTER)

    def __init__(self, desk: Desk, leave: Callable[[], None], downloads: Downloads) -> None:
        self._desk = desk
        self._downloads = downloads
        self._leave = leave
        self._proofs: dict[str, Words] = {}
        self.gone = Words("")

    def html(self) -> Markup:
        """Return the four forms."""
        name = self._desk.survey.settings.survey.name
        twice = (
            Field("first", t("Type the survey's name: {name}", name=data(name))),
            Field("second", t("Once more")),
        )
        return Markup('<div class="wbc-cards">{}</div>').format(join((
            self._card(
                t("Export the list"), t(
                    "The file names patients: each queried patient and received "
                    "series, with the hospital's own IDs beside the pseudonyms. It must stay in "
                    "the "
                    "hospital. It goes into the downloads of this browser: move it to where only "
                    "you can read it."
                ),
                Form(EXPORT, twice, ((EXPORT, t("Export with names")),), danger=True),
            ),
            self._card(
                t("Delete who was answered"), t(
                    "Deletes the IDs, UIDs and answers of patients who are "
                    "complete, or whom the PACS does not have. Their counts stay, under "
                    "pseudonyms. "
                    "Who is added again is asked for again."
                ),
                Form(ANSWERED, twice, ((ANSWERED, t("Delete who was answered")),), danger=True),
            ),
            self._card(
                t("Delete the list"), t(
                    "Deletes the queue and all that was asked of the PACS and "
                    "answered by it. What was collected stays, with its pseudonyms. Afterwards "
                    "nobody "
                    "can say for which patients the PACS was asked, nor what is missing."
                ),
                Form(LIST, twice, ((LIST, t("Delete the list")),), danger=True),
            ),
            self._card(
                t("Delete everything"), t(
                    "Deletes the whole workspace but its settings: headers, "
                    "doses, reports, phantom images, and the hospital's key. It cannot be undone, "
                    "and "
                    "pseudonyms that left the hospital can never be resolved again."
                ),
                Form(EVERYTHING, twice, ((EVERYTHING, t("Delete everything")),), danger=True),
            ),
        )))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Export or delete, when the survey's name was typed twice."""
        acts = {
            EXPORT: self._export, ANSWERED: self._delete_answered, LIST: self._delete_list,
            EVERYTHING: self._delete_everything,
        }  # fmt: skip
        if ask.name not in acts:
            return None
        self._proofs.pop(ask.name, None)
        name = self._desk.survey.settings.survey.name
        if (ask.text("first"), ask.text("second")) != (name, name):
            raise SettingsError(
                "nothing was done: that is not the survey's name, twice.",
                "Type {name} twice.",
                name=name,
            )
        text = acts[ask.name](ask)
        self._proofs[ask.name] = text
        return Outcome(text, reset=(ask.name,))

    def _card(self, title: Words, text: Words, form: Form) -> Markup:
        proof = self._proofs.get(form.name)
        return card(
            title,
            said(text, "warn"),
            form.__html__(),
            said(proof, "proof") if proof else "",
            help_key="collector_lists",
        )

    def _export(self, _: Ask) -> Words:
        rows = 0

        def write(out: Path) -> None:
            nonlocal rows
            rows = export_lists(self._desk.ledger, Border(self._desk.survey), out)

        name = dated_name("patients-with-names", ".csv")
        where = self._downloads.hand(name, write, Right.ADMINISTER)
        said_rows = n(
            "{rows} rows written. The file names patients: it stays in the hospital.",
            "{rows} rows written. The file names patients: it stays in the hospital.",
            rows,
            rows=whole(rows),
        )
        return sentences(said_rows, where)

    def _delete_answered(self, _: Ask) -> Words:
        desk = self._desk
        border = Border(desk.survey)
        return delete_answered(desk.hospital, desk.ledger, border, desk.survey.folder).sentence()

    def _delete_list(self, _: Ask) -> Words:
        return delete_list(self._desk.hospital, self._desk.survey.folder).sentence()

    def _delete_everything(self, _: Ask) -> Words:
        if any(heartbeat.fresh for heartbeat in self._desk.control.heartbeats()):
            raise SettingsError("a collector is at work.", "Stop it first.")
        self._leave()
        self.gone = delete_everything(self._desk.hospital, self._desk.survey.folder).sentence()
        return self.gone
