"""Running a report: only known parameters, whole files, and no header value in a message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.report.report_frames import scans, tables_of
from workbench.errors import MissingTool, SettingsError
from workbench.report import execution, run_report
from workbench.report import pdf as printing
from workbench.report.made_file import MadeFile
from workbench.report.missing import ReportTables
from workbench.schema import IRRADIATION_EVENT


def test_a_report_runs_in_this_interpreter_and_shows_escaped_outputs(
    report: Callable[..., str], tmp_path: Path
) -> None:
    name = report(
        "#A *line* of the report",
        "import sys\nprint(sys.executable, who, n)",
        "'<b>plain</b>'",
        "print('to standard error', file=sys.stderr)",
    )
    out = tmp_path / "new" / "report.html"
    run = run_report(name, {"who": "<i>you</i>", "n": 4}, out)
    assert (run.outcome, run.message, run.out) == ("done", "", out)
    page = out.read_text(encoding="utf-8")
    import sys

    assert f"{sys.executable} &lt;i&gt;you&lt;/i&gt; 4" in page
    assert "&lt;b&gt;plain" in page
    assert "<em>line</em>" in page
    assert "standard error" not in page
    assert "import sys" not in page
    assert "who = &#34;\\u003ci" in page or "who = &#34;&lt;i&gt;you" in page
    assert [path.name for path in out.parent.iterdir()] == ["report.html"]


def test_a_failing_cell_fails_the_report_without_its_text(
    report: Callable[..., str], tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    out.write_text("yesterday's")
    run = run_report(report("raise KeyError('MUELLER^HANS')", "1"), {}, out)
    assert (run.outcome, run.out) == ("failed", None)
    assert "KeyError" in run.message
    assert "MUELLER" not in run.message
    assert (run.cell, run.error_kind) == (2, "KeyError")
    assert out.read_text() == "yesterday's"


def test_an_error_of_our_own_is_told_in_its_words(
    report: Callable[..., str], tmp_path: Path
) -> None:
    cell = "from workbench.errors import StoreError\nraise StoreError('the store is locked.')"
    run = run_report(report(cell), {}, tmp_path / "report.html")
    assert "the store is locked" in run.message


@pytest.mark.parametrize("cell", ["raise SystemExit(0)", "import os; os._exit(0)"])
def test_leaving_early_is_a_failure(report: Callable[..., str], tmp_path: Path, cell: str) -> None:
    out = tmp_path / "report.html"
    run = run_report(report(cell, "print('never')"), {}, out)
    assert run.outcome == "failed"
    assert run.message
    assert not out.exists()


def test_a_cell_that_hangs_is_stopped(
    report: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "CELL_TIMEOUT_S", 1)
    run = run_report(report("import time; time.sleep(60)"), {}, tmp_path / "report.html")
    assert run.outcome == "failed"
    assert "longer than 1 s" in run.message


def test_another_suffix_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.html, \.pdf, \.docx, \.rtf"):
        run_report("dose_by_protocol", {}, tmp_path / "report.odt")


@pytest.mark.pango
@pytest.mark.parametrize(("signed_by", "kind"), [("", "pdf/ua-1"), ("  ", "pdf/ua-1"),
                                                 ("A. Physicist", "pdf/a-2u")])  # fmt: skip
def test_a_signed_report_is_pdf_a_and_others_are_not(
    report: Callable[..., str], tmp_path: Path, signed_by: str, kind: str
) -> None:
    name = report("#Text", parameters='signed_by = ""')
    run = run_report(name, {"signed_by": signed_by}, tmp_path / "report.pdf")
    assert (run.outcome, run.remark) == ("done", "")
    assert run.made_by.endswith(kind)
    page = run_report(name, {"signed_by": signed_by}, tmp_path / "report.docx")
    assert (page.outcome, page.made_by) == ("done", "")


def test_a_signed_report_that_cannot_be_archived_is_refused_before_it_runs(
    report: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    name = report(f"open({str(ran)!r}, 'w')", parameters='signed_by = ""')
    monkeypatch.setattr(printing, "_weasyprint", lambda: None)
    with pytest.raises(MissingTool, match="PDF/A"):
        run_report(name, {"signed_by": "A. Physicist"}, tmp_path / "report.pdf")
    assert not ran.exists()
    assert not (tmp_path / "report.pdf").exists()


def test_the_remark_on_a_file_is_handed_on(
    report: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "pdf", lambda *_, **__: MadeFile(b"%PDF", "a printer", "Note."))
    run = run_report(report("#Text"), {}, tmp_path / "report.pdf")
    assert (run.made_by, run.remark) == ("a printer", "Note.")


def test_the_dose_report_of_an_empty_survey_says_what_to_do(
    workspace: Callable[[ReportTables], str], tmp_path: Path
) -> None:
    folder = workspace(tables_of(IRRADIATION_EVENT.empty()))
    out = tmp_path / "report.html"
    run = run_report("dose_by_protocol", {"workspace": folder}, out)
    assert run.message == ""
    page = out.read_text(encoding="utf-8")
    assert "There is no CT event with a dose yet" in page
    assert "Nothing is missing" in page
    assert folder not in page


def test_the_dose_report_is_the_same_for_the_same_tables(
    workspace: Callable[[ReportTables], str], tmp_path: Path
) -> None:
    events = scans({}, {"dlp_mgy_cm": 350.0}, {"patient_age_years": 5.0})
    folder = workspace(tables_of(events))
    out = tmp_path / "report.html"
    given = {"workspace": folder, "country": "FR", "year": 2011, "title": "Our <doses>"}
    first = run_report("dose_by_protocol", given, out)
    page = out.read_text(encoding="utf-8")
    assert first.message == ""
    assert len(first.fingerprint) == 16
    for part in (
        "Our &lt;doses&gt;",
        "3 CT irradiation events of 3 patients",
        "Chest routine",
        "arrêté",
        "Lee et al.",
        "sd log unshared not stated",
        first.fingerprint,
    ):
        assert part in page
    body = page.split("<footer>")[0]
    run_report("dose_by_protocol", given, out)
    assert out.read_text(encoding="utf-8").split("<footer>")[0] == body
