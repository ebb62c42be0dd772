"""What PS3.15 asks of an attribute, read from the verifier's table: cleaned before kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.datadict import tag_for_keyword

from workbench.errors import IdentityError
from workbench.verify.demands import (
    DOSE,
    DOSE_PLACES,
    EDITION,
    KEEP_UIDS,
    NO_PROMISE,
    OPTIONS,
    Promise,
    demand,
    promise_of,
    safe_private,
    table,
)

PATIENT_CHARACTERISTICS, DESCRIPTIONS = "113108", "113105"  # PS3.16 CID 7050


def tag(keyword: str) -> int:
    found = tag_for_keyword(keyword)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("keyword", "options", "action"),
    [
        # PS3.15 table E.1-1, basic profile and retention options
        ("PatientName", set(), "Z"), ("PatientID", set(), "Z/D"), ("PatientBirthDate", set(), "Z"),
        ("PatientAddress", set(), "X"), ("SOPInstanceUID", set(), "U"),
        ("PatientAge", set(), "X"), ("PatientAge", {PATIENT_CHARACTERISTICS}, "K"),
        ("SOPInstanceUID", {KEEP_UIDS}, "K"), ("StudyDescription", {DESCRIPTIONS}, "C"),
        ("KVP", set(), ""), ("CTDIvol", set(), ""),
    ],
)  # fmt: skip
def test_an_attribute_is_treated_as_the_standard_says(
    keyword: str, options: set[str], action: str
) -> None:
    assert options <= OPTIONS
    assert demand(tag(keyword), frozenset(options)) == action


def test_no_option_makes_a_name_stay() -> None:
    for keyword in ("PatientName", "PatientID", "PatientAddress", "OtherPatientNames"):
        assert demand(tag(keyword), OPTIONS) not in ("K", "C")


def test_the_table_is_whole_and_says_which_edition_it_is() -> None:
    assert len(table()) > 350
    assert EDITION[:4].isdigit()
    assert all(row.basic for row in table().values())


def test_attributes_of_dose_are_those_of_the_standard() -> None:
    for keyword in (*DOSE, *DOSE_PLACES):
        assert tag_for_keyword(keyword), keyword


def test_private_attributes_that_stay_are_listed_by_creator_group_and_byte() -> None:
    found = safe_private()
    assert found
    assert all(group % 2 == 1 and 0 <= low <= 0xFF and creator for creator, group, low in found)


# --- what a survey promises -----------------------------------------------------------------------


def profile(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_a_word_nothing_is_promised() -> None:
    assert NO_PROMISE.times == ""
    assert promise_of(None) == Promise("exact"), "the built-in profile lets times leave"


@pytest.mark.parametrize(
    ("in_profile", "in_settings", "promised"),
    [
        ("exact", "", "exact"), ("exact", "hour", "hour"), ("hour", "exact", "hour"), ("hour", "", "hour"),
        ("removed", "hour", "removed"), ("hour", "removed", "removed"),
    ],
)  # fmt: skip
def test_of_two_promises_the_one_counts_that_tells_less(
    in_profile: str, in_settings: str, promised: str, tmp_path: Path
) -> None:
    path = profile(tmp_path, f'times = "{in_profile}"')
    assert promise_of(path, in_settings).times == promised


def test_the_profile_says_what_days_and_ages_are_told(tmp_path: Path) -> None:
    path = profile(tmp_path, 'options = ["rtn_long_full"]\noldest_age_years = 79')
    assert promise_of(path) == Promise("exact", full_dates=True, oldest_age_years=79)
    assert promise_of(None, "", "kept").full_dates
    older = profile(tmp_path, "oldest_age_years = 120")
    assert promise_of(older).oldest_age_years == 89, "whatever a profile says"


@pytest.mark.parametrize("content", [b"times = ", b"\xff\xfe", None])
def test_a_profile_that_cannot_be_read_is_said(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    if content is not None:
        path.write_bytes(content)
    for read in (promise_of, safe_private):
        with pytest.raises(IdentityError, match="profile cannot be read"):
            read(path)
