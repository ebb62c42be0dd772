"""Means over slices and the quantities of IEC 60601-2-44 that follow from them."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from workbench.mapping.ct.summary import PRIVATE, summarise
from workbench.mapping.ct.technique import with_technique

SPIRAL: dict[str, object] = {
    "RevolutionTime": 0.5, "TotalCollimationWidth": 40.0, "SpiralPitchFactor": None,
    "TableFeedPerRotation": None, "TableSpeed": None, "ctdi_vol_mgy": 10.0, "spiral": True,
    "phantom_cm": "32", **{f"private_{name}": None for name in PRIVATE},
    "tube_current_ma": 200.0, "exposure_time_ms": None, "Exposure": None, "ExposureInuAs": None,
    "ExposureModulationType": None, "ContrastBolusAgent": None,
    "private_sources": '{"pitch": "MAKER (0019,xx23)"}',
}  # fmt: skip
TEXTS = ("phantom_cm", "ExposureModulationType", "ContrastBolusAgent", "private_sources")
TYPES = dict.fromkeys(SPIRAL, pl.Float64) | {"spiral": pl.Boolean} | dict.fromkeys(TEXTS, pl.String)


def technique(**changes: object) -> dict[str, Any]:
    frame = pl.DataFrame([SPIRAL | changes], schema=TYPES)
    return with_technique(frame).row(0, named=True)


def test_pitch_is_feed_over_collimation() -> None:
    found = technique(TableFeedPerRotation=48.0)
    assert found["pitch"] == pytest.approx(1.2)


def test_feed_is_speed_times_rotation_time() -> None:
    found = technique(TableSpeed=96.0)
    assert found["table_feed_mm"] == pytest.approx(48)
    assert found["pitch"] == pytest.approx(1.2)


def test_feed_is_pitch_times_collimation() -> None:
    assert technique(SpiralPitchFactor=1.2)["table_feed_mm"] == pytest.approx(48)


def test_the_standards_values_go_before_the_makers_and_these_before_arithmetic() -> None:
    given = technique(SpiralPitchFactor=0.9, private_pitch=1.1, TableFeedPerRotation=48.0)
    assert given["pitch"] == 0.9
    assert technique(private_pitch=1.1, TableFeedPerRotation=48.0)["pitch"] == 1.1
    assert technique(private_table_feed_mm=30.0, TableSpeed=96.0)["table_feed_mm"] == 30
    assert technique(ctdi_vol_mgy=None, private_ctdi_vol_mgy=7.0)["ctdi_vol_mgy"] == 7
    assert technique(RevolutionTime=None, private_rotation_time_s=1.0)["rotation_time_s"] == 1


@pytest.mark.parametrize("pitch", [0.04, 4.1])
def test_a_pitch_that_no_scanner_has_is_a_typing_error(pitch: float) -> None:
    assert technique(SpiralPitchFactor=pitch)["pitch"] is None
    assert technique(TableFeedPerRotation=40 * pitch)["pitch"] is None


def test_a_scan_that_is_no_spiral_has_no_computed_pitch_or_feed() -> None:
    found = technique(spiral=False, TableSpeed=96.0)
    assert (found["pitch"], found["table_feed_mm"]) == (None, None)
    assert technique(spiral=False, TableFeedPerRotation=40.0)["pitch"] is None


def test_the_phantom_is_a_number() -> None:
    assert technique()["ctdi_phantom_cm"] == 32
    assert technique(phantom_cm=None)["ctdi_phantom_cm"] is None


def instances(cases: object, **attributes: list[object]) -> pl.DataFrame:
    """Return CT slices with attributes that differ from slice to slice, ready to be summed up."""
    from workbench.mapping.ct.slice_positions import with_position

    number = len(next(iter(attributes.values())))
    made = [
        data
        for place in range(number)
        for data in cases.slices(  # type: ignore[attr-defined]
            "1", [5.0 * place], **{name: given[place] for name, given in attributes.items()}
        )
    ]
    frame = cases.frame(made)  # type: ignore[attr-defined]
    return with_position(frame.with_columns(
        series_key=pl.lit("1"), kind=pl.lit("image"), spiral=pl.lit(True),
        patient_age_years=pl.lit(45.0), age_contradictory=pl.lit(False),
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("given", "mean"),
    [([10.0, 20.0], 15), ([10.0, 0.0], 10), ([10.0, None], 10), ([0.0, 0.0], None),
     ([10.0, -5.0], 10), ([None, None], None)],
)  # fmt: skip
def test_zero_means_not_given_and_is_never_averaged_in(
    given: list[float | None], mean: float | None, cases: object
) -> None:
    frame = instances(cases, CTDIvol=given, KVP=[120, 120])
    found = summarise(frame, "series_key").row(0, named=True)
    assert found["ctdi_vol_mgy"] == mean
    assert found["kvp_kv"] == 120
    assert found["slices"] == 2
    assert found["scan_length_mm"] == 10


def source(found: dict[str, Any], column: str) -> str | None:
    told: dict[str, str] = json.loads(found["provenance"])
    return told.get(column)


def test_rotation_time_is_feed_over_speed_where_no_header_gives_it() -> None:
    found = technique(RevolutionTime=None, TableFeedPerRotation=46.0, TableSpeed=92.0)
    assert found["rotation_time_s"] == pytest.approx(0.5)
    assert source(found, "rotation_time_s") == "TableFeedPerRotation / TableSpeed"
    slow = technique(RevolutionTime=None, TableFeedPerRotation=46.0, TableSpeed=0.1)
    assert slow["rotation_time_s"] is None  # no scanner turns in 460 s


def test_effective_mas_is_the_product_of_a_rotation_over_the_pitch() -> None:
    # A Philips header: 112 mA, 0.5 s, pitch 0.391, Exposure 143; a Siemens one: 172 mA, 71 mAs.
    philips = technique(tube_current_ma=112.0, SpiralPitchFactor=0.391, Exposure=143.0)
    assert philips["mas"] == pytest.approx(56)
    assert philips["effective_mas"] == pytest.approx(143.2, abs=0.1)
    assert source(philips, "exposure_mas") == "Exposure, as effective_mas"
    siemens = technique(tube_current_ma=172.0, SpiralPitchFactor=1.2, Exposure=71.0)
    assert siemens["effective_mas"] == pytest.approx(71.7, abs=0.1)
    assert source(siemens, "exposure_mas") == "Exposure, as effective_mas"


def test_what_an_exposure_means_is_told_by_what_it_agrees_with() -> None:
    by_rotation = technique(SpiralPitchFactor=0.5, Exposure=100.0)
    assert source(by_rotation, "exposure_mas") == "Exposure, as mas"
    whole = technique(SpiralPitchFactor=0.5, Exposure=1000.0, exposure_time_ms=5000.0)
    assert source(whole, "exposure_mas") == "Exposure, as XRayTubeCurrent x ExposureTime"
    unlike = technique(SpiralPitchFactor=0.5, Exposure=32.0)
    assert (unlike["exposure_mas"], unlike["mas"]) == (32, 100)  # neither replaces the other
    assert source(unlike, "exposure_mas") == "Exposure"
    fine = technique(ExposureInuAs=71_500.0)
    assert fine["exposure_mas"] == pytest.approx(71.5)
    assert source(fine, "exposure_mas") == "ExposureInuAs"


def test_an_exposure_of_a_spiral_is_not_taken_for_the_product_of_a_rotation() -> None:
    spiral = technique(RevolutionTime=None, Exposure=143.0, SpiralPitchFactor=0.391)
    assert (spiral["mas"], spiral["effective_mas"]) == (None, None)
    axial = technique(RevolutionTime=None, Exposure=300.0, spiral=False)
    assert (axial["mas"], axial["effective_mas"]) == (300, 300)
    assert source(axial, "mas") == "exposure, no table travel"


def test_provenance_names_the_private_element_and_nothing_that_is_absent() -> None:
    found = technique(private_pitch=1.1)
    assert source(found, "pitch") == "MAKER (0019,xx23)"
    assert source(found, "table_feed_mm") == "pitch x total collimation"
    assert set(json.loads(found["provenance"])) == {
        name for name in json.loads(found["provenance"]) if found[name] is not None
    }  # fmt: skip
    assert json.loads(technique(**dict.fromkeys(TYPES))["provenance"]) == {}


@pytest.mark.parametrize(
    ("agent", "contrast"),
    [(None, None), ("APPLIED", True), ("Ultravist 370", True), ("NONE", False), ("no", False)],
)
def test_contrast_is_what_the_header_tells(agent: str | None, contrast: bool | None) -> None:
    assert technique(ContrastBolusAgent=agent)["contrast"] is contrast
