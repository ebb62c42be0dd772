"""The one section of the page: doubts, all scanners, and what can be done with one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from workbench.errors import SettingsError
from workbench.language import Words, data, listed, mark, n, t
from workbench.rights import Right
from workbench.scanners.device_signs import DeviceSigns
from workbench.scanners.machines import Doubt
from workbench.scanners.scanner_file import FILE, ScannerFile, read_scanners
from workbench.scanners.scanner_names import ScannerNames, ShownScanner
from workbench.stages.scanner_register import (
    forget_scanner,
    merge_scanners,
    name_scanner,
    split_scanner,
)
from workbench.survey import Survey
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import (
    NONE,
    NOTHING,
    Button,
    Field,
    Form,
    Outcome,
    buttons,
    card,
    join,
    number,
    said,
    table,
)

LEAD = mark(
    "A scanner is known by its serial number; where headers have none, by maker, model and "
    "station. Names given here are shown on every dashboard and in every report."
)
NO_EVENTS = mark("There is no scanner yet. Import or collect studies, then run: workbench map.")
MAX_SHOWN = 200
MAX_SPELLINGS = 5


class ScannersPanel:
    """Doubts, scanners, and one of them to name, split or merge."""

    name, title = "scanners", mark("Scanners")
    right = Right.DECIDE
    needs = dict.fromkeys(
        ("open", "close", "name", "split", "forget", "merge", "choose"), Right.DECIDE
    )

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._seen: tuple[ScannerFile, ScannerNames] | None = None
        self._opened = ""
        self._pair = ("", "")

    def html(self) -> Markup:
        """Return the section."""
        file, names = self._read()
        if not names.scanners:
            return said(t(NO_EVENTS), "empty")
        shown = names.scanner(self._opened)
        return join((
            said(t(LEAD)),
            self._doubts(names.doubts),
            self._one(shown, file.digest) if shown else NOTHING,
            card(t("Scanners"), self._list(names), kind="wbc-full", help_key="scanners_list"),
            said(t("The {most} with most events of {all}.", most=MAX_SHOWN,
                   all=len(names.scanners)), "soft")
            if len(names.scanners) > MAX_SHOWN else NOTHING,
            self._merging(names, file.digest) if len(names.scanners) > 1 else NOTHING,
            said(t("Kept in {file} of the workspace, which may be edited by hand.",
                   file=data(FILE)), "soft"),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Open, name, split, merge, or take back."""
        if ask.name in ("open", "close"):
            self._opened = ask.values.get("value", "") if ask.name == "open" else ""
            return Outcome(Words(""))
        if ask.name == "choose":
            return self._choose(ask.text("value"))
        acts = {"name": self._name, "split": self._split, "forget": self._forget,
                "merge": self._merge}  # fmt: skip
        return acts[ask.name](ask) if ask.name in acts else None

    # --- what is done ----------------------------------------------------------------------------

    def _name(self, ask: Ask) -> Outcome:
        before, new = self._opened, ask.text("name")
        name_scanner(self._survey, before, new, ask.text("seen"))
        self._opened = ""
        text = t("{scanner} is shown as {name} from now on.", scanner=data(before), name=data(new))
        return Outcome(text, reset=("name",))

    def _split(self, ask: Ask) -> Outcome:
        _, names = self._read()
        shown = names.scanner(self._opened)
        if shown is None:
            raise SettingsError("that scanner is not there any more.", "Open another.")
        apart = [sign for place, sign in enumerate(shown.signs) if ask.text(f"sign-{place}")]
        split_scanner(self._survey, shown.name, apart, ask.text("new"), ask.text("seen"))
        self._opened = ""
        text = t("{scanner} is a scanner of its own now.", scanner=data(ask.text("new")))
        return Outcome(text, reset=("split",))

    def _forget(self, ask: Ask) -> Outcome:
        before = self._opened
        forget_scanner(self._survey, before, ask.text("seen"))
        self._opened = ""
        return Outcome(t("What was decided of {scanner} is taken back.", scanner=data(before)))

    def _merge(self, ask: Ask) -> Outcome:
        pair = (ask.values.get("first", ""), ask.values.get("second", ""))
        self._pair = pair
        merge_scanners(
            self._survey, pair, ask.text("name") or pair[0], ask.text("seen"),
            different_serials=ask.text("sure") == "yes",
        )  # fmt: skip
        self._pair = ("", "")
        first, second = map(data, pair)
        text = t("{first} and {second} are one scanner now.", first=first, second=second)
        return Outcome(text, reset=("merge",))

    def _choose(self, place: str) -> Outcome:
        doubts = self._read()[1].doubts
        if place.isdecimal() and int(place) < len(doubts):
            doubt = doubts[int(place)]
            self._pair = (doubt.first, doubt.second)
            return Outcome(t("Both are chosen below, under Merge."), reset=("merge",))
        return Outcome(t("That is not asked any more."), good=False)

    # --- what is shown ---------------------------------------------------------------------------

    def _read(self) -> tuple[ScannerFile, ScannerNames]:
        """Return file and names; the names are made anew where somebody has changed the file."""
        file = read_scanners(self._survey.folder)
        if self._seen is None or self._seen[0].digest != file.digest:
            self._seen = file, self._survey.scanner_names()
        return self._seen

    def _doubts(self, doubts: Sequence[Doubt]) -> Markup:
        if not doubts:
            return NOTHING
        rows = (
            (data(doubt.first), data(doubt.second), t(doubt.why),
             Button(t("Choose both"), "choose", str(place),
                    label=t("Choose {first} and {second} to merge", first=data(doubt.first),
                            second=data(doubt.second))))
            for place, doubt in enumerate(doubts[:MAX_SHOWN])
        )  # fmt: skip
        return card(
            t("These may be one scanner"),
            said(t("Merge them, or give both a name: then they are two, and are not asked about.")),
            table(
                (t("Scanner"), t("Scanner"), t("They have"), Words("")),
                rows,
                t("May be one scanner"),
                NONE,
            ),
            kind="wbc-full",
            help_key="scanners_doubts",
        )

    def _list(self, names: ScannerNames) -> Markup:
        heads = (
            t("Scanner"), t("Headers say"), t("Serial number"), t("#Events"), t("Named by"),
            Words(""),
        )  # fmt: skip
        rows = map(self._row, names.scanners[:MAX_SHOWN])
        return table(heads, rows, t("Scanners"), t(NO_EVENTS))

    def _row(self, shown: ShownScanner) -> tuple[object, ...]:
        spelled = list(dict.fromkeys(str_of(spelling) for spelling, _ in shown.spellings))
        left = len(spelled) - MAX_SPELLINGS
        more = [n("and {count} more", "and {count} more", left)] if left > 0 else []
        lines = Markup("<br>").join((*spelled[:MAX_SPELLINGS], *more))
        return (
            Markup("<b>{}</b>").format(data(shown.name)), lines, serials(shown),
            number(shown.events), t("a person") if shown.named else t("its headers"),
            Button(t("Open"), "open", shown.name, off=shown.name == self._opened,
                   label=t("Open {scanner}", scanner=data(shown.name))),
        )  # fmt: skip

    def _one(self, shown: ShownScanner, digest: str) -> Markup:
        rows = (
            (*(data(text or "–") for text in spelling), number(count))
            for spelling, count in shown.spellings[:MAX_SHOWN]
        )
        naming = Form(
            "name", (Field("name", t("Name"), shown.name),),
            (("name", t("Show it under this name")),), seen=digest, key=shown.name,
        )  # fmt: skip
        parting = Form("split", tuple(_parts(shown)), (("split", t("Make these a scanner")),),
                       seen=digest, key=shown.name)  # fmt: skip
        back = Form("forget", (), (("forget", t("Take the name back")),), seen=digest,
                    key=shown.name)  # fmt: skip
        heads = t("Maker"), t("Model"), t("Station"), t("Serial number"), t("#Events")
        return card(
            data(shown.name),
            naming.__html__(),
            table(heads, rows, t("Spellings"), NONE),
            _folding(t("Split: make some of it a scanner of its own"), parting)
            if len(shown.signs) > 1 else NOTHING,
            back.__html__() if shown.named else NOTHING,
            buttons(Button(t("Close"), "close")), kind="wbc-full", help_key="scanners_one",
        )  # fmt: skip

    def _merging(self, names: ScannerNames, digest: str) -> Markup:
        known = [shown.name for shown in names.scanners]
        first, second = (name if name in known else "" for name in self._pair)
        options = [("", t("choose")), *((name, data(name)) for name in known)]
        form = Form("merge", (
            Field("first", t("Scanner"), first, options=options),
            Field("second", t("is the same as"), second, options=options),
            Field("name", t("Shown under the name"), first, hint=t("Empty: that of the first.")),
            Field("sure", t("Even with different serial numbers"), kind="checkbox",
                  hint=t("They are two machines, unless you know better.")),
        ), (("merge", t("Merge")),), seen=digest, key=f"{first}|{second}")  # fmt: skip
        return card(
            t("Merge: two of these are one scanner"),
            form.__html__(),
            kind="wbc-full",
            help_key="scanners_merge",
        )


def _parts(shown: ShownScanner) -> Iterator[Field]:
    for place, sign in enumerate(shown.signs):
        raw = next(spelling for spelling, _ in shown.spellings if spelling.folded == sign)
        serial = data(raw.serial) if raw.serial else t("not stated")
        words = t("{signs}, serial number {serial}", signs=str_of(raw), serial=serial)
        yield Field(f"sign-{place}", words, kind="checkbox")
    yield Field("new", t("Name of the new scanner"))


def _folding(title: Words, form: Form) -> Markup:
    return Markup("<details><summary>{}</summary>{}</details>").format(title, form.__html__())


def str_of(spelling: DeviceSigns) -> Words:
    """Return what headers say of a machine, in their own spelling."""
    parts = (spelling.manufacturer, spelling.model, spelling.station)
    return listed(data(part) for part in parts if part) or t("nothing")


def serials(shown: ShownScanner) -> Words:
    """Return the serial numbers as headers have them."""
    raw = {spelling.serial for spelling, _ in shown.spellings if spelling.folded.serial}
    return listed(map(data, sorted(filter(None, raw)))) or t("not stated")
