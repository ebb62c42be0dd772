"""Results and phantom images as tables: one row a value, no absence without its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import polars as pl

from tests.store.test_quality_records import CONTENT
from workbench.schema import PHANTOM_IMAGE, TEST_RESULT
from workbench.store.quality_frames import images_frame, results_frame
from workbench.store.quality_records import Decision, PhantomImage, StoredResult

ACQUIRED, MEASURED, DECIDED = (datetime(2026, 3, day, 7, 30) for day in (1, 2, 3))
EQUIPMENT = {"Modality": "CT", "Manufacturer": "Maker", "DeviceSerialNumber": "7", "Other": "x"}
RESULT = StoredResult(
    "weekly", 3, ("ab", "cd"), ACQUIRED, {**CONTENT, "equipment": EQUIPMENT}, 12, MEASURED, ()
)


def test_each_value_is_a_row_with_what_its_result_was_measured_by() -> None:
    frame = results_frame([RESULT])
    assert frame.schema == pl.Schema(TEST_RESULT.polars())
    noise, air = frame.to_dicts()
    assert (noise["position"], noise["measurement"], noise["label"]) == (0, "noise", "Noise")
    assert (air["position"], air["label"]) == (1, "air"), "a name stands where no label is"
    assert (noise["value"], noise["unit"], noise["reason"]) == (6.5, "[hnsf'U]", None)
    assert (air["value"], air["reason"]) == (None, "no air")
    limits = {"reference": 5.0, "warning_low": None, "warning_high": None, "alarm_low": 4.0,
              "alarm_high": 6.0, "state": "alarm"}  # fmt: skip
    assert {name: noise[name] for name in limits} == limits
    for row in (noise, air):
        assert (row["result_number"], row["profile"], row["profile_version"]) == (12, "weekly", 3)
        assert (row["acquired_at"], row["measured_at"]) == (ACQUIRED, MEASURED)
        assert (row["test"], row["test_version"], row["station"]) == ("ct-water", "1", "CT1")
        assert (row["phantom"], row["geometry_sha256"], row["geometry_status"]) == (
            "ct_water_200", "ab", "unverified",
        )  # fmt: skip
        assert (row["Manufacturer"], row["ManufacturerModelName"]) == ("Maker", None)
        assert row["images"] == ["ab", "cd"]
        assert row["workbench_version"] == "0.1"


def test_a_result_waits_until_somebody_decides_and_the_last_word_counts() -> None:
    first = Decision("accepted", ACQUIRED, "N. N.", "")
    last = Decision("rejected", DECIDED, "M. M.", "the phantom was tilted")

    def decision(*made: Decision) -> tuple[object, ...]:
        row = results_frame([replace(RESULT, decisions=made)]).to_dicts()[0]
        return tuple(row[name] for name in ("decision", "decided_by", "decided_at", "comment"))

    assert decision() == ("waiting", None, None, None)
    assert decision(first) == ("accepted", "N. N.", ACQUIRED, None), "no comment is no empty one"
    assert decision(first, last) == ("rejected", "M. M.", DECIDED, "the phantom was tilted")


def test_zero_is_a_value_and_nothing_is_none() -> None:
    values = [{**CONTENT["values"][0], "value": 0.0, "reference": 0.0, "unit": ""}]  # type: ignore[index]
    frame = results_frame([replace(RESULT, content={**CONTENT, "values": values})])
    row = frame.to_dicts()[0]
    assert (row["value"], row["reference"], row["unit"]) == (0.0, 0.0, None)
    assert row["Modality"] is None, "an old result that noted no equipment"


def test_results_keep_their_order_and_without_any_the_table_is_empty() -> None:
    frame = results_frame([replace(RESULT, number=9), replace(RESULT, number=4)])
    assert frame["result_number"].to_list() == [9, 9, 4, 4]
    empty = replace(RESULT, content={**CONTENT, "values": []})
    for nothing in (results_frame([]), results_frame([empty])):
        assert nothing.is_empty()
        assert nothing.schema == pl.Schema(TEST_RESULT.polars())


def test_an_image_says_what_became_of_it_and_only_columns_of_the_table_are_shown() -> None:
    header = {"Modality": "CT", "StationName": "CT1", "PatientName": "Grottenolm", "state": "x"}
    images = [
        PhantomImage("ab", ACQUIRED, "measured", "", "weekly", 12, header),
        PhantomImage("cd", MEASURED, "refused", "no pixels"),
    ]
    frame = images_frame(images)
    assert frame.schema == pl.Schema(PHANTOM_IMAGE.polars())
    measured, refused = frame.to_dicts()
    assert (measured["state"], measured["profile"], measured["result_number"]) == (
        "measured", "weekly", 12,
    )  # fmt: skip
    assert (measured["reason"], measured["StationName"]) == (None, "CT1")
    assert (refused["reason"], refused["profile"], refused["Modality"]) == ("no pixels", None, None)
    assert "Grottenolm" not in str(frame.to_dicts())
    assert images_frame([]).is_empty()
