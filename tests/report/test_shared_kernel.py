"""Reports that share a kernel know nothing of each other: pages as out of kernels of their own."""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import Queue
from workbench.report import execution, run_report, shared_kernel
from workbench.report.notebooks import report_names
from workbench.report.runner import ReportRun
from workbench.report.shared_kernel import SharedKernel
from workbench.simulate.hospital import simulate_hospital
from workbench.stages.importing import import_files
from workbench.stages.ledger_table import publish_ledger
from workbench.stages.line import dose_line
from workbench.stages.quality import sample
from workbench.stages.quality.desk import QualityDesk
from workbench.survey import create_survey

Make = Callable[..., ReportRun]
NEED_RESULTS = ("quality_over_time", "quality_results")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedKernel]:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with SharedKernel() as shared:
        yield shared
    assert list(folder.iterdir()) == []


@pytest.fixture
def made(kernel: SharedKernel, report: Callable[..., str], tmp_path: Path) -> Make:
    """Return what makes a report of some cells in the shared kernel."""

    def make(*cells: str, **parameters: object) -> ReportRun:
        return run_report(report(*cells), parameters, tmp_path / "report.html", None, kernel)

    return make


def text(run: ReportRun) -> str:
    assert run.out is not None, run.message
    return run.out.read_text("utf-8")


def pid_of(kernel: SharedKernel) -> int:
    assert kernel._starter is not None
    return int(kernel._starter.km.provisioner.pid)


def test_a_report_knows_no_name_and_no_file_of_the_one_before(
    made: Make, kernel: SharedKernel
) -> None:
    first = made(
        "secret = 'MUELLER^HANS'\nimport os\nopen('left.txt', 'w').write(secret)",
        "os.mkdir('below'); open('below/left.txt', 'w').write(secret); secret",
    )
    assert "MUELLER" in text(first)
    second = made(
        "import os\nprint([each for each in os.listdir() if not each.startswith('kernel-')])",
        "print(sorted(name for name in globals() if name in ('secret', 'first', 'os')))",
        "print('MUELL' + 'ER' in str(In) + str(Out))",
    )
    assert "[]" in text(second)
    assert "[&#39;os&#39;]" in text(second)
    assert "False" in text(second)
    assert kernel.started == 1


def test_parameters_are_the_report_s_own(made: Make) -> None:
    assert "you 4" in text(made("print(who, n)", who="you", n=4))
    assert "nobody 3" in text(made("print(who, n)"))


def test_a_failed_cell_has_its_own_number_and_the_kernel_is_ended(
    made: Make, kernel: SharedKernel
) -> None:
    for _ in range(2):
        assert made("1", "2", "3").outcome == "done"
    first = pid_of(kernel)
    failed = made("1", "raise KeyError('MUELLER^HANS')")
    assert (failed.outcome, failed.cell, failed.error_kind) == ("failed", 3, "KeyError")
    assert "MUELLER" not in failed.message
    assert not psutil.pid_exists(first)
    assert made("1").outcome == "done"
    assert kernel.started == 2


def test_a_kernel_that_has_grown_too_large_is_ended(
    report: Callable[..., str], tmp_path: Path
) -> None:
    name = report("1")
    with SharedKernel(max_rss_bytes=1) as kernel:
        for _ in range(2):
            assert run_report(name, {}, tmp_path / "r.html", None, kernel).outcome == "done"
        assert kernel.started == 2


def test_a_kernel_that_is_gone_between_two_reports_is_replaced(
    made: Make, kernel: SharedKernel
) -> None:
    assert made("1").outcome == "done"
    os.kill(pid_of(kernel), signal.SIGKILL)
    assert made("1").outcome == "done"
    assert kernel.started == 2


@pytest.mark.parametrize(
    ("cell", "kind"),
    [("import os; os._exit(0)", "DeadKernelError"), ("raise SystemExit(0)", "EarlyEnd")],
)
def test_a_report_that_ends_its_kernel_fails_alone(
    made: Make, kernel: SharedKernel, cell: str, kind: str
) -> None:
    stopped = made(cell, "1")
    assert (stopped.outcome, stopped.error_kind) == ("failed", kind)
    assert made("1").outcome == "done"
    assert kernel.started == 2


