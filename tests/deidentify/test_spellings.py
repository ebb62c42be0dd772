"""A name's spellings have one form, or one key; other words have another."""

from __future__ import annotations

import pytest

from workbench.deidentify.spellings import fold, forms, keys, visible


@pytest.mark.parametrize(
    "spelt",
    [
        "Чайковский Tchaikovsky Tschaikowski Chaykovskiy Čajkovskij Tchaïkovski",
        "Горбачёв Горбачев Gorbachev", "Горбачёв Gorbatschow Gorbachyov", "Пётр Петр Petr",
        "Пётр Pyotr Piotr Pjotr", "Юрий Yuri Yury Jurij Iurii",
        "Булгаков Bulgakov Boulgakov Bulgakow",
        "Sørensen Soerensen Sörensen SORENSEN", "Kjær Kjaer", "Þórsson Thorsson Torsson",
        "Đoković Djokovic Dokovic", "Großmann Grossmann GROSMANN Grosman", "Ålund Aalund Alund",
        "Παπαδόπουλος Papadopoulos", "Παπαδόπουλος Papadopulos",
        "たろう タロウ Tarou Taro Tarō Taroh",
        "Satō Satoh Sato Satou", "Ковальчик Kowalczyk Kovalchik", "Yıldız YILDIZ yildiz",
        "قباني قبانى", "Соловьёв Soloviev Solovyev",
    ],
)  # fmt: skip
def test_spellings_of_one_name_share_a_key(spelt: str) -> None:
    first, *others = spelt.split()
    for other in others:
        assert keys(first) & keys(other), other


@pytest.mark.parametrize(
    ("name", "other"), [("Müller", "Miller"), ("Kraus", "Klaus"), ("Weber", "Wagner")]
)
def test_other_names_have_other_keys(name: str, other: str) -> None:
    assert not keys(name) & keys(other)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Müller", {"muller", "mueller"}), ("Öz", {"oz", "oez"}), ("Åse", {"ase", "aase", "ose"}),
        ("Đuro", {"duro", "djuro"}), ("Großmann", {"grossmann", "grosmann"}),
        ("Lü", {"lu", "lv", "lue"}), ("Jun", {"jun", "zyun"}), ("Shinji", {"shinji", "sinzi"}),
        ("じゅん", {"jun", "zyun"}), ("김", {"gim", "kim"}), ("박", {"park", "pak"}),
    ],
)  # fmt: skip
def test_short_names_are_written_out(name: str, written: set[str]) -> None:
    assert written <= forms(name)


def test_fold_knows_letters_that_do_not_decompose() -> None:
    assert fold("ŁØÐÞÆŒIİıĦĿẞ") == "lodthaeoeiiihlss"
    assert fold("張髙渡邉") == fold("张高渡辺")


def test_what_is_not_seen_hides_no_name_and_all_digits_are_digits() -> None:
    assert visible("Grot\u00adten\u200bolm") == "Grottenolm"
    assert visible("٩٣ ९३ ９３") == "93 93 93"
