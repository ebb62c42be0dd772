"""A folder is imported whole, once, by whoever does the work, and again where it was cut off."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import polars as pl
import pytest

from workbench.dicom.files import Candidate
from workbench.errors import SettingsError
from workbench.executors import Dask, Executor, Processes, Serial
from workbench.simulate.hospital import simulate_hospital
from workbench.stages.border import Border
from workbench.stages.dosing import estimate_doses
from workbench.stages.importing import ImportTask, import_files
from workbench.stages.mapping import map_survey
from workbench.survey import Survey, create_survey

OWN = ("object_number", "received_at", "key_fingerprint")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    simulate_hospital(patients=3).write(folder)
    (folder / "text").write_text("no object")
    return folder


@pytest.fixture(scope="module")
def cluster() -> str:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        host="127.0.0.1",
    ) as running:  # fmt: skip
        yield running.scheduler_address


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return create_survey(tmp_path / "w")


def with_key_of(survey: Survey, folder: Path) -> Survey:
    other = create_survey(folder)
    (folder / "hospital.key").write_bytes((survey.folder / "hospital.key").read_bytes())
    return other


def result(survey: Survey) -> dict[str, pl.DataFrame]:
    names = ("instance", "series", "irradiation_event", "dose_estimate", "finding")
    frames = {name: survey.table(name) for name in names}
    return {
        name: frame.drop(OWN, strict=False).sort(pl.all().cast(pl.String, strict=False))
        if name == "finding"
        else frame.drop(OWN, strict=False)
        for name, frame in frames.items()
    }


def line(survey: Survey, files: Path, using: Executor) -> dict[str, int]:
    intake = import_files(survey, [files], using=using)
    map_survey(survey, using=using)
    estimate_doses(survey, using=using)
    return {name: number for name, number in intake.verdicts.items() if number}


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_tables_are_the_same_whoever_does_the_work(
    kind: str, survey: Survey, files: Path, tmp_path: Path, cluster: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("workbench.stages.importing.FILES_A_TASK", 100)
    monkeypatch.setattr("workbench.stages.mapping.MAPPED_AT_ONCE", 300)
    monkeypatch.setattr("workbench.stages.dosing.ESTIMATED_AT_ONCE", 2)
    using: Executor = Processes(2) if kind == "processes" else Dask(cluster)
    other = with_key_of(survey, tmp_path / "other")
    assert line(survey, files, using) == line(other, files, Serial())
    expected = result(other)
    assert expected["dose_estimate"].height > 0
    for name, frame in result(survey).items():
        assert frame.equals(expected[name]), name
    assert not list(survey.store.problems())


def test_an_import_that_stopped_goes_on_and_reads_nothing_twice(
    survey: Survey, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.stages.importing.FILES_A_TASK", 50)
    seen: list[int] = []

    def stop(done: int, total: int | None, text: str) -> None:
        seen.append(done)
        if done >= 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_files(survey, [files], stop, using=Serial())
    assert survey.table("instance").height >= 149
    had = survey.table("instance").height
    read: list[Path] = []
    whole = Candidate.read

    def counted(one: Candidate, *words: object) -> object:
        read.append(one.path)
        return whole(one, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(Candidate, "read", counted)
    intake = import_files(survey, [files], using=Serial())
    assert intake.verdicts.total() == len(list(files.rglob("*.*"))) + 1
    assert len(read) == intake.verdicts.total() - had
    read.clear()
    assert import_files(survey, [files], using=Serial()).verdicts["stored"] == 0
    assert len(read) == 1, "only what was refused is looked at again"


@pytest.mark.parametrize("kind", ["serial", "processes", "dask"])
def test_rows_made_the_long_way_are_counted_and_recorded(
    kind: str, survey: Survey, files: Path, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.stages.importing.FILES_A_TASK", 100)
    using = {"serial": Serial(), "processes": Processes(2), "dask": Dask(cluster)}[kind]
    intake = import_files(survey, [files], using=using)
    assert intake.long_way["first_of_patient"] >= 3
    assert intake.long_way["report"] >= 1
    assert 0 < intake.long_way.total() < intake.verdicts["stored"] / 2
    assert not any(reason.endswith("Error") for reason in intake.long_way)
    (run,) = survey.table("run").filter(pl.col("stage") == "import").to_dicts()
    assert intake.as_json()["long_way"] == dict(intake.long_way)
    assert json.loads(run["counts"])["long_way"] == dict(intake.long_way)


def test_the_workspace_is_opened_once_for_all_tasks_and_closed(
    survey: Survey, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.stages.importing.FILES_A_TASK", 50)
    opened, closed = list[Border](), list[Border]()
    whole, close = Border.__init__, Border.close
    monkeypatch.setattr(
        Border, "__init__", lambda self, of: (opened.append(self), whole(self, of))[-1]
    )
    monkeypatch.setattr(Border, "close", lambda self: (closed.append(self), close(self))[-1])
    for number in (1, 2):
        import_files(survey, [files], using=Serial())
        assert len(opened) == number
        assert closed == opened


def test_a_file_changed_in_place_is_read_again(survey: Survey, files: Path, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    first, second = [path for path in sorted(files.rglob("*.*")) if path.is_file()][:2]
    (folder / "one").write_bytes(first.read_bytes())
    import_files(survey, [folder])
    (folder / "one").write_bytes(second.read_bytes())
    later = time.time() + 5
    os.utime(folder / "one", (later, later))
    assert import_files(survey, [folder]).verdicts["stored"] == 1
    assert survey.table("instance").height == 2


def test_what_is_printed_of_a_task_names_no_file(tmp_path: Path) -> None:
    task = ImportTask(tmp_path, "x", (Candidate(Path("/home/Grottenolm")),))
    assert "Grottenolm" not in f"{task!r}{task}"


def test_several_machines_do_not_share_a_file(
    survey: Survey, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from workbench.cli import main

    monkeypatch.setattr(Dask, "hosts", lambda self: {"10.0.0.1", "10.0.0.2"})
    words = ["map", "-w", str(survey.folder), "--scheduler", "tcp://127.0.0.1:9"]
    assert main(words) == 2
    assert "PostgreSQL" in capsys.readouterr().err
    assert SettingsError.__name__
