"""What names another patient of the folder is seen; what only looks so is not."""

from __future__ import annotations

import pytest
from pydicom.datadict import tag_for_keyword

from workbench.verify.elements import FlatElement
from workbench.verify.other_patients import FolderPatients, identifiers, sought_names
from workbench.verify.pairs import Original

SELF = ("", "ZX7001544")


def element(keyword: str, value: str, vr: str = "LO") -> FlatElement:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return FlatElement(tag, vr, (), (value,))


def original(
    identifier: str, name: str = "", accession: str = "", *texts: str, keyword: str = "StudyDescription"
) -> Original:  # fmt: skip
    found = (
        element("PatientID", identifier),
        element("PatientName", name, "PN"),
        element("AccessionNumber", accession, "SH"),
        *(element(keyword, text) for text in texts),
    )
    return Original(f"1.2.{identifier}", "", identifier, "", found)


def folder(*others: Original) -> FolderPatients:
    own = original(SELF[1], "Schlumpfmann^Kurt", "ACC0005577")
    return FolderPatients([own, *others])


NEIGHBOURS = folder(
    original("ZX7011544", "Grottenolm^Egon", "ACC0006677"),
    original("4821377", "Sørensen^Bjørn", "20150607-11"),
    original("LU-0099-12", "Wang^Xiaofang=王^小芳"),
    original("0000123456", "Wałęsa-Zwirn^Łukasz"),
    original("5550001111", "Li^Na"),
)


@pytest.mark.parametrize(
    "text",
    [
        "Thorax ZX7011544", "Thorax zx-7011544", "ZX 7011544", "Acc. ACC0006677", "Thorax 4821377", "(4821377)",
        "LU009912", "0000123456", "0000 123 456", "Thorax 5550-001-111", "GROTTENOLM", "CT Grottenolm, Egon", "egon grottenolm",
        "CTGROTTENOLM5mm", "Soerensen Thorax", "SORENSEN", "Walesa", "王小芳 胸部", "王小芳胸部", "Wang Xiaofang", "CT Li Na",
        "for Grottenolms",
    ],
)  # fmt: skip
def test_identifiers_and_names_of_a_neighbour(text: str) -> None:
    assert NEIGHBOURS.others_in(text, SELF)


@pytest.mark.parametrize(
    "text",
    [
        "Thorax 5.0 B30f", "Schlumpfmann", "ZX7001544", "Egon", "Na", "Li", "Zwirner", "ZX70115441", "14821377", "4821377.5",
        "4821377 mGy", "DLP 4821377", "48 21 377", "", "20150608-11",
    ],
)  # fmt: skip
def test_what_only_looks_like_one(text: str) -> None:
    """Oneself, given names, short names, longer numbers, measures, numbers that lie apart."""
    assert not NEIGHBOURS.others_in(text, SELF)


def test_everybody_is_somebody_elses_neighbour() -> None:
    assert NEIGHBOURS.others_in("Schlumpfmann", ("", "ZX7011544"))
    assert not NEIGHBOURS.others_in("Grottenolm", ("", "ZX7011544"))


def test_a_label_may_hold_the_number_but_not_the_name() -> None:
    assert not NEIGHBOURS.others_in("4821377", SELF, label=True)
    assert NEIGHBOURS.others_in("CT GROTTENOLM", SELF, label=True)


@pytest.mark.parametrize(
    "identifier",
    [
        "0",
        "1234",
        "CT001",
        "QA",
        "PHANTOM",
        "CTDI 32",
        "Catphan600",
        "CT-THORAX-12",
        "ANON",
        "123-4",
        "",
        "A1",
    ],
)
def test_short_identifiers_and_words_are_none(identifier: str) -> None:
    assert list(identifiers(identifier)) == []
    assert not folder(original(identifier)).others_in(f"Thorax {identifier} 1234", SELF)


