"""Sentences that are kept: English as they are, and whole in every other language."""

from __future__ import annotations

import copy
import json
import pickle

from workbench.errors import DamagedObject, SettingsError
from workbench.language import (
    Figures,
    StoredText,
    as_json,
    mark,
    texts_of,
    use_language,
    words_of,
)

ROW = StoredText(mark("{value} mm in row {row} of {part}"), value=Figures("1.5"), row=3,
                 part=mark("the phantom"))  # fmt: skip


def kept(text: object) -> object:
    """Return what a file gives back of what was written into it."""
    return json.loads(json.dumps(as_json(text)))


def test_a_stored_text_is_its_english_sentence() -> None:
    assert ROW == "1.5 mm in row 3 of the phantom"
    assert ROW.words() == ROW == words_of(kept(ROW))


def test_what_was_kept_is_said_in_the_language_with_its_values() -> None:
    with use_language("xx"):
        said = words_of(kept(ROW))
        assert said == ROW.words()
        assert "«1.5»" in said
        assert "⟦thé phàñtöm" in said


def test_numbers_are_values() -> None:
    with use_language("xx"):
        assert words_of({"figures": "1.5"}) == "«1.5»"


def test_a_value_that_looks_like_a_place_stays_a_value() -> None:
    text = StoredText("{a} and {b}", a="{b}", b="x")
    assert text == "{b} and x"
    assert words_of(kept(text)) == "{b} and x"


def test_it_survives_copies_and_another_process() -> None:
    for again in (copy.deepcopy(ROW), pickle.loads(pickle.dumps(ROW))):
        assert (again, again.text, again.values) == (ROW, ROW.text, ROW.values)


def test_only_texts_of_ours_are_kept_beside_a_row() -> None:
    row = {"found": "120", "wanted": ROW, "words": mark("It differs."), "empty": ""}
    assert texts_of(row).keys() == {"wanted", "words"}


def test_without_a_text_the_kept_sentence_is_taken() -> None:
    with use_language("xx"):
        assert words_of(None, "the slices overlap").startswith("⟦")
        assert words_of(None, "") == ""
    assert words_of(None, "the slices overlap") == "the slices overlap"


def test_garbage_in_a_file_is_shown_as_it_is() -> None:
    for garbage in ({"text": 3}, [], 7, {"values": {}}):
        assert isinstance(words_of(garbage), str)


def test_an_error_is_kept_with_its_remedy() -> None:
    error = SettingsError("port {port} is taken", "Choose {other}.", port=1, other=2)
    assert error.stored() == str(error) == "port 1 is taken. Choose 2."
    with use_language("xx"):
        assert words_of(kept(error.stored())).count("⟦") == 3
    within = DamagedObject("cut", "{reason}; it ends early", reason=error.stored_message())
    assert str(within) == "port 1 is taken; it ends early"
    with use_language("xx"):
        assert within.words().count("⟦") == 2
