"""The recovery sheet: the key on paper, so that it can be typed in again.

Eight lines of ten characters; each holds four bytes of the key and a check of 16 bits over the
line's number and these bytes (CRC-CCITT, polynomial x^16 + x^12 + x^5 + 1 of ITU-T V.41).  A CRC
notices every error within 16 bits in a row (Peterson and Brown, doi:10.1109/JRPROC.1961.287814):
any wrong character (5 bits), any two neighbours changed or swapped (10 bits), and two lines
swapped.  The alphabet is Crockford's base 32 (crockford.com/base32.html): no I, L, O or U; small
letters, I or L for 1 and O for 0 are understood.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from markupsafe import Markup

from workbench.deidentify.pseudonym import KEY_BYTES
from workbench.errors import IdentityError
from workbench.language import current_language, data, day, html, mark, t
from workbench.language.choice import written_leftwards

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
UNDERSTOOD = str.maketrans("ILO", "110")
VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
LINES = 8
BYTES = KEY_BYTES // LINES
CHECK_BITS = 16
LETTERS = 10  # 50 bits: 2 that are zero, 32 of the key, 16 of the check
TEMPLATE = Path(__file__).parent / "data" / "key_sheet.html.j2"


class SheetError(IdentityError):
    """A line of the sheet was mistyped; ``line`` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(
            mark("line {line} of the sheet is not as printed."),
            mark("Compare it and try again"), line=line,
        )  # fmt: skip
        self.line = line

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.line,)


@dataclass(frozen=True)
class SheetFacts:
    """What stands on the sheet besides the key: survey, hospital's code, fingerprint, day."""

    survey: str
    site: str
    fingerprint: str
    printed: date


def sheet_lines(key: bytes) -> tuple[str, ...]:
    """Return a key as eight lines such as ``0ABCD-EFGH2``."""
    parts = [key[start : start + BYTES] for start in range(0, KEY_BYTES, BYTES)]
    return tuple(_line(number, part) for number, part in enumerate(parts, 1))


def read_sheet_line(number: int, text: str) -> bytes:
    """Return the four bytes of line ``number`` (from 1); raises ``SheetError``, without the text.

    Blanks and hyphens do not count.
    """
    letters = re.sub(r"[\s-]", "", text).upper().translate(UNDERSTOOD)
    if len(letters) != LETTERS or any(letter not in VALUES for letter in letters):
        raise SheetError(number)
    value = 0
    for letter in letters:
        value = value << 5 | VALUES[letter]
    part, check = divmod(value, 1 << CHECK_BITS)
    if part >> 8 * BYTES or _check(number, part.to_bytes(BYTES, "big")) != check:
        raise SheetError(number)
    return part.to_bytes(BYTES, "big")


def key_of_lines(lines: Sequence[str]) -> bytes:
    """Return the key of eight lines; raises ``SheetError`` naming the first mistyped one."""
    if len(lines) != LINES:
        raise IdentityError(
            "the sheet has {lines} lines, not {number}.", lines=LINES, number=len(lines)
        )
    return b"".join(read_sheet_line(number, line) for number, line in enumerate(lines, 1))


def sheet_page(key: bytes, facts: SheetFacts) -> str:
    """Return the sheet as one HTML page: no script, no address, nothing to load."""
    from jinja2 import Environment, StrictUndefined

    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        TEMPLATE.read_text("utf-8")
    )
    words = {
        "t": t, "data": data, "html": html, "day": day, "code": Markup("<code>{}</code>").format,
        "language": current_language(), "leftwards": written_leftwards(),
    }  # fmt: skip
    return template.render(words, lines=sheet_lines(key), facts=facts)


def _line(number: int, part: bytes) -> str:
    value = int.from_bytes(part, "big") << CHECK_BITS | _check(number, part)
    letters = "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(LETTERS)))
    return f"{letters[: LETTERS // 2]}-{letters[LETTERS // 2 :]}"


def _check(number: int, part: bytes) -> int:
    return crc_hqx(bytes([number]) + part, 0xFFFF)
