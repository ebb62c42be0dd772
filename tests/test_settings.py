"""Settings: what a person wrote stays, what a page changes is durable, what is wrong is said."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.remembered_disk import RememberedDisk
from workbench.errors import SettingsError
from workbench.settings import (
    FILE,
    CollectSettings,
    EntitySettings,
    ProtectSettings,
    Settings,
    SurveySettings,
    TlsSettings,
)
from workbench.settings_file import read_settings, settings_of

PACS = EntitySettings("PACS", "10.0.0.1", 104, allow=("CT1", "CT2@10.0.0.2"))
CHANGED = Settings(
    SurveySettings("lung", "HD"),
    pacs=PACS,
    collect=CollectSettings(pause_s=3.5, tries=7),
    tls=TlsSettings("our.pem", "our.key", "hospital.pem"),
    protect=ProtectSettings(dates="removed", keep=("KVP",), devices=False),
    filter={"modalities": ["CT"]},
)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RememberedDisk:
    return RememberedDisk(tmp_path, monkeypatch)


def test_settings_are_durable_when_they_are_written(disk: RememberedDisk) -> None:
    Settings().write(disk.root)
    disk.everything()
    CHANGED.write(disk.root)
    left = disk.left(disk.root / FILE)
    assert left is not None
    assert settings_of(tomllib.loads(left.decode())) == CHANGED, "a power cut now loses the change"
    assert disk.torn == [], "a power cut may leave a file that is there by name only"


@given(
    st.builds(
        CollectSettings,
        pause_s=st.floats(0, 1e6), quiet_s=st.floats(0, 1e6), answer_s=st.floats(1, 1e6),
        tries=st.integers(1, 99), retry_minutes=st.floats(0, 1e6),
    ),
    st.builds(
        ProtectSettings,
        dates=st.sampled_from(["moved", "kept", "removed"]), devices=st.booleans(),
        private=st.booleans(), keep=st.lists(st.sampled_from(["KVP", "PatientSex"])).map(tuple),
    ),
    st.none() | st.just(PACS),
)  # fmt: skip
def test_what_is_written_is_read_again(
    collect: CollectSettings, protect: ProtectSettings, pacs: EntitySettings | None
) -> None:
    from tempfile import TemporaryDirectory

    told = Settings(collect=collect, protect=protect, pacs=pacs)
    with TemporaryDirectory() as folder:
        CHANGED.write(Path(folder))
        told.write(Path(folder))
        assert read_settings(Path(folder)) == told


def test_comments_and_order_of_a_person_stay(tmp_path: Path) -> None:
    text = '# ours\n[pacs]\ntitle = "PACS"  # of radiology\nport = 104\n\n[survey]\nname = "a"\n'
    (tmp_path / FILE).write_text(text)
    told = read_settings(tmp_path)
    assert told.pacs is not None
    replace(told, pacs=replace(told.pacs, port=4242)).write(tmp_path)
    written = (tmp_path / FILE).read_text()
    assert written.startswith('# ours\n[pacs]\ntitle = "PACS"  # of radiology\nport = 4242')
    assert written.index("[pacs]") < written.index("[survey]")


def test_the_mode_that_an_owner_gave_the_file_stays(tmp_path: Path) -> None:
    Settings().write(tmp_path)
    file = tmp_path / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)  # for a colleague who may read it
    CHANGED.write(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE]


def test_in_a_folder_that_a_group_shares_a_new_file_is_the_groups(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    Settings().write(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o660


def test_a_setting_taken_back_is_no_longer_in_the_file(tmp_path: Path) -> None:
    CHANGED.write(tmp_path)
    replace(CHANGED, tls=None, collect=CollectSettings(), filter={}).write(tmp_path)
    tables = tomllib.loads((tmp_path / FILE).read_text())
    assert "tls" not in tables
    assert "filter" not in tables
    assert "tries" not in tables["collect"]


def test_times_are_those_of_the_survey_where_protect_says_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[survey]\nname = "x"\n', "utf-8")
    assert read_settings(tmp_path).protection.times == "exact", "of a workspace of before"
    (tmp_path / FILE).write_text('[survey]\nname = "x"\ntimes = "hour"\n', "utf-8")
    assert read_settings(tmp_path).protection.times == "hour"
    text = '[survey]\ntimes = "hour"\n[protect]\ntimes = "removed"\n'
    (tmp_path / FILE).write_text(text, "utf-8")
    assert read_settings(tmp_path).protection == ProtectSettings(times="removed")
    (tmp_path / FILE).write_text('[survey]\ntimes = "daily"\n', "utf-8")
    with pytest.raises(SettingsError, match="times"):
        read_settings(tmp_path)
