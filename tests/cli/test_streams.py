"""Results on standard output, all else on standard error: each verb, both streams seen."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.command_tree import leaf_verbs
from tests.cli.verbs import CT
from tests.stages.quality.phantom_workspace import PROFILE, SMALL, arrive, quality_desk, write
from workbench.cli import main
from workbench.deidentify.recovery_sheet import sheet_lines
from workbench.settings import QualitySettings

Streams = tuple[int, str, str]
Run = Callable[..., Streams]
PASS = "--passphrase-file {w}/../pass"
# Words of each verb, what stands on standard output, and on standard error, for a person.
SAID: dict[str, tuple[str, str, str]] = {
    "init": ("-w {w}2", r"^The workspace is ready\.$", ""),
    "import": ("{w}/../in", r"^0 stored, 1 duplicate", r"^reading"),
    "receive": ("--port 11119", r"^0 stored", r"^Receiving as"),
    "collect run": ("--until-done", r"^Patients: 1 waiting", ""),
    "collect add": ("--id X9", r"^1 patients added", ""),
    "collect status": ("", r"waiting", ""),
    "collect pause": ("", r"waiting", ""),
    "collect resume": ("", r"waiting", ""),
    "collect stop": ("", r"waiting", ""),
    "collect test": ("", r"^ok  ", ""),
    "collect now": ("--minutes 5", r"override", ""),
    "collect retry": ("", r"^0 patients will be asked", ""),
    "collect list": ("", r"^ +1  waiting", ""),
    "collect export": ("--out {w}/../x.csv", r"rows written", ""),
    "collect delete-list": ("--sure survey --sure survey", r"rows deleted", ""),
    "collect delete-answered": ("--sure survey --sure survey", r"rows deleted", ""),
    "collect delete-everything": ("--sure survey --sure survey", r"rows deleted", ""),
    "map": ("", r"^1 studies mapped", r"^mapping studies: 1 of 1$"),
    "dose": ("", r"estimates in all", r"^There are objects, but they are not mapped"),
    "table": ("series --out {w}/../s.csv", r"^0 rows written", ""),
    "report list": ("", r'^dose_by_protocol  country="UK" year=2022', ""),
    "report run": ("completeness --out {w}/reports/c.html", r"^The report is written", ""),
    "report schedule": ("", r"^completeness: completeness, every day at 05:30", ""),
    "report due": ("--dry-run", r"^No report is due", ""),
    "report watch": ("", r"^0 reports were made", r"^Making reports when"),
    "report pause": ("completeness --by N", r"^Plan completeness rests", ""),
    "report resume": ("completeness", r"^Plan completeness did not rest", ""),
    "mail test": ("--to a@example.org", r"^Not sent: nobody answers", ""),
    "store check": ("", r"^1 objects: headers [\d.]+ kB \([\d,]+ B an object\)", r"^checking"),
    "store compact": ("", r"of the catalogue given back", ""),
    "store upgrade": ("", r"^Schema", ""),
    "store erase": ("{patient} --yes --at-once", r"^1 objects erased", ""),
    "deidentify": ("{w}/../in {w}/../out -w {w}", r"^1 files written", ""),
    "key protect": (f"--no-sheet {PASS}", r"^The key is locked", ""),
    "key unlock": (PASS, r"^Unlocked", ""),
    "key lock": ("", r"no unlocked copy", ""),
    "key check": ("", r"^The key is", ""),
    "key show-fingerprint": ("", r"^[0-9a-f-]+$", ""),
    "key sheet": ("--out {w}/../sheet.html", r"^The recovery sheet is written", ""),
    "key restore": ("", r"^Restored", r"^Line 1 of"),
    "key link": ("{w}/../list --out {w}/../l.csv", r"^1 rows written", ""),
    "key who": ("X", r"^None of the patients", ""),
    "look": ("{ct}", r"^Read to its end", ""),
    "quarantine": ("--out {w}/../q.html", r"0 objects were not stored", ""),
    "qa profile": ("{w}/../p.toml --by N", r"is kept as version 2", ""),
    "qa profiles": ("", r"^CT1 water \(version 1\)", ""),
    "qa measure": ("CT1*water {w}/../phantom", r"Mean CT number", ""),
    "qa look": ("", r"1 series measured", ""),
    "qa watch": ("", r"^Result 1 was measured", r"^Watching"),
    "qa erase": ("--unselected --yes", r"objects erased", ""),
    "qa decide": ("1 accept --by N", r"^Result 1 is accepted", ""),
    "qa results": ("", r"^ +1  2026-03-02  CT1 water", ""),
    "qa event": ("CT1*water tube --by N", r"^The event is noted", ""),
    "qa due": ("", r"^CT1 water \(CT1\)", ""),
    "rights list": ("", r"^look: ", ""),
    "rights set": ("look --nobody", r"^To look is for nobody", ""),
    "credentials list": ("", r"^pacs-token: ", ""),
    "credentials confirm": ("pacs-token", r"may go to", ""),
    "serve": ("", "", ""),
    "up": ("", r"^All services have ended\.$", r"^Keeping the services running"),
    "backup": ("{w}/../b.tar", r"^\d+ files with 1 objects and 1 patients", ""),
    "restore": ("{w}/../b.tar -w {w}/../again", r"^\d+ files of .* are back in", ""),
    "check": ("", r"^- ", ""),
    "plugins": ("", r"^report  dose_by_protocol", ""),
    "simulate": ("{w}/../new --patients 1", r"files written", ""),
    "demo": ("--no-serve", r"^Everything is complete", ""),
}
FREE = (
    "simulate",
    "plugins",
    "look",
    "deidentify",
    "init",
    "restore",
)  # need no workspace, or name theirs
# What is done before, so that there is something to say.
BEFORE = {
    "key unlock": [f"key protect --no-sheet {PASS}"],
    "restore": ["backup {w}/../b.tar"],
    "qa decide": ["qa look"], "qa results": ["qa look"], "qa due": ["qa look"],
}  # fmt: skip
PLAN = '\n[report.completeness]\nat = "05:30"\n'
NO_MAIL = '\n[mail]\nserver = "127.0.0.1:1"\nsecurity = "none"\nsender = "w@example.org"\n'
TOKEN = '\n[pacs]\ntitle = "P"\nurl = "https://pacs.example/dicom-web"\ntoken_file = "token"\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with an object, a patient in the queue, a test profile and an image."""
    top = tmp_path_factory.mktemp("streams")
    for name in ("in", "phantom"):
        (top / name).mkdir()
    shutil.copy(CT, top / "in" / "a.dcm")
    write(top / "phantom", SMALL)
    (top / "p.toml").write_text(PROFILE.replace("= 7", "= 8"))
    (top / "list").write_text("X\n")
    (top / "pass").write_text("correct horse battery\n")
    (top / "pass").chmod(0o600)
    with quality_desk(top / "w", QualitySettings(quiet_s=0.0)) as desk:
        arrive(desk, SMALL)
    w = ["-w", str(top / "w")]
    assert main(["import", str(top / "in"), *w]) == 0
    assert main(["collect", "add", "--id", "X", *w]) == 0
    return top


