"""What identifies by its form: dates, ages, telephone numbers, addresses, numbers.

In descriptions a number of four or more digits is an identifier, unless a unit, a quantity or a
form of technique stands with it: a dose, a matrix, a ratio, a standard's number.  In labels of
equipment, whose serial numbers and versions are long numbers, only written dates and telephone
numbers are taken.  Digits of all scripts have been made 0 to 9 before (``spellings.visible``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST_TOLD = 89  # years: 45 CFR 164.514(b)(2)(i)(C), ages over 89 are identifiers, in texts too
_MONTH = (
    r"(?:jan|feb|febr|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
    r"|janv|fév|fev|avr|juin|juil|aoû|aout|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|out|maj|mei|maa"
    r"|sty|lut|kwi|cze|lip|sie|wrz|paź|paz|lis|gru"
    r"|янв|фев|мар|апр|мая|май|июн|июл|авг|сен|окт|ноя|дек|січ|лют|бер|кві|тра|чер|лип|сер|вер|жов|лис|гру"
    r"|ιαν|φεβ|μαρ|απρ|μαι|μαϊ|μάι|ιουν|ιούν|ιουλ|ιούλ|αυγ|αύγ|σεπ|οκτ|νοε|νοέ|δεκ"
    r"|oca|şub|sub|nis|haz|tem|ağu|agu|eyl|eki|kas|ara)[^\W\d_]{0,9}"
)
_YEAR = r"(?:1[89]|20)\d\d"
_YEARS = (
    r"(?:y|yo|y/o|y\.o|yrs?|years?|j|jr|jahre?|jährig\w*|jaehrig\w*|ans?|anni|años?|anos?|jaar|jarige?"
    r"|år|aar|lat|lata|let|roků|rok|éves|év|ani|vuotta|vuotias|v|л|лет|г|год\w*|років|роки|рік|р|ετών|ετων|χρον\w+"
    r"|yaş\w*|yas\w*|yıl|yil|歳|才|岁|歲|세|살|سنة|عام|سال|שנים|שנה|साल|वर्ष|ปี|tuổi)"
)
_AGE = (
    r"(?:age[ds]?|alter|[âa]ge|edad|et[àa]|idade|wiek|возраст|вік|ηλικία|leeftijd|alder|yaş"
    r"|年齢|나이|العمر)"
)
_OLD = r"(?:9\d|1[0-4]\d)"
_BORN = (
    r"(?:\*|†|jg|jhg|jahrgang|geb(?:oren)?|gebdat|gebd|n[ée]+e?|nacid[oa]|nato|nata|nasc|ur\.|urodz\w*"
    r"|born|b\.|dob|d\.o\.b|birth(?:day|date)?|ddn|годр|г\.\s?р|р\.\s?н|род|f(?:ødt|ödd)|生年月日|출생)"
)
# In descriptions and in labels
_YEAR_FIRST = re.compile(rf"(?<!\d){_YEAR}([-./])\d{{1,2}}\1\d{{1,2}}(?!\d)")  # 1980-03-12
_MONTH_WORDS = (
    re.compile(
        rf"(?<!\d)\d{{1,2}}[.\s-]{{0,2}}(?:de\s)?{_MONTH}[.,\s-]{{0,2}}(?:de\s)?"
        r"(?:\d{4}|\d{2})(?!\d)",
        re.I,
    ),
    re.compile(
        rf"\b{_MONTH}[.\s-]{{0,2}}\d{{1,2}}(?:st|nd|rd|th)?[,\s-]{{1,2}}\d{{4}}(?!\d)", re.I
    ),
)
_ASIAN_DATES = (
    re.compile(
        r"(?:明治|大正|昭和|平成|令和|民國|民国)?\d{1,4}\s?[年년]\s?(?:\d{1,2}\s?[月월]\s?)?(?:\d{1,2}\s?[日일号])?"
    ),
    re.compile(
        r"[〇零一二三四五六七八九十百千元]{1,5}年(?:[一二三四五六七八九十]{1,3}月)?(?:[一二三四五六七八九十]{1,3}[日号])?"
    ),
    re.compile(r"\b[MTSHR]\d{1,2}[./-]\d{1,2}[./-]\d{1,2}(?!\d)"),  # S39.9.17, a year of Showa
)
_TELEPHONE = (
    re.compile(r"(?<![\w.,])\+\d[\d ()/.-]{5,20}\d"),  # +352 26 12 34
    re.compile(r"(?<![\w.])\d\d(?: \d\d){3,5}(?![\w.])"),  # 26 12 34 56
    re.compile(
        r"\b(?:tel|tél|telefon|phone|fax|gsm|mobile|mobil|handy|тел)\b[\s.:#]*"
        r"\+?\d[\d ()/.-]{3,20}\d",
        re.I,
    ),
    re.compile(r"(?<![\w.])\d{3}[-. ]\d{3}[-. ]\d{4}(?![\w.])"),  # 123.456.7890
    re.compile(r"\(\d{3}\) ?\d{3}[-. ]\d{4}(?![\w.])"),
)
_SOCIAL = re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")  # social security number of the USA
_STREET = (
    re.compile(
        r"\b\d{1,5}[a-z]?,? (?:[^\W\d_][\w'-]* ){1,3}"
        r"(?:street|st|road|rd|avenue|ave|lane|drive|blvd)\b",
        re.I,
    ),
    re.compile(
        r"\b\d{1,5}[a-z]?,? (?:rue|avenue|boulevard|route|chemin|via|calle) [^\W\d_][\w '-]{2,40}",
        re.I,
    ),
    re.compile(r"\b[^\W\d_]+(?:stra(?:ß|ss)e|str\.|gasse|allee) ?\d{1,4}[a-z]?\b", re.I),
)
_BORN_IN = re.compile(
    rf"(?<![^\W_]){_BORN}[.:,'’]{{0,2}}\s?(?:am|le|on|en|in|el|il)?\s?'?\d{{2,4}}(?!\d)", re.I
)
_OLD_AGES = (
    re.compile(rf"(?<![\d.,])0?{_OLD}\s?[-.]?\s?{_YEARS}(?![^\W_])\.?", re.I),
    re.compile(rf"(?<![\d.,])0?{_OLD}\s?(?:歳|才|岁|歲|세|살|ปี)"),
    re.compile(rf"{_AGE}\s?[:=.<>≥]{{0,3}}\s?0?{_OLD}(?![\d.,])", re.I),
    re.compile(rf"(?<![\d.,]){_OLD}(?:a|\+)(?![^\W_])"),  # 101a, 90+
)
# Written in words, without a digit
OLD_AGES_IN_WORDS = (
    re.compile(
        r"[^\W\d_]{0,20}(?:neunzig|hundert)[^\W\d_]{0,9}\s?-?(?:jähr|jaehr)[^\W\d_]{0,9}", re.I
    ),
    re.compile(
        r"\b(?:ninety|nonante|quatre-vingt-dix)[ -]?[^\W\d_]{0,6}[ -](?:years?|ans)\b", re.I
    ),
    re.compile(r"(?:百[一二三四五六七八九十]{0,3}|九十[一二三四五六七八九]?)\s?(?:歳|才|岁|歲|세)"),
    *_ASIAN_DATES[1:2],
)
IN_LABELS = (
    _YEAR_FIRST,
    *_ASIAN_DATES[:2],
    _BORN_IN,
    *_OLD_AGES,
    re.compile(r"(?<![\w.])0\d(?:\.\d\d){4}(?![\w.])"),  # 06.12.34.56.78, a telephone in France
    re.compile(r"(?<![\w.])756(?:\.\d{4}){2}\.\d\d(?![\w.])"),  # an insurance number in Switzerland
    re.compile(r"(?<![\d.])[0-3]?\d([-./])[01]?\d\1(?:19|20)\d\d(?![\d.])"),  # 12.3.1980
    re.compile(r"(?<![\d.])[01]?\d([-/])[0-3]?\d\1(?:19|20)\d\d(?![\d.])"),  # 3/12/1980
    *_MONTH_WORDS,
    *_TELEPHONE,
    _SOCIAL,
    re.compile(r"(?<![\w.,])0\d{1,4}[ /-]\d{2,4}(?:[ -]\d{2,4}){1,3}(?![\w.])"),
    re.compile(r"(?<![\w.])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}-\d{4}(?![\w.])"),
)
IN_DESCRIPTIONS = (
    re.compile(r"(?<![\d.])\d+(?:\.\d+){3,}(?![\d.])"),  # UID or network address
    _YEAR_FIRST,
    re.compile(
        r"(?<![\d.,])\d{1,2}\s?([-./])\s?\d{1,2}\s?\1\s?(?:\d{4}|\d{2})(?![\d.])"
    ),  # 12.3.1980
    re.compile(r"(?<![\d.,])\d{3,4}([-./])\d{1,2}\1\d{1,2}(?![\d.])"),  # other calendars' years
    *_MONTH_WORDS,
    re.compile(rf"(?<![^\W_]){_MONTH}[.,\s'-]{{1,2}}{_YEAR}(?!\d)", re.I),
    *_ASIAN_DATES,
    re.compile(r"(?<![\d.])[0-3]?\d [01]?\d (?:19|20)\d\d(?![\d.])"),  # 12 03 1980
    re.compile(r"(?<![\d.])(?:19|20)\d\d [01]\d [0-3]\d(?![\d.])"),
    _BORN_IN,
    *_TELEPHONE,
    *_STREET,
    *_OLD_AGES,
    re.compile(
        r"(?<![^\W_])[FMW][ /]?(?:9\d|10\d)(?![\w.,]|\s?(?:kv|ma|mm|cm|ml|ms))", re.I
    ),  # F94
    # 03/58, of a birth; 13.3., of any; A471B13, of a file
    re.compile(r"(?<![\w.,/-])(?:0[1-9]|1[0-2])/[3-9]\d(?![\w.,/-])"),
    re.compile(r"(?<![\w.,-])(?:0?[1-9]|[12]\d|3[01])\.\s?(?:0?[1-9]|1[0-2])\.(?!\d)"),
    re.compile(r"(?<![^\W_])[A-Z]{1,2}\d{2,}[A-Z]{1,2}\d{2,}(?![^\W_])"),
    _SOCIAL,
    re.compile(
        r"\b(?:mrn|ssn|pid|patid|acc|accession|id|fall|case|nr|no)\s?(?:no|nr)?[.#:]?\s?\d{3,}\b",
        re.I,
    ),
    re.compile(r"(?<![\w.,])0\d[\d ()/-]{5,20}\d(?![.,]?\d)"),  # 030/123 45 67
    re.compile(r"(?<![\w.])(?:\(\d{3}\) ?|\d{3}[-. ])?\d{3}-\d{4}(?![\w.])"),  # (555) 123-4567
)
_GROUPS = re.compile(r"(?<![\w.,])\d{1,4}(?:([ .-])\d{2,6})(?:\1\d{2,6})+(?![\w.,])")
GROUPED_DIGITS = 8  # and more, in groups: 621 123 456, 2 64 09 75 116 001 23
_MONTH_YEAR = re.compile(rf"(?<![\d.,/-])(?:0?[1-9]|1[0-2])\s?[/.-]\s?{_YEAR}(?![\d.,])")
LONG = re.compile(r"\d{4,}(?:[.,]\d+)?")
LONGEST_MEASURED = 5  # digits
# Before and after a long number that is technique
_QUANTITY = re.compile(
    r"(?:\b(?:dlp|ctdi\w{0,5}|dap|kap|kerma|dose|ma|mas|kvp?|ms|ei|suv|te|tr|ti)\s?[=:]?\s?"
    r"|\d\s?[x×*]\s?|\bjpeg |\b(?:iec|iso|din|icrp|aapm|publication|tg)[ -]?)\Z",
    re.I,
)
_WHOLE = re.compile(r"(?<![\d.,])\d+[.,]\Z")  # "1.2.3456" is no decimal number
_UNIT = re.compile(
    r"(?:[.,]\d+)?\s?(?:(?:mm|cm|m|ml|l|ms|s|sec|kvp?|ma|mas|[cdmuµ]?gy\w{0,4}|[kmg]?bq|hz|hu|ug|mg|g|kg|t|fps)\b"
    r"|[x×*]\s?\d|:1(?!\d)|:\d(?=\b))",
    re.I,
)


def grouped_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where many digits stand in groups: a telephone or an insurance number."""
    for match in _GROUPS.finditer(text):
        if sum(map(str.isdigit, match[0])) >= GROUPED_DIGITS and not _UNIT.match(text, match.end()):
            yield match.span()


def long_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where long numbers stand that are no technique, and months with their year."""
    for match in _MONTH_YEAR.finditer(text):
        if not _QUANTITY.search(text, 0, match.start()):
            yield match.span()
    for match in LONG.finditer(text):
        start, end = match.span()
        if start and (text[start - 1].isdigit() or _is_fraction(text, start)):
            continue
        digits = len(match[0].partition(".")[0].partition(",")[0])
        measured = _QUANTITY.search(text, max(0, start - 24), start) or (
            digits <= LONGEST_MEASURED and _UNIT.match(text, start + digits)
        )
        if not measured:
            yield start, end


def _is_fraction(text: str, start: int) -> bool:
    """Say whether digits stand behind a decimal sign: 657.850129."""
    return _WHOLE.search(text, 0, start) is not None
