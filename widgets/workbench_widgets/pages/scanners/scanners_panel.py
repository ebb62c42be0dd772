"""The one section of the page: doubts, all scanners, and what can be done with one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from workbench.errors import SettingsError
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

HEADS = ("Scanner", "Headers say", "Serial number", "#Events", "Named by", "")
SPELLING_HEADS = ("Maker", "Model", "Station", "Serial number", "#Events")
LEAD = (
    "A scanner is known by its serial number; where headers have none, by maker, model and "
    "station. Names given here are shown on every dashboard and in every report."
)
NO_EVENTS = "There is no scanner yet. Import or collect studies, then run: workbench map."
MAX_SHOWN = 200
MAX_SPELLINGS = 5


class ScannersPanel:
    """Doubts, scanners, and one of them to name, split or merge."""

    name, title = "scanners", "Scanners"
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
            return said(NO_EVENTS, "empty")
        shown = names.scanner(self._opened)
        return join((
            said(LEAD),
            self._doubts(names.doubts),
            self._one(shown, file.digest) if shown else NOTHING,
            card("Scanners", table(HEADS, map(self._row, names.scanners[:MAX_SHOWN]), "Scanners",
                                   NO_EVENTS), kind="wbc-full"),
            said(f"The {MAX_SHOWN} with most events of {len(names.scanners)}.", "soft")
            if len(names.scanners) > MAX_SHOWN else NOTHING,
            self._merging(names, file.digest) if len(names.scanners) > 1 else NOTHING,
            said(f"Kept in {FILE} of the workspace, which may be edited by hand.", "soft"),
        ))  # fmt: skip

    def act(self, ask: Ask) -> Outcome | None:
        """Open, name, split, merge, or take back."""
        if ask.name in ("open", "close"):
            self._opened = ask.values.get("value", "") if ask.name == "open" else ""
            return Outcome("")
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
        return Outcome(f"{before} is shown as {new} from now on.", reset=("name",))

    def _split(self, ask: Ask) -> Outcome:
        _, names = self._read()
        shown = names.scanner(self._opened)
        if shown is None:
            raise SettingsError("that scanner is not there any more.", "Open another.")
        apart = [sign for place, sign in enumerate(shown.signs) if ask.text(f"sign-{place}")]
        split_scanner(self._survey, shown.name, apart, ask.text("new"), ask.text("seen"))
        self._opened = ""
        return Outcome(f"{ask.text('new')} is a scanner of its own now.", reset=("split",))

    def _forget(self, ask: Ask) -> Outcome:
        before = self._opened
        forget_scanner(self._survey, before, ask.text("seen"))
        self._opened = ""
        return Outcome(f"What was decided of {before} is taken back.")

    def _merge(self, ask: Ask) -> Outcome:
        pair = (ask.values.get("first", ""), ask.values.get("second", ""))
        self._pair = pair
        merge_scanners(
            self._survey, pair, ask.text("name") or pair[0], ask.text("seen"),
            different_serials=ask.text("sure") == "yes",
        )  # fmt: skip
        self._pair = ("", "")
        return Outcome(f"{pair[0]} and {pair[1]} are one scanner now.", reset=("merge",))

    def _choose(self, place: str) -> Outcome:
        doubts = self._read()[1].doubts
        if place.isdecimal() and int(place) < len(doubts):
            doubt = doubts[int(place)]
            self._pair = (doubt.first, doubt.second)
            return Outcome("Both are chosen below, under Merge.", reset=("merge",))
        return Outcome("That is not asked any more.", good=False)

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
            (doubt.first, doubt.second, doubt.why,
             Button("Choose both", "choose", str(place),
                    label=f"Choose {doubt.first} and {doubt.second} to merge"))
            for place, doubt in enumerate(doubts[:MAX_SHOWN])
        )  # fmt: skip
        return card(
            "These may be one scanner",
            said("Merge them, or give both a name: then they are two, and are not asked about."),
            table(("Scanner", "Scanner", "They have", ""), rows, "May be one scanner", "None."),
            kind="wbc-full",
        )

    def _row(self, shown: ShownScanner) -> tuple[object, ...]:
        spelled = list(dict.fromkeys(str_of(spelling) for spelling, _ in shown.spellings))
        more = [f"and {len(spelled) - MAX_SPELLINGS} more"] if len(spelled) > MAX_SPELLINGS else []
        lines = Markup("<br>").join((*spelled[:MAX_SPELLINGS], *more))
        return (
            Markup("<b>{}</b>").format(shown.name), lines, serials(shown), number(shown.events),
            "a person" if shown.named else "its headers",
            Button("Open", "open", shown.name, off=shown.name == self._opened,
                   label=f"Open {shown.name}"),
        )  # fmt: skip

    def _one(self, shown: ShownScanner, digest: str) -> Markup:
        rows = (
            (*(text or "–" for text in spelling), number(count))
            for spelling, count in shown.spellings[:MAX_SHOWN]
        )
        naming = Form(
            "name", (Field("name", "Name", shown.name),), (("name", "Show it under this name"),),
            seen=digest, key=shown.name,
        )  # fmt: skip
        parting = Form("split", tuple(_parts(shown)), (("split", "Make these a scanner"),),
                       seen=digest, key=shown.name)  # fmt: skip
        back = Form("forget", (), (("forget", "Take the name back"),), seen=digest, key=shown.name)
        return card(
            shown.name,
            naming.__html__(),
            table(SPELLING_HEADS, rows, "Spellings", "None."),
            _folding("Split: make some of it a scanner of its own", parting)
            if len(shown.signs) > 1 else NOTHING,
            back.__html__() if shown.named else NOTHING,
            buttons(Button("Close", "close")), kind="wbc-full",
        )  # fmt: skip

    def _merging(self, names: ScannerNames, digest: str) -> Markup:
        known = [shown.name for shown in names.scanners]
        first, second = (name if name in known else "" for name in self._pair)
        options = [("", "choose"), *((name, name) for name in known)]
        form = Form("merge", (
            Field("first", "Scanner", first, options=options),
            Field("second", "is the same as", second, options=options),
            Field("name", "Shown under the name", first, hint="Empty: that of the first."),
            Field("sure", "Even with different serial numbers", kind="checkbox",
                  hint="They are two machines, unless you know better."),
        ), (("merge", "Merge"),), seen=digest, key=f"{first}|{second}")  # fmt: skip
        return card("Merge: two of these are one scanner", form.__html__(), kind="wbc-full")


def _parts(shown: ShownScanner) -> Iterator[Field]:
    for place, sign in enumerate(shown.signs):
        raw = next(spelling for spelling, _ in shown.spellings if spelling.folded == sign)
        words = f"{str_of(raw)}, serial number {raw.serial or 'not stated'}"
        yield Field(f"sign-{place}", words, kind="checkbox")
    yield Field("new", "Name of the new scanner")


def _folding(title: str, form: Form) -> Markup:
    return Markup("<details><summary>{}</summary>{}</details>").format(title, form.__html__())


def str_of(spelling: DeviceSigns) -> str:
    """Return what headers say of a machine, in their own spelling."""
    parts = (spelling.manufacturer, spelling.model, spelling.station)
    return ", ".join(part for part in parts if part) or "nothing"


def serials(shown: ShownScanner) -> str:
    """Return the serial numbers as headers have them."""
    raw = {spelling.serial for spelling, _ in shown.spellings if spelling.folded.serial}
    return ", ".join(sorted(filter(None, raw))) or "not stated"
