"""One acquisition is counted once, however often it was reconstructed; two are two."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import polars as pl
import pytest

from workbench.mapping.ct.acquisitions import (
    Acquisition,
    acquisitions,
    same_acquisition,
)
from workbench.mapping.event_columns import derived_uid

NOON = datetime(2024, 1, 5, 12)
SECONDS = timedelta(seconds=1)
PART: dict[str, object] = {
    "patient": "P", "StudyInstanceUID": "1", "part": "a", "kind": "image", "repeated": False,
    "IrradiationEventUID": None, "kvp_kv": 120.0, "AcquisitionNumbers": [2], "timed": True,
    "started_at": NOON, "ended_at": NOON + 10 * SECONDS, "first_mm": 0.0, "last_mm": 100.0,
    "normal_z": 1.0, "span_mm": 100.0, "positions": 21, "SeriesNumber": 2,
    "SeriesInstanceUID": "1.2", "ConvolutionKernel": "B30f", "slice_thickness_mm": 5.0,
    "slice_increment_mm": 5.0, "spiral": True, "ctdi_vol_mgy": 10.0,
}  # fmt: skip


def part(**changes: object) -> dict[str, object]:
    return PART | changes


def later(seconds: float, length: float = 10) -> dict[str, object]:
    begin = NOON + seconds * SECONDS
    return {"started_at": begin, "ended_at": begin + length * SECONDS}


def untimed(first: float, last: float, **more: object) -> dict[str, object]:
    return part(timed=False, started_at=None, ended_at=None, first_mm=first, last_mm=last, **more)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True), ({"kind": "derived"}, True), ({"kind": "localizer"}, False),
        ({"kvp_kv": 100.0, "ctdi_vol_mgy": 4.0}, False), ({"kvp_kv": 121.0}, True),
        ({"kvp_kv": 121.5, "spiral": False}, False), ({"kvp_kv": 121.5, "last_mm": 60.0}, False),
        ({"kvp_kv": 80.0}, True),  # two tubes: nothing scans one range twice at one time
        ({"kvp_kv": None}, True), ({"AcquisitionNumbers": [3]}, False),
        ({"AcquisitionNumbers": [2, 3]}, True), ({"AcquisitionNumbers": None}, True),
        (later(5), True), (later(10), True), (later(12), True), (later(12.1), False),
        ({"IrradiationEventUID": "9"}, True),
    ],
)  # fmt: skip
def test_two_parts_show_one_acquisition_or_not(changes: dict[str, object], same: bool) -> None:
    assert same_acquisition(part(), part(**changes)) is same
    assert same_acquisition(part(**changes), part()) is same


def test_the_event_uid_decides_where_both_have_one() -> None:
    one = part(IrradiationEventUID="9")
    assert same_acquisition(one, part(IrradiationEventUID="9", kvp_kv=80.0, **later(999)))
    assert not same_acquisition(one, part(IrradiationEventUID="8"))


@pytest.mark.parametrize(
    ("first", "last", "same"),
    [(0, 100, True), (50, 150, True), (51, 151, False), (0, 50, True), (200, 300, False)],
)
def test_without_times_half_of_the_shorter_range_must_be_common(
    first: float, last: float, same: bool
) -> None:
    assert same_acquisition(untimed(0, 100), untimed(first, last)) is same


def test_without_times_a_number_is_needed_and_slices_must_be_axial() -> None:
    assert not same_acquisition(untimed(0, 100, AcquisitionNumbers=None), untimed(0, 100))
    assert not same_acquisition(untimed(0, 100, normal_z=0.5), untimed(0, 100))
    assert not same_acquisition(untimed(0, 100) | {"first_mm": None}, untimed(0, 100))


def test_the_part_to_read_from_is_original_long_and_thin() -> None:
    best = part(part="best", positions=100)
    others = [part(part="derived", kind="derived", span_mm=900.0), part(part="short", span_mm=50.0),
              part(part="thick"), part(part="later", positions=100, SeriesNumber=9),
              part(part="unnumbered", positions=100, SeriesNumber=None)]  # fmt: skip
    for order in permutations([best, *others[:3]]):
        assert Acquisition(tuple(order), None).best is best
    assert Acquisition((*others, best), None).best is best


def frame(*parts: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([one | {"part": str(n)} for n, one in enumerate(parts)],
                        infer_schema_length=None)  # fmt: skip


def test_parts_are_grouped_by_acquisition_and_study_in_any_order() -> None:
    parts = [part(), part(kind="derived"), part(**later(60)), part(StudyInstanceUID="2")]
    for order in permutations(parts):
        found = acquisitions(frame(*order))
        assert sorted(len(one.parts) for one in found) == [1, 1, 2]


def test_two_event_uids_are_never_joined_by_a_part_without_one() -> None:
    both = [part(IrradiationEventUID="8"), part(), part(IrradiationEventUID="9")]
    for order in permutations(both):
        found = acquisitions(frame(*order))
        assert {one.uid for one in found} == {"8", "9"}
        assert sum(len(one.parts) for one in found) == 3


def test_a_second_scan_that_looks_like_a_second_reconstruction_is_doubtful() -> None:
    alike = Acquisition((untimed(0, 100), untimed(0, 100)), None)
    assert alike.repeated
    assert not Acquisition(
        (untimed(0, 100), untimed(0, 100, ConvolutionKernel="B60f")), None
    ).repeated
    assert not Acquisition((part(), part()), None).repeated
    assert not Acquisition(alike.parts, "9").repeated
    assert Acquisition((part(repeated=True),), "9").repeated


def test_a_uid_made_for_an_event_is_stable_and_its_own() -> None:
    assert derived_uid("P", None, 1) == derived_uid("P", None, 1) != derived_uid("P", 1)
    assert derived_uid("P").startswith("2.25.")
