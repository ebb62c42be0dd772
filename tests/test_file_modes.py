"""What Workbench writes is for its owner alone, whatever the umask of whoever runs it."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from tests.faults.remembered_disk import RememberedDisk
from workbench.collect.phantom_folder import PhantomFolder
from workbench.deidentify.cleaned_files import deidentify_files
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.file_modes import (
    create_private,
    is_shared,
    kept_mode,
    make_private_folder,
    mode_in,
    open_private,
    private_umask,
    sync_folder,
    write_private,
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


def test_a_private_file_is_durable_and_whole_when_its_writing_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = RememberedDisk(tmp_path, monkeypatch)
    disk.everything()
    for text in ("first", "then ø"):
        write_private(tmp_path / "a", text)
        assert disk.left(tmp_path / "a") == text.encode()
    assert disk.torn == []
    write_private(tmp_path / "b", "of this start only", durable=False)
    assert (tmp_path / "b").read_text() == "of this start only"
    assert disk.left(tmp_path / "b") is None
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "b"]


def test_a_private_file_is_its_owners_even_where_a_group_shares_the_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    (tmp_path / "a").write_text("before")
    (tmp_path / "a").chmod(0o666)
    write_private(tmp_path / "a", "x")
    assert mode(tmp_path / "a") == 0o600
    for given in (0o640, 0o660, 0o644):
        (tmp_path / "a").chmod(given)
        write_private(tmp_path / "a", "y", kept_mode(tmp_path / "a"))
        assert mode(tmp_path / "a") == given
    write_private(tmp_path / "b", "y", kept_mode(tmp_path / "b"))
    assert mode(tmp_path / "b") == 0o660


def test_at_no_moment_is_a_private_file_open_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    really = os.open

    def watched(path: Path, *arguments: int) -> int:
        descriptor = really(path, *arguments)
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077)
        return descriptor

    monkeypatch.setattr(os, "open", watched)
    write_private(tmp_path / "a", "x", durable=False)
    assert seen == [0]


def test_what_lies_in_the_way_of_a_private_file_is_replaced_not_followed(tmp_path: Path) -> None:
    """Somebody who may write into the folder lays links there, or a program was killed."""
    for name in ("a", "a.partial"):
        elsewhere = tmp_path / f"elsewhere-{name}"
        elsewhere.write_text("untouched")
        (tmp_path / name).symlink_to(elsewhere)
    write_private(tmp_path / "a", "x")
    assert not (tmp_path / "a").is_symlink()
    assert (tmp_path / "a").read_text() == "x"
    for name in ("a", "a.partial"):
        assert (tmp_path / f"elsewhere-{name}").read_text() == "untouched"


def test_a_link_laid_while_a_private_file_is_written_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    really = Path.unlink

    def and_again(path: Path, missing_ok: bool = False) -> None:
        really(path, missing_ok)
        path.symlink_to(elsewhere)

    monkeypatch.setattr(Path, "unlink", and_again)
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "a", "secret")
    assert elsewhere.read_text() == "untouched"


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
def test_when_a_private_file_cannot_be_written_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write_private(tmp_path / "a", "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(OSError, match="no space"):
            write_private(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    write_private(tmp_path / "a", "new")  # what was left of it is in nobody's way
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("number", "refused"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)]
)
def test_a_folder_that_cannot_be_made_durable_is_no_error_and_a_broken_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, refused: bool
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    if refused:
        with pytest.raises(OSError, match=os.strerror(number)):
            sync_folder(tmp_path)
    else:
        sync_folder(tmp_path)


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
