"""Parts: a name that never was, and rows that come back from the bytes as they were."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from workbench.schema import INSTANCE, SERIES
from workbench.store.parts import gone, part_name, write_parquet


def test_no_name_is_given_twice_and_each_says_its_table() -> None:
    names = {part_name(INSTANCE) for _ in range(1000)}
    assert len(names) == 1000
    assert all(one.startswith("instance-") and one.endswith(".parquet") for one in names)
    assert part_name(SERIES).startswith("series-")


def test_rows_come_back_from_a_file_and_from_memory(tmp_path: Path) -> None:
    frame = INSTANCE.frame([
        {"SOPInstanceUID": f"1.2.{n}", "ImageType": ["ORIGINAL", None], "KVP": n / 3}
        for n in range(12_000)
    ])  # fmt: skip
    write_parquet(frame, tmp_path / "a.parquet")
    memory = BytesIO()
    write_parquet(frame, memory)
    assert_frame_equal(pl.read_parquet(tmp_path / "a.parquet"), frame)
    assert_frame_equal(pl.read_parquet(BytesIO(memory.getvalue())), frame)


def test_what_is_gone_is_said_with_the_remedy() -> None:
    error = gone(SERIES, 3)
    assert "3 part" in error.message
    assert "series" in error.message
    assert "backup" in error.remedy
