"""Verbs of image quality: ``qa`` keeps test profiles, measures, decides, and says what is due."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any

from workbench.cli.arguments import Input, LocalTime, Name, Number, WholeNumber
from workbench.cli.command_errors import about
from workbench.cli.output import (
    DONE,
    PROBLEMS,
    answer_to,
    finish,
    print_json,
    say,
    show_progress,
    tell,
)
from workbench.cli.verb import Parser, survey_of, workspace_verb
from workbench.errors import SettingsError, WorkbenchError

if TYPE_CHECKING:
    from workbench.stages.quality.desk import MeasurementAttempt, QualityDesk

MAX_AGE_DAYS = 36_500.0  # a century
HELP = "image quality: test profiles, measurements of phantom images, decisions, what is due"
PATIENCE_S = 30.0  # between looks, after one that failed
STATES_BAD = ("alarm", "not measured")


def add_quality(verbs: Any) -> None:
    """Add the verbs of this module."""
    quality: Parser = verbs.add_parser("qa", help=HELP, description=HELP)
    actions = quality.add_subparsers(title="actions", metavar="ACTION", required=True)
    profile = workspace_verb(actions, "profile", _profile, "keep a test profile's next version")
    profile.add_argument("file", type=Input(), metavar="FILE", help="a TOML file")
    profile.add_argument("--reason", default="", help="why it was changed")
    workspace_verb(actions, "profiles", _profiles, "list test profiles, tests and phantoms")
    measure = workspace_verb(actions, "measure", _measure, "measure images against a test profile")
    measure.add_argument("profile", metavar="PROFILE")
    measure.add_argument("paths", nargs="+", type=Input(folders=True), metavar="PATH")
    measure.add_argument("--keep", action="store_true", help="keep the result")
    workspace_verb(
        actions, "look", _look, "measure the phantom images that came, once"
    ).add_argument(
        "--again", action="store_true", help="also those that nobody could measure before"
    )
    workspace_verb(actions, "watch", _watch, "measure phantom images as they come, until stopped")
    erase = workspace_verb(actions, "erase", _erase, "erase objects that are no phantom's")
    erase.add_argument("--unselected", action="store_true", help="those no test profile selects")
    erase.add_argument(
        "--refused", action="store_true", help="those a profile selects, and refused"
    )
    erase.add_argument("--quarantined", action="store_true", help="those that cannot be read")
    erase.add_argument(
        "--older", type=Number("days", MAX_AGE_DAYS, above=None), default=0.0, metavar="DAYS",
        help="only so old ones",
    )  # fmt: skip
    erase.add_argument("--yes", action="store_true", help="do not ask")
    decide = workspace_verb(actions, "decide", _decide, "accept or reject a result")
    decide.add_argument("number", type=WholeNumber(1), metavar="NUMBER")
    decide.add_argument("decision", choices=["accept", "reject"])
    decide.add_argument("--comment", default="")
    event = workspace_verb(actions, "event", _event, "note what happened to a machine")
    event.add_argument("profile", metavar="PROFILE")
    event.add_argument("words", metavar="WORDS", help="such as: new tube")
    event.add_argument("--at", type=LocalTime(), help="when (now)")
    for verb in (profile, decide, event):
        verb.add_argument(
            "--by", type=Name("name"), required=True, metavar="NAME", help="who says so"
        )
    results = workspace_verb(actions, "results", _results, "list results by their numbers")
    results.add_argument("--profile", metavar="PROFILE", help="only those of this test profile")
    workspace_verb(actions, "due", _due, "which tests were done, and which are overdue")


def _desk(options: argparse.Namespace) -> QualityDesk:
    from workbench.stages.quality.desk import QualityDesk

    return QualityDesk(survey_of(options))


def _profile(options: argparse.Namespace) -> int:
    desk = _desk(options)
    with about("file", options.file):
        try:
            text = options.file.read_text("utf-8")
        except UnicodeDecodeError:
            raise SettingsError("this is no text in UTF-8.", "Save it as UTF-8.") from None
        kept = desk.save_profile(text, options.by, options.reason)
    counts = {"profile": kept.name, "version": kept.version}
    return finish(options, counts, "Test profile {profile!r} is kept as version {version}.")


def _profiles(options: argparse.Namespace) -> int:
    from workbench.qa.geometry import geometry_names
    from workbench.qa.registry import qa_tests

    desk = _desk(options)
    profiles = desk.quality.profiles()
    for profile in profiles:
        say(options, f"{profile.name} (version {profile.version}): {profile.content['test']} on "
             f"{profile.content['phantom']}, station {profile.content['station']}")  # fmt: skip
    tests = [test.name for test in qa_tests()]
    phantoms = geometry_names(desk.geometry_folders)
    say(options, f"Tests: {', '.join(tests)}. Phantoms: {', '.join(phantoms)}.")
    if options.json:
        print_json(
            {
                "profiles": [profile.name for profile in profiles],
                "tests": tests,
                "phantoms": phantoms,
            }
        )
    return DONE


def _measure(options: argparse.Namespace) -> int:
    from workbench.qa.profiles import profile_of
    from workbench.stages.quality.selection import select

    desk = _desk(options)
    profile = profile_of(desk.profile(options.profile).content)
    selection = select(options.paths, [profile], show_progress)
    fitting = [series for series in selection.series if series.profiles]
    say(options, f"{len(selection.series)} series found; the profile selects {len(fitting)}.")
    measured, bad = [], not fitting
    for number, series in enumerate(fitting, 1):
        attempt = desk.attempt_series(profile.name, series)
        say(options, f"Series {number}:")
        kept = desk.keep(attempt) if options.keep and not attempt.refused else None
        _say(options, attempt, kept)
        bad = bad or attempt.refused or str(attempt.state) in STATES_BAD
        measured.append({"state": str(attempt.state), "refused": attempt.refused, "result": kept,
                     "values": attempt.content["values"]})  # fmt: skip
    if options.json:
        print_json({"series": measured})
    return PROBLEMS if bad else DONE


def _say(options: argparse.Namespace, attempt: MeasurementAttempt, kept: int | None) -> None:
    for line in attempt.lines:
        if line.severity != "ok":
            say(options, f"  {line.severity}: {line.words}")
    if attempt.refused:
        say(options, "  Not measured.")
    for judged in attempt.judged:
        measurement = judged.measurement
        value = (
            f"{measurement.value:.4g} {measurement.unit}"
            if measurement.value is not None
            else measurement.reason
        )
        say(options, f"  {measurement.label or measurement.name}: {value} ({judged.state})")
    if kept is not None:
        say(options, f"  Kept as result {kept}.")


def _look(options: argparse.Namespace) -> int:
    from workbench.stages.line import quality_line
    from workbench.stages.quality.arrivals import Arrivals

    desk = _desk(options)
    if options.again:
        Arrivals(desk).again()
    arrived = quality_line(desk, show_progress)
    counts = arrived.as_json()
    sentence = (
        "{measured} series measured, {refused} refused, {unrecognised} not recognised, "
        "{waiting} still coming; {quarantined} images that cannot be read; "
        "{alarms} alarms to tell of, {untold} did not reach everybody; {erased} objects that no "
        "test profile selects erased."
    )
    finish(options, counts, sentence)
    problems = (arrived.alarms, arrived.untold, arrived.refused, arrived.unrecognised,
                arrived.quarantined)  # fmt: skip
    return PROBLEMS if any(problems) else DONE


def _erase(options: argparse.Namespace) -> int:
    from workbench.stages.quality.unselected import QUARANTINED, REFUSED, UNRECOGNISED, erase

    asked = {UNRECOGNISED: options.unselected, REFUSED: options.refused,
             QUARANTINED: options.quarantined}  # fmt: skip
    states = [state for state, wanted in asked.items() if wanted]
    if not states:
        raise SettingsError(
            "which objects?", "Add --unselected, --refused, --quarantined; --older DAYS."
        )
    desk = _desk(options)
    question = "Erased images are gone. Type yes to erase: "
    if not options.yes and answer_to(question, "To erase without being asked: --yes") != "yes":
        raise SettingsError("nothing was erased.", "Answer yes, or add --yes.")
    erased = erase(desk.quality, desk.phantoms, states, older_than_days=options.older)
    counts = {"erased": erased, "kept": len(desk.phantoms.names())}
    return finish(options, counts, "{erased} objects erased, {kept} kept.")


def _watch(options: argparse.Namespace) -> int:
    import signal
    import time

    from workbench.stages.line import quality_line
    from workbench.stages.quality.arrivals import POLL_INTERVAL_S

    desk = _desk(options)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service ends as Ctrl-C does
    tell("Watching for phantom images. Stop with Ctrl-C.")
    total = 0
    try:
        while True:
            try:
                arrived = quality_line(desk)
            except WorkbenchError as error:  # a locked database passes; the next look goes on
                tell(f"Looking failed, trying again: {error}")
                time.sleep(PATIENCE_S)
                continue
            total += arrived.measured
            for number in arrived.results:
                say(options, f"Result {number} was measured.")
            if arrived.quarantined:
                say(options, f"{arrived.quarantined} images cannot be read and were put aside; "
                     "the image-quality page says why.")  # fmt: skip
            if arrived.alarms:
                say(options, f"{arrived.alarms} alarms; {arrived.untold} did not reach everybody.")
            if arrived.erased:
                say(options, f"{arrived.erased} objects that no test profile selects were erased.")
            time.sleep(POLL_INTERVAL_S)
    except KeyboardInterrupt:
        return finish(options, {"measured": total}, "{measured} series were measured.")


def _decide(options: argparse.Namespace) -> int:
    word = {"accept": "accepted", "reject": "rejected"}[options.decision]
    _desk(options).quality.decide(options.number, word, options.by, options.comment)
    return finish(options, {"number": options.number, "decision": word},
                  "Result {number} is {decision}.")  # fmt: skip


def _results(options: argparse.Namespace) -> int:
    desk = _desk(options)
    profile = desk.profile(options.profile).name if options.profile else ""
    rows = [
        {
            "number": result.number, "profile": result.profile, "acquired_at": result.acquired_at,
            "state": result.content["state"], "decision": result.decision,
        }
        for result in desk.quality.results(profile)
    ]  # fmt: skip
    for row in rows:
        day = f"{row['acquired_at']:%Y-%m-%d}" if row["acquired_at"] else "no day"
        say(options, f"{row['number']:>7}  {day:<10}  {row['profile']}  {row['state']}, "
            f"{row['decision']}")  # fmt: skip
    return finish(options, {"results": rows}, "" if rows else "There is no result yet.")


def _event(options: argparse.Namespace) -> int:
    desk = _desk(options)
    profile = desk.profile(options.profile).name
    at = options.at or datetime.now()  # noqa: DTZ005  local time, as that of images
    desk.quality.note_event(profile, "event", at, options.by, {"words": options.words})
    return finish(options, {"profile": profile}, "The event is noted.")


def _due(options: argparse.Namespace) -> int:
    due = _desk(options).due()
    for entry in due:
        last = f"{entry.last:%Y-%m-%d}" if entry.last else "never"
        name, station = entry.profile.name, entry.profile.station
        say(options, f"{name} ({station}): {entry.standing}; last {last}"
             + (f", {entry.waiting} to decide on" if entry.waiting else ""))  # fmt: skip
    late = [entry.profile.name for entry in due if entry.overdue]
    if not due:
        say(
            options,
            "There is no test profile yet. Make one with: workbench qa profile FILE --by NAME",
        )
    if options.json:
        print_json({"profiles": {entry.profile.name: entry.standing for entry in due}})
    return PROBLEMS if late else DONE
