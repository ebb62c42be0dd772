"""Wherever parts lie, a place keeps what it promises; which one it is, the settings say."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest

from workbench.errors import SettingsError, StoreError
from workbench.schema import SERIES
from workbench.settings import StoreSettings
from workbench.store import Store
from workbench.store.part_bucket import BucketPlace
from workbench.store.part_folder import FOLDER, FolderPlace
from workbench.store.part_place import place_of
from workbench.store.parts import Place


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    url = request.getfixturevalue("bucket") if request.param == "bucket" else ""
    return place_of(tmp_path, url)


def frame(*uids: str) -> pl.DataFrame:
    return SERIES.frame([{"SeriesInstanceUID": each} for each in uids])


def test_without_an_address_parts_lie_in_the_workspace_and_nothing_is_made_yet(
    tmp_path: Path,
) -> None:
    place = place_of(tmp_path, "")
    assert isinstance(place, FolderPlace)
    assert place.names() == set()
    assert list(tmp_path.iterdir()) == []
    name = place.write(SERIES, frame("1")).name
    assert (tmp_path / FOLDER / name).is_file()


def test_with_an_address_they_lie_there_and_none_in_the_workspace(
    tmp_path: Path, bucket: str
) -> None:
    place = place_of(tmp_path, bucket)
    assert isinstance(place, BucketPlace)
    place.write(SERIES, frame("1"))
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_is_read_back_and_described_as_it_lies_there(place: Place) -> None:
    written = place.write(SERIES, frame("1", "2"))
    assert written.rows == 2
    assert place.names() == {written.name}
    assert place.digest(written.name) == written.sha256
    raw = place.raw(written.name).collect()
    assert raw.equals(frame("1", "2"))
    memory = hashlib.sha256(raw.write_json().encode()).hexdigest()
    scanned = place.scan(SERIES, [written.name]).collect()
    assert hashlib.sha256(scanned.write_json().encode()).hexdigest() == memory


def test_parts_are_read_in_the_order_asked_for_and_none_is_an_empty_table(place: Place) -> None:
    first, second = place.write(SERIES, frame("1")), place.write(SERIES, frame("2"))
    both = place.scan(SERIES, [second.name, first.name]).collect()
    assert both["SeriesInstanceUID"].to_list() == ["2", "1"]
    nothing = place.scan(SERIES, []).collect()
    assert nothing.is_empty()
    assert nothing.schema == pl.Schema(SERIES.polars())


def test_one_part_that_is_gone_is_an_error_not_a_smaller_table(place: Place) -> None:
    kept, lost = place.write(SERIES, frame("1")), place.write(SERIES, frame("2"))
    place.remove(lost.name)
    place.remove(lost.name)
    assert place.digest(lost.name) is None
    assert place.names() == {kept.name}
    with pytest.raises(StoreError, match=r"1 part.*backup"):
        place.scan(SERIES, [kept.name, lost.name])


def test_a_reader_who_holds_a_part_that_is_removed_gets_an_error_or_all_of_it(
    place: Place,
) -> None:
    name = place.write(SERIES, frame("1", "2")).name
    lazy = place.scan(SERIES, [name])
    place.remove(name)
    try:
        assert lazy.collect().height == 2
    except (pl.exceptions.PolarsError, OSError):
        assert place.names() == set()


def test_no_row_is_a_part_too(place: Place) -> None:
    written = place.write(SERIES, SERIES.empty())
    assert written.rows == 0
    assert place.scan(SERIES, [written.name]).collect().is_empty()


@pytest.mark.parametrize(
    "settings",
    [
        StoreSettings("postgresql://user:secret@host/db"),
        StoreSettings("postgresql://host/db?password=secret"),
        StoreSettings("postgresql://host/db", "x; DROP"),
        StoreSettings("mysql://host/db"),
        StoreSettings(parts="s3://key:secret@bucket/x"),
    ],
)
def test_secrets_and_nonsense_in_settings_are_refused_without_quoting_them(
    settings: StoreSettings, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as told:
        Store.open(tmp_path, settings)
    assert "secret" not in str(told.value)
