"""A backup brings everything back, counted; and what is no whole backup is refused."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from workbench.deidentify.key import create_key
from workbench.errors import SettingsError, StoreError
from workbench.file_modes import OTHERS
from workbench.schema import SCHEMA_VERSION
from workbench.simulate.peers import OrthancPacs
from workbench.simulate.standing_pacs import HospitalFolder
from workbench.stages import workspace_backup
from workbench.stages.collecting import collect
from workbench.stages.line import dose_line
from workbench.stages.practice import Practice, practice_survey
from workbench.stages.workspace_backup import MANIFEST, back_up, restore
from workbench.stages.workspace_check import check_workspace
from workbench.survey import KEY_FILE, open_survey

DATABASES = ("hospital.sqlite", "catalogue.sqlite")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose queue, ledger, catalogue and tables a real collection has filled."""
    top = tmp_path_factory.mktemp("backup")
    hospital = HospitalFolder(top / "hospital")
    hospital.make("simulated", 1, 1)
    survey = practice_survey(top / "w", hospital.folder)
    practice = Practice(survey, hospital, lambda _: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OrthancPacs, "available", classmethod(lambda _: False))
        with practice.pacs() as pacs:
            practice.fill(pacs)
            practice.queue_up()
            assert dose_line(survey, lambda: collect(survey)).complete
    practice.plan()
    survey.close()
    (top / "w" / "reports").mkdir(exist_ok=True)
    (top / "w" / "reports" / "dose.html").write_text("<p>a report</p>")
    return top / "w"


@pytest.fixture
def workspace(collected: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(collected, tmp_path / "w"))


