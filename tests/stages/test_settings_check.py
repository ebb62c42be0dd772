"""Every key of the settings: what the verb that uses it refuses, ``check`` calls wrong before.

The keys are those of the settings' own dataclasses and readers: a new one without a wrong value
here fails the first test.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import tomlkit

from tests.collect.tls_peers import authority, certificate
from workbench.cli import main
from workbench.collect.connections import allowed_peer, source_of
from workbench.collect.filters import CONDITION_KEYS
from workbench.collect.filters import KEYS as FILTER_KEYS
from workbench.collect.hours.schedule import KEYS as SCHEDULE_KEYS
from workbench.collect.received import STORED
from workbench.errors import NetworkError, SettingsError, WorkbenchError
from workbench.mail import Letter, Post
from workbench.settings import FILE, EntitySettings, Settings, StoreSettings, TlsSettings
from workbench.settings_file import read_settings
from workbench.simulate.peers import free_port
from workbench.stages.quality.alarms import ALARM
from workbench.stages.report_letter import pages_address
from workbench.stages.settings_check import OURS, THEIRS, setting_notes, setting_problems
from workbench.stages.workspace_check import check_workspace
from workbench.survey import create_survey, open_survey

Tables = dict[str, Any]


def keys() -> set[tuple[str, str]]:
    """Every table and key there is."""
    every = {("filter", key) for key in FILTER_KEYS} | {("schedule", key) for key in SCHEDULE_KEYS}
    every |= {("filter.tag", key) for key in CONDITION_KEYS}
    kinds = get_type_hints(Settings)
    for table in fields(Settings):
        kind = {"pacs": EntitySettings, "tls": TlsSettings}.get(table.name, kinds[table.name])
        if is_dataclass(kind):
            every |= {(table.name, key.name) for key in fields(kind)}
    return every


# --- verbs that refuse -------------------------------------------------------------------------


def reads(folder: Path) -> None:
    """Any verb: it reads the settings first."""
    read_settings(folder)


def opens(folder: Path) -> None:
    """Any verb that needs the store."""
    open_survey(folder).close()


def collects(folder: Path) -> None:
    """``collect run``."""
    code = main(["collect", "run", "--until-done", "-w", str(folder)])
    if code == 2:
        raise SettingsError("it could not start.")
    assert code in (0, 1)


def asks(folder: Path) -> None:
    """Whatever calls the PACS."""
    source_of(read_settings(folder), folder, lambda _: STORED).echo()


def mails(folder: Path) -> None:
    """The alarm; no server is called where the settings are wrong."""
    settings = read_settings(folder)
    Post(settings, folder).send(Letter("an alarm", ()), settings.quality.mail_to)


def links(folder: Path) -> None:
    """The letter of a report names no page there."""
    pages_address(read_settings(folder).server)


def makes(folder: Path) -> None:
    """``init``."""
    settings = read_settings(folder)
    create_survey(folder / "another", Settings(store=StoreSettings(group=settings.store.group)))


def admits(folder: Path) -> None:
    """The receiver, when that peer calls."""
    for text in read_settings(folder).local.allow:
        if not allowed_peer(text).admits("CT1", "127.0.0.1"):
            raise NetworkError("nobody of that name is let in.")


def nobody(folder: Path) -> None:
    """No verb reads it there: it would do nothing without a word."""
    read_settings(folder)
    raise SettingsError("it has no effect.")


@dataclass(frozen=True)
class Wrong:
    """A wrong value, which tables it needs around it, and which verb refuses it."""

    value: Any
    verb: Callable[[Path], None] = reads
    around: Tables | None = None


TITLED = {"pacs": {"title": "PACS", "host": "127.0.0.1", "port": 9}}
WEB = {"pacs": {"title": "PACS", "retrieve": "web", "url": "https://127.0.0.1:9/dicom-web"}}
ENCRYPTED = {**TITLED, "tls": "files", "local": {"tls": True}}
CALLS = {"pacs": {**TITLED["pacs"], "tls": True}, "tls": "files"}
MOVES = {"pacs": {**CALLS["pacs"], "mover": "MOVER@127.0.0.1:9"}, "tls": "files"}
POST = {
    "mail": {"server": "127.0.0.1:9", "sender": "workbench@example.org"},
    "quality": {"mail_to": ["physics@example.org"]},
}  # fmt: skip
LOGS_IN = {**POST, "mail": {**POST["mail"], "user": "physics", "password_file": FILE}}
LONG = "SEVENTEEN_LETTERS"
NOWHERE = "no-such-host.invalid"

# Of whatever kind a value is, another kind is refused by the reader of the file.
WRONG: dict[tuple[str, str], list[Wrong]] = {
    ("survey", "name"): [Wrong(5), Wrong("", collects, TITLED)],
    ("survey", "site"): [Wrong(5), Wrong("two words", collects, TITLED)],
    ("survey", "issuer"): [Wrong(5), Wrong("x" * 65, collects, TITLED),
                           Wrong("A\\B", collects, TITLED)],
    ("survey", "times"): [Wrong("sometimes")],
    ("local", "title"): [Wrong(""), Wrong(LONG), Wrong("A\\B"), Wrong("TITÉ")],
    ("local", "host"): [Wrong(5), Wrong(NOWHERE, collects, TITLED)],
    ("local", "port"): [Wrong(0), Wrong(65536), Wrong("many")],
    ("local", "phantom_title"): [Wrong(LONG), Wrong("WORKBENCH")],
    ("local", "allow"): [
        Wrong("CT1"), Wrong([LONG], collects, TITLED), Wrong(["@192.0.2.7"], collects, TITLED),
        Wrong([f"CT1@{NOWHERE}"], admits),
    ],
    ("local", "tls"): [Wrong("perhaps"), Wrong(True, collects, TITLED)],
    **{("local", key): [Wrong(value, nobody)] for key, value in (
        ("retrieve", "get"), ("url", "https://127.0.0.1/"), ("token_file", "token"),
        ("mover", "MOVER@127.0.0.1:9"), ("associations", 2), ("tls_name", "a"),
        ("mover_tls_name", "a"),
    )},
    ("pacs", "title"): [Wrong("", reads, TITLED), Wrong(LONG, reads, TITLED)],
    ("pacs", "host"): [Wrong(5, reads, TITLED), Wrong(NOWHERE, asks, TITLED)],
    ("pacs", "port"): [Wrong(0, reads, TITLED), Wrong(65536, reads, TITLED)],
    ("pacs", "phantom_title"): [Wrong(LONG, reads, TITLED), Wrong("PHANTOM", nobody, TITLED)],
    ("pacs", "allow"): [Wrong("CT1", reads, TITLED), Wrong(["CT1"], nobody, TITLED)],
    ("pacs", "retrieve"): [Wrong("post", reads, TITLED), Wrong("web", collects, TITLED)],
    ("pacs", "url"): [
        Wrong("", collects, WEB), Wrong("ftp://pacs", collects, WEB),
        Wrong("https://me:secret@127.0.0.1/", collects, WEB), Wrong(f"http://{NOWHERE}", asks, WEB),
    ],
    ("pacs", "token_file"): [Wrong("no-such-file", collects, WEB)],
    ("pacs", "mover"): [
        Wrong("MOVER", collects, TITLED), Wrong("MOVER@127.0.0.1:ten", collects, TITLED),
        Wrong(f"MOVER@{NOWHERE}:104", asks, TITLED),
    ],
    ("pacs", "associations"): [Wrong(0, reads, TITLED), Wrong("two", reads, TITLED)],
    ("pacs", "tls"): [Wrong("perhaps", reads, TITLED), Wrong(True, collects, TITLED)],
    ("pacs", "tls_name"): [Wrong(5, reads, TITLED), Wrong(".pacs", asks, CALLS),
                           Wrong("a" * 64, asks, CALLS)],
    ("pacs", "mover_tls_name"): [Wrong(5, reads, TITLED), Wrong(".mover", asks, MOVES)],
    **{("collect", key): [Wrong("soon"), Wrong(-1), Wrong(float("inf")), Wrong(float("nan"))]
       for key in ("pause_s", "quiet_s", "answer_s", "retrieve_s", "stalled_s", "whole_s",
                   "retry_minutes")},
    ("collect", "dose_when_complete"): [Wrong("perhaps"), Wrong([])],
    ("collect", "tries"): [Wrong("many"), Wrong(0), Wrong(1.5)],
    **{("tls", key): [Wrong("no-such-file", collects, ENCRYPTED),
                      Wrong(FILE, collects, ENCRYPTED), Wrong(5, reads, ENCRYPTED)]
       for key in ("certificate", "key", "authorities")},
    ("store", "catalogue"): [Wrong(5), Wrong("postgresql://nobody@127.0.0.1:9/none", opens)],
    ("store", "schema"): [Wrong(5)],
    ("store", "parts"): [Wrong(5), Wrong("a folder", opens), Wrong("s3://me@bucket/x", opens)],
    ("store", "group"): [Wrong(5), Wrong("no-such-group-here", makes)],
    ("protect", "profile"): [Wrong("no-such-file", collects, TITLED),
                             Wrong(FILE, collects, TITLED)],
    **{("protect", key): [Wrong("perhaps")] for key in (
        "patient_details", "devices", "institution", "dates", "times", "descriptions",
        "report_texts", "private",
    )},
    ("protect", "words"): [Wrong("no-such-file", collects, TITLED)],
    ("protect", "keep"): [Wrong("KVP"), Wrong(["NoKeyword"], collects, TITLED)],
    ("protect", "drop"): [Wrong("KVP"), Wrong(["NoKeyword"], collects, TITLED)],
    ("quality", "quiet_s"): [Wrong("soon"), Wrong(-1), Wrong(float("inf"))],
    ("quality", "unselected_days"): [Wrong("soon"), Wrong(-1)],
    ("quality", "mail_to"): [Wrong("a@b.org"), Wrong(["nobody"], mails, POST)],
    ("mail", "server"): [
        Wrong("mail", mails, POST), Wrong("mail:smtp", mails, POST), Wrong(":25", mails, POST),
        Wrong("mail:70000", mails, POST),
    ],
    ("mail", "security"): [Wrong("a little")],
    ("mail", "sender"): [Wrong("nobody", mails, POST), Wrong("a@b\nBcc: c@d", mails, POST)],
    ("mail", "user"): [Wrong("physics", mails, POST), Wrong("phüsics", mails, LOGS_IN)],
    ("mail", "password_file"): [Wrong("no-such-file", mails, LOGS_IN)],
    ("mail", "ca_file"): [Wrong("no-such-file", mails, POST), Wrong(FILE, mails, POST)],
    ("mail", "timeout_s"): [Wrong("soon"), Wrong(0), Wrong(float("inf"))],
    ("mail", "max_attachment_mb"): [Wrong("large"), Wrong(-1), Wrong(float("nan"))],
    ("server", "kernels"): [Wrong(0), Wrong("few")],
    ("server", "kernels_per_visitor"): [Wrong(0), Wrong("few")],
    ("server", "kernel_memory_mb"): [Wrong(0), Wrong("little")],
    ("server", "address"): [Wrong("w.example", links), Wrong("ftp://w.example", links), Wrong(80)],
    ("server", "language"): [Wrong("tlh"), Wrong("DE"), Wrong("../en"), Wrong(""), Wrong(1)],
    ("filter", "modalities"): [Wrong("CT", collects, TITLED)],
    ("filter", "study_date"): [Wrong(["2024-12-31"], collects, TITLED),
                               Wrong(["2024-13-01", ""], collects, TITLED),
                               Wrong(["2024-12-31", "2020-01-01"], collects, TITLED)],
    ("filter", "age_years"): [Wrong([18, 0], collects, TITLED), Wrong("18", collects, TITLED)],
    ("filter", "tag"): [Wrong("KVP", collects, TITLED), Wrong(5, collects, TITLED),
                        Wrong({"tag": "KVP"}, collects, TITLED)],
    ("filter.tag", "tag"): [Wrong("NoKeyword", collects, TITLED)],
    ("filter.tag", "creator"): [Wrong("MAKER", collects, TITLED)],
    ("filter.tag", "values"): [Wrong("80", collects, TITLED)],
    ("filter.tag", "range"): [Wrong([140, 80], collects, TITLED), Wrong([80], collects, TITLED)],
    ("schedule", "zone"): [Wrong("Mars/Olympus", collects, TITLED)],
    ("schedule", "country"): [Wrong("Luxembourg", collects, TITLED), Wrong(5, collects, TITLED)],
    ("schedule", "subdivision"): [Wrong("BY", collects, TITLED)],
    ("schedule", "holidays"): [Wrong(["yesterday"], collects, TITLED), Wrong(5, collects, TITLED)],
    **{("schedule", key): [Wrong({"monday": "###"}, collects, TITLED),
                           Wrong({"lundi": "#" * 24}, collects, TITLED),
                           Wrong("always", collects, TITLED)] for key in ("query", "upload")},
}  # fmt: skip
CASES = [
    pytest.param(table, key, wrong, id=f"{table}.{key}={str(wrong.value)[:24]!r}")
    for (table, key), listed in WRONG.items()
    for wrong in listed
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    authority(folder, "hospital")
    made = certificate(folder, "us", "hospital")
    return {name: str(file) for name, file in vars(made).items()}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_survey(tmp_path / "w").close()
    return tmp_path / "w"


def written(folder: Path, around: Tables | None, files: dict[str, str] | None = None) -> Tables:
    """Write settings that are right, with other tables around; return them."""
    tables: Tables = {
        "survey": {"name": "test", "site": "LU01"},
        "local": {"title": "WORKBENCH", "host": "127.0.0.1", "port": free_port()},
    }
    for name, table in (around or {}).items():
        tables[name] = {**tables.get(name, {}), **((files or {}) if table == "files" else table)}
    write(folder, tables)
    return tables


def write(folder: Path, tables: Tables) -> None:
    (folder / FILE).write_text(tomlkit.dumps(tables))


def spoilt(tables: Tables, table: str, key: str, value: Any) -> Tables:
    if table == "filter.tag":
        condition = {"tag": "KVP", "range": [80, 140], key: value}
        return {**tables, "filter": {"tag": [condition]}}
    return {**tables, table: {**tables.get(table, {}), key: value}}


def test_every_key_has_a_wrong_value_here() -> None:
    assert set(WRONG) == keys()
    assert all(WRONG.values())


@pytest.mark.parametrize(("table", "key", "wrong"), CASES)
def test_what_a_verb_refuses_is_called_wrong_before(
    workspace: Path, files: dict[str, str], table: str, key: str, wrong: Wrong,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    right = written(workspace, wrong.around, files)
    assert check_workspace(workspace).problems == [], "all else is in order"
    write(workspace, spoilt(right, table, key, wrong.value))
    with pytest.raises(WorkbenchError):
        wrong.verb(workspace)
    capsys.readouterr()
    assert main(["check", "-w", str(workspace), "--json"]) == 1
    said = capsys.readouterr()
    assert "in order" not in said.out + said.err
    told = " ".join(json.loads(said.out)["problems"])
    assert key in told or f"[{table}]" in told or table.split(".", maxsplit=1)[0] in told, told


@pytest.mark.parametrize(
    "around",
    [TITLED, ENCRYPTED, CALLS, MOVES, POST, WEB, {}],
    ids=["plain", "encrypted", "calls", "mover", "mail", "web", "nothing"],
)
def test_what_is_right_is_in_order(
    workspace: Path, files: dict[str, str], around: Tables, capsys: pytest.CaptureFixture[str]
) -> None:
    written(workspace, around, files)
    assert main(["check", "-w", str(workspace)]) == 0
    assert "What was checked is in order." in capsys.readouterr().out


def test_no_credential_is_bound_to_an_address_by_looking(
    workspace: Path, files: dict[str, str]
) -> None:
    written(workspace, CALLS, files)
    check_workspace(workspace)
    assert not (workspace / "credentials.json").exists()


def test_keys_of_the_two_entities_are_told_apart() -> None:
    shared = {"title", "host", "port", "tls"}
    assert {key.name for key in fields(EntitySettings)} == {*OURS, *THEIRS, *shared}


# --- what else verbs read ----------------------------------------------------------------------


def problems(folder: Path) -> str:
    survey = open_survey(folder)
    try:
        return " ".join(setting_problems(survey))
    finally:
        survey.close()


def test_a_collector_at_our_port_is_no_problem(workspace: Path) -> None:
    import socket

    port = written(workspace, TITLED)["local"]["port"]
    with socket.create_server(("127.0.0.1", port)):
        assert problems(workspace) == ""


PROFILE = {
    "name": "weekly", "test": "ct-water", "phantom": "ct_water_200", "station": "CT1",
    "select": {"Modality": "CT"}, "recipients": ["physics@example.org"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"test": "no-such-test"}, "no QA test"),
        ({"phantom": "no_such_phantom"}, "no phantom"),
        ({"settings": {"no_such_setting": 1}}, "settings.no_such_setting"),
        ({"interval_days": -1}, "interval_days"),
    ],
)
def test_test_profiles_that_can_measure_nothing_are_told(
    workspace: Path, change: dict[str, Any], words: str
) -> None:
    survey = open_survey(workspace)
    survey.store.quality.save_profile("weekly", {**PROFILE, **change}, "a physicist", "")
    survey.close()
    said = problems(workspace)
    assert words in said
    assert bool(said) == bool(words)
    if words:
        assert said.startswith("Test profile weekly, version 1: ")


def test_a_geometry_of_the_site_that_cannot_be_read_is_told(workspace: Path) -> None:
    folder = workspace / "phantom_geometries"
    folder.mkdir()
    (folder / "own_phantom.toml").write_text("id = 5")
    assert "own_phantom" in problems(workspace)


def test_a_notebook_of_the_site_that_makes_no_report_is_told(workspace: Path) -> None:
    folder = workspace / "report_templates"
    folder.mkdir()
    (folder / "dose_by_protocol.ipynb").write_text("{")
    assert "report_templates" in problems(workspace)


def test_a_profile_whose_alarms_nobody_gets_is_told(workspace: Path) -> None:
    written(workspace, {"mail": POST["mail"]})
    assert problems(workspace) == "", "reports may be sent though nothing is measured"
    survey = open_survey(workspace)
    survey.store.quality.save_profile("weekly", PROFILE, "a physicist", "")
    silent = {**PROFILE, "recipients": []}
    survey.store.quality.save_profile("daily", silent, "a physicist", "")
    survey.close()
    assert "Nobody is named to be told of alarms of daily." in problems(workspace)
    assert "weekly" not in problems(workspace)
    written(workspace, POST)
    assert problems(workspace) == ""


@pytest.mark.parametrize(("around", "key"), [
    ({"quality": {"mail_to": ["physics@example.org"]}}, "mail_to of [quality]"),
    ({"mail": {"sender": "a@b.org"}}, "sender of [mail]"), ({"mail": {"user": "a"}}, "user of"),
    ({"mail": {"ca_file": FILE}}, "ca_file of [mail]"),
])  # fmt: skip
def test_mail_that_is_half_set_is_wrong(
    workspace: Path, files: dict[str, str], around: Tables, key: str
) -> None:
    written(workspace, around, files)
    assert f"{key}" in problems(workspace)
    assert "no server of [mail]" in problems(workspace)


@pytest.mark.parametrize(("key", "value", "new"), [
    ("mail_server", "mail:25", "server"), ("mail_security", "tls", "security"),
    ("mail_from", "a@b.org", "sender"), ("mail_user", "me", "user"),
    ("mail_password_file", "p", "password_file"),
])  # fmt: skip
def test_a_key_that_moved_is_told_with_its_new_place(
    workspace: Path, key: str, value: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written(workspace, {"quality": {key: value}})
    assert main(["check", "-w", str(workspace)]) == 1
    assert f"{key} in [quality]" in (said := capsys.readouterr().out)
    assert f"Write it as {new} in [mail]" in said


def test_what_is_weak_about_mail_is_a_note(workspace: Path) -> None:
    (workspace / "password").write_text("hunter2")
    (workspace / "password").chmod(0o600)
    plain = {"server": "mail:25", "security": "none", "user": "me", "password_file": "password"}
    written(workspace, {"mail": plain})
    survey = open_survey(workspace)
    notes = " ".join(setting_notes(survey))
    survey.close()
    assert "sent without encryption" in notes
    assert "No sender of [mail] is set" in notes


def test_an_alarm_that_did_not_reach_everybody_is_a_problem(workspace: Path) -> None:
    survey = open_survey(workspace)
    survey.store.quality.save_profile("weekly", PROFILE, "a physicist", "")
    at = datetime(2026, 3, 2, 7, 30)

    def tried(number: int, problem: str) -> str:
        content = {"result": number, "sent": 1, "told": ["x"], "asked": "y", "problem": problem}
        survey.store.quality.note_event("weekly", ALARM, at, "Workbench", content)
        return " ".join(setting_problems(survey))

    assert "1 alarms of image quality did not reach everybody" in tried(1, "number 2 (550).")
    assert "2 alarms" in tried(2, "number 1 (450).")
    assert "number 1 (450)." in tried(2, "number 1 (450).")
    assert "1 alarms" in tried(2, "")
    assert "alarms of image" not in tried(1, "")
    survey.close()


def test_what_is_not_set_is_a_note(workspace: Path) -> None:
    survey = open_survey(workspace)
    notes = " ".join(setting_notes(survey))
    assert "No PACS is set" in notes
    assert "Nobody may send to our receiver" in notes
    assert "mail" not in notes, "nobody measures here"
    survey.store.quality.save_profile("weekly", PROFILE, "a physicist", "")
    assert "No mail server is set" in " ".join(setting_notes(survey))
    survey.close()
    written(workspace, {**TITLED, "schedule": {"query": {"monday": "." * 24}}})
    survey = open_survey(workspace)
    notes = " ".join(setting_notes(survey))
    assert "closed at all hours" in notes
    assert "PACS is set" not in notes
    survey.close()
