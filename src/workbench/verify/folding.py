"""The verifier's own way of writing a word plainly: case, marks, letters of several spellings.

Nothing of this is shared with what de-identifies: a letter that one of the two does not know
shows as a failure, or as a name in an output that a person then sees.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import islice, product

MAX_SPELLINGS = 48  # of one word
MAX_REMEMBERED = 1 << 16
# Letters and how they are written where they are missing, the shortest habit first: the national
# rules for names in passports (ICAO Doc 9303-3 section 6) and what registration desks do.
SPELLED = {
    "ä": "a ae", "ö": "o oe", "ü": "u ue", "ø": "o oe", "å": "a aa", "æ": "ae a e",
    "œ": "oe o e", "ß": "ss s sz", "ł": "l", "đ": "d dj", "ð": "d dh", "þ": "th t p",
    "ı": "i", "ħ": "h", "ŋ": "n ng", "ŧ": "t", "ĸ": "k q", "ə": "e a", "ſ": "s",
    "š": "s sh sch", "ş": "s sh sch", "ș": "s sh", "ś": "s", "č": "c ch tsch", "ć": "c ch",
    "ç": "c ch s", "ž": "z zh", "ż": "z", "ź": "z", "ñ": "n ny nn", "ğ": "g gh", "ő": "o oe",
    "ű": "u ue", "ÿ": "y ij", "ĳ": "ij y", "ǆ": "dz", "ǉ": "lj", "ǌ": "nj", "ς": "σ",
}  # fmt: skip
SPELLINGS = {letter: tuple(written.split()) for letter, written in SPELLED.items()}
# Two ways to write one sign of Chinese or Japanese names; the first stands for both.
_SAME_SIGNS = """
高髙 崎﨑 辺邉邊 斉齋斎齊 沢澤 浜濱 広廣 国國 桜櫻 島嶋嶌 吉𠮷 张張 刘劉
陈陳 杨楊 赵趙 吴吳 孙孫 马馬 罗羅 郑鄭 谢謝 许許 邓鄧 冯馮 萧蕭
叶葉 苏蘇 吕呂 卢盧 蒋蔣 华華 丽麗 军軍 伟偉 强強 龙龍 东東 凤鳳
兰蘭 云雲
"""
SAME_SIGN = {sign: same[0] for same in _SAME_SIGNS.split() for sign in same[1:]}
ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ـ": "",
          "ؤ": "و", "ئ": "ي"}  # fmt: skip
# Spellings that stand for one letter become it: Mueller, Muller; Joergensen, Jorgensen.
MERGED = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("sz", "s"), ("dj", "d"),
          ("dh", "d"), ("th", "t"))  # fmt: skip


def lowered(text: str) -> str:
    """Return text in lower case, its letters composed, wide and narrow forms made one.

    ``lower`` and not ``casefold``: that would spell ß before its habits are looked at.
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("l·", "l")  # Catalan ŀ
    return unicodedata.normalize("NFC", "".join(map(_one_sign, text)))


def _one_sign(letter: str) -> str:
    return SAME_SIGN.get(letter) or ARABIC.get(letter, letter)


@lru_cache(MAX_REMEMBERED)
def _bare(letter: str) -> str:
    """Return a letter without its marks; of Hangul nothing is taken off."""
    parts = unicodedata.normalize("NFD", letter)
    return unicodedata.normalize("NFC", "".join(p for p in parts if not unicodedata.combining(p)))


def _written(letter: str) -> tuple[str, ...]:
    return SPELLINGS.get(letter) or (_bare(letter),)


@lru_cache(MAX_REMEMBERED)
def plain(text: str) -> str:
    """Return text in lower case without marks, each letter in its shortest spelling."""
    if text.isascii():
        return text.lower()
    return "".join(_written(letter)[0] for letter in lowered(text))


@lru_cache(MAX_REMEMBERED)
def spellings(word: str) -> frozenset[str]:
    """Return the ways in which a word is written where its letters are missing, plain."""
    choices = [_written(letter) for letter in lowered(word)]
    # All letters spelled by one habit come first, so that a limit never cuts them off.
    habits = {"".join(way[min(habit, len(way) - 1)] for way in choices) for habit in range(3)}
    return frozenset(habits | set(map("".join, islice(product(*choices), MAX_SPELLINGS))))


@lru_cache(MAX_REMEMBERED)
def merged(word: str) -> str:
    """Return a plain word with every spelling of one letter, and doubled letters, as one."""
    for spelled, letter in MERGED:
        word = word.replace(spelled, letter)
    return "".join(letter for at, letter in enumerate(word) if word[at - 1 : at] != letter)
