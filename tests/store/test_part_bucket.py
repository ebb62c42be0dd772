"""A bucket as the place of parts: what is there is whole, what fails is said without a secret."""

from __future__ import annotations

import hashlib
import sys
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.store.s3_server import KEYS
from tests.store.store_rows import taken
from workbench.errors import MissingTool, SettingsError, StoreError
from workbench.schema import SERIES
from workbench.settings import StoreSettings
from workbench.store import Store, part_bucket
from workbench.store.part_bucket import BucketPlace


def frame(*uids: str) -> pl.DataFrame:
    return SERIES.frame([{"SeriesInstanceUID": each} for each in uids])


def test_a_bucket_that_is_not_there_is_an_error_with_a_remedy(bucket: str, tmp_path: Path) -> None:
    missing = bucket.replace("/parts", "-none/parts")
    with pytest.raises(StoreError, match="keys"):
        Store.open(tmp_path, StoreSettings(parts=missing)).extend(taken("SITE-A", 0))


def test_rot_in_the_bucket_changes_the_digest(bucket: str) -> None:
    place = BucketPlace(bucket)
    written = place.write(SERIES, frame("1", "2"))
    assert place.digest(written.name) == written.sha256
    place._obstore.put(place._store, written.name, b"rot")  # past the product
    assert place.digest(written.name) == hashlib.sha256(b"rot").hexdigest()


def test_two_workspaces_in_one_bucket_do_not_see_each_others_parts(bucket: str) -> None:
    """A sweep of the one would else remove what the other's catalogue names."""
    mine, theirs = BucketPlace(f"{bucket}/mine/"), BucketPlace(f"{bucket}/mine-too")
    name = theirs.write(SERIES, frame("1")).name
    assert mine.names() == set()
    assert mine.digest(name) is None
    mine.remove(name)
    assert theirs.names() == {name}


def test_parts_no_row_names_go_once_they_are_old_and_the_row_is_asked_for_last(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no lock between machines: a young part may be named in a second."""
    place = BucketPlace(bucket)
    known, stranger = (place.write(SERIES, frame("1")).name for _ in range(2))
    with place.writing():
        place.remove_strangers(set)
    assert place.names() == {known, stranger}
    monkeypatch.setattr(part_bucket, "STRANGE", timedelta(seconds=-5))
    late = ""

    def named() -> set[str]:
        nonlocal late
        late = place.write(SERIES, frame("2")).name  # comes between listing and asking
        return {known}

    place.remove_strangers(named)
    assert place.names() == {known, late}


def test_one_who_has_no_old_parts_asks_for_no_rows(bucket: str) -> None:
    def never() -> set[str]:
        pytest.fail("asked")

    BucketPlace(bucket).remove_strangers(never)


def test_a_server_that_is_gone_is_an_error_that_quotes_no_address(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_bucket, "PATIENCE", timedelta(milliseconds=50))
    monkeypatch.setattr(part_bucket, "MAX_TRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    place = BucketPlace(bucket)
    for act in (
        lambda: place.write(SERIES, frame("1")), place.names, lambda: place.digest("x"),
        lambda: place.remove("x"), lambda: place.scan(SERIES, ["x"]),
        lambda: place.remove_strangers(set),
    ):  # fmt: skip
        with pytest.raises(StoreError, match="the object storage refused") as refusal:
            act()
        words = str(refusal.value)
        assert "endpoint" in words, "the remedy"
        for secret in ("127.0.0.1", bucket.removeprefix("s3://"), *map(str, KEYS.values())):
            assert secret not in words


@pytest.mark.parametrize(
    "url",
    ["s3://", "bucket", "s3:///prefix", "s3://key:secret@bucket/x", "s3://key@bucket/x",
     "s3://bucket/x?secret=1"],
)  # fmt: skip
def test_an_address_is_plain_and_holds_no_key(url: str) -> None:
    with pytest.raises(SettingsError, match="AWS_SECRET_ACCESS_KEY") as refusal:
        BucketPlace(url)
    assert "secret@" not in str(refusal.value)
    assert "secret=" not in str(refusal.value)


def test_an_unknown_kind_of_storage_is_an_error_with_a_remedy() -> None:
    with pytest.raises(StoreError, match="parts"):
        BucketPlace("ftp://bucket/prefix")


def test_without_the_library_the_remedy_is_its_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(MissingTool, match=r'pip install "workbench\[objects\]"'):
        BucketPlace("s3://bucket/x")
