"""Losses, leaks and attacks: what must be nought, tried from outside with the real program."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.figures.figure import (
    ALL,
    NONE,
    Count,
    Figure,
    Found,
    Group,
    MissingError,
    at_most,
)
from benchmarks.figures.speed import need

SEED = 1


def kills(short: bool) -> Mapping[str, Found]:
    """Kill the receiver at random moments while peers send."""
    from tests.faults.kills import kill_rounds

    rounds = 8 if short else 60
    with tempfile.TemporaryDirectory() as name:
        done = kill_rounds(Path(name), rounds, SEED)
    judged, killed = done.judgement, sum(done.kills.values())
    other = sum(judged.broken.values()) - judged.lost + done.orphans + done.hung
    note = f"{killed} kills in {rounds} rounds, seed {SEED}"
    return {
        "kills-lost": Found(Count(judged.lost, judged.acknowledged), note),
        "kills-broken": Found(Count(other + bool(done.exit_code), killed), note),
    }


def power_cuts(short: bool) -> Mapping[str, Found]:
    """Cut the power of a disk image, and of one whose disk lies."""
    from tests.faults.fault_disk import why_no_mount
    from tests.faults.powercuts import power_cuts as cut

    if why := why_no_mount():
        raise MissingError(why)
    cuts, lying = (4, 2) if short else (20, 4)
    done, lied = cut(cuts, SEED), cut(lying, SEED, lying_disk=True)
    acknowledged, known = (
        sum(one.judgement.acknowledged for one in each.cuts) for each in (done, lied)
    )
    note = f"{cuts} cuts, seed {SEED}; acknowledged objects summed over the cuts"
    return {
        "powercuts-lost": Found(Count(done.lost, acknowledged), note),
        "powercuts-broken": Found(Count(sum(done.broken.values()) - done.lost, cuts), note),
        "lying-disk-lost": Found(Count(lied.lost, known), f"{lying} cuts: the test sees a loss"),
    }


def steps(short: bool) -> Mapping[str, Found]:
    """Crash an import and a mapping before their changes of the disk."""
    from tests.faults.fault_disk import why_no_shim
    from tests.faults.steps import crash_at_every_step

    if why := why_no_shim():
        raise MissingError(why)
    found = {}
    for verb, stride in (("import", 48 if short else 8), ("map", 16 if short else 4)):
        with tempfile.TemporaryDirectory() as name:
            done = crash_at_every_step(Path(name), verb, 1, stride)
        broken = sum(done.broken.values()) + done.other_tables
        note = f"before every {stride}th change, a crash"
        found[f"crashes-{verb}"] = Found(Count(broken, done.crashes), note)
    return found


def canaries(_: bool) -> Mapping[str, Found]:
    """Send fifty planted people through every verb, and look for them in all that came out."""
    from tests.line.canaries import PEOPLE, hits, write
    from tests.line.test_canaries import Desk, whole_line

    with tempfile.TemporaryDirectory() as name:
        hospital, desk = Path(name) / "hospital", Path(name) / "desk"
        hospital.mkdir()
        desk.mkdir()
        objects = write(hospital)
        done = whole_line(hospital, Desk(desk))
        outputs = sum(path.is_file() for path in done.folder.rglob("*"))
        found = hits(done.folder)
    note = f"{PEOPLE} people in {objects} objects, both entrances, all exits, logs at their loudest"
    return {"canaries": Found(Count(len(found), outputs), note)}


def leaks(_: bool) -> Mapping[str, Found]:
    """Plant fifty people, make every output, lock the key, and search all of it."""
    from benchmarks.leaks.__main__ import leaking, measure
    from benchmarks.leaks.people import PEOPLE

    with tempfile.TemporaryDirectory() as name:
        measured = measure(Path(name))
    if faults := measured.faults():
        raise MissingError(" ".join(faults))
    found = measured.found
    named = {hit.value.person for hit in leaking(found)}
    files, size = sum(each.files for each in found), sum(each.size for each in found)
    note = f"{files} files, {size / 2**20:.0f} MB unpacked; times of day and devices apart"
    return {
        "people-named": Found(Count(len(named), PEOPLE), note),
        "people-found": Found(Count(measured.known, PEOPLE), "the same search sees them"),
    }


def output_safety(_: bool) -> Mapping[str, Found]:
    """Show hostile texts in every output, in Chromium."""
    from tests.browser.figures_output_safety import searched
    from tests.browser.hostile_workspace import attributes_tried

    need("chromium")
    found, comparison, texts = searched()
    note = f"{texts} payloads in {attributes_tried()} text columns"
    ran, libraries = (Count(sum(bool(one.ran) for one in each), len(each))
                      for each in (found, comparison))  # fmt: skip
    return {
        "outputs-that-ran": Found(ran, note),
        "libraries-that-ran": Found(libraries, "the same browser does notice"),
    }


def attacks(short: bool) -> Mapping[str, Found]:
    """Attack a receiver while a good peer asks."""
    from tests.attacks.measure import measured

    seen = [each for _, _, each in measured(short)]
    echoes = sum(len(each.echoes) for each in seen)
    note = f"{len(seen)} attacks" + (", as short as the tests are" if short else ", full size")
    before, peak = min(one.before_mb for one in seen), max(one.peak_mb for one in seen)
    return {
        "attack-memory-before": Found(before, note),
        "attack-memory": Found(peak, note),
        "attack-memory-grown": Found(peak / before, note),
        "attack-echoes-failed": Found(Count(sum(one.failed for one in seen), echoes), note),
    }


LOSSES, LEAKS, ATTACKS = Group.LOSSES, Group.LEAKS, Group.ATTACKS
KILLS = "python -m tests.faults.kills --rounds 60 --seed 1"
CUTS = "python -m tests.faults.powercuts --cuts 20 --seed 1"
STEPS = "python -m tests.faults.steps --verb"
SAFETY = "python -m tests.browser.figures_output_safety"
MEASURE = "python -m tests.attacks.measure"
FIGURES = (
    Figure("kills-lost", LOSSES, "acknowledged objects lost by `kill -9`", "", KILLS, kills, NONE),
    Figure("kills-broken", LOSSES, "other promises broken by it", "", KILLS, kills, NONE),
    Figure("powercuts-lost", LOSSES, "acknowledged objects lost by power cuts", "", CUTS,
           power_cuts, NONE),
    Figure("powercuts-broken", LOSSES, "other promises broken by them", "", CUTS, power_cuts, NONE),
    Figure("lying-disk-lost", LOSSES, "acknowledged objects lost when the disk lies about `fsync`",
           "", "python -m tests.faults.powercuts --cuts 4 --lying-disk", power_cuts, ALL),
    Figure("crashes-import", LOSSES, "promises broken by crashes of `workbench import` before a "
           "change of the disk", "", f"{STEPS} import --stride 8", steps, NONE),
    Figure("crashes-map", LOSSES, "the same of `workbench map`", "", f"{STEPS} map --stride 4",
           steps, NONE),
    Figure("canaries", LEAKS, "files of the whole line's outputs in which somebody was found", "",
           "python -m pytest tests/line/test_canaries.py", canaries, NONE),
    Figure("people-named", LEAKS, "people named by any output, or by a stolen workspace whose key "
           "is locked (phantom images apart)", "", "make leaks", leaks, NONE),
    Figure("people-found", LEAKS, "the same people, found by the same search in the hospital's own "
           "files", "", "make leaks", leaks, ALL),
    Figure("outputs-that-ran", LEAKS, "outputs in which a text of a header ran", "", SAFETY,
           output_safety, NONE),
    Figure("libraries-that-ran", LEAKS, "the same texts through Altair and pandas as they come: "
           "ran", "", SAFETY, output_safety, ALL),
    Figure("attack-memory-before", ATTACKS, "memory of `workbench receive` at rest", "MB", MEASURE,
           attacks, None, "", 0),
    Figure("attack-memory", ATTACKS, "its peak under attack", "MB", MEASURE, attacks,
           at_most(200), "", 0),
    Figure("attack-memory-grown", ATTACKS, "the same", "×", MEASURE, attacks, at_most(2),
           "at rest", 1),
    Figure("attack-echoes-failed", ATTACKS, "C-ECHOes of a good peer that failed meanwhile, or "
           "took more than half a minute", "", MEASURE, attacks, NONE),
)  # fmt: skip
