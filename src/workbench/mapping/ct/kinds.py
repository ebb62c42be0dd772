"""What kind of object each CT instance is: report, dose information, localizer, image ...

The makers' rules become one polars expression, so a million rows cost a second.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from workbench.mapping.content_tree import DOSE_REPORT_KINDS
from workbench.mapping.rules import KindRule, Rules, Vendor

UNKNOWN_MAKER = "unknown"
SERIES = ("patient", "StudyInstanceUID", "SeriesInstanceUID")
# |z| of the normal of an image's plane: no gantry tilts by 60 degrees (IEC 60601-2-44: 30 at most).
ACROSS = 0.5
FEW = 4  # decision: localizers of one series, from front and side; no reformat has so few images
LOCALIZER_BY_PLANE = "an original image along the table"
REFORMAT_BY_PLANE = "images along the table, as many as of a reformat"
IMAGE_TYPE = pl.col("ImageType").list.join("/", ignore_nulls=True).str.to_uppercase().fill_null("")


def with_kinds(instances: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Return instances with the columns ``maker``, ``kind`` and ``kind_reason``.

    ``kind`` is a word of ``rules.Kind``.  Objects that are no CT image, dose page or dose report
    are ``other``, as are those of another modality in a series of CT (column ``foreign``).
    """
    frame = instances.with_columns(maker=_maker(rules), image_type_text=IMAGE_TYPE)
    frame = frame.with_columns(has_dose_sequence=_has_dose_sequence())
    decided = frame.with_columns(
        kind=_decide(rules, lambda rule: rule.kind, "other"),
        kind_reason=_decide(rules, lambda rule: rule.because, "no rule fits"),
    )
    return _by_plane(decided).drop("image_type_text", "has_dose_sequence")


def _by_plane(frame: pl.DataFrame) -> pl.DataFrame:
    """Correct the kind of images along the table: what is acquired so is a localizer.

    Value 3 of Image Type says so (PS3.3 C.8.2.1.1.1), and is often wrong.
    """
    axes = pl.col("ImageOrientationPatient")
    axis = [axes.list.get(index, null_on_oob=True) for index in range(6)]
    across = (axis[0] * axis[4] - axis[1] * axis[3]).abs() >= ACROSS
    along = (~across & (pl.col("kind") == "image")).fill_null(False)
    few = along.sum().over(*SERIES) <= FEW
    return frame.with_columns(
        kind=pl.when(along & few)
        .then(pl.lit("localizer"))
        .when(along)
        .then(pl.lit("derived"))
        .otherwise("kind"),
        kind_reason=pl.when(along & few)
        .then(pl.lit(LOCALIZER_BY_PLANE))
        .when(along)
        .then(pl.lit(REFORMAT_BY_PLANE))
        .otherwise("kind_reason"),
    )


def _maker(rules: Rules) -> pl.Expr:
    manufacturer = pl.col("Manufacturer").str.to_lowercase().str.strip_chars().fill_null("")
    expression: pl.Expr = pl.lit(UNKNOWN_MAKER)
    for vendor in reversed(rules.vendors):
        matches = manufacturer.str.contains(vendor.manufacturer)
        expression = pl.when(matches).then(pl.lit(vendor.name)).otherwise(expression)
    return expression


def _has_dose_sequence() -> pl.Expr:
    # Headers of original images are masked, so their long texts are not searched.
    secondary = pl.col("image_type_text").str.contains("SECONDARY", literal=True)
    header = pl.when(secondary).then(pl.col("header"))
    return header.str.contains('"0040030E"', literal=True).fill_null(False)


def _decide(rules: Rules, word: Callable[[KindRule], str], default: str) -> pl.Expr:
    expression: pl.Expr = pl.lit(default)
    for vendor in (rules.generic, *reversed(rules.vendors)):
        for rule in reversed(vendor.kinds):
            fits = _fits(rule, vendor)
            expression = pl.when(fits).then(pl.lit(word(rule))).otherwise(expression)
    structured = pl.col("report_kind")
    report = structured.is_in(list(DOSE_REPORT_KINDS)).fill_null(False)
    return (
        pl.when(report)
        .then(pl.lit("report" if default == "other" else "dose report by its root concept"))
        .when(structured.is_not_null() | pl.col("foreign"))
        .then(pl.lit(default))
        .otherwise(expression)
    )


def _fits(rule: KindRule, vendor: Vendor) -> pl.Expr:
    conditions = [pl.lit(True)]
    if vendor.manufacturer:
        conditions.append(pl.col("maker") == vendor.name)
    texts = {
        "image_type_text": rule.image_type,
        "ScanOptions": rule.scan_options,
        "AcquisitionType": rule.acquisition_type,
        "SeriesDescription": rule.series_description,
    }
    conditions += [
        pl.col(column).fill_null("").str.contains(pattern)
        for column, pattern in texts.items()
        if pattern is not None
    ]
    if rule.series_numbers:
        conditions.append(pl.col("SeriesNumber").is_in(list(rule.series_numbers)))
    if rule.sop_classes:
        conditions.append(pl.col("SOPClassUID").is_in(list(rule.sop_classes)))
    if rule.dose_sequence is not None:
        conditions.append(pl.col("has_dose_sequence") == rule.dose_sequence)
    return pl.all_horizontal(conditions).fill_null(False)
