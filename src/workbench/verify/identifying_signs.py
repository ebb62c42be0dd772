"""Signs by which a text identifies somebody without the help of any header.

A title before a word that is no word of the department's, a name as DICOM writes it (A^B), dates
in several scripts, ages of 90 and over, telephone and national numbers, bare numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from workbench.verify.folding import plain
from workbench.verify.lexicon import is_radiology, lexicon

MAX_REMEMBERED = 1 << 15
_NAME = r"(?P<name>[^\W\d_][^\W\d_'’-]+)"
# What stands before a person's name, in the languages of European hospitals; not case-sensitive.
_TITLES = (
    r"pat(?:ient(?:in|e)?|\.)?|fr(?:au|l)?\.?|herrn?|hr\.?|fam\.?|dr\.|(?-i:Dr)|prof\.?|mme|"
    r"mlle|mrs?\.|do[ck]tor|docteur|"
    r"ms\.|(?-i:Mrs?|Ms)|madame|monsieur|mtr?a|mtr|sra?\.|sig(?:ra|\.)|dhr\.?|"
    r"mevr?\.?|mw\.|(?-i:Pani?)|geb(?:orene?)?\.?|née?|nee|"
    r"verh\.|genannt|пациент(?:ка)?|г-н|г-жа|пац\.|κ\.|κα|κος"
)  # fmt: skip
TITLE = re.compile(rf"(?<![^\W_])(?:{_TITLES})[ .:_]+(?:dr\.? |prof\.? )*{_NAME}", re.IGNORECASE)
# What may as well be a modality or a word: DR is digital radiography.  Behind these a longer word
# counts that is radiology's in no language.
_DOUBTFUL = r"dra?|drs|mrs?|sra|dott|(?-i:Miss|MISS)"
DOUBTFUL_TITLE = re.compile(
    rf"(?<![^\W_])(?:{_DOUBTFUL})[ :_]+(?:(?:dr|prof|med)\.? )*{_NAME}", re.IGNORECASE
)
SHORTEST_DOUBTFUL = 4  # letters: "DR HWS"
_SIGNS = r"[㐀-鿿々぀-ヿ가-힣]"
TITLE_AFTER = re.compile(rf"{_SIGNS}{{1,6}} ?(?:様|さん|氏|殿|先生|女士|小姐|환자|님|씨)")
TITLE_BEFORE = re.compile(rf"(?:患者|病人|病患|姓名|氏名|환자)[:： ]*{_SIGNS}{{2,4}}")
CARET = re.compile(r"(?P<left>[^\W\d_]*)\s*\^\s*(?P<right>[^\W\d_]*)")
PLACEHOLDER = re.compile(r"x+\Z|removed\Z")
# A place by what stands beside it: Esch-sur-Alzette KH, CHU Nancy.
HOSPITAL_AFTER = re.compile(
    r"(?P<name>[^\W\d_]{4,})[ -]+(?:KH|Klinikum|Krankenhaus|Spital|Hospital|Ziekenhuis|Sykehus|"
    r"Sjukhus|Szpital)\b"
)
HOSPITAL_BEFORE = re.compile(
    r"\b(?:KH|CHU|CHR|Klinikum|H[oô]pital|Clinique|Krankenhaus|Ospedale|Spital|Szpital) "
    r"(?P<name>[A-ZÀ-Þ][^\W\d_]{3,})"
)
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
_SEP = r"\s?[./\-–]\s?"
DATES = (
    re.compile(rf"(?<![\d.,])(?:{_DAY}{_SEP}{_MONTH}|{_MONTH}{_SEP}{_DAY}){_SEP}{_YEAR}(?![\d.])"),
    # Of a year in two digits a version differs by having no two digits before it: 1.5.20.
    re.compile(rf"(?<![\d.,])(?=\d?\d\D*\d\d\D|\d\d\D)(?:{_DAY}{_SEP}{_MONTH}|{_MONTH}{_SEP}{_DAY})"
               rf"{_SEP}\d\d(?![\d.])"),
    re.compile(rf"(?<![\d.,]){_YEAR}{_SEP}{_MONTH}{_SEP}{_DAY}(?![\d.])"),
    re.compile(rf"(?<![\d.,/]){_MONTH}\s?[/.\-]\s?{_YEAR}(?![\d.])"),
    re.compile(rf"(?<!\d){_YEAR}\s?[年년]"),
    re.compile(r"(?:明治|大正|昭和|平成|令和|[MTSHR])\s?\d{1,2}[年./]\s?\d{1,2}[月./]\s?\d{1,2}"),
    re.compile(r"(?:\b(?:Jg|Jahrgang|geb(?:oren)?|born|DOB|née?|nac|ur|f[öø]dt?|род)|生年|(?:^|\s)\*)"
               r"\W{0,3}\d{2,8}", re.I),
    re.compile(rf"{_YEAR}\s?г\.?\s?р"),
)  # fmt: skip
_MONTHS = (
    "jan(?:uar|uary|vier)?|feb(?:ruar|ruary)?|f[ée]v(?:rier)?|m[äa]r(?:z|ch|s)?|apr(?:il)?|avr(?:il)?|"
    "ma[iy]|jun[ei]?|juin|jul[iy]?|juillet|aug(?:ust)?|ao[uû]t|sep(?:t|tember|tembre)?|"
    "o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|"
    "de[cz](?:ember)?|d[ée]c(?:embre)?"
)
MONTH_BY_NAME = re.compile(
    rf"(?<!\w){_DAY}?[. ]*(?:{_MONTHS})[a-z]{{0,2}}[. ,]+(?:{_YEAR})(?!\d)", re.I
)
# Arabic, Persian and wide digits mean the same.
AGE = re.compile(
    r"(?<![\d.,])(?P<age>9\d|1[0-2]\d)\s*-?\s*(?:j[äa]hrig\w*|jahre?n?|ya?rs?\b|years?|yo\b|"
    r"y/o|ans\b|a[ñn]os|anni\b|anos\b|"
    r"jaar|j\.|år|vuot\w*|lat\b|let\b|лет|год\w*|歳|才|岁|歲|세|سنة|عام|χρον\w*|ετ[ωώ]ν)", re.I
)  # fmt: skip
AGE_LETTER = re.compile(r"(?<![\w.,])(?P<age>9[1-9]|1[01]\d)\s?[JY](?!\w)")  # 90Y is yttrium
PHONE = re.compile(r"(?<![\w.,])\+?\d{1,5}(?:[ /\-]\(?\d{1,5}\)?){2,}(?![\w,]|\.\d)")
SHORTEST_PHONE = 8  # digits
NUMBER = re.compile(r"\d{4,}")
SHORTEST_ATTACHED = 5  # digits of a number written together with letters
_UNITS = (
    r"kvp?|ma|mas|µas|uas|mm|cm|ms|µs|s|sec|hu|[kmg]?bq|[mcnµu]?gy\w*|msv|hz|fps|ml|mg|%|bpm|px|"
    r"x|kg|"
    r"slices|images?|views?|frames?|counts?|kcts?|cts|w|kw|um|µm"
)
UNIT = re.compile(rf"\s?(?:{_UNITS})(?![^\W\d_])", re.I)
QUANTITY = re.compile(
    r"(?:dlp|ctdi\w*|dap|kap|mas|kvp?|t[ier]|fov|matrix|mtx|window|w[lwc]?|c|l|size|table|pitch|"
    r"sid|sod|scan|tt|bv|b|jpeg|iso|iec|nema|din|aapm|en|counts?|threshold|hu|publication|version|"
    r"ver|v|rev|vb|va|sw|time|delay|"
    r"srdata=.|rows|columns|factor|ratio|series|image|frame|slice|lot|vol(?:ume)?)[ =:_#]*\Z", re.I
)  # fmt: skip
MATRIX = re.compile(r"\d\s?[x×*]\s?\Z", re.I)
POWERS = frozenset(
    {"1000", "1024", "1280", "1536", "2000", "2048", "3072", "4096"}
)  # matrices, JPEG 2000


def label_sign(text: str, *, product: bool = False) -> str:
    """Return what identifies somebody in a label; empty for nothing.

    A ``product`` is called what its maker likes: "DR Retrofit" is none with a doctor's degree.
    """
    said = _label_sign(text)
    return said or ("" if product else _doubtful_sign(text))


@lru_cache(MAX_REMEMBERED)
def _doubtful_sign(text: str) -> str:
    names = (plain(match["name"]) for match in DOUBTFUL_TITLE.finditer(text))
    return "a title with a name" if any(map(_is_no_radiology, names)) else ""


def _is_no_radiology(form: str) -> bool:
    return len(form) >= SHORTEST_DOUBTFUL and not (PLACEHOLDER.match(form) or is_radiology(form))


@lru_cache(MAX_REMEMBERED)
def _label_sign(text: str) -> str:
    if any(_is_unknown(match["name"]) for match in TITLE.finditer(text)):
        return "a title with a name"
    if TITLE_AFTER.search(text) or TITLE_BEFORE.search(text):
        return "a title with a name"
    return "a name with a caret" if any(map(_is_name, _carets(text))) else ""


def free_sign(text: str, original: Iterable[str] = ()) -> str:
    """Return what identifies somebody in a text that people typed; empty for nothing.

    A bare number counts when an ``original`` text at the same place has it too.
    """
    said = _free_sign(text)
    if not said and any(_stood(number, original) for number in bare_numbers(text)):
        said = "a bare number"
    return said


@lru_cache(MAX_REMEMBERED)
def _free_sign(text: str) -> str:
    text = "".join(_digit(letter) for letter in text)
    if said := label_sign(text):
        return said
    for pattern in (HOSPITAL_AFTER, HOSPITAL_BEFORE):
        if any(_is_unknown(match["name"]) for match in pattern.finditer(text)):
            return "a hospital's place"
    if any(pattern.search(text) for pattern in (*DATES, MONTH_BY_NAME)):
        return "a date"
    if AGE.search(text) or AGE_LETTER.search(text):
        return "an age of 90 or more"
    return "a telephone or national number" if any(map(_is_phone, PHONE.findall(text))) else ""


def _digit(letter: str) -> str:
    """Return an Arabic or wide digit as an ASCII one."""
    return str(int(letter)) if letter.isdecimal() else letter


def _is_unknown(word: str) -> bool:
    """Say whether a word is neither the department's nor a placeholder."""
    form = plain(word)
    return form not in lexicon() and not PLACEHOLDER.match(form) and len(form) > 1


