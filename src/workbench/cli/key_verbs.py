"""The verb ``key``: keep the hospital's key, and find patients again at the hospital."""

from __future__ import annotations

import argparse
from contextlib import closing
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import SCREEN, Input, Name, Number, OutputFile
from workbench.cli.command_errors import about
from workbench.cli.output import DONE, PROBLEMS, finish, say, tell
from workbench.cli.secrets import new_passphrase, passphrase_of, sheet_of
from workbench.cli.verb import Parser, survey_of, workspace_of, workspace_verb
from workbench.errors import IdentityError, SettingsError
from workbench.language import use_language

if TYPE_CHECKING:
    from workbench.deidentify.custody import Custody

MAX_UNLOCKED_H = 31 * 24
HELP = "keep the hospital's key: lock it, print it, restore it; find patients again"


def add_key(verbs: Any) -> None:
    """Add the verbs of this module."""
    key: Parser = verbs.add_parser("key", help=HELP, description=HELP)
    actions = key.add_subparsers(title="actions", metavar="ACTION", required=True)
    protect = workspace_verb(actions, "protect", _protect, "put the key under a passphrase")
    protect.add_argument("--no-sheet", action="store_true", help="though no sheet was printed")
    unlock = workspace_verb(actions, "unlock", _unlock, "let programs use the locked key")
    unlock.add_argument(
        "--for", dest="hours", type=Number("hours", MAX_UNLOCKED_H), metavar="HOURS",
        help="not until a restart, but so long",
    )  # fmt: skip
    for verb in (protect, unlock):
        verb.add_argument(
            "--passphrase-file", type=Input(), metavar="FILE",
            help="read it from a file only you can read, such as a systemd credential",
        )  # fmt: skip
    workspace_verb(actions, "lock", _lock, "end what unlock began")
    workspace_verb(actions, "check", _check, "say how the key is kept, and what is wrong with it")
    workspace_verb(actions, "show-fingerprint", _fingerprint, "print the key's fingerprint")
    sheet = workspace_verb(actions, "sheet", _sheet, "write the recovery sheet, to be printed")
    sheet.add_argument("--out", type=OutputFile(), required=True, metavar="FILE.html")
    workspace_verb(actions, "restore", _restore, "type the key in again from its sheet")
    _add_relinking(actions)


def _add_relinking(actions: Any) -> None:
    link = workspace_verb(actions, "link", _link, "write which pseudonym each listed patient has")
    link.add_argument("patients", type=Input(), metavar="PATIENTS")
    link.add_argument(
        "--out", type=OutputFile(screen=True), required=True, metavar="FILE", help="- is the screen"
    )
    who = workspace_verb(actions, "who", _who, "say which patient of the queue a pseudonym is")
    who.add_argument("pseudonym", type=Name("pseudonym"), metavar="PSEUDONYM")
    who.add_argument("--patients", type=Input(), metavar="FILE", help="look in this list as well")


def _custody(options: argparse.Namespace) -> Custody:
    from workbench.deidentify.custody import Custody
    from workbench.settings_file import read_settings
    from workbench.survey import KEY_FILE

    folder = workspace_of(options)
    survey = read_settings(folder).survey
    return Custody(folder / KEY_FILE, survey.name, survey.site)


def _protect(options: argparse.Namespace) -> int:
    custody = _custody(options)
    custody.check_can_protect()
    if not options.no_sheet and not _sheet_noted(options, custody.fingerprint()):
        raise SettingsError(
            "no recovery sheet of this key was printed: a forgotten passphrase would be its end.",
            "Run: workbench key sheet; or add --no-sheet.",
        )
    custody.protect(new_passphrase(options.passphrase_file))
    sentence = (
        "The key is locked; the plain file was overwritten and removed. On flash disks and in "
        "backups old copies may remain: delete those. Programs need: workbench key unlock"
    )
    return finish(options, {"locked": True}, sentence)


def _unlock(options: argparse.Namespace) -> int:
    _custody(options).unlock(passphrase_of(options.passphrase_file), options.hours)
    until = "until a restart" if options.hours is None else f"for {options.hours:g} hours"
    return finish(options, {"unlocked": True, "until": until}, "Unlocked {until}.")


def _lock(options: argparse.Namespace) -> int:
    there = _custody(options).lock()
    words = "Locked. Programs that run already keep what they hold: stop them." if there else (
        "There was no unlocked copy."
    )  # fmt: skip
    return finish(options, {"removed": there}, words)


def _fingerprint(options: argparse.Namespace) -> int:
    fingerprint = _custody(options).fingerprint()
    return finish(options, {"key_fingerprint": fingerprint}, "{key_fingerprint}")


