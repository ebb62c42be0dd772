"""A word of another script in Latin letters, by the habits of several countries, and how it sounds.

Both a name and a text are brought to the same sounds, so that either may be the transliteration:
Ivanov in КТ ИВАНОВ, Иванов in CT Iwanow.  Japanese kana and Korean Hangul follow from the letters'
own names and numbers in Unicode; Chinese signs from a list of the usual ones in names
(``data/pinyin.txt``); Arabic and others are looked for as they are written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

from workbench.verify.folding import MAX_REMEMBERED, plain

CYRILLIC_LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўђјљњћџ"
_CYRILLIC = (
    # BGN/PCGN and passports; German; ISO 9 without its marks; French
    (
        "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya "
        "i yi ye g u dj j lj nj c dz"
    ),
    (
        "a b w g d e jo sch s i i k l m n o p r s t u f ch z tsch sch schtsch - y - e ju ja "
        "i ji je g u dj j lj nj c dz"
    ),
    "a b v g d e e z z i j k l m n o p r s t u f h c c s sc - y - e ju ja i i e g u d j lj nj c dz",
    (
        "a b v g d e e j z i i k l m n o p r s t ou f kh ts tch ch chtch - y - e iou ia "
        "i i ie g ou dj j lj nj c dz"
    ),
)
GREEK_LETTERS = "αβγδεζηθικλμνξοπρστυφχψω"
_GREEK = (
    "a v g d e z i th i k l m n x o p r s t y f ch ps o",  # ELOT 743
    "a b g d e z e th i k l m n x o p r s t u ph ch ps o",  # as ancient Greek is written
    "a v g d e z i t i k l m n x o p r s t i f h ps o",
)
GREEK_PAIRS = (("μπ", "b"), ("ντ", "nt"), ("γκ", "gk"), ("γγ", "ng"), ("ου", "ou"), ("ευ", "ev"),
               ("αυ", "av"), ("ει", "ei"), ("οι", "oi"))  # fmt: skip
# Unicode names kana by the older system; Hepburn is what passports use.
HEPBURN = (
    ("sy", "sh"), ("ty", "ch"), ("zy", "j"), ("dy", "j"), ("si", "shi"), ("ti", "chi"),
    ("tu", "tsu"), ("hu", "fu"), ("zi", "ji"), ("di", "ji"), ("du", "zu"), ("wo", "o"),
)  # fmt: skip
INITIALS = [
    "g",
    "kk",
    "n",
    "d",
    "tt",
    "r",
    "m",
    "b",
    "pp",
    "s",
    "ss",
    "-",
    "j",
    "jj",
    "ch",
    "k",
    "t",
    "p",
    "h",
]
VOWELS = [
    "a",
    "ae",
    "ya",
    "yae",
    "eo",
    "e",
    "yeo",
    "ye",
    "o",
    "wa",
    "wae",
    "oe",
    "yo",
    "u",
    "wo",
    "we",
    "wi",
    "yu",
    "eu",
    "ui",
    "i",
]
FINALS = [
    "-",
    "k",
    "k",
    "k",
    "n",
    "n",
    "n",
    "t",
    "l",
    "k",
    "m",
    "l",
    "l",
    "l",
    "p",
    "l",
    "m",
    "p",
    "p",
    "t",
    "t",
    "ng",
    "t",
    "t",
    "k",
    "t",
    "p",
    "t",
]
HANGUL, SYLLABLES, TAILS = 0xAC00, 11_172, 28  # Unicode 3.12: conjoining jamo
# What the same sound is written as in different countries; order matters.
SOUNDS = (("schtsch", "sc"), ("shch", "sc"), ("chtch", "sc"), ("tsch", "c"), ("tch", "c"),
          ("sch", "s"), ("sh", "s"), ("zh", "z"), ("kh", "h"), ("ch", "c"), ("ck", "k"),
          ("ts", "c"), ("tz", "c"), ("ph", "f"), ("th", "t"), ("ou", "u"), ("w", "v"), ("y", "i"),
          ("j", "i"), ("ks", "x"))  # fmt: skip
# Korean names in Latin letters follow no rule but the bearer's; what differs is left out.
KOREAN = (("ch", "g"), ("sh", "s"), ("oo", "u"), ("ee", "i"), ("eo", "o"), ("eu", "u"),
          ("ae", "e"), ("k", "g"), ("c", "g"), ("j", "g"), ("t", "d"), ("p", "b"), ("l", "r"),
          ("y", ""), ("w", ""), ("h", ""))  # fmt: skip
SHORTEST_SOUND = 4  # letters


def _table(letters: str, written: str) -> dict[str, str]:
    """Return a letter's Latin form; a hyphen stands for none."""
    pairs = zip(letters, written.split(), strict=True)
    return {letter: "" if latin == "-" else latin for letter, latin in pairs}


