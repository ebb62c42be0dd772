"""One original and its output: what each element of either demands.

Elements are compared as the set of their values at one path of sequences, so that an item that
was dropped from a report moves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import tag_for_keyword

from workbench.verify import demands
from workbench.verify.elements import (
    BINARY,
    NUMBER,
    NUMERIC,
    FlatElement,
    Place,
    by_place,
    numbers_of,
)
from workbench.verify.identifying_signs import label_sign
from workbench.verify.identifying_words import IdentifyingWords, bytes_have_uid, has_uid
from workbench.verify.original_people import STANDARD_UID
from workbench.verify.other_patients import FolderPatients
from workbench.verify.pairs import Original, Output
from workbench.verify.result import Action, Category, Failure
from workbench.verify.scheme import Scheme, moved, near
from workbench.verify.text_checks import is_comment, published_texts, wrong_texts
from workbench.verify.told_ages import wrong_age, wrong_measured
from workbench.verify.told_times import FORMS, OFFSET, wrong_offset, wrong_time

Check = tuple[Action, Category, str, str]  # the last is what is wrong, empty when nothing is
Result = tuple[Check, Failure | None]
MARKERS = ("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
           "LongitudinalTemporalInformationModified")  # fmt: skip
MUST_SAY = ("SOPClassUID", "SOPInstanceUID", "PatientID", "PatientName", *MARKERS)
WRITTEN = ("PatientName", "PatientID", "SpecificCharacterSet", *MARKERS)
OWN = {tag_for_keyword(keyword) for keyword in WRITTEN}
METHOD_CODES = tag_for_keyword("DeidentificationMethodCodeSequence")
META = frozenset(0x00020000 + element for element in (0x00, 0x01, 0x02, 0x03, 0x10, 0x12, 0x13))
DOSE = frozenset(tag_for_keyword(keyword) for keyword in demands.DOSE)
# Sequences in which a dose attribute is the object's own, and not that of something it refers to.
DOSE_PLACES = frozenset(tag_for_keyword(keyword) for keyword in demands.DOSE_PLACES)
NAMING = {"Accession", "Address", "Name", "Physician", "Operator", "Telephone", "Institution"}


@dataclass(frozen=True)
class Pair:
    """One output with the original it was made of."""

    original: Original
    output: Output
    options: frozenset[str]
    scheme: Scheme
    words: IdentifyingWords
    uids: frozenset[str]
    private: frozenset[tuple[str, int, int]]
    patients: FolderPatients
    promise: demands.Promise = demands.NO_PROMISE

    def names_another(self, text: str, label: bool) -> bool:
        """Say whether a text identifies another patient of the folder."""
        return self.patients.others_in(text, self.original.who, label=label)


def checks(pair: Pair) -> Iterator[Check]:
    """Yield every check of a pair."""
    yield from file_checks(pair)
    yield from mark_checks(pair)
    before, after = by_place(pair.original.found), by_place(pair.output.found)
    for place, elements in before.items():
        yield from removal_checks(pair, place, elements, after.get(place, []))
    for place, elements in after.items():
        yield from output_checks(pair, place, elements, before.get(place, []))
    for bad in wrong_measured(pair.output.data, pair.promise.oldest_age_years):
        yield Action.TEXT_REMOVED, Category.HIPAA, "ContentSequence", bad


# --- the file -----------------------------------------------------------------------------------


def file_checks(pair: Pair) -> Iterator[Check]:
    """Yield checks of what is around the data set."""
    output, removed = pair.output, Action.TEXT_REMOVED
    practice = Category.PRACTICE
    bad = "" if output.content[:128] == bytes(128) else "the preamble is not empty"
    yield removed, practice, "preamble", bad
    others = {int(element.tag) for element in output.data.file_meta} - META
    bad = "more than the standard needs is there" if others else ""
    yield removed, practice, "file meta information", bad
    yield removed, Category.HIPAA, "file name", _file_name(pair)
    bad = "an identifying text is in the bytes" if _bytes_tell(pair) else ""
    yield removed, Category.HIPAA, "bytes of the file", bad


def _bytes_tell(pair: Pair) -> bool:
    content = pair.output.content
    if bytes_have_uid(content, pair.uids):
        return True
    if not pair.words.in_bytes(content):
        return False
    for text in published_texts(pair.output.found):
        content = content.replace(text, b"")
    return pair.words.in_bytes(content)


def _file_name(pair: Pair) -> str:
    name = pair.output.name
    tells = pair.words.in_text(name) or has_uid(name.removesuffix(".dcm"), pair.uids)
    if tells or label_sign(name):
        return "the name of the file identifies somebody"
    other = pair.patients.others_in_file_name(name.removesuffix(".dcm"), pair.original.who)
    return "the name of the file identifies another patient" if other else ""


def mark_checks(pair: Pair) -> Iterator[Check]:
    """Yield checks of how the output says what was done to it (PS3.15 E.1.1)."""
    data = pair.output.data
    for keyword in MUST_SAY:
        yield Action.TEXT_NOTNULL, Category.DICOM, keyword, "" if data.get(keyword) else "empty"
    bad = "" if data.get("PatientIdentityRemoved") == "YES" else "it is not YES"
    yield Action.TEXT_RETAINED, Category.DICOM, "PatientIdentityRemoved", bad
    dates = ("UNMODIFIED" if demands.FULL_DATES in pair.options else
             "MODIFIED" if demands.MOVED_DATES in pair.options else "REMOVED")  # fmt: skip
    bad = "" if data.get(MARKERS[3]) == dates else "it contradicts the codes of the method"
    yield Action.TEXT_RETAINED, Category.DICOM, MARKERS[3], bad
    codes = {str(item.get("CodeValue")) for item in data.get(MARKERS[2]) or []}
    bad = "" if demands.BASIC in codes else "the basic profile is not named"
    yield Action.TEXT_RETAINED, Category.DICOM, MARKERS[2], bad
    pseudonym = pair.original.pseudonym(pair.scheme)
    for keyword in ("PatientID", "PatientName"):
        bad = "" if str(data.get(keyword)) == pseudonym else "it is not the patient's pseudonym"
        yield Action.PATID_CONSISTENT, Category.HIPAA, keyword, bad


# --- from the original: what must be gone, what must be there ------------------------------------


def removal_checks(
    pair: Pair, place: Place, before: list[FlatElement], after: list[FlatElement]
) -> Iterator[Check]:
    """Yield what the original's elements at one place demand of the output."""
    path, tag, _ = place
    where = before[0].where
    if (tag in OWN and not path) or METHOD_CODES in path:
        return
    if tag >> 16 & 1:
        yield from _private(pair, before[0], after, where)
        return
    if tag in demands.PIXELS or tag >> 16 in demands.OVERLAYS or tag >> 16 in demands.CURVES:
        yield Action.PIXELS_HIDDEN, Category.DICOM, where, "it is still there" if after else ""
        return
    if is_comment(tag):
        bad = "a comment is left" if _says(after) else ""
        yield Action.TEXT_REMOVED, Category.HIPAA, where, bad
        return
    demand = demands.demand(tag, pair.options)
    if demand and demand not in ("K", "C", "U") and before[0].vr != "SQ":
        bad = _still_there(before, after, demand)
        category = Category.HIPAA if _names(where) else Category.DICOM
        yield Action.TEXT_REMOVED, category, where, bad
    elif tag in DOSE and DOSE_PLACES.issuperset(path) and _is_sound(before):
        yield from _dose(before, after, where)


