"""The age at the study: from days before text; two that contradict are none."""

from __future__ import annotations

import polars as pl
import pytest

from workbench.mapping.age import with_age
from workbench.schema import INSTANCE


def rows(*given: tuple[str, str, float | None, str | None]) -> pl.DataFrame:
    """Return instances of (patient, study, days, PatientAge)."""
    return INSTANCE.frame([
        {"object_number": number, "patient": patient, "StudyInstanceUID": study,
         "patient_age_days": days, "PatientAge": text}
        for number, (patient, study, days, text) in enumerate(given)
    ])  # fmt: skip


def ages(frame: pl.DataFrame, named: tuple[int, ...] = ()) -> list[float | None]:
    return with_age(frame, named)[0]["patient_age_years"].to_list()


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("067Y", 67), ("011M", 11 / 12), ("003W", 21 / 365.25), ("005D", 5 / 365.25),
        ("67Y", 67), (" 067Y ", 67), ("000Y", 0), ("130Y", 130),
        ("131Y", None), ("67", None), ("Y", None), ("0067Y", None), ("067y", 67), ("", None),
        ("-01Y", None), (None, None),
    ],
)  # fmt: skip
def test_an_age_string_is_read_as_the_standard_says(text: str | None, years: float | None) -> None:
    (found,) = ages(rows(("P", "1", None, text)))
    assert found == (pytest.approx(years) if years is not None else None)


def test_days_go_before_the_text_which_is_rounded() -> None:
    (found,) = ages(rows(("P", "1", 24_600, "067Y")))
    assert found == pytest.approx(24_600 / 365.25)


@pytest.mark.parametrize("days", [-1, 131 * 366])
def test_days_that_no_person_has_lived_are_left_out(days: int) -> None:
    assert ages(rows(("P", "1", days, "067Y"))) == [67]


def test_ages_of_one_study_that_differ_by_more_than_two_years_are_all_left_out() -> None:
    frame, findings = with_age(rows(
        ("P", "1", None, "040Y"), ("P", "1", 43 * 365.25, None), ("P", "2", None, "040Y"),
        ("Q", "1", None, "040Y"),
    ))  # fmt: skip
    assert frame["patient_age_years"].to_list() == [None, None, 40, 40]
    assert frame["age_contradictory"].to_list() == [True, True, False, False]
    (finding,) = findings
    assert (finding.study, finding.column) == ("1", "patient_age_years")
    assert "40" not in finding.detail


def test_a_birthday_between_two_images_is_no_contradiction() -> None:
    assert ages(rows(("P", "1", None, "040Y"), ("P", "1", None, "041Y"))) == [40, 41]
    both = rows(("P", "1", 0, None), ("P", "1", 2 * 365, None))
    assert None not in ages(both)


def test_an_object_named_at_the_border_takes_its_whole_study_along() -> None:
    frame = rows(("P", "1", None, "040Y"), ("P", "1", None, "040Y"), ("P", "2", None, "040Y"))
    assert ages(frame, (1,)) == [None, None, 40]


def test_an_object_without_an_age_contradicts_nobody() -> None:
    assert ages(rows(("P", "1", None, None), ("P", "1", None, "040Y"))) == [None, 40]


def test_a_study_that_tells_no_age_contradicts_nothing() -> None:
    frame, findings = with_age(rows(("P", "1", None, None), ("P", "1", None, "old")))
    assert frame["age_contradictory"].to_list() == [False, False]
    assert findings == []


@pytest.mark.parametrize(("days", "text", "years"), [
    (6574, "018Y", 18),  # born 2005-06-15, study on the 18th birthday: 17.9986 mean years
    (6573, "017Y", 6573 / 365.25),  # the day before
    (6574, "017Y", 6574 / 365.25),  # told wrongly: nothing is made up
    (6574, None, 6574 / 365.25),
])  # fmt: skip
def test_of_objects_stored_with_days_only_a_birthday_is_that_of_the_calendar(
    days: int, text: str | None, years: float
) -> None:
    assert ages(rows(("P", "1", days, text))) == [pytest.approx(years)]
