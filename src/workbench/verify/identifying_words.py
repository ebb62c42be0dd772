"""Where names, numbers, dates and UIDs of an original still stand in an output."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise

from workbench.verify.folding import merged, plain
from workbench.verify.lexicon import lexicon
from workbench.verify.name_forms import (
    SIGNS,
    WORD,
    NameForms,
    ascii_bytes,
    merged_forms,
    other_bytes,
)
from workbench.verify.transliteration import script, sounds

# A word begins with a capital after a small letter, and where capitals end: CTMeyerThorax.
CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-ZÀ-ÞЀ-Я])|(?<=[A-ZÀ-ÞЀ-Я])(?=[A-ZÀ-ÞЀ-Я][^\W\d_A-ZÀ-Þ])")
UID = re.compile(r"(?<![\d.])\d+(?:\.\d+){4,}(?![\d.])")
UID_BYTES = re.compile(rb"\d+(?:\.\d+){4,}")
SHORTEST_CUT = 5  # letters of a name of which the rest was cut off
SHORTEST_TYPED = 7  # letters of a name in which one may be mistyped
SHORTEST_RAW_NUMBER = 8  # digits looked for among bytes
MAX_SPLIT = 3  # words of a text that may be one part of a name
MAX_PATTERNS = 4096
SIGNS_BETWEEN = re.compile(r"[\s\-_./]")
BETWEEN = r"[\s\-_./]?"  # what stands between the digits of a number: 12 345, 12-345


@dataclass(frozen=True, repr=False)
class IdentifyingWords:
    """What identifies somebody in one original; never printed.

    Attributes
    ----------
    people
        Names of persons, and words that name a place.
    numbers
        Identifiers, as letters and digits without what stands between them, plain.
    dates
        A birth date as it may be written.
    short_dates
        The same in six digits or without a day, for free texts alone.
    """

    people: frozenset[NameForms]
    numbers: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    short_dates: frozenset[str] = frozenset()
    _known: dict[str, bool] = field(default_factory=dict, compare=False)

    def in_text(self, text: str, free: bool = True) -> bool:
        """Say whether a text identifies somebody; ``free`` is what people type, not a label."""
        key = f"{free:d}{text}"
        if key not in self._known:
            self._known[key] = self.names(text) or self._signs(text, free)
        return self._known[key]

    # --- names ----------------------------------------------------------------------------------

    def names(self, text: str) -> bool:
        """Say whether a strong part of a name is in a text, however it is written."""
        words = words_of(text)
        return any(self._is_named(word) for word in words) or self._is_split(words)

    def _is_named(self, word: str) -> bool:
        form = plain(word)
        if form in self._strong:
            return True
        if form in lexicon():
            return False
        return (
            any(name in form for name in self._inside)
            or self._is_merged(form)
            or self._is_cut_or_mistyped(form)
            or any(script(word) != kind and sounds(word) & known
                   for kind, known in self._sounds.items())
        )  # fmt: skip

    def _is_merged(self, form: str) -> bool:
        alike = merged(form)
        return any(name in alike for name in self._merged_forms)

    def _is_cut_or_mistyped(self, form: str) -> bool:
        if len(form) < SHORTEST_CUT or script(form) in SIGNS:
            return False
        if any(name.startswith(form) for name in self._long):
            return True
        return len(form) >= SHORTEST_TYPED - 1 and any(one_slip(form, name) for name in self._typed)

    def _is_split(self, words: list[str]) -> bool:
        """Say whether neighbouring words together are one part of a name: Xiao Fang."""
        forms = [plain(word) for word in words]
        for number in range(2, MAX_SPLIT + 1):
            for start in range(len(forms) - number + 1):
                group = forms[start : start + number]
                whole = "".join(group)
                if len(whole) < SHORTEST_CUT - (script(whole) in SIGNS) * 3:
                    continue
                if not lexicon().issuperset(group) and (
                    whole in self._strong or merged(whole) in self._merged_forms
                ):
                    return True
        return False

    def company(self, text: str, original: Iterable[str]) -> bool:
        """Say whether a weak part of a name is left that stood beside another part of it before."""
        left = {plain(word) for word in words_of(text)} & self._weak
        return bool(left) and any(self._beside(left, before) for before in original)

    def _beside(self, left: set[str], before: str) -> bool:
        forms = [plain(word) for word in words_of(before)]
        for person in self.people:
            both = person.all_forms
            pairs = {
                form for pair in pairwise(forms) if set(pair) <= both and pair[0] != pair[1]
                for form in pair
            }  # fmt: skip
            alone = _alone(forms, both)
            if left & person.weak & pairs - alone:
                return True
        return False

    # --- numbers, dates -------------------------------------------------------------------------

    def _signs(self, text: str, free: bool) -> bool:
        lower = plain(text)
        dense = SIGNS_BETWEEN.sub("", lower)
        if any(number in dense and number_pattern(number).search(lower) for number in self.numbers):
            return True
        dates = self.dates | self.short_dates if free else self.dates
        return any(stands_alone(date, lower) for date in dates)

    def in_bytes(self, content: bytes) -> bool:
        """Say whether a file's bytes hold one of the longer names, a number or a date."""
        lower = content.lower()
        return any(form in lower for form in self._raw_lower) or any(
            form in content for form in self._raw
        )

    # --- prepared once -------------------------------------------------------------------

    @cached_property
    def _strong(self) -> frozenset[str]:
        return frozenset().union(*(person.strong for person in self.people))

    @cached_property
    def _weak(self) -> frozenset[str]:
        return frozenset().union(*(person.weak for person in self.people))

    @cached_property
    def _long(self) -> tuple[str, ...]:
        return tuple(frozenset().union(*(person.parts for person in self.people)))

    @cached_property
    def _typed(self) -> tuple[str, ...]:
        return tuple(form for form in self._long if len(form) >= SHORTEST_TYPED)

    @cached_property
    def _merged_forms(self) -> frozenset[str]:
        return merged_forms(form for form in self._inside if script(form) not in SIGNS)

    @cached_property
    def _inside(self) -> frozenset[str]:
        return frozenset().union(*(person.inside for person in self.people))

    @cached_property
    def _sounds(self) -> dict[str, frozenset[str]]:
        """How names sound, by the script they are written in."""
        found: dict[str, set[str]] = {}
        for person in self.people:
            for part in person.written:
                found.setdefault(script(part), set()).update(sounds(part))
        return {kind: frozenset(known) for kind, known in found.items()}

    @cached_property
    def _raw_lower(self) -> frozenset[bytes]:
        found = frozenset[bytes]().union(*(ascii_bytes(person) for person in self.people))
        return found | {text.encode() for text in (*self.numbers, *self.dates)
                        if len(text) >= SHORTEST_RAW_NUMBER}  # fmt: skip

    @cached_property
    def _raw(self) -> frozenset[bytes]:
        return frozenset[bytes]().union(*(other_bytes(person) for person in self.people))


