"""What Workbench writes is for its owner alone, whatever the umask of whoever runs it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from workbench.collect.phantom_folder import PhantomFolder
from workbench.deidentify.cleaned_files import deidentify_files
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.file_modes import (
    create_private,
    is_shared,
    make_private_folder,
    mode_in,
    open_private,
    private_umask,
)
from workbench.report.atomic_file import written_atomically
from workbench.stages.importing import import_files
from workbench.stages.verdict_list import VerdictList
from workbench.store.database import Sqlite
from workbench.survey import create_survey

CT = Path(str(get_testdata_file("CT_small.dcm", download=False)))


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opened(folder: Path) -> dict[str, str]:
    """What others may do with what lies in a folder, by name."""
    every = [folder, *folder.rglob("*")]
    return {file.name: f"{mode(file):o}" for file in every if mode(file) & 0o077}


def test_a_file_and_a_folder_are_the_owners(tmp_path: Path) -> None:
    os.close(open_private(tmp_path / "a"))
    create_private(tmp_path / "b")
    make_private_folder(tmp_path / "c" / "d")
    assert [mode(tmp_path / name) for name in ("a", "b", "c", "c/d")] == [
        0o600, 0o600, 0o700, 0o700
    ]  # fmt: skip


def test_in_a_folder_shared_on_purpose_they_are_the_groups(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    for given, is_one in ((0o755, False), (0o770, False), (0o2750, False), (0o2770, True)):
        shared.chmod(given)
        assert is_shared(shared) == is_one
        assert mode_in(shared) == (0o660 if is_one else 0o600)
    create_private(shared / "a")
    make_private_folder(shared / "b" / "c")
    assert (mode(shared / "a"), mode(shared / "b"), mode(shared / "b" / "c")) == (
        0o660, 0o2770, 0o2770
    )  # fmt: skip


def test_the_mode_that_an_owner_gave_a_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    (tmp_path / "a").chmod(0o640)
    with os.fdopen(open_private(tmp_path / "a"), "w") as file:
        file.write("x")
    assert (mode(tmp_path / "a"), (tmp_path / "a").read_text()) == (0o640, "x")
    create_private(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "x"
    with written_atomically(tmp_path / "a") as draft:
        draft.write_text("y")
    assert (mode(tmp_path / "a"), (tmp_path / "a").read_text()) == (0o640, "y")


def test_making_sure_of_a_file_drops_no_lock_on_it(tmp_path: Path) -> None:
    """SQLite holds POSIX locks, which go when any descriptor of the file is closed."""
    file = tmp_path / "x.sqlite"
    first = Sqlite(file, "CREATE TABLE t (x TEXT);")
    other = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    )
    with first.transaction():
        first.write("INSERT INTO t VALUES ('a')")
        create_private(file)
        create_private(tmp_path / "x.sqlite-shm")
        Sqlite(file).close()
        done = subprocess.run([sys.executable, "-c", other, file], capture_output=True, text=True)
        assert "locked" in done.stderr
    done = subprocess.run([sys.executable, "-c", other, file], capture_output=True, text=True)
    assert done.returncode == 0, "and nobody holds it afterwards"
    first.close()


def test_the_umask_holds_for_this_process_and_those_it_starts(tmp_path: Path, umask: int) -> None:
    with private_umask():
        (tmp_path / "ours").write_text("x")
        subprocess.run(
            [sys.executable, "-c", "open('theirs', 'w').close()"], cwd=tmp_path, check=True
        )
    assert opened(tmp_path) == {}
    (tmp_path / "after").write_text("x")
    assert mode(tmp_path / "after") == 0o666 & ~umask, "and ends with it"


def test_a_workspace_used_from_a_notebook_is_the_owners(tmp_path: Path) -> None:
    """No program of ours: a kernel, a library's caller, a worker with an umask of its own."""
    survey = create_survey(tmp_path / "w")
    with VerdictList(tmp_path / "w" / "verdicts.csv") as verdicts:
        import_files(survey, [CT], note=verdicts.note)
    survey.store.compact()
    PhantomFolder(survey.folder / "phantoms").keep_file("1.2.3", b"image")
    with written_atomically(survey.folder / "reports" / "a.html") as draft:
        draft.write_text("x")
    parts = list((survey.folder / "parts").glob("*.parquet"))
    assert parts
    assert (survey.folder / "catalogue.sqlite-wal").exists()
    assert opened(survey.folder) == {}
    survey.close()


def test_what_leaves_is_the_owners_to_give(tmp_path: Path) -> None:
    out = tmp_path / "clean"
    pseudonyms = Pseudonyms(b"k" * 32, "survey", "SITE")
    done = deidentify_files(CT, out, Deidentifier(load_profile(), pseudonyms))
    assert done["written"] == 1
    with written_atomically(tmp_path / "sub" / "table.csv") as draft:
        draft.write_text("x")
    assert opened(out) == {}
    assert opened(tmp_path / "sub") == {}


def test_an_old_list_of_verdicts_is_closed_when_it_is_written_anew(tmp_path: Path) -> None:
    listed = tmp_path / "verdicts.csv"
    listed.write_text("old")
    listed.chmod(0o644)
    with VerdictList(listed):
        pass
    assert mode(listed) == 0o600


@pytest.mark.parametrize("words", [["init", "-w", "w"], ["simulate", "w", "--patients", "1"]])
def test_every_program_of_ours_closes_what_it_makes(tmp_path: Path, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workbench.cli", *words], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert opened(tmp_path / "w") == {}


def test_every_verb_and_the_server_run_under_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import workbench.cli as cli
    from workbench.server import __main__ as program

    seen: list[int] = []

    def look(*_: object, **__: object) -> int:
        seen.append(os.umask(0o077))
        os.umask(seen[-1])
        return 0

    monkeypatch.setattr("workbench.cli.other_verbs._plugins", look)
    cli.main(["plugins"])
    monkeypatch.setattr(program, "serve", look)
    program.main([str(tmp_path), "0"])
    assert seen == [0o077, 0o077]
