"""Over a whole folder, a patient's clock is wrong nearly everywhere, and never out of order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from workbench.verify.elements import FlatElement
from workbench.verify.folder_times import TOO_FEW, UNKNOWN, FolderTimes, is_in_order, is_too_often
from workbench.verify.pairs import Original, Output

SECOND = 1_000_000
Clock = Callable[[int], int]  # of seconds since midnight


def written(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}{int(seconds % 3600 // 60):02d}{seconds % 60:09.6f}"


def element(value: str, keyword: str = "StudyTime", vr: str = "TM") -> FlatElement:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return FlatElement(tag, vr, (), (value,))


def folder(
    clock: Callable[[int, float], float],
    patients: int = 10,
    times: str = "hour",
    keywords: tuple[str, ...] = ("StudyTime", "SeriesTime", "AcquisitionTime"),
) -> FolderTimes:
    """Return the times of patients with three times each some minutes apart, by a clock."""
    seen = FolderTimes(times)
    for number in range(patients):
        start = 28_800 + number * 1_777
        told = [start + step * 407 for step in range(len(keywords))]
        before = tuple(element(written(at), key) for at, key in zip(told, keywords, strict=True))
        after = tuple(
            element(written(clock(number, at)), key) for at, key in zip(told, keywords, strict=True)
        )
        seen.add(
            Original(f"1.{number}", "", f"P{number}", "", before),
            Output(number, "a", b"", Dataset(), after),
        )
    return seen


def failed(seen: FolderTimes) -> list[str]:
    return [failure.what for failure in seen.failures() if failure]


def wrong(number: int, at: float) -> float:
    """A clock some minutes wrong, faster and slower by turns."""
    return at + 300 + 41 * number + (at % 600) * 0.3


def test_a_clock_of_each_patients_own_passes() -> None:
    seen = folder(wrong)
    assert failed(seen) == []
    assert len(list(seen.failures())) > 10, "it was looked at"
    assert seen.unchecked() == []


def test_a_clock_switched_off_is_seen() -> None:
    assert "times of day are the originals' to the second" in failed(folder(lambda _, at: at))
    assert failed(folder(lambda _, at: at + 0.4)), "a fraction of a second hides nothing"


def test_one_attribute_left_exact_among_others_is_seen() -> None:
    def one(number: int, at: float) -> float:
        return at if at == 28_800 + number * 1_777 else wrong(number, at)

    seen = folder(one, keywords=("StudyTime", *("SeriesTime",) * 5))
    said = [failure.where for failure in seen.failures() if failure]
    assert "the folder, StudyTime" in said


def test_one_patient_left_exact_among_many_is_seen() -> None:
    def one(number: int, at: float) -> float:
        return at if number == 3 else wrong(number, at)

    keywords = ("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime")
    said = failed(folder(one, patients=60, keywords=keywords))
    assert "a patient's times of day are the originals' to the second" in said


def test_a_constant_shift_keeps_the_seconds_between_times_and_is_seen() -> None:
    said = failed(folder(lambda number, at: at + 600 + number))
    assert said == ["the seconds between times are the originals'"]


def test_a_clock_right_by_accident_now_and_then_is_none_that_is_off() -> None:
    assert not is_too_often(2, 10)
    assert not is_too_often(9, 100)
    assert is_too_often(3, 10)
    assert is_too_often(3, 3)


def test_order_and_equality_are_kept() -> None:
    assert is_in_order({1: {5}, 2: {5}, 3: {9}})
    assert not is_in_order({1: {5}, 2: {4}})
    assert not is_in_order({1: {5, 6}}), "one time became two"
    swapped = folder(lambda number, at: 2 * (28_800 + number * 1_777) + 900 - at)
    assert "a patient's times changed order" in failed(swapped)


def test_times_at_midnight_say_nothing() -> None:
    seen = FolderTimes("hour")
    for number in range(9):
        same = (element("000000"), element("235959.5", "SeriesTime"))
        original = Original(f"1.{number}", "", f"P{number}", "", same)
        seen.add(original, Output(number, "a", b"", Dataset(), same))
    assert failed(seen) == []
    assert seen.unchecked() == [TOO_FEW]


@pytest.mark.parametrize("value", ["10", "1011"])
def test_times_without_seconds_say_nothing(value: str) -> None:
    seen = FolderTimes("hour")
    for number in range(9):
        same = (element(value),)
        original = Original(f"1.{number}", "", f"P{number}", "", same)
        seen.add(original, Output(number, "a", b"", Dataset(), same))
    assert failed(seen) == []


@pytest.mark.parametrize("times", ["exact", "removed"])
def test_of_other_promises_each_time_is_judged_alone(times: str) -> None:
    seen = folder(lambda _, at: at, times=times)
    assert list(seen.failures()) == []
    assert seen.unchecked() == []


def test_what_is_not_known_is_said_and_not_passed() -> None:
    seen = folder(lambda _, at: at, times="")
    assert list(seen.failures()) == []
    assert seen.unchecked() == [UNKNOWN]


def test_moments_count_as_times_do_and_lost_ones_shift_nothing() -> None:
    seen = FolderTimes("hour")
    for number in range(4):
        two = (
            element(f"2015060710111{number}", "AcquisitionDateTime", "DT"),
            element("20150607121314", "AcquisitionDateTime", "DT"),
        )
        original = Original(f"1.{number}", "", f"P{number}", "", two)
        seen.add(original, Output(number, "a", b"", Dataset(), two[1:]))
    assert seen.unchecked() == [TOO_FEW], "of two, one was left out: which is not known"
    for number in range(4):
        one = (element(f"2015060710111{number}", "AcquisitionDateTime", "DT"),)
        original = Original(f"2.{number}", "", f"P{number}", "", one)
        seen.add(original, Output(number, "a", b"", Dataset(), one))
    assert failed(seen)
