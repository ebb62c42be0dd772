"""The hospital's wall clock: its zone, bank holidays, working days."""

from __future__ import annotations

import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from workbench import hospital_calendar
from workbench.errors import MissingTool, SettingsError
from workbench.hospital_calendar import Holidays, local_zone, read_calendar, zone_named


def test_working_days_are_neither_weekend_nor_holiday() -> None:
    days = read_calendar({"zone": "Europe/Luxembourg", "holidays": ["2026-05-01"]})
    assert days.zone.key == "Europe/Luxembourg"
    week = [date(2026, 4, 27 + day) if day < 4 else date(2026, 5, day - 3) for day in range(7)]
    assert [days.works(day) for day in week] == [True] * 4 + [False] * 3


def fake_package(country: str, subdiv: str | None, years: int) -> dict[date, str]:
    if (country, subdiv) not in {("LU", None), ("DE", "BY")}:
        raise NotImplementedError
    return {date(years, 12, 26): "second day"} | ({date(years, 1, 6): "kings"} if subdiv else {})


@pytest.fixture
def country_package(monkeypatch: pytest.MonkeyPatch):
    hospital_calendar._bank_holidays.cache_clear()
    fake = SimpleNamespace(country_holidays=fake_package)
    monkeypatch.setitem(sys.modules, "holidays", fake)
    yield
    hospital_calendar._bank_holidays.cache_clear()


@pytest.mark.usefixtures("country_package")
def test_a_country_s_holidays_and_one_s_own_days_hold_in_every_year() -> None:
    ours = Holidays("LU", days=frozenset({date(2026, 8, 31)}))
    assert date(2026, 12, 26) in ours
    assert date(2031, 12, 26) in ours
    assert date(2026, 8, 31) in ours
    assert date(2026, 1, 6) not in ours
    assert date(2026, 1, 6) in Holidays("DE", "BY")
    assert date(2026, 12, 26) not in Holidays()


@pytest.mark.usefixtures("country_package")
@pytest.mark.parametrize("place", [("XX", ""), ("LU", "ZZ"), ("lu", ""), ("", "BY"), ("../x", "")])
def test_an_unknown_place_is_refused_when_it_is_set(place: tuple[str, str]) -> None:
    with pytest.raises(SettingsError) as error:
        Holidays(*place)
    assert "LU" in error.value.remedy


def test_without_the_package_a_country_is_refused_and_days_still_work(monkeypatch) -> None:
    hospital_calendar._bank_holidays.cache_clear()
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingTool, match="pip install holidays"):
        Holidays("LU")
    assert date(2026, 5, 9) in Holidays(days=frozenset({date(2026, 5, 9)}))


if find_spec("holidays"):  # optional, and its absence is no gap: the fake says the same

    def test_the_package_knows_luxembourg_and_bavaria() -> None:
        luxembourg, bavaria = Holidays("LU"), Holidays("DE", "BY")
        # Easter 2026 is 5 April: Monday, Ascension, Whit Monday; then 9 May and 23 June.
        moving = [date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)]
        assert all(day in luxembourg for day in [*moving, date(2026, 5, 9), date(2026, 6, 23)])
        assert date(2026, 1, 6) in bavaria
        assert date(2026, 6, 4) in bavaria  # Corpus Christi
        assert date(2026, 6, 4) not in Holidays("DE")
        with pytest.raises(SettingsError):
            Holidays("XX")


@pytest.mark.parametrize(
    "name", ["Europe/Atlantis", "../etc/passwd", "Europe", "", "/etc/localtime"]
)
def test_an_unknown_zone_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(SettingsError, match="Europe/Luxembourg"):
        zone_named(name)
    assert zone_named("Europe/Luxembourg").key == "Europe/Luxembourg"


@pytest.mark.parametrize(
    ("named", "zone"),
    [("Europe/Zurich", "Europe/Zurich"), (":Asia/Tokyo", "Asia/Tokyo")],
)
def test_the_zone_of_the_machine_may_be_told_by_the_environment(
    named: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", named)
    assert local_zone() == zone


@pytest.mark.parametrize("named", ["", "CET-1CEST", "/etc/localtime"])
def test_else_it_is_that_of_the_system_else_utc(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", named)
    file = tmp_path / "usr" / "zoneinfo" / "Europe" / "Paris"
    file.parent.mkdir(parents=True)
    file.touch()
    (tmp_path / "localtime").symlink_to(file)
    monkeypatch.setattr(hospital_calendar, "LOCAL_TIME", tmp_path / "localtime")
    assert local_zone() == "Europe/Paris"
    monkeypatch.setattr(hospital_calendar, "LOCAL_TIME", tmp_path / "nothing")
    assert local_zone() == "UTC"