@pytest.mark.parametrize(
    "name", ["Colon^Anna", "Weber^Hans", "Stone^Mary", "Long^John", "Phantom^Water", "Schulter^Jan", "QA^Daily",
             "Anonymous", "Siemens^Phantom", "Berg", "Thorax^X"],
)  # fmt: skip
def test_names_that_are_words_do_not_count_alone(name: str) -> None:
    text = f"CT {name.split('^', 1)[0]} Typ B, Schulter, Water"
    assert not folder(original("ZX7011544", name)).others_in(text, SELF)


@pytest.mark.parametrize("name", ["CTDI^Head", "Head CTDI", "Water^Phantom^Siemens"])
def test_what_is_made_of_words_alone_is_no_person(name: str) -> None:
    patients = folder(original("ZX7011544", name))
    assert not patients.others_in("CTDI Head", SELF)
    assert not patients.others_in("Siemens Water Phantom, CTDIHead", SELF)


def test_with_the_given_name_beside_it_they_do() -> None:
    for name in ("Colon^Anna", "Weber^Hans", "Long^John"):
        family, given = name.split("^")
        patients = folder(original("ZX7011544", name))
        assert patients.others_in(f"CT {family} {given}", SELF), name
        assert patients.others_in(f"CT {given.upper()} {family.upper()}", SELF), name


def test_namesakes_do_not_name_each_other() -> None:
    patients = folder(original("ZX7011544", "Schlumpfmann^Egon"))
    assert not patients.others_in("Schlumpfmann", SELF)


def test_a_number_shared_by_two_patients_is_no_others() -> None:
    patients = folder(original("ZX7011544", "Grottenolm^Egon", "ACC0005577"))
    assert not patients.others_in("ACC0005577", SELF)


def test_a_word_of_the_house_is_nobody() -> None:
    """Where the ward is called Xanadu, a patient Xanadu is not named by it."""
    patient = original("ZX7011544", "Xanadu^Egon", "880012")
    few = [original(f"77{at}0000", "", "", "Station Xanadu 880012") for at in range(2)]
    many = [original(f"77{at}0000", "", "", "Station Xanadu 880012") for at in range(3)]
    assert folder(patient, *few).others_in("Xanadu", SELF)
    assert folder(patient, *few).others_in("Thorax 880012", SELF)
    assert not folder(patient, *many).others_in("Xanadu", SELF)
    assert not folder(patient, *many).others_in("Thorax 880012", SELF)


def test_what_the_hospital_is_called_is_nobody() -> None:
    patient = original("ZX7011544", "Xanadu^Egon")
    place = original("77010000", "", "", "CHU Xanadu", keyword="InstitutionName")
    assert folder(patient).others_in("CT Xanadu", SELF)
    assert not folder(patient, place).others_in("CT Xanadu", SELF)


def test_texts_of_the_patient_himself_make_no_word_of_the_house() -> None:
    patients = [original(f"77{at}0000", "Xanadu^Egon", "", "CT Xanadu") for at in range(5)]
    assert folder(*patients).others_in("Xanadu", SELF)


@pytest.mark.parametrize(
    "name", ["ZX7011544", "a/Grottenolm/1", "4821377_1", "IM 0000123456", "Wang_Xiaofang"]
)
def test_the_name_of_a_file(name: str) -> None:
    assert NEIGHBOURS.others_in_file_name(name, SELF)


@pytest.mark.parametrize(
    "name", ["2.25.48213771234", "IM00012", "ZX7001544", "00005", "2.25.4821377"]
)
def test_the_name_of_another_file(name: str) -> None:
    assert not NEIGHBOURS.others_in_file_name(name, SELF)


def test_nothing_of_anybody_is_printed() -> None:
    shown = f"{NEIGHBOURS!r}{vars(NEIGHBOURS)['_names']!r}"
    assert "grottenolm" not in shown.lower()


def test_a_name_without_a_caret_counts_whole() -> None:
    assert list(sought_names("Meyerling Anneliese"))
    patients = folder(original("ZX7011544", "Meyerling Anneliese"))
    assert patients.others_in("CT ANNELIESE MEYERLING", SELF)
    assert not patients.others_in("CT Anneliese", SELF)
