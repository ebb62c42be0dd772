"""docs/jupyter_scheduler.md: its file and its command, in a JupyterLab that is really started."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupyter_scheduler
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.docs.pages import ROOT, WAIT_S, blocks
from workbench.report.notebooks import notebook_file
from workbench.simulate.peers import free_port
from workbench.stages.reporting import TEMPLATES, make_report
from workbench.survey import create_survey, open_survey

PAGE = "jupyter_scheduler.md"
SETTINGS = """
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.ServerApp.port_retries = 0
c.IdentityProvider.token = "for-this-test"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
c.ServerApp.jpserver_extensions = {"jupyter_scheduler": True, "jupyterlab": True}
"""
ENDED = ("COMPLETED", "FAILED")  # a job that waits for its process is called STOPPED
FOOTER = re.compile(
    r"<footer.*", re.DOTALL
)  # it has the minute, and the parameters that were given
NO_REPORT = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": []}


@dataclass
class Lab:
    """A JupyterLab whose scheduler makes our reports, and its folder."""

    address: str
    folder: Path
    workspace: Path
    log: Path

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.address}/{path}", data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "token for-this-test"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def run(
        self, notebook: str, formats: tuple[str, ...] = ("html",), **parameters: str
    ) -> dict[str, Any]:
        """Create a job as JupyterLab's form does, and return it when it has ended."""
        job = self.ask("scheduler/jobs", {
            "input_uri": notebook, "name": "of a test", "output_formats": list(formats),
            "runtime_environment_name": Path(sys.executable).name, "parameters": parameters,
        })["job_id"]  # fmt: skip
        end = time.monotonic() + WAIT_S
        while (told := self.ask(f"scheduler/jobs/{job}"))["status"] not in ENDED:
            assert time.monotonic() < end, told
            time.sleep(0.3)
        return dict(told)

    def downloaded(self, job: dict[str, Any]) -> Path:
        """Return the page that the scheduler hands out."""
        self.ask(f"scheduler/jobs/{job['job_id']}/download_files")
        end = time.monotonic() + WAIT_S
        while not (files := self._handed_out(job)):
            assert time.monotonic() < end, "it hands nothing out"
            time.sleep(0.3)
        return self.folder / files[0]

    def _handed_out(self, job: dict[str, Any]) -> list[str]:
        told = self.ask(f"scheduler/jobs/{job['job_id']}")
        return [
            each["file_path"]
            for each in told["job_files"]
            if each["file_format"] == "html" and each["file_path"]
        ]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, started with the command of the page in a folder with notebooks."""
    top = tmp_path_factory.mktemp("lab")
    (program,) = (block.text for block in blocks(PAGE) if block.kind == "python")
    (top / "jobs").mkdir()
    (top / "jobs" / "workbench_jobs.py").write_text(program, encoding="utf-8")
    workspace, folder, config = top / "survey", top / "notebooks", top / "config"
    create_survey(workspace).close()
    folder.mkdir()
    for name in ("completeness", "dose_by_protocol"):
        shutil.copy(notebook_file(name), folder)
    (folder / "mine.ipynb").write_text(json.dumps(NO_REPORT), encoding="utf-8")
    config.mkdir()
    (config / "jupyter_server_config.py").write_text(SETTINGS, encoding="utf-8")
    port = free_port()
    words = shlex.split(command())
    paths = [
        ROOT / "src",
        ROOT / "widgets",
        top / "jobs",
        Path(jupyter_scheduler.__file__).parents[1],
    ]
    environment = {
        **os.environ, "JUPYTER_CONFIG_DIR": str(config), "JUPYTER_DATA_DIR": str(top / "data"),
        "JUPYTER_RUNTIME_DIR": str(top / "runtime"), "IPYTHONDIR": str(top / "ipython"),
        "WORKBENCH_WORKSPACE": str(workspace),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "PYTHONPATH": os.pathsep.join(
            [*map(str, paths), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
    }  # fmt: skip
    log = top / "lab.log"
    with log.open("wb") as said:
        server = subprocess.Popen(
            [*words, f"--port={port}"], cwd=folder, env=environment, stdout=said, stderr=said
        )
    made = Lab(f"http://127.0.0.1:{port}", folder, workspace, log)
    try:
        wait_for(made, server)
        yield made
    finally:
        server.terminate()
        server.wait(WAIT_S)


def command() -> str:
    """Return the page's line that starts JupyterLab."""
    lines = [line for block in blocks(PAGE) for line in block.commands() if not block.kind]
    (line,) = (line for line in lines if line.startswith("jupyter lab "))
    return line


def wait_for(lab: Lab, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + WAIT_S
    while True:
        try:
            lab.ask("scheduler/jobs")
            return
        except OSError:
            assert server.poll() is None, lab.log.read_text(errors="replace")
            assert time.monotonic() < end, lab.log.read_text(errors="replace")
            time.sleep(0.3)


def body(page: str) -> str:
    found = FOOTER.search(page)
    assert found is not None
    return page[: found.start()]


def test_a_job_is_completed_with_the_page_of_our_runner(lab: Lab, tmp_path: Path) -> None:
    job = lab.run("completeness.ipynb", language="de", most_listed="7", title="Mai 2026")
    assert (job["status"], job["status_message"]) == ("COMPLETED", None)
    survey = open_survey(lab.workspace)
    given = {"language": "de", "most_listed": 7, "title": "Mai 2026"}
    own = make_report(survey, "completeness", tmp_path / "own.html", given)
    survey.close()
    assert own.out is not None
    page, expected = lab.downloaded(job).read_text("utf-8"), own.out.read_text("utf-8")
    assert "Mai 2026" in expected
    assert body(page) == body(expected)
    assert own.fingerprint in page
    assert str(lab.workspace) not in page


@pytest.mark.parametrize(
    ("notebook", "formats", "parameters", "words"),
    [
        ("dose_by_protocol", ("html",), {"country": "XX"}, "no CT reference levels"),
        ("mine", ("html",), {}, "no report 'mine'"),
        ("completeness", (), {}, "Choose HTML alone"),
    ],
)
def test_a_job_that_fails_says_why_in_our_words_and_has_no_page(
    lab: Lab, notebook: str, formats: tuple[str, ...], parameters: dict[str, str], words: str
) -> None:
    job = lab.run(f"{notebook}.ipynb", formats, **parameters)
    assert job["status"] == "FAILED"
    assert words in job["status_message"]
    assert not [
        path for path in (lab.folder.parent / "data").rglob("*.html") if job["job_id"] in str(path)
    ]


def test_what_a_cell_quotes_is_not_told(lab: Lab) -> None:
    """A site's own report of that name goes before ours, and its words are anybody's."""
    folder = lab.workspace / TEMPLATES
    folder.mkdir()
    cells = [
        new_code_cell("workspace = ''", metadata={"tags": ["parameters"]}),
        new_code_cell("raise KeyError('MUELLER' + '^HANS')"),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "mine.ipynb")
    job = lab.run("mine.ipynb")
    assert job["status"] == "FAILED"
    assert "(KeyError)" in job["status_message"]
    assert "MUELLER" not in json.dumps(job)
    assert "MUELLER" not in lab.log.read_text(errors="replace")
