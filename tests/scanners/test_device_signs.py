"""Spellings: what means the same folds to the same, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.scanners.device_signs import (
    DeviceSigns,
    folded_maker,
    maker_name,
    maker_spellings,
    same_maker,
)


@pytest.mark.parametrize(
    ("maker", "spellings"),
    [
        ("Siemens", ("SIEMENS", "Siemens", "siemens ", "SIEMENS Healthineers", "Siemens Healthcare",
                     "Siemens Healthcare GmbH", "Siemens  Healthineers AG", "SIEMENS\0")),
        ("GE", ("GE MEDICAL SYSTEMS", "GE Healthcare", "GE HEALTHCARE", "GE Medical Systems LLC")),
        ("Philips", ("Philips", "Philips Medical Systems", "PHILIPS HEALTHCARE")),
        ("Toshiba", ("TOSHIBA", "TOSHIBA_MEC", "Toshiba Medical Systems Corporation")),
        ("Canon", ("CANON_MEC", "Canon Medical Systems Corporation", "Canon")),
    ],
)  # fmt: skip
def test_spellings_of_a_maker_are_one(maker: str, spellings: tuple[str, ...]) -> None:
    assert {folded_maker(text) for text in spellings} == {maker.casefold()}
    assert {maker_name(text) for text in spellings} == {maker}


def test_makers_are_not_guessed() -> None:
    unlike = ["Siemens", "Siemensstadt Clinic", "GE", "Genoray", "TOSHIBA", "Canon", "Philips",
              "Philips Lighting", "ACME", "ACME Medical", "", None]  # fmt: skip
    folded = [folded_maker(text) for text in unlike]
    assert len(set(folded)) == len(unlike) - 1  # the two without a maker
    assert maker_name(" Acme  Imaging ") == "Acme Imaging"


def test_a_legal_form_alone_is_a_name() -> None:
    assert folded_maker("AG") == "ag"
    assert folded_maker("ACME Inc.") == folded_maker("acme")


def test_the_list_of_spellings_is_folded_and_names_makers() -> None:
    assert all(folded_maker(spelling) == maker.casefold()
               for spelling, maker in maker_spellings().items())  # fmt: skip


def test_case_and_blanks_of_the_other_signs_do_not_count() -> None:
    first = DeviceSigns("SIEMENS", "SOMATOM Force", "CT01", "75512")
    second = DeviceSigns("Siemens Healthineers", "Somatom  force ", "ct 01", " 75512")
    assert first.folded == second.folded
    assert DeviceSigns("SIEMENS", "SOMATOM Force", "CT02", "75512").folded != first.folded
    assert DeviceSigns("SIEMENS", "SOMATOM Force", "CT01", "75513").folded != first.folded


@pytest.mark.parametrize(
    "text", [None, "", " ", "0000", "XXXX", "----", "Unknown", "REMOVED", "Anonymized", "N/A"]
)
def test_a_placeholder_is_no_sign(text: str | None) -> None:
    signs = DeviceSigns("ACME", "Ring", text, text)
    assert signs.folded[2:] == ("", "")
    assert str(signs) == "ACME Ring"


def test_a_short_serial_number_is_one() -> None:
    assert DeviceSigns(serial="7").folded.serial == "7"
    assert DeviceSigns(serial="1001").folded.serial == "1001"


@pytest.mark.parametrize(
    ("signs", "shown"),
    [
        (DeviceSigns(), "scanner not stated"),
        (DeviceSigns("SIEMENS", "SOMATOM Force", "CT01", "1"), "Siemens SOMATOM Force, CT01"),
        (DeviceSigns(None, None, "CT01"), "CT01"),
        (DeviceSigns("ACME"), "ACME"),
    ],
)
def test_a_machine_is_shown_by_what_it_says(signs: DeviceSigns, shown: str) -> None:
    assert str(signs) == shown


def test_canon_is_toshibas_successor_only_where_the_model_says_so() -> None:
    toshiba = DeviceSigns("TOSHIBA", "Aquilion ONE", None, "1").folded
    assert same_maker(toshiba, DeviceSigns("CANON_MEC", "AQUILION one").folded)
    assert not same_maker(toshiba, DeviceSigns("CANON_MEC", "Aquilion Prime SP").folded)
    nothing = DeviceSigns("TOSHIBA").folded
    assert not same_maker(nothing, DeviceSigns("Canon").folded)
    assert not same_maker(toshiba, DeviceSigns("GE", "Aquilion ONE").folded)


@given(st.text(max_size=12), st.text(max_size=12))
def test_blanks_around_and_between_never_make_another_machine(maker: str, other: str) -> None:
    folded = DeviceSigns(maker, other, other, other).folded
    assert folded == DeviceSigns(f" {maker} ", f"{other} ", f"\t{other}", f"{other}\0").folded
    assert folded.model == folded.model.casefold() or not other.isascii()
