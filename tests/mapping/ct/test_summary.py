"""Means over slices and the quantities of IEC 60601-2-44 that follow from them."""

from __future__ import annotations

import polars as pl
import pytest

from workbench.mapping.ct.summary import PRIVATE, summarise, with_technique

SPIRAL: dict[str, object] = {
    "RevolutionTime": 0.5, "TotalCollimationWidth": 40.0, "SpiralPitchFactor": None,
    "TableFeedPerRotation": None, "TableSpeed": None, "ctdi_vol_mgy": 10.0, "spiral": True,
    "phantom_cm": "32", **{f"private_{name}": None for name in PRIVATE},
}  # fmt: skip
TYPES = dict.fromkeys(SPIRAL, pl.Float64) | {"spiral": pl.Boolean, "phantom_cm": pl.String}


def technique(**changes: object) -> dict[str, object]:
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
