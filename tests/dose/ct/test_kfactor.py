"""Effective dose by k x DLP: published answers, the phantom rule, and no silent absence."""

from __future__ import annotations

import csv
import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from workbench.dicom.values import years_between
from workbench.dose import BUILTIN, estimate
from workbench.dose.coefficients import k_factors, phantom_conversion, read_rows
from workbench.dose.ct.kfactor import SETS, coefficient, effective_dose
from workbench.dose.method import NO_METHOD, k_factor
from workbench.errors import DoseError
from workbench.schema import DOSE_ESTIMATE, IRRADIATION_EVENT

REFUSING = (k_factor(convert_phantom=False),)
ADULT_CHEST: dict[str, object] = {
    "patient": "P1", "StudyInstanceUID": "1.2", "irradiation_event_uid": "1.2.1",
    "source": "rdsr", "preferred": True, "modality": "CT", "localizer": False,
    "body_region": "chest", "patient_age_years": 45.0, "kvp_kv": 120.0, "dlp_mgy_cm": 100.0,
    "ctdi_vol_mgy": 3.0, "ctdi_phantom_cm": 32,
}  # fmt: skip


def events(*changes: dict[str, object]) -> pl.DataFrame:
    """Return events like an adult chest scan, each with changes and a number of its own."""
    rows = [
        {**ADULT_CHEST, "irradiation_event_uid": f"1.2.{number}", **change}
        for number, change in enumerate(changes)
    ]
    return IRRADIATION_EVENT.frame(rows)


def one(change: dict[str, object], weights: str = "ICRP103", **kwargs: Any) -> dict[str, Any]:
    """Return the estimate of one event with Lee's (ICRP 103) or AAPM's (ICRP 60) factors."""
    table = "kfactor_lee2012" if weights == "ICRP103" else "kfactor_aapm96"
    found = estimate(events(change), **kwargs).filter(
        pl.col("table_id").str.starts_with(table), pl.col("tissue_weights") == weights
    )
    assert found.height == 1
    return found.row(0, named=True)


def published_cases(folder: Path) -> list[dict[str, str]]:
    with (folder / "dosimetry" / "REFERENCE_CASES.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["category"] == "E_K_FACTOR"]


def test_published_effective_doses_are_reproduced(test_data: Path) -> None:
    cases = published_cases(test_data)
    assert cases
    for case in cases:
        inputs = json.loads(case["inputs"])
        k = inputs.get("k")
        if k is None:
            name = inputs["table"]
            weights = inputs.get("tissue_weights", "ICRP60")
            age = {"adult": 30.0}.get(inputs["age_group"]) or float(inputs["age_group"])
            kvp = float(inputs.get("kvp", 120))
            k = coefficient(k_factors(name, weights), inputs["region"], age, kvp)
        found = effective_dose(inputs["dlp_mGycm"], k)
        assert found == pytest.approx(float(case["expected"]), abs=float(case["tolerance"]))


def test_a_12_year_old_uses_the_10_year_column_of_aapm_96_and_is_flagged() -> None:
    # Li et al., Med Phys 2011;38:408, Table 5: 51.14 mGy.cm gives 0.66 mSv
    row = one(
        {"patient_age_years": 12.3, "dlp_mgy_cm": 51.14, "ctdi_phantom_cm": 16}, weights="ICRP60"
    )
    assert row["value"] == pytest.approx(0.66, abs=0.006)
    assert "age_above_last_child_column" in row["flags"]


@pytest.mark.parametrize(
    ("region", "k60", "k103"),
    [("head", 0.0021, 0.0017), ("chest", 0.014, 0.0210), ("abdomen_pelvis", 0.015, 0.0179)],
)
def test_adult_values_at_120_kv(region: str, k60: float, k103: float) -> None:
    change: dict[str, object] = {
        "body_region": region, "ctdi_phantom_cm": 16 if region == "head" else 32,
        "dlp_mgy_cm": 1000.0,
    }  # fmt: skip
    assert one(change, weights="ICRP60")["value"] == pytest.approx(1000 * k60)
    assert one(change, weights="ICRP103")["value"] == pytest.approx(1000 * k103)


def test_both_bases_stand_in_separate_rows() -> None:
    found = estimate(events({}))
    keys = found.select("table_id", "tissue_weights").unique()
    assert keys.height == found.height == len(SETS)
    assert set(found["tissue_weights"]) == {"ICRP60", "ICRP103"}


def test_every_row_names_its_method_table_and_version() -> None:
    found = estimate(events({}, {"ctdi_phantom_cm": None}, {"body_region": "extremity"}))
    for column in ("method", "method_version", "table_id", "tissue_weights", "unit"):
        assert found[column].null_count() == 0
    assert found["table_id"].str.contains(r"^kfactor_\w+@[0-9a-f]{8}$").all()
    assert (found["value"].is_null() != found["reason"].is_null()).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dlp_mgy_cm": None}, "no DLP"),
        ({"dlp_mgy_cm": math.nan}, "no DLP"),
        ({"dlp_mgy_cm": -3.0}, "DLP is not a dose"),
        ({"dlp_mgy_cm": math.inf}, "DLP is not a dose"),
        ({"patient_age_years": None}, "age unknown"),
        ({"patient_age_years": -1.0}, "age is negative"),
        ({"body_region": None}, "body region unknown"),
        ({"body_region": "unknown"}, "body region unknown"),
        ({"body_region": "big toe"}, "body region not in the list of regions"),
        ({"body_region": "extremity"}, "no coefficient for an extremity"),
        ({"body_region": "neck"}, "the table has no neck"),
        ({"kvp_kv": None}, "tube voltage unknown"),
        ({"kvp_kv": 0.0}, "tube voltage unknown"),
        ({"kvp_kv": -120.0}, "tube voltage unknown"),
        ({"ctdi_phantom_cm": None}, "CTDI phantom unknown"),
    ],
)
def test_what_cannot_be_estimated_has_a_reason(change: dict[str, object], reason: str) -> None:
    row = one(change)
    assert row["value"] is None
    assert row["reason"] == reason
    assert row["sd_log_shared"] is None
    assert row["flags"] == []