def rows(workspace: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of both databases, by table."""
    found = {}
    for name in DATABASES:
        with closing(sqlite3.connect(workspace / name)) as connection:
            tables = [row[0] for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )]  # fmt: skip
            for table in tables:
                content = connection.execute(f"SELECT * FROM {table}").fetchall()
                found[f"{name}/{table}"] = sorted(content, key=repr)
    return found


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]


def written(archive: Path, content: dict[str, bytes]) -> Path:
    """Write a backup anew, with other members."""
    with tarfile.open(archive, "w") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return archive


def test_every_row_of_queue_ledger_and_catalogue_comes_back(
    workspace: Path, tmp_path: Path
) -> None:
    before = rows(workspace)
    filled = {name for name, content in before.items() if content}
    assert {
        "hospital.sqlite/patient", "hospital.sqlite/study", "hospital.sqlite/series",
        "catalogue.sqlite/object", "catalogue.sqlite/part", "catalogue.sqlite/report_plan",
    } <= filled, "a collection has left its ledger"  # fmt: skip
    made = back_up(workspace, tmp_path / "b.tar")
    restored = restore(tmp_path / "b.tar", tmp_path / "again")
    assert rows(tmp_path / "again") == before
    assert (made.problems, made.schema, restored.files) == ((), SCHEMA_VERSION, made.files)
    assert made.objects == len(before["catalogue.sqlite/object"])
    assert made.patients == 1
    report = tmp_path / "again" / "reports" / "dose.html"
    assert report.read_text() == "<p>a report</p>"
    shutil.copy(workspace / KEY_FILE, tmp_path / "again" / KEY_FILE)
    with closing(open_survey(tmp_path / "again")) as survey:
        assert list(survey.store.problems()) == []
        with closing(open_survey(workspace)) as old:
            assert survey.events().equals(old.events())
            assert survey.table("dose_estimate").equals(old.table("dose_estimate"))
    assert check_workspace(tmp_path / "again").problems == []


def test_the_restored_workspace_goes_on_where_the_old_one_stood(
    workspace: Path, tmp_path: Path
) -> None:
    back_up(workspace, tmp_path / "b.tar", with_key=True)
    restore(tmp_path / "b.tar", tmp_path / "again")
    with closing(open_survey(tmp_path / "again")) as survey:
        assert collect(survey).states()["complete"] == 1, "nobody is asked for twice"


def test_the_key_stays_behind_unless_it_is_asked_for_or_locked(
    workspace: Path, tmp_path: Path
) -> None:
    secret = (workspace / KEY_FILE).read_bytes()
    assert not back_up(workspace, tmp_path / "b.tar").key
    assert secret not in (tmp_path / "b.tar").read_bytes()
    assert not restore(tmp_path / "b.tar", tmp_path / "keyless").key
    assert back_up(workspace, tmp_path / "b.tar", with_key=True).key
    assert members(tmp_path / "b.tar")[KEY_FILE] == secret
    (workspace / f"{KEY_FILE}.locked").write_bytes(b"wrapped")
    (workspace / KEY_FILE).unlink()
    back_up(workspace, tmp_path / "b.tar")
    assert restore(tmp_path / "b.tar", tmp_path / "locked").key


def test_a_backup_and_what_comes_of_it_are_their_owners_alone(
    workspace: Path, tmp_path: Path
) -> None:
    back_up(workspace, tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "again")
    everything = [tmp_path / "b.tar", tmp_path / "again", *(tmp_path / "again").rglob("*")]
    assert [path for path in everything if path.stat().st_mode & OTHERS] == []


def test_a_backup_is_made_while_others_write(workspace: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(workspace / "catalogue.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM part")
        made = back_up(workspace, tmp_path / "b.tar")
        writer.execute("ROLLBACK")
    assert made.problems == ()
    restore(tmp_path / "b.tar", tmp_path / "again")
    assert rows(tmp_path / "again")["catalogue.sqlite/part"], "as of before the other's change"


def test_parts_that_an_erasure_takes_away_meanwhile_begin_it_again(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = workspace_backup._Writing._add_parts
    turns = []

    def erased(writing: workspace_backup._Writing, tar: tarfile.TarFile) -> None:
        turns.append(1)
        if len(turns) == 1:
            with closing(sqlite3.connect(workspace / "catalogue.sqlite")) as other:
                (file,) = other.execute("SELECT file FROM part WHERE retired_at IS NULL").fetchone()
                other.execute("DELETE FROM part WHERE file = ?", (file,))
                other.commit()
            (workspace / "parts" / file).unlink()
        plain(writing, tar)

    monkeypatch.setattr(workspace_backup._Writing, "_add_parts", erased)
    assert back_up(workspace, tmp_path / "b.tar").problems == ()
    assert len(turns) == 2


def test_a_part_that_is_damaged_or_gone_is_told(workspace: Path, tmp_path: Path) -> None:
    one, other, *_ = sorted((workspace / "parts").iterdir())
    one.unlink()
    content = bytearray(other.read_bytes())
    content[100] ^= 1
    other.write_bytes(content)
    problems = back_up(workspace, tmp_path / "b.tar").problems
    assert sorted(problem.split()[3].strip(".") for problem in problems) == ["damaged", "gone"]


@pytest.mark.parametrize("name", DATABASES)
def test_a_damaged_database_is_not_backed_up_over_a_good_one(
    name: str, workspace: Path, tmp_path: Path
) -> None:
    back_up(workspace, tmp_path / "b.tar")
    good = (tmp_path / "b.tar").read_bytes()
    (workspace / name).write_bytes(b"no database at all\n" * 400)
    with pytest.raises(StoreError, match="last good backup"):
        back_up(workspace, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_bytes() == good
    assert not list(tmp_path.glob(".workbench-*"))


def test_links_are_told_and_what_they_lead_to_is_not_taken(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "names.txt").write_text("secret")
    (workspace / "file").symlink_to(tmp_path / "elsewhere" / "names.txt")
    (workspace / "folder").symlink_to(tmp_path / "elsewhere")
    made = back_up(workspace, tmp_path / "b.tar")
    assert made.problems == ("2 links are left out: back up what they lead to.",)
    assert b"secret" not in (tmp_path / "b.tar").read_bytes()


def test_a_backup_does_not_lie_in_its_own_workspace(workspace: Path) -> None:
    with pytest.raises(SettingsError, match="another disk"):
        back_up(workspace, workspace / "b.tar")


@pytest.mark.parametrize("part", [0, 1, 512, 0.5, 0.9, -1024 * 12])
def test_a_backup_that_is_cut_off_is_refused(part: float, workspace: Path, tmp_path: Path) -> None:
    back_up(workspace, tmp_path / "b.tar")
    data = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "b.tar").write_bytes(
        data[: int(part * len(data)) if isinstance(part, float) else part]
    )
    with pytest.raises(SettingsError, match="cut off"):
        restore(tmp_path / "b.tar", tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".workbench-*"))


def test_a_changed_byte_a_lost_and_a_foreign_file_are_refused(
    workspace: Path, tmp_path: Path
) -> None:
    back_up(workspace, tmp_path / "b.tar")
    whole = members(tmp_path / "b.tar")
    settings = whole["workbench.toml"]
    changed = whole | {"workbench.toml": settings.replace(b"practice", b"practise", 1)}
    lost = {name: data for name, data in whole.items() if not name.startswith("parts/")}
    foreign = {"extra.txt": b"?", **whole}
    nothing = {MANIFEST: whole[MANIFEST]}
    for wrong in (changed, lost, foreign, nothing, {"a.txt": b"?"}):
        with pytest.raises(SettingsError, match="nothing was restored"):
            restore(written(tmp_path / "x.tar", wrong), tmp_path / "again")
        assert not (tmp_path / "again").exists()
    restore(written(tmp_path / "x.tar", whole), tmp_path / "again")


@pytest.mark.parametrize("name", ["../out.txt", "/tmp/workbench-out.txt", "a/../../out.txt"])
def test_a_file_that_leads_out_of_the_folder_is_refused(
    name: str, workspace: Path, tmp_path: Path
) -> None:
    back_up(workspace, tmp_path / "b.tar")
    whole = members(tmp_path / "b.tar")
    with pytest.raises(SettingsError):
        restore(written(tmp_path / "x.tar", {name: b"?", **whole}), tmp_path / "deep" / "again")
    assert not list(tmp_path.rglob("out.txt"))
    assert not Path("/tmp/workbench-out.txt").exists()


def test_a_newer_schema_is_refused_before_anything_is_there(
    workspace: Path, tmp_path: Path
) -> None:
    back_up(workspace, tmp_path / "b.tar")
    whole = members(tmp_path / "b.tar")
    manifest = json.loads(whole[MANIFEST])
    whole[MANIFEST] = json.dumps(manifest | {"schema": SCHEMA_VERSION + 1}).encode()
    with pytest.raises(StoreError, match="newer"):
        restore(written(tmp_path / "x.tar", whole), tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_an_empty_folder_takes_a_workspace_and_a_full_one_does_not(
    workspace: Path, tmp_path: Path
) -> None:
    back_up(workspace, tmp_path / "b.tar")
    (tmp_path / "empty").mkdir()
    restore(tmp_path / "b.tar", tmp_path / "empty")
    create_key(tmp_path / "empty" / KEY_FILE)
    with pytest.raises(SettingsError, match="holds something"):
        restore(tmp_path / "b.tar", tmp_path / "empty")
    assert (tmp_path / "empty" / KEY_FILE).exists()


def test_with_the_catalogue_on_a_server_all_parts_are_taken(
    workspace: Path, tmp_path: Path
) -> None:
    settings = workspace / "workbench.toml"
    settings.write_text(settings.read_text() + '\n[store]\ncatalogue = "postgresql://h/db"\n')
    made = back_up(workspace, tmp_path / "b.tar")
    assert (made.schema, made.objects) == (None, 0), "counted where the catalogue is"
    taken = {name for name in members(tmp_path / "b.tar") if name.startswith("parts/")}
    assert taken == {f"parts/{path.name}" for path in (workspace / "parts").iterdir()}
    assert not [name for name in members(tmp_path / "b.tar") if name.startswith("catalogue")]
    restore(tmp_path / "b.tar", tmp_path / "again")