CYRILLIC = tuple(_table(CYRILLIC_LETTERS, system) for system in _CYRILLIC)
GREEK = tuple(_table(GREEK_LETTERS, system) for system in _GREEK)


def script(word: str) -> str:
    """Return the script of a word's first letter by its Unicode name: LATIN, CYRILLIC, CJK ..."""
    name = unicodedata.name(word[0], "") if word else ""
    return name.partition(" ")[0].partition("-")[0]


@lru_cache(MAX_REMEMBERED)
def latin_forms(word: str) -> frozenset[str]:
    """Return a word of another script in plain Latin letters; empty where no habit is known."""
    word = unicodedata.normalize("NFKC", word).lower()
    kind = script(word)
    if kind == "CYRILLIC":
        # A text without marks has е for ё and и for й.
        forms = {_spelled(written, table) for table in CYRILLIC for written in (word, _no_yo(word))}
    elif kind == "GREEK":
        forms = {_spelled(way, table) for table in GREEK for way in _greek(plain(word))}
    elif kind in ("HIRAGANA", "KATAKANA"):
        forms = set(_kana(word))
    elif kind == "HANGUL":
        forms = {_hangul(word)}
    elif kind == "CJK":
        forms = {_pinyin(word)}
    else:
        forms = set()
    return frozenset(form for form in forms if form)


def _spelled(word: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in word)


def _no_yo(word: str) -> str:
    return word.replace("ё", "е").replace("й", "и")


def _greek(word: str) -> Iterator[str]:
    yield word
    for pair, latin in GREEK_PAIRS:
        word = word.replace(pair, latin)
    yield word


def _kana(word: str) -> Iterator[str]:
    """Yield a word in the official and in Hepburn's letters, long vowels long and short."""
    written = ""
    for letter in word:
        name = unicodedata.name(letter, "")
        sound = name.rpartition(" ")[2].lower() if " LETTER " in name else ""
        if "PROLONGED" in name:
            written += written[-1:]
        elif " SMALL " in name and sound.startswith("y"):
            written = written[:-1] + sound  # ki + small ya: kya
        elif " SMALL " in name and sound == "tu":
            written += "-"  # the next consonant is double
        else:
            written += sound
    written = re.sub("-(.)", r"\1\1", written).strip("-")
    hepburn = written
    for old, new in HEPBURN:
        hepburn = hepburn.replace(old, new)
    for form in (written, hepburn):
        yield form
        yield re.sub("(?<=o)[uo]|(?<=u)u|(?<=e)i|(?<=a)a", "", form)
        yield re.sub("(?<=o)[uo]", "h", form)  # Satoh


def _hangul(word: str) -> str:
    """Return the Revised Romanization, syllable by syllable."""
    written = []
    for letter in word:
        number = ord(letter) - HANGUL
        if not 0 <= number < SYLLABLES:
            return ""
        parts = (
            INITIALS[number // (21 * TAILS)],
            VOWELS[number // TAILS % 21],
            FINALS[number % TAILS],
        )
        written.append("".join(part for part in parts if part != "-"))
    return "".join(written)


@cache
def _signs() -> dict[str, str]:
    text = (files("workbench.verify") / "data" / "pinyin.txt").read_text("utf-8")
    lines = (line.split() for line in text.splitlines() if line and line[0] != "#")
    return {plain(sign): syllable for syllable, signs in lines for sign in signs}


def _pinyin(word: str) -> str:
    """Return Chinese signs as they sound; empty where one is not on the list."""
    syllables = [_signs().get(sign, "") for sign in plain(word)]
    return "".join(syllables) if all(syllables) else ""


def _changed(word: str, changes: tuple[tuple[str, str], ...]) -> str:
    for old, new in changes:
        word = word.replace(old, new)
    return re.sub(r"(.)\1+", r"\1", word)


@lru_cache(MAX_REMEMBERED)
def sounds(word: str) -> frozenset[str]:
    """Return how a word sounds, in letters that do not depend on a country's habits.

    Short words have none: too many sound alike.  Korean ones are marked, as they are rough.
    """
    word = unicodedata.normalize("NFKC", word)
    latin = script(word) == "LATIN"
    forms = {plain(word)} if latin else latin_forms(word)
    alike = {_changed(form, SOUNDS) for form in forms}
    if latin or script(word) == "HANGUL":
        alike |= {"+" + rough for form in forms if len(rough := _changed(form, KOREAN)) > 2}
    return frozenset(sound for sound in alike if len(sound) >= SHORTEST_SOUND)