def test_without_conversion_the_other_phantom_is_a_reason() -> None:
    row = one({"patient_age_years": 5.0}, methods=REFUSING)
    assert row["value"] is None
    assert row["reason"] == "DLP is for the 32 cm phantom, the coefficient for 16 cm"


def test_all_causes_are_told_at_once() -> None:
    row = one({"patient_age_years": None, "dlp_mgy_cm": None, "ctdi_phantom_cm": None})
    assert row["reason"] == "no DLP; age unknown; CTDI phantom unknown"


ages = st.floats(0, 17.9) | st.none()
regions = st.sampled_from(sorted(set(read_rows("kfactor_regions")["body_region"]))) | st.none()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "patient_age_years": ages,
                "body_region": regions,
                "dlp_mgy_cm": st.floats(0, 5000) | st.none(),
                "kvp_kv": st.floats(60, 150) | st.none(),
                "localizer": st.booleans() | st.none(),
            }
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_child_in_the_32_cm_phantom_has_no_dose_without_a_recorded_conversion(
    changes: list[dict[str, object]],
) -> None:
    frame = events(*changes).with_columns(ctdi_phantom_cm=pl.lit(32, dtype=pl.Int64))
    refused, converted = estimate(frame, REFUSING), estimate(frame)
    assert refused["value"].null_count() == refused.height
    assert refused["reason"].null_count() == 0
    recorded = converted["flags"].list.contains("dlp_converted_32_to_16_cm_factor_2.0")
    assert (converted["value"].is_not_null() == recorded).all()


def test_conversion_doubles_the_dlp_and_adds_its_uncertainty() -> None:
    child: dict[str, object] = {"patient_age_years": 5.0}
    plain = one({**child, "ctdi_phantom_cm": 16})
    converted = one({**child, "ctdi_phantom_cm": 32})
    assert converted["value"] == pytest.approx(2 * plain["value"])
    assert converted["sd_log_shared"] == pytest.approx(
        math.hypot(plain["sd_log_shared"], phantom_conversion(32, 16)[1])
    )


def test_conversion_changes_nothing_where_the_phantom_fits() -> None:
    assert one({}, methods=REFUSING) == one({})


@given(st.integers(0, 8), st.floats(0, 1), st.floats(80, 120), st.sampled_from(SETS))
@settings(max_examples=100, deadline=None)
def test_interpolation_stays_between_its_neighbours(
    cell: int, share: float, kvp: float, names: tuple[str, str]
) -> None:
    factors = k_factors(*names)
    for region, grid in factors.grids.items():
        children = grid.ages[:-1]
        young = children[cell % (len(children) - 1)]
        old = children[cell % (len(children) - 1) + 1]
        at = young + share * (old - young)
        ends = sorted(coefficient(factors, region, age, kvp) for age in (young, old))
        k = coefficient(factors, region, at, kvp)
        assert ends[0] * (1 - 1e-12) <= k <= ends[1] * (1 + 1e-12)
        if share == 0.5:
            assert k == pytest.approx(math.sqrt(ends[0] * ends[1]))