def _dose(before: list[FlatElement], after: list[FlatElement], where: str) -> Iterator[Check]:
    bad = "" if after else "the attribute is gone"
    yield Action.TAG_RETAINED, Category.PRACTICE, where, bad
    if after and before[0].vr in NUMERIC:
        lost = _numbers(before, before[0].vr) - _numbers(after, before[0].vr)
        yield Action.TEXT_RETAINED, Category.PRACTICE, where, "a value is lost" if lost else ""


def _private(
    pair: Pair, element: FlatElement, after: list[FlatElement], where: str
) -> Iterator[Check]:
    if element.tag & 0xFF00 == 0:
        return  # a reservation of a block; judged with what is in it
    known = (element.creator, element.tag >> 16, element.tag & 0xFF)
    safe = demands.SAFE_PRIVATE in pair.options and known in pair.private
    if not safe:
        bad = "a private attribute is left that is not on the list" if after else ""
        yield Action.TEXT_REMOVED, Category.DICOM, where, bad


def _still_there(before: list[FlatElement], after: list[FlatElement], demand: str) -> str:
    if not after:
        return ""
    if demand == "X":
        return "it must be removed and is there"
    old = {value.strip() for element in before for value in element.values if value.strip()}
    new = {value.strip() for element in after for value in element.values if value.strip()}
    return "its value is what it was" if old & new else ""


def _names(where: str) -> bool:
    return any(word in where for word in NAMING)


def _is_sound(elements: list[FlatElement]) -> bool:
    """Say whether there are values, and numbers are numbers."""
    values = [value for element in elements for value in element.values if value.strip()]
    numeric = elements[0].vr in NUMERIC
    return bool(values) and (not numeric or all(NUMBER.match(value) for value in values))


def _says(elements: list[FlatElement]) -> bool:
    return any(value.strip() for element in elements for value in element.values)


def _numbers(elements: list[FlatElement], vr: str) -> Counter[float]:
    return Counter(number for element in elements for number in numbers_of(element, vr))


# --- from the output: nothing may be there that is not allowed ------------------------------------


