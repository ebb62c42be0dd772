"""Truth: how many of how many values that are known beforehand come out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.burned_in import GOALS
from benchmarks.figures.figure import (
    ALL,
    Count,
    Figure,
    Found,
    Group,
    MissingError,
    at_least,
    at_most,
)
from benchmarks.figures.speed import need

TRUTH = Group.TRUTH
LAYOUTS = {"top level": "top-level", "nested": "nested", "Explicit VR": "explicit",
           "Implicit VR": "implicit", "nested Implicit VR": "nested-implicit"}  # fmt: skip
RULES = {"3 s": "3s", "2 s": "2s", "Western Electric, 4 rules": "western-electric",
         "Nelson, 8 rules": "nelson", "EWMA 0.2, 3 s": "ewma", "CUSUM 0.5, 5": "cusum"}  # fmt: skip
CASES = {"false-alarm": "nothing changes", "step": "a step of one standard deviation",
         "drift": "a drift of one standard deviation a year"}  # fmt: skip
EVERY_NTH = 8  # real file in the shorter way


def test_data() -> Path:
    """Return the folder of real files."""
    place = os.environ.get("WORKBENCH_TEST_DATA", "")
    if not Path(place).is_dir() or not place:
        raise MissingError("needs the real files: WORKBENCH_TEST_DATA")
    return Path(place)


def ct_values(_: bool) -> Mapping[str, Found]:
    """Take real CT objects through the line and compare with what is known of them."""
    from tests.mapping.ct.test_expected_ct import compared

    outcome, wrong = compared(test_data() / "dose")
    good = outcome.pop("reproduced")
    note = "left out: " + "; ".join(f"{number} {why}" for why, number in sorted(outcome.items()))
    return {"ct-values": Found(Count(good, good + len(wrong)), note)}


def deidentification(_: bool) -> Mapping[str, Found]:
    """Look for what was planted in headers and reports."""
    from tests.deidentify import figures
    from tests.deidentify.options import results

    counts = {f"deidentify-{key}": figures.attributes(layout) for layout, key in LAYOUTS.items()}
    counts["deidentify-places"] = figures.places()
    counts["deidentify-reports"] = figures.reports()
    counts["deidentify-dose"] = figures.dose()
    honoured = [ok for found in results(figures.patient()).values() for _, ok in found]
    counts["deidentify-options"] = sum(honoured), len(honoured)
    return {key: Found(Count(*count)) for key, count in counts.items()}


def verified_made(_: bool) -> Mapping[str, Found]:
    """Verify outputs of headers that hold every attribute."""
    from tests.deidentify.figures import verified
    from tests.verify.cases import write_originals

    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "made"
        write_originals(made)
        done = verified(made, Path(name) / "out")
    passed = done.checks - len(done.failures)
    return {"verify-made": Found(Count(passed, done.checks), f"{done.outputs} files")}


def verified_real(short: bool) -> Mapping[str, Found]:
    """Verify outputs of real files."""
    from tests.deidentify.figures import verified

    source = test_data() / "dose"
    with tempfile.TemporaryDirectory() as name:
        if short:
            source = some_of(source, Path(name) / "some")
        done = verified(source, Path(name) / "out")
    passed = done.checks - len(done.failures)
    return {"verify-real": Found(Count(passed, done.checks), f"{done.outputs} files")}


def some_of(source: Path, target: Path) -> Path:
    """Link every so many-th file into another folder."""
    target.mkdir()
    files = sorted(path for path in source.rglob("*") if path.is_file())
    for number, path in enumerate(files[::EVERY_NTH]):
        (target / f"{number}{path.suffix}").symlink_to(path)
    return target


def burned_in(short: bool) -> Mapping[str, Found]:
    """Mask pages with known words in known places."""
    from benchmarks.burned_in import PAGES, measured

    need("tesseract")
    counts, words = measured(2 if short else PAGES)
    screens, hard, bodies, none = (
        counts[key] for key in ("screens", "hard", "anatomy", "nameless")
    )
    found = {
        "screens-flagged": (screens.flagged, screens.pages),
        "screens-whole": (screens.whole, screens.pages),
        "screens-words": (screens.covered, screens.words),
        "screens-doses": (screens.legible, screens.doses),
        "jagged-flagged": (hard.flagged, hard.pages),
        "jagged-whole": (hard.whole, hard.pages),
        "jagged-words": (hard.covered, hard.words),
        "jagged-doses": (hard.legible, hard.doses),
        "anatomy-flagged": (bodies.flagged, bodies.pages),
        "anatomy-whole": (bodies.whole, bodies.pages),
        "anatomy-words": (bodies.covered, bodies.words),
        "nameless-flagged": (none.flagged, none.pages),
        "nameless-doses": (none.legible, none.doses),
        "technique-taken-for-names": words,
    }
    return {key: Found(Count(*count)) for key, count in found.items()}


def charts(short: bool) -> Mapping[str, Found]:
    """Let machines run until a rule speaks."""
    from benchmarks.spc import MACHINES, measured

    machines = 2_000 if short else MACHINES
    weeks, note = measured(machines), f"{machines:,} machines, measured weekly for 30 years"
    return {
        f"chart-{key}-{case}": Found(value, note)
        for rule, key in RULES.items()
        for case, value in zip(CASES, weeks[rule], strict=True)
    }


def chart_figures() -> list[Figure]:
    """Return the figures of all rules; published run lengths are held within a tenth."""
    from benchmarks.spc import PUBLISHED

    return [
        Figure(f"chart-{key}-{case}", TRUTH, f"time to the first signal of {rule}, {words}",
               "weeks", "python -m benchmarks.spc", charts,
               at_least(0.9 * PUBLISHED[rule]) if case == "false-alarm" and PUBLISHED[rule]
               else None,
               f"published: {PUBLISHED[rule]:.0f}" if case == "false-alarm" and PUBLISHED[rule]
               else "", 0)
        for rule, key in RULES.items() for case, words in CASES.items()
    ]  # fmt: skip


def water(short: bool) -> Mapping[str, Found]:
    """Draw water phantoms of known values and measure them as a profile does."""
    from benchmarks.water_truth import known_values

    phantoms = 8 if short else 40
    good, of = known_values(phantoms)
    return {"water-values": Found(Count(good, of), f"{phantoms} drawn phantoms")}


CT = "python -m pytest tests/mapping/ct/test_expected_ct.py"
DEIDENTIFY, BURNED = "python -m tests.deidentify.figures", "python -m benchmarks.burned_in"
GONE = "attributes of PS3.15 table E.1-1 gone,"
FIGURES = (
    Figure("ct-values", TRUTH, "known values of real CT objects that the line reproduces", "", CT,
           ct_values, ALL, "tests of a large dose-management system"),
    Figure("water-values", TRUTH, "values of drawn water phantoms (CT numbers, noise, diameter) "
           "that are measured within their uncertainty", "", "python -m benchmarks.water_truth",
           water, ALL, "what was drawn"),
    *(Figure(f"deidentify-{key}", TRUTH, f"{GONE} {layout}", "", DEIDENTIFY, deidentification,
             ALL) for layout, key in LAYOUTS.items()),
    Figure("deidentify-places", TRUTH, "hiding places found empty", "", DEIDENTIFY,
           deidentification, ALL),
    Figure("deidentify-reports", TRUTH, "items of reports found clean", "", DEIDENTIFY,
           deidentification, ALL),
    Figure("deidentify-options", TRUTH, "options honoured, attribute by attribute", "", DEIDENTIFY,
           deidentification, ALL),
    Figure("deidentify-dose", TRUTH, "dose attributes kept", "", DEIDENTIFY, deidentification, ALL),
    Figure("verify-made", TRUTH, "checks passed of `workbench deidentify verify`, made files", "",
           DEIDENTIFY, verified_made, ALL),
    Figure("verify-real", TRUTH, "the same, real files", "",
           f"{DEIDENTIFY} $WORKBENCH_TEST_DATA/dose", verified_real, ALL),
    *(Figure(key, TRUTH, says, "", BURNED, burned_in, limit) for key, says, limit in (
        ("screens-flagged", "dose screens with names: something covered",
         at_least(GOALS["screens"])),
        ("screens-whole", "the same: every word covered", at_least(0.85)),
        ("screens-words", "the same: words covered", at_least(GOALS["words"])),
        ("screens-doses", "the same: doses still legible", at_least(0.95)),
        ("jagged-flagged", "small and jagged letters: something covered", at_least(0.9)),
        ("jagged-whole", "the same: every word covered", None),
        ("jagged-words", "the same: words covered", at_least(0.85)),
        ("jagged-doses", "the same: doses still legible", at_least(0.95)),
        ("anatomy-flagged", "text over noisy anatomy: something covered",
         at_least(GOALS["anatomy"])),
        ("anatomy-whole", "the same: every word covered", None),
        ("anatomy-words", "the same: words covered", at_least(0.65)),
        ("nameless-flagged", "dose screens without names: false alarms", at_most(GOALS["alarms"])),
        ("nameless-doses", "the same: doses still legible", at_least(0.95)),
        ("technique-taken-for-names", "words of technique taken for a name", at_most(0.001)),
    )),
    *chart_figures(),
)  # fmt: skip
