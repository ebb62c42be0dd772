"""What names somebody or some place by its form goes; what only looks so stays."""

from __future__ import annotations

import pytest

from workbench.deidentify.descriptors import clean, clean_label
from workbench.deidentify.identity_sources import Sources

NOBODY = Sources().identity()


@pytest.mark.parametrize(
    "sign",
    [
        "Pat. {}", "Pat {}", "PATIENT {}", "Patientin {}", "Fr. {}", "Fr {}", "Hr. {}", "Hr {}",
        "HR. {}",
        "Frau {}", "Herrn {}", "Mme {}", "M. {}", "Mlle {}", "Sra. {}", "Sig. {}", "dott. {}",
        "Prof. {}",
        "prof {}", "Dr. {}", "MTRA {}", "MTA: {}", "Tech {}", "geb. {}", "née {}", "Resident {}",
        "Nurse {}", "{}^Kurt", "X^{}", "{}, Kurt", "Thorax^{}", "by {}", "Пациент {}", "患者 {}",
        "{}様",
        "{} KH", "Klinik {}", "Hôpital {}", "CHU {}",
    ],
)  # fmt: skip
def test_a_sign_gives_another_person_or_place_away(sign: str) -> None:
    name = "Гроттенольм" if "Пациент" in sign else "洞螈" if not sign.isascii() else "Schlumpfmann"
    name = "Schlumpfmann" if sign.startswith(("née", "Hôpital")) else name
    for text in (sign, f"{sign} Thorax", f"CT Thorax {sign}"):
        assert name not in clean(text.format(name), NOBODY)
    assert "Thorax" in clean(f"CT Thorax {sign}".format(name), NOBODY)


@pytest.mark.parametrize(
    "text", ["Esch-sur-Mess", "Bad Grottenolm", "Saint-Grottenolm", "Weil-am-Grottenolm"]
)
def test_places_by_their_form(text: str) -> None:
    assert clean(f"{text} CT Abdomen", NOBODY) == "CT Abdomen"


@pytest.mark.parametrize(
    "text",
    ["Pat. Thorax", "Patient supine", "HR CHEST", "DR Chest", "MR BRAIN", "Thorax^TAP (Adult)",
     "L3-S1^L1-L4", "THORAX^THORAXROUTINE (ADULT)", "Specials^PhysicsTesting (Adult)",
     "Kopf, Hals", "Hand a.p., lateral", "PET^PETCT_WholeBody (Adult)"],
)  # fmt: skip
def test_technique_with_the_same_form_stays(text: str) -> None:
    assert clean(text, NOBODY) == text


def test_labels_mind_clear_signs_only() -> None:
    assert "Schlumpfmann" not in clean_label("Pat. Schlumpfmann", NOBODY)
    assert "Schlumpfmann" not in clean_label("Schlumpfmann^Kurt", NOBODY)
    for text, gone in (
        ("山田先生", "山田"), ("患者 王芳", "王芳"), ("Fall 47113", "47113"),
        ("CT_MRN 0047113", "47113"),
        ("Dossier n° 47113", "47113"), ("Prof Schlumpfmann", "Schlumpf"),
    ):  # fmt: skip
        assert gone not in clean_label(text, NOBODY), text
        assert gone not in clean(text, NOBODY), text
    for label in (
        "UZ 3000",
        "AZ-2",
        "File 12",
        "Case 3",
        "Spital CT 2",
        "Hospital",
        "DR Xtreme",
        "TOSHIBA_MEC_MR3^10",
        "CT Hr Supria",
    ):
        assert clean_label(label, NOBODY) == label
