"""Naming, merging and splitting scanners: what is decided holds everywhere, two hands are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report.report_frames import scans
from workbench.errors import RightsError, SettingsError
from workbench.rights import GIVEN
from workbench.scanners.scanner_file import FILE, read_scanners
from workbench.stages.dosing import estimate_doses
from workbench.stages.scanner_register import (
    forget_scanner,
    merge_scanners,
    name_scanner,
    split_scanner,
)
from workbench.stages.workspace_check import check
from workbench.survey import Survey, create_survey

FORCE = "Siemens SOMATOM Force, CT1"
RING, RING_2 = "ACME Ring 64, CT1", "ACME Ring 64, CT2"


def machine(maker: str, model: str, station: str, serial: str | None) -> dict[str, object]:
    return {"manufacturer": maker, "model": model, "station": station,
            "device_serial_number": serial}  # fmt: skip


@pytest.fixture
def survey(tmp_path: Path) -> Iterator[Survey]:
    made = create_survey(tmp_path / "w")
    made.store.publish({"irradiation_event": scans(
        *[machine("SIEMENS", "SOMATOM Force", "CT1", "75512")] * 3,
        machine("Siemens Healthcare", "Somatom FORCE", "CT 1", "75512"),
        machine("SIEMENS", "SOMATOM Force", "CT7", "75512"),
        machine("ACME", "Ring 64", "CT1", "1"),
        machine("ACME", "Ring 64", "CT2", "2"),
    )})  # fmt: skip
    yield made
    made.close()


def names(survey: Survey) -> list[str]:
    return [scanner.name for scanner in survey.scanner_names().scanners]


def test_one_scanner_under_three_spellings_is_one(survey: Survey) -> None:
    assert names(survey) == [FORCE, RING, RING_2]
    assert survey.events()["scanner"].to_list()[:5] == [FORCE] * 5


def test_a_name_holds_in_every_frame_until_it_is_forgotten(survey: Survey) -> None:
    name_scanner(survey, FORCE, "Emergency CT")
    assert survey.events(preferred=True)["scanner"].to_list()[:5] == ["Emergency CT"] * 5
    name_scanner(survey, "Emergency CT", "CT ground floor")
    assert names(survey) == ["CT ground floor", RING, RING_2]
    assert len(read_scanners(survey.folder).scanners) == 1
    forget_scanner(survey, "CT ground floor")
    assert names(survey) == [FORCE, RING, RING_2]
    with pytest.raises(SettingsError, match="nobody has named"):
        forget_scanner(survey, FORCE)


def test_different_serial_numbers_are_merged_only_by_who_says_so(survey: Survey) -> None:
    with pytest.raises(SettingsError, match=r"different serial numbers: 1, 2\."):
        merge_scanners(survey, [RING, RING_2], "Ring")
    assert names(survey) == [FORCE, RING, RING_2]
    merge_scanners(survey, [RING, RING_2], "Ring", different_serials=True)
    assert names(survey) == [FORCE, "Ring"]
    shown = survey.scanner_names().scanner("Ring")
    assert shown is not None
    assert shown.serials == ("1", "2")


def test_a_split_stays_split_and_can_be_merged_again(survey: Survey) -> None:
    shown = survey.scanner_names().scanner(FORCE)
    assert shown is not None
    apart = [sign for sign in shown.signs if sign.station == "ct7"]
    split_scanner(survey, FORCE, apart, "Lent CT")
    assert names(survey) == [FORCE, RING, RING_2, "Lent CT"]
    assert survey.events()["scanner"].to_list()[4] == "Lent CT"
    merge_scanners(survey, [FORCE, "Lent CT"], FORCE)
    assert names(survey) == [FORCE, RING, RING_2]


def test_some_but_not_all_spellings_are_split(survey: Survey) -> None:
    shown = survey.scanner_names().scanner(FORCE)
    assert shown is not None
    for signs in ((), shown.signs):
        with pytest.raises(SettingsError, match="not all"):
            split_scanner(survey, FORCE, signs, "x")
    assert not (survey.folder / FILE).exists()


def test_what_somebody_wrote_by_hand_of_machines_that_are_not_here_stays(survey: Survey) -> None:
    (survey.folder / FILE).write_text(
        '[[scanner]]\nname = "R"\nsigns = [{ maker = "acme", serial = "1" }, { serial = "9" }]\n'
        '[[scanner]]\nname = "Old CT"\nsigns = [{ serial = "44" }]\n'
    )
    assert "R" in names(survey)
    name_scanner(survey, "R", "Ring, cellar")
    kept = {scanner.name: scanner for scanner in read_scanners(survey.folder).scanners}
    assert set(kept) == {"Old CT", "Ring, cellar"}
    assert "9" in [sign.serial for sign in kept["Ring, cellar"].signs]


@pytest.mark.parametrize("name", [RING.upper(), FORCE])
def test_a_name_that_another_has_is_refused(survey: Survey, name: str) -> None:
    with pytest.raises(SettingsError, match="another scanner has that name"):
        name_scanner(survey, RING_2, name)


def test_an_unknown_scanner_is_told(survey: Survey) -> None:
    for act in (lambda: name_scanner(survey, "no such", "x"),
                lambda: merge_scanners(survey, [RING, "no such"], "x"),
                lambda: split_scanner(survey, "no such", (), "x")):  # fmt: skip
        with pytest.raises(SettingsError, match="no scanner of that name"):
            act()
    with pytest.raises(SettingsError, match="two scanners or more"):
        merge_scanners(survey, [RING, RING], "x")
    assert not (survey.folder / FILE).exists()


def test_who_looked_before_somebody_elses_change_is_told(survey: Survey) -> None:
    seen = read_scanners(survey.folder).digest
    name_scanner(survey, RING, "mine", seen)
    for act in (lambda: name_scanner(survey, RING_2, "yours", seen),
                lambda: forget_scanner(survey, "mine", seen)):  # fmt: skip
        with pytest.raises(SettingsError, match="somebody else"):
            act()
    assert names(survey) == [FORCE, RING_2, "mine"]


def test_who_may_only_look_may_not_name(survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(GIVEN, "look,collect")
    for act in (lambda: name_scanner(survey, RING, "x"),
                lambda: merge_scanners(survey, [RING, RING_2], "x", different_serials=True),
                lambda: split_scanner(survey, FORCE, (), "x"),
                lambda: forget_scanner(survey, RING)):  # fmt: skip
        with pytest.raises(RightsError):
            act()
    monkeypatch.setenv(GIVEN, "decide")
    name_scanner(survey, RING, "x")
    assert "x" in names(survey)


def test_check_tells_a_wrong_file_of_names_and_estimating_goes_on(survey: Survey) -> None:
    assert not [problem for problem in check(survey) if FILE in problem]
    (survey.folder / FILE).write_text("[[scanner]]\nname = 3")
    assert any('Write: name = "CT 1"' in problem for problem in check(survey))
    assert estimate_doses(survey)["studies"] == 7


def test_estimating_does_not_depend_on_names(survey: Survey) -> None:
    assert estimate_doses(survey)["studies"] == 7
    name_scanner(survey, RING, "x")
    assert estimate_doses(survey)["studies"] == 0
