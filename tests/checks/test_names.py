"""A name stands for one thing, and the check says so where it does not."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from checks.names import EXCEPTIONS, LEAVES, PACKAGES, ROOT, modules, problems, read


def said(**files: str) -> list[str]:
    return list(problems({PurePosixPath(name): text for name, text in files.items()}))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_stands_for_two_things(package: str) -> None:
    assert list(problems(read(ROOT / package))) == []


def test_a_module_name_in_two_rooms_is_found() -> None:
    assert said(**{"dose/files.py": "", "dicom/files.py": ""}) == [
        "the module name files stands for 2 things: dose/files.py, dicom/files.py"
    ]


def test_a_module_named_as_another_room_is_found() -> None:
    assert len(said(**{"store/__init__.py": "", "cli/store.py": ""})) == 1


def test_a_class_name_in_two_modules_is_found() -> None:
    (found,) = said(**{"a/x.py": "class Rule: ...", "b/y.py": "class Rule: ..."})
    assert "class name Rule" in found


def test_the_main_module_of_a_folder_and_parallel_leaves_are_meant() -> None:
    assert said(**{"store/__init__.py": "", "store/store.py": ""}) == []
    parallel = {"mapping/ct/report_events.py": "", "mapping/projection/report_events.py": ""}
    assert said(**parallel) == []


def test_every_exception_has_a_reason_and_is_used() -> None:
    assert all(EXCEPTIONS.values())
    twice = {
        name
        for package in PACKAGES
        for name, places in modules(read(ROOT / package)).items()
        if len(places) > 1
    }
    assert set(EXCEPTIONS) - LEAVES == twice - LEAVES
