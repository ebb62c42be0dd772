"""Coefficient tables: nothing unverified, nothing without a source, our own region words."""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path

import polars as pl
import pytest

from workbench.dose import reference_levels
from workbench.dose.coefficients import k_factors, phantom_conversion, read_rows, table_id
from workbench.dose.ct.kfactor import SETS
from workbench.errors import DoseError

TABLES = ("kfactor_aapm96", "kfactor_lee2012", "phantom_conversion", "uncertainty",
          "reference_levels")  # fmt: skip


@pytest.mark.parametrize("status", ["memory_unverified", "", "Verified", "todo"])
def test_a_row_that_was_not_verified_is_refused(status: str) -> None:
    with pytest.raises(DoseError, match="row 3 of the coefficient table made_up"):
        read_rows("made_up", f"id,k,status\na,1,verified\nb,2,{status}\n")


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(DoseError, match="no coefficient table"):
        read_rows("../secret")
    with pytest.raises(DoseError):
        k_factors("kfactor_aapm96", "ICRP103")
    with pytest.raises(DoseError):
        phantom_conversion(32, 10)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_source_and_an_own_id(name: str) -> None:
    rows = read_rows(name)
    assert rows["id"].is_unique().all()
    for column in ("source", "where_read"):
        assert (rows[column] != "").all()


def test_coefficients_equal_the_retyped_source(test_data: Path) -> None:
    folder = test_data / "dosimetry"
    for name in ("kfactor_aapm96", "kfactor_lee2012"):
        with (folder / f"{name}.csv").open(encoding="utf-8") as file:
            theirs = {
                (row["region"], row["age_years"], row["kvp"], row["tissue_weights"]):
                    float(row["k_mSv_per_mGycm"])
                for row in csv.DictReader(file)
            }  # fmt: skip
        ours = {
            (row["region"], row["age_years"], row["kvp_kv"], row["tissue_weights"]):
                float(row["k"])
            for row in read_rows(name).to_dicts()
        }  # fmt: skip
        assert ours == theirs


def test_every_region_word_of_the_rules_has_a_row_in_each_table(test_data: Path) -> None:
    with (test_data / "dosimetry" / "region_rules.csv").open(encoding="utf-8") as file:
        words = {row["region"] for row in csv.DictReader(file)}
    ours = resources.files("workbench.mapping") / "data" / "region_combinations.csv"
    words |= {row["region"] for row in csv.DictReader(ours.read_text("utf-8").splitlines())}
    mapped = read_rows("kfactor_regions")
    for name in {name for name, _ in SETS}:
        assert set(mapped.filter(pl.col("table") == name)["body_region"]) == words


def test_mapped_regions_exist_and_departures_have_a_reason() -> None:
    for name, weights in SETS:
        factors = k_factors(name, weights)
        for row in factors.regions.to_dicts():
            assert (row["coefficient_region"] in factors.grids) == (row["use"] != "none")
            assert bool(row["reason"]) == (row["use"] != "same")


def test_table_version_follows_the_content() -> None:
    assert table_id("kfactor_aapm96") != table_id("kfactor_lee2012")


def test_reference_levels_of_adult_heads() -> None:
    head = reference_levels().filter(
        pl.col("compared"), pl.col("body_region") == "head", pl.col("group") == "adult"
    )
    found = {
        (row["country"], row["quantity"]): (row["value"], row["unit"], row["scope"])
        for row in head.to_dicts()
    }
    assert found == {
        ("UK", "ctdi_vol"): (47.0, "mGy", "per sequence"),
        ("UK", "dlp"): (790.0, "mGy.cm", "complete exam"),
        ("FR", "ctdi_vol"): (65.0, "mGy", "one acquisition"),
        ("FR", "dlp"): (1050.0, "mGy.cm", "one acquisition"),
    }


def test_at_most_one_level_is_compared_a_region_and_quantity() -> None:
    compared = reference_levels().filter("compared")
    keys = ("country", "year", "body_region", "quantity", "group")
    assert compared.select(keys).is_unique().all()
    assert compared["body_region"].null_count() == 0
