"""One data set into its de-identified form, by the rules of the profile, at every depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydicom._uid_dict import UID_dictionary
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from workbench.deidentify import cleaned_values, structured
from workbench.deidentify.attribute_rules import AttributeRule, Kind
from workbench.deidentify.dataset_elements import (
    SIZES,
    TEXTUAL,
    UNKNOWN,
    Element,
    UnconvertibleError,
    elements,
    items,
    readings,
    texts,
)
from workbench.deidentify.descriptors import (
    clean,
    clean_label,
    clean_private,
    clean_term,
    has_unknown_words,
    known_only,
)
from workbench.deidentify.dose_comments import dose_statements
from workbench.deidentify.patient_clock import PatientClock, Times, day_of, whole_hours

if TYPE_CHECKING:
    from workbench.deidentify.confidentiality_profile import ConfidentialityProfile
    from workbench.deidentify.identity import Identity
    from workbench.deidentify.pseudonym import Pseudonyms

MAX_DEPTH = 64  # deeper nesting is an attack, not a header
STANDARD_ROOT = "1.2.840.10008."  # PS3.5 section 9: UIDs that DICOM itself defines
TAG_OF_CREATOR = range(0x10, 0x100)
MAX_CLEANED_TEXTS, MAX_CLEANED_LETTERS = 1_000, 200  # texts remembered, and their letters
# What is longer is no description: an LT has 10,240 letters at most (PS3.5 6.2), a UT may have any.
MAX_TEXT_LETTERS, MAX_VALUES = 20_000, 10_000
SHORTEST_NUMBER = 6  # digits of a whole number that may be an identifier rather than a count
SHORT_IDENTIFIER = "a patient identifier of fewer than four characters was taken out"

VALUE_DROPPED = "value_dropped"  # code of the finding about a value that cannot be read
Note = Callable[[str, str, str], None]


class Transform:
    """Rules, pseudonyms, date shift and names of one object, applied to its data sets."""

    def __init__(
        self,
        profile: ConfidentialityProfile,
        pseudonyms: Pseudonyms,
        shift_days: int,
        people: Identity,
        note: Note,
        clock: PatientClock | None = None,
    ) -> None:
        self._profile = profile
        self._pseudonyms = pseudonyms
        self._days = shift_days
        self._people = people
        self._note = note
        self._cleaned: dict[tuple[bool, bool, str], str] = {}
        self._doubtful = False  # the character set of the element at hand
        self._texts: dict[Kind, Callable[[str], str]] = {
            Kind.CODE_STRING: self._code_string,
            Kind.AGE: cleaned_values.checked_age,
            Kind.TIME: cleaned_values.checked_time,
            Kind.OFFSET: cleaned_values.checked_offset,
            Kind.KEPT_DATE: cleaned_values.checked_date,
            Kind.DATE: lambda text: cleaned_values.shift_date(text, self._days),
            Kind.MOMENT: lambda text: cleaned_values.shift_moment(text, self._days),
            Kind.UID: self._instance_uid,
            Kind.CLASS_UID: self._class_uid,
            Kind.KEPT_UID: cleaned_values.checked_uid,
            Kind.LABEL: lambda text: self._clean(text, plain=True),
            Kind.TEXT: lambda text: self._clean(text, plain=False),
            **_coarse(profile.times, clock, shift_days),
            Kind.COMMENT: lambda text: dose_statements(text, self._people),
            Kind.PRIVATE_TEXT: self._private_text,
        }

    def dataset(self, source: Dataset, depth: int) -> Dataset:
        """Return a new data set with what of ``source`` may leave."""
        cleaned = Dataset()
        private: list[tuple[int, Element]] = []
        for tag, element in elements(source):
            rule = self._profile.rules.get(tag)
            if rule is not None:
                self._put(cleaned, rule, element, source, depth)
            elif tag >> 16 & 1:
                private.append((tag, element))
        if private:
            self._private(cleaned, source, private)
        if "MeasuredValueSequence" in cleaned and structured.is_too_old(
            cleaned, self._profile.oldest_age_years
        ):
            self._note("age_capped", "MeasuredValueSequence", "an age in the report is not told")
            cleaned.MeasuredValueSequence = []
        return cleaned

    def _put(
        self, cleaned: Dataset, rule: AttributeRule, element: Element, source: Dataset, depth: int
    ) -> None:
        kept = self.single(rule, element, source, depth)
        if kept is not None:
            cleaned[kept.tag] = kept

    def single(
        self, rule: AttributeRule, element: Element, source: Dataset, depth: int
    ) -> Element | None:
        """Return what of an element of ``source`` may leave; what is lost is noted."""
        try:
            return self._kept(rule, element, source, depth)
        except Exception:  # noqa: BLE001 - pydicom raises a dozen kinds on bad values; none may stop an object
            self._note(VALUE_DROPPED, _column(element, rule), "the value cannot be read")
        return None

    def _kept(
        self, rule: AttributeRule, element: Element, source: Dataset, depth: int
    ) -> Element | None:
        kind = rule.kind
        if kind is Kind.SEQUENCE:
            return self._sequence(rule, element, source, depth)
        if kind is Kind.EMPTY:
            return DataElement(element.tag, rule.vr, [] if rule.vr == "SQ" else "")
        vr = rule.vr if element.VR in UNKNOWN else str(element.VR)
        if vr in SIZES and kind in (Kind.BINARY, Kind.DECIMAL):
            return _binary(element, vr)
        if vr not in TEXTUAL or (vr == "PN" and rule.vr != "PN"):
            raise UnconvertibleError("a value representation that does not fit")
        if kind in (Kind.BINARY, Kind.DECIMAL):
            return self._numbers(element, vr if vr in ("DS", "IS") else rule.vr)
        return DataElement(element.tag, rule.vr, self._text_values(rule, element, source))

    def _text_values(self, rule: AttributeRule, element: Element, source: Dataset) -> Any:
        values, self._doubtful = readings(element, source, rule.vr)
        if len(values) > MAX_VALUES or max(map(len, values), default=0) > MAX_TEXT_LETTERS:
            raise UnconvertibleError("more text than can be looked through")
        change = self._changer(rule, source)
        changed = [change(text) if text else text for text in values]
        if changed != values and self._people.short and any(map(self._people.short_in, values)):
            self._note("short_identifier", _column(element, rule), SHORT_IDENTIFIER)
        return changed[0] if len(changed) == 1 else changed or None

    def _changer(self, rule: AttributeRule, source: Dataset) -> Callable[[str], str]:
        if rule.kind is Kind.REPORT_TEXT:
            return lambda text: self._report_text(text, source)
        if rule.kind is Kind.CODED:
            return lambda text: self._coded(text, source, rule.keyword)
        return self._texts[rule.kind]

    # -- containers

    def _sequence(
        self, rule: AttributeRule, element: Element, source: Dataset, depth: int
    ) -> DataElement | None:
        if depth >= MAX_DEPTH:
            self._note("too_deep", rule.keyword, f"nested deeper than {MAX_DEPTH} levels")
            return None
        cleaned_items = [
            self.dataset(item, depth + 1)
            for item in items(element, source)
            if not structured.is_dropped(item, self._profile)
        ]
        return DataElement(element.tag, "SQ", cleaned_items)

    def _private(
        self, cleaned: Dataset, source: Dataset, private_elements: list[tuple[int, Element]]
    ) -> None:
        creators = {
            tag: self.creator(element, source)
            for tag, element in private_elements
            if tag & 0xFFFF in TAG_OF_CREATOR
        }
        for tag, element in private_elements:
            reserved = tag & 0xFFFF0000 | tag >> 8 & 0xFF
            creator = creators.get(reserved, "")
            rule = self._profile.private.get((creator, tag >> 16, tag & 0xFF))
            if rule is None or tag in creators:
                continue
            if reserved not in cleaned:
                cleaned.add_new(reserved, "LO", creator)
            self._put(cleaned, rule, element, source, MAX_DEPTH)

    @staticmethod
    def creator(element: Element, source: Dataset) -> str:
        """Return the name of a private block; empty when it cannot be read."""
        try:
            return texts(element, source, "LO")[0]
        except (ValueError, LookupError):
            return ""

    # -- values

    def _numbers(self, element: Element, vr: str) -> Element:
        if isinstance(element, RawDataElement):
            raw = element.value or b""
        else:
            raw = "\\".join(texts(element, Dataset(), vr)).encode("utf-8")
        number = raw.strip(b" \0")
        if not cleaned_values.is_numbers(raw):
            raise UnconvertibleError("not a number")
        countable = len(number) < SHORTEST_NUMBER or not number.isdigit()
        if not countable and number.decode("ascii") in self._people.words:
            raise UnconvertibleError("an identifier in place of a number")
        if vr not in ("DS", "IS"):
            vr = "DS"  # a number written as text where binary was due
        if isinstance(element, RawDataElement):
            return element if vr == element.VR else element._replace(VR=vr)
        return DataElement(element.tag, vr, raw.decode("ascii"))

    def _code_string(self, text: str) -> str:
        # Code strings are words of the standard or of the maker; some systems write names there.
        if self._clean(text, plain=True) != text or self._is_unreviewed(text):
            raise UnconvertibleError("a name in a code string")
        return text

    def _is_unreviewed(self, text: str) -> bool:
        known = self._profile.known_words
        return known is not None and has_unknown_words(text, known)

    def _private_text(self, text: str) -> str:
        return clean_private(text, self._people, self._profile.reviewed_words)

    def _instance_uid(self, text: str) -> str:
        return text if text in UID_dictionary else self._pseudonyms.uid(text)

    def _class_uid(self, text: str) -> str:
        # Private SOP classes and coding schemes become pseudonyms too: they may name a site.
        standard = text.startswith(STANDARD_ROOT) and text.replace(".", "").isdigit()
        return text if standard else self._pseudonyms.uid(text)

    def _clean(self, text: str, *, plain: bool) -> str:
        doubtful = self._doubtful or (self._people.doubtful and not plain)
        cleaned = self._cleaned.get((plain, doubtful, text))
        if cleaned is None:
            cleaned = (clean_label if plain else clean)(text, self._people)
            if doubtful or (not plain and self._profile.known_words is not None):
                cleaned = known_only(cleaned, self._profile.reviewed_words)
            if len(self._cleaned) >= MAX_CLEANED_TEXTS:
                self._cleaned.clear()
            if len(text) <= MAX_CLEANED_LETTERS:
                self._cleaned[plain, doubtful, text] = cleaned
        return cleaned

    def _report_text(self, text: str, item: Dataset) -> str:
        concept = structured.concept(item)
        if concept not in self._profile.kept_texts:
            return structured.REMOVED
        cleaned = self._clean(text, plain=concept in self._profile.plain_texts)
        if concept in structured.COMMENTS:
            return known_only(cleaned, self._profile.reviewed_words)
        return cleaned

    def _coded(self, text: str, code: Dataset, keyword: str) -> str:
        scheme = "".join(texts_of(code, "CodingSchemeDesignator"))
        # A unit or a published code may hold a name's letters, but is not one for that.
        if structured.is_unit(text, scheme):
            return text
        if keyword == "CodeMeaning":
            return self._meaning(text, code, scheme)
        nobody = self._clean(text, plain=True) == text and not self._is_unreviewed(text)
        if nobody or structured.is_published(scheme, text):
            return text
        if (text, scheme) in self._profile.kept_texts:
            return text
        raise UnconvertibleError("an identifier in place of a code")

    def _meaning(self, text: str, code: Dataset, scheme: str) -> str:
        cleaned = self._clean(text, plain=False)
        value = "".join(texts_of(code, "CodeValue"))
        if cleaned != text and structured.is_published(scheme, value, text):
            return clean_term(text, self._people)  # "RO6958948" is a drug, not a telephone
        return cleaned


def _coarse(
    times: Times, clock: PatientClock | None, days: int
) -> dict[Kind, Callable[[str], str]]:
    """Return how times of day are treated where they are not kept as they are."""
    if clock is None and times is not Times.REMOVED:
        return {}
    moment = day_of if clock is None else clock.moment
    coarse: dict[Kind, Callable[[str], str]] = {
        Kind.KEPT_DATE: lambda text: moment(cleaned_values.checked_date(text)),
        Kind.MOMENT: lambda text: moment(cleaned_values.shift_moment(text, days)),
    }
    if clock is not None:
        coarse[Kind.TIME] = clock.time
        coarse[Kind.OFFSET] = lambda text: whole_hours(cleaned_values.checked_offset(text).strip())
    return coarse


def texts_of(dataset: Dataset, keyword: str) -> list[str]:
    """Return the text values of an attribute; an empty list when it is absent."""
    element = dataset.get_item(keyword)
    return texts(element, dataset, "SH") if element is not None else []


def _binary(element: Element, vr: str) -> Element:
    if isinstance(element, RawDataElement):
        if len(element.value or b"") % SIZES[vr]:
            raise UnconvertibleError("a length that does not fit")
        return element if vr == element.VR else element._replace(VR=vr)
    value = element.value
    many = list(value) if isinstance(value, list | tuple) or hasattr(value, "__iter__") else value
    numbers = many if isinstance(many, list) else [] if many is None else [many]
    if not all(isinstance(number, int | float) for number in numbers):
        raise UnconvertibleError("not a number")
    return DataElement(element.tag, vr, many)


def _column(element: Element, rule: AttributeRule) -> str:
    if element.tag.is_private:
        return f"({element.tag.group:04X},xx{element.tag.element & 0xFF:02X})"
    return rule.keyword
