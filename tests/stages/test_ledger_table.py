"""The ledger's table is made of what the hospital's file says now, also when two publish it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench.schema import LEDGER
from workbench.stages import ledger_table
from workbench.stages.ledger_table import publish_ledger, publish_rows
from workbench.survey import create_survey, open_survey


class HospitalLedger:
    """A ledger that grows by a row each time it is asked, and lets others act before."""

    def __init__(self, *acts: Callable[[], object]) -> None:
        self.acts, self.asked = [*acts], 0

    def table(self, _: object) -> pl.DataFrame:
        self.asked += 1
        rows = LEDGER.frame([{"queue_number": number} for number in range(self.asked)])
        if self.acts:
            self.acts.pop(0)()
        return rows


def test_who_was_slower_publishes_what_is_so_now(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w")
    other = open_survey(survey.folder)
    older: Any = HospitalLedger()
    slow: Any = HospitalLedger(lambda: publish_rows(other, older, None))  # type: ignore[arg-type]
    publish_rows(survey, slow, None)  # type: ignore[arg-type]
    assert slow.asked == 2, "the first table was older than the other's"
    assert survey.table("ledger").height == 2
    survey.close()
    other.close()


def test_who_is_always_slower_leaves_the_table_to_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_table, "MAX_ROUNDS", 3)
    survey = create_survey(tmp_path / "w")
    other = open_survey(survey.folder)
    quick: Any = HospitalLedger()
    publish = lambda: publish_rows(other, quick, None)  # type: ignore[arg-type]  # noqa: E731
    slow: Any = HospitalLedger(*[publish] * 3)
    publish_rows(survey, slow, None)  # type: ignore[arg-type]
    assert survey.table("ledger").height == quick.asked == 3
    survey.close()
    other.close()


def test_without_a_hospital_file_there_is_no_ledger_and_none_is_made(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w")
    publish_ledger(survey)
    assert survey.table("ledger").is_empty()
    assert not (survey.folder / "hospital.sqlite").exists()
    survey.close()
