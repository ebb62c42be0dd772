"""Reports by mail: each recipient has the letter about a run once, whatever mail servers do.

A letter is a second state of its run.  It is sent right after the run; what then not everybody
has is tried again with each look at the plans, after growing pauses, for those only who do not
have it, and without the report being made again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from workbench.errors import MissingTool, SettingsError, WorkbenchError
from workbench.language import Saying, as_json, mark, use_language
from workbench.mail import MailState, Post
from workbench.mail.letter import SENDER, check_addresses
from workbench.mail.mail_refusal import MessageTooLargeError
from workbench.mail.smtp_session import STEPS_IN_ALL
from workbench.plans.report_plan import ReportPlan, read_plans
from workbench.report.page_files import check_printer
from workbench.settings import FILE, MailSettings
from workbench.stages.dated_copies import dated_copy
from workbench.stages.planned_run import Clock
from workbench.stages.report_letter import letter_of, pages_address, without_file
from workbench.stages.scheduling import utc_now
from workbench.store.report_letters import LetterTries
from workbench.store.report_runs import MAIL_PARTLY, MAIL_SENT, MAIL_WANTED, PlanRun
from workbench.survey import Survey

LOGGER = logging.getLogger(__name__)
FIRST_PAUSE_S = 60  # after a try that failed; doubled with each further one
MAX_PAUSE_S = 86400
SENT_WITHIN = timedelta(days=7)  # of the end of a run: nobody wants older news
TOLD_WITHIN = timedelta(days=31)  # so long ``check`` names a run whose letter did not arrive
ELSEWHERE = timedelta(hours=1)  # so long a page on another machine is left to that one
CLOCK_SKEW_S = 300  # between two machines
MAKING_S = 600  # of a letter, its file included
NOT_YET = mark("it was not sent yet.")
NO_SERVER = "no mail server is set."
STATES = {
    MailState.SENT: MAIL_SENT, MailState.PARTLY: MAIL_PARTLY, MailState.FAILED: MAIL_WANTED,
}  # fmt: skip


@dataclass(frozen=True)
class UntoldRun:
    """A run of which not everybody has been told; ``problem`` is why, in English."""

    plan: ReportPlan
    run: PlanRun
    problem: str

    def __str__(self) -> str:
        """Return it as a sentence for the command line."""
        slot = self.run.slot.astimezone(self.plan.times.calendar.zone)
        return (
            f"The mail about the report {self.plan.name} of {slot:%Y-%m-%d %H:%M} did not reach "
            f"everybody who is to be told: {self.problem}"
        )


class ReportMail:
    """Tells people of runs; ``tell`` is what ``ReportSchedule`` calls."""

    def __init__(self, survey: Survey, clock: Clock = utc_now) -> None:
        self._survey = survey
        self._clock = clock
        self._away: tuple[MailSettings, float] | None = None

    def tell(self, plan: ReportPlan, run: PlanRun) -> None:
        """Tell of a run if that is due, and nobody else does it; what comes of it is noted.

        A mail server that is away is left alone for a minute, so that the reports of a night
        wait for it once and not each time.
        """
        post = Post(self._survey.settings, self._survey.folder)
        now, moment = self._now(), self._clock()
        if not post.ready or not is_fresh(run, moment) or self._rests(now):
            return
        asked = _asked(self._survey.settings.mail, plan)
        before = self._survey.store.report_letters.of(run)
        run = self._survey.store.report_runs.run(run.number)  # in this order: it may be sent now
        wanted = run.mail_state in (MAIL_WANTED, MAIL_PARTLY)
        if wanted and is_due(before, now, asked) and not self._is_elsewhere(run, moment):
            taken = self._taken(before, run, asked, now)
            if self._survey.store.report_letters.take(before, taken):
                self._send(post, plan, run, taken)

    def _now(self) -> float:
        return float(int(self._clock().timestamp()))

    def _rests(self, now: float) -> bool:
        """Say whether the mail server was away a moment ago."""
        mail, at = self._away or (None, 0.0)
        return mail == self._survey.settings.mail and 0 <= now - at < FIRST_PAUSE_S

    def _taken(
        self, before: LetterTries | None, run: PlanRun, asked: str, now: float
    ) -> LetterTries:
        tries = before.tries if before is not None and before.asked == asked else 0
        until = now + MAKING_S + STEPS_IN_ALL * self._survey.settings.mail.timeout_s
        return LetterTries(
            run=run.number, tries=tries + 1, tried_at=now, held_until=until, asked=asked,
            problem=NOT_YET, why=as_json(NOT_YET),
        )  # fmt: skip

    def _is_elsewhere(self, run: PlanRun, now: datetime) -> bool:
        """Say whether another machine of this catalogue has the page, and may yet send it."""
        if not run.file or dated_copy(self._survey.folder, run).is_file():
            return False
        return run.ended_at is not None and now < run.ended_at + ELSEWHERE

    def _send(self, post: Post, plan: ReportPlan, run: PlanRun, taken: LetterTries) -> None:
        note = self._survey.store.report_letters.note
        language = plan.language or self._survey.settings.server.language
        try:
            with use_language(language):
                before = self._survey.store.report_runs.before(run)
                letter = letter_of(self._survey, plan, run, before)
                outcome = post.send(letter, plan.to, run.mailed_to)
                if letter.attachments and isinstance(outcome.error, MessageTooLargeError):
                    letter = without_file(letter, outcome.error)
                    outcome = post.send(letter, plan.to, run.mailed_to)
        except Exception as error:  # noqa: BLE001  the reports and the other letters go on
            LOGGER.warning("the mail about %s was not sent: %s", plan.name, type(error).__name__)
            why = _why(error)
            state = MAIL_PARTLY if run.mailed_to else MAIL_WANTED
            note(taken, state, run.mailed_to, str(why), why.as_json())
            return
        if outcome.error is None:
            note(taken, MAIL_SENT, outcome.told, "", None)
            return
        LOGGER.warning(
            "the mail about %s was sent to %d of %d recipients",
            plan.name, len(outcome.told), outcome.total,
        )  # fmt: skip
        if outcome.retry and not outcome.refused:
            self._away = self._survey.settings.mail, self._now()
        said = outcome.error.saying().as_json()
        note(taken, STATES[outcome.state], outcome.told, outcome.problem, said)


def is_fresh(run: PlanRun, now: datetime, within: timedelta = SENT_WITHIN) -> bool:
    """Say whether a run ended so lately that people are still told of it."""
    return run.ended_at is not None and now - run.ended_at <= within


def is_due(tries: LetterTries | None, now: float, asked: str) -> bool:
    """Say whether it is time to try; with other settings or recipients it is at once.

    What a clock that was wrong has noted for the future holds nothing up.
    """
    if tries is None:
        return True
    if tries.tried_at - CLOCK_SKEW_S <= now < tries.held_until:
        return False
    if asked != tries.asked or tries.tried_at > now + CLOCK_SKEW_S:
        return True
    return now >= tries.tried_at + min(FIRST_PAUSE_S * 2.0 ** (tries.tries - 1), MAX_PAUSE_S)


def untold_runs(survey: Survey, now: datetime) -> list[UntoldRun]:
    """Return the runs of the last month of which not everybody has been told, oldest first.

    Raises ``SettingsError`` where ``[schedule]`` cannot be read.
    """
    plans, untold = read_plans(survey.settings).plans, []
    ready = Post(survey.settings, survey.folder).ready
    for run in survey.store.report_runs.unmailed():
        plan = plans.get(run.name)
        if plan is not None and plan.to and is_fresh(run, now, TOLD_WITHIN):
            tries = survey.store.report_letters.of(run)
            problem = tries.problem if tries and tries.problem else str(NOT_YET)
            untold.append(UntoldRun(plan, run, problem if ready else NO_SERVER))
    return untold


def mail_problems(survey: Survey) -> Iterator[str]:
    """Yield what keeps reports from being mailed, and which were not, with the remedy."""
    plans = [plan for plan in read_plans(survey.settings).plans.values() if plan.to]
    ready = Post(survey.settings, survey.folder).ready
    for plan in plans:
        where = f"[report.{plan.name}] of {FILE}"
        if not ready:
            yield (
                f"{where} names recipients (to), and no mail server is set, so nobody is told. "
                "Set server of [mail], or take to out."
            )
        for error in _mistakes(plan):
            yield f"{where}: {error}"
    yield from _address_problems(survey)
    if ready:
        yield from map(str, untold_runs(survey, utc_now()))


def _mistakes(plan: ReportPlan) -> Iterator[WorkbenchError]:
    try:
        check_addresses(SENDER, plan.to)
    except SettingsError as error:
        yield error
    try:
        check_printer(f".{plan.attach}", signed=bool(plan.parameters.get("signed_by")))
    except MissingTool as error:
        yield error


def _address_problems(survey: Survey) -> Iterator[str]:
    try:
        pages_address(survey.settings.server)
    except SettingsError as error:
        yield str(error)


def _asked(mail: MailSettings, plan: ReportPlan) -> str:
    asked: Sequence[object] = (mail, plan.to, plan.attach, plan.attach_rows)
    return sha256(repr(asked).encode()).hexdigest()[:16]


def _why(error: Exception) -> Saying:
    if isinstance(error, WorkbenchError):
        return error.saying()
    return Saying("a fault of the program ({kind}).", kind=type(error).__name__)
