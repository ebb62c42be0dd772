"""The row of a header put together from what was made of its neighbours' elements.

Nothing is decided here: each piece was made by the de-identifier and ``dicom.record``.  A header
is left to them as a whole (``NotPlainError``) where a piece could depend on more than the key under
which it is remembered, and when its people are met for the first time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from operator import itemgetter

from pydicom.datadict import tag_for_keyword

from workbench.deidentify.attribute_rules import AttributeRule, Kind
from workbench.deidentify.engine import STUDY_DATES, Age, Deidentifier, dropped_among, finding
from workbench.deidentify.fast.neighbours import Neighbours, Note, TransformedElement
from workbench.deidentify.patient_evidence import QUALIFIERS
from workbench.deidentify.people import CONTENT_TEXT, SOURCES, speaks_of_people
from workbench.deidentify.pseudonym import PatientPseudonym
from workbench.deidentify.transform import MAX_DEPTH, TAG_OF_CREATOR
from workbench.dicom.fast.fragment import Fragment, moment_tags
from workbench.dicom.fast.single import small_dataset
from workbench.dicom.fast.split import CHARACTER_SET, Cut, NotPlainError
from workbench.dicom.jsonmodel import Item
from workbench.dicom.record import lines, put_start
from workbench.dicom.values import start_of
from workbench.model import Finding

Row = dict[str, object]
_PeopleKey = tuple[bool, tuple[bytes, ...], str | None]
MAX_NEIGHBOURS = 64  # groups of objects that speak of the same people
MAX_MET = 1_000  # people met once
MAX_SEQUENCES = 1_000  # of which it is known whether they speak of people
MAX_SEQUENCE_BYTES = 1 << 14  # bytes; larger ones hold reports or frames, of one object only
MAX_PEOPLE_BYTES = 1 << 16  # bytes of the elements that speak of people
CONTENT, MEASURED_VALUE = 0x0040A730, 0x0040A300
DROPPED = AttributeRule(Kind.EMPTY, "")  # of elements without a rule
PRIVATE = 0x10000  # odd groups (PS3.5 7.8)
NOT_ALONE = frozenset({Kind.CODED, Kind.REPORT_TEXT})  # depend on elements beside them


@dataclass(frozen=True)
class QuickRow:
    """A row but for what is the same for all headers, and what was lost."""

    row: Row
    patient: str
    age: Age
    findings: list[Finding]


@dataclass(slots=True)
class _Sorted:
    """The elements of a header, by what they are to its row."""

    people: list[bytes] = field(default_factory=list)
    ruled: list[tuple[int, bytes, AttributeRule]] = field(default_factory=list)
    private: dict[int, bytes] = field(default_factory=dict)


class Quick:
    """Remembers what was made of headers' elements, for one de-identifier; not thread-safe."""

    def __init__(self, deidentifier: Deidentifier) -> None:
        self._deidentifier = deidentifier
        rules = deidentifier.profile.rules
        # By tag: the rule, or None for what speaks of people.
        self._plan: dict[int, AttributeRule | None] = {**rules, **dict.fromkeys(_people_tags())}
        dependent = (tag for tag, rule in rules.items() if rule.kind in NOT_ALONE)
        self._left = (CONTENT, CONTENT_TEXT, MEASURED_VALUE, *dependent)
        # Private elements that may leave if their creator is the right one, by group and low byte.
        self._private = {group << 16 | low for _, group, low in deidentifier.profile.private}
        self._neighbours: OrderedDict[_PeopleKey, Neighbours] = OrderedDict()
        self._met: dict[int, None] = {}
        self._speak: dict[tuple[bool, bytes, bytes], bool] = {}

    def row(self, header: Cut, under: PatientPseudonym | None = None) -> QuickRow:
        """Return the row of a header; raises ``NotPlainError`` where shortcuts could mislead.

        ``under`` is as for ``Deidentifier.apply``.
        """
        sorted_out = self._sort(header)
        neighbours = self._of(header.explicit, tuple(sorted_out.people), under)
        return _Joining(neighbours).joined(sorted_out)

    def _sort(self, header: Cut) -> _Sorted:
        elements = header.elements
        for tag in self._left:
            if tag in elements:
                raise NotPlainError("report")
        speaking = self._speaking(header)
        plan = {**self._plan, **dict.fromkeys(speaking)} if speaking else self._plan
        groups, private = _Sorted(), self._private
        for tag, element in elements.items():
            rule = plan.get(tag, DROPPED)
            if rule is DROPPED:
                if tag & PRIVATE and (tag & 0xFF00 == 0 or tag & 0xFFFF00FF in private):
                    groups.private[tag] = element
            elif rule is None:
                groups.people.append(element)
            else:
                groups.ruled.append((tag, element, rule))
        return groups

    def _speaking(self, header: Cut) -> set[int]:
        """Return the sequences that speak of people."""
        tags = set()
        for tag in header.sequences:
            element = header.elements[tag]
            if len(element) > MAX_SEQUENCE_BYTES:
                raise NotPlainError("large_sequence")
            if self._speaks(header, element):
                if tag & PRIVATE:
                    raise NotPlainError("people_in_private_sequence")
                tags.add(tag)
        return tags

    def _speaks(self, header: Cut, element: bytes) -> bool:
        letters = header.elements.get(CHARACTER_SET, b"")
        if len(letters) > MAX_SEQUENCE_BYTES:
            raise NotPlainError("character_set")
        key = header.explicit, letters, element
        known = self._speak.get(key)
        if known is None:
            data = small_dataset(header.explicit, (letters, element))
            known = speaks_of_people(data, MAX_DEPTH)
            if len(self._speak) >= MAX_SEQUENCES:
                self._speak.clear()
            self._speak[key] = known
        return known

    def _of(
        self, explicit: bool, people: tuple[bytes, ...], under: PatientPseudonym | None
    ) -> Neighbours:
        key = explicit, people, under.name if under else None
        neighbours = self._neighbours.get(key)
        if neighbours is None:
            if not people or sum(map(len, people)) > MAX_PEOPLE_BYTES:
                raise NotPlainError("large_people" if people else "nobody")
            if not self._met_before(hash(key)):
                raise NotPlainError("first_of_patient")
            neighbours = Neighbours(self._deidentifier, explicit, people, under)
            self._neighbours[key] = neighbours
            if len(self._neighbours) > MAX_NEIGHBOURS:
                self._neighbours.popitem(last=False)
        self._neighbours.move_to_end(key)
        if not neighbours.usual:
            raise NotPlainError("people_with_findings")
        return neighbours

    def _met_before(self, key: int) -> bool:
        if key in self._met:
            return True
        if len(self._met) >= MAX_MET:
            self._met.clear()
        self._met[key] = None
        return False


