"""What is kept to be said later comes back with its values, and is worded where it is shown."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import DamagedObject, PeerBusy, SettingsError
from workbench.language import (
    Figures,
    Saying,
    as_json,
    capital,
    data,
    day_and_clock,
    mark,
    texts_of,
    use_language,
    weekday,
    words_of,
)

NIGHT = datetime(2026, 3, 29, 21, 5, tzinfo=UTC)
VALUES = st.one_of(
    st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.just(UTC)), st.dates(),
)  # fmt: skip


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), VALUES, max_size=4))
def test_it_is_the_same_once_it_was_kept(values: dict[str, object]) -> None:
    text = "Here: " + ", ".join(f"{{{name}}}" for name in values)
    said = Saying.joined(Saying(text, **values), Saying("Try {it}.", it=Saying("again")))
    again = Saying.read(said.coded("trouble").stored())
    assert again == said
    assert (str(again), again.words(), again.code) == (str(said), said.words(), "trouble")


@given(st.text())
def test_any_other_text_is_taken_as_it_is(text: str) -> None:
    assert str(Saying.read(text)) == text
    assert Saying.read(text).code == ""


@pytest.mark.parametrize("broken", ['{"text": ', '{"text": 1, "values": 3}', '{"text": null}'])
def test_what_only_looks_like_one_is_no_fault(broken: str) -> None:
    assert Saying.read(broken)


def test_english_is_for_logs_whatever_is_spoken() -> None:
    said = Saying("{pacs} is closed until {at}.", pacs="PACS {x}", at=NIGHT)
    with use_language("xx"):
        assert str(said) == "PACS {x} is closed until Sun 29 Mar 21:05."
        assert said.words() == "⟦«PACS {x}» îs çlöséd ûñtîl «Sun 29 Mar 21:05».·········⟧"
    with use_language("de"):
        assert str(said) == "PACS {x} is closed until Sun 29 Mar 21:05."


def test_values_are_written_as_the_language_writes_them() -> None:
    with use_language("en"):
        assert day_and_clock(NIGHT) == "Sun 29 Mar 21:05"
        assert day_and_clock(NIGHT, year=True) == "Sun 29 Mar 2026 21:05"
        assert Saying("{free} GB", free=1.0).words() == "1.0 GB"
        assert Saying("{day}", day=date(2026, 3, 29)).words() == "2026-03-29"
    with use_language("xx"):
        assert weekday(NIGHT) == "«Sun»"


def test_sentences_are_said_one_after_the_other_and_nothing_says_nothing() -> None:
    said = Saying.joined(Saying("One"), None, Saying(""), Saying("Two."))
    assert str(said) == "One. Two."
    assert not Saying.joined(None, Saying(""))
    assert Saying("").stored() == ""
    assert not Saying.read("")


def test_an_error_is_kept_with_its_remedy_and_words_the_values_that_have_words() -> None:
    error = SettingsError(
        "{pacs} said {what}.", "Ask {who}.", pacs="PACS", what=Saying("no"), who="{pacs}"
    )
    assert str(error) == "PACS said no. Ask {pacs}."
    assert str(error.saying()) == str(error)
    assert str(Saying.read(error.saying().stored())) == str(error)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    with use_language("xx"):
        assert error.words() == error.saying().words()
        assert "«PACS»" in error.words()
        assert "⟦ñö⟧" in error.words(), "a value that is a text is translated, too"
    assert str(PeerBusy("busy").saying()) == "busy"


def test_a_capital_letter_is_the_only_difference() -> None:
    assert capital(data("the token")) == "The token"
    assert capital(data("")) == ""


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_number_of_things_is_counted_when_it_is_said(count: int) -> None:
    said = Saying.counted("one patient of {all}", "{count} patients of {all}", count, all=7)
    wanted = "one patient of 7" if count == 1 else f"{count} patients of 7"
    again = Saying.read(said.stored())
    assert str(said) == str(again) == said.words() == again.words() == wanted
    assert again == said
    with use_language("xx"):
        assert again.words().startswith("⟦öñé" if count == 1 else f"⟦«{count}»")


def test_a_marked_value_is_translated_and_stays_so_when_kept() -> None:
    said = Saying("It is {state}.", state=mark("waiting"))
    for each in (said, Saying.read(said.stored())):
        assert str(each) == "It is waiting."
        with use_language("xx"):
            assert "⟦wàîtîñg" in each.words()


# --- beside a row --------------------------------------------------------------------------------

ROW = Saying(mark("{value} mm in row {row} of {part}"), value=Figures("1.5"), row=3,
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
    text = Saying("{a} and {b}", a="{b}", b="x")
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
    assert error.saying() == str(error) == "port 1 is taken. Choose 2."
    with use_language("xx"):
        assert words_of(kept(error.saying())).count("⟦") == 2
    within = DamagedObject("cut", "{reason}; it ends early", reason=error.said())
    assert str(within) == "port 1 is taken; it ends early"
    with use_language("xx"):
        assert within.words().count("⟦") == 2
