"""The verb ``deidentify``: clean files, verify what was cleaned, list words to be reviewed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.output import DONE, PROBLEMS, finish, print_json, tell
from workbench.cli.verb import UsageError, add_verb, check_out, with_workspace
from workbench.errors import SettingsError

if TYPE_CHECKING:
    from workbench.deidentify.confidentiality_profile import ConfidentialityProfile
    from workbench.settings import ProtectSettings, SurveySettings
    from workbench.verify.result import Verification

USAGE = "workbench deidentify [verify | words] IN OUT (--key FILE | -w WORKSPACE)"
MAX_TOLD = 20


def add_deidentify(verbs: Any) -> None:
    """Add the verb of this module."""
    verb = add_verb(verbs, "deidentify", _run, "de-identify files, or verify that it was done well")
    verb.usage = USAGE
    verb.add_argument(
        "words", nargs="+", metavar="IN OUT",
        help="IN OUT: de-identify the files of a folder into another. verify IN OUT: compare "
        "outputs with their originals. words IN OUT: write the unknown words of descriptions "
        "into a file, for review",
    )  # fmt: skip
    with_workspace(verb)
    verb.add_argument("--key", type=Path, metavar="FILE", help="the key, without a workspace")
    verb.add_argument("--profile", type=Path, metavar="FILE", help="without a workspace")
    verb.add_argument("--survey", default="survey", help="without a workspace")
    verb.add_argument("--site", default="SITE", help="without a workspace")
    verb.add_argument("--report", type=Path, metavar="FILE", help="verify: a page to sign")


def _run(options: argparse.Namespace) -> int:
    actions = {"verify": _verify, "words": _words}
    action = actions.get(options.words[0]) if len(options.words) == 3 else None
    paths = options.words[-2:]
    if len(options.words) != 2 and action is None:
        raise UsageError("deidentify needs an input and an output.", f"usage: {USAGE}")
    return (action or _deidentify)(options, Path(paths[0]), Path(paths[1]))


def _deidentify(options: argparse.Namespace, source: Path, target: Path) -> int:
    from workbench.deidentify.cleaned_files import deidentify_files
    from workbench.deidentify.engine import Deidentifier
    from workbench.deidentify.pseudonym import Pseudonyms

    survey = _survey(options)
    pseudonyms = Pseudonyms(_key(options), survey.name, survey.site, survey.issuer)
    done = deidentify_files(source, target, Deidentifier(_profile(options), pseudonyms))
    finish(options, done, "{written} files written, {duplicate} duplicates, {refused} refused.")
    return PROBLEMS if done["refused"] else DONE


def _verify(options: argparse.Namespace, source: Path, target: Path) -> int:
    from workbench.verify.demands import promise_of
    from workbench.verify.scheme import Scheme
    from workbench.verify.verification_page import page
    from workbench.verify.verify import verify

    if options.report:
        check_out(options.report)
    survey = _survey(options)
    scheme = Scheme(_key(options), survey.name, survey.site, survey.issuer)
    profile, protect = _protection(options)
    promise = promise_of(profile, protect.times, protect.dates)
    done = verify(source, target, scheme, profile, promise)
    if options.report:
        options.report.write_text(page(done), "utf-8")
    _tell(done)
    if options.json:
        print_json(done.as_json())
    return DONE if done.is_good else PROBLEMS


def _tell(done: Verification) -> None:
    for action, meaning, category, passed, failed in done.counts():
        tell(f"{action:18}{category:16}{passed:9,} passed {failed:6,} failed   {meaning}")
    for what in done.unchecked:
        tell(f"not checked: {what}")
    tell("pixels_retained                             not applicable: pixels never leave")
    for what, passed, failed, percent in done.by_category():
        if percent is not None:
            tell(f"{what:34}{passed:9,} passed {failed:6,} failed   {percent:.2f} %")
    for failure in done.failures[:MAX_TOLD]:
        tell(f"- output {failure.number}, {failure.where}: {failure.what} ({failure.action})")
    if len(done.failures) > MAX_TOLD:
        tell(f"- and {len(done.failures) - MAX_TOLD} more: see --report or --json")
    tell(
        f"{done.checks:,} checks of {done.outputs} outputs, {len(done.failures):,} failed; "
        f"{done.inputs} originals, {done.refused} without an output."
    )


def _words(options: argparse.Namespace, source: Path, target: Path) -> int:
    from workbench.deidentify.review import unknown_words, write_words

    check_out(target)
    unknown = unknown_words(source, _profile(options))
    write_words(unknown, target)
    summary = (
        "{words} words written; look through them at the hospital, and take out what is a name."
    )
    return finish(options, {"words": len(unknown)}, summary)


def _survey(options: argparse.Namespace) -> SurveySettings:
    from workbench.settings import SurveySettings
    from workbench.settings_file import read_settings

    if options.key is None and options.workspace is not None:
        return read_settings(Path(options.workspace)).survey
    return SurveySettings(options.survey, options.site)


def _key(options: argparse.Namespace) -> bytes:
    from workbench.deidentify.key import load_key
    from workbench.survey import KEY_FILE

    if options.key is not None:
        return load_key(options.key)
    if options.workspace is None:
        raise SettingsError("which key?", "Name it: --key FILE, or a workspace: -w FOLDER.")
    return load_key(Path(options.workspace) / KEY_FILE)


def _profile(options: argparse.Namespace) -> ConfidentialityProfile:
    from workbench.deidentify.confidentiality_profile import load_profile
    from workbench.deidentify.switches import profile_of

    if _is_workspaces(options):
        return profile_of(_protection(options)[1], Path(options.workspace))
    return load_profile(options.profile)


def _protection(options: argparse.Namespace) -> tuple[Path | None, ProtectSettings]:
    """Return the file of the profile, ``None`` for the built-in one, and a workspace's switches."""
    from workbench.settings import ProtectSettings
    from workbench.settings_file import read_settings

    if not _is_workspaces(options):
        return options.profile, ProtectSettings()
    folder = Path(options.workspace)
    protect = read_settings(folder).protection
    return folder / protect.profile if protect.profile else None, protect


def _is_workspaces(options: argparse.Namespace) -> bool:
    """Say whether the profile is that of a workspace."""
    return options.profile is None and options.key is None and options.workspace is not None
