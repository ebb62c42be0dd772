"""Words of other scripts in Latin letters, in the usual systems, several where systems differ.

Sources: Cyrillic by BGN/PCGN 1947 (Russian) and 1965/2019 (Ukrainian), ISO 9:1995 and ICAO
Doc 9303 part 3 section 6 B; Greek by ELOT 743/ISO 843:1997; kana by modified Hepburn (ANSI
Z39.11-1972); Hangul by the Revised Romanization (2000) with the surnames that are usually written
otherwise; Arabic and Hebrew by their consonants (ICAO Doc 9303 part 3 section 6 C; ISO 259), for
vowels are not written.
Where systems differ only in ways that ``spellings.keys`` makes equal, one is enough here.
Chinese characters are not transliterated: their reading is not in the letters.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from types import MappingProxyType

MOST_SPELLINGS = 24  # of one word
REMEMBERED = 2_048  # words
CONSONANTS = "~"  # before words of which only consonants are known
MAX_LETTERS = 64  # PS3.5 6.2: of a component of PN

_CYRILLIC = """
аa бb вv гg дd еe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ъ ыy ь
эe юyu яya іi їi єe ґg ўu јj љlj њnj ћc ђdj џdz ѓgj ќkj ѕdz әa ғg қk ңn өo ұu үu һh
"""
_GREEK = """
αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo ουou αυav ευev
μπb ντnt γκgk γγng αιai ειei οιoi
"""
_ARABIC = """
بb تt ثt جj حh خk دd ذd رr زz سs شs صs ضd طt ظz غg فf قk كk لl مm نn هh وv گg چk پp ژz کk ا ع
ي ى ی ة ء
"""
_HEBREW = "בb גg דd הh וv זz חk טt כk ךk לl מm םm נn ןn סs פf ףf צz ץz קk רr שs תt א ע י"
_KANA = """
あa いi うu えe おo かka きki くku けke こko がga ぎgi ぐgu げge ごgo さsa しshi すsu せse
そso ざza じji ずzu ぜze ぞzo たta ちchi つtsu てte とto だda ぢji づzu でde どdo なna にni
ぬnu ねne のno はha ひhi ふfu へhe ほho ばba びbi ぶbu べbe ぼbo ぱpa ぴpi ぷpu ぺpe ぽpo
まma みmi むmu めme もmo やya ゆyu よyo らra りri るru れre ろro わwa ゐi ゑe をo んn ゔvu
ぁa ぃi ぅu ぇe ぉo っ ー
"""


def _table(pairs: str) -> MappingProxyType[str, str]:
    table = {}
    for pair in pairs.split():
        letters = "".join(letter for letter in pair if not letter.isascii())
        table[letters] = pair.removeprefix(letters)
    return MappingProxyType(table)


CYRILLIC, GREEK, KANA = _table(_CYRILLIC), _table(_GREEK), _table(_KANA)
SEMITIC = MappingProxyType({**_table(_ARABIC), **_table(_HEBREW)})
# Letters that systems and languages write otherwise.
ELSE = MappingProxyType(
    {
        "х": ("h",), "ц": ("c", "z"), "щ": ("sch",), "г": ("h",), "у": ("ou",), "ж": ("j",),
        "е": ("yo",), "є": ("ye",), "ї": ("yi",), "и": ("y",), "ё": ("yo",),
        "η": ("e",), "υ": ("u", "i"), "χ": ("h", "x"), "β": ("b",), "γ": ("y",), "ξ": ("ks",),
        "ου": ("u",), "μπ": ("mp",), "ντ": ("d",), "γκ": ("g",), "αυ": ("af", "au"),
        "ευ": ("ef", "eu"), "αι": ("e",), "ει": ("i",), "οι": ("i",),
    }
)  # fmt: skip
_INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h"
_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i"
_FINALS = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t"
INITIALS, VOWELS, FINALS = _INITIALS.split(), _VOWELS.split(), _FINALS.split()
# Surnames and syllables that are usually not written as the Revised Romanization has them.
HANGUL_ELSE = MappingProxyType(
    {
        "김": ("kim",), "이": ("lee", "yi", "rhee", "ri"), "박": ("park", "pak"), "최": ("choi",),
        "정": ("jung", "chung", "chong"), "조": ("cho",), "강": ("kang",), "윤": ("yoon",),
        "장": ("chang",), "임": ("lim", "rim"), "신": ("shin",), "권": ("kwon",), "오": ("oh",),
        "안": ("ahn",), "유": ("yoo", "ryu"), "류": ("yoo", "yu"), "노": ("roh", "noh"),
        "전": ("jun", "chun"), "구": ("koo", "ku"), "우": ("woo",), "문": ("moon",),
        "손": ("sohn",), "백": ("paik", "paek"), "허": ("hur", "huh"), "심": ("shim",),
        "영": ("young",), "현": ("hyun",), "준": ("joon",), "성": ("sung",), "수": ("soo",),
        "주": ("joo", "chu"), "선": ("sun",), "희": ("hee",), "은": ("un",), "경": ("kyung",),
    }
)  # fmt: skip


@lru_cache(REMEMBERED)
def romanised(word: str) -> tuple[str, ...]:
    """Return a word in Latin letters, the most usual spelling first; nothing if it has none.

    ``word`` is of one script, in lower case and composed (NFKC).
    """
    if len(word) > MAX_LETTERS:
        return ()
    script = _script(word)
    if script == "HANGUL":
        return _hangul(word)
    if script in ("HIRAGANA", "KATAKANA"):
        return _kana(word)
    if script in ("ARABIC", "HEBREW"):
        spelt = "".join(SEMITIC.get(letter, "") for letter in unicodedata.normalize("NFKD", word))
        return (CONSONANTS + spelt,)
    if script in ("CYRILLIC", "GREEK"):
        return _alphabetic(_units(word, CYRILLIC if script == "CYRILLIC" else GREEK))
    return ()


def _script(word: str) -> str:
    foreign = next((letter for letter in word if letter > "\u024f"), "")
    name = unicodedata.name(foreign, "") if foreign else ""
    return "HANGUL" if "\uac00" <= foreign <= "\ud7a3" else name.partition(" ")[0]


def _units(word: str, table: MappingProxyType[str, str]) -> list[tuple[str, str]]:
    """Return letters, or pairs that are read as one, each with its Latin spelling."""
    plain = unicodedata.normalize("NFD", word.replace("й", "\0").replace("ї", "\1"))
    letters = [letter for letter in plain if not unicodedata.combining(letter)]
    text = "".join(letters).replace("\0", "й").replace("\1", "ї")
    units, place = [], 0
    while place < len(text):
        size = 2 if text[place : place + 2] in table else 1
        unit = text[place : place + size]
        units.append((unit, table.get(unit, unit)))
        place += size
    return units


def _alphabetic(units: list[tuple[str, str]]) -> tuple[str, ...]:
    usual = [spelt for _, spelt in units]
    found = {"".join(usual): None}
    for letter in {letter for letter, _ in units}:
        for other in ELSE.get(letter, ()):
            found["".join(other if unit == letter else spelt for unit, spelt in units)] = None
    for place, (letter, _) in enumerate(units):
        if letter == "е":  # may stand for "ё" at each place: Горбачев, Королев
            found["".join([*usual[:place], "yo", *usual[place + 1 :]])] = None
    every = "".join((ELSE.get(letter, (spelt,)))[0] for letter, spelt in units)
    return tuple([*found, every][:MOST_SPELLINGS])


def hiragana(text: str) -> str:
    """Return text with katakana written as hiragana."""
    return "".join(
        chr(ord(letter) - 0x60) if "\u30a1" <= letter <= "\u30f6" else letter for letter in text
    )


def katakana(text: str) -> str:
    """Return text with hiragana written as katakana."""
    return "".join(
        chr(ord(letter) + 0x60) if "\u3041" <= letter <= "\u3096" else letter for letter in text
    )


def _kana(word: str) -> tuple[str, ...]:
    spelt = ""
    doubled = False
    for letter in hiragana(word):
        syllable = KANA.get(letter, "")
        if letter in "ゃゅょ":
            vowel = {"ゃ": "a", "ゅ": "u", "ょ": "o"}[letter]
            soft = spelt.endswith(("shi", "chi", "ji"))
            spelt = spelt[:-1] + (vowel if soft else "y" + vowel)
            continue
        spelt += syllable[:1] + syllable if doubled else syllable
        doubled = letter == "っ"
    return (spelt,)


def _hangul(word: str) -> tuple[str, ...]:
    syllables = [letter for letter in word if "\uac00" <= letter <= "\ud7a3"]
    usual = [_syllable(letter) for letter in syllables]
    found = ["".join(usual)]
    for place, letter in enumerate(syllables):
        others = HANGUL_ELSE.get(letter, ())
        found += ["".join([*usual[:place], other, *usual[place + 1 :]]) for other in others]
    every = "".join(HANGUL_ELSE.get(c, (s,))[0] for c, s in zip(syllables, usual, strict=True))
    return tuple(dict.fromkeys([*found, every]))[:MOST_SPELLINGS]


def _syllable(letter: str) -> str:
    code = ord(letter) - 0xAC00
    parts = INITIALS[code // 588], VOWELS[code % 588 // 28], FINALS[code % 28]
    return "".join(parts).replace("-", "")
