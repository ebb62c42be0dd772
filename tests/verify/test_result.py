"""Results of a verification: counted by whose rule it is; good only with something to verify."""

from __future__ import annotations

import json

from workbench.verify.result import MEANINGS, Action, Category, Failure, Verification


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
