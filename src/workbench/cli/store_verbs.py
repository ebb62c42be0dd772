"""The verb ``store``: what cares for the tables and for what is in them."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import Name
from workbench.cli.output import DONE, PROBLEMS, answer_to, finish, say, show_progress, tell
from workbench.cli.verb import add_verb, survey_of, with_workspace, workspace_of
from workbench.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from workbench.store.erasure import Remains

SOUND = "Every part is as it was written, and no study is missing."


def add_store(verbs: Any) -> None:
    """Add the verbs of this module."""
    store = verbs.add_parser("store", help="check, compact, upgrade the tables; erase a patient")
    actions = store.add_subparsers(title="actions", metavar="ACTION", required=True)
    check = add_verb(
        actions, "check", _check, "read every byte; say what is damaged or missing, and sizes"
    )
    compact = add_verb(actions, "compact", _compact, "join small parts, give back what is free")
    upgrade = add_verb(actions, "upgrade", _upgrade, "bring an older workspace to this version")
    erase = add_verb(actions, "erase", _erase, "erase patients, and prove that nothing remains")
    for verb in (check, compact, upgrade, erase):
        with_workspace(verb)
    erase.add_argument("patients", type=Name("pseudonym"), nargs="+", metavar="PSEUDONYM")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.add_argument(
        "--at-once", action="store_true",
        help="do not wait ten minutes for notebooks that are reading",
    )  # fmt: skip


def _check(options: argparse.Namespace) -> int:
    from workbench.stages.study_check import dosed_problems, mapped_problems

    survey = survey_of(options)
    problems = list(
        survey.store.problems(lambda done, total: show_progress(done, total, "checking parts"))
    )
    if not problems:  # what is damaged is mended first, and may not be readable
        problems = [*mapped_problems(survey), *dosed_problems(survey)]
    for problem in problems:
        say(options, f"- {problem}")
    sizes = survey.store.sizes()
    say(options, sizes.sentence())
    facts = {"problems": problems, **sizes.as_json()}
    finish(options, facts, "" if problems else SOUND)
    return PROBLEMS if problems else DONE


def _compact(options: argparse.Namespace) -> int:
    store = survey_of(options).store
    moved = store.compact()
    store.sweep()
    before = store.sizes()
    try:
        store.give_back()
        kept = ""
    except StoreError as error:  # the objects are in their parts all the same
        kept = f"The catalogue keeps its free space: {error}"
    after = store.sizes()
    counts = {
        "moved": moved, "given_back_bytes": before.catalogue - after.catalogue,
        "problem": kept, **after.as_json(),
    }  # fmt: skip
    finish(options, counts, "{moved} waiting objects moved into parts.")
    say(options, kept or after.change_since(before))
    return PROBLEMS if kept else DONE


def _upgrade(options: argparse.Namespace) -> int:
    from workbench.schema import SCHEMA_VERSION
    from workbench.settings_file import read_settings
    from workbench.store.upgrade import upgrade

    folder = workspace_of(options)
    had = upgrade(
        folder,
        lambda done, total: show_progress(done, total, "writing parts anew"),
        read_settings(folder).store,
    )
    return finish(options, {"from": had, "to": SCHEMA_VERSION}, "Schema {from} is now {to}.")


def _erase(options: argparse.Namespace) -> int:
    from workbench.store.tables import GRACE_PERIOD_S

    store = survey_of(options).store
    traces = store.traces(options.patients)
    known = {row for row in options.patients if store.traces([row]).series}
    places = [str(at) for at, name in enumerate(options.patients, 1) if name not in known]
    if places:  # not quoted: it may be a patient's own ID, given in error
        raise SettingsError(
            f"PSEUDONYM {', '.join(places)} of the command: no such patient is in the tables.",
            "Give pseudonyms, as the column 'patient' shows them.",
        )
    if not options.yes and not _asked(len(known), len(traces.objects)):
        return finish(options, {"erased": 0}, "Nothing was erased.")
    erased = store.erase(traces)
    if not options.at_once:
        _wait(GRACE_PERIOD_S)
    store.reclaim(0.0)
    return _told(options, erased, store.remains(traces))


def _asked(patients: int, objects: int) -> bool:
    tell(f"{patients} patients with {objects} objects will be erased for good.")
    return answer_to("Type ERASE to go on: ", "To erase without being asked: --yes") == "ERASE"


def _wait(seconds: float) -> None:
    tell("Erased. Notebooks may still be reading the old parts; they are removed in ten minutes.")
    tell("(Ctrl-C leaves that to the next erasure, mapping or 'workbench store compact'.)")
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < seconds:
        show_progress(int(waited), int(seconds), "seconds waited")
        time.sleep(1.0)


def _told(options: argparse.Namespace, erased: int, left: Remains) -> int:
    for where, rows in left.rows.items():
        say(options, f"- {rows} rows still name them: {where}")
    if left.strangers or left.retired:
        say(options, f"- {left.strangers + left.retired} replaced parts could not be removed yet")
    say(options, left.searched.sentence())
    counts = {
        "erased": erased, "nothing_remains": left.nothing, "rows": left.rows,
        "files": list(left.searched.where),
    }  # fmt: skip
    finish(options, counts, "{erased} objects erased." if left.nothing else "Something remains.")
    return DONE if left.nothing else PROBLEMS
