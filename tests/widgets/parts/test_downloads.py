"""A page's files go to its browser by message, or by a link where they are large; never by data."""

from __future__ import annotations

import os
import re
import time
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from workbench.rights import Right
from workbench.stages.handed_files import fetched_file, handed_file
from workbench_widgets.parts.download.download import Downloads, dated_name

Told = list[tuple[dict[str, object], list[bytes]]]


@pytest.fixture
def told(downloads: Downloads) -> Told:
    messages: Told = []
    downloads.send = lambda message, buffers=(): messages.append((message, list(buffers)))
    return messages


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    return Downloads(tmp_path, most=1000)


def test_a_file_goes_along_with_the_message_and_nothing_stays(
    downloads: Downloads, told: Told, tmp_path: Path
) -> None:
    said = downloads.hand("a.csv", lambda out: out.write_bytes(b"x" * 1000), Right.LOOK)
    ((message, content),) = told
    assert (message["file"], message["type"], content) == ("a.csv", "text/csv", [b"x" * 1000])
    assert said == "a.csv is in the downloads of your browser."
    assert list((tmp_path / "exports").iterdir()) == []
    assert "xxxx" not in str(downloads.get_state())
    assert (tmp_path / "exports").stat().st_mode & 0o077 == 0


def test_a_large_file_is_fetched_by_who_has_its_right_and_is_gone_after_a_week(
    downloads: Downloads, told: Told, tmp_path: Path
) -> None:
    said = downloads.hand("a.csv", lambda out: out.write_bytes(b"x" * 1001), Right.DECIDE)
    ((message, content),) = told
    assert content == []
    assert "use the link below" in said
    address = str(message["address"])
    assert re.fullmatch(r"/exports/decide/[0-9a-f]+-a\.csv", address)
    name = address.rpartition("/")[2]
    file = fetched_file(tmp_path, Right.DECIDE, name)
    assert file
    assert file.stat().st_size == 1001
    assert fetched_file(tmp_path, Right.LOOK, name) is None
    os.utime(file, (0, time.time() - 8 * 86400))
    downloads.hand("b.csv", lambda out: out.write_bytes(b"x" * 1001), Right.DECIDE)
    assert not file.exists()


def test_what_is_written_beside_a_file_goes_along_in_one(tmp_path: Path) -> None:
    def write(out: Path) -> None:
        out.write_text("1")
        out.with_name("a.codebook.csv").write_text("2")

    file = handed_file(tmp_path, "a.csv", write, Right.LOOK)
    assert file.name == "a.zip"
    with ZipFile(BytesIO(file.content or b"")) as packed:
        assert packed.namelist() == ["a.codebook.csv", "a.csv"]


@pytest.mark.parametrize("name", ["../a.csv", "a/b.csv", ".a", "A.csv", "a\n.csv", "", "ä.csv"])
def test_a_name_that_is_not_ours_is_refused_before_anything_is_written(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ValueError, match="name of ours"):
        handed_file(tmp_path, name, lambda out: out.write_text("x"), Right.LOOK)
    assert fetched_file(tmp_path, Right.LOOK, name) is None
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_the_folder_is_not_handed_out(tmp_path: Path) -> None:
    (tmp_path / "exports" / "look").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "exports" / "look" / "1-a.csv").symlink_to(tmp_path / "secret")
    assert fetched_file(tmp_path, Right.LOOK, "1-a.csv") is None


def test_what_fails_half_way_leaves_nothing_and_tells_nothing(
    downloads: Downloads, told: Told, tmp_path: Path
) -> None:
    def write(out: Path) -> None:
        out.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        downloads.hand("a.csv", write, Right.LOOK)
    assert told == []
    assert list((tmp_path / "exports").iterdir()) == []


def test_a_name_says_the_day() -> None:
    assert re.fullmatch(
        r"results_\d{4}-\d\d-\d\d\.quaac\.json", dated_name("results", ".quaac.json")
    )