def output_checks(
    pair: Pair, place: Place, after: list[FlatElement], before: list[FlatElement]
) -> Iterator[Check]:
    """Yield what each element of the output must be."""
    path, tag, _ = place
    where = after[0].where
    if tag >> 16 & 1:
        yield from _private(pair, after[0], after, where)
    if (tag in OWN and not path) or METHOD_CODES in path:
        return
    vrs = {element.vr for element in after}
    if not before or "PN" in vrs:
        yield from _new(pair, where, tag, after)
    if vrs & BINARY or tag in demands.PIXELS:
        filled = any(element.values for element in after)
        yield Action.PIXELS_HIDDEN, Category.DICOM, where, "binary data leave" if filled else ""
    yield from _value_checks(pair, place, after, before)
    for bad in wrong_texts(pair.words, pair.uids, after, before, pair.names_another):
        yield Action.TEXT_REMOVED, Category.HIPAA, where, bad


def _value_checks(
    pair: Pair, place: Place, after: list[FlatElement], before: list[FlatElement]
) -> Iterator[Check]:
    """Yield what values of each kind must be, beside what texts must not say."""
    tag, where = place[1], after[0].where
    vrs = {element.vr for element in after}
    if "UI" in vrs:
        yield from _uids(pair, where, tag, after, before)
    elif vrs & FORMS.keys():
        if "TM" not in vrs:
            yield from _dates(pair, where, tag, after, before)
        yield from _times(pair, where, after, before)
    elif "AS" in vrs:
        bad = wrong_age(after, before, pair.original.found, pair.promise.oldest_age_years)
        yield Action.TEXT_REMOVED, Category.HIPAA, where, bad
    elif tag == OFFSET:
        yield from _offsets(pair, where, after)
    elif vrs & NUMERIC:
        new = _numbers(after, after[0].vr) - _numbers(before, after[0].vr)
        bad = "a number is not the original's" if new else ""
        yield Action.TEXT_RETAINED, Category.PRACTICE, where, bad


def _new(pair: Pair, where: str, tag: int, after: list[FlatElement]) -> Iterator[Check]:
    """Judge an element that the original has not, or a name: whatever it says, it must not."""
    removed = demands.demand(tag, pair.options).startswith("X") or after[0].vr == "PN"
    if (removed or is_comment(tag)) and after[0].vr != "SQ":
        bad = "it must not be there" if _says(after) else ""
        yield Action.TEXT_REMOVED, Category.DICOM, where, bad


def _uids(
    pair: Pair, where: str, tag: int, after: list[FlatElement], before: list[FlatElement]
) -> Iterator[Check]:
    if demands.demand(tag, pair.options) == "K":
        return
    old = {value.strip() for element in before for value in element.values}
    expected = {pair.scheme.uid(uid) for uid in old}
    for element in after:
        for uid in filter(None, (value.strip() for value in element.values)):
            if uid.startswith(STANDARD_UID) and uid in old:
                continue
            bad = "an original UID is left" if uid in old else ""
            yield Action.UID_CHANGED, Category.HIPAA, where, bad
            bad = "" if uid in expected else "it is not what the key makes of an original UID here"
            yield Action.UID_CONSISTENT, Category.DICOM, where, bad


def _dates(
    pair: Pair, where: str, tag: int, after: list[FlatElement], before: list[FlatElement]
) -> Iterator[Check]:
    values = [value.strip() for element in after for value in element.values if value.strip()]
    old = [value for element in before for value in element.values]
    full = demands.FULL_DATES in pair.options or demands.demand(tag, pair.options) == "K"
    days = pair.scheme.days(*pair.original.who)
    kept = {value.strip() for value in old}
    expected = kept if full else {moved(value, days) for value in old}
    if pair.promise.full_dates and demands.MOVED_DATES in pair.options:
        expected |= kept  # the days of an output whose times were changed
    for value in values:
        digits = value.replace(".", "").replace("-", "") if len(value) == 10 else value
        good = {value, digits} & expected or any(near(value, each) for each in expected if each)
        bad = "" if good else "it did not move as the others"
        if not full and demands.MOVED_DATES not in pair.options:
            bad = "a date is told"
        yield Action.DATE_SHIFTED, Category.HIPAA, where, bad


def _times(
    pair: Pair, where: str, after: list[FlatElement], before: list[FlatElement]
) -> Iterator[Check]:
    """Judge times of day; of an unknown promise what is wrong alone is told."""
    times = pair.promise.times
    old = [text for element in before for value in element.values for text in value.split("\\")]
    for element in after:
        for value in element.values if element.vr in FORMS else ():
            bad = wrong_time(times, element.vr, value, old) if value.strip(" \0") else ""
            if bad or times:
                yield Action.DATE_SHIFTED, Category.PRACTICE, where, bad


def _offsets(pair: Pair, where: str, after: list[FlatElement]) -> Iterator[Check]:
    times = pair.promise.times
    for value in (value.strip(" \0") for element in after for value in element.values):
        bad = wrong_offset(times, value)
        if bad or times:
            yield Action.DATE_SHIFTED, Category.PRACTICE, where, bad


def failures(pair: Pair) -> Iterator[Result]:
    """Yield every check with its failure, if it failed."""
    for check in checks(pair):
        action, category, where, what = check
        failed = Failure(action, category, pair.output.number, where, what) if what else None
        yield check, failed
