"""Verbs by which objects come in: every file gets one verdict, and says it once."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage, Verification

from tests.cli.verbs import CT, run
from workbench.cli.output import (
    NOT_STARTED,
    PROBLEMS,
)
from workbench.settings_file import read_settings
from workbench.simulate.peers import free_port
from workbench.survey import open_survey


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


def test_receive_keeps_what_is_pushed_until_it_is_stopped(workspace: Path) -> None:
    port = free_port()
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


def test_init_closes_the_folder_of_a_workspace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o750)
    assert run(capsys, "init", "-w", tmp_path)[0] == 0
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert run(capsys, "init", "-w", tmp_path / "new")[0] == 0
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_the_same_folder_again_brings_nothing_new(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "a.dcm").write_bytes(CT.read_bytes())
    assert run(capsys, "import", tmp_path / "f", "-w", workspace)[0] == 0
    code, counts, _ = run(capsys, "import", tmp_path / "f", "-w", workspace)
    assert code == 0
    assert counts["verdicts"]["stored"] == 0  # type: ignore[index]
    assert open_survey(workspace).table("instance").height == 1


def test_reasons_of_what_was_not_stored_are_counted_by_their_code(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Grottenolm.dcm").write_text("no image")
    code, counts, err = run(capsys, "import", tmp_path / "Grottenolm.dcm", "-w", workspace)
    assert code == PROBLEMS
    assert sum(counts["codes"].values()) == 1  # type: ignore[attr-defined]
    (name,) = counts["codes"]  # type: ignore[misc]
    assert f"- 1 x {name}" in err
    assert "table 'rejected'" in err
    assert "Grottenolm" not in err + json.dumps(counts)
    assert open_survey(workspace).rejected()["code"].to_list() == [name]


def test_codes_add_up_to_the_verdicts(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(CT.read_bytes())
    (folder / "b.dcm").write_bytes(CT.read_bytes())  # the same object
    (folder / "c.dcm").write_bytes(CT.read_bytes()[:-3000])  # damaged
    (folder / "d.txt").write_text("no image")
    changed = dcmread(CT)
    changed.KVP = 81
    changed.save_as(folder / "e.dcm")  # the same UID, other content
    seen = []
    for _ in range(2):
        _, counts, err = run(capsys, "import", folder, "-w", workspace)
        verdicts, codes = dict(counts["verdicts"]), dict(counts["codes"])  # type: ignore[call-overload]
        stored = verdicts.pop("stored")
        assert sum(codes.values()) == sum(verdicts.values()) == 5 - stored
        for code, number in codes.items():
            assert f"- {number} x {code}" in err
        seen.append((stored, codes))
    (first, once), (second, again) = seen
    assert (first, second) == (1, 0)
    assert {"same_object", "same_uid_other_content"} < once.keys()
    assert again["unchanged"] == 1
    assert set(open_survey(workspace).rejected()["code"]) == once.keys()


def test_where_nothing_but_unchanged_files_came_no_table_is_named(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.dcm").write_bytes(CT.read_bytes())
    run(capsys, "import", tmp_path / "a.dcm", "-w", workspace)
    code, counts, err = run(capsys, "import", tmp_path / "a.dcm", "-w", workspace)
    assert (code, counts["codes"]) == (0, {"unchanged": 1})
    assert "table 'rejected'" not in err


def test_the_issuer_of_the_site_is_a_setting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "init", "-w", tmp_path / "w", "--issuer", "CHL")
    assert read_settings(tmp_path / "w").survey.issuer == "CHL"
    assert 'issuer = "CHL"' in (tmp_path / "w" / "workbench.toml").read_text("utf-8")


def test_a_path_that_is_not_there_stops_all_before_anything_is_read(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, _ = run(capsys, "import", CT, "/nowhere/series", "-w", workspace)
    assert code == NOT_STARTED
    assert "there is no '/nowhere/series'" in str(answer["message"]), "which of the two it is"
    assert str(CT) not in str(answer), "what is right is not told of"
    assert open_survey(workspace).table("instance").is_empty()


def test_a_workspace_is_made_once(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second one in its place would have another key, and no pseudonym would fit."""
    key = (workspace / "hospital.key").read_bytes()
    assert run(capsys, "init", "-w", workspace, "--survey", "other")[0] == NOT_STARTED
    assert (workspace / "hospital.key").read_bytes() == key
    assert open_survey(workspace).settings.survey.name == "test"
