"""Which language is spoken."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.language.planted import plant
from workbench.language import (
    best_language,
    choice,
    current_language,
    settle_language,
    use_language,
)
from workbench.language.choice import (
    ENVIRONMENT,
    is_language,
    languages,
    languages_by_name,
    written_leftwards,
)


@pytest.fixture(autouse=True)
def _some_languages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plant(monkeypatch, tmp_path, de={}, fr={}, ar={}, zz={})
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(choice, "_program", ["en"])


def test_the_languages_are_those_with_a_catalogue_and_english_first() -> None:
    assert languages() == ("en", "ar", "de", "fr", "zz")


def test_languages_are_named_in_themselves_and_by_their_code_where_nobody_knows_them() -> None:
    assert languages_by_name() == (
        ("en", "English"), ("ar", "العربية"), ("de", "Deutsch"), ("fr", "Français"), ("zz", "Zz"),
    )  # fmt: skip


@pytest.mark.parametrize(("wanted", "best"), [
    ("de", "de"), ("de-CH", "de"), ("DE-de", "de"), ("fr;q=0.5, de;q=0.9", "de"),
    ("nl, fr", "fr"), ("nl", "en"), ("", "en"), ("*", "en"), ("de;q=0, fr;q=0.1", "fr"),
    ("de;q=0", "en"), ("en, de", "en"), ("de, fr", "de"), ("fr, de", "fr"),
    ("de;q=x, fr", "fr"), ("de;q=1.1.1, fr", "fr"), ("de\r\nfr", "en"), ("xx", "xx"),
    (",,,;;;q=", "en"), ("a" * 10_000, "en"), ("nl," * 30 + "de", "en"), ("../../de", "en"),
])  # fmt: skip
def test_the_browser_gets_what_it_wants_most(wanted: str, best: str) -> None:
    assert best_language(wanted) == best


def test_who_wants_nothing_we_have_gets_that_of_the_settings() -> None:
    assert best_language("nl", "fr") == "fr"
    assert best_language("nl", "tlh") == "en"


@pytest.mark.parametrize("code", ["tlh", "", "../de", "d", "de/../fr", "empty", "DE\0"])
def test_one_that_nobody_has_is_english(code: str) -> None:
    assert not is_language(code)
    with use_language(code):
        assert current_language() == "en"


def test_a_visitors_language_ends_with_the_block_and_is_the_threads_own() -> None:
    settle_language("fr")
    assert current_language() == "fr"
    spoken = []
    with use_language("de"):
        assert current_language() == "de"
        with use_language("en"):
            assert current_language() == "en"
        other = threading.Thread(target=lambda: spoken.append(current_language()))
        other.start()
        other.join()
        assert current_language() == "de"
    assert current_language() == "fr"
    assert spoken == ["fr"]


def test_arabic_is_written_leftwards() -> None:
    assert not written_leftwards()
    with use_language("ar"):
        assert written_leftwards()


def test_a_kernel_is_told_by_its_environment() -> None:
    code = "from workbench.language import t; print(t('Now'))"
    for language, said in (("xx", "⟦Ñöw·⟧"), ("tlh", "Now")):
        answer = subprocess.run(
            [sys.executable, "-c", code],
            env={ENVIRONMENT: language, "PYTHONPATH": ":".join(sys.path), "PYTHONUTF8": "1"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert answer.stdout.strip() == said


def test_english_imports_neither_babel_nor_another_package() -> None:
    code = (
        "import sys; from workbench.language import t, number; t('Now'); number(1.5);"
        "print([name for name in ('babel', 'jinja2', 'polars') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout.strip() == "[]"
