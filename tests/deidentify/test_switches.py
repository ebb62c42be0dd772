"""The switches do what their words say, and every option of PS3.15 is honoured."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

import workbench as wb
from tests.deidentify.options import NAME, results
from workbench.deidentify.confidentiality_profile import BUILT_IN, load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.deidentify.standard_tables import data_bytes
from workbench.deidentify.switches import profile_of
from workbench.errors import SettingsError
from workbench.settings import ProtectSettings
from workbench.settings_file import read_settings
from workbench.stages.border import Border

FEWEST = {
    "clean_desc": 120, "clean_graph": 1, "clean_struct": 4, "rtn_dev_id": 50, "rtn_inst_id": 10,
    "rtn_long_full": 160, "rtn_long_modif": 160, "rtn_pat_chars": 14, "rtn_safe_priv": 0,
    "rtn_uids": 60,
}  # fmt: skip


def made(source: Dataset, folder: Path, **switches: object) -> Dataset:
    profile = profile_of(ProtectSettings(**switches), folder)  # type: ignore[arg-type]
    return Deidentifier(profile, Pseudonyms(bytes(32), "EPI-CT", "LU01")).apply(source).dataset


@pytest.fixture
def rich(patient: Dataset) -> Dataset:
    patient.PatientSex, patient.PatientAge, patient.PatientWeight = "F", "041Y", "70"
    patient.StationName, patient.DeviceSerialNumber, patient.KVP = "CT4", "5551", "120"
    patient.InstitutionalDepartmentName = "Radiology Nord"
    patient.SeriesDescription = "Thorax 5mm Grottenolm"
    patient.ProtocolName = f"Abdomen {NAME}"
    return patient


def test_every_option_is_honoured(patient: Dataset) -> None:
    found = results(patient)
    assert {option: len(one) >= FEWEST[option] for option, one in found.items()} == dict.fromkeys(
        FEWEST, True
    )
    missed = {option: [tag for tag, ok in one if not ok] for option, one in found.items()}
    assert missed == {option: [] for option in FEWEST}


def test_without_a_switch_the_profile_is_the_built_in_one(tmp_path: Path) -> None:
    assert profile_of(ProtectSettings(), tmp_path) is load_profile()


@pytest.mark.parametrize(
    ("switch", "gone", "there"),
    [
        ({"patient_details": False}, ["PatientSex", "PatientAge", "PatientWeight"], ["KVP"]),
        ({"devices": False}, ["StationName", "DeviceSerialNumber"], ["KVP", "PatientAge"]),
        ({"descriptions": "removed"}, ["SeriesDescription", "ProtocolName"], ["KVP"]),
        ({"drop": ("KVP",)}, ["KVP"], ["PatientAge"]),
        ({"dates": "removed"}, [], ["KVP"]),
    ],
)
def test_what_a_switch_takes_away(
    switch: dict[str, object], gone: list[str], there: list[str], rich: Dataset, tmp_path: Path
) -> None:
    usual, found = made(rich, tmp_path), made(rich, tmp_path, **switch)
    for keyword in (*gone, *there):
        assert usual.get(keyword), keyword
    for keyword in gone:
        assert not found.get(keyword), keyword
    for keyword in there:
        assert found[keyword] == usual[keyword]


def test_the_hospital_is_named_only_where_it_is_told_to(rich: Dataset, tmp_path: Path) -> None:
    assert not made(rich, tmp_path).get("InstitutionName")
    found = made(rich, tmp_path, institution=True)
    assert found.InstitutionName == "Xanadu Spital"
    assert found.InstitutionalDepartmentName == "Radiology Nord"


@pytest.mark.parametrize(
    ("dates", "told", "day"),
    [("moved", "MODIFIED", None), ("kept", "UNMODIFIED", "20210811"), ("removed", "REMOVED", "")],
)
def test_what_becomes_of_dates(
    dates: str, told: str, day: str | None, rich: Dataset, tmp_path: Path
) -> None:
    found = made(rich, tmp_path, dates=dates)
    assert found.LongitudinalTemporalInformationModified == told
    if day is None:
        assert found.StudyDate < "20210811"
    else:
        assert found.get("StudyDate", "") == day


def test_descriptions_of_known_words_only(rich: Dataset, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("# reviewed\nGrottenolm\n", "utf-8")
    found = made(rich, tmp_path, descriptions="known words")
    assert found.SeriesDescription == "Thorax 5mm X"
    assert found.ProtocolName == "Abdomen"
    reviewed = made(rich, tmp_path, descriptions="known words", words="words.txt")
    assert reviewed.SeriesDescription == "Thorax 5mm Grottenolm"
    # What names this object's own people goes even if somebody has listed it.
    (tmp_path / "words.txt").write_text(f"{NAME}\n", "utf-8")
    listed = made(rich, tmp_path, descriptions="known words", words="words.txt")
    assert NAME not in str(listed)


def test_every_setting_has_a_digest_of_its_own(tmp_path: Path) -> None:
    switches: list[dict[str, object]] = [
        {}, {"patient_details": False}, {"devices": False}, {"institution": True},
        {"dates": "kept"}, {"dates": "removed"}, {"descriptions": "removed"},
        {"descriptions": "known words"}, {"report_texts": False}, {"private": False},
        {"drop": ("KVP",)}, {"keep": ("SliceProgressionDirection",)},
    ]  # fmt: skip
    made = [profile_of(ProtectSettings(**one), tmp_path).sha256 for one in switches]  # type: ignore[arg-type]
    assert len(set(made)) == len(switches)


@pytest.mark.parametrize("keywords", [{"keep": ("KVp",)}, {"drop": ("Nonsense",)}])
def test_a_misspelt_keyword_is_told(keywords: dict[str, tuple[str, ...]], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no keyword of DICOM"):
        profile_of(ProtectSettings(**keywords), tmp_path)  # type: ignore[arg-type]


def test_what_the_standard_removes_cannot_be_kept(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PatientName"):
        profile_of(ProtectSettings(keep=("PatientName",)), tmp_path)


def test_the_settings_of_a_workspace_reach_its_border(tmp_path: Path) -> None:
    survey = wb.create_survey(tmp_path / "w")
    file = tmp_path / "w" / "workbench.toml"
    file.write_text(file.read_text("utf-8") + '\n[protect]\ndates = "kept"\n', "utf-8")
    assert read_settings(tmp_path / "w").protect.dates == "kept"
    again = wb.open_survey(tmp_path / "w")
    assert "rtn_long_full" in Border(again).profile.options
    assert survey.settings.protect.dates == "moved"


@pytest.mark.parametrize("times", ["exact", "hour", "removed"])
def test_times_are_the_coarser_of_the_switch_and_the_profile(tmp_path: Path, times: str) -> None:
    own = tmp_path / "own.toml"
    own.write_bytes(data_bytes(BUILT_IN).replace(b'times = "exact"', b'times = "hour"'))
    alone = profile_of(ProtectSettings(times=times), tmp_path)  # type: ignore[arg-type]
    assert alone.times == times
    both = profile_of(ProtectSettings(times=times, profile="own.toml"), tmp_path)  # type: ignore[arg-type]
    assert both.times == ("removed" if times == "removed" else "hour")
    with_others = profile_of(ProtectSettings(times=times, devices=False), tmp_path)  # type: ignore[arg-type]
    assert with_others.times == times


def test_choosing_times_alone_leaves_a_profile_of_ones_own_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = data_bytes(BUILT_IN).decode("utf-8").replace('"rtn_long_modif"', '"rtn_long_full"')
    own.write_text(text, "utf-8")
    profile = profile_of(ProtectSettings(times="hour", profile="own.toml"), tmp_path)
    assert profile.options == load_profile(own).options
    assert profile.rules == load_profile(own).rules
    assert profile.sha256 != load_profile(own).sha256
