"""The schema changes by numbered steps: all of them or none, the same on every engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from tests.store.conftest import OpenStore
from tests.store.store_rows import taken
from workbench.errors import StoreError
from workbench.schema import INSTANCE, SCHEMA_VERSION
from workbench.settings import StoreSettings
from workbench.store import Store, opening, steps, upgrade
from workbench.store.catalogue import TABLES as DEFINITIONS
from workbench.store.steps import (
    STEPS,
    SchemaStep,
    Work,
    catalogue_column,
    instance_columns,
    nothing,
)

# The digest of what a step is owed for: the instance table and the catalogue's definitions.
DEFINED = {8: "ee3d5a6ca7e1fba1"}
Take = Callable[..., None]


def digest() -> str:
    text = "\n".join([INSTANCE.shape, " ".join(DEFINITIONS.split())])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_a_step_is_owed_when_the_instance_table_or_the_catalogue_changes() -> None:
    assert DEFINED.get(SCHEMA_VERSION) == digest(), (
        "schema.INSTANCE or the catalogue's definitions have changed. Raise SCHEMA_VERSION, add a "
        f"step to store/steps.py, and put the new digest here: {SCHEMA_VERSION + 1}: '{digest()}' "
        "(docs/store.md, 'When a column comes')."
    )


def test_there_is_a_step_from_each_version_to_the_next() -> None:
    assert [step.before for step in STEPS] == list(range(steps.FIRST, SCHEMA_VERSION))


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Take]:
    """Let the program be a newer one, with these steps on top."""

    def made(*works: Callable[[Work], None], by_opening: bool = False) -> None:
        more = [
            SchemaStep(number, "a test", work, by_opening)
            for number, work in enumerate(works, SCHEMA_VERSION)
        ]
        monkeypatch.setattr(steps, "STEPS", (*STEPS, *more))
        for module in (steps, opening, upgrade):
            monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION + len(works))

    return made


def version(store: Store) -> int | None:
    return opening.version_in(store._catalogue)


def without(store: Store, *names: str) -> None:
    """Let the stored instances be of a time when there were no such columns."""
    parts = store._tables.parts(INSTANCE)
    for part in parts:
        frame = store._tables.place.raw(part.file).collect().drop(*names)
        store._tables.replace(INSTANCE, [part], [store._tables.place.write(INSTANCE, frame)])
    for row in store._catalogue.all("SELECT number, content FROM inbox"):
        content = {k: v for k, v in json.loads(row["content"]).items() if k not in names}
        store._catalogue.write(
            "UPDATE inbox SET content = ? WHERE number = ?", json.dumps(content), row["number"]
        )


def filled(store: Store) -> Store:
    store.extend(taken("SITE-A", 1, 2))
    store.take(taken("SITE-B", 3)[0])
    without(store, "SOPClassUID", "patient_age_days")
    return store


def test_new_columns_are_read_from_the_headers_or_worked_out(
    open_store: OpenStore, newer: Take, tmp_path: Path, engine: StoreSettings
) -> None:
    store = filled(open_store())
    before = store.table("instance")
    assert before["patient_age_days"].null_count() == before["SOPInstanceUID"].len() == 3
    without(store, "SOPInstanceUID")  # it stands in the header: it can be read again
    newer(instance_columns("SOPInstanceUID", patient_age_days=pl.col("InstanceNumber") * 10))
    with pytest.raises(StoreError, match="workbench store upgrade"):
        open_store()
    assert upgrade.upgrade(tmp_path, settings=engine) == SCHEMA_VERSION
    after = open_store().table("instance")
    assert after["patient_age_days"].sort().to_list() == [10, 20, 30]
    assert after.drop("patient_age_days").equals(before.drop("patient_age_days"))
    assert list(open_store().problems()) == []
    assert upgrade.upgrade(tmp_path, settings=engine) == SCHEMA_VERSION + 1


def test_a_small_step_is_made_by_opening_and_by_one_program_only(
    open_store: OpenStore, newer: Take, tmp_path: Path, engine: StoreSettings
) -> None:
    store = filled(open_store())
    newer(catalogue_column("refused", "remedy", "TEXT"), nothing, by_opening=True)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: Store.open(tmp_path, engine), range(4)))
    try:
        assert {version(one) for one in opened} == {SCHEMA_VERSION + 2}
        assert "remedy" in store._catalogue.columns("refused")
        assert store.table("instance").height == opened[0].table("instance").height == 3
    finally:
        for one in opened:
            one.close()


def test_of_two_upgrades_at_once_the_second_finds_all_done(
    open_store: OpenStore, newer: Take, tmp_path: Path, engine: StoreSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    open_store()
    done: list[Work] = []
    newer(done.append)
    monkeypatch.setattr(upgrade, "_version", lambda *_: SCHEMA_VERSION)  # looked before the first
    for _ in range(2):
        upgrade.upgrade(tmp_path, settings=engine)
    assert len(done) == 1


def test_steps_that_are_cut_off_leave_everything_as_it_was(
    open_store: OpenStore, newer: Take, tmp_path: Path, engine: StoreSettings
) -> None:
    def stop(work: Work) -> None:
        raise KeyboardInterrupt

    store = filled(open_store())
    before, parts = store.table("instance"), store._tables.parts()
    added = catalogue_column("refused", "remedy", "TEXT")
    newer(added, instance_columns("SOPClassUID", patient_age_days=pl.lit(7)), stop)
    with pytest.raises(KeyboardInterrupt):
        upgrade.upgrade(tmp_path, settings=engine)
    assert version(store) == SCHEMA_VERSION
    assert "remedy" not in store._catalogue.columns("refused")
    assert store._tables.parts() == parts
    assert store.table("instance").equals(before)


def test_a_catalogue_of_a_newer_version_is_refused_with_the_remedy(
    open_store: OpenStore, tmp_path: Path, engine: StoreSettings
) -> None:
    open_store()._catalogue.write("UPDATE meta SET value = '99' WHERE name = 'schema_version'")
    with pytest.raises(StoreError, match="or a newer one"):
        open_store()
    with pytest.raises(StoreError, match="or a newer one"):
        upgrade.upgrade(tmp_path, settings=engine)


def test_parts_without_their_catalogue_are_not_taken_for_left_ones(
    open_store: OpenStore, tmp_path: Path, engine: StoreSettings
) -> None:
    store = filled(open_store())
    store._catalogue.write("DROP TABLE meta")
    with pytest.raises(StoreError, match=r"catalogue is missing .* backup"):
        open_store()


@pytest.mark.postgres
def test_a_server_never_had_the_first_schemas(tmp_path: Path, postgres: object) -> None:
    settings = StoreSettings(postgres.url, "first_schemas")  # type: ignore[attr-defined]
    store = Store.open(tmp_path, settings)
    store._catalogue.write("UPDATE meta SET value = '2' WHERE name = 'schema_version'")
    store.close()
    with pytest.raises(StoreError, match="never on a server"):
        upgrade.upgrade(tmp_path, settings=settings)
