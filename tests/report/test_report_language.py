"""A report speaks the language it is asked for; one that nobody has is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.language.planted import forget, plant
from tests.language.unmarked import unmarked
from workbench.errors import SettingsError
from workbench.language import use_language
from workbench.language.choice import ENVIRONMENT
from workbench.report import run_report
from workbench.report.kernel import ThisInterpreter

CELL = (
    "from workbench.language import current_language, number, t\n"
    "print(current_language(), t('a {x} text', x=number(1.5)))"
)


@pytest.fixture(autouse=True)
def _nothing_planted_stays() -> Iterator[None]:
    yield
    forget()


def test_markdown_footer_and_cells_are_in_the_language(
    report: Callable[..., str], tmp_path: Path
) -> None:
    name = report("# Doses of all\n\nEach protocol.", CELL)
    out = tmp_path / "report.html"
    run = run_report(name, {"language": "xx"}, out)
    assert (run.outcome, run.message) == ("done", "")
    page = out.read_text("utf-8")
    assert '<html lang="xx">' in page
    assert "⟦Dösés öf àll" in page
    assert "⟦Éàçh pröt" in page
    assert "xx ⟦à «1.5» téxt" in page
    assert "⟦Pàràmétérs:" in page
    assert "language = &#34;xx&#34;" in page
    assert [text for text in unmarked(page) if not text.startswith("xx ⟦")] == []


def test_english_says_nothing_of_languages(report: Callable[..., str], tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert run_report(report("# Doses", CELL), {}, out).outcome == "done"
    page = out.read_text("utf-8")
    assert '<html lang="en">' in page
    assert "en a 1.5 text" in page
    assert "language" not in page
    assert "Parameters: who = " in page


def test_without_a_parameter_it_is_that_of_who_asks(
    report: Callable[..., str], tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    with use_language("xx"):
        run_report(report("# Doses", CELL), {}, out)
    assert '<html lang="xx">' in out.read_text("utf-8")


@pytest.mark.parametrize("language", ["tlh", "", "DE", "../de", 7, None])
def test_one_that_nobody_has_is_refused_with_those_there_are(
    report: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: object
) -> None:
    plant(monkeypatch, tmp_path / "catalogues", de={}, fr={})
    out = tmp_path / "report.html"
    with pytest.raises(SettingsError) as refused:
        run_report(report("# Doses"), {"language": language}, out)
    assert "language" in refused.value.message
    assert refused.value.remedy == "There is: en, de, fr."
    assert not out.exists()


def test_a_broken_catalogue_makes_an_english_report(
    report: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, tmp_path / "catalogues", de=b"\xde\x12\x04\x95garbage")
    out = tmp_path / "report.html"
    run = run_report(report("# Doses of all"), {"language": "de"}, out)
    assert run.outcome == "done"
    assert "Doses of all" in out.read_text("utf-8")


def test_a_kernel_is_told_the_language() -> None:
    specs = ThisInterpreter()
    assert specs.get_kernel_spec("python3").env[ENVIRONMENT] == "en"
    with use_language("xx"):
        assert specs.get_kernel_spec("python3").env[ENVIRONMENT] == "xx"
