"""The door for texts: values in their places, plurals, markup, and what a broken catalogue does."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import pytest
from markupsafe import Markup

from tests.language.planted import compiled, plant
from workbench.errors import DamagedObject, SettingsError
from workbench.language import (
    Marked,
    Words,
    data,
    html,
    listed,
    mark,
    n,
    sentences,
    t,
    use_language,
)

NOW = mark("Now")
DOSE = "{done} of {total} complete"
PATIENTS = ("one patient", "{count} patients")


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plant(monkeypatch, tmp_path, de={
        "Now": "Jetzt",
        DOSE: "Von {total} sind {done} fertig",
        PATIENTS: ("ein Patient", "{count} Patienten"),
        "Survey {name}": "Erhebung {name} (läuft)",
        "port {port} cannot be used.": "Port {port} kann nicht benutzt werden.",
        "Choose another.": "Wählen Sie einen anderen.",
    })  # fmt: skip


def test_english_needs_no_catalogue() -> None:
    assert t(DOSE, done=3, total=7) == "3 of 7 complete"
    assert t(NOW) == "Now"
    assert isinstance(NOW, Marked)
    assert isinstance(t(NOW), Words)


@pytest.mark.usefixtures("german")
def test_a_text_is_said_in_the_language_and_its_order() -> None:
    with use_language("de"):
        assert t(DOSE, done=3, total=7) == "Von 7 sind 3 fertig"
        assert t(NOW) == "Jetzt"
        assert t("Nobody has translated this.") == "Nobody has translated this."
    assert t(NOW) == "Now"


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(("count", "english", "said"), [
    (0, "0 patients", "0 Patienten"), (1, "one patient", "ein Patient"),
    (2, "2 patients", "2 Patienten"), (11, "11 patients", "11 Patienten"),
])  # fmt: skip
def test_plurals(count: int, english: str, said: str) -> None:
    assert n(*PATIENTS, count) == english
    with use_language("de"):
        assert n(*PATIENTS, count) == said


def test_french_says_none_in_the_singular(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plant(monkeypatch, tmp_path, fr={PATIENTS: ("{count} patient", "{count} patients")})
    with use_language("fr"):
        assert [n(*PATIENTS, count) for count in (0, 1, 2)] == [
            "0 patient", "1 patient", "2 patients",
        ]  # fmt: skip


def test_a_language_of_three_forms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forms = ("{count} pacjent", "{count} pacjenci", "{count} pacjentów")
    plant(monkeypatch, tmp_path, pl={PATIENTS: forms})
    with use_language("pl"):
        assert n(*PATIENTS, 1) == "1 pacjent"
        assert n(*PATIENTS, 3) == "3 pacjenci"
        assert n(*PATIENTS, 5) == "5 pacjentów"


def test_values_may_hold_braces_and_places_without_value_stay() -> None:
    assert t("{name} {other}", name=data("{other} {name}")) == "{other} {name} {other}"
    assert t("a {literal} brace") == "a {literal} brace"


@pytest.mark.usefixtures("german")
def test_html_is_escaped_but_for_values_that_are_html() -> None:
    bold = Markup("<b>{}</b>").format(data("A & B <i>"))
    assert html("Survey {name}", name=bold) == Markup("Survey <b>A &amp; B &lt;i&gt;</b>")
    assert html("Survey {name}", name=data("<script>")) == Markup("Survey &lt;script&gt;")
    with use_language("de"):
        assert html("Survey {name}", name=bold) == Markup(
            "Erhebung <b>A &amp; B &lt;i&gt;</b> (läuft)"
        )


def test_a_catalogue_is_escaped_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plant(monkeypatch, tmp_path, de={"Survey {name}": "<script>{name}</script>"})
    with use_language("de"):
        assert "<script>" not in html("Survey {name}", name=data("x"))


@pytest.mark.parametrize("said", [
    "Von {total} sind {fertig} fertig", "Von {total}", "{done} {total} {done.__class__}{more}",
    "Von {total", "", "{} {}",
])  # fmt: skip
def test_a_translation_with_other_places_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    plant(monkeypatch, tmp_path, de={DOSE: said, PATIENTS: (said, said)})
    with use_language("de"):
        assert t(DOSE, done=3, total=7) == "3 of 7 complete"
        assert n(*PATIENTS, 7) == "7 patients"


def _broken() -> dict[str, bytes]:
    sound = compiled("de", {"Now": "Jetzt"})
    many = struct.pack("<I", 10**9)
    return {
        "nothing": b"",
        "short": sound[:7],
        "half": sound[: len(sound) // 2],
        "garbage": bytes(range(256)) * 20,
        "other": b"PK\x03\x04" + sound,
        "a count beyond the file": sound[:8] + many + sound[12:],
        "offsets beyond the file": sound[:12] + many + sound[16:],
        "an encoding nobody has": sound.replace(b"charset=utf-8", b"charset=utf-x"),
        "bytes of another encoding": sound.replace(b"Jetzt", b"Jet\xffz"),
        "a rule that is none": sound.replace(b"plural=(n != 1)", b"plural=(n @@ 1)"),
    }


@pytest.mark.parametrize("kind", list(_broken()))
def test_a_catalogue_of_garbage_is_english(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    plant(monkeypatch, tmp_path, de=_broken()[kind])
    with use_language("de"):
        assert t(NOW) == "Now"
        assert n(*PATIENTS, 2) == "2 patients"


def test_a_rule_of_plurals_that_divides_by_nothing_is_english(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sound = compiled("de", {PATIENTS: ("ein Patient", "{count} Patienten")})
    assert b"(n != 1)" in sound
    plant(monkeypatch, tmp_path, de=sound.replace(b"(n != 1)", b"(1 % 00)"))
    with use_language("de"):
        assert n(*PATIENTS, 2) == "2 patients"


def test_what_is_data_is_marked_in_the_pseudo_locale_only() -> None:
    assert data("Thorax") == "Thorax"
    with use_language("xx"):
        assert data("Thorax") == "«Thorax»"
        assert t("{what} first", what=data("Thorax")) == "⟦«Thorax» fîrst····⟧"


def test_sentences_end_with_a_stop() -> None:
    assert sentences(Words("It is full"), Words("Make room.")) == "It is full. Make room."
    assert sentences(Words("Is it full?"), Words("Look")) == "Is it full? Look"
    assert sentences(Words(""), Words("Look")) == "Look"
    assert listed([Words("a"), Words("b")]) == "a, b"


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("german")
def test_an_error_is_worded_for_a_page_and_english_for_logs() -> None:
    error = SettingsError("port {port} cannot be used.", "Choose another.", port=8866)
    with use_language("de"):
        assert error.words() == "Port 8866 kann nicht benutzt werden. Wählen Sie einen anderen."
        assert str(error) == "port 8866 cannot be used. Choose another."
    assert error.message == "port 8866 cannot be used."
    assert error.remedy == "Choose another."


def test_an_error_marks_its_values_as_data() -> None:
    error = SettingsError("the file {file} is no text.", file="a {b}")
    assert str(error) == "the file a {b} is no text."
    with use_language("xx"):
        assert "«a {b}»" in error.words()


@pytest.mark.usefixtures("german")
def test_errors_from_other_processes_can_still_be_worded() -> None:
    error = SettingsError("port {port} cannot be used.", "Choose another.", port=8866)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    with use_language("de"):
        assert again.words() == error.words() != str(error)
    damaged = DamagedObject("cut", "it ends at byte {at}.", "Send it again.", at=7)
    again = pickle.loads(pickle.dumps(damaged))
    assert (again.code, str(again)) == ("cut", "it ends at byte 7. Send it again.")
    assert again.values == {"at": 7}
