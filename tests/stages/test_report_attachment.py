"""What goes with a letter is the page that was made, as the plan says, or a reason."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docx
import pytest

from tests.stages.mailed_runs import DONE, PAGE, kept, own_notebook, plan
from workbench.errors import MissingTool, SettingsError, StoreError, WorkbenchError
from workbench.report import page_files, pdf
from workbench.settings import MailSettings
from workbench.stages.dated_copies import dated_copy
from workbench.stages.report_attachment import MEDIA_TYPES, attachment
from workbench.survey import Survey, create_survey


@pytest.fixture
def survey(tmp_path: Path) -> Iterator[Survey]:
    made = create_survey(tmp_path / "w")
    yield made
    made.close()


@pytest.mark.pango
def test_a_pdf_is_made_of_the_page(survey: Survey) -> None:
    file = attachment(survey, plan(attach="pdf"), kept(survey, DONE, PAGE))
    assert (file.name, file.kind) == ("daily_2026-03-27_0230.pdf", "application/pdf")
    assert file.content.startswith(b"%PDF-")


def test_a_file_for_word_processors_is_made_of_the_page(survey: Survey) -> None:
    file = attachment(survey, plan(attach="docx"), kept(survey, DONE, PAGE))
    texts = [each.text for each in docx.Document(io.BytesIO(file.content)).paragraphs]
    assert "12 events" in " ".join(texts)
    assert file.name.endswith(".docx")


def test_the_page_itself_is_byte_for_byte_what_was_made(survey: Survey) -> None:
    file = attachment(survey, plan(), kept(survey, DONE, PAGE))
    assert file.content == PAGE.encode()


def test_each_way_of_a_plan_has_its_media_type_and_is_a_way_of_pages() -> None:
    for kind in ("html", "pdf", "docx"):
        assert plan(attach=kind).attach in MEDIA_TYPES
        assert f".{kind}" in page_files.WAYS
    with pytest.raises(SettingsError, match="attach"):
        plan(attach="rtf")


@pytest.mark.pango
@pytest.mark.parametrize(("given", "signed"), [({}, False), ({"signed_by": "A. B."}, True)])
def test_a_signed_report_is_attached_as_it_is_kept(
    survey: Survey, given: dict[str, object], signed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked: list[bool] = []
    printed = page_files.WAYS[".pdf"]

    def way(page: str, signed: bool) -> object:
        asked.append(signed)
        return printed(page, signed)

    monkeypatch.setitem(page_files.WAYS, ".pdf", way)  # type: ignore[misc]
    run = replace(kept(survey, DONE, PAGE), report="quality_due", parameters=given)
    assert attachment(survey, plan(attach="pdf", report="quality_due"), run).content
    assert asked == [signed]


def test_a_page_that_is_not_what_was_made_does_not_leave(survey: Survey) -> None:
    run = kept(survey, DONE, PAGE)
    dated_copy(survey.folder, run).write_text("another's")
    with pytest.raises(StoreError, match="digest differs"):
        attachment(survey, plan(), run)
    dated_copy(survey.folder, run).unlink()
    with pytest.raises(StoreError, match="not on this machine"):
        attachment(survey, plan(), run)
    with pytest.raises(StoreError, match="no longer kept"):
        attachment(survey, plan(), replace(run, file=""))


def test_a_changed_catalogue_cannot_have_another_file_sent(survey: Survey) -> None:
    secret = survey.folder / "secret.html"
    secret.write_text("the key")
    run = replace(kept(survey, DONE, PAGE), file="secret.html")
    assert attachment(survey, plan(), run).content == PAGE.encode()


@pytest.mark.parametrize("attach", ["html", "docx"])
def test_a_large_file_is_named_by_its_size_and_stays(survey: Survey, attach: str) -> None:
    survey.settings = replace(survey.settings, mail=MailSettings(max_attachment_mb=0.01))
    run = kept(survey, DONE, f"{PAGE}{'x' * 40_000}")
    with pytest.raises(SettingsError, match=r"MB, and 0\.01 MB are attached at most") as caught:
        attachment(survey, plan(attach=attach), run)
    assert "max_attachment_mb" in str(caught.value)
    survey.settings = replace(survey.settings, mail=MailSettings(max_attachment_mb=1))
    assert attachment(survey, plan(attach=attach), run).content


@pytest.mark.parametrize(
    ("metadata", "why"),
    [({}, "does not say"), ({"workbench": 7}, "does not say"),
     ({"workbench": {"patient_rows": "no"}}, "does not say"),
     ({"workbench": {"patient_rows": True}}, "has a row a patient"),
     ({"workbench": {"patient_rows": False}}, "")],
)  # fmt: skip
def test_a_site_s_own_report_is_attached_when_its_notebook_says_that_it_may(
    survey: Survey, metadata: dict[str, object], why: str
) -> None:
    own_notebook(survey, "ours", metadata)
    run = kept(survey, replace(DONE, report="ours"), PAGE)
    if why:
        with pytest.raises(SettingsError, match=why):
            attachment(survey, plan(report="ours"), run)
    else:
        assert attachment(survey, plan(report="ours"), run).content == PAGE.encode()
    assert attachment(survey, plan(report="ours", attach_rows=True), run).content


def test_what_prints_nothing_here_or_stumbles_is_a_reason(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = kept(survey, DONE, PAGE)
    monkeypatch.setattr(pdf, "_weasyprint", lambda: None)
    monkeypatch.setattr(pdf, "browser", lambda: None)
    with pytest.raises(MissingTool):
        attachment(survey, plan(attach="pdf"), run)

    def stumble(page: str, signed: bool) -> None:
        raise RecursionError("a header's value")

    monkeypatch.setitem(page_files.WAYS, ".docx", stumble)  # type: ignore[misc]
    with pytest.raises(WorkbenchError, match="RecursionError") as caught:
        attachment(survey, plan(attach="docx"), run)
    assert "header's" not in str(caught.value)
