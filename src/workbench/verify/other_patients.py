"""Whether the output of one patient identifies another patient of the same folder.

What an object says of another patient no header of its own tells: so everybody whose original is
in the folder is looked for in everybody's outputs.  Of strangers less is a sign than of the
patient himself, as among thousands of them anything stands somewhere: whole family names in any
spelling, names written together, and identifiers; no given name alone, no word of the
department's, no name of a view or a fracture, and nothing that stands in the originals of several
patients who are not called so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydicom.datadict import tag_for_keyword

from workbench.verify.elements import FlatElement
from workbench.verify.folding import plain
from workbench.verify.identifying_signs import bare_numbers
from workbench.verify.identifying_words import SIGNS_BETWEEN, number_pattern, words_of
from workbench.verify.lexicon import eponyms, is_radiology, lexicon
from workbench.verify.name_forms import SHORTEST_SIGNS, SIGNS, WORD, name_forms
from workbench.verify.original_people import IDENTIFIERS
from workbench.verify.pairs import Original
from workbench.verify.readings import readings
from workbench.verify.text_checks import is_text
from workbench.verify.transliteration import script

_NAMES = ("PatientName", "OtherPatientNames", "PatientBirthName")
_NUMBERS = ("PatientID", "OtherPatientIDs", "AccessionNumber")
NAMES = frozenset(map(tag_for_keyword, _NAMES))
NUMBERS = frozenset(map(tag_for_keyword, _NUMBERS))
_INSTITUTION = ("InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName")
INSTITUTION = frozenset(map(tag_for_keyword, _INSTITUTION))
MODALITIES = frozenset({"ct", "cr", "dx", "mg", "mr", "nm", "pt", "rf", "xa"})  # PS3.3 C.7.3.1.1.1
SHORTEST_NAME = 4  # Latin letters of a family name that counts alone
SHORTEST_INSIDE = 7  # letters of a name looked for inside longer words,
SHORTEST_SIGNS_INSIDE = 3  # and signs of one where words have no ends
SHORTEST_NUMBER = 5  # digits of an identifier
SHORTEST_MIXED = 6  # letters and digits of one that has both
CERTAIN_NUMBER = 9  # digits that identify with signs between them, whatever stands beside them
MIN_PATIENTS = 3  # in whose originals a word stands that is one of the house, no stranger's name
MAX_WORDS = 3  # of a text that may be one name together
MAX_REMEMBERED = 1 << 16  # texts
Person = tuple[str, str]
Found = tuple[frozenset[str], frozenset[str]]  # names and numbers that a text holds


@dataclass(frozen=True, repr=False)
class SoughtForms:
    """Plain names, or numbers, with those whose they are; never printed."""

    owners: dict[str, set[Person]] = field(default_factory=dict)

    def add(self, form: str, who: Person) -> None:
        """Take notice of a form."""
        self.owners.setdefault(form, set()).add(who)

    def inside(self, text: str, lengths: Iterable[int]) -> Iterator[str]:
        """Yield what stands anywhere in a text, of forms of these lengths."""
        for length in lengths:
            for start in range(len(text) - length + 1):
                if text[start : start + length] in self.owners:
                    yield text[start : start + length]


class FolderPatients:
    """Who is in a folder of originals, to be looked for in each other's outputs."""

    def __init__(self, originals: Iterable[Original]) -> None:
        originals = tuple(originals)
        self._names, self._numbers = SoughtForms(), SoughtForms()
        for original in originals:
            for element in original.found:
                self._collect(element, original.who)
        names = self._names.owners
        self._inside = sorted({len(name) for name in names if _is_long(name)})
        self._lengths = sorted({len(number) for number in self._numbers.owners})
        self._known: dict[str, Found] = {}
        self._house = self._words_of_the_house(originals)

    def others_in(self, text: str, who: Person, *, label: bool = False) -> bool:
        """Say whether a text identifies somebody else than ``who``; a label may hold numbers."""
        names, numbers = self._found(text)
        if any(self._is_another(number, self._numbers, who) for number in numbers if not label):
            return True
        return any(self._is_another(name, self._names, who) for name in names)

    def others_in_file_name(self, name: str, who: Person) -> bool:
        """Say the same of a file's name, in which no number is one of technique."""
        numbers = [number for number in self._written(name) if len(number) >= SHORTEST_MIXED]
        known = any(self._is_another(number, self._numbers, who) for number in numbers)
        return known or any(self._is_another(each, self._names, who) for each in self._named(name))

    def _is_another(self, form: str, sought: SoughtForms, who: Person) -> bool:
        return who not in sought.owners[form] and form not in self._house

    # --- who is there -----------------------------------------------------------------------------

    def _collect(self, element: FlatElement, who: Person) -> None:
        if element.tag in NUMBERS:
            for value in element.values:
                for number in identifiers(value):
                    self._numbers.add(number, who)
        elif element.tag in NAMES:
            for value in (*element.values, *readings(element.raw)):
                for form in sought_names(value):
                    self._names.add(form, who)

    def _words_of_the_house(self, originals: Iterable[Original]) -> frozenset[str]:
        """Return what stands in originals of several patients whose name or number it is not.

        What the institution is called is such a word wherever it stands.
        """
        users: dict[str, set[Person]] = {}
        called: set[str] = set()
        for original in originals:
            for element in original.found:
                if is_text(element) and element.vr != "PN" and element.tag not in IDENTIFIERS:
                    for text in element.values:
                        forms = frozenset().union(*self._found(text))
                        called.update(forms if element.tag in INSTITUTION else ())
                        for form in forms:
                            users.setdefault(form, set()).add(original.who)
        everybody = self._names.owners | self._numbers.owners
        many = {form for form, who in users.items() if len(who - everybody[form]) >= MIN_PATIENTS}
        return frozenset(many | called)

    # --- where they are ---------------------------------------------------------------------------

    def _found(self, text: str) -> Found:
        known = self._known.get(text)
        if known is None:
            known = frozenset(self._named(text)), frozenset(self._numbered(text))
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[text] = known
        return known

    def _named(self, text: str) -> Iterator[str]:
        forms = [plain(word) for word in words_of(text)]
        for start in range(len(forms)):
            for end in range(start + 1, min(start + MAX_WORDS, len(forms)) + 1):
                together = "".join(forms[start:end])
                if together in self._names.owners:
                    yield together
        for form in forms:
            if form not in lexicon():
                found = self._names.inside(form, self._inside)
                yield from (name for name in found if _is_long(name))

    def _numbered(self, text: str) -> Iterator[str]:
        """Yield identifiers; a short number counts where it is no measure of a technique."""
        bare = frozenset(bare_numbers(text))
        for number in self._written(text):
            certain = not number.isdigit() or len(number) >= CERTAIN_NUMBER
            if certain or number in bare:
                yield number

    def _written(self, text: str) -> Iterator[str]:
        """Yield identifiers that a text holds, with or without signs between their digits."""
        lower = plain(text)
        for number in self._numbers.inside(SIGNS_BETWEEN.sub("", lower), self._lengths):
            if number_pattern(number).search(lower):
                yield number