@pytest.fixture
def place(made: Path, tmp_path: Path, in_memory: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    capsys.readouterr()
    return Path(shutil.copytree(made, tmp_path / "x"))


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a verb of ``SAID`` by its name; return its exit code and both streams."""

    def run(verb: str, *more: str) -> Streams:
        prepare(verb, place, monkeypatch)
        for words in BEFORE.get(verb, ()):
            main([*filled(words, place), "-w", str(place / "w")])
        words = filled(SAID[verb][0], place)
        capsys.readouterr()
        workspace = [] if verb in FREE else ["-w", str(place / "w")]
        code = main([*verb.split(), *words, *workspace, *more])
        return code, *capsys.readouterr()

    return run


def filled(words: str, place: Path) -> list[str]:
    patient = ""
    if "{patient}" in words:
        out = place / "patient.csv"
        main(["table", "patient", "--out", str(out), "-w", str(place / "w")])
        patient = out.read_text("utf-8-sig").splitlines()[1].split(",")[0]
    values = {"w": place / "w", "ct": CT, "patient": patient}
    return [word.replace("*", " ").format(**values) for word in words.split()]


def prepare(verb: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for what would need a network, a person or an hour."""
    settings = place / "w" / "workbench.toml"
    if verb.startswith("credentials"):
        settings.write_text(settings.read_text() + TOKEN)
    elif verb.startswith("report "):
        add_to(settings, PLAN)
    elif verb == "mail test":
        add_to(settings, NO_MAIL)
    elif verb == "key restore":
        key = place / "w" / "hospital.key"
        lines = "\n".join(sheet_lines(key.read_bytes()))
        key.unlink()
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    stand_ins = {
        "receive": ("workbench.stages.receiving.receive", receive),
        "collect run": ("workbench.stages.collecting.Collector.run", collected),
        "collect test": ("workbench.stages.connection_test.trials", trials),
        "qa watch": ("time.sleep", interrupted),
        "serve": ("workbench.server.voila.serve", lambda *_, **__: None),
        "report watch": ("workbench.cli.report_verbs._until_stopped", at_once),
        "up": ("workbench.services.supervisor.Supervisor.run", lambda _: None),
        "demo": ("workbench.demo.run_demo", lambda _: True),
    }
    if verb in stand_ins:
        monkeypatch.setattr(*stand_ins[verb])


def add_to(settings: Path, text: str) -> None:
    """Add to settings, which may be broken on purpose."""
    if settings.is_file():
        settings.write_bytes(settings.read_bytes() + text.encode())


@contextmanager
def at_once() -> Iterator[threading.Event]:
    stopped = threading.Event()
    stopped.set()
    yield stopped


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def collected(_: object) -> object:
    from workbench.stages.border import Intake

    return Intake()


def trials(*_: object) -> list[object]:
    from workbench.stages.connection_test import Trial

    return [Trial("C-ECHO", True, "it answers")]


@contextmanager
def receive(*_: object) -> Iterator[object]:
    from workbench.model import ApplicationEntity
    from workbench.stages.border import Intake
    from workbench.stages.receiving import ReceiverSession

    session = ReceiverSession(ApplicationEntity("ME", "127.0.0.1", 11119), Intake(), None)  # type: ignore[arg-type]
    session.wait = interrupted  # type: ignore[method-assign]
    yield session


def test_these_are_all_verbs() -> None:
    assert {verb.name for verb in leaf_verbs()} == set(SAID)


@pytest.mark.parametrize("verb", SAID)
def test_a_person_reads_results_on_one_stream_and_all_else_on_the_other(
    verb: str, run: Run
) -> None:
    code, out, err = run(verb)
    assert code in (0, 1), err
    for stream, expected in zip((out, err), SAID[verb][1:], strict=True):
        if expected:
            assert re.search(expected, stream, re.MULTILINE), (out, err)
    result = SAID[verb][1]
    if result:
        assert not re.search(result, err, re.MULTILINE), "a result is no remark"
    progress = SAID[verb][2]
    if progress:
        assert not re.search(progress, out, re.MULTILINE), "a remark is no result"


@pytest.mark.parametrize("verb", SAID)
def test_a_program_reads_one_object_and_a_person_the_results_beside_it(verb: str, run: Run) -> None:
    code, out, err = run(verb, "--json")
    assert code in (0, 1), err
    assert out.count("\n") == 1, out
    assert isinstance(json.loads(out), dict)
    if SAID[verb][1]:
        assert re.search(SAID[verb][1], err, re.MULTILINE)


def test_the_screen_gets_a_list_and_nothing_that_is_none(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["key", "link", str(place / "list"), "--out", "-", "-w", str(place / "w")]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].startswith("patient_id,")
    assert len(out.splitlines()) == 2
    assert "must not leave" in err
    assert main([*words, "--json"]) == 2
    assert "--out" in json.loads(capsys.readouterr().out)["message"]


def shell(line: str, place: Path) -> subprocess.CompletedProcess[str]:
    program = f"{sys.executable} -m workbench.cli"
    text = line.replace("workbench ", f"{program} ").replace("W ", f"{place / 'w'} ")
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", text], text=True, capture_output=True, check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip


def test_a_list_goes_through_a_pipe(place: Path) -> None:
    done = shell("workbench collect list -w W | grep waiting", place)
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, 1, "")
    done = shell("workbench collect list -w W | grep failed", place)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_a_reader_that_has_seen_enough_is_no_fault(place: Path) -> None:
    done = shell("(sleep 0.1; workbench report list -w W ) | true", place)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert "fault" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")
def test_a_result_that_could_not_be_written_is_an_error(place: Path) -> None:
    for more in ("", "--json"):
        done = shell(f"workbench collect list -w W {more} > /dev/full", place)
        assert done.returncode == 2, done.stderr
        assert "no space left" in done.stderr
        assert "fault" not in done.stderr
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


def test_letters_that_the_stream_cannot_show_are_no_fault(place: Path) -> None:
    (place / "Müller").mkdir()
    done = shell(
        f"PYTHONIOENCODING=ascii workbench simulate {place}/Müller/x --patients 1 && "
        f"PYTHONIOENCODING=ascii workbench import {place}/Müllér -w W ", place,
    )  # fmt: skip
    assert done.returncode == 2
    assert "files written" in done.stdout
    assert "M\\xfcll\\xe9r" in done.stderr
    assert "fault" not in done.stderr
