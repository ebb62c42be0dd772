"""Results of a verification: counted by whose rule it is; good only with something to verify."""

from __future__ import annotations

import json

from workbench.verify.result import (
    MEANINGS,
    Action,
    Category,
    Failure,
    Verification,
    percentage,
)
from workbench.verify.verification_page import page


def test_nothing_verified_is_not_good() -> None:
    assert not Verification().is_good
    assert Verification(outputs=1).is_good


def test_one_failure_among_many_is_not_good_and_is_counted() -> None:
    found = Verification(outputs=2)
    found.passed[Action.TEXT_REMOVED, Category.DICOM] += 3
    found.failures.append(Failure(Action.TEXT_REMOVED, Category.DICOM, 2, "(0010,0010)", "stays"))
    found.failures.append(Failure(Action.UID_CHANGED, Category.PRACTICE, 1, "", "stays"))
    assert not found.is_good
    assert found.checks == 5
    assert [(one[0], one[3], one[4]) for one in found.counts()] == [
        (Action.TEXT_REMOVED, 3, 1), (Action.UID_CHANGED, 0, 1),
    ]  # fmt: skip
    told = json.loads(json.dumps(found.as_json()))
    assert (told["checks"], told["failed"], len(told["failures"])) == (5, 2, 2)
    assert sum(one["passed"] + one["failed"] for one in told["actions"]) == told["checks"]


def test_every_action_is_explained() -> None:
    assert set(MEANINGS) == set(Action)


def test_the_ten_actions_and_three_kinds_of_rules_are_told_as_midi_b_does() -> None:
    found = Verification(outputs=1)
    found.passed[Action.TEXT_REMOVED, Category.HIPAA] += 3
    found.failures.append(Failure(Action.TEXT_REMOVED, Category.DICOM, 1, "(0010,0010)", "stays"))
    told = json.loads(json.dumps(found.as_json()))["midi_b"]
    assert set(told["actions"]) == {
        "tag_retained", "text_notnull", "text_retained", "text_removed", "date_shifted", "uid_changed",
        "uid_consistent", "patid_consistent", "pixels_hidden", "pixels_retained",
    }  # fmt: skip
    assert told["actions"]["text_removed"] == {"passed": 3, "failed": 1, "percent": 75.0}
    assert told["actions"]["pixels_retained"]["percent"] is None, "never checked is no success"
    assert set(told["categories"]) == {"HIPAA", "DICOM", "best practice"}
    assert told["categories"]["HIPAA"]["percent"] == 100
    assert "75.00" in page(found)
    assert "not checked" in page(found)


def test_one_failure_in_a_million_is_not_all() -> None:
    assert percentage(999_999, 1) == 99.99
    assert percentage(0, 0) is None
