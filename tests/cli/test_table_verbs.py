"""Verbs that make and write tables: the same counts for a person and for a program."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from tests.cli.verbs import CT, run
from workbench.cli import main
from workbench.cli.output import (
    DONE,
    NOT_STARTED,
    PROBLEMS,
)
from workbench.errors import SettingsError
from workbench.language import current_language
from workbench.schema import TABLES
from workbench.survey import create_survey, open_survey


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


def test_an_out_folder_that_is_not_there_is_an_error_and_is_not_made(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mistyped" / "series.csv"
    assert run(capsys, "table", "series", "-w", workspace, "--out", out)[0] == 2
    assert run(capsys, "report", "run", "dose_by_protocol", "-w", workspace, "--out", out)[0] == 2
    assert not out.parent.exists()


@pytest.mark.parametrize("word", ["mapped", "worked on"])
def test_counts_are_said_to_a_person_too(
    workspace: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    assert run(capsys, "import", CT, "-w", workspace)[0] == DONE
    _, counts, err = run(capsys, "map", "-w", workspace)
    if word == "worked on":
        _, counts, err = run(capsys, "dose", "-w", workspace)
    assert f"{counts['studies']} studies {word}" in err


def test_a_table_that_is_none_is_refused_with_the_list_and_leaves_no_file(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.csv"
    code, answer, _ = run(capsys, "table", "shoes", "-w", workspace, "--out", out)
    assert code == NOT_STARTED
    assert all(name in str(answer["message"]) for name in TABLES)
    assert not out.exists()


def test_rows_written_are_rows_of_the_file(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "import", CT, "-w", workspace)
    out = tmp_path / "instance.parquet"
    code, counts, _ = run(capsys, "table", "instance", "-w", workspace, "--out", out)
    assert (code, counts) == (DONE, {"rows": 1})
    assert pl.read_parquet(out).height == 1
    other = tmp_path / "instance.doc"
    assert run(capsys, "table", "instance", "-w", workspace, "--out", other)[0] == NOT_STARTED
    assert not other.exists()


@pytest.mark.parametrize("given", ["year", "nothing_like_it=1"])
def test_a_wrong_parameter_starts_no_report(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    out = tmp_path / "r.html"
    words = ["report", "run", "dose_by_protocol", "-w", workspace, "--out", out, "-p", given]
    assert run(capsys, *words)[0] == NOT_STARTED
    assert not out.exists()


def test_again_works_on_all_studies_and_mends_what_was_lost(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "import", CT, "-w", workspace)
    run(capsys, "map", "-w", workspace)
    run(capsys, "dose", "-w", workspace)
    survey = open_survey(workspace)
    whole = {name: survey.table(name) for name in ("series", "irradiation_event", "dose_estimate")}
    survey.store.publish({name: frame.head(0) for name, frame in whole.items()})
    code, answer, err = run(capsys, "store", "check", "-w", workspace)
    assert code == PROBLEMS
    assert "workbench map --again" in str(answer["problems"])
    assert "workbench map --again" in err
    assert "map --again" in str(run(capsys, "check", "-w", workspace)[1]["problems"])
    assert run(capsys, "map", "-w", workspace)[1]["studies"] == 0
    assert run(capsys, "map", "-w", workspace, "--again")[1]["studies"] == 1
    survey.store.publish({"dose_estimate": whole["dose_estimate"].head(0)})
    code, answer, _ = run(capsys, "store", "check", "-w", workspace)
    assert code == PROBLEMS
    assert "workbench dose --again" in str(answer["problems"])
    assert run(capsys, "dose", "-w", workspace, "--again")[1]["studies"] == 1
    for name, frame in whole.items():
        assert survey.table(name).equals(frame), name
    survey.close()
    code, answer, err = run(capsys, "store", "check", "-w", workspace)
    assert (code, answer["problems"]) == (DONE, [])
    assert "no study is missing" in err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("country=XX", "no CT reference levels of country=XX year=2022. There are: "),
        ("year=1900", "country=UK year=1900"),
    ],
)
def test_a_wrong_value_of_a_parameter_says_what_there_is(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str, said: str
) -> None:
    out = tmp_path / "r.html"
    words = ["report", "run", "dose_by_protocol", "-w", workspace, "--out", out, "-p", given]
    code, answer, err = run(capsys, *words)
    assert (code, answer["outcome"]) == (PROBLEMS, "failed")
    assert said in str(answer["message"])
    assert "UK 2022" in str(answer["message"])
    assert said in err
    assert not out.exists()


def test_reports_are_listed_with_their_parameters_the_sites_own_too(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = workspace / "report_templates"
    own.mkdir()
    (own / "mine.ipynb").write_text("{}")
    code, told, err = run(capsys, "report", "list", "-w", workspace)
    rows = {row["name"]: row for row in told["reports"]}  # type: ignore[attr-defined]
    assert rows["dose_by_protocol"]["parameters"]["country"] == "UK"
    assert "workspace" not in rows["dose_by_protocol"]["parameters"]
    assert code == PROBLEMS, "one of them cannot be read"
    assert rows["mine"]["problem"]
    assert f"mine  {rows['mine']['problem']}" in err
    (own / "mine.ipynb").unlink()
    assert run(capsys, "report", "list", "-w", workspace)[0] == DONE


@pytest.mark.parametrize("name", ["dose_by_protcol", "../../etc", ""])
def test_a_report_that_is_none_is_named(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    words = ["report", "run", name, "-w", workspace, "--out", tmp_path / "r.html"]
    code, answer, _ = run(capsys, *words)
    assert code == NOT_STARTED
    assert f"'{name}'" in str(answer["message"])


def test_the_instruction_of_the_index_works_on_a_new_workspace_as_it_is_written(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from workbench.server import index

    page = (Path(index.__file__).parent / "templates/workbench/home.html").read_text("utf-8")
    (command,) = re.findall(r'code\("workbench (report run .*?)"\)', page)
    words = [str(workspace) if word == "W" else word for word in command.split()]
    words = [word.replace("W/", f"{workspace}/") for word in words]
    assert not (workspace / "reports").exists(), "nobody made it"
    assert run(capsys, *words)[0] == DONE
    (report,) = index.reports(workspace)
    assert report.file == "dose.html"


def test_a_stage_too_early_says_which_one_comes_first(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ("map", "dose"):
        code, _, err = run(capsys, verb, "-w", workspace)
        assert code == DONE, "there is nothing to do, and that is no problem"
        assert "workbench import" in err
    assert run(capsys, "import", CT, "-w", workspace)[0] == DONE
    code, told, err = run(capsys, "dose", "-w", workspace)
    assert (code, told["estimates"]) == (PROBLEMS, 0)
    assert "Run first: workbench map" in err
    assert "workbench map" in str(told["problem"])
    assert run(capsys, "map", "-w", workspace)[0] == DONE
    code, told, err = run(capsys, "dose", "-w", workspace)
    assert (code, told["problem"]) == (DONE, "")
    assert "first" not in err


@pytest.mark.parametrize("setting", ["xx", ""])
def test_a_report_is_in_the_language_of_the_settings_unless_another_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    spoken = []

    def run_report(*_: object) -> object:
        spoken.append(current_language())
        raise SettingsError("enough.")

    monkeypatch.setattr("workbench.stages.reporting.run_report", run_report)
    create_survey(tmp_path / "w").close()
    with (tmp_path / "w" / "workbench.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[server]\nlanguage = "{setting}"\n' if setting else "")
    words = ["report", "run", "dose_by_protocol", "-w", str(tmp_path / "w"), "--out"]
    assert main([*words, str(tmp_path / "r.html")]) == 2
    assert spoken == [setting or "en"]


def test_a_report_in_a_language_nobody_has_is_refused_in_english(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create_survey(tmp_path / "w").close()
    out = tmp_path / "r.html"
    words = ["report", "run", "dose_by_protocol", "-w", str(tmp_path / "w"), "--out", str(out)]
    assert main([*words, "-p", "language=tlh"]) == 2
    assert "there are no texts in the language 'tlh'. There is: en" in capsys.readouterr().err
    assert not out.exists()
