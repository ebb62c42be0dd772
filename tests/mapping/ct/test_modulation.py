"""Makers name tube current modulation in words of their own; we have one set."""

from __future__ import annotations

import pytest

from workbench.mapping.ct.modulation import OTHER, modulation

BOTH = "ANGULAR+LONGITUDINAL"


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        (None, None), ("", None), ("  ", None),
        ("NONE", "NONE"), ("Off", "NONE"),
        ("XYZ_EC", BOTH), ("XY_EC", "ANGULAR"), ("Z_EC", "LONGITUDINAL"),
        ("CARE Dose4D", BOTH), ("CARE Dose", "ANGULAR+AUTOMATIC"),
        ("Z MODULATION", "LONGITUDINAL"), ("3D MODULATION", BOTH), ("D-DOM", "ANGULAR"),
        ("Z-DOM", "LONGITUDINAL"), ("AutomA", "LONGITUDINAL"), ("SmartmA", BOTH),
        ("SURE Exposure 3D", BOTH), ("ANGULAR", "ANGULAR"), ("LONGITUDINAL", "LONGITUDINAL"),
        ("XYZ_EC\\ECG", "ANGULAR+ECG+LONGITUDINAL"), ("ECG", "ECG"),
        ("X-CARE", "ORGAN"), ("ON", "AUTOMATIC"), ("DoseRight", "AUTOMATIC"),
        ("unheard of", OTHER),
    ],
)  # fmt: skip
def test_words_of_makers(told: str | None, kinds: str | None) -> None:
    assert modulation(told) == kinds


def test_none_beside_a_kind_is_not_none() -> None:
    assert modulation("NONE\\ECG") == "ECG"
