"""The parent's way into the hospital's file: the same table, made by either, never made twice."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from workbench.collect.queue.control import Control
from workbench.collect.queue.hospital_file import FILE, HospitalFile
from workbench.services.control_file import board_of, make_control
from workbench.services.kept_service import BY_NAME, SERVICES
from workbench.services.service_board import Asker, WantedState


def test_what_the_parent_made_the_collector_completes(tmp_path: Path) -> None:
    make_control(tmp_path)
    with board_of(tmp_path) as board:
        board.ask(BY_NAME["qa"], WantedState.STOPPED, Asker.TERMINAL)
    with closing(HospitalFile(tmp_path)) as hospital:
        assert hospital.version() > 0
        assert hospital.has("patient")
        assert Control(hospital).services.wishes(SERVICES)["qa"].wanted is WantedState.STOPPED


def test_what_the_collector_made_the_parent_reads_while_it_is_open(tmp_path: Path) -> None:
    with closing(HospitalFile(tmp_path)) as hospital:
        make_control(tmp_path)
        Control(hospital).services.ask(BY_NAME["qa"], WantedState.STOPPED, Asker.PAGE)
        with board_of(tmp_path) as board:
            assert board.wishes(SERVICES)["qa"].by is Asker.PAGE


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    make_control(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_file_that_was_deleted_is_not_made_again(tmp_path: Path) -> None:
    make_control(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(sqlite3.Error), board_of(tmp_path) as board:
        board.gone()
    assert not list(tmp_path.iterdir())


def test_a_name_that_means_something_in_an_address_is_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "50% of?it#all"
    folder.mkdir()
    make_control(folder)
    with board_of(folder) as board:
        assert board.up is None
    assert [file.name for file in tmp_path.iterdir()] == [folder.name]
