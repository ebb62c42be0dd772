"""The search for what was deleted reads everything, and harms nothing that is open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import StoreError
from workbench.store import erasure_proof
from workbench.store.database import Sqlite
from workbench.store.erasure_proof import prove

COUNT = """
import sys
from pathlib import Path
from workbench.store.database import Sqlite
database = Sqlite(Path(sys.argv[1]))
print(database.one("SELECT count(*) AS n FROM t")["n"])
database.close()
"""


def seen_by_another(file: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COUNT, file], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_a_database_that_is_open_stays_whole_while_it_is_searched(tmp_path: Path) -> None:
    """With its locks gone, the other process would take our journal away, and our rows with it."""
    file = tmp_path / "x.sqlite"
    ours = Sqlite(file, "CREATE TABLE t (x TEXT);")
    ours.write("INSERT INTO t VALUES ('4711-9')")
    proof = prove(tmp_path, ["4711-9"], rows=0)
    assert (proof.left, proof.files) == (1, 3), "the database, its journal and index"
    assert seen_by_another(file) == 1
    assert file.with_name("x.sqlite-wal").exists()
    ours.write("INSERT INTO t VALUES ('b')")
    assert seen_by_another(file) == 2
    ours.close()


@pytest.mark.parametrize("name", ["a.sqlite", "a.sqlite-wal", "a.txt"])
def test_a_value_is_found_wherever_blocks_part_it(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure_proof, "BLOCK", 16)
    (tmp_path / name).write_bytes(b"-" * 13 + b" 1.2.840.4711 " + b"-" * 40)
    proof = prove(tmp_path, ["1.2.840.4711", "1.2.840.4712"], rows=1)
    assert (proof.left, proof.where, proof.bytes) == (1, (name,), 67)


def test_a_database_s_file_that_cannot_be_read_is_not_called_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"x")
    monkeypatch.setattr(erasure_proof, "READ", "import sys; sys.exit(1)")
    with pytest.raises(StoreError, match="cannot be read"):
        prove(tmp_path, ["4711"], rows=1)


@pytest.mark.parametrize("name", ["4711-9.csv", "4711-9", "of 4711-9.txt", "4711-9.sqlite"])
def test_a_name_that_holds_a_value_counts(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert prove(tmp_path, ["4711-9"], rows=1).left == 1
    assert prove(tmp_path, ["711-9"], rows=1).left == ("sqlite" in name)
