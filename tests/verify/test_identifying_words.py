"""Words that identify: found whatever their case and accents, and not in measurements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.verify.identifying_words import IdentifyingWords, fold

ONE = IdentifyingWords(
    frozenset({"muller", "li"}), frozenset({"1234567"}), frozenset({"19500102"}),
    frozenset({"1.2.276.0.7230010"}),
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["MÜLLER", "Mu\u0308ller^Hans", "seen by Herrmüllersohn", "Dr. Li", "ID 1234567.", "A1234567B",
     "born 19500102", "UID=1.2.276.0.7230010"],
)  # fmt: skip
def test_what_names_somebody_is_found(text: str) -> None:
    assert ONE.in_text(text)


@pytest.mark.parametrize(
    "text",
    ["Lima", "0.1234567", "12345678", "91234567", "Thorax", "", "1195001020", "Mull er",
     "1.2.276.0.72300101"],
)  # fmt: skip
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert not ONE.in_text(text)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le"])
def test_bytes_of_a_file_are_searched_in_usual_encodings(encoding: str) -> None:
    words = IdentifyingWords(frozenset({"schmidbauer"}), frozenset(), frozenset(), frozenset())
    assert words.in_bytes(b"\0\1" + "Schmidbauer".encode(encoding) + b"\xff")
    assert not words.in_bytes(b"Schmidt")


def test_short_words_are_not_looked_for_among_bytes() -> None:
    assert not ONE.in_bytes(b"muller li")
    assert ONE.in_bytes(b"x1.2.276.0.7230010x")


@given(st.text())
def test_folding_again_changes_nothing_and_case_never_counts(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(("text", "folded"), [("Łódź É", "łodz e"), ("Straße", "strasse")])
def test_accents_go_and_letters_stay(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_what_identifies_is_never_printed() -> None:
    assert "muller" not in repr(ONE)
