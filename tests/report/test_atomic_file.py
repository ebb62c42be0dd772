"""A file is there whole or not at all, whatever happens while it is written."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from xlsxwriter import Workbook

from tests.faults.remembered_disk import RememberedDisk
from workbench.report.atomic_file import system_code, written_atomically


def test_what_is_written_takes_its_place_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "folder" / "report.html"
    with written_atomically(out) as draft:
        draft.write_text("new")
        assert not out.exists()
        assert draft.suffix == ".html"
    assert out.read_text() == "new"
    assert list(out.parent.iterdir()) == [out]


def test_when_it_fails_the_old_one_stays_and_nothing_is_left(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("old")
    with pytest.raises(RuntimeError), written_atomically(out) as draft:
        draft.write_text("half")
        raise RuntimeError
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_power_cut_leaves_the_old_or_the_new_and_never_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = RememberedDisk(tmp_path, monkeypatch)
    out = tmp_path / "report.html"
    out.write_text("old")
    disk.everything()
    with written_atomically(out) as draft:
        draft.write_text("new")
    assert disk.torn == []
    assert disk.left(out) in (b"old", b"new")


def to_csv(draft: Path) -> None:
    pl.DataFrame({"a": range(100_000)}).write_csv(draft)


def to_parquet(draft: Path) -> None:
    pl.DataFrame({"a": range(100_000)}).write_parquet(draft)


def to_sheet(draft: Path) -> None:
    with Workbook(str(draft)) as book:
        pl.DataFrame({"a": [1]}).write_excel(book)


def to_text(draft: Path) -> None:
    draft.write_text("x" * 100_000)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")
@pytest.mark.parametrize("write", [to_csv, to_parquet, to_sheet, to_text])
def test_a_full_disk_is_told_alike_whichever_library_found_it(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    out = tmp_path / "table.csv"
    with pytest.raises(OSError, match="No space left") as refusal, written_atomically(out) as draft:
        draft.symlink_to("/dev/full")
        write(draft)
    assert (refusal.value.errno, refusal.value.filename) == (errno.ENOSPC, str(out))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.EROFS, "x"), errno.EROFS),
        (OSError("No space (os error 28)"), 28),
        (RuntimeError("IO error: x (os error 13)"), 13),
        (RuntimeError(OSError(errno.ENOSPC, "x")), errno.ENOSPC),
        (OSError("no number"), None),
        (RuntimeError("os error 28"), None),
        (RuntimeError(), None),
    ],
)
def test_the_systems_number_is_found_where_there_is_one(error: Exception, code: int | None) -> None:
    assert system_code(error) == code
