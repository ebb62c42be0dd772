"""Content items as PS3.3 C.17.3 and PS3.16 want them: type, concept, value, relationship."""

from __future__ import annotations

from workbench.mapping.content_tree import Node
from workbench.simulate import content

NAME = ("113830", "DCM", "Mean CTDIvol")


def test_a_number_is_read_back_with_its_unit() -> None:
    item = content.number(NAME, "12.5", "mGy", "milligray")
    values, unit = Node(item.to_json_dict()).measured()
    assert ([float(one) for one in values], unit) == ([12.5], "mGy")
    measured = item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0]
    assert (measured.CodingSchemeDesignator, measured.CodeMeaning) == ("UCUM", "milligray")
    bare = content.number(NAME, "1", "s").MeasuredValueSequence[0]
    assert bare.MeasurementUnitsCodeSequence[0].CodeMeaning == "s", "a meaning must stand there"


def test_each_kind_has_its_value_type_and_relationship() -> None:
    items = {
        "TEXT": content.text(NAME, "x"), "UIDREF": content.uid(NAME, "1.2"),
        "CODE": content.code(NAME, ("A", "DCM", "a")), "CONTAINER": content.container(NAME, []),
        "DATETIME": content.moment(NAME, "20240105"),
    }  # fmt: skip
    for kind, item in items.items():
        assert item.ValueType == kind
        assert item.ConceptNameCodeSequence[0].CodeValue == "113830"
        assert item.RelationshipType == (
            "HAS OBS CONTEXT" if kind == "DATETIME" else "CONTAINS"
        )  # fmt: skip


def test_a_container_says_its_template_and_an_empty_one_has_no_content() -> None:
    inner = content.text(NAME, "x")
    made = content.container(NAME, [inner], template="10013")
    assert made.ContentTemplateSequence[0].TemplateIdentifier == "10013"
    assert made.ContentTemplateSequence[0].MappingResource == "DCMR"
    assert list(made.ContentSequence) == [inner]
    assert "ContentSequence" not in content.container(NAME, [])


def test_a_root_is_complete_and_nobody_has_verified_it() -> None:
    made = content.root(NAME, "10011", [], "SEPARATE")
    assert (made.CompletionFlag, made.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert "RelationshipType" not in made, "a root belongs to nothing (PS3.3 C.17.3)"
    assert "PerformedProcedureCodeSequence" in made, "type 2: there, if empty"
