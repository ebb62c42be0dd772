"""A workspace is made once, opened by name, and says what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import workbench
from workbench.errors import SettingsError
from workbench.schema import IRRADIATION_EVENT, TABLES
from workbench.settings import FILE, CollectSettings, EntitySettings, Settings, SurveySettings
from workbench.settings_file import read_settings
from workbench.survey import create_survey, open_survey


def test_an_empty_survey_has_every_table_with_its_columns(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w")
    for name, table in TABLES.items():
        frame = survey.table(name)
        assert frame.height == 0
        assert frame.schema == pl.Schema(table.polars()), name


def test_tables_that_are_counted_from_others_are_never_stale_and_lazy_too(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w")
    event = {
        "patient": "P", "StudyInstanceUID": "1.2", "irradiation_event_uid": "1.2.3",
        "source": "rdsr", "preferred": True, "dlp_mgy_cm": 100.0, "localizer": False,
        "dose_check": '[{"check": "alert", "quantity": "dlp", "configured": true, "limit": 50.0, '
        '"estimate": 90.0, "reason_given": true}]',
    }  # fmt: skip
    survey.store.publish({"irradiation_event": IRRADIATION_EVENT.frame([event])})
    assert survey.table("study_dose")["dlp_mgy_cm"].to_list() == [100]
    assert survey.table("alert")["exceeded"].to_list() == [True]
    assert survey.lazy("coverage").select("of_scans").collect()["of_scans"].unique().to_list() == [
        1
    ]
    survey.store.publish({"irradiation_event": IRRADIATION_EVENT.empty()})
    for name in ("study_dose", "alert", "coverage"):
        assert survey.lazy(name).collect().height == survey.table(name).height == 0


def test_a_workspace_is_for_its_owner_and_is_not_made_twice(tmp_path: Path) -> None:
    create_survey(tmp_path / "w")
    assert (tmp_path / "w").stat().st_mode & 0o077 == 0
    assert (tmp_path / "w" / "hospital.key").stat().st_mode & 0o077 == 0
    with pytest.raises(SettingsError):
        create_survey(tmp_path / "w")


def test_opening_what_is_no_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="workbench init"):
        open_survey(tmp_path)


def test_settings_come_back_as_written(tmp_path: Path) -> None:
    settings = Settings(
        survey=SurveySettings('lung "ct" \u00e9', "LU01"),
        local=EntitySettings("WB", "10.0.0.1", 104, allow=("CT1@192.0.2.7",)),
        pacs=EntitySettings("PACS", "h", 11112, retrieve="get"),
        collect=CollectSettings(pause_s=3.5),
        filter={"modalities": ["CT"]},
    )
    settings.write(tmp_path)
    assert read_settings(tmp_path) == settings
    Settings().write(tmp_path)
    assert read_settings(tmp_path) == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "[survey]\nname = 3",
        "[pacs]\ntitle = ''\n",
        "[pacs]\ntitle = 'A TITLE THAT IS TOO LONG'\n",
        "[pacs]\ntitle = 'A'\nport = 99999\n",
        "[collect]\npause_s = 'long'\n",
        "[pacs]\ntitle = 'A'\nretreive = 'get'\n",
        "[pacs]\ntitle = 'A'\nretrieve = 'fetch'\n",
        "[paks]\ntitle = 'A'\n",
        "not toml",
    ],
)
def test_wrong_settings_are_explained(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=FILE):
        read_settings(tmp_path)


def test_the_public_names_are_these(tmp_path: Path) -> None:
    assert workbench.__all__ == sorted(workbench.__all__, key=lambda name: (name != "Survey", name))
    for name in workbench.__all__:
        assert getattr(workbench, name) is not None
    with pytest.raises(AttributeError):
        _ = workbench.nothing


def test_writing_settings_keeps_comments_and_what_nobody_changed(tmp_path: Path) -> None:
    text = (
        "# ours\n[survey]\nname = 'lung'  # agreed in 2024\nsite = 'LU01'\n\n"
        "[collect]\npause_s = 60.0\ntries = 2  # the administrator's wish\n"
    )
    (tmp_path / FILE).write_text(text, "utf-8")
    read_settings(tmp_path).write(tmp_path)
    assert (tmp_path / FILE).read_text("utf-8").startswith(text)
    changed = replace(read_settings(tmp_path), collect=CollectSettings(pause_s=90.0, tries=2))
    changed.write(tmp_path)
    after = (tmp_path / FILE).read_text("utf-8")
    assert "pause_s = 90.0\ntries = 2  # the administrator's wish" in after
    assert read_settings(tmp_path) == changed


def test_who_opens_a_survey_says_how_long_it_waits_for_its_catalogue(tmp_path: Path) -> None:
    create_survey(tmp_path / "w").close()
    for survey, limit_s in (
        (open_survey(tmp_path / "w"), 600.0),
        (open_survey(tmp_path / "w", wait_s=10.0, answered=True), 10.0),
    ):
        assert survey.store.waits.limit_s == limit_s
        survey.close()
