"""Errors: one tree, a remedy at the end, the same after a journey to another process."""

from __future__ import annotations

import pickle

import pytest

from workbench import errors
from workbench.errors import DamagedObject, NotDicom, NotWanted, ReadError, WorkbenchError

TREE = [
    one for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, WorkbenchError)
]  # fmt: skip


def made(kind: type[WorkbenchError], message: str, remedy: str = "") -> WorkbenchError:
    words = ("code", message, remedy) if issubclass(kind, ReadError) else (message, remedy)
    return kind(*words)


@pytest.mark.parametrize("kind", TREE)
def test_every_error_travels_and_is_in_the_picture(kind: type[WorkbenchError]) -> None:
    error = made(kind, "it is wrong.", "Mend it.")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert vars(back) == vars(error)
    assert str(back) == "it is wrong. Mend it."
    assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("message", "remedy", "said"),
    [("full", "Wait", "full. Wait"), ("full.", "Wait", "full. Wait"), ("full", "", "full"),
     ("why?", "Ask", "why? Ask"), ("these:", "a, b", "these: a, b")],
)  # fmt: skip
def test_message_and_remedy_are_two_sentences(message: str, remedy: str, said: str) -> None:
    error = WorkbenchError(message, remedy)
    assert (str(error), error.message, error.remedy) == (said, message, remedy)


def test_what_becomes_of_a_file_is_said_by_its_error() -> None:
    assert (NotDicom.verdict, NotWanted.verdict) == ("rejected", "rejected")
    assert DamagedObject.verdict == "quarantined"
    assert DamagedObject("truncated", "it ends early").code == "truncated"
