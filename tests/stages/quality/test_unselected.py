"""A patient's image at the phantom title: told of, counted, erased when asked or after its days."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stages.quality.phantom_workspace import PROFILE, SMALL, arrive, quality_desk, week
from workbench.cli import main
from workbench.qa.geometry import geometry
from workbench.settings import QualitySettings
from workbench.simulate.phantom_images import PhantomHeader
from workbench.stages.quality.arrivals import Arrivals, Arrived
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.unselected import (
    ERASED,
    MEASURED,
    QUARANTINED,
    REFUSED,
    UNRECOGNISED,
    count_phantoms,
    erase,
    expire,
)
from workbench_widgets.pages.quality import QualityPage
from workbench_widgets.parts.live.live import Ask

DAY = 24 * 3600.0
PATIENT = {"PatientName": "KANARIE^ANNA", "PatientID": "CANARY4711"}
STRAY = PhantomHeader(station="KANARIE-CT", more=dict(PATIENT))


def look(desk: QualityDesk, days: float = 0.0) -> Arrived:
    return Arrivals(desk).look(now=time.time() + 3600 + days * DAY)


def aged(desk: QualityDesk, name: str, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(desk.phantoms.path(name), (then, then))


def mixed(desk: QualityDesk) -> dict[str, str]:
    """One image that is measured, one refused, one a patient's, one that is no image."""
    names = {
        "measured": arrive(desk),
        "refused": arrive(desk, made=week(1), phantom=geometry("ct_water_160")),
        "patient": arrive(desk, made=week(2, STRAY)),
        "no image": desk.phantoms.keep_file("1.2.3", bytes(128) + b"DICM and no more"),
    }
    look(desk)
    return names


def states(desk: QualityDesk) -> dict[str, str]:
    return {image.image: image.state for image in desk.quality.images()}


