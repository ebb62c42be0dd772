"""Two programs at one workspace, and a server that restarts: nothing is lost, nothing is twice."""

from __future__ import annotations

import os
import random
import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.fault_objects import simulated
from tests.faults.fault_program import Program, until
from tests.faults.hand import Hand
from tests.faults.two_hands import Rounds, TwoHands, play
from tests.store.postgres_server import Server
from tests.store.s3_server import KEYS
from workbench.settings import Settings, StoreSettings
from workbench.stages.study_check import mapped_problems
from workbench.store.postgres import Postgres
from workbench.survey import create_survey

ROUNDS = 3  # on each engine; tests.faults.two_hands plays as many as wanted
FILES, RESTARTS = 2_000, 3


def test_two_lines_and_an_import_at_once_leave_what_one_leaves(
    engine: StoreSettings, hands: list[Hand], tmp_path: Path
) -> None:
    names = (*KEYS, "AWS_ENDPOINT_URL")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    game = TwoHands(tmp_path, engine, environment)
    told, chance = Rounds(), random.Random(11)
    try:
        for _ in range(ROUNDS):
            play(hands, game, chance, told)
        assert told.kept, vars(told)
        assert told.rounds == sum(told.frozen.values()) == ROUNDS
        assert game.alone.table("dose_estimate").height > 0, "there was something to lose"
    finally:
        game.close()


def test_a_verb_waits_for_a_locked_catalogue_says_so_and_can_be_stopped(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w", Settings())
    verb = ["map", "-w", survey.folder]
    with ExitStack() as held:
        held.enter_context(survey.store.batch())
        survey.store.begin_run("other", "1")
        logs = [tmp_path / "first.txt", tmp_path / "second.txt"]
        first, second = (Program(verb, log) for log in logs)
        for log in logs:
            until(lambda log=log: "Waiting" in log.read_text(), "a word of what it waits for", log)
            assert "another Workbench is writing" in log.read_text()
        assert first.stop() == 130
        assert second.process.poll() is None
        held.close()
        assert second.process.wait(60) == 0
    assert survey.runs()["outcome"].to_list() == [None, "done"], "who was stopped noted nothing"
    survey.close()


@pytest.mark.postgres
def test_a_server_restarted_three_times_within_one_import_costs_nothing(
    postgres: Server, tmp_path: Path
) -> None:
    schema, log = f"s{uuid.uuid4().hex[:12]}", tmp_path / "log.txt"
    survey = create_survey(
        tmp_path / "w", Settings(store=StoreSettings(postgres.url, schema))
    )  # fmt: skip
    files = tmp_path / "files"
    files.mkdir()
    for number in range(FILES):
        simulated(number).write(files)
    eye = Postgres(postgres.url, schema)

    def stored() -> int:
        row = eye.one("SELECT count(*) AS n FROM object")
        return int(row["n"]) if row else 0

    importing = Program(["import", files, "-w", survey.folder, "--workers", "2"], log)
    try:
        for restart in range(RESTARTS):
            goal = restart * FILES // (RESTARTS + 1) + 1
            until(lambda goal=goal: stored() >= goal, "an import that gets on", log)
            assert importing.process.poll() is None, log.read_text()
            postgres.stop()
            postgres.start()
        assert importing.process.wait(120) == 0, log.read_text()
        instances = survey.table("instance")
        assert instances.height == instances["SOPInstanceUID"].n_unique() == FILES
        assert survey.rejected().is_empty(), "an object is no duplicate of itself"
        run = survey.runs().row(0, named=True)
        assert (run["outcome"], f'"stored": {FILES}' in run["counts"]) == ("done", True)
        assert list(survey.store.problems()) == []

        mapping = Program(["map", "-w", survey.folder, "--workers", "2"], log)
        until(lambda: survey.runs().height == 2, "a map that has begun", log)
        postgres.stop()
        postgres.start()
        assert mapping.process.wait(120) == 0, log.read_text()
        assert mapped_problems(survey) == []
        assert survey.table("series")["instances"].sum() == FILES
    finally:
        importing.end()
        survey.close()
        eye.close()


@pytest.mark.postgres
def test_a_verb_that_begins_while_the_server_is_away_says_so_at_once(
    postgres: Server, tmp_path: Path
) -> None:
    """Its address may be wrong: nobody wants to wait ten minutes to learn that."""
    survey = create_survey(
        tmp_path / "w", Settings(store=StoreSettings(postgres.url, f"s{uuid.uuid4().hex[:12]}"))
    )
    survey.close()
    postgres.stop()
    try:
        program = Program(["map", "-w", survey.folder], tmp_path / "log.txt")
        assert program.process.wait(60) == 2
        assert "does not answer" in (tmp_path / "log.txt").read_text()
    finally:
        postgres.start()
