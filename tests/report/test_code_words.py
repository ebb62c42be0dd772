"""Codes are called something on pages, and stay what they are everywhere else."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from tests.language.unmarked import unmarked
from workbench.dose import reference_levels
from workbench.language import use_language
from workbench.model import Verdict
from workbench.report.code_words import CODES, code_words, kept_words


@pytest.mark.parametrize("code", sorted(CODES))
def test_english_is_the_code_with_blanks(code: str) -> None:
    assert code_words(code) == code.replace("_", " ")


def test_what_is_not_listed_is_data() -> None:
    assert code_words("vendor_thing") == "vendor thing"
    with use_language("xx"):
        assert code_words("vendor_thing") == "«vendor thing»"
        assert unmarked(f"<p>{code_words('chest_pe')}</p>") == []


def test_every_region_that_the_rules_know_has_a_name() -> None:
    data = files("workbench.mapping") / "data"
    for name in ("region_rules.csv", "region_combinations.csv"):
        rows = csv.DictReader((data / name).read_text("utf-8").splitlines())
        assert {row["region"] for row in rows} <= CODES.keys()


def test_every_reason_of_a_region_without_a_coefficient_has_a_name() -> None:
    data = files("workbench.dose") / "data" / "kfactor_regions.csv"
    rows = csv.DictReader(data.read_text("utf-8").splitlines())
    assert {row["reason"] for row in rows if row["use"] == "none"} <= CODES.keys()


def test_every_verdict_and_scope_has_a_name() -> None:
    assert set(map(str, Verdict)) <= CODES.keys()
    assert set(reference_levels()["scope"]) <= CODES.keys()


def test_a_sentence_that_a_table_keeps_is_said_in_the_language_and_nothing_stays_nothing() -> None:
    assert kept_words("it ends early") == "it ends early"
    with use_language("xx"):
        assert kept_words("it ends early").startswith("⟦")
        assert kept_words("") == ""
