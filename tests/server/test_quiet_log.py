"""What the server writes holds no key, and of an error no words."""

from __future__ import annotations

import logging
import sys

import pytest

from workbench.server.quiet_log import covered, quiet, without_details

KERNEL = "0f8fad5b-d9cb-469f-a165-70867728950e"
TOKEN = "wS8WeJNPNqi35tgAegXsQMs8f74zSHqR"


@pytest.mark.parametrize("text", [
    f"GET /?token={TOKEN} refused", f"kernel {KERNEL} died", f"Replacing {KERNEL}:{TOKEN}",
    f"Cookie workbench-8866={TOKEN}", f"/tmp/kernel-{KERNEL}.json", f"token=abc&x={KERNEL.upper()}",
])  # fmt: skip
def test_keys_are_covered(text: str) -> None:
    shown = covered(text)
    for secret in (TOKEN, KERNEL, KERNEL.upper(), "abc"):
        assert secret not in shown
    assert covered("The port 8866 is taken.") == "The port 8866 is taken."


def test_a_logged_error_quotes_nothing() -> None:
    try:
        raise ValueError("Mueller^Anna")
    except ValueError:
        record = logging.LogRecord(
            "x", logging.ERROR, "notebook_renderer.py", 1, "in cell %r", ("Mueller^Anna",),
            sys.exc_info(),
        )  # fmt: skip
    assert without_details(record)
    text = logging.Formatter().format(record)
    assert "Mueller" not in text
    assert "ValueError" in text


def test_a_warning_with_a_trace_quotes_nothing() -> None:
    try:
        raise KeyError("Mueller^Anna")
    except KeyError:
        record = logging.LogRecord("x", logging.WARNING, "y.py", 1, "z", (), sys.exc_info())
    assert without_details(record)
    assert "Mueller" not in logging.Formatter().format(record)


def test_the_logs_of_the_libraries_are_covered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logging.getLogger("tornado.general")
    monkeypatch.setattr(log, "level", logging.WARNING)
    monkeypatch.setattr(log, "disabled", False)
    log.manager._clear_cache()
    handler = logging.StreamHandler(sys.stderr)
    log.addHandler(handler)
    try:
        quiet()
        log.warning("403 GET /?token=%s (127.0.0.1)", TOKEN)
    finally:
        log.removeHandler(handler)
    told = capsys.readouterr().err
    assert "403 GET" in told
    assert TOKEN not in told
