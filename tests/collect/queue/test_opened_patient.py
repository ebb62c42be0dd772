"""A patient opened: expected is here, refused and missing together, for series and study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.collect.expected import OfferedSeries, OfferedStudy, expected_of
from workbench.collect.find import FoundStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.ledger import Ledger
from workbench.collect.queue.opened_patient import ObjectCounts, opened_patient
from workbench.collect.queue.patient_queue import Queue
from workbench.settings import Settings, SurveySettings
from workbench.survey import create_survey


class Judge:
    """Knows what a test says is here; a pseudonym is the UID with a letter before."""

    def __init__(self, fates: dict[str, str], partial: Iterable[str] = (), stored: int = 0) -> None:
        self._fates, self._partial, self._stored = fates, set(partial), stored
        self.pseudonyms: Any = SimpleNamespace(uid=lambda uid: f"p{uid}")

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        return {uid: self._fates[uid] for uid in uids if uid in self._fates}

    def partial(self, uids: Iterable[str]) -> int:
        return len(self._partial & set(uids))

    def patients_of(self, study_uids: Iterable[str]) -> dict[str, str]:
        return {}

    def stored_in(self, uid: str) -> int:
        return self._stored


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[HospitalFile]:
    create_survey(tmp_path / "w", Settings(SurveySettings("test", "LU01"))).close()
    opened = HospitalFile(tmp_path / "w")
    Queue(opened).add([ListedPatient("0815")])
    yield opened
    opened.close()


def told(hospital: HospitalFile, *studies: OfferedStudy) -> None:
    Ledger(hospital).found(1, expected_of(studies, Counter()), 0.1)


def study(*series: OfferedSeries, uid: str = "1.2", count: int | None = None,
          unwanted: str = "", listed: bool = True) -> OfferedStudy:  # fmt: skip
    answer = FoundStudy(
        uid,
        "0815",
        modalities=frozenset({"CT", "SR"}),
        study_date=date(2024, 1, 1),
        instances=count,
    )
    return OfferedStudy(answer, series, listed, unwanted=unwanted)


def series(uid: str, *uids: str, count: int | None = None, unwanted: str = "") -> OfferedSeries:
    return OfferedSeries(uid, "CT", count, frozenset(uids), bool(uids), unwanted=unwanted)


def test_stored_refused_partial_and_missing_add_up(hospital: HospitalFile) -> None:
    told(hospital, study(series("1.2.1", "a", "b", "c", "d"), series("1.2.2", "e", count=1)))
    judge = Judge({"a": "stored", "b": "stored", "c": "torn", "e": "stored"}, {"b"})
    (found,) = opened_patient(hospital, 1, judge)
    first, second = found.series
    assert first.objects == ObjectCounts(4, 2, 1, 1, 1, (("torn", 1),))
    assert second.objects == ObjectCounts(1, 1, 0, 0)
    assert found.objects == ObjectCounts(5, 3, 1, 1, 1, (("torn", 1),))
    assert found.pseudonym == "p1.2"
    assert first.pseudonym == "p1.2.1"


def test_what_the_filter_leaves_out_is_neither_expected_nor_missing(
    hospital: HospitalFile,
) -> None:
    told(hospital, study(series("1.2.1", "a"), series("1.2.2", count=70, unwanted="modality")),
         study(uid="1.3", count=9, unwanted="study_date"))  # fmt: skip
    first, second = opened_patient(hospital, 1, Judge({}))
    assert first.objects == ObjectCounts(1, 0, 0, 1)
    assert first.series[1].unwanted == "modality"
    assert first.series[1].told == 70
    assert first.series[1].objects == ObjectCounts(0, 0, 0, 0)
    assert second.unwanted == "study_date"
    assert second.objects == ObjectCounts(0, 0, 0, 0)


@pytest.mark.parametrize(("count", "here", "missing"), [(7, 3, None), (7, 7, 0), (None, 3, None)])
def test_where_objects_are_only_counted_nobody_says_which_are_missing(
    hospital: HospitalFile, count: int | None, here: int, missing: int | None
) -> None:
    told(hospital, study(series("1.2.1", count=count), series("1.2.2", "a"), listed=False))
    (found,) = opened_patient(hospital, 1, Judge({"a": "stored"}, stored=here))
    assert found.series[0].objects == ObjectCounts(count, here, 0, missing)
    assert found.objects.missing == missing
    assert found.objects.here == here + 1


def test_nobody_was_asked_yet(hospital: HospitalFile) -> None:
    assert opened_patient(hospital, 1, Judge({})) == ()