def _carets(text: str) -> Iterator[tuple[str, str]]:
    return ((match["left"], match["right"]) for match in CARET.finditer(text))


def _is_name(sides: tuple[str, str]) -> bool:
    """Say whether what is around a caret is a name; makers write region^protocol with it."""
    unknown = [_is_unknown(side) for side in sides if side]
    stand_in = [not side or bool(PLACEHOLDER.match(plain(side))) for side in sides]
    return len(unknown) > 0 and any(unknown) and (all(unknown) or any(stand_in))


def _is_phone(text: str) -> bool:
    return sum(map(str.isdigit, text)) >= SHORTEST_PHONE


@lru_cache(MAX_REMEMBERED)
def bare_numbers(text: str) -> tuple[str, ...]:
    """Return the numbers of four and more digits that are no measure of a technique."""
    return tuple(match[0] for match in NUMBER.finditer(text) if not _is_technique(match, text))


def _is_technique(match: re.Match[str], text: str) -> bool:
    before, after = text[: match.start()], text[match.end() :]
    attached = before[-1:].isalpha() or after[:1].isalpha()
    return (
        match[0] in POWERS
        or re.search(r"\d[.,]\Z", before) is not None  # the rest of a decimal number
        or re.match(r"[.,]\d", after) is not None
        or re.match(r"\s?[:x×*]\s?\d", after, re.I) is not None  # ratios, matrices
        or UNIT.match(after) is not None
        or MATRIX.search(before) is not None
        or QUANTITY.search(before) is not None
        or (attached and len(match[0]) < SHORTEST_ATTACHED)
    )


def _stood(number: str, original: Iterable[str]) -> bool:
    return any(number in text for text in original)
