"""A process has a name that no other process ever bears, nor the same number after a restart."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import psutil

from workbench.services.running_process import BOOT_ID, Process, boot


def test_a_start_of_the_machine_has_one_name() -> None:
    assert boot() == boot() == BOOT_ID.read_text().strip()


def test_a_process_is_known_by_its_name_and_one_that_came_later_is_another() -> None:
    this = Process.this()
    assert Process.named(f"{this}:with:more") == this
    assert this.lives
    assert not replace(this, started=this.started - 100).lives, "the number was another's before"
    assert not replace(this, boot="another start").lives
    assert Process.named("nobody") is None


def test_one_that_has_ended_lives_no_more() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process(child.pid, psutil.Process(child.pid).create_time(), boot())
    assert process.lives
    child.communicate(b"\n")
    assert not process.lives
