"""A workspace is made once, opened by name, and says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import workbench
from workbench.errors import SettingsError
from workbench.model import ApplicationEntity
from workbench.schema import TABLES
from workbench.settings import FILE, Settings, read_settings
from workbench.survey import create_survey, open_survey


def test_an_empty_survey_has_every_table_with_its_columns(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w")
    for name, table in TABLES.items():
        frame = survey.table(name)
        assert frame.height == 0
        assert frame.schema == pl.Schema(table.polars()), name


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
        survey='lung "ct" \u00e9', site="LU01", pause_s=3.5,
        local=ApplicationEntity("WB", "10.0.0.1", 104), pacs=ApplicationEntity("PACS", "h", 11112),
    )  # fmt: skip
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
