"""The same store on every engine: embedded, PostgreSQL, object storage."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.store.postgres_server import Server, server
from tests.store.s3_server import KEYS, make_bucket, s3_server
from workbench.settings import StoreSettings
from workbench.store import Store
from workbench.store.database import Database, Sqlite
from workbench.store.postgres import Postgres

ENGINES = [
    "embedded",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("postgres, bucket", marks=pytest.mark.postgres),
    "bucket",
]
OpenStore = Callable[[], Store]
Connect = Callable[[], Database]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": s3}.items():
        monkeypatch.setenv(name, value)
    name = f"b{uuid.uuid4().hex[:12]}"
    make_bucket(s3, name)
    return f"s3://{name}/parts"


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> StoreSettings:
    names = request.param.split(", ")
    catalogue, schema, parts = "", "workbench", ""
    if "postgres" in names:
        catalogue = request.getfixturevalue("postgres").url
        schema = f"s{uuid.uuid4().hex[:12]}"
    if "bucket" in names:
        parts = request.getfixturevalue("bucket")
    return StoreSettings(catalogue, schema, parts)


@pytest.fixture
def open_store(engine: StoreSettings, tmp_path: Path) -> Iterator[OpenStore]:
    opened: list[Store] = []

    def make() -> Store:
        opened.append(Store.open(tmp_path, engine))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connect]:
    """Give connections to one and the same database, of either engine."""
    opened: list[Database] = []
    name = f"s{uuid.uuid4().hex[:12]}"

    def make() -> Database:
        if request.param == "sqlite":
            opened.append(Sqlite(tmp_path / "x.sqlite"))
        else:
            opened.append(Postgres(request.getfixturevalue("postgres").url, name))
        return opened[-1]

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def database(connect: Connect) -> Database:
    return connect()
