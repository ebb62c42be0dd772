"""Units: one dose in any spelling of its unit; what measures something else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.mapping.quantities import unit_factor
from workbench.mapping.ucum import conversion, unit


@pytest.mark.parametrize(
    ("code", "factor"),
    [
        ("mGy.cm", 1), ("cm.mGy", 1), ("mGy·cm", 1), ("mGy*cm", 1), ("mGy cm", 1), ("mGy-cm", 1),
        ("mGycm", 1), ("MGY.CM", 1), ("mGy.cm{total}", 1), ("uGy.m", 0.1), ("µGy.m", 0.1),
        ("mGy.mm", 0.1), ("cGy.cm", 10), ("dGy.cm", 100), ("Gy.cm", 1000), ("Gy.m", 100_000),
        ("mGy.m", 100), ("mGy/cm-1", 1), ("mGy/cm", None), ("mGy.cm2", None), ("mGy", None),
        ("mSv.cm", None), ("cm", None), ("", None), ("mGy.cm (99ACME)", None), ("..", None),
    ],
)  # fmt: skip
def test_a_dose_length_product_in_any_spelling(code: str, factor: float | None) -> None:
    assert unit_factor("dlp", code) == factor


@pytest.mark.parametrize(
    ("quantity", "code", "factor"),
    [
        ("ctdi_vol", "cGy", 10), ("ctdi_vol", "GY", 1000), ("ctdi_vol", "rad", None),
        ("voltage", "V", 0.001), ("voltage", "kVp", 1), ("voltage", "KV", 1),
        ("current", "nA", 1e-6), ("time", "us", 1e-6), ("time", "h", 3600), ("time", "S", 1),
        ("length", "um", 0.001), ("length", "dm", 100), ("ratio", "%", 0.01),
        ("ratio", "{pitch}", 1), ("count", "{sources}", 1), ("count", "mm", None),
    ],
)  # fmt: skip
def test_other_quantities(quantity: str, code: str, factor: float | None) -> None:
    assert unit_factor(quantity, code) == (None if factor is None else pytest.approx(factor))


PREFIX = st.sampled_from(["", "u", "m", "c", "d", "k"])
SIZE = {"": 1.0, "u": 1e-6, "m": 1e-3, "c": 1e-2, "d": 0.1, "k": 1e3}


@given(dose=PREFIX, length=PREFIX, turned=st.booleans())
def test_any_prefixes_in_any_order_give_their_product(dose: str, length: str, turned: bool) -> None:
    parts = [f"{dose}Gy", f"{length}m"]
    code = ".".join(reversed(parts) if turned else parts)
    assert conversion(code, "mGy.cm") == pytest.approx(SIZE[dose] * SIZE[length] / 1e-5)


@given(st.text(max_size=12))
def test_no_text_is_an_error(text: str) -> None:
    read = unit(text)
    assert read is None or read[0] > 0
