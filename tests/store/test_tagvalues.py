"""Values at the end of a path: of their kind or null and counted, never rounded or guessed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from workbench.store.tagpath import TagPath
from workbench.store.tagvalues import found, own

SIEMENS = "SIEMENS CT VA0  COAD"


def element(*values: object, vr: str = "DS") -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)}


def value(kind: str, *values: object, vr: str = "DS") -> tuple[object, int]:
    read = found(element(*values, vr=vr), (), kind)
    return read.value, read.bad


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("real", 1.5, (1.5, 0)), ("real", "1.50", (1.5, 0)), ("real", "one", (None, 1)),
        ("real", float("inf"), (None, 1)), ("real", True, (None, 1)), ("real", "", (None, 0)),
        ("real", None, (None, 0)), ("real", 2**53 + 1, (None, 1)), ("real", 2**53, (2.0**53, 0)),
        ("integer", 3, (3, 0)), ("integer", "3", (3, 0)), ("integer", 3.0, (3, 0)),
        ("integer", 3.5, (None, 1)), ("integer", "3.5", (None, 1)),
        ("integer", 2**53 + 1, (2**53 + 1, 0)), ("integer", 10**30, (None, 1)),
        ("text", 1.5, ("1.5", 0)), ("text", "a", ("a", 0)),
        ("date", "20240105", (date(2024, 1, 5), 0)), ("date", "2024", (None, 1)),
    ],
)  # fmt: skip
def test_a_value_is_of_its_kind_or_null_and_counted(
    kind: str, given: object, expected: tuple[object, int]
) -> None:
    assert value(kind, given) == expected


def test_several_numbers_are_no_number_and_several_texts_one_text() -> None:
    assert value("real", 1, 2) == (None, 2)
    assert value("text", "a", "b", vr="LO") == ("a\\b", 0)


def test_a_list_keeps_its_places() -> None:
    assert value("reals", 1, None, "x", "2") == ([1.0, None, None, 2.0], 1)


def test_a_name_is_its_groups_with_equals_between() -> None:
    person = {"Alphabetic": "Yamada^Tarou", "Phonetic": "やまだ^たろう"}
    assert value("text", person, vr="PN") == ("Yamada^Tarou==やまだ^たろう", 0)  # PS3.5 6.2.1.2


def private(path: str, **blocks: dict[str, Any]) -> dict[str, Any] | None:
    (step,) = TagPath.parse(path).steps
    return own({name.removeprefix("t"): one for name, one in blocks.items()}, step)


def test_a_private_element_is_that_of_the_first_block_of_its_creator_that_has_it() -> None:
    path = f"0019,1092[{SIEMENS}]"
    creator, other = element(SIEMENS + "  ", vr="LO"), element("OTHER", vr="LO")
    one, two = element(1), element(2)
    assert private(path, t00190010=creator, t00191092=one) == one
    assert private(path, t00190011=creator, t00191192=two) == two
    assert private(path, t00190010=other, t00191092=one) is None
    assert private(path, t00190010=creator, t00190011=creator, t00191092=one, t00191192=two) == one
    assert private(path, t00190010=creator, t00190011=creator, t00191192=two) == two
    assert private(path, t00191092=one) is None, "nobody reserved it (PS3.5 section 7.8.1)"
    assert private(path, t0019000F=creator, t00190F92=one) is None, "blocks begin at 10"
    assert private(path, t00190010=element(SIEMENS, "x", vr="LO"), t00191092=one) is None
