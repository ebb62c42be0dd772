"""Lines of a verification: only an error refuses, and a good line has nothing to say."""

from __future__ import annotations

import json

import pytest

from workbench.qa.verification_lines import ERROR, WARNING, VerificationLine, checked


@pytest.mark.parametrize(("severity", "refuses"), [("ok", False), (WARNING, False), (ERROR, True)])
def test_only_an_error_refuses(severity: str, refuses: bool) -> None:
    assert VerificationLine("KVP", "120", "80", severity).refuses is refuses


def test_what_differs_is_said_only_where_something_does() -> None:
    good, bad = (checked("KVP", "120", "80", one, "Another voltage.") for one in (True, False))
    assert (good.severity, good.words, good.refuses) == ("ok", "", False)
    assert (bad.severity, bad.words, bad.refuses) == (ERROR, "Another voltage.", True)


def test_a_line_is_kept_as_it_was_said() -> None:
    line = checked("KVP", "120", "80", False, "Another voltage.")
    assert VerificationLine(**json.loads(json.dumps(line.row()))) == line
