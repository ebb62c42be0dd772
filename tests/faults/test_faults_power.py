"""What was acknowledged is on the disk when the power goes, not only in the kernel's memory."""

from __future__ import annotations

import pytest

from tests.faults.powercuts import power_cuts


@pytest.mark.usefixtures("mounts")
def test_two_power_cuts_lose_nothing() -> None:
    done = power_cuts(2, seed=2)
    assert done.cuts[0].judgement.acknowledged > 0
    assert done.broken == {}


@pytest.mark.usefixtures("mounts", "compiler")
def test_a_disk_that_lies_about_fsync_loses_objects_so_the_test_would_see_it() -> None:
    done = power_cuts(1, seed=2, lying_disk=True)
    assert done.lost > 0
