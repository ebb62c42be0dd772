"""Role and state: what enters the dose, what does not, and why, in words."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from workbench.mapping import map_instances

SCREEN = {
    "ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"],
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7",
}


def states(cases: Any, *objects: Any) -> dict[int, tuple[str, str, str | None]]:
    series = map_instances(cases.frame(*objects)).series
    rows = series.select("SeriesNumber", "role", "state", "state_reason").iter_rows()
    return {number: (role, state, reason) for number, role, state, reason in rows}


def test_a_scan_with_all_it_needs_is_mapped_and_needs_no_reason(cases: Any) -> None:
    assert states(cases, cases.slices("2", range(0, 100, 5))) == {2: ("SCAN", "MAPPED", None)}


@pytest.mark.parametrize(("keyword", "column"), [("CTDIvol", "ctdi_vol_mgy"), ("KVP", "kvp_kv")])
def test_a_scan_that_lacks_a_value_is_incomplete_and_names_it(
    cases: Any, keyword: str, column: str
) -> None:
    _, state, reason = states(cases, cases.slices("2", range(0, 100, 5), **{keyword: None}))[2]
    assert state == "INCOMPLETE"
    assert reason is not None
    assert column in reason


def test_a_scan_of_an_unknown_region_is_incomplete(cases: Any) -> None:
    made = cases.slices("2", range(0, 100, 5), ProtocolName="Xyz")
    _, state, reason = states(cases, made)[2]
    assert (state, reason) == ("INCOMPLETE", "missing: body_region")


def test_a_topogram_needs_less_than_a_scan(cases: Any) -> None:
    assert states(cases, cases.localizer("1"))[1] == ("TOPOGRAM", "MAPPED", None)


def test_a_second_reconstruction_is_unused(cases: Any) -> None:
    found = states(
        cases, cases.slices("2", range(0, 300, 5)),
        cases.slices("3", range(0, 300, 1), SliceThickness=1.0),
    )  # fmt: skip
    assert sorted(role for role, _, _ in found.values()) == ["RECONSTRUCTION", "SCAN"]
    unused = next(entry for entry in found.values() if entry[0] == "RECONSTRUCTION")
    assert unused[1:] == ("UNUSED", "reconstruction of a scan that is already counted")


def test_derived_images_alone_are_incomplete_and_say_what_is_missing(cases: Any) -> None:
    made = cases.slices("5", range(0, 100, 5), ImageType=["DERIVED", "SECONDARY", "AXIAL", "MPR"])
    role, state, reason = states(cases, made)[5]
    assert (role, state) == ("RECONSTRUCTION", "INCOMPLETE")
    assert reason == "derived images only: the original scan is missing"


def test_derived_images_beside_their_scan_are_unused(cases: Any) -> None:
    derived = ["DERIVED", "SECONDARY", "AXIAL", "MPR"]
    found = states(
        cases, cases.slices("2", range(0, 100, 5)),
        cases.slices("5", range(0, 100, 5), ImageType=derived),
    )  # fmt: skip
    assert found[5][1] == "UNUSED"


def test_a_report_that_was_read_is_mapped(cases: Any) -> None:
    assert states(cases, cases.report("9", [cases.event()]))[9] == ("DOSEINFO", "MAPPED", None)


@pytest.mark.parametrize(
    ("report", "state", "reason"),
    [({}, "UNUSED", "projection dose report: not mapped yet"),
     ({"total": (0.0, "mGy.cm")}, "INCOMPLETE", "the dose report holds no CT event"),
     ({"root": "126000"}, "UNUSED", "structured report without a dose")],
)  # fmt: skip
def test_a_report_without_an_event_says_why(
    cases: Any, report: dict[str, Any], state: str, reason: str
) -> None:
    _, found_state, found_reason = states(cases, cases.report("9", [], **report))[9]
    assert (found_state, found_reason) == (state, reason)


def test_a_secondary_capture_is_no_dose(cases: Any) -> None:
    _, state, reason = states(cases, cases.data_set("8", **SCREEN))[8]
    assert state != "MAPPED"
    assert reason


@pytest.mark.parametrize("kept", ["MAPPED", "INCOMPLETE", "UNUSED"])
def test_every_state_but_mapped_has_a_reason(cases: Any, kept: str) -> None:
    series = map_instances(
        cases.frame(
            cases.localizer("1"), cases.slices("2", range(0, 100, 5)),
            cases.slices("3", range(0, 100, 5)), cases.data_set("8", **SCREEN),
            cases.slices("4", [0], KVP=None, AcquisitionNumber=8), cases.report("9", []),
            cases.data_set("7", Modality="MR"),
        )
    ).series  # fmt: skip
    of_state = series.filter(pl.col("state") == kept)
    assert of_state.height > 0
    assert of_state["state_reason"].is_null().all() == (kept == "MAPPED")
    assert of_state["state_reason"].is_null().any() == (kept == "MAPPED")


def test_events_of_a_series_are_named_in_it(cases: Any) -> None:
    mapped = map_instances(cases.frame(cases.slices("2", range(0, 100, 5))))
    assert mapped.series["irradiation_event_uids"].to_list() == [
        mapped.events["irradiation_event_uid"].to_list()
    ]
