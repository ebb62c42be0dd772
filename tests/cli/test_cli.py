"""What scripts rely on: verbs, exit codes, one JSON object as the last line."""

from __future__ import annotations

import csv
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import polars as pl
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage, Verification

from workbench.cli import main, parser
from workbench.deidentify.key import create_key
from workbench.schema import TABLES
from workbench.survey import open_survey

CT = Path(str(get_testdata_file("CT_small.dcm", download=False)))


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, object], str]:
    code = main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out.strip().splitlines()[-1]), err


@pytest.fixture
def workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["init", "-w", str(tmp_path / "w"), "--survey", "test", "--site", "LU01"]) == 0
    capsys.readouterr()
    return tmp_path / "w"


def test_import_counts_every_file_once(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(CT.read_bytes())
    (folder / "b.dcm").write_bytes(CT.read_bytes())
    (folder / "c.dcm").write_bytes(CT.read_bytes()[:-3000])
    (folder / "d.txt").write_text("no image")
    code, counts, err = run(
        capsys, "import", folder, "-w", workspace, "--verdicts", tmp_path / "verdicts.csv"
    )
    assert code == 1
    assert counts["verdicts"] == {"stored": 1, "duplicate": 1, "quarantined": 1, "rejected": 1}
    assert "a.dcm" not in err
    with (tmp_path / "verdicts.csv").open(newline="") as file:
        rows = {Path(row["path"]).name: row["verdict"] for row in csv.DictReader(file)}
    assert rows == {
        "a.dcm": "stored", "b.dcm": "duplicate", "c.dcm": "quarantined", "d.txt": "rejected",
    }  # fmt: skip
    assert (tmp_path / "verdicts.csv").stat().st_mode & 0o077 == 0


def test_map_dose_and_tables_follow(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "import", CT, "-w", workspace)[0] == 0
    assert run(capsys, "map", "-w", workspace)[1]["studies"] == 1
    assert run(capsys, "map", "-w", workspace)[1]["studies"] == 0
    assert run(capsys, "dose", "-w", workspace)[0] == 0
    for name in TABLES:
        for suffix in ("csv", "parquet", "xlsx"):
            out = tmp_path / f"{name}.{suffix}"
            code, _, _ = run(capsys, "table", name, "-w", workspace, "--out", out)
            assert code == 0
            assert out.stat().st_size > 0
    series = pl.read_parquet(tmp_path / "series.parquet")
    assert series["patient"].str.starts_with("LU01-").all()
    assert len(list(tmp_path.glob("series.codebook*"))) == 1


def test_a_report_is_one_file(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["import", str(CT), "-w", str(workspace)])
    main(["map", "-w", str(workspace)])
    main(["dose", "-w", str(workspace)])
    capsys.readouterr()
    out = tmp_path / "report.html"
    code, counts, _ = run(
        capsys, "report", "run", "dose_by_protocol", "-w", workspace, "--out", out
    )
    assert (code, counts["outcome"]) == (0, "done")
    assert "<html" in out.read_text("utf-8")


def test_files_in_and_files_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_key(tmp_path / "key")
    out = tmp_path / "clean"
    code, counts, _ = run(capsys, "deidentify", CT, out, "--key", tmp_path / "key")
    assert (code, counts) == (0, {"written": 1, "duplicate": 0, "refused": 0})
    (clean,) = out.iterdir()
    data = dcmread(clean)
    original = dcmread(CT)
    assert data.PatientID != original.PatientID
    assert "PixelData" not in data
    assert data.KVP == original.KVP
    assert clean.read_bytes()[:128] == bytes(128)
    assert run(capsys, "deidentify", CT, out, "--key", tmp_path / "key")[0] == 2


@pytest.mark.parametrize(
    "words",
    [
        ["map", "-w", "nowhere"],
        ["map"],
        ["import", "nothing-there", "-w", "nowhere"],
        ["table", "nothing", "-w", "nowhere", "--out", "x.csv"],
        ["collect", "run", "-w", "nowhere", "--patients", "none.txt"],
        ["demo", "-w", "nowhere", "--data", "nothing-there"],
    ],
)
def test_what_cannot_start_says_so_with_a_remedy(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WORKBENCH_WORKSPACE", raising=False)
    code, answer, err = run(capsys, *words)
    assert code == 2
    assert answer["message"]
    assert "Traceback" not in err


def test_the_workspace_may_come_from_the_environment(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(workspace))
    assert run(capsys, "map")[0] == 0


def test_check_names_what_is_wrong(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer, _ = run(capsys, "check", "-w", workspace)
    assert (code, len(answer["problems"])) == (1, 1), "only the PACS is not set"
    main(["import", str(CT), "-w", str(workspace)])
    (workspace / "hospital.key").unlink()
    create_key(workspace / "hospital.key")
    capsys.readouterr()
    problems = str(run(capsys, "check", "-w", workspace)[1]["problems"])
    assert "another key" in problems
    (workspace / "hospital.key").chmod(0o644)
    assert "chmod" in str(run(capsys, "check", "-w", workspace)[1]["problems"])


def test_receive_keeps_what_is_pushed_until_it_is_stopped(workspace: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "workbench.cli", "receive", "-w", str(workspace), "--aet", "WB",
        "--port", str(port), "--allow", "MODALITY", "--json",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as receiver:
        assert receiver.stderr is not None
        watchdog = threading.Timer(60, receiver.kill)
        watchdog.start()
        try:
            assert "Receiving as WB" in receiver.stderr.readline()
            sender = AE("MODALITY")
            sender.add_requested_context(Verification)
            sender.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
            association = sender.associate("127.0.0.1", port)
            assert association.is_established
            assert association.send_c_echo().Status == 0
            assert association.send_c_store(CT).Status == 0
            association.release()
            receiver.send_signal(2)
            out, _ = receiver.communicate(timeout=30)
        finally:
            watchdog.cancel()
            receiver.kill()
    assert json.loads(out.strip().splitlines()[-1])["verdicts"]["stored"] == 1
    assert open_survey(workspace).table("instance").height == 1


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    choices = [action.choices for action in parser()._actions]
    verbs = next(one for one in choices if isinstance(one, dict))
    assert {"init", "import", "receive", "collect", "map", "dose", "table", "report", "serve",
            "check", "store", "key", "deidentify", "look", "quarantine", "qa", "plugins",
            "simulate", "demo",
    } == set(verbs)  # fmt: skip
    for verb in verbs:
        with pytest.raises(SystemExit) as ended:
            main([verb, "--help"])
        assert ended.value.code == 0
        told = capsys.readouterr().out
        assert "--json" in told or "ACTION" in told


def test_a_fault_of_the_program_is_told_without_its_text(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Meyer^Anna")

    monkeypatch.setattr("workbench.stages.line.map_survey", broken)
    code, answer, err = run(capsys, "map", "-w", workspace)
    assert code == 3, "it had started: this is not the code of a wrong start"
    assert "RuntimeError in test_cli.py" in str(answer["message"])
    assert "Meyer" not in err + str(answer)


@pytest.mark.parametrize("words", [["map", "--nothing"], ["nothing"], ["import"], []])
def test_a_wrong_command_line_is_told_as_json_too(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, err = run(capsys, *words)
    assert code == 2
    assert answer["error"] == "UsageError"
    assert "usage: workbench" in err


def test_ctrl_c_is_told_as_json_too(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.stages.line.map_survey", stopped)
    code, answer, err = run(capsys, "map", "-w", workspace)
    assert (code, answer["error"]) == (130, "KeyboardInterrupt")
    assert "go on" in err


def test_an_out_folder_that_is_not_there_is_an_error_and_is_not_made(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mistyped" / "series.csv"
    assert run(capsys, "table", "series", "-w", workspace, "--out", out)[0] == 2
    assert run(capsys, "report", "run", "dose_by_protocol", "-w", workspace, "--out", out)[0] == 2
    assert not out.parent.exists()


def test_init_closes_the_folder_of_a_workspace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o750)
    assert run(capsys, "init", "-w", tmp_path)[0] == 0
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert run(capsys, "init", "-w", tmp_path / "new")[0] == 0
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