def test_what_is_no_phantom_is_told_of_and_not_measured(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        names = mixed(desk)
        told = {image.image: image for image in desk.quality.images()}
        stray = told[names["patient"]]
        assert stray.state == UNRECOGNISED
        assert "no test profile" in stray.reason
        assert "workbench qa erase --unselected" in stray.reason
        assert len(desk.quality.results()) == 1
        assert states(desk)[names["measured"]] == MEASURED


def test_a_name_in_the_label_of_the_machine_is_not_kept_in_the_catalogue(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        mixed(desk)
        shown = [dict(image.header or {}) for image in desk.quality.images()]
        assert "KANARIE" not in str(shown).upper()
        assert {"Modality": "CT"}.items() <= shown[1].items()
        assert desk.survey.table("phantom_image").filter(state=UNRECOGNISED).height == 1
    content = b"".join(file.read_bytes() for file in (tmp_path / "w").glob("catalogue*"))
    assert b"KANARIE" not in content.upper()


def test_counts_say_what_lies_there(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        assert count_phantoms(desk.quality, desk.phantoms).kept == 0
        names = mixed(desk)
        aged(desk, names["patient"], 5)
        arrive(desk, made=week(7))
        count = count_phantoms(desk.quality, desk.phantoms)
        assert (count.kept, count.unselected, count.refused, count.unseen) == (5, 1, 1, 1)
        assert count.quarantined == 1
        # the patient's, and what nobody can read; refused and unseen ones bear the phantom's name
        assert count.named == 2
        assert 4.9 < count.oldest_days < 5.1


def test_only_unselected_ones_are_erased_and_their_rows_say_so(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        names = mixed(desk)
        unseen = arrive(desk, made=week(7))
        assert erase(desk.quality, desk.phantoms) == 1
        assert erase(desk.quality, desk.phantoms, (QUARANTINED,)) == 1
        assert set(desk.phantoms.names()) == {names["measured"], names["refused"], unseen}
        told = {image.image: image for image in desk.quality.images()}
        assert told[names["patient"]].state == told[names["no image"]].state == ERASED
        assert "no test profile selects it" in told[names["patient"]].reason
        assert "qa erase" not in told[names["patient"]].reason
        assert erase(desk.quality, desk.phantoms) == 0
        assert erase(desk.quality, desk.phantoms, (REFUSED,)) == 1
        assert desk.images_of(desk.quality.results()[0]), "what was measured stays"


def test_an_erased_image_that_comes_again_is_looked_at_again(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w", profile="") as desk:
        name = arrive(desk)
        assert look(desk).unrecognised == 1
        erase(desk.quality, desk.phantoms)
        desk.save_profile(PROFILE, "A. Physicist")
        assert look(desk).measured == 0
        assert arrive(desk) == name
        assert look(desk).measured == 1


def test_what_became_part_of_a_result_stays_whatever_its_row_says(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        name = arrive(desk)
        look(desk)
        (image,) = desk.quality.images()
        desk.quality.note_images([replace(image, state=UNRECOGNISED)])
        assert erase(desk.quality, desk.phantoms) == 0
        assert desk.phantoms.names() == [name]


@pytest.mark.parametrize(("days", "after", "gone"), [(14, 13.5, 0), (14, 14.5, 2), (0, 900, 0)])
def test_unselected_ones_expire_after_the_days_that_are_set(
    tmp_path: Path, days: int, after: float, gone: int
) -> None:
    with quality_desk(tmp_path / "w", QualitySettings(unselected_days=days)) as desk:
        names = mixed(desk)
        assert look(desk, after).erased == gone
        there = set(desk.phantoms.names())
        assert {names["measured"], names["refused"]} <= there
        assert len(there) == 4 - gone


def test_what_came_long_ago_is_told_of_before_it_expires(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        aged(desk, arrive(desk, made=week(2, STRAY)), 60)
        arrived = Arrivals(desk).look()
        assert (arrived.unrecognised, arrived.erased) == (1, 0)
        assert look(desk, 13).erased == 0
        assert look(desk, 15).erased == 1


def test_they_expire_by_themselves_after_two_weeks() -> None:
    assert QualitySettings().unselected_days == 14


def test_what_an_interrupted_receiver_left_half_written_goes_after_a_day(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        arrive(desk)
        half = desk.phantoms.folder / f"{'0' * 64}.partial"
        half.write_bytes(b"KANARIE^ANNA")
        expire(desk.quality, desk.phantoms, 14)
        assert half.exists(), "it may still be coming"
        expire(desk.quality, desk.phantoms, 14, now=time.time() + 2 * DAY)
        assert not half.exists()


def test_the_bytes_are_overwritten_before_the_file_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with quality_desk(tmp_path / "w") as desk:
        mixed(desk)
        last: list[bytes] = []

        unlink = Path.unlink

        def seen(path: Path, missing_ok: bool = False) -> None:
            last.append(path.read_bytes())
            unlink(path)

        monkeypatch.setattr(Path, "unlink", seen)
        assert erase(desk.quality, desk.phantoms, (UNRECOGNISED, QUARANTINED)) == 2
    assert len(last) == 2
    assert all(content and not any(content) for content in last)


def test_the_verb_asks_and_tells_how_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with quality_desk(tmp_path / "w") as desk:
        names = mixed(desk)
        aged(desk, names["patient"], 40)
    w = ["-w", str(tmp_path / "w"), "--json"]
    assert main(["qa", "erase", *w]) == 2, "which?"
    assert main(["qa", "erase", "--unselected", "--older", "-1", *w]) == 2
    monkeypatch.setattr("builtins.input", lambda _: "no")
    assert main(["qa", "erase", "--unselected", *w]) == 2
    capsys.readouterr()
    assert main(["qa", "erase", "--unselected", "--older", "30", "--yes", *w]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"erased": 1, "kept": 3}
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    assert main(["qa", "erase", "--unselected", "--refused", "--quarantined", *w]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1]) == {"erased": 2, "kept": 1}
    assert "KANARIE" not in out + err


def test_the_page_warns_and_names_the_verb_and_nobody(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        mixed(desk)
    page = QualityPage(str(tmp_path / "w"))
    shown = page.answer(Ask("show", {})).html + str(page._below())
    assert "it may be a patient" in shown
    assert "workbench qa erase --unselected" in shown
    assert "14 days" in shown
    assert "KANARIE" not in shown.upper()


def test_the_page_does_not_warn_where_all_is_a_phantom(tmp_path: Path) -> None:
    with quality_desk(tmp_path / "w") as desk:
        arrive(desk, replace(SMALL, seed=3))
        look(desk)
    page = QualityPage(str(tmp_path / "w"))
    assert "may be patients" not in page.answer(Ask("show", {})).html + str(page._below())
