"""Small inputs that users of such programs reported, through the whole line: what is read of each.

A case stands for its kind (README.md beside them): values by the standard, or a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workbench.executors import Serial
from workbench.settings import Settings, SurveySettings
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import import_files
from workbench.stages.mapping import map_survey
from workbench.survey import Survey, create_survey

IMAGES = ("header", 10.0)  # what slices tell of their CTDIvol in mGy
ZONE, ABSENT = "start_in_unknown_zone", "start_not_of_event"


@dataclass(frozen=True)
class Case:
    """What is right: one entry an event that counts.

    ``dlp`` are DLPs of reports in mGy.cm, ``images`` source and CTDIvol of events of images;
    ``codes`` are findings that must be there, ``never`` such as must not; the rest are columns.
    """

    dlp: tuple[float | None, ...] = ()
    images: tuple[tuple[str, float], ...] = ()
    codes: tuple[str, ...] = ()
    never: tuple[str, ...] = ("value_dropped", "bad_value")
    columns: dict[str, Any] = field(default_factory=dict)


def slices(*codes: str, never: tuple[str, ...] = (), **columns: Any) -> Case:
    return Case(images=(IMAGES,), codes=codes, never=never, columns=columns)


def told(*dlp: float | None, codes: tuple[str, ...] = (), **columns: Any) -> Case:
    return Case(dlp=dlp, codes=codes, never=(), columns=columns)


CASES = {
    # codes, units, numbers of reports
    "dose/a00_control": told(100.0),
    "dose/a07_private_scheme": told(100.0, ctdi_vol_mgy=10.0),
    "dose/a09_ucum_spellings": told(
        100.0, 100.0, 100.0, 100.0, 10.0, 1000.0, 10.0, 10000.0, None,
        codes=("implausible_value",),
    ),
    "dose/a12_zero_events": slices(),
    "dose/a13_accumulated_only": told(codes=("accumulated_only",)),
    "dose/a14_protocol_no_text": told(100.0),
    "dose/a16_long_code": told(100.0),
    "dose/a17_empty_numeric": told(100.0, codes=("empty_value",), ctdi_vol_mgy=None),
    "dose/a18_qualifier": told(None, codes=("value_qualified",), ctdi_vol_mgy=10.0),
    "dose/a18c_dlp_zero": told(None, codes=("zero_contradicted",), ctdi_vol_mgy=10.0),
    "dose/a19_comma_with_float": told(188.5),
    "dose/a20_sct": told(100.0, event_type="SPIRAL"),
    "dose/a29_nested_acquisition": told(codes=("acquisition_misplaced",)),
    "dose/d02_ds_0": told(100.0),
    "dose/d02_ds_1": told(100.0),
    "dose/d02_ds_2": told(100.0),
    "dose/d02_ds_3": told(100.0),
    "dose/d02_ds_4": told(100.0),
    "dose/d02_ds_5": told(None, codes=("bad_value",)),
    "dose/d02_ds_6": told(None, codes=("value_dropped",)),
    "dose/e06_sr_modality_ct": told(100.0),
    "ct/R11_zero_report": slices("zero_contradicted"),
    "ct/C07_kvp_volts": slices("implausible_value", kvp_kv=None),
    # events without UID
    "dose/a21_copy_no_uids": told(50.0, 100.0, codes=("no_event_uid",)),
    "dose/a22b_cumulative_same_order": told(50.0, 100.0),
    "dose/e03_split_reports": told(50.0, 100.0),
    "ct/T06_no_event_uid_twice": told(300.0),
    "ct/T07_no_uid_cumulative": told(150.0, 300.0),
    # times
    "dose/a10_timezone": told(105.0, 110.0),
    "ct/R02_utc_report": told(300.0),
    "dose/b14_dt_0": told(100.0, codes=("zone_unknown",), flags=[ZONE]),
    "dose/b14_dt_1": told(100.0, codes=("value_dropped",), flags=[ABSENT]),
    "dose/b14_dt_2": told(100.0, flags=[]),
    "dose/b14_dt_3": told(100.0, flags=[]),
    "dose/b14_dt_4": told(100.0, codes=("value_dropped",), flags=[ABSENT]),
    "dose/b14_dt_5": told(100.0, codes=("value_dropped",), flags=[ABSENT]),
    **{f"dose/b13_tm_{number}": slices() for number in range(6)},
    "dose/c01_colon_times": Case(images=(IMAGES, IMAGES)),
    "dose/c01b_colon_times_acq1": Case(images=(IMAGES, IMAGES)),
    "dose/c01c_colon_control": Case(images=(IMAGES, IMAGES)),
    "dose/d01_dotted_dates": slices(),
    # ages
    **{f"dose/a26_age_{number}": slices(patient_age_years=45.0) for number in (1, 2, 3)},
    **{f"dose/a26_age_{number}": slices("value_dropped", patient_age_years=None)
       for number in (0, 4, 5)},
    # elements and files
    "dose/a28_ma_table": slices("bad_value", tube_current_ma=None),
    "dose/b01_icon_encapsulated": told(250.0),
    "dose/b01c_icon_control": told(250.0),
    "dose/b02_un_public": slices(ctdi_phantom_cm=32, kvp_kv=120.0),
    "dose/b04_un_undef_explicit": slices("un_explicit"),
    "dose/b05_odd_length": slices(),
    "dose/b07_trailing_padding": slices("padding"),
    "dose/b08_uid_space": slices(),
    "dose/b09_uid_leading_zero": told(100.0),
    "dose/b10_uid_64": Case(images=(IMAGES, IMAGES)),
    "dose/b12_meta_mismatch": slices(),
    "dose/e08_toshiba_icon": Case(images=(("header", 12.5),)),
    # kinds of report that are not mapped
    "dose/c04_fluoro_biplane": told(),
    "dose/c04b_fluoro_single": told(),
    "dose/c05_mammography": told(),
}  # fmt: skip


@pytest.fixture
def line(test_data: Path, tmp_path: Path) -> Iterator[Callable[[str], Survey]]:
    surveys: list[Survey] = []

    def run(case: str) -> Survey:
        survey = create_survey(tmp_path / "w", Settings(SurveySettings("test", "LU01", "hour")))
        surveys.append(survey)
        done = import_files(survey, [test_data / "cases" / case], using=Serial())
        assert set(done.verdicts) == {"stored"}
        map_survey(survey)
        return survey

    yield run
    for survey in surveys:
        survey.close()


def order(value: float | None) -> tuple[bool, float]:
    return value is None, value or 0.0


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_read_as_the_standard_says_or_told(
    case: str, line: Callable[[str], Survey]
) -> None:
    right, survey = CASES[case], line(case)
    counted = survey.events(preferred=True).to_dicts()
    if right.images:
        assert sorted((row["source"], row["ctdi_vol_mgy"]) for row in counted) == list(right.images)
        assert all(row["started_at"] is not None for row in counted)
    else:
        doses = sorted((row["dlp_mgy_cm"] for row in counted), key=order)
        assert doses == pytest.approx(sorted(right.dlp, key=order))
    codes = set(survey.findings()["code"].to_list())
    assert set(right.codes) <= codes
    assert not set(right.never) & codes
    for row in counted:
        assert {name: row[name] for name in right.columns} == right.columns


def test_times_in_one_zone_keep_each_scan_with_its_own_report(
    line: Callable[[str], Survey],
) -> None:
    events = line("dose/a10_timezone").events(preferred=True)
    doses = dict(events.select("body_region", "dlp_mgy_cm").iter_rows())
    assert doses == {"head": 110.0, "abdomen": 105.0}


def test_a_scanogram_without_the_word_is_a_topogram(line: Callable[[str], Survey]) -> None:
    survey = line("dose/a25_scanogram")
    events = survey.events(preferred=True).sort("started_at")
    assert events["localizer"].to_list() == [True, False]
    assert survey.table("series").sort("SeriesNumber")["role"].to_list() == ["TOPOGRAM", "SCAN"]


def test_spirals_named_for_what_they_waited_for_are_scans(line: Callable[[str], Survey]) -> None:
    events = line("ct/T01_surestart_spiral").events(preferred=True)
    assert sorted(events.select("body_region", "dlp_mgy_cm").iter_rows()) == [
        ("chest", 300.0), ("chest_abdomen_pelvis", 600.0), ("chest_pe", 300.0),
    ]  # fmt: skip


@pytest.mark.parametrize(("case", "age"), [("ct/C08_child", 5.0), ("ct/C19_age_months", 0.5)])
def test_a_child_has_a_dose(case: str, age: float, line: Callable[[str], Survey]) -> None:
    survey = line(case)
    estimate_doses(survey)
    assert survey.events()["patient_age_years"].to_list() == [age]
    doses = survey.table("dose_estimate")
    assert doses["reason"].null_count() == doses.height == 3
    assert (doses["value"] > 0).all()
    converted = doses["flags"].list.contains("dlp_converted_32_to_16_cm_factor_2.0")
    assert converted.all() is (case == "ct/C08_child")
    # The conversion's own uncertainty makes that of the estimate larger.
    assert (doses["sd_log_shared"] > 0.336).all() is (case == "ct/C08_child")


@pytest.mark.parametrize("case", ["dose/c04_fluoro_biplane", "dose/c04b_fluoro_single"])
def test_a_report_of_another_modality_says_that_it_is_not_mapped(
    case: str, line: Callable[[str], Survey]
) -> None:
    assert line(case).table("series")["state_reason"].to_list() == [
        "projection dose report: not mapped yet"
    ]


@pytest.mark.parametrize("case", ["ok", "dcm", "lower", "version"])
def test_the_files_of_a_copied_medium_are_imported_by_its_dicomdir(
    case: str, test_data: Path, tmp_path: Path
) -> None:
    directory = test_data / "cases" / "dose" / f"b17_dir_{case}" / "media" / "DICOMDIR"
    survey = create_survey(tmp_path / "w", Settings(SurveySettings("test", "LU01", "hour")))
    try:
        done = import_files(survey, [directory], using=Serial())
        assert dict(done.verdicts) == {"rejected": 1, "stored": 3}
    finally:
        survey.close()