def has_uid(text: str, uids: frozenset[str]) -> bool:
    """Say whether a text holds one of some UIDs, whole."""
    return any(uid in uids for uid in UID.findall(text))


def bytes_have_uid(content: bytes, uids: frozenset[str]) -> bool:
    """Say whether the bytes of a file hold one of some UIDs, whole."""
    return any(uid.decode() in uids for uid in UID_BYTES.findall(content))


def words_of(text: str) -> list[str]:
    """Return the words of a text; those written together with capitals one by one as well.

    A word and its pieces follow one another only where there are pieces.
    """
    found = []
    for word in WORD.findall(unicodedata.normalize("NFKC", text)):
        pieces = CAMEL.split(word)
        found += [word, *pieces] if len(pieces) > 1 else pieces
    return found


def _alone(forms: list[str], both: frozenset[str]) -> set[str]:
    """Return forms of a name that stand somewhere without another part of it beside them."""
    padded = ["", *forms, ""]
    return {
        form for before, form, after in zip(padded, forms, padded[2:], strict=False)
        if form in both and before not in both and after not in both
    }  # fmt: skip


@lru_cache(MAX_PATTERNS)
def number_pattern(number: str) -> re.Pattern[str]:
    """Return a pattern of an identifier with signs between its digits, not of a longer number.

    "120.12345" and "12345.5" are measurements, not the identifier 12345.
    """
    before = r"(?<!\d)(?<!\d[.,])" if number[0].isdigit() else r"(?<![^\W\d_])"
    after = r"(?!\d)" if number[-1].isdigit() else r"(?![^\W\d_])"
    return re.compile(before + BETWEEN.join(map(re.escape, number)) + after)


def stands_alone(needle: str, text: str) -> bool:
    """Say whether a text stands in another without a digit before or behind it."""
    return any(
        not (text[start - 1 : start].isdigit() or text[end : end + 1].isdigit())
        for start, end in _places(needle, text)
    )


def _places(needle: str, text: str) -> Iterator[tuple[int, int]]:
    start = text.find(needle)
    while start >= 0:
        yield start, start + len(needle)
        start = text.find(needle, start + 1)


def one_slip(text: str, name: str) -> bool:
    """Say whether a word is a name with one letter too many, too few, another, or two swapped."""
    if abs(len(text) - len(name)) > 1 or text == name:
        return text == name
    at = 0
    while at < min(len(text), len(name)) and text[at] == name[at]:
        at += 1
    if len(text) == len(name):
        swapped = text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
        return text[at + 1 :] == name[at + 1 :] or swapped == name[at:]
    short, long = sorted((text, name), key=len)
    return short[at:] == long[at + 1 :]
