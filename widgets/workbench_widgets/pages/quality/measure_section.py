"""The second section: find images by hand, verify, measure, accept or reject."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from workbench.collect.expected import ExpectedStudy
from workbench.dicom.files import Candidate
from workbench.errors import SettingsError, WorkbenchError
from workbench.language import Words, data, mark, moment, n, sentences, t
from workbench.qa.profiles import TestProfile
from workbench.rights import Right
from workbench.stages.quality.image_reading import UnreadableImageError, read_offered
from workbench.stages.quality.phantom_retrieval import phantom_archive
from workbench.stages.quality.region_picture import thumbnail
from workbench.stages.quality.selection import Offered, PhantomSeries, Selection, select
from workbench.store.quality_records import ACCEPTED, REJECTED
from workbench_widgets.pages.quality.shown_results import (
    details,
    lines_table,
    made_with,
    nothing_yet,
    of_numbers,
    values_table,
    verdict,
)
from workbench_widgets.pages.quality.state import OnDesk
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
    table,
)

MAX_SHOWN = 60  # series; each has a preview
PREVIEWS_S = 3.0  # for making them, each time the section is written: the page answers meanwhile
NO_PACS = mark("No PACS is set: see Collector.")
NOT_COLLECTING = mark("To ask the PACS you need the right to collect, too: log in with it.")
KEPT = {
    "keep": mark("Result {number} is kept."), ACCEPTED: mark("Result {number} is accepted."),
    REJECTED: mark("Result {number} is rejected."),
}  # fmt: skip
LONGEST = 40  # characters of a series' description


class MeasurePanel:
    """Measurement by hand."""

    name, title = "measure", mark("Measure")
    right = Right.DECIDE
    needs = {  # noqa: RUF012  never changed
        **dict.fromkeys(
            ("find", "came", "view", "measure", "keep", ACCEPTED, REJECTED, "away"), Right.DECIDE
        ),
        # Whoever may ask the PACS may have it send any patient's images.
        "ask-pacs": Right.COLLECT, "fetch": Right.COLLECT,
    }  # fmt: skip

    def __init__(self, on: OnDesk) -> None:
        self._on = on
        self._found: Selection | None = None
        self._studies: tuple[ExpectedStudy, ...] = ()
        self._profiles: list[TestProfile] = []
        self._previews: dict[Candidate, Markup | WorkbenchError] = {}
        self._previews_until = 0.0

    def html(self) -> Markup:
        """Return the section."""
        self._profiles = self._on.desk.profiles()
        choices = join((self._sources(), self._listed_studies(), self._listed_series()))
        return self._attempted() if self._on.attempt else join((self._attempted(), choices))

    def below(self) -> Markup:
        """Return where to look for further images, while a measurement lies above."""
        if self._on.attempt is None:
            return NOTHING
        return join((self._listed_series(), self._sources(), self._listed_studies()))

    def act(self, ask: Ask) -> Outcome | None:
        """Find, show, measure, decide."""
        acts = {
            "find": self._find, "came": self._came, "ask-pacs": self._ask, "fetch": self._fetch,
            "view": self._view, "measure": self._measure, "keep": self._keep, ACCEPTED: self._keep,
            REJECTED: self._keep, "away": self._away,
        }  # fmt: skip
        act = acts.get(ask.name)
        return act(ask) if act else None

    # --- finding images ------------------------------------------------------------------------

    def _sources(self) -> Markup:
        pacs = self._on.desk.survey.settings.pacs
        form = Form("ask-pacs", (Field("patient", t("Patient ID of the phantom")),),
                     (("ask-pacs", t("Ask the PACS")),)).__html__()  # fmt: skip
        return Markup('<div class="wbc-cards">{}</div>').format(join((
            card(t("From files"), Form("find", (
                Field("path", t("Folder, file, DICOMDIR or zip, on the machine that serves this"),
                      hint=t("such as {folder}", folder=data("/media/cdrom"))),
            ), (("find", t("Find images")),)).__html__(), help_key="quality_files"),
            card(t("Received"), said(t("Images that were sent to the phantom title.")),
                 buttons(Button(t("Show received images"), "came")),
                 help_key="quality_received"),
            card(t("From the PACS"),
                 (form or said(t(NOT_COLLECTING))) if pacs else said(t(NO_PACS)),
                 help_key="quality_pacs"),
        )))  # fmt: skip

    def _find(self, ask: Ask) -> Outcome:
        text = ask.text("path")
        path = Path(text).expanduser()
        if not text or not path.exists():
            raise SettingsError("there is no such file or folder.", "Check its name.")
        return self._select([path])

    def _came(self, _ask: Ask) -> Outcome:
        return self._select([self._on.desk.phantoms.folder])

    def _select(self, paths: Sequence[Path]) -> Outcome:
        self._studies = ()
        self._found = select([path for path in paths if path.exists()], self._profiles)
        left = sum(self._found.left.values())
        images = sum(len(series.images) for series in self._found.series)
        counted = n(
            "{series} series with one image.", "{series} series with {count} images.", images,
            series=len(self._found.series),
        )  # fmt: skip
        aside = n("One file holds no image.", "{count} files hold no image.", left)
        return Outcome(sentences(counted, aside) if left else counted)

    def _ask(self, ask: Ask) -> Outcome:
        patient = ask.text("patient")
        if not patient:
            raise SettingsError("which phantom?", "Give the ID its images are filed under.")
        survey = self._on.desk.survey
        archive = phantom_archive(survey.settings, survey.folder, self._on.desk.phantoms)
        self._studies = archive.studies(patient)
        return Outcome(
            n(
                "The PACS has one study of it.",
                "The PACS has {count} studies of it.",
                len(self._studies),
            ),
            reset=("ask-pacs",),
        )

    def _fetch(self, ask: Ask) -> Outcome:
        study = self._studies[int(ask.text("value"))]
        survey = self._on.desk.survey
        archive = phantom_archive(survey.settings, survey.folder, self._on.desk.phantoms)
        sent = archive.fetch(study)
        outcome = self._select([self._on.desk.phantoms.folder])
        return Outcome(sentences(
            n("The PACS sent one image.", "The PACS sent {count} images.", sent),
            Words(outcome.text),
        ))  # fmt: skip

    def _listed_studies(self) -> Markup:
        rows = (
            (
                place + 1,
                data(expected.study.study_date or "–"),
                data(", ".join(sorted(expected.study.modalities)) or "–"),
                len(expected.instances) or expected.study.instances or "–",
                Button(
                    t("Fetch"),
                    "fetch",
                    str(place),
                    label=t("Fetch study {number}", number=place + 1),
                ),
            )
            for place, expected in enumerate(self._studies)
        )
        if not self._studies:
            return NOTHING
        heads = (
            of_numbers(t("No.")),
            t("Date"),
            t("Modalities"),
            of_numbers(t("Images")),
            Words(""),
        )
        return card(
            t("Studies in the PACS"),
            table(heads, rows, t("Studies"), t("None.")),
            help_key="quality_studies",
        )

    # --- series --------------------------------------------------------------------------------

    def _listed_series(self) -> Markup:
        if self._found is None:
            return NOTHING
        self._previews_until = time.monotonic() + PREVIEWS_S
        rows = (
            self._row(place, series) for place, series in enumerate(self._found.series[:MAX_SHOWN])
        )
        heads = (
            of_numbers(t("No.")), Words(""), t("Modality"), t("Machine"), t("Station"),
            t("Acquired"), t("Series"), of_numbers(t("Images")), Words(""), t("Measure against"),
        )  # fmt: skip
        return card(
            t("Series found"),
            table(heads, rows, t("Series found"), t("No image was found there.")),
            said(t("Only the first {number} are shown.", number=MAX_SHOWN))
            if len(self._found.series) > MAX_SHOWN
            else NOTHING,
            kind="wbc-full",
            help_key="quality_series",
        )

    def _row(self, place: int, series: PhantomSeries) -> tuple[object, ...]:
        machine = series.equipment
        acquired = series.images[0].moment
        description = str(series.header.get("SeriesDescription") or "–")
        fitting = [profile.name for profile in series.profiles]
        others = [profile.name for profile in self._profiles if profile.name not in fitting]
        choices = join(
            (Button(data(name), "measure", f"{place} {name}", main=name in fitting).__html__()
             for name in (*fitting, *others)), " ",
        )  # fmt: skip
        return (
            place + 1, self._preview(series),
            *(data(machine.get(name, "–"))
              for name in ("Modality", "ManufacturerModelName", "StationName")),
            moment(acquired) if acquired else "–",
            data(description if len(description) <= LONGEST else f"{description[:LONGEST]}…"),
            len(series.images),
            Button(t("View"), "view", str(place),
                   label=t("View series {number}", number=place + 1)),
            choices if self._profiles else t("make a test profile first"),
        )  # fmt: skip

    def _preview(self, series: PhantomSeries) -> str:
        """Return a small picture of the middle image, or why there is none.

        A damaged one may take seconds: where time is up, it is made when the section is next
        written, two seconds later.
        """
        middle = series.images[len(series.images) // 2]
        if middle.source not in self._previews:
            if time.monotonic() > self._previews_until:
                return t("picture follows")
            self._previews[middle.source] = _preview(middle)
        shown = self._previews[middle.source]
        if isinstance(shown, WorkbenchError):
            return t("no picture: {reason}", reason=shown.words())
        return shown

    def _series(self, text: str) -> PhantomSeries:
        if self._found is None or not text.isdecimal() or int(text) >= len(self._found.series):
            raise SettingsError("that series is not listed any more.", "Find the images again.")
        return self._found.series[int(text)]

    def _view(self, ask: Ask) -> Outcome:
        self._on.attempt = self._on.number = None
        self._on.look_at(read_offered(self._series(ask.text("value")).images))
        return Outcome()

    # --- measuring -----------------------------------------------------------------------------

    def _measure(self, ask: Ask) -> Outcome:
        place, _, name = ask.text("value").partition(" ")
        series = self._series(place)
        profile = next((profile for profile in self._profiles if profile.name == name), None)
        if profile is None:
            raise SettingsError("there is no such test profile.", "Choose one of those shown.")
        attempt = self._on.desk.attempt_series(name, series)
        self._on.attempt, self._on.number = attempt, None
        regions = [region for judged in attempt.judged for region in judged.measurement.regions]
        self._on.look_at(attempt.images, regions)
        return Outcome()

    def _attempted(self) -> Markup:
        attempt = self._on.attempt
        if attempt is None:
            return NOTHING if self._profiles else nothing_yet(
                t("There is no test profile yet: make one in the section Profiles.")
            )  # fmt: skip
        deciding = Form("keep", (
            Field("by", t("Your name"), self._on.by),
            Field("comment", t("Comment"), hint=t("needed to reject")),
        ), (
            (ACCEPTED, t("Accept")), (REJECTED, t("Reject")), ("keep", t("Keep, decide later")),
        )).__html__()  # fmt: skip
        return card(
            t("Measured against {name}", name=data(attempt.profile.name)),
            verdict(str(attempt.state), attempt.refused),
            NOTHING if attempt.refused else values_table(attempt.content["values"]),
            details(t("Verification"), lines_table(attempt.content["verification"]),
                    is_open=attempt.refused),
            NOTHING if attempt.refused else deciding,
            made_with(attempt.content, attempt.profile.name, attempt.profile.version,
                      self._on.desk.machine(attempt.content)),
            buttons(Button(t("Put away"), "away")), kind="wbc-full", help_key="quality_attempt",
        )  # fmt: skip

    def _keep(self, ask: Ask) -> Outcome:
        attempt = self._on.attempt
        if attempt is None:
            return Outcome(t("There is no measurement to keep."), good=False)
        self._on.by = ask.text("by")
        by, comment = self._on.name(), ask.text("comment")
        if ask.name == REJECTED and not comment:
            raise SettingsError("a rejection needs a comment.", "Say why it does not count.")
        number = self._on.desk.keep(attempt)
        if ask.name != "keep":
            self._on.desk.quality.decide(number, ask.name, by, comment, seen=0)
        self._on.clear()
        return Outcome(t(KEPT[ask.name], number=number))

    def _away(self, _ask: Ask) -> Outcome:
        self._on.clear()
        return Outcome()


def _preview(offered: Offered) -> Markup | WorkbenchError:
    try:
        (image, *_) = read_offered([offered])
    except UnreadableImageError as error:
        return error.error
    except WorkbenchError as error:
        return error
    encoded = b64encode(thumbnail(image)).decode()
    return Markup('<img class="wbc-preview" alt="" src="data:image/png;base64,{}">').format(encoded)
