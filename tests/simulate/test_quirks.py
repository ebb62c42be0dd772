"""Faults are off until they are switched on, and each one is explained."""

from __future__ import annotations

import dataclasses
import inspect
import re

import pytest

from workbench.simulate import misanswers, misbehaving
from workbench.simulate.quirks import FindFaults, Quirks, RetrieveFaults

KINDS = (FindFaults, RetrieveFaults, Quirks)
# What is said of a request where nothing is odd: no fault, though the value is not empty.
RIGHT = {
    "character_set": "ISO_IR 192", "pending": 0xFF00, "refusal": 0xA702, "hang_seconds": 3600.0,
    "counters": "right", "roots": {"study", "patient"}, "services": {"find", "move", "get"},
}  # fmt: skip


@pytest.mark.parametrize("kind", [FindFaults, RetrieveFaults])
def test_every_fault_is_off_by_default(kind: type) -> None:
    for field in dataclasses.fields(kind):
        value = getattr(kind(), field.name)
        assert value == RIGHT.get(field.name, value)
        if field.name not in RIGHT:
            assert not value, field.name


def test_a_pacs_without_quirks_knows_all_models_and_services() -> None:
    assert Quirks() == Quirks(find=FindFaults(), retrieve=RetrieveFaults())
    assert Quirks().roots == RIGHT["roots"]
    assert Quirks().services == RIGHT["services"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_fault_is_explained_under_its_own_name(kind: type) -> None:
    """Who tries a collector against a fault reads here what the peer then does."""
    text = inspect.getdoc(kind) or ""
    explained = {
        name for line in text.splitlines() if re.fullmatch(r"[a-z_0-9, ]+", line)
        for name in line.split(", ")
    }  # fmt: skip
    assert explained == {field.name for field in dataclasses.fields(kind)}


@pytest.mark.parametrize("kind", [FindFaults, RetrieveFaults])
def test_no_fault_is_only_promised(kind: type) -> None:
    """Each one is read by those who misbehave."""
    source = inspect.getsource(misanswers) + inspect.getsource(misbehaving)
    for field in dataclasses.fields(kind):
        assert re.search(rf"\.{field.name}\b", source), field.name


def test_faults_are_values_that_nobody_changes_under_a_running_peer() -> None:
    quirks = Quirks(find=FindFaults(limit=3), retrieve=RetrieveFaults(fail_every=2), seed=7)
    for value, name in ((quirks, "seed"), (quirks.find, "limit"), (quirks.retrieve, "fail_every")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 9)
    assert dataclasses.replace(quirks, seed=8).find == quirks.find
    with pytest.raises(TypeError):
        Quirks(FindFaults())  # type: ignore[misc]
