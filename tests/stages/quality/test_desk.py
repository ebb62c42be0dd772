"""The desk of image quality: what is kept with a result, and what is made of results."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.stages.quality.phantom_workspace import (
    MONDAY,
    PROFILE,
    SMALL,
    arrive,
    quality_desk,
    week,
    write,
)
from workbench import __version__
from workbench.errors import MeasurementError, SettingsError
from workbench.qa.geometry import geometry
from workbench.report.control_chart import individuals
from workbench.report.quaac_file import write_quaac
from workbench.simulate.phantom_images import PhantomScan, phantom_dataset
from workbench.stages.quality.arrivals import Arrivals
from workbench.stages.quality.charting import baselines, chart_of, series_of, set_baseline
from workbench.stages.quality.desk import GEOMETRIES, QualityDesk
from workbench.stages.quality.new_profile import new_profile, profile_text
from workbench.stages.quality.selection import select

NAME = "CT1 water"


def measured(desk: QualityDesk, weeks: int, **scan: float) -> None:
    """Let so many weekly images come, and accept their results."""
    for number in range(weeks):
        arrive(desk, replace(SMALL, seed=number, **scan), week(number))
    Arrivals(desk).look(now=1e12)
    for one in desk.quality.results():
        if not one.decisions:
            desk.quality.decide(one.number, "accepted", "A. Physicist")


def test_a_result_has_all_that_it_was_made_with(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        selection = select(write(tmp_path, SMALL), desk.profiles())
        attempt = desk.attempt_series(NAME, selection.series[0])
        number = desk.keep(attempt)
        kept = desk.quality.result(number).content
        assert kept["workbench"] == __version__
        assert kept["profile"]["expect"]["noise"]["reference"] == 5
        assert kept["phantom"]["sha256"] == geometry("ct_water_200").sha256
        assert kept["phantom"]["status"] == "unverified"
        assert kept["equipment"]["Manufacturer"] == "Maker"
        assert kept["settings"]["central_share"] == 0.4
        assert {line["check"] for line in kept["verification"]} > {"KVP", "Modality", "uniform"}
        assert "Phantom^" not in str(kept)


def test_images_of_a_result_stay_when_the_medium_is_gone(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        (file,) = write(tmp_path, SMALL)
        content = file.read_bytes()
        selection = select([file], desk.profiles())
        number = desk.keep(desk.attempt_series(NAME, selection.series[0]))
        file.unlink()
        (kept,) = desk.images_of(desk.quality.result(number))
        assert kept.read_bytes() == content


def test_a_later_profile_changes_nothing_of_the_past(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        measured(desk, 1)
        before = desk.quality.results()[0].content
        desk.save_profile(PROFILE.replace("reference = 5", "reference = 9"), "N. N.", "new tube")
        assert desk.quality.results()[0].content == before
        arrive(desk, replace(SMALL, seed=77), week(1))
        Arrivals(desk).look(now=1e12)
        later = desk.quality.results()[1]
        assert later.profile_version == 2
        assert later.content["state"] == "alarm"


def test_refused_images_cannot_be_kept(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        selection = select(write(tmp_path, replace(SMALL, tilt=30)), desk.profiles())
        attempt = desk.attempt_series(NAME, selection.series[0])
        assert attempt.refused
        with pytest.raises(MeasurementError, match="not measured"):
            desk.keep(attempt)


def test_several_images_are_measured_together(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w", profile=PROFILE.replace("[select]", "[select]", 1)) as desk:
        desk.save_profile(PROFILE.replace("interval_days", "images = 3\ninterval_days"), "N. N.")
        scans = [replace(SMALL, seed=seed) for seed in range(5)]
        selection = select(write(tmp_path, *scans), desk.profiles())
        attempt = desk.attempt_series(NAME, selection.series[0])
        assert len(attempt.images) == 3
        names = {one.measurement.name for one in attempt.judged}
        assert "noise_difference" in names


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"ct-water"', '"ct-wine"', "no QA test"), ('"ct_water_200"', '"ct_beer"', "no phantom"),
        ("[select]", "[settings]\nrim = 3\n[select]", "settings"),
    ],
)  # fmt: skip
def test_a_profile_that_nothing_can_measure_is_not_kept(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with quality_desk(tmp_path / "w", profile="") as desk:
        with pytest.raises(SettingsError, match=said):
            desk.save_profile(PROFILE.replace(old, new), "N. N.")
        with pytest.raises(SettingsError, match="name"):
            desk.save_profile(PROFILE, " ")
        assert not desk.profiles()


def test_a_sites_own_geometry_goes_before_ours(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        folder = tmp_path / "w" / GEOMETRIES
        folder.mkdir()
        own = folder / "ct_water_200.toml"
        own.write_text('id="ct_water_200"\nname="Ours"\nmodality="CT"\n[body]\ndiameter=198\n')
        assert desk.geometry("ct_water_200").name == "Ours"
        own.write_text('id="ct_water_200"\nname="Ours"\nmodality="CT"\n[body]\nradius=99\n')
        with pytest.raises(SettingsError, match="body"):
            desk.geometry("ct_water_200")


def test_a_new_profile_from_images_fits_those_images(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w", profile="") as desk:
        header = phantom_dataset(geometry("ct_water_200"), SMALL)
        text = new_profile("ct-water", "ct_water_200", header)
        kept = desk.save_profile(text, "N. N.")
        again = desk.save_profile(profile_text(desk.profiles()[0]), "N. N.")
        assert again.version == kept.version
        selection = select(write(tmp_path, SMALL), desk.profiles())
        assert [one.name for one in selection.series[0].profiles] == [kept.name]
        assert not desk.attempt_series(kept.name, selection.series[0]).refused


def test_what_is_no_image_is_counted(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    (tmp_path / "note.txt").write_text("no image")
    found = select([tmp_path], [])
    assert len(found.series) == 1
    assert sum(found.left.values()) == 1


def test_the_chart_shows_limits_baseline_and_what_happened(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        measured(desk, 12)
        series = series_of(desk, NAME, "noise")
        assert [point.moment for point in series.points][:2] == [MONDAY, MONDAY + timedelta(7)]
        set_baseline(desk, series, (MONDAY, MONDAY + timedelta(days=60)), "N. N.", "first")
        desk.quality.note_event(NAME, "event", MONDAY, "N. N.", {"words": "service"})
        chart, look, _ = chart_of(desk, NAME, "noise")
        assert chart.baselines == tuple(baselines(desk, NAME, "noise"))
        assert chart.baselines[0].points == 9
        assert {one.kind for one in look.levels} == {"reference", "tolerance"}
        assert {one.words for one in look.events} == {"service", "baseline: first"}
        spec = individuals(chart, look).to_dict()
        assert "service" in str(spec)
        assert not baselines(desk, NAME, "mean_ct_number")


def test_results_leave_as_quaac_and_come_back(tmp_path: Path) -> None:
    quaac = pytest.importorskip("quaac")
    with quality_desk(tmp_path / "w") as desk:
        measured(desk, 2)
        frame = desk.survey.table("test_result")
        out = tmp_path / "r.json"
        write_quaac(frame, out, "N. N.", "nn@hospital.org")
        # quaac 1.0.2 cannot check the digests of files with more than one point, its own neither.
        document = quaac.Document.from_json_file(str(out), check_hash=False)
        assert len(document.datapoints) == frame.filter(pl.col("value").is_not_null()).height
        assert {one.primary_equipment.name for one in document.datapoints} == {"CT1"}
        with pytest.raises(SettingsError, match="e-mail"):
            write_quaac(frame, out, "N. N.", "nobody")


def test_a_reference_is_learned_from_accepted_results(tmp_path: Path) -> None:
    learned = PROFILE.replace("reference = 5", "learn_from = 3")
    with quality_desk(tmp_path / "w", profile=learned) as desk:
        measured(desk, 3)
        first = desk.quality.results()[0].content["values"]
        noise = next(one for one in first if one["name"] == "noise")
        assert noise["state"] == "not judged"
        assert "3 accepted results, 0 so far" in noise["reason"]
        arrive(desk, PhantomScan(size=192, noise=9, seed=9), week(5))
        Arrivals(desk).look(now=1e12)
        last = next(
            one for one in desk.quality.results()[-1].content["values"] if one["name"] == "noise"
        )
        assert last["state"] == "alarm"
        assert last["reference"] == pytest.approx(5, abs=0.3)


def test_the_scanner_of_a_result_bears_the_name_that_it_has_everywhere(tmp_path: Path) -> None:
    signs = {"Manufacturer": "SIEMENS", "ManufacturerModelName": "SOMATOM Force",
             "StationName": "CT1", "DeviceSerialNumber": "75512"}  # fmt: skip
    with quality_desk(tmp_path / "w") as desk:
        content = {"equipment": signs}
        assert desk.machine(content) == "Siemens SOMATOM Force, CT1"
        assert desk.machine({}) == "scanner not stated"
        # No event is of it: it is named by hand, and known in every spelling.
        file = tmp_path / "w" / "scanners.toml"
        file.write_text('[[scanner]]\nname = "CT emergency"\nsigns = [{ serial = "75512" }]\n')
        assert desk.machine(content) == "CT emergency"
        assert desk.machine({"equipment": {**signs, "StationName": "CT9"}}) == "CT emergency"
        file.write_text("scanner = 3")  # told by check; a result is shown all the same
        assert desk.machine(content) == "Siemens SOMATOM Force, CT1"
