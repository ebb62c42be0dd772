"""What the server writes: no key, nothing that anybody sent, and not without end."""

from __future__ import annotations

import logging
import sys
import warnings

import pytest

from workbench.server import access
from workbench.server.quiet_log import MAX_LINES, QUIET_S, THEIRS, QuietLog, covered, quiet

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


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(words: str, *values: object, file: str = "/lib/httputil.py", line: int = 7,
           level: int = logging.WARNING, error: bool = False) -> logging.LogRecord:  # fmt: skip
    return logging.LogRecord(
        "tornado.general", level, file, line, words, values, sys.exc_info() if error else None
    )


def written(log: QuietLog, entry: logging.LogRecord) -> str:
    """Return the line that a log writes; empty when it writes none."""
    return logging.Formatter().format(entry) if log.filter(entry) else ""


def test_of_an_error_its_kind_and_place_are_written() -> None:
    try:
        raise ValueError("Mueller^Anna")
    except ValueError:
        entry = record("in cell %r", "Mueller^Anna", level=logging.ERROR, error=True)
        entry.stack_info = "Mueller^Anna"
    assert written(QuietLog(), entry) == "error in httputil.py:7 (ValueError)"


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING, logging.CRITICAL])
@pytest.mark.parametrize("sent", [
    "Mueller^Anna", "x\n2026-01-01 all is well", "\x1b[2J", "\u202e", "x" * 10**6, b"\xff",
])  # fmt: skip
def test_nothing_that_was_sent_is_written(level: int, sent: object) -> None:
    told = written(QuietLog(), record("Invalid %s", sent, level=level))
    assert told == f"{logging.getLevelName(level).lower()} in httputil.py:7"
    told = written(QuietLog(), record(f"Invalid {sent!r}", level=level))
    assert told.endswith("in httputil.py:7")


def test_our_own_words_are_written_without_keys_and_nobody_can_pass_for_us() -> None:
    told = written(QuietLog(), record("an error in %s", "x.py:1", file=access.__file__))
    assert told == "an error in x.py:1"
    assert TOKEN not in written(QuietLog(), record("%s", TOKEN, file=access.__file__))
    stranger = record("an error in %s", "Mueller^Anna", file="/lib/else/access.py")
    assert written(QuietLog(), stranger) == "warning in access.py:7"


def test_the_same_line_is_written_once_a_minute_and_the_others_are_counted() -> None:
    clock = Clock()
    log = QuietLog(clock)
    told = [written(log, record(f"Invalid {number}")) for number in range(1000)]
    assert told == ["warning in httputil.py:7"] + [""] * 999
    assert written(log, record("x", line=8)) == "warning in httputil.py:8"
    clock.now += QUIET_S
    assert written(log, record("x")) == "warning in httputil.py:7 (999 more since the last line)"
    assert written(log, record("x")) == ""
    clock.now += QUIET_S
    assert "(1 more" in written(log, record("x"))


def test_a_record_that_passes_two_filters_is_counted_once() -> None:
    log = QuietLog()
    entry = record("x")
    assert [log.filter(entry), log.filter(entry)] == [True, True]
    assert entry.getMessage() == "warning in httputil.py:7"
    again = record("x")
    assert [log.filter(again), log.filter(again)] == [False, False]


def test_lines_are_not_remembered_without_end() -> None:
    log = QuietLog()
    for number in range(2 * MAX_LINES):
        assert written(log, record("x", line=number))
    assert len(log._lines) == MAX_LINES


@pytest.mark.parametrize("name", [*THEIRS, "a.library"])
def test_the_logs_of_libraries_are_quiet(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    log = logging.getLogger(name)
    monkeypatch.setattr(log, "level", logging.WARNING)
    monkeypatch.setattr(log, "disabled", False)
    monkeypatch.setattr(log, "propagate", False)
    log.manager._clear_cache()
    handler = logging.StreamHandler(sys.stderr)
    log.addHandler(handler)
    try:
        quiet(log)
        log.handle(record("403 GET /?token=%s (127.0.0.1)", TOKEN, file=f"/lib/{name}.py"))
        warnings.warn_explicit(f"cannot read {TOKEN}", UserWarning, "x.py", 1)
    finally:
        logging.captureWarnings(False)
        log.removeHandler(handler)
    told = capsys.readouterr().err
    assert f"warning in {name}.py:7\n" in told
    assert TOKEN not in told
    assert "403 GET" not in told
