"""Nothing of a name survives, in any script, spelling and position; technique does."""

from __future__ import annotations

import pytest

from workbench.deidentify.descriptors import clean, clean_label
from workbench.deidentify.identity_sources import Sources

# A name as PN has it, and how a hospital writes its parts.
NAMES = {
    "Strömqvist^Bengt": ["Strömqvist", "STROMQVIST", "Stroemqvist", "strömqvist bengt"],
    "Øverås^Kåre": ["Overas", "OEVERAAS", "Øverås", "Kaare", "KÅRE"],
    "Żółkiewska^Małgorzata": ["ZOLKIEWSKA", "Malgorzata", "żółkiewska"],
    "Đurđević^Nađa": ["Djurdjevic", "DURDEVIC", "Nadja"],
    "Guðmundsdóttir^Þóra": ["Gudmundsdottir", "GUDMUNDSDOTTIR", "Thora"],
    "Çağlıoğlu^Işıl": ["CAGLIOGLU", "Caglioglu", "ISIL", "çağlıoğlu"],
    "Weißgerber^Käthe": ["Weissgerber", "WEISGERBER", "Kaethe", "KATHE"],
    "Щербаков^Фёдор": ["ЩЕРБАКОВ", "Shcherbakov", "Scherbakov", "Fyodor", "Fedor", "Федор"],
    "Ковальчук^Юлія": ["Kovalchuk", "KOWALTSCHUK", "Yuliya", "Julija"],
    "Κωνσταντίνου^Ελένη": ["Konstantinou", "KONSTANTINU", "ΕΛΕΝΗ", "Eleni"],
    "Okamura^Shouji=岡村^昭二=おかむら^しょうじ": ["岡村昭二", "昭二岡村", "Shoji", "SYOZI",
    "オカムラ", "Okamura"],
    "=渡邊淳子": ["渡邊淳子", "渡辺淳子", "渡辺", "淳子"],
    "Ouyang^Xiuying=欧阳^秀英": ["xiu ying", "Xiu-Ying", "歐陽秀英", "OUYANG XIUYING", "Ou Yang"],
    "Yun^Seoyeon=윤^서연": ["윤서연", "서연 윤", "윤서연님", "Seo Yeon"],
    "نجار^سلمى": ["نجار", "سلمي", "النجار"],
    "Meyer-Landgraf^Ute": ["MeyerLandgraf", "Meyer Landgraf", "LANDGRAF-MEYER", "ute"],
    "O'Shaughnessy^Maeve": ["OShaughnessy", "O Shaughnessy", "O’Shaughnessy", "SHAUGHNESSY"],
    "van der Heijden^Joost": ["vanderheijden", "v.d. Heijden", "HEYDEN", "van der Heijden"],
    "Quellenberger^Otto": ["QUELLENBE", "Quelenberger", "Quellenbegrer",
    "Q U E L L E N B E R G E R",
                           "Quellen berger", "CTQuellenberger5mm", "ottoquellenberger"],
    "Wu^Xi": ["WU XI", "Xi Wu", "wu"],
}  # fmt: skip
POSITIONS = ("{}", "CT {} Thorax", "Thorax_{}", "{}, Abdomen 5mm", "Becken/{}/nativ")


def left_of(text: str, spelling: str) -> list[str]:
    """Return the parts of a spelling, of two letters or one of another script, that are left."""
    parts = [part for part in spelling.replace("-", " ").split() if len(part) > 1]
    rest = text.casefold().replace("thorax", "")
    return [part for part in parts if part.casefold() in rest]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_patient_s_name_survives(name: str, position: str) -> None:
    identity = Sources(own=[name]).identity()
    particles = {"van", "der", "v.d."}
    for spelling in NAMES[name]:
        for cleaned in (clean, clean_label):
            left = left_of(cleaned(position.format(spelling), identity), spelling)
            assert not set(left) - particles, (spelling, cleaned)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "protocol",
    ["CT Thorax Abdomen nativ", "Br40 Bl57 H31s", "STD BRAIN 5MM, iDose (2)", "AbdomenRoutine 1.0",
     "Thorax^RTP_4DCT_Thorax_C (Adult)", "SOMATOM Definition Edge", "DR CHEST PA", "T2W_TSE L5 S1"],
)  # fmt: skip
def test_technique_survives_whoever_the_patient_is(name: str, protocol: str) -> None:
    identity = Sources(own=[name]).identity()
    assert clean(protocol, identity) == clean_label(protocol, identity) == protocol


def test_a_word_of_two_letters_stays_unless_it_is_a_name() -> None:
    assert clean("LI segment", Sources(own=["Wu^Bo"]).identity()) == "LI segment"
    assert clean("LI segment", Sources(own=["Li^Bo"]).identity()) == "segment"


@pytest.mark.parametrize(
    ("name", "text", "cleaned"),
    [
        ("Philips^Colon", "CT PHILIPS COLON Thorax", "CT Thorax"),
        ("Philips^Colon", "CT Colon, Philips Thorax", "CT Thorax"),
        ("Siemens^Anna", "CT Siemens Thorax", "CT Thorax"),
        ("Hand^Eva", "EVA HAND Thorax", "Thorax"),
        ("Hand^Eva", "CT HAND left", "CT HAND left"),  # reads as anatomy
        ("Head^Phantom", "HEAD PHANTOM QC", "HEAD PHANTOM QC"),
    ],
)
def test_a_name_of_the_vocabulary_goes_beside_the_rest_of_it(
    name: str, text: str, cleaned: str
) -> None:
    assert clean(text, Sources(own=[name]).identity()).replace(" , ", " ") == cleaned


def test_a_maker_stays_a_maker_in_a_label() -> None:
    names = Sources(own=["Philips^Colon"]).identity()
    assert clean_label("Philips Medical Systems", names) == "Philips Medical Systems"
    assert "PHILIPS" not in clean_label("PHILIPS COLON", names)


@pytest.mark.parametrize(
    "text", ["ZX-0000215Q", "ZX 215 Q", "zx0000215q", "ZX215Q", "xZX0000215Qx", "ZX_0000215_Q"]
)
def test_an_identifier_is_found_with_signs_and_zeros_put_in_or_left_out(text: str) -> None:
    names = Sources(patient=["ZX0000215Q"]).identity()
    for cleaned in (clean(f"Thorax {text}", names), clean_label(f"Thorax {text}", names)):
        assert "215" not in cleaned
        assert cleaned.startswith("Thorax")


@pytest.mark.parametrize("text", ["CT DR KOWALSKI", "PROF KOWALSKI Thorax", "Dr. Kowalski"])
def test_the_title_of_a_known_physician_hides_no_other_name(text: str) -> None:
    known = Sources(names=["Nowak^Jan^^Dr", "Prof. Nowak", "Dr med^Nowak"]).identity()
    assert "KOWALSKI" not in clean(text, known).upper()
    assert "NOWAK" not in clean("CT NOWAK", known)


def test_titles_are_no_names_of_machines() -> None:
    known = Sources(names=["Nowak^Jan^^Dr"]).identity()
    assert clean("DR CHEST", known) == "DR CHEST"
