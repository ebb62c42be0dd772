"""The object of a connection test is dropped once and told; everything else is taken as ever."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian

from workbench.collect.received import STORED, ReceivedObject
from workbench.collect.trial_box import ASKED, CAME, MAX_AGE_S, TrialBox, Wanted

UID, SERIES = "1.2.826.1.1.1", "1.2.826.1.1"
TAKEN = 0x1234


@pytest.fixture
def received(make: Any) -> ReceivedObject:
    dataset = make("0042", 1, 1, 1)
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, dataset)
    encoded = stream.getvalue()
    return ReceivedObject(
        1, encoded, str(ExplicitVRLittleEndian), "1.2", UID, "PACS", size=len(encoded)
    )


def door(box: TrialBox, *, whole: bool = False) -> Any:
    return box.before(lambda _: TAKEN, whole=whole)


def test_without_a_test_every_object_goes_where_it_went(
    tmp_path: Path, received: ReceivedObject
) -> None:
    assert door(TrialBox(tmp_path))(received) == TAKEN
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wanted", [Wanted(frozenset({UID})), Wanted(series=frozenset({SERIES}))])
@pytest.mark.parametrize("whole", [False, True])
def test_the_one_is_dropped_once_and_told(
    tmp_path: Path, received: ReceivedObject, wanted: Wanted, whole: bool
) -> None:
    box = TrialBox(tmp_path)
    box.ask(wanted)
    assert box.answer() is None
    take = door(box, whole=whole)
    assert take(received) == STORED
    assert box.answer() == {"bytes": received.size, "whole": whole}
    assert take(received) == TAKEN, "whoever sends it as well has it stored"
    box.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wanted", [Wanted(frozenset({"1.2.9"})), Wanted(series=frozenset({"1.2.9"})), Wanted()]
)
def test_another_one_is_taken_as_ever(
    tmp_path: Path, received: ReceivedObject, wanted: Wanted
) -> None:
    box = TrialBox(tmp_path)
    box.ask(wanted)
    assert door(box)(received) == TAKEN
    assert box.answer() is None
    assert not wanted.meets(received)


def test_any_of_several_will_do(tmp_path: Path, received: ReceivedObject) -> None:
    for wanted in (
        Wanted(frozenset({"1.2.9", UID})),
        Wanted(frozenset({"1.2.9"}), frozenset({"1.2.8", SERIES})),
    ):
        assert wanted.meets(received)
        box = TrialBox(tmp_path)
        box.ask(wanted)
        assert door(box)(received) == STORED


def test_what_cannot_be_read_is_of_no_series(tmp_path: Path) -> None:
    torn = ReceivedObject(1, b"\x08\x00", str(ExplicitVRLittleEndian), "1.2", UID, "PACS")
    box = TrialBox(tmp_path)
    box.ask(Wanted(series=frozenset({SERIES})))
    assert door(box)(torn) == TAKEN


@pytest.mark.parametrize("shift", [-1.0, MAX_AGE_S * 10])
def test_a_test_that_was_killed_swallows_nothing_later(
    tmp_path: Path, received: ReceivedObject, shift: float
) -> None:
    box = TrialBox(tmp_path)
    box.ask(Wanted(frozenset({UID})))
    file = tmp_path / ASKED
    file.write_text(json.dumps({**json.loads(file.read_text()), "until": time.time() + shift}))
    assert door(box)(received) == TAKEN


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"key": 1}', "\xff", '{"bytes": "many"}', '{"key": "a", "until": 9}']
)
def test_a_file_that_is_none_of_ours_is_no_test(
    tmp_path: Path, received: ReceivedObject, text: str
) -> None:
    for name in (ASKED, CAME):
        (tmp_path / name).write_text(text, "latin-1")
    assert door(TrialBox(tmp_path))(received) == TAKEN
    assert TrialBox(tmp_path).answer() is None


def test_no_uid_stands_in_it_and_it_is_its_owners_alone(
    tmp_path: Path, received: ReceivedObject
) -> None:
    box = TrialBox(tmp_path)
    box.ask(Wanted(frozenset({UID}), frozenset({SERIES})))
    text = (tmp_path / ASKED).read_text()
    assert SERIES not in text
    assert (tmp_path / ASKED).stat().st_mode & 0o077 == 0
    first = json.loads(text)["instances"]
    box.ask(Wanted(frozenset({UID}), frozenset({SERIES})))
    assert json.loads((tmp_path / ASKED).read_text())["instances"] != first, "keyed anew each time"
    door(box)(received)
    assert UID not in (tmp_path / CAME).read_text()
