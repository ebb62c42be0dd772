"""What is needed for a session with a server is there and in order, or the remedy is told."""

from __future__ import annotations

import sys
import threading
import uuid
from pathlib import Path

import pytest

from tests.store.postgres_server import Server
from workbench.errors import MissingTool, SettingsError, StoreError
from workbench.store.postgres import Postgres


@pytest.mark.postgres
def test_sessions_that_begin_at_once_in_a_new_schema_all_begin(postgres: Server) -> None:
    name, made = f"s{uuid.uuid4().hex[:12]}", []
    Postgres(postgres.url, name).define("DROP TABLE writer")

    def begin() -> None:
        made.append(Postgres(postgres.url, name))

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    for database in made:
        database.close()


@pytest.mark.postgres
def test_a_peer_that_is_gone_without_a_word_is_noticed_by_the_system(postgres: Server) -> None:
    """Else a machine that lost its power would hold the lock of writers for hours."""
    database = Postgres(postgres.url, f"s{uuid.uuid4().hex[:12]}")
    words = database._connection.info.get_parameters()
    assert words["keepalives_idle"] == "15"
    assert (words["keepalives_interval"], words["keepalives_count"]) == ("5", "3")
    database.close()


def test_without_the_driver_the_remedy_is_its_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingTool, match=r'pip install "workbench\[postgres\]"'):
        Postgres("postgresql://host/db", "workbench")


@pytest.mark.parametrize(
    "schema", ["", "Upper", "1st", "a-b", "a b", 'a"b', "a;b", "a" * 64, "pg\n", "ä"]
)
def test_a_schema_is_a_plain_name(schema: str) -> None:
    with pytest.raises(SettingsError, match="plain name"):
        Postgres("postgresql://host/db", schema)


@pytest.mark.parametrize(
    "url", ["postgresql://user:secret@host/db", "postgresql://host/db?user=x&password=secret"]
)
def test_a_password_does_not_stand_in_the_settings(url: str) -> None:
    with pytest.raises(SettingsError, match=r"password.*PGPASSWORD") as refusal:
        Postgres(url, "workbench")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["", "host", "mysql://host/db", "http://host/db"])
def test_an_address_is_one_of_postgresql(url: str) -> None:
    with pytest.raises(SettingsError, match="postgresql://user@host/database"):
        Postgres(url, "workbench")


def test_a_server_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"does not answer.*pgpass") as refusal:
        Postgres(f"postgresql://Grottenolm@/db?host={tmp_path}", "workbench")
    assert "Grottenolm" not in str(refusal.value)
