"""The age at the study: from days, else from PatientAge, unless the two contradict each other."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from workbench.mapping.plausible import bounds
from workbench.model import Finding

DAYS_A_YEAR = 365.25  # Julian year, as in UCUM's unit "a"
# PatientAge is rounded, a study may pass a birthday, and its date may be a year off.
AGES_DIFFER = 2 * 366 / DAYS_A_YEAR  # years
FLAG = "age_contradictory"


def with_age(
    instances: pl.DataFrame, contradictory: Collection[int] = ()
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return instances with ``patient_age_years`` and ``age_contradictory``, and findings.

    Where two ages of one study differ by more than two years, none is believed; ``contradictory``
    names objects whose birth date and PatientAge were found to differ before the birth date left.
    """
    days, told = _from_days(), _from_text()
    both = instances.with_columns(days=days, told=told)
    study = ("patient", "StudyInstanceUID")
    lowest = pl.min_horizontal("days", "told").min().over(study)
    highest = pl.max_horizontal("days", "told").max().over(study)
    named = pl.col("object_number").is_in(list(contradictory)).fill_null(False).any().over(study)
    differ = named | (highest - lowest > AGES_DIFFER).fill_null(False)
    marked = both.with_columns(age_contradictory=differ).with_columns(
        patient_age_years=pl.when(~pl.col(FLAG)).then(pl.coalesce("days", "told"))
    )
    studies = marked.filter(FLAG)["StudyInstanceUID"].unique().to_list()
    findings = [
        Finding("mapping", FLAG, "the ages of a study contradict each other; none is used",
                column="patient_age_years", study=uid)
        for uid in studies
    ]  # fmt: skip
    return marked.drop("days", "told"), findings


def _from_days() -> pl.Expr:
    return _plausible(pl.col("patient_age_days") / DAYS_A_YEAR)


def _from_text() -> pl.Expr:
    """Return the age of an AS text such as 067Y.

    AS is three digits and D, W, M or Y (PS3.5 6.2); fewer digits are accepted.
    """
    text = pl.col("PatientAge").str.strip_chars()
    number = text.str.extract(r"^([0-9]{1,3})[DWMY]$").cast(pl.Float64)
    years = text.str.extract(r"([DWMY])$").replace_strict(
        ["D", "W", "M", "Y"],
        [1 / DAYS_A_YEAR, 7 / DAYS_A_YEAR, 1 / 12, 1.0],
        default=None,
        return_dtype=pl.Float64,
    )
    return _plausible(number * years)


def _plausible(years: pl.Expr) -> pl.Expr:
    return pl.when(years.is_between(*bounds()["age"])).then(years)
