"""Units as UCUM writes them (https://ucum.org/ucum), as far as CT dose needs them.

A unit is a product of prefixed atoms: "cm.mGy" and "uGy.m" are a dose length product as
"mGy.cm" is.  Case matters, but all-capital codes are read as UCUM's case-insensitive ones.
"""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType

# UCUM tables 1 and 2: prefixes, and of the atoms those that a CT event is described by.
PREFIXES = MappingProxyType({
    "": 0, "M": 6, "k": 3, "h": 2, "da": 1, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9,
})  # fmt: skip
ATOMS = MappingProxyType({
    "1": ("", 1.0), "%": ("", 0.01), "Gy": ("Gy", 1.0), "m": ("m", 1.0), "V": ("V", 1.0),
    "A": ("A", 1.0), "s": ("s", 1.0), "min": ("s", 60.0), "h": ("s", 3600.0),
})  # fmt: skip
METRIC = frozenset({"Gy", "m", "V", "A", "s"})
# Case-insensitive codes of the same (UCUM, column c/i); mega is "MA" there.
CAPITALS = MappingProxyType({
    **{prefix.upper(): prefix for prefix in PREFIXES if prefix != "M"}, "MA": "M",
})  # fmt: skip
ANNOTATION = re.compile(r"\{[^{}]*\}")
TIMES = re.compile(r"[·⋅∙×*]|(?<=[A-Za-z]) (?=[A-Za-z])|(?<=[A-Za-z])-(?=[A-Za-z])")
PART = re.compile(r"(?P<atom>[A-Za-z]+|1|%)(?P<power>[+-]?[1-9])?\Z")
# Factor, power of ten (apart, so that 0.1 stays 0.1), and the base units with their powers.
Unit = tuple[float, int, tuple[tuple[str, int], ...]]


def conversion(code: str, target: str) -> float | None:
    """Return the factor from one unit to another; ``None`` unless both measure one quantity."""
    ours, theirs = unit(target), unit(code)
    if ours is None or theirs is None or ours[2] != theirs[2]:
        return None
    ratio, tens = theirs[0] / ours[0], theirs[1] - ours[1]
    power = float(10 ** abs(tens))
    return ratio * power if tens >= 0 else ratio / power


@cache
def unit(code: str) -> Unit | None:
    """Return what a unit is; ``None`` if it is none that is known."""
    text = TIMES.sub(".", ANNOTATION.sub("1", code.strip()).replace("µ", "u").replace("μ", "u"))
    read = _product(text, capitals=False)
    return read if read or text != text.upper() else _product(text, capitals=True)


def _product(text: str, *, capitals: bool) -> Unit | None:
    factor, tens = 1.0, 0
    powers: dict[str, int] = {}
    for sign, part in re.findall(r"(^|[./])([^./]*)", text):
        match = PART.match(part)
        known = _atom(match["atom"], capitals) if match else None
        if match is None or known is None:
            return None
        power = int(match["power"] or 1) * (-1 if sign == "/" else 1)
        factor *= known[1] ** power
        tens += known[2] * power
        powers[known[0]] = powers.get(known[0], 0) + power
    return factor, tens, tuple(sorted((a, n) for a, n in powers.items() if a and n))


def _atom(text: str, capitals: bool) -> tuple[str, float, int] | None:
    for name, (base, size) in ATOMS.items():
        written = name.upper() if capitals else name
        if text == written:
            return base, size, 0
    for name in METRIC:
        written = name.upper() if capitals else name
        prefix = text.removesuffix(written)
        known = CAPITALS.get(prefix) if capitals else prefix
        if prefix != text and known is not None and known in PREFIXES:
            return name, 1.0, PREFIXES[known]
    return None
