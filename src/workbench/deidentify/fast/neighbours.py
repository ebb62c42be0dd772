"""What objects that speak of the same people have in common, made once.

Neighbours in a series differ in a dozen of 150 elements.  How an element is treated depends on
its own bytes, on the people the object speaks of, on the patient's date shift and on how the
object is written; all of these are the key under which what was made of it is remembered.  The
bytes stay in memory only, are bounded, and are gone with the de-identifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from workbench.deidentify.attribute_rules import AttributeRule
from workbench.deidentify.phantom_names import PHANTOM_NAMED
from workbench.deidentify.transform import MAX_DEPTH
from workbench.dicom.fast.fragment import Fragment, fragment, fragments
from workbench.dicom.fast.single import Remembered, raw_element, small_dataset
from workbench.dicom.fast.split import SOP_INSTANCE
from workbench.dicom.record import COPIED

if TYPE_CHECKING:
    from workbench.deidentify.dataset_elements import Element
    from workbench.deidentify.engine import Deidentifier
    from workbench.deidentify.pseudonym import PatientPseudonym

# Findings about the person as a whole, which are told after all others.
PERSON_CODES = frozenset({"age_mismatch", "age_capped", "implausible_age", PHANTOM_NAMED})
PERSON_COLUMNS = frozenset({"PatientAge", "PatientBirthDate", "PatientName"})
LETTERS = b"\x08\0\x05\0"  # SpecificCharacterSet
MAX_CREATOR_BYTES = 80  # bytes: an LO has 64 letters (PS3.5 6.2)
MAX_RULES = 5_000  # of private elements
Note = tuple[str, str, str]


class TransformedElement(NamedTuple):
    """What became of one element.

    Attributes
    ----------
    fragment
        Its piece of the row; ``None`` when it does not leave.
    notes
        What could not be kept of it.
    odd
        Whether there is anything to be told, here or in the fragment.
    """

    fragment: Fragment | None
    notes: tuple[Note, ...]
    odd: bool


class Neighbours:
    """What is made of objects in which all elements that speak of people are the same bytes.

    Parameters
    ----------
    deidentifier
        Decides everything.
    explicit
        Whether the objects are written with value representations.
    people
        Bytes of the elements that speak of people, tell the age or the character set, in the
        order of their tags.
    under
        The pseudonym they leave under, where it is not the one of their own issuer and ID.

    Attributes
    ----------
    usual
        Whether these elements are treated without a finding but about the age or a phantom; if
        not, the objects must be treated one by one.
    findings
        About the age, and that a phantom is meant.
    fragments
        Of these elements and of those that say how the object was de-identified, by tag.
    row
        All copied columns, filled from the fragments.
    odd
        Whether there is anything to be told of them.
    patient, age
        Pseudonym and age of the patient.
    remembered
        What was made of other elements.
    """

    def __init__(
        self,
        deidentifier: Deidentifier,
        explicit: bool,
        people: tuple[bytes, ...],
        under: PatientPseudonym | None = None,
    ) -> None:
        self._explicit = explicit
        self._letters = people[:1] if people[0].startswith(LETTERS) else ()
        self._noted: list[Note] = []
        self._source = small_dataset(explicit, people)
        done = deidentifier.apply(self._source, under)
        self.usual = all(
            finding.code in PERSON_CODES and finding.column in PERSON_COLUMNS
            for finding in done.findings
        )
        self.findings = done.findings
        self.fragments = fragments(done.dataset)
        self.row: dict[str, object] = {column.name: None for column in COPIED}
        for piece in self.fragments.values():
            if piece.column:
                self.row[piece.column] = piece.value
        self.odd = any(piece.odd for piece in self.fragments.values()) or bool(self.findings)
        self.patient, self.age = done.patient, done.age
        self.remembered: Remembered[TransformedElement] = Remembered()
        self._rules: dict[tuple[bytes, int], tuple[AttributeRule, tuple[int, Fragment]] | None] = {}
        self._transform = deidentifier.transform(self._source, self._note, under)
        self._private = deidentifier.profile.private

    def _note(self, code: str, column: str, detail: str) -> None:
        self._noted.append((code, column, detail))

    def made(
        self, tag: int, element: bytes, rule: AttributeRule, reserved: bytes = b""
    ) -> TransformedElement:
        """Return what becomes of an element, by the de-identifier's own rules.

        ``reserved`` reserves the block of a private element, for the rule depends on it.
        """
        key = reserved + element
        transformed = self.remembered.found(key)
        if transformed is None:
            transformed = self._make(tag, element, rule, MAX_DEPTH if reserved else 0)
            if tag != SOP_INSTANCE:  # never the same twice
                text = len(transformed.fragment.text) if transformed.fragment else 0
                self.remembered.keep(key, transformed, text)
        return transformed

    def _make(
        self, tag: int, element: bytes, rule: AttributeRule, depth: int
    ) -> TransformedElement:
        source = self._source
        read: Element | None = raw_element(tag, element, self._explicit)
        if read is None:
            source = small_dataset(self._explicit, (*self._letters, element))
            read = source.get_item(Tag(tag))
        self._noted.clear()
        kept = self._transform.single(rule, read, source, depth)
        piece = fragment(kept) if kept is not None else None
        odd = bool(self._noted) or (piece is not None and piece.odd)
        return TransformedElement(piece, tuple(self._noted), odd)

    def private_rule(
        self, tag: int, reserved: bytes
    ) -> tuple[AttributeRule, tuple[int, Fragment]] | None:
        """Return the rule of a private element and its block's reservation, if it may leave.

        ``reserved`` is the element by which a creator reserves the block (PS3.5 7.8.1).
        """
        key = reserved, tag
        if len(reserved) > MAX_CREATOR_BYTES:
            return self._find_rule(tag, reserved)
        if key not in self._rules:
            if len(self._rules) >= MAX_RULES:
                self._rules.clear()
            self._rules[key] = self._find_rule(tag, reserved)
        return self._rules[key]

    def _find_rule(
        self, tag: int, reserved: bytes
    ) -> tuple[AttributeRule, tuple[int, Fragment]] | None:
        block = tag & 0xFFFF0000 | tag >> 8 & 0xFF
        read = raw_element(block, reserved, self._explicit)
        creator = self._transform.creator(read, self._source) if read is not None else ""
        rule = self._private.get((creator, tag >> 16, tag & 0xFF))
        if rule is None:
            return None
        dataset = Dataset()
        dataset.add_new(block, "LO", creator)
        return rule, (block, fragments(dataset)[block])