def _check(options: argparse.Namespace) -> int:
    custody = _custody(options)
    problems, state = custody.problems(), custody.state()
    facts: dict[str, object] = {"state": state, "key_fingerprint": None, "sheet": None}
    say(options, f"The key is {state}.")
    try:
        fingerprint = custody.fingerprint()
    except IdentityError as error:
        problems = problems or [str(error)]
    else:
        facts["key_fingerprint"] = fingerprint
        facts["sheet"] = _sheet_noted(options, fingerprint)
        say(options, f"Its fingerprint in this survey is {fingerprint}.")
        problems += custody.differing(_stored(options, custody.site))
        if not facts["sheet"]:
            problems.append("No recovery sheet of it was printed. Run: workbench key sheet")
    for problem in problems:
        say(options, f"- {problem}")
    finish(options, {**facts, "problems": problems}, "")
    return PROBLEMS if problems else DONE


def _sheet(options: argparse.Namespace) -> int:
    from workbench.collect.queue.hospital_file import HospitalFile
    from workbench.collect.queue.relinking import check_stays
    from workbench.settings_file import read_settings

    check_stays(options.out)
    custody = _custody(options)
    with use_language(read_settings(workspace_of(options)).server.language):
        facts = custody.write_sheet(options.out)
    with closing(HospitalFile(workspace_of(options))) as hospital:
        hospital.note(f"key_sheet {facts.fingerprint}", facts.printed.isoformat())
    sentence = (
        "The recovery sheet is written. Who reads it has the key: print it twice, seal and "
        "separate the prints, then delete the file and empty the printer's queue."
    )
    return finish(options, {"key_fingerprint": facts.fingerprint}, sentence)


def _restore(options: argparse.Namespace) -> int:
    custody = _custody(options)
    custody.check_can_restore()
    known = _stored(options, custody.site)
    key = sheet_of()
    fingerprint = custody.restore(key, known)
    words = "It is the one under which this workspace's objects were stored." if known else (
        "Compare it with the sheet: if it differs, the survey's name or the key is another."
    )  # fmt: skip
    say(options, f"Restored. The fingerprint is {fingerprint}.")
    return finish(options, {"key_fingerprint": fingerprint, "known": bool(known)}, words)


def _link(options: argparse.Namespace) -> int:
    from workbench.collect.patient_list import read_patient_list
    from workbench.collect.queue.hospital_file import HospitalFile
    from workbench.collect.queue.relinking import links, listed, queued, write_links

    on_screen = str(options.out) == SCREEN
    if on_screen and options.json:
        raise SettingsError(
            "--out - and --json both write to standard output.", "Name a file for --out."
        )
    survey = survey_of(options)
    pseudonyms = survey.pseudonyms()
    with about("patients", options.patients):
        patients = listed(read_patient_list(options.patients))
    with closing(HospitalFile(survey.folder)) as hospital:
        issuers = {issuer for _, issuer in (*patients, *queued(hospital))}
    rows = links(patients, issuers, pseudonyms, survey.store.patients_among)
    with about("--out", options.out):
        counts = write_links(rows, options.out)
    sentence = (
        f"{counts['patients']} rows written, {counts['in_store']} of them in the store. The file "
        "must not leave the hospital."
    )
    if on_screen:
        tell(sentence)
        return DONE
    return finish(options, counts, sentence)


def _who(options: argparse.Namespace) -> int:
    from workbench.collect.patient_list import read_patient_list
    from workbench.collect.queue.hospital_file import HospitalFile
    from workbench.collect.queue.relinking import listed, queued, who

    survey = survey_of(options)
    with about("--patients", options.patients):
        known = listed(read_patient_list(options.patients)) if options.patients else []
    with closing(HospitalFile(survey.folder)) as hospital:
        known += queued(hospital)
    patients = list(who(options.pseudonym, known, survey.pseudonyms()))
    for patient in patients:
        issuer = f", issued by {patient.issuer}" if patient.issuer else ""
        say(
            options,
            f"{patient.patient_id}{issuer}; "
            f"original dates are {patient.date_shift_days} days later",
        )
    if not patients:
        say(options, "None of the patients of the queue or list has this pseudonym in this survey.")
    rows = [
        {
            "patient_id": patient.patient_id,
            "issuer": patient.issuer,
            "date_shift_days": patient.date_shift_days,
        }
        for patient in patients
    ]
    finish(options, {"patients": rows}, "")
    return DONE if patients else PROBLEMS


def _stored(options: argparse.Namespace, site: str) -> list[str]:
    """Return the fingerprints under which objects of the site are stored."""
    survey = survey_of(options)
    with closing(survey):
        return survey.store.key_fingerprints().get(site, [])


def _sheet_noted(options: argparse.Namespace, fingerprint: str) -> str:
    """Return the day on which a sheet of this key was written; empty when none was."""
    from workbench.collect.queue.hospital_file import HospitalFile

    with closing(HospitalFile(workspace_of(options))) as hospital:
        return hospital.noted(f"key_sheet {fingerprint}")
