"""One name in many spellings: what the letters are without accents, and what keeps them apart.

``fold`` makes letters plain.  ``forms`` are the spellings that are written out: ü as u and ue, ø as
o and oe, å as a, aa and o, ß as ss and s, đ as d and dj, þ as th, kana and Hangul in Latin letters
(DIN 5007-2; ICAO Doc 9303 part 3 section 6 A; ``romanisation``).  ``keys`` is the rest: words
that are pronounced alike in the usual systems have the same key (Tschaikowski, Chaykovskiy;
Soerensen, Sørensen; Satoh, Sato), so that both sides are brought to it and need not be guessed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from workbench.deidentify.romanisation import CONSONANTS, REMEMBERED, hiragana, katakana, romanised

SHORTEST_KEY = 3  # letters
SHORTEST_CONSONANTS = 3
# Letters that Unicode does not decompose, and signs that hide in words.
PLAIN = str.maketrans(
    {
        "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D",
        "þ": "th", "Þ": "Th", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ı": "i", "İ": "I",
        "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ŋ": "ng", "Ŋ": "Ng", "ĸ": "k", "ə": "a", "Ə": "A",
        "ƒ": "f", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ŀ": "l", "Ŀ": "L", "ſ": "s", "ŉ": "n",
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه",
        "ک": "ك", "ـ": "", "ك": "ك",
    }
)  # fmt: skip
# Characters of one name that are written in an older and a newer form.
HAN = str.maketrans(
    "邉邊濱齋齊斎澤髙﨑德廣國眞惠藏與瀧櫻龍曾劉陳楊黃趙吳孫馬羅鄭謝許鄧馮葉蔣蘇呂盧鍾譚陸賈韋鄒閻賀顧龔萬錢嚴湯張"
    "島嶋嶌渡邊偉華麗軍強東麥關歐陽寶貴蘭鳳鵬飛",
    "辺辺浜斉斉斉沢高崎徳広国真恵蔵与滝桜竜曽刘陈杨黄赵吴孙马罗郑谢许邓冯叶蒋苏吕卢钟谭陆贾韦邹阎贺顾龚万钱严汤张"
    "岛岛岛渡辺伟华丽军强东麦关欧阳宝贵兰凤鹏飞",
)
WRITTEN_OUT = (
    str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe",
                   "Ø": "Oe", "å": "aa", "Å": "Aa", "đ": "dj", "Đ": "Dj", "ð": "dh", "Ð": "Dh",
                   "ő": "oe", "ű": "ue", "ẞ": "SS", "ñ": "ny", "ş": "sh", "ç": "ch", "š": "sh",
                   "č": "ch", "ć": "ch", "ž": "zh", "ł": "l", "ț": "ts", "ţ": "ts"}),
    str.maketrans({"å": "o", "Å": "O", "ð": "th", "Ð": "Th", "þ": "t", "Þ": "T", "æ": "a",
                   "Æ": "A", "ß": "s", "œ": "o", "ñ": "gn", "ü": "y", "ö": "o", "ä": "e",
                   "ø": "o", "ğ": "", "ç": "s", "ę": "en", "ą": "om", "ř": "rz"}),
)  # fmt: skip
_LV = str.maketrans({"ü": "v", "Ü": "V"})  # pinyin as it is typed: Lü as Lv
# Kunrei and Hepburn: ISO 3602 against ANSI Z39.11.
_HEPBURN = (
    ("zy", "j"), ("ty", "ch"), ("sy", "sh"), ("si", "shi"), ("ti", "chi"), ("tu", "tsu"),
    ("hu", "fu"), ("zi", "ji"),
)  # fmt: skip
_KUNREI = (
    ("shi", "si"), ("chi", "ti"), ("tsu", "tu"), ("fu", "hu"), ("ji", "zi"), ("sh", "sy"),
    ("ch", "ty"), ("j", "zy"),
)  # fmt: skip
_ROMAJI = re.compile(r"(?:[kstnhmyrwgzdbpfj]?[yhs]?[aiueo]h?|n|[kstp](?=[kstp]))+\Z")
_ALIKE = (
    ("tsch", "k"), ("tch", "k"), ("sch", "s"), ("cz", "k"), ("ch", "k"), ("sh", "s"), ("sz", "s"),
    ("zh", "z"), ("kh", "k"), ("gh", "g"), ("ph", "f"), ("th", "t"), ("dh", "d"), ("dj", "d"),
    ("ck", "k"), ("tz", "z"), ("qu", "kv"), ("q", "k"), ("c", "k"), ("x", "ks"), ("w", "v"),
    ("aa", "a"), ("ae", "a"), ("oe", "o"), ("oo", "o"), ("ou", "o"), ("ue", "u"), ("mb", "nb"),
    ("mp", "np"),
)  # fmt: skip
_SILENT_H = re.compile(r"(?<=[aeou])h(?![aeiouy])")
_I = re.compile(r"[ijy]+")
_I_BESIDE = re.compile(r"(?<=[aeou])i|i(?=[aeou])")
_TWICE = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"[aeiou]")


def fold(text: str) -> str:
    """Return text without letter case, accents and marks; what hides in words is dropped."""
    if text.isascii():
        return text.lower()
    marked = unicodedata.normalize("NFKD", text.translate(PLAIN))
    plain = "".join(letter for letter in marked if not unicodedata.combining(letter)).translate(
        PLAIN
    )
    folded = unicodedata.normalize("NFC", plain).casefold()
    return folded.translate(HAN) if any(letter >= "\u3400" for letter in folded) else folded


def visible(text: str) -> str:
    """Return text without characters that are not seen, all kinds of digits as 0 to 9."""
    if text.isascii():
        return text
    return "".join(
        letter if letter.isascii() else _seen(letter)
        for letter in unicodedata.normalize("NFC", text)
    )


def _seen(letter: str) -> str:
    if unicodedata.category(letter) == "Cf":  # soft hyphens, marks of direction, joiners
        return ""
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    # Full-width letters and signs
    return unicodedata.normalize("NFKC", letter) if "\uff01" <= letter <= "\uff5e" else letter


def composed(word: str) -> str:
    """Return a word in lower case with its accents, katakana as hiragana."""
    return hiragana(unicodedata.normalize("NFKC", word).casefold())


@lru_cache(REMEMBERED)
def forms(word: str) -> frozenset[str]:
    """Return the usual ways to write a word of a name, folded."""
    if word.isascii():
        return frozenset(_romaji(word.lower()))
    lower = unicodedata.normalize("NFC", word)
    written = {fold(lower)}
    for table in (*WRITTEN_OUT, _LV):
        written.add(fold(lower.translate(table)))
    written |= {fold(hiragana(lower)), fold(katakana(lower))}
    if not fold(lower).isascii():
        latin = (text for text in romanised(composed(word)) if not text.startswith(CONSONANTS))
        written.update(*(_romaji(text) for text in latin))
    return frozenset(form for form in written if form)


def _romaji(word: str) -> set[str]:
    """Return a word, and if it can be Japanese also its other spellings."""
    if not _ROMAJI.match(word):
        return {word}
    short = word.replace("ou", "o").replace("oo", "o").replace("uu", "u")
    short = re.sub(r"oh(?![aiueoy])", "o", short)
    return {
        text for base in (word, short) for text in (base, _put(base, _HEPBURN), _put(base, _KUNREI))
    }


def _put(word: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for old, new in pairs:
        if old in word and new not in word:
            word = word.replace(old, new)
    return word


@lru_cache(REMEMBERED)
def keys(word: str) -> frozenset[str]:
    """Return what is common to all spellings of a word, of any script; empty if it is short."""
    lower = composed(word)
    if fold(lower).isascii():
        spelt = fold(lower)
        found = {_key(spelt)}
        if "ou" in spelt:
            found.add(_key(spelt.replace("ou", "u")))
        return frozenset(key for key in found if len(key) >= SHORTEST_KEY)
    spelt_otherwise = romanised(lower)
    return frozenset(
        key
        for text in spelt_otherwise
        if len(key := text if text.startswith(CONSONANTS) else _key(text)) >= SHORTEST_KEY
    )


def _key(word: str) -> str:
    for old, new in _ALIKE:
        if old in word:
            word = word.replace(old, new)
    word = _SILENT_H.sub("", word)
    word = _I_BESIDE.sub("", _I.sub("i", word))
    return _TWICE.sub(r"\1", word)


def consonants(key: str) -> str:
    """Return the form in which a key is compared with scripts that write no vowels, or nothing."""
    spelt = key if key.startswith(CONSONANTS) else CONSONANTS + _VOWELS.sub("", key)
    return spelt if len(spelt) > SHORTEST_CONSONANTS else ""
