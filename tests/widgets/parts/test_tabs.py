"""What a page of sections says of errors, in the language of its visitor."""

from __future__ import annotations

import pytest

from tests.language.unmarked import unmarked
from workbench.errors import SettingsError
from workbench.language import use_language
from workbench.rights import Right
from workbench_widgets.parts.tabs.tabs import opened, sentence

ERRORS = (
    SettingsError("port {port} cannot be used.", "Choose another.", port=104),
    OSError(28, "No space left on device"),
    KeyError("NAME^PATIENT"),
)


def test_errors_begin_with_a_capital_and_tell_no_name() -> None:
    assert [sentence(error) for error in ERRORS] == [
        "Port 104 cannot be used. Choose another.",
        "A file could not be read or written: No space left on device.",
        "That did not work (KeyError). Run workbench check -w W.",
    ]


@pytest.mark.parametrize("error", ERRORS)
def test_errors_are_said_in_the_language(error: Exception) -> None:
    with use_language("xx"):
        assert unmarked(f"<p>{sentence(error)}</p>") == []


def test_a_page_without_a_workspace_says_so_in_the_language() -> None:
    with use_language("xx"):
        shown = opened("", lambda _: None, (), Right.LOOK).value
    assert shown.startswith("⟦")
    assert unmarked(shown) == []
