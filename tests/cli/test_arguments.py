"""Kinds of words on the command line: each takes what is one, and says what others lack."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from workbench.cli.arguments import (
    MAX_PORT,
    SITE,
    SURVEY,
    EmailAddress,
    Folder,
    Group,
    Input,
    LocalTime,
    Name,
    NamedChoice,
    Number,
    OutputFile,
    PatientId,
    SchedulerAddress,
    Setting,
    Title,
    WholeNumber,
    near,
    state_of,
)

Kind = Callable[[str], object]
HOURS = Number("hours", 48.0)
DAYS = Number("days", 100.0, above=None)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (WholeNumber(1), "7", 7),
        (WholeNumber(-5, 5), "-5", -5),
        (WholeNumber(0, MAX_PORT), "65535", 65535),
        (HOURS, "0.5", 0.5),
        (HOURS, "48", 48.0),
        (DAYS, "0", 0.0),
        (LocalTime(), "2024-02-29", datetime(2024, 2, 29)),
        (LocalTime(), "2026-02-28T13:45", datetime(2026, 2, 28, 13, 45)),
        (SURVEY, "lung-ct 2026", "lung-ct 2026"),
        (SITE, "LU01", "LU01"),
        (Title(), "PACS 1", "PACS 1"),
        (Title(address=True), "CT1@10.0.0.7", "CT1@10.0.0.7"),
        (Title(address=True), "CT1@ct1.hospital.example", "CT1@ct1.hospital.example"),
        (SchedulerAddress(), "tls://host:8786", "tls://host:8786"),
        (Group(), "", ""),
        (PatientId(), "007", "007"),
        (EmailAddress(), "a.b@c.example", "a.b@c.example"),
        (EmailAddress(), "Dr. Öz <a@b.org>", "Dr. Öz <a@b.org>"),
        (NamedChoice("state", lambda: ["failed"]), "failed", "failed"),
        (Setting(), "country=UK", "country=UK"),
        (Setting(), "title=", "title="),
    ],
)
def test_what_is_one_is_taken(kind: Kind, text: str, value: object) -> None:
    assert kind(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (WholeNumber(1), "0", "'0' is no whole number from 1 up"),
        (WholeNumber(1, 256), "257", "from 1 to 256"),
        (WholeNumber(), "1.5", "whole number"),
        (WholeNumber(), "one", "'one'"),
        (WholeNumber(), "9" * 30, "whole number"),
        (WholeNumber(), "9" * 9999, "whole number"),
        (HOURS, "0", "above 0 and up to 48"),
        (HOURS, "nan", "'nan' is no number of hours"),
        (HOURS, "inf", "number of hours"),
        (HOURS, "-1", "above 0"),
        (HOURS, "an hour", "'an hour'"),
        (DAYS, "-0.1", "from 0"),
        (LocalTime(), "2026-02-29", "'2026-02-29' is no day"),
        (LocalTime(), "yesterday", "Write 2026-02-28"),
        (LocalTime(), "2026-02-28T13:45+01:00", "local time"),
        (SURVEY, "", "name of a survey"),
        (SURVEY, "x" * 65, "1 to 64"),
        (SITE, "x" * 17, "1 to 16"),
        (Name("thing"), "a\\b", "thing"),
        (Name("thing"), "a\nb", "thing"),
        (Title(), "SEVENTEEN_LETTERS", "AE title"),
        (Title(), "RÖ", "AE title"),
        (EmailAddress(), "nobody", "name@host"),
        (EmailAddress(), "a@b.org, c@d.org", "name@host"),
        (EmailAddress(), "a@b.org\nBcc: c@d.org", "name@host"),
        (Title(), "A@B\\C", "AE title"),
        (Title(address=True), "A@", "TITLE@address"),
        (Title(address=True), "A@ho st", "TITLE@address"),
        (SchedulerAddress(), "host:8786", "tcp://host:port"),
        (SchedulerAddress(), "tcp://host:99999", "'tcp://host:99999'"),
        (Group(), "no such group", "no group 'no such group'"),
        (NamedChoice("state", lambda: ["failed", "done"]), "failde", "Did you mean failed?"),
        (NamedChoice("state", lambda: ["failed", "done"]), "x", "There is: done, failed."),
        (NamedChoice("report", list), "x", "There is none yet."),
        (Setting(), "country", "NAME=VALUE"),
        (Setting(), "=UK", "NAME=VALUE"),
    ],
)
def test_what_is_none_is_refused_in_words(kind: Kind, text: str, said: str) -> None:
    with pytest.raises(ArgumentTypeError) as refusal:
        kind(text)
    assert said in str(refusal.value)


@pytest.mark.parametrize("text", ["", "A*", "A?", "A\\B", "A\n", "7" * 65])
def test_what_is_no_patient_id_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="no patient ID") as refusal:
        PatientId()(text)
    assert not text or text not in str(refusal.value)


def test_of_many_names_some_are_told() -> None:
    told = near("zzzz", (f"name-{number}" for number in range(1000)))
    assert told.endswith("...")
    assert len(told) < 1000


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.csv").write_text("")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to("circle")
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Input(), "file.csv"),
        (Input(folders=True), "folder"),
        (OutputFile(), "new.csv"),
        (OutputFile(), "file.csv"),
        (OutputFile((".html",)), "folder/new.html"),
        (OutputFile(screen=True), "-"),
        (OutputFile(made="reports"), "folder/reports/new.html"),
        (OutputFile(made="reports"), "reports/new.html"),
        (Folder(), "folder"),
        (Folder(), "new/er"),
    ],
)
def test_paths_that_will_do(place: Path, kind: Kind, text: str) -> None:
    assert kind(text) == Path(text)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (Input(), "none", "there is no 'none'"),
        (Input(), "file.csv/x", "there is no 'file.csv/x'"),
        (Input(), "folder", "'folder' is a folder. Name a file."),
        (Input(), "", "empty"),
        (Input(), "a\0b", "no name of a file"),
        (Input(), "x" * 5000, "cannot be opened"),
        (Input(), "circle", "cannot be opened"),
        (OutputFile(), "folder", "'folder' is a folder. Name a file."),
        (OutputFile(), "none/new.csv", "there is no folder 'none'"),
        (OutputFile(), "file.csv/new.csv", "'file.csv' is a file"),
        (OutputFile(), "pipe", "is no file"),
        (OutputFile(), "/dev/null", "is no file"),
        (OutputFile((".html", ".pdf")), "x.htm", "must end in .html or .pdf"),
        (OutputFile(made="reports"), "none/reports/x.html", "there is no folder 'none'"),
        (OutputFile(made="reports"), "file.csv/reports/x.html", "'file.csv' is a file"),
        (OutputFile(), "-", None),
        (Folder("a workspace"), "file.csv", "'file.csv' is a file. Name a workspace."),
        (Folder(), "file.csv/deep/er", "is a file, not a folder"),
    ],
)
def test_paths_that_will_not_do_are_named(
    place: Path, kind: Kind, text: str, said: str | None
) -> None:
    if said is None:  # a file that is called so, where the screen is not meant
        assert kind(text) == Path(text)
        return
    with pytest.raises(ArgumentTypeError) as refusal:
        kind(text)
    assert said in str(refusal.value)


@pytest.mark.parametrize(("kind", "text", "closed"), [
    (Input(), "file.csv", os.R_OK), (OutputFile(), "folder/x.csv", os.W_OK | os.X_OK),
])  # fmt: skip
def test_what_we_may_not_read_or_write_is_told_before_the_work(
    place: Path, kind: Kind, text: str, closed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda _, mode: mode != closed)  # root may do everything
    with pytest.raises(ArgumentTypeError, match="may"):
        kind(text)


def test_nothing_is_made_by_looking(place: Path) -> None:
    before = sorted(place.rglob("*"))
    OutputFile(made="reports")("reports/x.html")
    Folder()("new")
    assert state_of("new") is None
    assert sorted(place.rglob("*")) == before
