"""Events of headers and reports are matched one to one, by evidence and never by order alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.mapping.matching import match, mismatch

NOON = datetime(2024, 1, 5, 12)
SCAN: dict[str, object] = {
    "irradiation_event_uid": "h1", "localizer": False, "kvp_kv": 120.0, "x_ray_sources": None,
    "started_at": None, "protocol": "Thorax", "ctdi_vol_mgy": 10.0, "ctdi_phantom_cm": 32,
    "scan_length_mm": 300.0, "exposed_length_mm": None, "flags": [],
}  # fmt: skip


def event(**changes: object) -> dict[str, object]:
    return SCAN | changes


def fits(one: dict[str, object], report: dict[str, object]) -> bool:
    return mismatch(one, report) is not None


def test_the_same_description_is_the_same_event() -> None:
    assert mismatch(event(), event()) == 0


@pytest.mark.parametrize(
    ("header", "report"),
    [
        ({"localizer": True}, {}),
        ({"kvp_kv": 100.0}, {}),
        ({"ctdi_vol_mgy": 11.5}, {}),  # more than a tenth more
        ({"ctdi_vol_mgy": 8.9}, {}),
        ({"scan_length_mm": 396.0}, {}),  # images beyond the exposure: over 1.25 x 300 + 20 mm
    ],
)
def test_what_contradicts_is_another_event(
    header: dict[str, object], report: dict[str, object]
) -> None:
    assert not fits(event(**header), event(**report))


@pytest.mark.parametrize(
    "header",
    [
        {"kvp_kv": 120.9}, {"kvp_kv": None}, {"ctdi_vol_mgy": 10.9}, {"ctdi_vol_mgy": 9.1},
        {"scan_length_mm": 394.0}, {"scan_length_mm": None}, {"protocol": None},
        {"scan_length_mm": 20.0},  # a short reconstruction of a long scan
    ],
)  # fmt: skip
def test_what_is_rounded_short_or_missing_is_no_contradiction(header: dict[str, object]) -> None:
    assert fits(event(**header), event())


def test_what_lies_on_a_limit_is_within_it() -> None:
    assert fits(event(ctdi_vol_mgy=11.0), event())  # a tenth more
    assert fits(event(scan_length_mm=395.0), event())  # 1.25 x 300 + 20 mm


def test_small_doses_may_differ_by_the_rounding_of_reports() -> None:
    assert fits(event(ctdi_vol_mgy=0.12), event(ctdi_vol_mgy=0.08))
    assert not fits(event(ctdi_vol_mgy=0.14), event(ctdi_vol_mgy=0.08))


def test_doses_in_two_phantoms_are_not_compared() -> None:
    assert fits(event(ctdi_vol_mgy=20.0, ctdi_phantom_cm=16), event())


def test_a_scan_without_evidence_is_not_matched() -> None:
    bare = event(ctdi_vol_mgy=None, scan_length_mm=None)
    assert not fits(bare, event())
    assert fits(bare | {"started_at": NOON}, event(started_at=NOON + timedelta(seconds=2)))
    assert not fits(bare | {"started_at": NOON}, event(started_at=NOON + timedelta(seconds=3)))
    assert fits(bare | {"scan_length_mm": 300.0}, event(ctdi_vol_mgy=None))
    assert not fits(bare | {"scan_length_mm": 200.0}, event(ctdi_vol_mgy=None))


def test_images_longer_than_the_exposure_need_the_same_start() -> None:
    long = event(scan_length_mm=500.0, started_at=NOON)
    assert fits(long, event(started_at=NOON))
    assert not fits(long, event(started_at=NOON + timedelta(minutes=1)))


def test_one_of_two_tubes_is_enough() -> None:
    dual = event(kvp_kv=80.0, x_ray_sources='[{"kvp_kv": 80}, {"kvp_kv": 140}]')
    assert fits(event(kvp_kv=140.0), dual)
    assert not fits(event(kvp_kv=120.0), dual)


def test_the_exposed_length_goes_before_the_scanned_one() -> None:
    report = event(exposed_length_mm=330.0, scan_length_mm=10.0)
    assert fits(event(), report)


@given(st.permutations([8.0, 10.0, 12.5, 16.0]))
def test_each_event_finds_its_dose_whatever_the_order(doses: list[float]) -> None:
    headers = [event(irradiation_event_uid=f"h{one}", ctdi_vol_mgy=one) for one in doses]
    reports = [event(irradiation_event_uid=f"r{one}", ctdi_vol_mgy=one) for one in sorted(doses)]
    assert match(headers, reports) == {f"h{one}": f"r{one}" for one in doses}


def test_no_event_is_used_twice_and_equal_ones_are_matched_in_order() -> None:
    headers = [event(irradiation_event_uid=f"h{n}") for n in range(3)]
    reports = [event(irradiation_event_uid=f"r{n}") for n in range(3)]
    assert match(headers, reports) == {"h0": "r0", "h1": "r1", "h2": "r2"}
    assert match(headers, reports[:1]) == {"h0": "r0"}
    assert len(match(headers[:1], reports)) == 1
    assert match([], reports) == {}


def test_the_start_decides_among_equal_ones() -> None:
    headers = [event(irradiation_event_uid="h", started_at=NOON + timedelta(minutes=9))]
    reports = [event(irradiation_event_uid=f"r{m}", started_at=NOON + timedelta(minutes=m))
               for m in (0, 9, 5)]  # fmt: skip
    for some in permutations(reports):
        assert match(headers, some) == {"h": "r9"}


def test_the_protocol_decides_among_equal_ones() -> None:
    headers = [event(irradiation_event_uid="h", protocol="Abdomen venös ")]
    reports = [event(irradiation_event_uid="r0"),
               event(irradiation_event_uid="r1", protocol="abdomen")]  # fmt: skip
    assert match(headers, reports) == {"h": "r1"}
