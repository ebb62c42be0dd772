"""The catalogue is opened as today's schema, or not at all."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.conftest import OpenStore
from tests.store.store_rows import taken
from workbench.errors import StoreError
from workbench.schema import SCHEMA_VERSION
from workbench.settings import StoreSettings
from workbench.store import Store, opening
from workbench.store.catalogue import FILE
from workbench.store.opening import check_not_newer, open_catalogue, version_in
from workbench.store.part_folder import FOLDER, FolderPlace
from workbench.store.steps import SchemaStep, Work


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("UPDATE meta SET value = '999' WHERE name = 'schema_version'")
    with pytest.raises(StoreError, match="newer"):
        Store.open(tmp_path)


def set_version(folder: Path, value: str) -> None:
    with closing(sqlite3.connect(folder / FILE)) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", (value,))


def test_a_new_catalogue_is_of_today_and_opening_it_again_changes_nothing(
    open_store: OpenStore,
) -> None:
    first = open_store()
    assert version_in(first._catalogue) == SCHEMA_VERSION
    first.extend(taken("SITE-A", 0, 1))
    again = open_store()
    assert again.table("instance").height == 2
    again.extend(taken("SITE-A", 2))
    assert again.table("instance")["object_number"].n_unique() == 3, "numbers go on"


@pytest.mark.parametrize("version", ["", "0", "-1", "1.5", "seven", " 1", "1\n", "9999999", "١"])
def test_a_version_that_is_none_is_damage(tmp_path: Path, version: str) -> None:
    Store.open(tmp_path).close()
    set_version(tmp_path, version)
    with pytest.raises(StoreError, match=r"damaged.*backup"):
        Store.open(tmp_path)


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 999_999])
def test_a_newer_version_is_not_touched(tmp_path: Path, version: int) -> None:
    Store.open(tmp_path).close()
    set_version(tmp_path, str(version))
    with pytest.raises(StoreError, match="newer"):
        Store.open(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        assert connection.execute("SELECT value FROM meta").fetchall() == [(str(version),)]
    check_not_newer(SCHEMA_VERSION)
    with pytest.raises(StoreError, match=str(version)):
        check_not_newer(version)


@pytest.mark.parametrize("loss", ["gone", "empty"])
def test_parts_that_lost_their_catalogue_are_kept(tmp_path: Path, loss: str) -> None:
    """A new catalogue beside them would take them for left ones, and sweep them away."""
    store = Store.open(tmp_path)
    store.extend(taken("SITE-A", 0, 1))
    store.close()
    for file in tmp_path.glob(f"{FILE}*"):
        file.unlink()
    if loss == "empty":
        (tmp_path / FILE).touch()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"1 parts.*backup"):
            Store.open(tmp_path)
    assert len(list((tmp_path / FOLDER).glob("*.parquet"))) == 1


def test_what_a_cut_off_run_left_is_no_part(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "instance-1.parquet.partial").write_bytes(b"PAR1")
    Store.open(tmp_path).close()


def test_a_catalogue_that_could_not_be_opened_is_not_held(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    set_version(tmp_path, "999999")
    with pytest.raises(StoreError):
        Store.open(tmp_path)
    set_version(tmp_path, str(SCHEMA_VERSION))
    with closing(sqlite3.connect(tmp_path / FILE, timeout=0)) as alone:
        alone.execute("PRAGMA locking_mode = EXCLUSIVE")
        alone.execute("BEGIN EXCLUSIVE")


def test_programs_that_open_a_new_workspace_at_once_make_one_catalogue(tmp_path: Path) -> None:
    problems: list[Exception] = []

    def begin(number: int) -> None:
        try:
            store = Store.open(tmp_path)
            store.extend(taken("SITE-A", number))
            store.close()
        except Exception as error:  # noqa: BLE001 - told below
            problems.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    store = Store.open(tmp_path)
    assert sorted(store.table("instance")["object_number"]) == [1, 2, 3, 4]


def test_small_steps_are_made_by_opening_all_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(tmp_path).close()
    set_version(tmp_path, str(SCHEMA_VERSION - 1))

    class CutError(Exception):
        pass

    def half(work: Work) -> None:
        work.database.write("CREATE TABLE half (x TEXT)")
        raise CutError

    def whole(work: Work) -> None:
        work.database.write("CREATE TABLE whole (x TEXT)")

    def steps(act: Callable[[Work], None], by_opening: bool = True) -> None:
        step = SchemaStep(SCHEMA_VERSION - 1, "new", act, by_opening)
        monkeypatch.setattr(opening, "steps_from", lambda _: (step,))

    steps(half)
    with pytest.raises(CutError):
        Store.open(tmp_path)
    steps(whole, by_opening=False)
    with pytest.raises(StoreError, match="store upgrade"):
        Store.open(tmp_path)
    monkeypatch.setattr(opening, "steps_from", lambda _: None)
    with pytest.raises(StoreError, match="store upgrade"):
        Store.open(tmp_path)
    steps(whole)
    database = open_catalogue(tmp_path, StoreSettings(), FolderPlace(tmp_path))
    assert version_in(database) == SCHEMA_VERSION
    assert (database.has("half"), database.has("whole")) == (False, True)
    database.close()


def test_to_read_a_catalogue_of_today_nobody_is_waited_for(open_store: OpenStore) -> None:
    """A writer that is frozen in a transaction must not keep every page from opening."""
    writer = open_store()
    writer.extend(taken("SITE-A", 0))
    with writer.batch():
        writer.take(taken("SITE-A", 1)[0])
        opened: list[Store] = []
        thread = threading.Thread(target=lambda: opened.append(open_store()))
        thread.start()
        thread.join(20)
        assert opened, "it waits for the writer"
        assert opened[0].table("instance").height == 1
    assert opened[0].table("instance").height == 2
