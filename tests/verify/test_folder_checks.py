"""Names of outputs that tell the order or the day of arrival."""

from __future__ import annotations

import random

from workbench.verify.folder_checks import FolderOrder, is_same_order, natural
from workbench.verify.pairs import Original, Output
from workbench.verify.scheme import Scheme

SCHEME = Scheme(bytes(32), "lung", "HD")


def failed(names: list[str]) -> list[str]:
    """Return what is said of outputs of these names, of originals in their order."""
    order = FolderOrder()
    for number, name in enumerate(names):
        original = Original(f"1.2.{number}", "", f"P{number}", "", (), f"in/{number}")
        order.add(original, _output(number, name))
    return [failure.what for failure in order.failures() if failure]


def _output(number: int, name: str) -> Output:
    from pydicom.dataset import Dataset

    return Output(number, name, b"", Dataset(), ())


def test_running_numbers_tell() -> None:
    said = failed([f"{number}.dcm" for number in range(12)])
    assert len(said) == 2
    assert all("order" in what for what in said)


def test_so_do_they_backwards() -> None:
    assert failed([f"{99 - number}.dcm" for number in range(12)])


def test_names_of_the_key_do_not() -> None:
    for patients in (8, 60, 500):
        assert failed([f"{SCHEME.uid(f'1.2.{number}')}.dcm" for number in range(patients)]) == []


def test_too_few_patients_say_nothing() -> None:
    assert failed([f"{number}.dcm" for number in range(7)]) == []


def test_many_patients_nearly_in_order_tell() -> None:
    people = [("", f"{number}") for number in range(60)]
    nearly = people.copy()
    for at in range(0, 58, 3):
        nearly[at], nearly[at + 2] = nearly[at + 2], nearly[at]
    assert is_same_order(nearly, people)
    random.Random(4).shuffle(nearly)
    assert not is_same_order(nearly, people)


def test_a_day_in_a_name_is_of_arrival() -> None:
    for name in ("20261130_031500.dcm", "x-2026-11-30.dcm", "20261130.dcm"):
        assert failed([name, "b"]) == ["a name holds a day, as of arrival"]
    assert failed(["2.25.120261130199123.dcm"]) == []


def test_nine_comes_before_ten() -> None:
    assert natural("a9") < natural("a10")