# Half-way in ln(k) is the geometric mean of two published values, here worked out by hand.  The
# arithmetic mean, in brackets, is 1 to 6 % more: outside the tolerance.
HALF_WAY = [
    ("kfactor_aapm96", "ICRP60", "head", 3.0, 120.0, 0.0051769),  # 0.0067, 0.0040 (0.00535)
    ("kfactor_aapm96", "ICRP60", "head", 0.5, 120.0, 0.0085849),  # 0.011, 0.0067 (0.00885)
    ("kfactor_aapm96", "ICRP60", "head_and_neck", 7.5, 120.0, 0.0048929),  # 0.0057, 0.0042
    ("kfactor_lee2012", "ICRP60", "head", 3.0, 80.0, 0.0040212),  # 0.0049, 0.0033 (0.0041)
    ("kfactor_lee2012", "ICRP103", "head", 0.5, 100.0, 0.0064094),  # 0.0079, 0.0052 (0.00655)
    ("kfactor_lee2012", "ICRP103", "head", 1.0, 110.0, 0.0054918),  # 0.0052, 0.0058 (0.0055)
    # both at once: the fourth root of 0.0075, 0.0048, 0.0079, 0.0052 (0.00635)
    ("kfactor_lee2012", "ICRP103", "head", 0.5, 90.0, 0.0062015),
]


@pytest.mark.parametrize(("table", "weights", "region", "age", "kvp", "k"), HALF_WAY)
def test_half_way_between_columns_k_is_the_geometric_mean(
    table: str, weights: str, region: str, age: float, kvp: float, k: float
) -> None:
    found = coefficient(k_factors(table, weights), region, age, kvp)
    assert found == pytest.approx(k, rel=5e-5)


@given(st.floats(0, 1))
def test_equal_steps_of_age_are_equal_factors(share: float) -> None:
    factors = k_factors("kfactor_aapm96", "ICRP60")
    found = coefficient(factors, "head", 1 + 4 * share)
    assert found == pytest.approx(0.0067 * (0.0040 / 0.0067) ** share, rel=1e-9)


def test_k_never_rises_with_age_among_children() -> None:
    for names in SETS:
        factors = k_factors(*names)
        for region, grid in factors.grids.items():
            oldest = float(grid.ages[-2])
            found = [coefficient(factors, region, oldest * step / 60) for step in range(61)]
            assert found == sorted(found, reverse=True)


def test_adults_between_the_columns_are_flagged() -> None:
    assert "age_below_adult_column" in one({"patient_age_years": 19.0})["flags"]
    boy = one({"patient_age_years": 17.9, "ctdi_phantom_cm": 16})
    assert "age_above_last_child_column" in boy["flags"]


def test_tube_voltage_outside_the_table_is_held_and_flagged() -> None:
    high = one({"kvp_kv": 140.0})
    assert high["value"] == pytest.approx(one({"kvp_kv": 120.0})["value"])
    assert "kvp_outside_table" in high["flags"]


@pytest.mark.parametrize(("kvp", "outside"), [(79.0, True), (80.0, False), (120.0, False),
                                              (121.0, True)])  # fmt: skip
def test_the_ends_of_the_table_are_in_the_table(kvp: float, outside: bool) -> None:
    assert ("kvp_outside_table" in one({"kvp_kv": kvp})["flags"]) is outside


def test_a_voltage_below_the_table_is_held_at_its_end_and_never_called_unknown() -> None:
    low = one({"kvp_kv": 0.5})
    assert low["value"] == pytest.approx(one({"kvp_kv": 80.0})["value"])
    assert "kvp_outside_table" in low["flags"]


def test_only_preferred_rows_count() -> None:
    frame = events({}, {"preferred": False}, {"preferred": None})
    assert set(estimate(frame)["irradiation_event_uid"]) == {"1.2.0"}


def test_another_modality_has_a_row_with_a_reason() -> None:
    change: dict[str, object] = {
        "modality": "DX", "dlp_mgy_cm": None, "ctdi_vol_mgy": None, "dap_gy_cm2": 1.0,
    }  # fmt: skip
    found = estimate(events(change)).row(0, named=True)
    assert (found["value"], found["reason"]) == (None, NO_METHOD)


def test_flags_tell_what_was_assumed() -> None:
    row = one({
        "body_region": "cardiac", "localizer": True, "number_of_x_ray_sources": 2,
        "dlp_basis": "ctdi_vol_times_exposed_length",
    })  # fmt: skip
    assert {
        "region_approximated", "localizer", "first_of_several_x_ray_sources",
        "dlp_from_ctdi_vol_and_exposed_length", "table_phantom_inferred",
    } <= set(row["flags"])  # fmt: skip


