"""Signs that a word names somebody: a title, a label, the form of a name, an institution's kind.

A word behind a title goes even if it is a word of the vocabulary where the title is clear ("Frau
Kopf"); behind what may be a title ("Pat", "Fr", "MTA") only words that are not in the vocabulary
go.  Two words with a circumflex between them are a name (PS3.5 6.2: of PN), but Siemens writes
protocols so ("Thorax^Routine (Adult)"): what is in the vocabulary stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from workbench.deidentify.identity import WORD, Span, pieces
from workbench.deidentify.romanisation import REMEMBERED
from workbench.deidentify.spellings import fold
from workbench.deidentify.standard_tables import vocabulary

SHORTEST_TITLED = 3  # letters behind a title: "DR AP" is radiography
SHORTEST_OF_COMPOUND = 4  # letters: "CORDES" is not "cor" and "des"
LONGEST_COMPOUND = 40  # letters
SHORTEST_AFTER_REGION = 4  # letters: "Thorax^TAP"
MOST_WORDS = 4  # of a name behind a title
_NAME = r"[^\W\d_][\w'’-]*"
_TITLE = (
    r"(?:Dr\.?\s?(?:med|dent|univ|phil|vet)|Mr|Mrs|MRS|Ms|Miss|Mme|MME|Mlle|MLLE|Dr|Drs|Prof|PROF|Herrn?|HERRN?|Frau|FRAU|Madame|MADAME"
    r"|Monsieur|MONSIEUR|Doctor|DOCTOR|Docteur|Signora?|Dott|Señora?|Mevr|Dhr|Pani"
    r"|(?:M|DR|MR|MS|Fam|Sr|Sra|SRA|Sig|Sig\.ra|Dott\.ssa|Mw|Hrn)(?=\.))"
)
_LABEL = (
    r"(?:patient|pat|name|nom|operator|technician|tech|physician|doctor|radiographer|mta|mtra"
    r"|id|phone|tel|fax|dob|mrn|ssn|acc|accession|address)"
)
# What hospitals call the number of a stay or of a file.
_CASE = (
    r"(?:fall(?:nummer)?|aufnahme|akte|case|encounter|visit|chart|file|dossier|séjour|cas"
    r"|pid|patid|patnr|mrn)"
)
WORDED = (
    re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}"),  # e-mail
    re.compile(r"(?:https?://|www\.)\S{1,200}", re.IGNORECASE),
    re.compile(rf"\b(?:{_TITLE}\.?\s*)+(?<=[.\s])(?:[A-Z]\.\s*){{0,3}}{_NAME}"),  # Dr. J. Smith
    re.compile(rf"\b{_LABEL}\s?[:=#]\s?[\w'’-]+(?:[\s,^]{{1,2}}{_NAME})?", re.IGNORECASE),
    re.compile(
        rf"(?<![^\W_]){_CASE}[\s_.:#-]{{0,3}}(?:n[ro]?[\s.:°]{{1,2}})?\d{{4,}}", re.IGNORECASE
    ),
)
# What may be a title.  Capitals of DR and MR are modalities unless what follows is no technique.
_WEAK = (
    r"(?:[Dd]r|DR|[Pp]rof|PROF|[Mm]rs?|MRS|[Mm]s|[Mm]me|MME|[Mm]lle|[Hh]errn?|HERR|[Ff]rau|FRAU"
    r"|Fr|Hr|Frl|Hra|(?:FR|HR|Geb|Pt)(?=\.)|Ptnt|Kind|Baby|D[ñn]a(?=\.)|Dña|κο?[ςα]|[Ff]ür|z\.\s?Hd|Hrn|Fru|Fam|[Ss]ra|SRA|[Ss]ig|[Dd]ott|Pani|[Dd]hr|[Mm]evr|Mw"
    r"|[Pp]at(?:ient(?:in|e|en|ens)?)?|PAT(?:IENT(?:IN|E)?)?|[Pp]ac(?:ient[ea]?)?|PACIENTE|[Pp]aziente"
    r"|MTR?A|MTR|MTAR|mtr?a|[Oo]p(?=\.)|OP(?=\.)|[Uu]ntersucher(?:in)?"
    r"|[Tt]ech(?:nician)?|TECH(?:NICIAN)?|[Rr]adiographer|[Oo]perator|OPERATOR|RT\(R\)"
    r"|[Rr]esident|RESIDENT|[Nn]urse|NURSE|[Ss]chwester|[Pp]fleger|[Aa]rzt|[ÄäAa]rztin|[Oo]berarzt|OA|AA|CA"
    r"|[Rr]adiologe|[Rr]adiologist|[Mm]anip|[Mm]édecin|[Üü]berweiser|[Zz]uweiser|[Bb]efunder"
    r"|geb(?:oren)?|GEB|n[ée]e?|NEE|NÉE|born|BORN|aka|alias|genannt|verw|gesch"
    r"|[Mm]utter|[Vv]ater|[Ss]ohn|[Tt]ochter|[Mm]other|[Ff]ather|[Ww]ife|[Hh]usband|c/o"
    r"|requested by|[Rr]ef(?:erred)?\.? by|performed by|done by|scanned by|reported by|by"
    r"|[Пп]ац(?:иент(?:ка)?)?|ПАЦИЕНТ|[Вв]рач|[Дд]-р|[Гг]-(?:н|жа)|[Пп]ан[іи]?|[Кк]α|[Κκ]α?|[Δδ]ρ)"
)
TITLED = re.compile(rf"(?<![^\W_]){_WEAK}(?:[.:]\s*|\s+)(?=[^\W_])")
NEXT_WORD = re.compile(r"(?:(?:[^\W\d_]\.\s?){0,3})([^\W\d_][\w'’-]*)[\s,^]{0,2}")
_ASIAN_TITLE = (
    re.compile(r"[^\W\d_a-zA-Z]{1,6}\s?(?=様|さん|氏|先生|女士|小姐|님|씨)"),
    re.compile(r"(?:患者|病人|患儿|환자|السيدة?|المريضة?|د\.)\s?[:：]?\s?[^\W\d_]{1,12}"),
)
# "Schlumpfmann, Kurt" and "Schlumpfmann^Kurt"
COMMA = re.compile(r"\b([^\W\d_][^\W\d_'’-]+),\s?([^\W\d_][^\W\d_'’-]+)\b")
CARET = re.compile(r"[^\^]+")
_KIND = (
    r"(?:KH|Kh|Klinik(?:um|en)?|KLINIK(?:UM)?|\w*[Ss]pital|SPITAL|\w*[Kk]rankenhaus|KRANKENHAUS|[Hh]ospital(?:et|is)?"
    r"|HOSPITAL|[Hh][ôo]pital|HOPITAL|HÔPITAL|[Cc]linique|CLINIQUE|[Cc]linica|[Cc]línica|CHU|CHR|CHL|CHEM|HRS"
    r"|[Oo]spedale|OSPEDALE|[Ss]zpital|SZPITAL|[Ss]jukhus\w*|[Ss]ygehus|[Ss]ykehus|[Zz]iekenhuis|UZ|AZ|UMC|MVZ"
    r"|[Pp]raxis|PRAXIS|[Ii]nfirmary|[Cc]abinet|[Nn]emocnice|[Kk]órház|[Бб]ольница|[Νν]οσοκομείο|病院|医院|병원)"
)
INSTITUTION = re.compile(rf"(?<![^\W_]){_KIND}(?![^\W_])")
_PLACED = r"[^\W\d_]+"
PLACES = (
    re.compile(
        rf"\b{_PLACED}-(?:sur|sous|lès|les|en|am|an|auf|bei|ob|im|de|aan|den|op|upon|on)"
        rf"(?:-(?:der|dem|den|la|le|l))?-{_PLACED}\b",
        re.I,
    ),
    re.compile(
        r"\b(?:Saint|Sainte|SAINT|Sankt|SANKT|St\.|ST\.|Ste\.|Bad|BAD|San|Santa)[\s-]{1,2}[A-ZÄÖÜÉ][\w'’-]+"
    ),
)
# "MILLER TONI *12.3.80", of which the date has gone
BORN = re.compile(r"(?<![\w'’-])((?:[^\W\d_][\w'’-]{0,40}[ ,^]{1,2}){1,3})\*(?!\w)")
NEIGHBOURS = 2  # words beside the kind of an institution


@lru_cache(REMEMBERED)
def is_known(word: str) -> bool:
    """Say whether a word, or each part of it, is in the vocabulary.

    Parts are what capitals and digits make ("AbdomenRoutine", "4DCT"), and known words written
    as one ("THORAXROUTINE").
    """
    if fold(word) in vocabulary():
        return True
    return all(
        len(part) == 1 or not part.isalpha() or _is_compound(fold(part)) for part in pieces(word)
    )


def _is_compound(word: str) -> bool:
    """Say whether a word is known words of some length, one behind the other."""
    if word in vocabulary():
        return True
    if len(word) > LONGEST_COMPOUND:
        return False
    return any(
        word[:place] in vocabulary() and _is_compound(word[place:])
        for place in range(SHORTEST_OF_COMPOUND, len(word) - SHORTEST_OF_COMPOUND + 1)
    )


def personal_spans(text: str) -> Iterator[Span]:
    """Yield where in a description words stand that name somebody or some place by their form."""
    yield from _titled(text)
    yield from (match.span() for pattern in _ASIAN_TITLE for match in pattern.finditer(text))
    if "^" in text:
        yield from _carets(text)
    if "," in text:
        yield from _commas(text)
    for born in BORN.finditer(text):
        words = (word for word in WORD.finditer(text, born.start(1), born.end(1)))
        yield from (word.span() for word in words if _unknown(word[0]))
    for pattern in PLACES:
        yield from (match.span() for match in pattern.finditer(text))
    for match in INSTITUTION.finditer(text):
        yield from _beside(text, match)


def label_spans(text: str) -> Iterator[Span]:
    """Yield the same in a label of equipment, where only clear signs count."""
    for title in TITLED.finditer(text):
        if title[0].rstrip().endswith((".", ":")):
            yield from _behind(text, title)
    if "^" in text and not any(map(str.isdigit, text)):
        yield from _carets(text)
    yield from (match.span() for pattern in _ASIAN_TITLE for match in pattern.finditer(text))


def _unknown(word: str) -> bool:
    return len(word) > 1 and not is_known(word)


def _titled(text: str) -> Iterator[Span]:
    for title in TITLED.finditer(text):
        yield from _behind(text, title)


def _behind(text: str, title: re.Match[str]) -> Iterator[Span]:
    place = title.end()
    for _ in range(MOST_WORDS):
        match = NEXT_WORD.match(text, place)
        if not match or not any(map(_unknown, WORD.findall(match[1]))):
            break
        if len(match[1]) < SHORTEST_TITLED and title[0].isupper():
            break
        yield match.start(), match.end(1)
        place = match.end()


def _carets(text: str) -> Iterator[Span]:
    """Yield the unknown words around circumflexes; behind a region only long ones."""
    after_region = False
    for part in CARET.finditer(text):
        words = list(WORD.finditer(part[0]))
        unknown = [match for match in words if _unknown(match[0])]
        for match in unknown:
            longest = max(map(len, filter(str.isalpha, pieces(match[0]))))
            if longest >= SHORTEST_AFTER_REGION or not after_region:
                yield part.start() + match.start(), part.start() + match.end()
        after_region = not unknown and any(len(word[0]) >= SHORTEST_TITLED for word in words)


def _commas(text: str) -> Iterator[Span]:
    for match in COMMA.finditer(text):
        capital = match[1][0].isupper() and match[2][0].isupper()
        if capital and _unknown(match[1]) and _unknown(match[2]):
            yield match.span()


def _beside(text: str, kind: re.Match[str]) -> Iterator[Span]:
    words = list(WORD.finditer(text))
    before = [match for match in words if match.end() <= kind.start()][-NEIGHBOURS:]
    after = [match for match in words if match.start() >= kind.end()][:NEIGHBOURS]
    for neighbours in (before[::-1], after):
        for match in neighbours:
            if not (_unknown(match[0]) and match[0][0].isupper()):
                break
            yield match.span()
