"""A word in its usual spellings: what a desk writes where a letter is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.verify.folding import merged, plain, spellings


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Müller", "mueller muller"), ("MÜLLER", "mueller muller"), ("Mu\u0308ller", "mueller"),
        ("Großmann", "grossmann grosmann"), ("GROẞMANN", "grossmann"), ("Sørensen", "soerensen sorensen"),
        ("Kjær", "kjaer"), ("Lebœuf", "leboeuf lebeuf"), ("Đoković", "dokovic djokovic"),
        ("Þórsson", "thorsson torsson"), ("Sigurðardóttir", "sigurdardottir sigurdhardottir"),
        ("Wałęsa", "walesa"), ("Yıldız", "yildiz"), ("YILDIZ", "yildiz"), ("İnan", "inan"),
        ("Şahin", "sahin shahin"), ("Čapek", "capek chapek"), ("Žižka", "zizka zhizhka"),
        ("Åse", "ase aase"), ("Għarb", "gharb"), ("Núñez", "nunez"), ("Meŀla", "mella"),
        ("ﬁscher", "fischer"), ("Ｍüller", "muller"),
    ],
)  # fmt: skip
def test_a_name_is_known_in_every_usual_spelling(name: str, written: str) -> None:
    assert set(written.split()) <= spellings(name)


@pytest.mark.parametrize(
    ("these", "those"),
    [("Mueller", "Müller"), ("Joergensen", "Jörgensen"), ("Aagaard", "Ågård"), ("Djuric", "Đurić"),
     ("Schmitt", "Schmit"), ("Thor", "Tor"), ("Strauss", "Strauß")],
)  # fmt: skip
def test_spellings_of_one_letter_merge_both_ways(these: str, those: str) -> None:
    assert merged(plain(these)) == merged(plain(those))


@pytest.mark.parametrize(
    ("these", "those"), [("Meier", "Maurer"), ("Wolf", "Wulf"), ("Kern", "Korn")]
)
def test_other_names_stay_other_names(these: str, those: str) -> None:
    assert merged(plain(these)) != merged(plain(those))


@pytest.mark.parametrize(
    ("sign", "same"), [("髙", "高"), ("張", "张"), ("أحمد", "احمد"), ("فاطمة", "فاطمه")]
)
def test_two_ways_to_write_one_sign_are_one(sign: str, same: str) -> None:
    assert plain(sign) == plain(same)


def test_hangul_is_not_taken_apart() -> None:
    assert plain("이산") == "이산"


@given(st.text(max_size=12))
def test_any_text_can_be_folded_and_spellings_are_few(text: str) -> None:
    assert plain(text) in spellings(text)
    assert len(spellings(text)) <= 52
