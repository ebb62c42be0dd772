"""What a name of a person looks like in a text: every part in every usual spelling.

A part is *strong* when it is a name wherever it stands, and *weak* when it may as well be a word
of the department's (Colon, Philips) or is too short (Li, 王): then the company it keeps decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

from workbench.verify.folding import MAX_REMEMBERED, merged, plain, spellings
from workbench.verify.lexicon import lexicon, running_text, stand_ins
from workbench.verify.transliteration import latin_forms, script, sounds

WORD = re.compile(r"[^\W\d_]+")
ENCODINGS = ("utf-8", "latin-1", "cp1250", "cp1251", "cp1253", "iso8859-5", "koi8-r", "gb18030",
             "shift_jis", "euc_jp", "euc_kr", "big5", "utf-16-le")  # fmt: skip
SIGNS = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}
)  # scripts without spaces, or hardly any
LONG_VOWEL = re.compile("(?<=o)u$|(?<=[cksthnmyrgzd]o)u(?=[cksthnmyrgzdb])")
SHORTEST_LATIN = 3  # letters of a strong part
SHORTEST_SIGNS = 2
SHORTEST_INSIDE = 5  # letters of a name looked for inside longer words
SHORTEST_RAW = 7  # letters looked for among bytes, where words have no ends
SHORTEST_RAW_BYTES = 4  # of letters of other scripts
MAX_JOINED = 4  # parts of a name that may be written as one word


@dataclass(frozen=True, repr=False)
class NameForms:
    """One person's name, as it may stand in a text; never printed.

    Attributes
    ----------
    strong
        Plain forms that name somebody as a whole word.
    inside
        Those that do so inside a longer word as well.
    parts
        The long strong forms that are one part of the name, and may be cut or mistyped.
    weak
        Plain forms that do so only beside another form of the same name.
    sounds
        How the strong parts sound, for texts in another script.
    written
        The parts as the original has them, for a search among bytes.
    """

    strong: frozenset[str]
    inside: frozenset[str]
    parts: frozenset[str]
    weak: frozenset[str]
    sounds: frozenset[str]
    written: frozenset[str]

    @property
    def all_forms(self) -> frozenset[str]:
        """Strong and weak forms."""
        return self.strong | self.weak


@lru_cache(MAX_REMEMBERED)
def name_forms(name: str, shortest: int = SHORTEST_LATIN) -> NameForms:
    """Return the forms of a PN value, its groups (``=``) and components (``^``) taken together.

    ``shortest`` is the number of Latin letters below which a part says nothing.
    """
    parts: set[str] = set()
    joined: set[str] = set()
    for group in name.split("="):
        words = tuple(dict.fromkeys(_parts(group)))
        parts.update(words)
        joined.update(_joined(words) if shortest <= SHORTEST_LATIN else _whole(words))
    forms = {part: _forms(part) for part in parts}
    weak = {form for part, ways in forms.items() if _is_weak(part) for form in ways}
    weak = {form for form in weak if len(form) > 1 or script(form) in SIGNS}  # initials say nothing
    strong = {form for ways in forms.values() for form in ways} - weak
    strong = {form for form in strong if not _is_short(form, shortest)}
    strong |= joined
    return NameForms(
        frozenset(strong),
        frozenset(form for form in strong if _is_long(form)),
        frozenset(form for form in strong - joined if _is_long(form) and script(form) not in SIGNS),
        frozenset(weak if shortest <= SHORTEST_LATIN else ()),
        frozenset().union(*(sounds(part) for part in parts | joined if not _is_weak(part))),
        frozenset(part for part in parts | joined if not _is_weak(part)),
    )


def _parts(group: str) -> list[str]:
    words = WORD.findall(unicodedata.normalize("NFKC", group))
    return [word for word in words if plain(word) not in stand_ins()]


def _joined(words: tuple[str, ...]) -> Iterable[str]:
    """Yield what the parts make written as one word, in any order: WangFang, 王芳, MeyerLandrut."""
    if not 2 <= len(words) <= MAX_JOINED:
        return
    for number in range(2, len(words) + 1):
        for chosen in permutations(words, number):
            whole = plain("".join(chosen))
            least = SHORTEST_SIGNS if script(whole) in SIGNS else SHORTEST_LATIN + 1
            if len(whole) >= least and whole not in lexicon():
                yield whole


def _whole(words: tuple[str, ...]) -> Iterable[str]:
    """Yield the name of a place as one word; one of the department's words alone is none."""
    forms = [plain(word) for word in words]
    if len(forms) > 1 and not lexicon().issuperset(forms):
        yield "".join(forms)


def _forms(part: str) -> frozenset[str]:
    native = spellings(part)
    if script(part) == "LATIN":  # long vowels of Japanese names: Tarou, Taro
        short = {LONG_VOWEL.sub("", form) for form in native}
        return native | {form for form in short if len(form) > SHORTEST_LATIN}
    return native | {form for form in latin_forms(part) if form not in lexicon()}


def _is_weak(part: str) -> bool:
    word = plain(part)
    least = SHORTEST_SIGNS if script(part) in SIGNS else SHORTEST_LATIN
    return len(word) < least or word in lexicon()


def _is_short(form: str, shortest: int) -> bool:
    return len(form) < (SHORTEST_SIGNS if script(form) in SIGNS else shortest)


def _is_long(form: str) -> bool:
    if script(form) in SIGNS:
        return len(form) >= SHORTEST_SIGNS
    return len(form) >= SHORTEST_INSIDE


@lru_cache(MAX_REMEMBERED)
def ascii_bytes(name: NameForms) -> frozenset[bytes]:
    """Return what to look for among the bytes of a file, in lower case, where letters are ASCII.

    A form that stands inside a word of the lexicon is none: it would be found everywhere.
    """
    forms = {
        form for form in name.inside
        if form.isascii() and len(form) >= SHORTEST_RAW and form not in running_text()
    }  # fmt: skip
    return frozenset(form.encode(code) for form in forms for code in ("ascii", "utf-16-le"))


@lru_cache(MAX_REMEMBERED)
def other_bytes(name: NameForms) -> frozenset[bytes]:
    """Return the bytes of names in other letters, in the character sets of their countries."""
    found = set()
    for part in name.written:
        if part.isascii():
            continue
        for case in {part, part.upper(), part.lower(), part.capitalize()}:
            for encoding in ENCODINGS:
                try:
                    raw = case.encode(encoding)
                except UnicodeEncodeError:
                    continue
                if len(raw) >= _least_bytes(part):
                    found.add(raw)
    return frozenset(found)


def _least_bytes(part: str) -> int:
    return SHORTEST_RAW_BYTES if script(part) in SIGNS else SHORTEST_INSIDE


def merged_forms(forms: Iterable[str]) -> frozenset[str]:
    """Return forms with each letter's spellings as one, where that leaves enough letters."""
    found = {merged(form) for form in forms}
    return frozenset(m for m in found if len(m) >= SHORTEST_INSIDE and m not in lexicon())
