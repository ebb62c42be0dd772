"""The verb ``deidentify``: clean files, verify what was cleaned, list words to be reviewed."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import SITE, SURVEY, Folder, Input, OutputFile, near
from workbench.cli.command_errors import about
from workbench.cli.output import DONE, PROBLEMS, finish, print_json, say
from workbench.cli.verb import UsageError, add_verb, with_workspace, workspace_of
from workbench.errors import SettingsError

if TYPE_CHECKING:
    from workbench.deidentify.cleaned_files import FileOutcome
    from workbench.deidentify.confidentiality_profile import ConfidentialityProfile
    from workbench.errors import ReadError
    from workbench.settings import ProtectSettings, SurveySettings
    from workbench.verify.result import Verification

USAGE = "workbench deidentify [verify | words] IN OUT (--key FILE | -w WORKSPACE)"
MAX_TOLD = 20
OPTIONS_OF = {"verdicts": ("",), "report": ("verify",)}  # which action takes it; "" cleans
LISTED = ("number", "outcome", "code", "reason")


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
    verb.add_argument("--key", type=Input(), metavar="FILE", help="the key, without a workspace")
    verb.add_argument("--profile", type=Input(), metavar="FILE", help="without a workspace")
    verb.add_argument("--survey", type=SURVEY, default="survey", help="without a workspace")
    verb.add_argument("--site", type=SITE, default="SITE", help="without a workspace")
    verb.add_argument("--report", type=OutputFile(), metavar="FILE", help="verify: a page to sign")
    verb.add_argument(
        "--verdicts", type=OutputFile(), metavar="FILE",
        help="IN OUT: also write each file's path, and why it was refused, to a CSV file; paths "
        "may hold names: keep it in the hospital",
    )  # fmt: skip


def _run(options: argparse.Namespace) -> int:
    action, *paths = options.words if len(options.words) > 2 else ("", *options.words)
    actions = {"": _deidentify, "verify": _verify, "words": _words}
    if action not in actions:
        raise _wrong(f"deidentify has no action '{action}'. {near(action, ('verify', 'words'))}")
    if len(paths) != 2 or (not action and paths[0] in actions and not Path(paths[0]).exists()):
        raise _wrong("deidentify needs an input and an output.")
    for name, takers in OPTIONS_OF.items():
        if getattr(options, name) and action not in takers:
            raise _wrong(f"--{name} is not for deidentify {action or 'IN OUT'}.")
    outputs: dict[str, Callable[[str], Path]] = {
        "": Folder(), "verify": Input(folders=True), "words": OutputFile(),
    }  # fmt: skip
    source = _path("IN", Input(folders=True), paths[0])
    return actions[action](options, source, _path("OUT", outputs[action], paths[1]))


def _wrong(message: str) -> UsageError:
    return UsageError(message, f"usage: {USAGE}")


def _path(name: str, kind: Callable[[str], Path], text: str) -> Path:
    try:
        return kind(text)
    except argparse.ArgumentTypeError as error:
        raise _wrong(f"{name}: {error}") from None


def _deidentify(options: argparse.Namespace, source: Path, target: Path) -> int:
    from workbench.deidentify.cleaned_files import deidentify_files
    from workbench.deidentify.engine import Deidentifier
    from workbench.deidentify.pseudonym import Pseudonyms
    from workbench.stages.verdict_list import VerdictList

    survey = _survey(options)
    pseudonyms = Pseudonyms(_key(options), survey.name, survey.site, survey.issuer)
    deidentifier = Deidentifier(_profile(options), pseudonyms)
    refused: list[tuple[int, ReadError]] = []
    with VerdictList(options.verdicts, LISTED) as listed, about("OUT", target):

        def note(file: FileOutcome) -> None:
            reasons = (file.refusal.code, file.refusal) if file.refusal else ("", "")
            listed.note(file.file, file.number, file.outcome, *reasons)
            if file.refusal:
                refused.append((file.number, file.refusal))

        done = deidentify_files(source, target, deidentifier, note)
    _say_refused(options, refused)
    facts = {
        **done,
        "reasons": dict(Counter(error.code for _, error in refused)),
        "refusals": [
            {"number": number, "code": error.code, "reason": str(error)}
            for number, error in refused
        ],
    }
    finish(options, facts, "{written} files written, {duplicate} duplicates, {refused} refused.")
    return PROBLEMS if refused else DONE


def _say_refused(options: argparse.Namespace, refused: Sequence[tuple[int, ReadError]]) -> None:
    """Say why files were refused: how many for which reason, and the first by their numbers."""
    for (code, reason), times in Counter(
        (error.code, str(error)) for _, error in refused
    ).most_common():
        say(options, f"- {times} x {code}: {reason}")
    if not refused:
        return
    numbers = ", ".join(str(number) for number, _ in refused[:MAX_TOLD])
    more = f" and {len(refused) - MAX_TOLD} more" if len(refused) > MAX_TOLD else ""
    say(options, f"Refused, counted in the order of the files' names: {numbers}{more}.")
    if options.verdicts is None:
        say(options, "To see which files these are, do it again with --verdicts FILE.")


def _verify(options: argparse.Namespace, source: Path, target: Path) -> int:
    from workbench.verify.demands import promise_of
    from workbench.verify.scheme import Scheme
    from workbench.verify.verification_page import page
    from workbench.verify.verify import verify

    survey = _survey(options)
    scheme = Scheme(_key(options), survey.name, survey.site, survey.issuer)
    profile, protect = _protection(options)
    promise = promise_of(profile, protect.times, protect.dates)
    done = verify(source, target, scheme, profile, promise)
    if options.report:
        options.report.write_text(page(done), "utf-8")
    _say_checks(options, done)
    if options.json:
        print_json(done.as_json())
    return DONE if done.is_good else PROBLEMS


def _say_checks(options: argparse.Namespace, done: Verification) -> None:
    for action, meaning, category, passed, failed in done.counts():
        say(options, f"{action:18}{category:16}{passed:9,} passed {failed:6,} failed   {meaning}")
    for what in done.unchecked:
        say(options, f"not checked: {what}")
    say(options, "pixels_retained                             not applicable: pixels never leave")
    for what, passed, failed, percent in done.by_category():
        if percent is not None:
            say(options, f"{what:34}{passed:9,} passed {failed:6,} failed   {percent:.2f} %")
    for failure in done.failures[:MAX_TOLD]:
        say(
            options,
            f"- output {failure.number}, {failure.where}: {failure.what} ({failure.action})",
        )
    if len(done.failures) > MAX_TOLD:
        say(options, f"- and {len(done.failures) - MAX_TOLD} more: see --report or --json")
    say(
        options,
        f"{done.checks:,} checks of {done.outputs} outputs, {len(done.failures):,} failed; "
        f"{done.inputs} originals, {done.refused} without an output.",
    )


def _words(options: argparse.Namespace, source: Path, target: Path) -> int:
    from workbench.deidentify.review import unknown_words, write_words

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
        return read_settings(workspace_of(options)).survey
    return SurveySettings(options.survey, options.site)


def _key(options: argparse.Namespace) -> bytes:
    from workbench.deidentify.key import load_key
    from workbench.survey import KEY_FILE

    if options.key is not None:
        with about("--key", options.key):
            return load_key(options.key)
    if options.workspace is None:
        raise SettingsError("which key?", "Name it: --key FILE, or a workspace: -w FOLDER.")
    return load_key(workspace_of(options) / KEY_FILE)


def _profile(options: argparse.Namespace) -> ConfidentialityProfile:
    from workbench.deidentify.confidentiality_profile import load_profile
    from workbench.deidentify.switches import profile_of

    if _is_workspaces(options):
        return profile_of(_protection(options)[1], workspace_of(options))
    with about("--profile", options.profile):
        return load_profile(options.profile)


def _protection(options: argparse.Namespace) -> tuple[Path | None, ProtectSettings]:
    """Return the file of the profile, ``None`` for the built-in one, and a workspace's switches."""
    from workbench.settings import ProtectSettings
    from workbench.settings_file import read_settings

    if not _is_workspaces(options):
        return options.profile, ProtectSettings()
    folder = workspace_of(options)
    protect = read_settings(folder).protection
    return folder / protect.profile if protect.profile else None, protect


def _is_workspaces(options: argparse.Namespace) -> bool:
    """Say whether the profile is that of a workspace."""
    return options.profile is None and options.key is None and options.workspace is not None