def _people_tags() -> frozenset[int]:
    keywords = ("PatientAge", *STUDY_DATES)
    ages = (tag_for_keyword(keyword) for keyword in keywords)
    return frozenset(SOURCES) | {tag for tag in ages if tag} | {CHARACTER_SET, QUALIFIERS}


class _Joining:
    """One row on its way."""

    def __init__(self, neighbours: Neighbours) -> None:
        self.neighbours = neighbours
        self.fragments: dict[int, Fragment] = neighbours.fragments.copy()
        self.row: Row = neighbours.row.copy()
        self.notes: dict[tuple[str, str], Finding] = {}
        self.odd = neighbours.odd

    def joined(self, elements: _Sorted) -> QuickRow:
        """Return the row of a header's elements."""
        neighbours = self.neighbours
        remembered, made, put = neighbours.remembered, neighbours.made, self._put
        for tag, element, rule in elements.ruled:
            put(tag, remembered.young.get(element) or made(tag, element, rule))
        if elements.private:
            self._put_private(elements.private)
        fragments = self.fragments
        fragments.update(neighbours.fragments)  # what says how the object was de-identified stays
        order = sorted(fragments)
        moments: Item = {}
        for tag in moment_tags():
            if tag in fragments:
                moments.update(fragments[tag].moment or {})
        unknown = put_start(
            self.row, start_of(moments, dropped_among((*self.notes.values(), *neighbours.findings)))
        )
        self.row["header"] = lines([fragments[tag].text for tag in order])
        findings = [*(self._findings(order) if self.odd else ()), *unknown]
        return QuickRow(self.row, neighbours.patient, neighbours.age, findings)

    def _put(self, tag: int, transformed: TransformedElement) -> None:
        fragment, notes, odd = transformed
        if odd:
            self.odd = True
            self._tell(notes)
        if fragment is not None:
            self.fragments[tag] = fragment
            if fragment.column:
                value = fragment.value
                self.row[fragment.column] = value.copy() if type(value) is list else value

    def _tell(self, notes: tuple[Note, ...]) -> None:
        for code, column, detail in notes:
            self.notes.setdefault((code, column), finding(code, column, detail))

    def _put_private(self, private: dict[int, bytes]) -> None:
        for tag, element in private.items():
            reserved = private.get(tag & 0xFFFF0000 | tag >> 8 & 0xFF)
            if reserved is None or tag & 0xFFFF in TAG_OF_CREATOR:
                continue
            ruled = self.neighbours.private_rule(tag, reserved)
            if ruled is not None:
                rule, block = ruled
                self.fragments.setdefault(*block)
                self._put(tag, self.neighbours.made(tag, element, rule, reserved))

    def _findings(self, order: list[int]) -> list[Finding]:
        for noted in self.neighbours.findings:
            self.notes.setdefault((noted.code, noted.column or ""), noted)
        fragments = [self.fragments[tag] for tag in order]
        unreadable = [bad for fragment in fragments for bad in fragment.unreadable]
        untyped = sorted(
            (bad for fragment in fragments for bad in fragment.untyped), key=itemgetter(0)
        )
        behind = [bad for _, bad in untyped]
        return list(dict.fromkeys((*self.notes.values(), *unreadable, *behind)))
