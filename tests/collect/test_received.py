"""What may pass the door: UIDs, sloppy ones too; never a path, a command or a line break."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import generate_uid

from workbench.collect.received import HARMLESS, ReceivedObject, is_uid


@given(st.lists(st.text(), min_size=1).map(lambda sources: generate_uid(entropy_srcs=sources)))
def test_every_valid_uid_is_one(uid: str) -> None:
    assert is_uid(str(uid))
    assert HARMLESS.match(str(uid))


@given(st.text())
def test_what_passes_is_letters_digits_and_dots(text: str) -> None:
    if HARMLESS.match(text):
        assert text.isascii()
        assert text.replace(".", "").isalnum()
        assert 0 < len(text) <= 64
        assert not text.startswith(".")


@pytest.mark.parametrize(
    ("text", "passes"),
    [("1.2.3", True), ("1.2.003", True), ("a1.2", True), ("1.2.3\n", False), ("..", False),
     ("1/2", False), ("", False), ("1" * 64, True), ("1" * 65, False), ("1.2.3 ", False)],
)  # fmt: skip
def test_the_door_at_its_limits(text: str, passes: bool) -> None:
    assert bool(HARMLESS.match(text)) is passes


def test_an_object_shows_its_number_and_nothing_else() -> None:
    shown = repr(ReceivedObject(7, b"CANARY", "1.2.840", "1.2.3", "CANARY", "CANARY"))
    assert shown == "ReceivedObject(number=7)"
