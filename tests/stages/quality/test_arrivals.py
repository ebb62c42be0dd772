"""Phantom images that come by themselves: each ends as a result, or as a row that says why not."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRLittleEndian

from tests.dicom.headers import ordinary
from tests.fuzz.target import part10
from tests.stages.quality.phantom_workspace import PROFILE, SMALL, arrive, quality_desk, week
from workbench.model import Measurement
from workbench.qa.ct.water import CTWater
from workbench.qa.geometry import geometry
from workbench.settings import QualitySettings
from workbench.simulate.phantom_images import PhantomHeader
from workbench.stages.quality.arrivals import Arrivals, Arrived
from workbench.stages.quality.desk import QualityDesk


def look(desk: QualityDesk) -> Arrived:
    """Look when everything has been there long enough."""
    return Arrivals(desk).look(now=time.time() + 3600)


def fates(desk: QualityDesk) -> list[str]:
    return [one.state for one in desk.quality.images()]


def test_an_image_is_measured_judged_and_kept_once(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        name = arrive(desk)
        assert look(desk).measured == 1
        assert look(desk).measured == 0
        (result,) = desk.quality.results()
        assert result.images == (name,)
        assert result.content["state"] == "ok"
        assert result.decision == "waiting"
        assert result.acquired_at == week(0).moment
        assert fates(desk) == ["measured"]


def test_a_series_that_is_still_coming_is_left_alone(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w", QualitySettings(quiet_s=30)) as desk:
        arrive(desk)
        assert Arrivals(desk).look().waiting == 1
        assert not desk.quality.images()
        assert Arrivals(desk).look(now=time.time() + 31).measured == 1


def test_every_image_that_is_not_measured_says_why(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        arrive(desk, made=week(0, PhantomHeader(station="CT9")))
        arrive(desk, made=week(1, PhantomHeader(more={"KVP": 80})))
        arrive(desk, made=week(2), phantom=geometry("ct_water_160"))
        desk.phantoms.keep_file("1.2.3", bytes(128) + b"DICM and no more")
        report = part10(ordinary(), ExplicitVRLittleEndian)
        desk.phantoms.keep_file("1.2.4", report)
        found = look(desk)
        assert (found.measured, found.unrecognised, found.refused) == (0, 1, 2)
        assert found.quarantined == 1
        told = {one.state: one.reason for one in desk.quality.images()}
        assert set(fates(desk)) == {"unrecognised", "refused", "quarantined"}
        assert len(fates(desk)) == 5
        assert all(one.reason for one in desk.quality.images())
        reasons = " ".join(one.reason for one in desk.quality.images())
        for word in ("no test profile", "KVP", "another phantom", "no image",
                     "cannot be read"):  # fmt: skip
            assert word in reasons, told


def test_the_slice_that_shows_water_is_found_in_a_series(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        for number in range(5):
            made = replace(week(0), series_uid="1.2.3.4", number=number, position=5.0 * number)
            phantom = geometry("ct_water_200" if number == 4 else "ct_water_160")
            arrive(desk, replace(SMALL, seed=number), made, phantom)
        assert look(desk).measured == 1
        assert fates(desk) == ["measured"] * 5
        assert len(desk.quality.results()[0].images) == 1


def test_images_are_looked_at_again_once_there_is_a_profile(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w", profile="") as desk:
        arrive(desk)
        assert look(desk).unrecognised == 1
        desk.save_profile(PROFILE, "A. Physicist")
        assert look(desk).measured == 0
        assert Arrivals(desk).again() == 1
        assert look(desk).measured == 1


def test_a_good_result_is_no_alarm(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        arrive(desk)
        arrive(desk, replace(SMALL, offset=3), week(1))  # a warning
        assert look(desk).alarms == 0
        states = [one.content["state"] for one in desk.quality.results()]
        assert states == ["ok", "warning"]


class Broken(CTWater):
    """A test of another package that raises what it likes, with what it read."""

    def measure(self, *_: object) -> list[Measurement]:
        raise ValueError("MUELLER^HANS")


class Endless(CTWater):
    """A test that measures no number."""

    def measure(self, *_: object) -> list[Measurement]:
        return [Measurement("mean_ct_number", float("nan"), "1")]


def test_a_test_that_fails_is_a_reason_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with quality_desk(tmp_path / "w") as desk:
        arrive(desk)
        monkeypatch.setattr("workbench.stages.quality.desk.qa_test", lambda _name: Broken())
        assert look(desk).refused == 1
        (image,) = desk.quality.images()
        assert "failed (ValueError)" in image.reason
        assert "MUELLER" not in image.reason


def test_what_is_no_number_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with quality_desk(tmp_path / "w") as desk:
        arrive(desk)
        monkeypatch.setattr("workbench.stages.quality.desk.qa_test", lambda _name: Endless())
        assert look(desk).alarms == 1
        (result,) = desk.quality.results()
        assert result.content["state"] == "not measured"
        assert "finite" in result.content["values"][0]["reason"]


def test_every_profile_that_fits_gets_its_result(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        desk.save_profile(PROFILE.replace('"CT1 water"', '"CT1 monthly"'), "N. N.")
        arrive(desk)
        assert look(desk).measured == 2
        assert {one.profile for one in desk.quality.results()} == {"CT1 water", "CT1 monthly"}
