"""Texts from headers as something that can be printed: no character of them commands anything.

A header may hold any character.  A terminal obeys control characters (ECMA-48), XML 1.0 cannot
hold most of them (section 2.2), and the characters that turn the direction of writing (Unicode
Standard Annex 9, sections 2.1 to 2.4) make a text read as another.  Here each is shown instead.

A spreadsheet runs a cell that starts like a formula (OWASP, CSV injection); in a CSV file such a
text gets an apostrophe.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

LOST = "\ufffd"  # what stands for a character that has no picture of its own
# Control characters but tab and line feed; what turns the direction of writing; other line ends;
# halves of characters; and code points that are none.
COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# What may stand before a sign and is not seen: blanks, controls, characters without a width.
BLANK = '[\x00-\x20"\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*'
SIGN = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"  # and the wide signs of East Asian keyboards
# The start of a text; the second is the start of what becomes a cell of its own in a spreadsheet
# that separates cells with semicolons, as those of most European countries do.
FORMULA_START = f"^([\t\r\n]|{BLANK}{SIGN})"
FORMULA_INSIDE = f"([;\t\r\n]{BLANK})({SIGN})"
PICTURES, DELETE = 0x2400, 0x7F  # Unicode block Control Pictures: in the order of ASCII


def printable(text: str) -> str:
    """Return a text whose control characters are shown, not obeyed; others are as they were."""
    return COMMANDS.sub(_shown, text)


def printable_parts(value: object) -> object:
    """Return a value of lists, mappings and texts with every text and name ``printable``."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable_parts(name): printable_parts(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [printable_parts(part) for part in value]
    return value


def no_formula(text: str) -> str:
    """Return a text of a CSV file with an apostrophe where a spreadsheet sees a formula start."""
    return re.sub(FORMULA_START, r"'\1", re.sub(FORMULA_INSIDE, r"\1'\2", text))


def no_formulas(column: pl.Expr) -> pl.Expr:
    """Return a column of texts, each as ``no_formula`` has it."""
    inside = column.str.replace_all(FORMULA_INSIDE, "${1}'${2}")
    return inside.str.replace(FORMULA_START, "'${1}")


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == DELETE:
        return "\u2421"
    return chr(PICTURES + code) if code < ord(" ") else LOST