def test_a_dlp_from_images_is_less_sure_than_a_reported_one() -> None:
    def spread(row: dict[str, Any]) -> float:
        return math.hypot(row["sd_log_shared"], row["sd_log_unshared"] or 0.0)

    images = one({"dlp_basis": "ctdi_vol_times_exposed_length", "exposed_length_sd_log": 0.09})
    reported = one({})
    assert images["value"] == reported["value"]
    assert images["sd_log_unshared"] == pytest.approx(0.09)
    assert reported["sd_log_unshared"] is None
    assert spread(images) > spread(reported)
    nothing = one({"body_region": "unknown", "exposed_length_sd_log": 0.09})
    assert nothing["sd_log_unshared"] is None


def test_empty_frame_gives_an_empty_table() -> None:
    found = estimate(IRRADIATION_EVENT.empty())
    assert_frame_equal(found, DOSE_ESTIMATE.empty())


def test_the_order_of_events_does_not_matter() -> None:
    frame = events(*({"patient_age_years": float(age), "ctdi_phantom_cm": 16} for age in range(9)))
    assert_frame_equal(estimate(frame), estimate(frame.reverse()))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DoseError, match="body_region"):
        estimate(events({}).drop("body_region"))


def test_builtin_methods_read_only_columns_of_the_schema() -> None:
    for method in BUILTIN:
        assert set(method.needs) <= set(IRRADIATION_EVENT.names)


def test_every_flag_and_reason_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "dose.md").read_text(encoding="utf-8")
    grid = [
        {"patient_age_years": age, "kvp_kv": kvp, "body_region": region, "ctdi_phantom_cm": phantom,
         "localizer": True, "number_of_x_ray_sources": 2,
         "dlp_basis": "ctdi_vol_times_exposed_length"}
        for age in (3.0, 12.0, 17.0, 20.0, 50.0) for kvp in (70.0, 90.0, 120.0)
        for region in ("head", "cardiac") for phantom in (16, 32)
    ]  # fmt: skip
    found = set(estimate(events(*grid)).explode("flags")["flags"])
    assert len(found) == 16
    assert not {flag for flag in found if f"`{flag}`" not in page}


def test_no_dose_of_a_body_in_the_32_cm_phantom_jumps_at_a_birthday() -> None:
    births = [date(2000, 1, 1) + timedelta(days) for days in range(0, 366 + 3 * 365, 7)]
    births.append(date(2000, 2, 29))
    ages = []
    for birth in births:
        leap = (birth.month, birth.day) == (2, 29)
        day = date(birth.year + 18, 3, 1) if leap else birth.replace(year=birth.year + 18)
        ages += [years_between(birth, day - timedelta(1)), years_between(birth, day)]
    made = estimate(events(*({"body_region": "chest", "patient_age_years": age} for age in ages)))
    number = pl.col("irradiation_event_uid").str.split(".").list.last().cast(pl.Int64)
    for _, one_ in made.group_by("table_id", "tissue_weights"):
        eves, birthdays = (one_.filter(number % 2 == half).sort(number)["value"] for half in (0, 1))
        assert birthdays.n_unique() == 1  # everybody is an adult on the day
        assert ((eves / birthdays - 1).abs() < 1e-3).all()
        flags = one_["flags"].list.contains("age_interpolated_to_adult_column")
        assert (flags == (one_.select(number % 2 == 0).to_series())).all()


@pytest.mark.parametrize("weights", ["ICRP60", "ICRP103"])
@pytest.mark.parametrize("region", ["chest", "abdomen_pelvis", "chest_abdomen_pelvis"])
def test_dose_of_one_32_cm_dlp_changes_smoothly_with_age(region: str, weights: str) -> None:
    ages = [month / 12 for month in range(20 * 12)]
    made = estimate(events(*({"body_region": region, "patient_age_years": age} for age in ages)))
    table = "kfactor_lee2012" if weights == "ICRP103" else "kfactor_aapm96"
    number = pl.col("irradiation_event_uid").str.split(".").list.last().cast(pl.Int64)
    values = made.filter(
        pl.col("table_id").str.starts_with(table), tissue_weights=pl.lit(weights)
    ).sort(number)["value"]
    assert values.len() == len(ages)
    steps = (values.log().diff().drop_nulls()).abs()
    assert steps.max() < 0.08  # a month; the tables themselves fall by half in the first year
