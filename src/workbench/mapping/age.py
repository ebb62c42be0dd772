"""The age at the study: by birthdays, else from PatientAge; none where the two contradict."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from workbench.dicom.values import AGES_DIFFER, DAYS_A_YEAR, parse_age
from workbench.mapping.plausible import bounds
from workbench.model import Finding

FLAG = "age_contradictory"


def with_age(
    instances: pl.DataFrame, contradictory: Collection[int] = ()
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return instances with ``patient_age_years`` and ``age_contradictory``, and findings.

    Where two ages of one study differ by more than two years, none is believed; ``contradictory``
    names objects whose birth date and PatientAge were found to differ before the birth date left.
    """
    both = instances.with_columns(told=_told(instances["PatientAge"]))
    both = both.with_columns(counted=_counted())
    study = ("patient", "StudyInstanceUID")
    lowest = pl.min_horizontal("counted", "told").min().over(study)
    highest = pl.max_horizontal("counted", "told").max().over(study)
    named = pl.col("object_number").is_in(list(contradictory)).fill_null(False).any().over(study)
    differ = named | (highest - lowest > AGES_DIFFER).fill_null(False)
    marked = both.with_columns(age_contradictory=differ).with_columns(
        patient_age_years=pl.when(~pl.col(FLAG)).then(pl.coalesce("counted", "told"))
    )
    studies = marked.filter(FLAG)["StudyInstanceUID"].unique().to_list()
    findings = [
        Finding("mapping", FLAG, "the ages of a study contradict each other; none is used",
                column="patient_age_years", study=uid)
        for uid in studies
    ]  # fmt: skip
    return marked.drop("counted", "told"), findings


def _counted() -> pl.Expr:
    """Return the age that left with the object; objects stored by older versions tell days only.

    Of those a birthday falls up to a day off the mean year: where PatientAge tells completed years
    that would be reached within a day, it is right.
    """
    mean = pl.col("patient_age_days") / DAYS_A_YEAR
    to_birthday = pl.col("told") - mean  # years
    reached = to_birthday.is_between(0, 1 / DAYS_A_YEAR) & (pl.col("told") >= 1)
    of_days = pl.when(reached.fill_null(False)).then("told").otherwise(mean)
    return _plausible(pl.coalesce("patient_age_years", of_days))


def _told(texts: pl.Series) -> pl.Expr:
    """Return the age in years of AS texts such as 067Y."""
    ages = {text: parse_age(text) for text in texts.drop_nulls().unique()}
    years = {text: age.years for text, age in ages.items() if age is not None}
    return _plausible(
        pl.col("PatientAge").replace_strict(years, default=None, return_dtype=pl.Float64)
    )


def _plausible(years: pl.Expr) -> pl.Expr:
    return pl.when(years.is_between(*bounds()["age"])).then(years)
