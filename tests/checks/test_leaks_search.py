"""The search for planted people must be able to find them: in whatever they are packed."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest
import xlsxwriter

from benchmarks.leaks import __main__ as program
from benchmarks.leaks.people import PEOPLE, Person, Planted, all_planted, people
from benchmarks.leaks.search import Search, unpacked
from benchmarks.leaks.whole_line import Machine

WHO = Person(7)  # Kjærstrømmandel
BEYOND = Person(45)
SEARCH = Search(all_planted())


def found(folder: Path) -> set[tuple[int, str]]:
    hits, _ = SEARCH.files(sorted(folder.rglob("*")), folder)
    return {(hit.value.person, hit.value.kind) for hit in hits}


def write_parquet(file: Path, text: str) -> None:
    pl.DataFrame({"a": [None, text], "b": [[text], []]}).write_parquet(file, compression="zstd")


def write_sqlite(file: Path, text: str) -> None:
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("CREATE TABLE t (a TEXT, b BLOB)")
        packed = zlib.compress(json.dumps([text]).encode())
        opened.execute("INSERT INTO t VALUES ('', ?)", (packed,))
        opened.commit()


def write_xlsx(file: Path, text: str) -> None:
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet().write_string(3, 3, text)


def write_zip_in_zip(file: Path, text: str) -> None:
    inner = file.with_suffix(".inner")
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("letter.txt", text)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(inner, "inner.zip")
    inner.unlink()


def write_html(file: Path, text: str) -> None:
    coded = base64.b64encode(gzip.compress(f"{'x' * 99}{text}".encode())).decode()
    file.write_text(f'<a href="data:application/gzip;base64,{coded}">')


PACKED: dict[str, Callable[[Path, str], object]] = {
    "plain": lambda file, text: file.write_text(text, "utf-8"),
    "capitals": lambda file, text: file.write_text(text.upper(), "utf-8"),
    "utf-16": lambda file, text: file.write_text(text, "utf-16"),
    "hex": lambda file, text: file.write_text(text.encode().hex()),
    "base64": lambda file, text: file.write_bytes(base64.b64encode(f"a{text}b".encode())),
    "JSON": lambda file, text: file.write_text(json.dumps({"a": text})),
    "percent": lambda file, text: file.write_text(quote(text)),
    "gzip": lambda file, text: file.write_bytes(gzip.compress(text.encode())),
    "zlib behind other bytes": lambda file, text: file.write_bytes(
        b"%PDF stream\n" + zlib.compress(text.encode()) + b"endstream"
    ),
    "Parquet": write_parquet,
    "SQLite": write_sqlite,
    "Excel": write_xlsx,
    "an archive in an archive": write_zip_in_zip,
    "base64 in a page": write_html,
}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("who", [WHO, BEYOND], ids=["Latin letters", "other letters"])
def test_a_name_is_found_however_it_is_packed(tmp_path: Path, packed: str, who: Person) -> None:
    PACKED[packed](tmp_path / "file", f"before {who.family} behind")
    assert (who.number, "name") in found(tmp_path)


def test_a_name_is_found_in_the_name_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / f"old {WHO.family}").mkdir()
    assert found(tmp_path) == {(7, "name")}


def test_every_value_of_everybody_is_found_in_clear(tmp_path: Path) -> None:
    (tmp_path / "all.txt").write_text("\n".join(one.text for one in all_planted()), "utf-8")
    hits, size = SEARCH.files([tmp_path / "all.txt"], tmp_path)
    expected = {(one.person, one.kind) for one in all_planted()}
    assert {(hit.value.person, hit.value.kind) for hit in hits} >= expected
    assert size >= (tmp_path / "all.txt").stat().st_size


def test_fifty_people_are_told_apart() -> None:
    everyone = people()
    assert len(everyone) == PEOPLE
    for name in ("family", "patient_id", "accession", "birth", "phone", "time", "station"):
        assert len({getattr(one, name) for one in everyone}) == PEOPLE, name
    assert all(len(one.accession) <= 16 for one in everyone)


def test_numbers_within_longer_numbers_do_not_count(tmp_path: Path) -> None:
    inside, alone = f"2.25.4{WHO.birth:%Y%m%d}77", f"born {WHO.birth:%Y%m%d}."
    (tmp_path / "uid.txt").write_text(inside)
    assert found(tmp_path) == set()
    (tmp_path / "uid.txt").write_text(alone)
    assert found(tmp_path) == {(7, "birth date")}


def test_random_bytes_name_nobody() -> None:
    import random

    content = random.Random(4).randbytes(2**20)
    assert SEARCH.contents([("random", content)]) == []


def test_packings_without_end_end() -> None:
    content = b"x"
    for _ in range(20):
        content = gzip.compress(content)
    assert len(unpacked(content)) < 100


def test_a_value_planted_into_an_output_is_counted_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(tmp_path)
    for folder in program.OUTPUTS.values():
        machine.place(folder)
    image = machine.place("workspace/phantoms") / "image.dcm"
    image.write_text(WHO.family, "utf-8")
    for folder in program.OUTPUTS.values():
        (machine.folder / folder / "empty.txt").write_text("")
    hospital = tmp_path / "hospital"
    hospital.mkdir()
    for person in people():
        (hospital / f"{person.number}.txt").write_text(person.patient_id, "utf-8")
    monkeypatch.setattr(program, "whole_line", lambda _: machine)
    assert program.main(["--keep", str(tmp_path)]) == 0
    assert "0 people named in 0 places" in capsys.readouterr().out

    device = machine.place("tables") / "instance.csv"
    device.write_text(f"{WHO.station},{WHO.time[:2]}:{WHO.time[2:4]}:{WHO.time[4:]}")
    assert program.main(["--keep", str(tmp_path)]) == 0, "what an option keeps is told apart"
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("tables")]
    assert row.split()[-3:] == ["0", "1", "1"]

    write_parquet(machine.place("workspace/parts") / "instance-1.parquet", WHO.patient_id)
    assert program.main(["--where", "--keep", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "1 people named" in told
    assert "patient ID of person 7 in parts/instance-1.parquet (rows" in told
    assert WHO.patient_id not in told


@pytest.mark.parametrize("missing", ["output", "person", "phantoms", "everything"])
def test_a_search_that_could_find_nobody_says_so(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    missing: str,
) -> None:
    machine = Machine(tmp_path)
    (tmp_path / "hospital").mkdir()
    for folder in program.OUTPUTS.values() if missing != "everything" else ():
        (machine.place(folder) / "a.txt").write_text("")
    for person in people():
        file = tmp_path / "hospital" / f"{person.number}.txt"
        file.write_text(person.patient_id)
    (machine.place("workspace/phantoms") / "image.dcm").write_text(WHO.family, "utf-8")
    monkeypatch.setattr(program, "whole_line", lambda _: machine)
    if missing == "output":
        (machine.place("tables") / "a.txt").unlink()
    elif missing == "person":
        (tmp_path / "hospital" / "7.txt").write_text("")
    elif missing == "phantoms":
        (machine.place("workspace/phantoms") / "image.dcm").write_text("nobody")
    assert program.main(["--keep", str(tmp_path)]) == program.NOT_MEASURED
    said = capsys.readouterr().out
    assert "NOT MEASURED" in said
    assert "people named in" not in said


def test_bytes_in_a_part_are_searched(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [WHO.patient_id.encode(), None], "b": ["x", "y"]})
    frame.write_parquet(tmp_path / "x.parquet")
    assert found(tmp_path) == {(7, "patient ID")}


def test_a_short_value_is_not_looked_for() -> None:
    search = Search([Planted(0, "name", "Li")])
    assert search.contents([("x", b"Li Li Li")]) == []
