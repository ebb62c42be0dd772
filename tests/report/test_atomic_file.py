"""A file is there whole or not at all, whatever happens while it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.remembered_disk import RememberedDisk
from workbench.report.atomic_file import written_atomically


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
