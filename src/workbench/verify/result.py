"""What was checked, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from math import floor


class Action(StrEnum):
    """The ten actions by which de-identification of images is judged (MIDI-B, TCIA 2024)."""

    TAG_RETAINED = "tag_retained"
    TEXT_NOTNULL = "text_notnull"
    TEXT_RETAINED = "text_retained"
    TEXT_REMOVED = "text_removed"
    DATE_SHIFTED = "date_shifted"
    UID_CHANGED = "uid_changed"
    UID_CONSISTENT = "uid_consistent"
    PATID_CONSISTENT = "patid_consistent"
    PIXELS_HIDDEN = "pixels_hidden"
    PIXELS_RETAINED = "pixels_retained"


class Category(StrEnum):
    """Whose rule a check is."""

    HIPAA = "HIPAA"  # 45 CFR 164.514(b)(2): the eighteen identifiers
    DICOM = "DICOM"  # PS3.15 table E.1-1
    PRACTICE = "best practice"  # what archives of images ask for besides


MEANINGS = {
    Action.TAG_RETAINED: "attributes of the dose and of the object are there",
    Action.TEXT_NOTNULL: "attributes that must say something do",
    Action.TEXT_RETAINED: "values that stay are what they were",
    Action.TEXT_REMOVED: "what identifies somebody is gone",
    Action.DATE_SHIFTED: "dates moved by the patient's own number of days; times as promised",
    Action.UID_CHANGED: "no original UID is left",
    Action.UID_CONSISTENT: "a UID becomes the same everywhere, and no two become one",
    Action.PATID_CONSISTENT: "a patient is one pseudonym, and no two share one",
    Action.PIXELS_HIDDEN: "no pixels, overlays, curves or icons",
    Action.PIXELS_RETAINED: "not applicable: pixels never leave",
}


def percentage(passed: int, failed: int) -> float | None:
    """Return how many of 100 checks passed, never rounded up to 100; ``None`` of no checks."""
    if not passed + failed:
        return None
    percent = 100 * passed / (passed + failed)
    return floor(percent * 100) / 100


@dataclass(frozen=True)
class Failure:
    """One failed check: an output's number (0: the folder), where, what is wrong; no value."""

    action: Action
    category: Category
    number: int
    where: str
    what: str


@dataclass
class Verification:
    """All checks of one input and output.

    Attributes
    ----------
    passed
        Number of passed checks by action and category.
    failures
        Those that failed.
    inputs, outputs, refused, unread
        Files of the input with DICOM in them, files of the output, inputs without an output,
        inputs that pydicom cannot read.
    unchecked
        What could not be checked, and why; it counts neither as passed nor as failed.
    about
        Versions, table edition, digests: what the figures are of.
    """

    passed: Counter[tuple[Action, Category]] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    inputs: int = 0
    outputs: int = 0
    refused: int = 0
    unread: int = 0
    unchecked: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)

    @property
    def checks(self) -> int:
        """The number of all checks."""
        return self.passed.total() + len(self.failures)

    @property
    def is_good(self) -> bool:
        """Whether there is an output and no check failed."""
        return self.outputs > 0 and not self.failures

    def counts(self) -> list[tuple[str, str, str, int, int]]:
        """Return (action, meaning, category, passed, failed), without those never checked."""
        failed = Counter((failure.action, failure.category) for failure in self.failures)
        return [
            (pair[0], MEANINGS[pair[0]], pair[1], self.passed[pair], failed[pair])
            for pair in product(Action, Category)
            if self.passed[pair] or failed[pair]
        ]

    def by_action(self) -> list[tuple[Action, int, int, float | None]]:
        """Return (action, passed, failed, percentage passed) of all ten actions, as MIDI-B does.

        The percentage is ``None`` for an action that was never checked: it is not a success.
        """
        failed = Counter(failure.action for failure in self.failures)
        passed = Counter[Action]()
        for (action, _), number in self.passed.items():
            passed[action] += number
        return [
            (action, passed[action], failed[action], percentage(passed[action], failed[action]))
            for action in Action
        ]

    def by_category(self) -> list[tuple[Category, int, int, float | None]]:
        """Return (category, passed, failed, percentage passed) of the three kinds of rules."""
        failed = Counter(failure.category for failure in self.failures)
        passed = Counter[Category]()
        for (_, category), number in self.passed.items():
            passed[category] += number
        return [
            (each, passed[each], failed[each], percentage(passed[each], failed[each]))
            for each in Category
        ]

    def as_json(self) -> dict[str, object]:
        """Return counts and failures for a program."""
        return {
            "checks": self.checks,
            "failed": len(self.failures),
            "inputs": self.inputs,
            "outputs": self.outputs,
            "refused": self.refused,
            "unread": self.unread,
            "not_checked": self.unchecked,
            "actions": [
                {"action": action, "category": category, "passed": passed, "failed": failed}
                for action, _, category, passed, failed in self.counts()
            ],
            "percent": percentage(self.passed.total(), len(self.failures)),
            "midi_b": {
                "actions": {
                    action: {"passed": passed, "failed": failed, "percent": percent}
                    for action, passed, failed, percent in self.by_action()
                },
                "categories": {
                    category: {"passed": passed, "failed": failed, "percent": percent}
                    for category, passed, failed, percent in self.by_category()
                },
            },
            "failures": [
                {"action": failure.action, "category": failure.category, "output": failure.number,
                 "where": failure.where, "what": failure.what}
                for failure in self.failures
            ],
            "about": self.about,
        }  # fmt: skip
