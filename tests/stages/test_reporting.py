"""A report is in the language that is asked for, else in that of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench import create_survey, open_survey
from workbench.stages import reporting
from workbench.survey import Survey


class Given(Exception):  # noqa: N818 - no error: it stands for the run
    """What a run was given."""


@pytest.fixture
def survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Survey:
    def run_report(name: str, given: Mapping[str, object], *_: Any) -> None:
        raise Given(name, given)

    monkeypatch.setattr(reporting, "run_report", run_report)
    create_survey(tmp_path / "w").close()
    return open_survey(tmp_path / "w")


def language_of(survey: Survey, **parameters: object) -> object:
    with pytest.raises(Given) as caught:
        reporting.make_report(survey, "completeness", Path("out.html"), parameters)
    return caught.value.args[1].get("language")


def test_a_site_s_own_report_has_a_kernel_of_its_own(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    monkeypatch.setattr(reporting, "run_report", lambda *words: given.append(words[-1]))

    def shared(*_: object) -> None:
        raise AssertionError

    with pytest.raises(AttributeError):  # there is no run to note
        reporting.make_report(survey, "completeness", Path("out.html"), {}, shared)
    own = survey.folder / reporting.TEMPLATES
    own.mkdir()
    (own / "completeness.ipynb").write_text("{}")
    with pytest.raises(AttributeError):
        reporting.make_report(survey, "completeness", Path("out.html"), {}, shared)
    assert given == [shared, reporting.in_fresh_kernel]


def test_english_is_not_named_so_that_the_footer_is_as_it_was(survey: Survey) -> None:
    assert language_of(survey) is None


def test_the_language_of_the_settings_is_taken_and_that_of_a_parameter_before_it(
    survey: Survey,
) -> None:
    settings = survey.settings
    server = replace(settings.server, language="xx")
    survey.settings = replace(settings, server=server)
    assert language_of(survey) == "xx"
    assert language_of(survey, language="en") == "en"
