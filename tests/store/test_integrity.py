"""What is wrong with a store is told, whatever it is; of a sound one nothing is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.store.conftest import OpenStore
from tests.store.store_rows import taken, uid
from workbench.schema import SERIES
from workbench.store import Store
from workbench.store.catalogue import digest_of
from workbench.store.database import Database


def test_a_sound_store_has_no_problems_and_a_flipped_byte_is_one(open_store: OpenStore) -> None:
    store = open_store()
    store.extend(taken("SITE-A", 0, 1))
    store.take(taken("SITE-A", 2)[0])
    assert list(store.problems()) == []
    database: Database = store._catalogue
    database.write("UPDATE part SET sha256 = 'other'")
    (told,) = store.problems()
    assert "damaged" in told
    waiting = database.one("SELECT content FROM inbox")
    assert waiting is not None
    damaged = json.dumps({**json.loads(waiting["content"]), "header": "{}"})
    database.write("UPDATE inbox SET content = ?", damaged)
    assert len(list(store.problems())) == 2


def test_every_byte_of_a_part_counts(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.extend(taken("SITE-A", *range(20)))
    (part,) = (tmp_path / "parts").iterdir()
    sound = part.read_bytes()
    for place in (0, 10, len(sound) // 3, len(sound) // 2, len(sound) - 1):
        part.write_bytes(sound[:place] + bytes([sound[place] ^ 4]) + sound[place + 1 :])
        assert len(list(store.problems())) == 1, place
    part.write_bytes(sound)
    assert list(store.problems()) == []
    part.unlink()
    assert "gone" in " ".join(store.problems())


def test_a_catalogue_and_parts_of_different_times_are_told(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.extend(taken("SITE-A", 0, 1, 2))
    database: Database = store._catalogue
    database.write("DELETE FROM object WHERE number = 2")
    assert any("backup" in told for told in store.problems())
    database.write("UPDATE object SET content = ? WHERE number = 1", b"0" * 16)
    assert any("2 rows" in told for told in store.problems())


CHANGES = {
    "another object": ("UPDATE object SET sop = ? WHERE number = 1", digest_of("1.2.3")),
    "other content": ("UPDATE object SET content = ? WHERE number = 1", digest_of("1.2.3")),
    "another patient": ("UPDATE series SET patient = ? WHERE number = 1", "SITE-X"),
    "another study": ("UPDATE series SET study_uid = ? WHERE number = 1", "1.2.3"),
    "another series": ("UPDATE series SET series_uid = ? WHERE number = 1", "1.2.3"),
    "no series": ("UPDATE object SET series = ? WHERE number = 1", 999),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_a_catalogue_says_otherwise_than_a_part_is_told(store: Store, change: str) -> None:
    """Else one patient's dose would be another's, or an erasure would pass one by."""
    store.extend([*taken("SITE-A", 0), *taken("SITE-B", 0)])
    assert list(store.problems()) == []
    statement, value = CHANGES[change]
    store._catalogue.write(statement, value)
    (sentence,) = store.problems()
    assert sentence.startswith("1 rows of part instance-")
    assert "backup" in sentence
    for secret in ("SITE-", uid("SITE-A", "study"), "1.2.3"):
        assert secret not in sentence


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"header": "{}"}', '{"header": null, "content_sha256": null}'],
)
def test_a_waiting_row_that_is_damaged_is_told_by_its_number(store: Store, content: str) -> None:
    store.take(taken("SITE-A", 0)[0])
    store._catalogue.write("UPDATE inbox SET content = ?", content)
    (sentence,) = store.problems()
    assert "waiting row of object 1 is damaged" in sentence
    assert "backup" in sentence


def test_a_header_changed_by_one_letter_is_damage(store: Store) -> None:
    store.take(taken("SITE-A", 0)[0])
    waiting = store._catalogue.one("SELECT content FROM inbox")
    assert waiting is not None
    content = json.loads(waiting["content"])
    content["header"] = content["header"].replace("UI", "UL")
    store._catalogue.write("UPDATE inbox SET content = ?", json.dumps(content))
    assert len(list(store.problems())) == 1


def test_objects_without_a_row_and_rows_without_an_object_are_told(store: Store) -> None:
    store.extend(taken("SITE-A", 0, 1))
    store.take(taken("SITE-A", 2)[0])
    store._catalogue.write("DELETE FROM inbox")
    (sentence,) = store.problems()
    assert "3 objects, the tables 2" in sentence
    store._catalogue.write("DELETE FROM object WHERE number = 3")
    assert list(store.problems()) == []


def test_parts_of_every_table_are_compared_and_each_is_named(store: Store, tmp_path: Path) -> None:
    store.extend(taken("SITE-A", 0))
    store.publish({"series": SERIES.frame([{"patient": "SITE-A", "SeriesInstanceUID": "1"}])})
    progress: list[tuple[int, int]] = []
    assert list(store.problems(lambda done, total: progress.append((done, total)))) == []
    assert progress == [(0, 2), (1, 2), (2, 2)]
    files = sorted((tmp_path / "parts").iterdir())
    for file in files:
        file.write_bytes(file.read_bytes()[:-1])
    sentences = sorted(store.problems())
    assert len(sentences) == 2
    for file, sentence in zip(files, sentences, strict=True):
        assert file.name in sentence
        assert "damaged" in sentence
    files[1].unlink()
    assert f"Part {files[1].name} is gone" in " ".join(store.problems())


def test_a_part_replaced_by_another_sound_part_is_damage(store: Store, tmp_path: Path) -> None:
    """A restored backup of another day: each file is whole, and they do not belong together."""
    store.extend(taken("SITE-A", 0))
    store.extend(taken("SITE-B", 0))
    one, other = sorted((tmp_path / "parts").iterdir())
    one.write_bytes(other.read_bytes())
    assert len(list(store.problems())) == 1


def test_one_damage_does_not_hide_another(store: Store, tmp_path: Path) -> None:
    store.extend(taken("SITE-A", 0))
    store.take(taken("SITE-B", 0)[0])
    (part,) = (tmp_path / "parts").iterdir()
    part.unlink()
    store._catalogue.write("UPDATE inbox SET content = '{}'")
    store._catalogue.write("DELETE FROM object WHERE number = 2")
    sentences = list(store.problems())
    assert len(sentences) == 3
    assert all("backup" in sentence for sentence in sentences)