def test_a_report_that_hangs_is_stopped_and_its_kernel_with_it(
    made: Make, kernel: SharedKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made("1").outcome == "done"
    hanging = pid_of(kernel)
    for module in (execution, shared_kernel):
        monkeypatch.setattr(module, "CELL_TIMEOUT_S", 1)
    stopped = made("import time; time.sleep(60)")
    assert (stopped.outcome, stopped.error_kind) == ("failed", "CellTimeoutError")
    assert not psutil.pid_exists(hanging)


def test_each_report_speaks_its_own_language(made: Make) -> None:
    cell = "import os; from workbench.language import current_language; print(current_language())"
    pages = [text(made(cell, language=language)) for language in ("de", "fr", "en")]
    for language, page in zip(("de", "fr", "en"), pages, strict=True):
        assert f">{language}\n" in page or f"<pre>{language}" in page


def test_pages_of_ours_equal_those_out_of_kernels_of_their_own(
    kernel: SharedKernel, tmp_path: Path
) -> None:
    create_survey(tmp_path / "w").close()
    pages: dict[str, list[str]] = {}
    names = [name for name in report_names() if name not in NEED_RESULTS]
    for round_ in range(3):
        for name in names:
            given = {"workspace": str(tmp_path / "w"), "language": ("de", "fr", "de")[round_]}
            if round_ < 2:
                run = run_report(name, given, tmp_path / "r.html", None, kernel)
            elif name in ("completeness", "dose_by_protocol"):  # a fresh kernel takes its time
                run = run_report(name, given, tmp_path / "r.html")
            else:
                continue
            pages.setdefault(name, []).append(text(run).split("<footer")[0])
    assert kernel.started == 1
    for name in ("completeness", "dose_by_protocol"):
        german, french, fresh = pages[name]
        assert german == fresh
        assert german != french


# In the footer, and beside a signature.
MINUTE = re.compile(r"(?:made \S+|\d at) \d\d:\d\d UTC")
# What each report is asked for, so that it shows something of all that it can show.
ASKED: dict[str, dict[str, object]] = {
    "completeness": {"most_listed": 2},
    "dose_by_protocol": {"country": "FR", "year": 2011},
    "quality_due": {"signed_by": "N. N."},
    "quality_over_time": {"profile": sample.PROFILE, "measurement": "noise"},
    "quality_results": {"numbers": [1, 2, 3]},
}
FILLED = (
    "instance", "series", "irradiation_event", "dose_estimate", "finding", "ledger", "rejected",
)  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A workspace with doses, findings, patients in the queue, refused files and weekly tests."""
    top = tmp_path_factory.mktemp("filled")
    hospital = simulate_hospital(patients=3)
    hospital.write(top / "files")
    (top / "files" / "letter.txt").write_text("no image")
    survey = create_survey(top / "w")
    dose_line(survey, lambda: import_files(survey, [top / "files"]))
    with closing(HospitalFile(survey.folder)) as file:
        Queue(file).add([ListedPatient(patient) for patient in hospital.patient_ids])
    publish_ledger(survey)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "WEEKS", 22)  # enough for a baseline, and for two that wait
        assert sample.make_sample(QualityDesk(survey)) == 22
    assert [name for name in FILLED if survey.table(name).is_empty()] == []
    survey.close()
    return str(top / "w")


def page_of(name: str, workspace: str, out: Path, *shared: SharedKernel) -> str:
    """Return a page without the minute in which it was made."""
    run = run_report(name, {"workspace": workspace, **ASKED[name]}, out, None, *shared)
    page, minutes = MINUTE.subn("then", text(run))
    assert minutes == (2 if name == "quality_due" else 1)
    return page


def test_all_bundled_reports_of_filled_tables_are_byte_for_byte_those_of_fresh_kernels(
    filled: str, tmp_path: Path
) -> None:
    """Each comes after all others, once in either order: what one leaves another would show."""
    names = report_names()
    assert set(names) == set(ASKED), "a new report is asked for here, too"
    with SharedKernel(max_rss_bytes=2**40) as kernel:
        shared = [
            {name: page_of(name, filled, tmp_path / "shared.html", kernel) for name in order}
            for order in (names, names[::-1])
        ]
        assert kernel.started == 1
    for name in names:
        fresh = page_of(name, filled, tmp_path / "fresh.html")
        assert "<table" in fresh, "a page with something on it"
        assert shared[0][name] == shared[1][name] == fresh
