"""Content items of a structured report (PS3.3 C.17.3): text, codes, numbers, containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from workbench.simulate.datasets import coded, put

if TYPE_CHECKING:
    from collections.abc import Iterable

Code = tuple[str, str, str]
"""Code value, coding scheme and meaning."""

CONTAINS = "CONTAINS"
CONTEXT = "HAS OBS CONTEXT"
PROPERTIES = "HAS PROPERTIES"
MODIFIER = "HAS CONCEPT MOD"


def item(
    relationship: str, value_type: str, name: Code, children: Iterable[Dataset] = (), **values: Any
) -> Dataset:
    """Return a content item; ``values`` are attributes by keyword."""
    dataset = Dataset()
    if relationship:
        put(dataset, {"RelationshipType": relationship})
    put(dataset, {"ValueType": value_type, "ConceptNameCodeSequence": [coded(*name)]} | values)
    below = list(children)
    if below:
        dataset.ContentSequence = Sequence(below)
    return dataset


def text(name: Code, value: str, relationship: str = CONTAINS, *children: Dataset) -> Dataset:
    """Return a TEXT item."""
    return item(relationship, "TEXT", name, children, TextValue=value)


def code(name: Code, value: Code, relationship: str = CONTAINS, *children: Dataset) -> Dataset:
    """Return a CODE item."""
    return item(relationship, "CODE", name, children, ConceptCodeSequence=[coded(*value)])


def uid(name: Code, value: str, relationship: str = CONTAINS) -> Dataset:
    """Return a UIDREF item."""
    return item(relationship, "UIDREF", name, UID=value)


def moment(name: Code, value: str, relationship: str = CONTEXT) -> Dataset:
    """Return a DATETIME item."""
    return item(relationship, "DATETIME", name, DateTime=value)


def number(name: Code, value: str, unit: str, meaning: str = "", *children: Dataset) -> Dataset:
    """Return a NUM item; the unit is a UCUM code, its meaning the code itself if not given."""
    measured = Dataset()
    put(measured, {
        "MeasurementUnitsCodeSequence": [coded(unit, "UCUM", meaning or unit)],
        "NumericValue": value,
    })  # fmt: skip
    return item(CONTAINS, "NUM", name, children, MeasuredValueSequence=[measured])


def container(
    name: Code, children: Iterable[Dataset], continuity: str = "SEPARATE", template: str = ""
) -> Dataset:
    """Return a CONTAINER item, with its template number where it says so."""
    dataset = item(CONTAINS, "CONTAINER", name, children, ContinuityOfContent=continuity)
    if template:
        put(dataset, {"ContentTemplateSequence": [content_template(template)]})
    return dataset


def content_template(number: str) -> Dataset:
    """Return the item that names a template of the DICOM Content Mapping Resource."""
    dataset = Dataset()
    put(dataset, {"MappingResource": "DCMR", "TemplateIdentifier": number})
    return dataset


def root(name: Code, template: str, children: Iterable[Dataset], continuity: str) -> Dataset:
    """Return the attributes of the root of a complete, unverified report."""
    dataset = Dataset()
    put(dataset, {
        "ValueType": "CONTAINER",
        "ConceptNameCodeSequence": [coded(*name)],
        "ContinuityOfContent": continuity,
        "PerformedProcedureCodeSequence": [],
        "ReferencedPerformedProcedureStepSequence": [],
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
        "ContentTemplateSequence": [content_template(template)],
        "ContentSequence": list(children),
    })  # fmt: skip
    return dataset