def sought_names(value: str) -> Iterator[str]:
    """Yield the plain forms of a PN value by which a stranger is known.

    That is the family name where it is no other word, and two parts or more written together where
    one of them is none: "CTDI^Head" is a phantom.
    """
    parts = WORD.findall(value)
    if all(is_radiology(plain(part)) for part in parts):
        return
    apart = {form for part in parts for form in name_forms(part).all_forms}
    yield from (form for form in name_forms(value).strong - apart if not is_radiology(form))
    for group in value.split("="):
        family, _, given = group.partition("^")
        for form in name_forms(family).strong if given else ():
            least = SHORTEST_SIGNS if script(form) in SIGNS else SHORTEST_NAME
            if len(form) >= least and form not in eponyms() and not is_radiology(form):
                yield form


def identifiers(value: str) -> Iterator[str]:
    """Yield an identifier as letters and digits, where it is long enough to be one.

    Words of radiology with a short number are none: "CTDI 32", "Catphan 600".
    """
    number = "".join(filter(str.isalnum, plain(value)))
    digits = sum(map(str.isdigit, number))
    least = SHORTEST_NUMBER if number.isdigit() else SHORTEST_MIXED
    if not digits or len(number) < least:
        return
    words = set(WORD.findall(plain(value))) - MODALITIES
    if digits >= SHORTEST_NUMBER or not all(map(is_radiology, words)):
        yield number


def _is_long(form: str) -> bool:
    return len(form) >= (SHORTEST_SIGNS_INSIDE if script(form) in SIGNS else SHORTEST_INSIDE)
