"""Tell people of values outside their limits by e-mail, each recipient once.

What became of each try is an event of the profile, so that a program that starts again knows it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Any

from workbench.errors import SettingsError, WorkbenchError
from workbench.language import (
    Words,
    as_json,
    data,
    mark,
    significant,
    t,
    use_language,
    words_of,
)
from workbench.mail import Letter, MailState, Post
from workbench.qa.judging import State
from workbench.report.quality_page import kept_words, label_words, state_words
from workbench.settings import Settings
from workbench.store.quality_records import Quality, StoredEvent, StoredResult

LOGGER = logging.getLogger(__name__)
ALARM = "alarm"  # kind of an event
OPEN = mark(
    "Open the image-quality page of Workbench to see the images, and to accept or reject them."
)
FIRST_PAUSE_S = 60  # after a try that failed; doubled with each further one
MAX_PAUSE_S = 86400
MAX_TRIES = 16  # about a week; with other settings or recipients it begins anew
NOT_YET = mark("it was not sent yet.")


@dataclass(frozen=True)
class AlarmState:
    """Where an alarm stands after the tries so far.

    Attributes
    ----------
    told
        Who has it, by ``recipient_id``.
    tries
        How often it was tried with the settings of the last try.
    tried_at
        When last, in seconds since 1970.
    asked
        With what settings, as a digest; empty before the first try.
    problem
        Why not everybody has it; empty where everybody does.
    why
        The same as it is kept for other languages; may be ``None``.
    """

    told: tuple[str, ...]
    tries: int
    tried_at: float
    asked: str
    problem: str
    why: object = None

    @property
    def words(self) -> Words:
        """Why not everybody has it, in the language that is spoken."""
        return words_of(self.why, self.problem)

    @classmethod
    def after(cls, before: AlarmState | None, event: StoredEvent) -> AlarmState:
        """Return the state after one more event."""
        content = event.content
        asked = content.get("asked", "")
        tries = before.tries if before and before.asked == asked else 0
        return cls(
            tuple(content.get("told", ())), tries + 1,
            event.noted_at.replace(tzinfo=UTC).timestamp(), asked,
            content["problem"], content.get("why"),
        )  # fmt: skip

    def due(self, now: float, asked: str) -> bool:
        """Whether it is time to try again; with other settings or recipients it is at once."""
        if asked != self.asked:
            return True
        pause_s = min(FIRST_PAUSE_S * 2.0 ** (self.tries - 1), MAX_PAUSE_S)
        return self.tries < MAX_TRIES and now - self.tried_at >= pause_s


class Alarms:
    """The alarms of a workspace, and who has been told."""

    def __init__(self, quality: Quality, settings: Settings, folder: Path) -> None:
        self._quality = quality
        self._settings = settings
        self._post = Post(settings, folder)

    def expect(self, number: int) -> None:
        """Note that people are to be told of a result, if it is outside its limits.

        Before anything is sent: a program that ends now tells of it when it starts again.
        """
        result = self._quality.result(number)
        if result.content["state"] in (State.ALARM, State.NOT_MEASURED):
            self._note(result, {"asked": "", "sent": 0, "told": [], "problem": NOT_YET,
                                "why": as_json(NOT_YET)})  # fmt: skip

    def tell(self, now: float) -> tuple[int, int]:
        """Tell of every alarm that not everybody was told of, and that is due.

        ``now`` is in seconds since 1970.  Returns how many were tried, and how many not everybody
        has after that.
        """
        tried = 0
        for number, state in sorted(self.untold().items()):
            result = self._quality.result(number)
            asked = self._asked(result)
            if state.due(now, asked):
                tried += 1
                self._try(result, state, asked)
        return tried, len(self.untold())

    def untold(self) -> dict[int, AlarmState]:
        """Return the alarms that not everybody was told of, by the numbers of their results."""
        return {number: state for number, state in self._states().items() if state.problem}

    def _states(self) -> dict[int, AlarmState]:
        states: dict[int, AlarmState] = {}
        events = (event for event in self._quality.events() if event.kind == ALARM)
        for event in sorted(events, key=lambda event: event.number):
            number = event.content["result"]
            states[number] = AlarmState.after(states.get(number), event)
        return states

    def _recipients(self, result: StoredResult) -> list[str]:
        profile = result.content["profile"].get("recipients", ())
        return [*profile, *self._settings.quality.mail_to]

    def _asked(self, result: StoredResult) -> str:
        asked = repr((self._settings.mail, self._recipients(result)))
        return sha256(asked.encode()).hexdigest()[:16]

    def _try(self, result: StoredResult, before: AlarmState, asked: str) -> None:
        outcome: dict[str, object] = {"sent": 0, "problem": ""}  # it stands on the page only
        if self._post.ready:
            outcome = self._sent(result, before.told)
        self._note(result, {"asked": asked, "told": list(before.told), **outcome})

    def _note(self, result: StoredResult, content: Mapping[str, object]) -> None:
        self._quality.note_event(
            result.profile, ALARM, result.acquired_at or result.measured_at, "Workbench",
            {"result": result.number, **content},
        )  # fmt: skip

    def _sent(self, result: StoredResult, told: Sequence[str]) -> dict[str, object]:
        try:
            recipients = self._recipients(result)
            check_named(recipients)
            with use_language(self._settings.server.language):  # not that of whoever looks
                about = letter(result)
            outcome = self._post.send(about, recipients, told)
        except WorkbenchError as error:
            LOGGER.warning("an alarm could not be sent: %s", type(error).__name__)
            return {"sent": 0, "state": str(MailState.FAILED), "problem": str(error),
                    "why": error.saying().as_json()}  # fmt: skip
        if outcome.error:
            LOGGER.warning(
                "an alarm was sent to %d of %d recipients", len(outcome.told), outcome.total
            )
        why = outcome.error.saying().as_json() if outcome.error else None
        return {**outcome.as_json(), "why": why}


def check_named(recipients: Sequence[str]) -> None:
    """Raise ``SettingsError`` where nobody is to be told."""
    if not recipients:
        raise SettingsError(
            "nobody is named to be told of alarms.",
            "Set [quality] mail_to, or recipients in the test profile.",
        )


def letter(result: StoredResult) -> Letter:
    """Return what people are told of a result outside its limits."""
    content = result.content
    bad = [value for value in content["values"] if value["state"] in (State.ALARM, State.WARNING,
                                                     State.NOT_MEASURED)]  # fmt: skip
    subject = t("Image quality: {profile}: {state}", profile=data(result.profile),
                state=state_words(content["state"]))  # fmt: skip
    identity = f"alarm {result.number} {result.measured_at.isoformat()}"
    return Letter(subject, list(_lines(result.profile, content, bad)), identity)


def _lines(
    profile: str, content: Mapping[str, Any], bad: Sequence[Mapping[str, Any]]
) -> Iterator[Words]:
    yield t("Test profile: {profile}", profile=data(profile))
    yield t("Station: {station}", station=data(content["station"]))
    yield Words("")
    yield from (_line(value) for value in bad)
    yield Words("")
    yield t(OPEN)


def _line(value: Mapping[str, Any]) -> Words:
    name, state = label_words(value), state_words(value["state"])
    if value["value"] is None:
        return t("{name}: {state} ({reason})", name=name, state=state,
                 reason=kept_words(value, "reason"))  # fmt: skip
    low, high = (
        Words("–") if value[side] is None else significant(value[side])
        for side in ("alarm_low", "alarm_high")
    )
    return t(
        "{name}: {value} {unit}, {state} (limits {low} to {high})", name=name,
        value=significant(value["value"]), unit=data(value["unit"]), state=state, low=low,
        high=high,
    )  # fmt: skip
