"""What is one machine and what is not: the serial number decides, and doubts are told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.scanners.device_signs import DeviceSigns, FoldedSigns
from workbench.scanners.machines import doubts, machines


def sign(*texts: str | None) -> FoldedSigns:
    return DeviceSigns(*texts).folded


def number_of(*signs: FoldedSigns) -> int:
    return len(set(machines(signs).values()))


FORCE = sign("SIEMENS", "SOMATOM Force", "CT01", "75512")


def test_a_serial_number_outweighs_a_renamed_station_or_an_update_of_the_model() -> None:
    renamed = sign("Siemens Healthineers", "Somatom force", "CTNOTFALL", "75512")
    updated = sign("SIEMENS", "SOMATOM Force VB10", "CT01", "75512")
    assert number_of(FORCE, renamed) == 1
    assert number_of(FORCE, updated) == 1
    assert number_of(FORCE, renamed, updated) == 1


def test_different_serial_numbers_are_two_machines_whatever_else_agrees() -> None:
    other = sign("SIEMENS", "SOMATOM Force", "CT01", "75513")
    assert number_of(FORCE, other) == 2
    # nor does one that says no serial number bring them together
    assert number_of(FORCE, other, sign("SIEMENS", "SOMATOM Force", "CT01")) == 3


def test_without_a_serial_number_maker_model_and_station_decide() -> None:
    assert number_of(FORCE, sign("Siemens", "SOMATOM FORCE", "ct01", None)) == 1
    assert number_of(FORCE, sign("Siemens", "SOMATOM FORCE", None, None)) == 2
    assert number_of(FORCE, sign("Siemens", "SOMATOM go.Top", "CT01", None)) == 2
    assert number_of(sign("A", "M", "S"), sign("A", "M", "T")) == 2


def test_a_serial_number_counts_for_its_maker_and_model() -> None:
    assert number_of(sign("Philips", "iCT", "A", "1001"), sign("Philips", "MX16", "B", "1001")) == 2
    assert number_of(sign("Philips", "iCT", "A", "1001"), sign("GE", "iCT", "A", "1001")) == 2


def test_toshibas_machine_that_says_canon_since_an_update_is_one() -> None:
    before = sign("TOSHIBA", "Aquilion ONE", "CT9", "2BA1234")
    assert number_of(before, sign("CANON_MEC", "Aquilion ONE", "CT9", "2BA1234")) == 1
    assert number_of(before, sign("CANON_MEC", "Aquilion ONE", "CT9", "9ZZ9999")) == 2
    assert number_of(before, sign("CANON_MEC", "Aquilion ONE", "CT9")) == 2  # not said: no guess


TEXT = st.sampled_from(("", "a", "b"))
SIGNS = st.lists(
    st.builds(FoldedSigns, st.sampled_from(("", "toshiba", "canon", "x")), TEXT, TEXT, TEXT),
    max_size=14,
)


@given(SIGNS)
def test_no_machine_has_two_serial_numbers(signs: list[FoldedSigns]) -> None:
    home = machines(signs)
    assert set(home) == set(signs)
    serials: dict[FoldedSigns, set[str]] = {}
    for each, first in home.items():
        assert home[first] == first
        serials.setdefault(first, set()).update({each.serial} - {""})
    assert all(len(known) <= 1 for known in serials.values())


@given(SIGNS)
def test_the_order_in_which_headers_come_does_not_matter(signs: list[FoldedSigns]) -> None:
    assert machines(signs) == machines(reversed(signs))


def test_what_may_be_one_is_told_with_the_reason() -> None:
    replaced = sign("SIEMENS", "SOMATOM Force", "CT01", "75513")
    bare = sign("SIEMENS", "SOMATOM Force")
    other_model = sign("SIEMENS", "SOMATOM go.Top", "CT02", "75512")
    strange = sign("GE", "Revolution", "CT01", "75512")
    names = {FORCE: "A", replaced: "B", bare: "C", other_model: "D", strange: "E"}
    told = {(doubt.first, doubt.second): doubt.why for doubt in doubts(names)}
    assert told[("A", "B")] == "the same model and station, but different serial numbers"
    assert "neither serial number nor station" in told[("A", "C")]
    assert told[("A", "D")] == "the same serial number"
    assert not [pair for pair in told if "E" in pair]
    assert doubts(dict.fromkeys(names, "A")) == []
