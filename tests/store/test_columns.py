"""A column may come to any table: an old workspace goes on working, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tests.store.every_verb import ADDED, Told, every_verb
from tests.store.test_quality_records import new
from workbench.cli import main
from workbench.dose import estimate
from workbench.dose.method import DoseMethod
from workbench.errors import NotDicom, StoreError
from workbench.model import Finding
from workbench.schema import (
    DOSE_ESTIMATE,
    FINDING,
    INSTANCE,
    IRRADIATION_EVENT,
    LEDGER,
    SERIES,
    TABLES,
    Table,
)  # fmt: skip
from workbench.settings import Settings, StoreSettings
from workbench.simulate.hospital import simulate_hospital
from workbench.stages import mapping
from workbench.stages.importing import import_files
from workbench.stages.line import estimate_doses, map_survey
from workbench.store import Store
from workbench.store.objects import Origin
from workbench.store.quality_records import PhantomImage
from workbench.survey import Survey, create_survey

MAPPED = {"instance", "series", "irradiation_event", "finding"}  # what map reads and makes
DOSED = {"irradiation_event", "dose_estimate"}
PARTS = ("instance", "series", "irradiation_event", "dose_estimate", "finding")
REST = sorted(TABLES.keys() - set(PARTS))  # made when they are read: no stage depends on them
# after two checks and every table
FIRST_MAP, FIRST_DOSE = f"{len(TABLES) + 2} map", f"{len(TABLES) + 3} dose"


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace made by the program as it is, with rows in every table."""
    folder = tmp_path_factory.mktemp("old")
    simulate_hospital(patients=2).write(folder / "files")
    simulate_hospital(seed=2, patients=1).write(folder / "more")
    survey = create_survey(folder / "w")
    assert main(["import", str(folder / "files"), "-w", str(folder / "w")]) == 0
    _fill(survey.store)
    survey.close()
    for verb in ("map", "dose"):
        assert main([verb, "-w", str(folder / "w")]) == 0
    return folder


def _fill(store: Store) -> None:
    row = {**store.table("instance").row(0, named=True), "SOPInstanceUID": "2.25.77"}
    note = Finding("import", "bad_value", "…", column="KVP")
    store.add(row, Origin("network", "waiting"), [note])
    store.refuse(NotDicom("not_dicom", "it is none"), Origin("folder", "refused"))
    number = store.quality.add_result(new())
    store.quality.note_images([PhantomImage("a", new().acquired_at, "measured", result=number)])
    at = datetime(2026, 3, 2, 5, 30, tzinfo=UTC)
    assert store.report_runs.claim(("a", "completeness"), at, 0, "me", at) is not None
    store.publish({"ledger": LEDGER.frame([{"queue_number": 1, "patient": "P"}])})


@pytest.fixture(scope="session")
def as_before(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return every_verb(old / "w", old / "more", tmp_path_factory.mktemp("none") / "w")


def test_every_verb_works_on_the_workspace_as_it_is(as_before: Told) -> None:
    assert {words: code for words, (code, _) in as_before.items() if code} == {}
    assert as_before[FIRST_MAP][1]["studies"] == as_before[FIRST_DOSE][1]["studies"] == 0


@pytest.mark.parametrize("names", [*PARTS, " ".join(REST)])
def test_a_table_with_a_new_column_reads_old_rows_and_loses_nothing(
    names: str, old: Path, as_before: Told, tmp_path: Path
) -> None:
    told = every_verb(old / "w", old / "more", tmp_path / "x", added_to=names)
    _redone(told, FIRST_MAP, as_before, names in MAPPED)
    _redone(told, FIRST_DOSE, as_before, names in DOSED)
    here = {words: one for words, one in told.items() if as_before.get(words) != one}
    assert here == {}, "exit codes, rows and counts are what they were"
    for file in [f"{when}{name}" for name in names.split() for when in ("before-", "")]:
        rows = pl.read_parquet(tmp_path / "x" / f"{file}.parquet")
        assert rows.schema[ADDED] == pl.Float64
        assert rows[ADDED].null_count() == rows.height
        assert rows.height or file.endswith("ledger"), "the test has rows to lose"
    titles = (tmp_path / "x" / "event.csv").read_text("utf-8-sig").splitlines()[0].split(",")
    assert (ADDED in titles) == (names == "irradiation_event")


def _redone(told: Told, words: str, as_before: Told, again: bool) -> None:
    """See that a stage worked on all studies, or on none, and take that off the record."""
    code, counts = told.pop(words)
    assert code == 0
    assert counts.pop("studies") == (3 if again else 0)
    same = {key: value for key, value in as_before[words][1].items() if key != "studies"}
    findings = counts.pop("findings", 0), same.pop("findings", 0)
    assert counts == same
    assert findings[0] >= findings[1] == 0


def _earlier(table: Table, *without: str) -> Table:
    columns = tuple(column for column in table.columns if column.name not in without)
    return replace(table, columns=columns)


def _survey(folder: Path, files: Path, engine: StoreSettings) -> Survey:
    settings = replace(Settings(), store=engine)
    survey = create_survey(folder / "w", settings)
    import_files(survey, [files])
    return survey


@pytest.mark.parametrize("change", ["lacks", "is of another kind"])
def test_the_next_map_fills_a_new_column_on_every_engine_and_doubles_no_finding(
    change: str, engine: StoreSettings, tmp_path: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = _survey(tmp_path, old / "more", engine)
    store = survey.store
    with monkeypatch.context() as earlier:
        before = _earlier(IRRADIATION_EVENT, "body_region")
        earlier.setattr(mapping, "TABLES", (INSTANCE, SERIES, before, FINDING))
        map_survey(survey)
        assert map_survey(survey)["studies"] == 0
    whole, findings = store.table("irradiation_event"), store.table("finding")
    assert whole["body_region"].null_count() == 0
    (part,) = store._tables.parts(IRRADIATION_EVENT)
    lacking = whole.drop("body_region")
    other = whole.with_columns(body_region=pl.lit(1.5))
    file = store._tables.place.write(before, lacking if change == "lacks" else other)
    store._tables.replace(IRRADIATION_EVENT, [part], [file])
    if change == "lacks":
        assert store.table("irradiation_event")["body_region"].null_count() == whole.height
    else:
        with pytest.raises(StoreError, match="workbench map"):
            store.table("irradiation_event")
    counts = map_survey(survey)
    assert (counts["studies"], counts["failed"]) == (2, 0)
    assert store.table("irradiation_event").equals(whole)
    assert store.table("finding").equals(findings)
    assert map_survey(survey)["studies"] == 0
    assert estimate_doses(survey)["studies"] == 2
    survey.close()


def test_estimates_of_a_method_that_knows_no_new_column_are_taken() -> None:
    """A dose method of another package was written before the column came."""

    def estimated(events: pl.DataFrame) -> pl.DataFrame:
        rows = [{"irradiation_event_uid": uid, "method": "theirs"} for uid in events.to_series()]
        return DOSE_ESTIMATE.frame(rows).drop("sd_log_shared", "flags")

    method = DoseMethod(name="theirs", version="1", needs=(), estimate=estimated)
    events = IRRADIATION_EVENT.frame([{"irradiation_event_uid": "2.25.1", "preferred": True}])
    events = events.select("irradiation_event_uid", *events.columns[:3], "preferred")
    made = estimate(events, [method])
    assert made.schema == pl.Schema(DOSE_ESTIMATE.polars())
    assert made["method"].to_list() == ["theirs"]
