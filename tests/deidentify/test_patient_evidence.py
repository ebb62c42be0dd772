"""What an object says of its patient, and whether two objects can speak of one person."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from workbench.deidentify.patient_evidence import (
    KnownPatient,
    PatientEvidence,
    alike,
    issuer_of,
    own_pseudonym,
)
from workbench.deidentify.pseudonym import Pseudonyms

NAMES = Pseudonyms(bytes(32), "EPI-CT", "LU01")


def item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def known(**values: Any) -> KnownPatient:
    told = item(**{"StudyInstanceUID": "1.2", "PatientID": "123"} | values)
    return KnownPatient.of(PatientEvidence.of(told), NAMES)


@pytest.mark.parametrize(
    ("written", "plain"),
    [("0012345", "12345"), (" 12 345", "12345"), ("qz0042", "qz0042"), ("QZ0042", "qz0042"),
     ("12345^^^HOSP&1.2.3&ISO", "12345"), ("\uff11\uff12", "12"), ("000", "")],
)  # fmt: skip
def test_what_is_lost_when_ids_are_copied(written: str, plain: str) -> None:
    assert alike(written) == plain


def test_the_issuer_is_also_the_universal_entity_of_the_qualifiers() -> None:
    qualifiers = [item(UniversalEntityID="1.2.3.4", UniversalEntityIDType="ISO")]
    assert issuer_of(item(IssuerOfPatientIDQualifiersSequence=qualifiers)) == "1.2.3.4"
    both = item(IssuerOfPatientID="CHL", IssuerOfPatientIDQualifiersSequence=qualifiers)
    assert issuer_of(both) == "CHL"
    assert issuer_of(item(PatientID="1")) == ""


def test_one_issuer_under_several_names_is_one() -> None:
    qualifiers = [item(UniversalEntityID="1.2.3.4")]
    both = known(IssuerOfPatientID="CHL", IssuerOfPatientIDQualifiersSequence=qualifiers)
    for told in ({"IssuerOfPatientID": "chl "}, {"IssuerOfPatientID": "C.H.L."},
                 {"IssuerOfPatientID": "CHL&9.9&ISO"}, {},
                 {"IssuerOfPatientIDQualifiersSequence": qualifiers}):  # fmt: skip
        assert both.has_issuer_of(known(**told)), told
    assert not both.has_issuer_of(known(IssuerOfPatientID="OTHER&9.9&ISO"))


def test_an_id_without_issuer_has_the_sites_own() -> None:
    site = Pseudonyms(bytes(32), "EPI-CT", "LU01", issuer="CHL")
    bare, full, other = (
        PatientEvidence.of(item(StudyInstanceUID="1.2", PatientID="1", **issuer))
        for issuer in ({}, {"IssuerOfPatientID": "CHL"}, {"IssuerOfPatientID": "XYZ"})
    )
    assert own_pseudonym(bare, site) == own_pseudonym(full, site) != own_pseudonym(other, site)
    assert not KnownPatient.of(bare, site).has_issuer_of(KnownPatient.of(other, site))


@pytest.mark.parametrize(
    ("one", "two", "reason"),
    [
        ({"PatientBirthDate": "19800101"}, {"PatientBirthDate": "19800102"}, "birth"),
        ({"PatientBirthDate": "19800101"}, {"PatientBirthDate": "1980.01.01"}, ""),
        ({"PatientBirthDate": "19800101"}, {"PatientBirthDate": ""}, ""),
        ({"PatientSex": "F"}, {"PatientSex": "M"}, "sex"),
        ({"PatientSex": "F"}, {"PatientSex": "O"}, ""),
        ({"PatientName": "Meier^Anna"}, {"PatientName": "Schulz^Rosa"}, "names"),
        ({"PatientName": "Meier^Anna"}, {"PatientName": "MEIER^A."}, ""),
        ({"PatientName": "Müller^Anna"}, {"PatientName": "MUELLER"}, ""),
        # a woman who married: her birth date says that she is one person
        ({"PatientName": "Meier^Anna", "PatientBirthDate": "19800101"},
         {"PatientName": "Schulz^A", "PatientBirthDate": "19800101"}, ""),
        ({"PatientName": "Meier^Anna", "PatientBirthDate": "19800101", "PatientSex": "F"},
         {"PatientName": "Schulz^Jan", "PatientBirthDate": "19800101", "PatientSex": "M"}, "sex"),
        ({}, {}, ""),
    ],
)  # fmt: skip
def test_what_two_persons_are_told_apart_by(
    one: dict[str, str], two: dict[str, str], reason: str
) -> None:
    said = known(**one).contradiction(known(**two))
    assert reason in said
    assert bool(said) == bool(reason)
    assert known(**two).contradiction(known(**one)) == said


def test_only_what_both_tell_makes_it_sure() -> None:
    born = {"PatientBirthDate": "19800101"}
    assert known(**born).is_surely(known(**born, PatientName="Meier^Anna"))
    assert not known(**born).is_surely(known())
    assert not known().is_surely(known())
    named = {"PatientName": "Meier^Anna"}
    assert known(**named).is_surely(known(**named))
    assert not known(**named).is_surely(known(PatientName="Meier^Otto"))
    twin = {**born, "PatientName": "Schulz^Jan"}
    assert not known(**born, **named).is_surely(known(**twin)), "born on one day, named otherwise"


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        ({}, {"IssuerOfPatientID": "CHL"}, "no issuer"),
        ({"IssuerOfPatientID": "chl"}, {"IssuerOfPatientID": "CHL&1.2&ISO"}, "several ways"),
        ({"IssuerOfPatientID": "A"}, {"IssuerOfPatientID": "B"}, "issuer of the PatientID differs"),
        ({"PatientID": ""}, {}, "no PatientID"),
        ({"PatientID": "00123"}, {}, "leading zeros"),
        ({"PatientID": "9"}, {"OtherPatientIDs": ["009", "7"]}, "OtherPatientIDs"),
        ({"OtherPatientIDsSequence": [item(PatientID="9")]}, {"PatientID": "9"}, "OtherPatientIDs"),
        ({"PatientID": "9"}, {}, "the PatientIDs differ"),
    ],
)  # fmt: skip
def test_in_what_two_identities_differ_is_said_without_a_value(
    one: dict[str, Any], two: dict[str, Any], words: str
) -> None:
    for said in (known(**one).difference(known(**two)), known(**two).difference(known(**one))):
        assert words in said
        assert not {"CHL", "123", "009"} & set(said.replace(",", " ").split())


def test_what_is_kept_comes_back_and_tells_nothing() -> None:
    patient = known(
        PatientID="QZ-SECRET-1", IssuerOfPatientID="HOSPITALNAME", PatientName="Grottenolm^Karla",
        PatientBirthDate="19610203", OtherPatientIDs="OLDNUMBER",
    )  # fmt: skip
    written = patient.written()
    assert KnownPatient.read(written) == patient
    assert patient.pseudonym == NAMES.of("HOSPITALNAME", "QZ-SECRET-1")
    folded = written.decode().casefold()
    for value in ("qz-secret", "hospitalname", "grottenolm", "karla", "19610203", "oldnumber"):
        assert value not in folded
    other = KnownPatient.of(
        PatientEvidence.of(item(PatientID="QZ-SECRET-1")), Pseudonyms(b"1" * 32, "EPI-CT", "LU01")
    )
    assert other.patient_id != patient.patient_id, "digests are keyed: two hospitals share none"


def test_unreadable_elements_tell_nothing() -> None:
    broken = item(StudyInstanceUID="1.2", PatientID="1", PatientBirthDate="when?")
    broken.add_new(0x00101002, "LO", "no sequence")
    told = PatientEvidence.of(broken)
    assert (told.birth, told.others, told.patient_id) == ("", frozenset(), "1")
