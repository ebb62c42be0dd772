"""QA tests are found by name; settings that a profile gets wrong are named."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from workbench import plugins
from workbench.errors import SettingsError
from workbench.qa.ct.water_settings import WaterSettings
from workbench.qa.registry import QA_TESTS, qa_test, qa_tests, settings_of


def test_ours_is_there_and_says_what_it_is() -> None:
    test = qa_test("ct-water")
    assert (test.modalities, test.settings) == (frozenset({"CT"}), WaterSettings)
    assert test.version
    assert test.label
    assert "noise" in test.expectations


def test_an_unknown_one_is_said_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="ct-water") as caught:
        qa_test("ct-wine")
    assert "'ct-wine'" in str(caught.value)


def test_what_a_profile_sets_is_read_and_the_rest_is_usual() -> None:
    found = settings_of(qa_test("ct-water"), {"central_share": 0.5})
    assert found == WaterSettings(central_share=0.5)


@pytest.mark.parametrize(
    "given", [{"central_share": 0}, {"rim_share": "wide"}, {"rim_seen": 1.1}, {"noise": 3}]
)
def test_a_wrong_setting_is_named_with_those_there_are(given: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(qa_test("ct-water"), given)
    assert f"settings.{next(iter(given))}" in caught.value.message
    assert "structure_contrast" in caught.value.remedy


def test_a_test_of_another_package_is_found_and_one_that_is_broken_stops_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = [
        EntryPoint("again", "workbench.qa.ct.water:CTWater", QA_TESTS),
        EntryPoint("broken", "no_such_package:Test", QA_TESTS),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points if group == QA_TESTS else [])
    assert {test.name for test in qa_tests()} == {"ct-water"}
