"""The search for what was deleted: whatever is there is found, and nothing else is."""

from __future__ import annotations

import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import StoreError
from workbench.store import erasure_proof
from workbench.store.database import Sqlite
from workbench.store.erasure_proof import prove

IDS = st.text("12-.A", min_size=2, max_size=5)
CONTENT = st.text("12-.A x", max_size=60)
WORD = string.ascii_letters + string.digits


def stands(value: str, text: str) -> bool:
    """Tell whether a value stands in a text as a whole word.

    A full stop may follow a word; a point before a letter or digit goes on with it, as in a UID.
    """
    for match in re.finditer(f"(?={re.escape(value)})", text):
        before, after = text[: match.start()], text[match.start() + len(value) :]
        begins = not re.search(f"[{WORD}][.]?$", before)
        if begins and not re.match(f"[.]?[{WORD}]", after):
            return True
    return False


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.sets(IDS, min_size=1, max_size=3), content=CONTENT, block=st.integers(1, 9))
def test_a_file_is_named_exactly_when_a_value_stands_in_it(
    tmp_path: Path, values: set[str], content: str, block: int
) -> None:
    """Wherever blocks of reading end, and whichever values begin, end or lie within others."""
    (tmp_path / "kept.txt").write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasure_proof, "BLOCK", block)
        proof = prove(tmp_path, values, 0)
    there = {value for value in values if stands(value, content)}
    assert (proof.where == ("kept.txt",)) == bool(there)
    assert bool(proof.left) == bool(there)
    assert proof.left <= len(there), "none is counted that is not there"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=IDS, content=CONTENT, block=st.integers(1, 9))
def test_in_a_database_a_value_is_found_anywhere(
    tmp_path: Path, value: str, content: str, block: int
) -> None:
    """SQLite writes one value right after the other."""
    (tmp_path / "x.sqlite-wal").write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasure_proof, "BLOCK", block)
        proof = prove(tmp_path, [value], 0)
    assert proof.left == (value in content)


def test_values_are_counted_once_wherever_they_stand(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text("PAT-77, PAT-78 and PAT-77")
    (tmp_path / "c.log").write_text("PAT-770 and XPAT-77 and 1.PAT-78")
    (tmp_path / "d.log").write_text("1.2.3.4 is no longer 1.2.3")
    proof = prove(tmp_path, ["PAT-77", "PAT-78", "PAT-79", "PAT-77", "2.3", "1.2.3"], 5, 2)
    assert (proof.rows, proof.values, proof.untested) == (5, 5, 2)
    assert (proof.files, proof.left, proof.where) == (4, 3, ("a.log", "b.log", "d.log"))
    assert proof.bytes == sum(file.stat().st_size for file in tmp_path.iterdir())


def test_a_value_at_the_end_of_a_sentence_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("Nothing came of PAT-77.\nNor of 1.2.3.")
    assert prove(tmp_path, ["PAT-77", "1.2.3"], 0).left == 2


@pytest.mark.parametrize("content", [b"", b"x", b"PAT-7"])
def test_names_of_files_and_folders_are_searched_whatever_they_hold(
    tmp_path: Path, content: bytes
) -> None:
    """And what is said of it names nobody."""
    for name in ("PAT-77.html", "of PAT-78/report.html", "deep/PAT-79/a/report.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    proof = prove(tmp_path, ["PAT-77", "PAT-78", "PAT-79"], 0)
    assert proof.left == 3
    assert "PAT-7" not in proof.sentence()
    assert len(proof.where) == 3


def test_an_empty_folder_is_named_after_somebody_too(tmp_path: Path) -> None:
    (tmp_path / "PAT-77").mkdir()
    proof = prove(tmp_path, ["PAT-77"], 0)
    assert (proof.left, proof.files) == (1, 0)


def test_parts_and_links_are_not_searched(tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.txt"
    outside.write_text("PAT-77")
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "link.txt").symlink_to(outside)
    (folder / "instance.parquet").write_bytes(b"PAT-77")
    assert prove(folder, ["PAT-77"], 0).left == 0
    (folder / "instance.parquet.partial").write_bytes(b"PAT-77")
    assert prove(folder, ["PAT-77"], 0).where == ("instance.parquet.partial",)


def test_bytes_that_are_no_text_are_searched_and_values_beyond_ascii_found(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe" + "Þ-77".encode() + b"\x00" * 9)
    assert prove(tmp_path, ["Þ-77"], 0).left == 1
    assert prove(tmp_path, ["Þ-78"], 0).left == 0


def test_without_values_nothing_is_left_and_files_are_counted_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("anything")
    proof = prove(tmp_path, [], 0)
    assert (proof.values, proof.left, proof.where, proof.files) == (0, 0, (), 1)


def test_the_sentence_says_what_was_found_and_what_was_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("PAT-77")
    bad = prove(tmp_path, ["PAT-77"], 3).sentence()
    assert bad.startswith("3 rows deleted. 1 IDs and UIDs looked for in 1 files")
    assert "1 of them found. In: a.log." in bad
    good = prove(tmp_path, ["PAT-78"], 3, 4).sentence()
    assert "none of them found" in good
    assert "4 IDs are too short" in good
    assert "In:" not in good


# --- files that are open, or cannot be read ----------------------------------------------------

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
    assert prove(tmp_path, ["711-9"], rows=1).left == 0
