"""The parts of the dose report in another language: every text goes through the door."""

from __future__ import annotations

import polars as pl
import pytest

from tests.language.unmarked import unmarked
from tests.report.report_frames import drawn_apart, scans, tables_of
from workbench.dose import coefficient_sources, reference_levels
from workbench.language import use_language
from workbench.report import dose_page as page
from workbench.report.missing import ReportTables
from workbench.report.reference import named_levels
from workbench.schema import FINDING, IRRADIATION_EVENT, REJECTED

LEVELS = reference_levels()


def many() -> ReportTables:
    events = scans(
        {}, {"ctdi_vol_mgy": 21.26}, {"body_region": "unknown", "protocol": None},
        {"patient_age_years": 7.0, "ctdi_phantom_cm": 16}, {"localizer": True},
        {"body_region": "phantom_qa"}, {"dlp_mgy_cm": None}, {"station": "CT2"},
        {"body_region": "neck", "patient_age_years": None, "kvp_kv": None},
    )  # fmt: skip
    whole = tables_of(events)
    findings = FINDING.frame([
        {"stage": "mapping", "code": "gap_in_slices", "severity": "warning", "detail": "a gap"}
    ])  # fmt: skip
    rejected = REJECTED.frame([
        {"verdict": "quarantined", "code": "truncated", "reason": "it ends early"}
    ])  # fmt: skip
    return ReportTables(
        events=events, doses=whole.doses, series=whole.series, findings=findings,
        rejected=rejected,
    )  # fmt: skip


def parts(tables: ReportTables, country: str, year: int) -> list[str]:
    levels = named_levels(LEVELS, country, year)
    return [
        page.opening("Dose by protocol", tables),
        page.protocol_chart(tables, levels, "ctdi_vol"),
        page.protocol_chart(tables, levels, "dlp"),
        page.protocol_table(tables),
        page.reference_table(tables, levels, country, year),
        page.missing_table(tables),
        page.sources(tables, coefficient_sources(), levels),
    ]


@pytest.mark.parametrize(("country", "year"), [("UK", 2022), ("FR", 2011)])
def test_nothing_is_left_in_english(country: str, year: int) -> None:
    with use_language("xx"):
        for part in parts(many(), country, year):
            assert unmarked(drawn_apart(part)) == []


def test_an_empty_survey_is_told_of_in_the_language() -> None:
    with use_language("xx"):
        for part in parts(tables_of(IRRADIATION_EVENT.empty()), "UK", 2022):
            assert unmarked(drawn_apart(part)) == []
        none = page.reference_table(many(), LEVELS.clear(), "UK", 2022)
        assert unmarked(none) == []


def test_numbers_have_the_commas_of_the_language_and_codes_their_names() -> None:
    tables = tables_of(scans({"ctdi_vol_mgy": 10.5}))
    english = page.protocol_table(tables)
    assert "<td>adult</td>" in english
    assert '<td class="number">10.5</td>' in english
    with use_language("xx"):
        assert "adult" not in page.protocol_table(tables)
        assert "10.5" in page.protocol_table(tables)


def test_quartiles_are_one_text_and_a_single_event_has_none() -> None:
    doses = tables_of(scans({})).doses
    table = page.by_protocol(scans({}, {"ctdi_vol_mgy": 20.0}), doses)
    assert page.with_quartiles(table)["ctdi_vol_mgy_text"].item() == "15.0 (12.5 to 17.5)"
    single = page.by_protocol(scans({}), doses)
    assert page.with_quartiles(single)["ctdi_vol_mgy_text"].item() == "10.0"
    without = single.with_columns(ctdi_vol_mgy_median=pl.lit(None, pl.Float64))
    assert page.with_quartiles(without)["ctdi_vol_mgy_text"].item() is None
