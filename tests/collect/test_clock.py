"""Time for a collector: a moment people read in UTC, and a clock that nobody can set."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench.collect import clock


def test_a_moment_is_now_in_utc_to_the_second() -> None:
    before = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    found = datetime.fromisoformat(clock.moment())
    assert before <= found <= datetime.now(UTC).replace(tzinfo=None)
    assert found.tzinfo is None
    assert found.microsecond == 0


def test_the_steady_clock_never_goes_back_and_no_setting_moves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = clock.steady()
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert clock.steady() >= before
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert clock.steady() == pytest.approx(uptime, abs=5)
