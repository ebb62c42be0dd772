"""Nothing that leaves tells in which order, or when, patients came.

Sixty patients of a list are brought in in its order.  Whoever has the list and an output tries
every column, the order of rows, and what the file system knows, against the place in the list.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.collect.queue.patient_queue import Queue
from workbench.deidentify.cleaned_files import deidentify_files
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.patient_clock import Times
from workbench.executors import Serial
from workbench.report.exports import export_table, write_table
from workbench.report.leaving import with_objects
from workbench.report.put_aside_page import refusals_page
from workbench.schema import INSTANCE, TABLES, Leaving
from workbench.settings import Settings, SurveySettings
from workbench.stages.importing import import_files
from workbench.stages.ledger_table import publish_ledger
from workbench.stages.line import estimate_doses, make_report, map_survey
from workbench.survey import Survey, create_survey

PATIENTS = 60
# Spearman's rho of 60 in random order has a standard deviation of 1 / sqrt(59) = 0.13: above 0.6
# it comes once in half a million tries.  Of running numbers and times of arrival it is 1.
REMARKABLE = 0.6
Places = Mapping[str, int]  # place in the list by what names a patient outside


def scans() -> Iterator[tuple[int, Dataset]]:
    """Yield two slices a patient, and one that is refused, in the order of the list."""
    chance = random.Random(7)
    for place in range(PATIENTS):
        study, hour = f"1.2.3.{chance.randrange(10**9)}", chance.randrange(8, 18)
        dose, age = chance.uniform(2, 20), chance.randrange(20, 80)
        for number in (1, 2, 2):
            data = Dataset()
            data.SOPClassUID = CTImageStorage
            data.SOPInstanceUID = f"{study}.1.{number}"
            data.StudyInstanceUID, data.SeriesInstanceUID = study, f"{study}.1"
            data.PatientID, data.PatientName = f"{place:08d}", f"Muster^P{place}"
            data.Modality, data.Manufacturer = "CT", "SIEMENS"
            data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
            data.PatientAge, data.PatientSex = f"{age:03d}Y", chance.choice("MF")
            data.StudyDate = data.AcquisitionDate = f"2020{chance.randrange(1, 13):02d}15"
            minute = f"{chance.randrange(60):02d}{chance.randrange(60):02d}"
            data.StudyTime, data.AcquisitionTime = f"{hour:02d}0000", f"{hour:02d}{minute}.5"
            data.InstanceNumber, data.AcquisitionNumber, data.SeriesNumber = number, 1, 2
            data.KVP, data.CTDIvol, data.SliceThickness = "120", round(dose, 2), "5"
            data.ImagePositionPatient = [0, 0, 5 * number]
            data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            data.TimezoneOffsetFromUTC = "unknown"  # a finding about each object
            data.ensure_file_meta()
            data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            yield place, data


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospital")
    for number, (place, data) in enumerate(scans()):
        data.save_as(folder / f"{place:02d}-{number:03d}.dcm", enforce_file_format=True)
    return folder


@pytest.fixture(scope="module")
def survey(hospital: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survey]:
    folder = tmp_path_factory.mktemp("survey") / "w"
    with closing(create_survey(folder, Settings(survey=SurveySettings(times="hour")))) as made:
        bring_in(made, sorted(hospital.iterdir()))
        yield made


def bring_in(survey: Survey, files: list[Path]) -> None:
    import_files(survey, files, using=Serial())
    map_survey(survey)
    estimate_doses(survey)
    with closing(HospitalFile(survey.folder)) as own:
        Queue(own).add([ListedPatient(f"{place:08d}") for place in range(PATIENTS)])
    publish_ledger(survey)


@pytest.fixture(scope="module")
def places(survey: Survey) -> Places:
    """Who stands where in the list: pseudonyms of patients, their studies and objects."""
    names = survey.pseudonyms()
    places: dict[str, int] = {}
    for place, data in scans():
        places[names.patient("", data.PatientID)] = place
        for uid in (data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID):
            places[names.uid(uid)] = place
    return places


def rho(pairs: list[tuple[float, float]]) -> float:
    """Return Spearman's rank correlation."""
    frame = pl.DataFrame(pairs, ["one", "other"], orient="row")
    value = frame.select(pl.corr("one", "other", method="spearman")).item()
    return 0.0 if value is None or value != value else float(value)


def naming(frame: pl.DataFrame) -> str:
    """Return the column that tells whose a row is."""
    names = ("patient", "SOPInstanceUID", "StudyInstanceUID")
    return next(name for name in names if name in frame.columns)


def remarkable(frame: pl.DataFrame, places: Places) -> set[str]:
    """Return the columns that follow the list, and ``row order`` where the rows do."""
    named = naming(frame)
    frame = frame.with_row_index("row order").filter(pl.col(named).is_in(list(places)))
    assert len({places[name] for name in frame[named]}) == PATIENTS
    found = set()
    for name, kind in frame.schema.items():
        column = frame[name]
        if isinstance(kind, pl.List):
            column = column.cast(pl.List(pl.String)).list.join(";")
        ranks = column.rank("average").to_list()
        each: dict[int, list[float]] = {}
        for rank, who in zip(ranks, frame[named], strict=True):
            if rank is not None:
                each.setdefault(places[who], []).append(rank)
        pairs = [(float(place), sum(values) / len(values)) for place, values in each.items()]
        if abs(rho(pairs)) > REMARKABLE:
            found.add(name)
    return found


OF_PATIENTS = ("instance", "series", "irradiation_event", "dose_estimate", "finding", "patient",
               "ledger", "study_dose")  # fmt: skip


@pytest.mark.parametrize("name", OF_PATIENTS)
def test_no_column_of_an_export_and_not_its_rows_follow_the_list(
    name: str, survey: Survey, places: Places, tmp_path: Path
) -> None:
    assert export_table(survey, name, tmp_path / f"{name}.parquet") >= PATIENTS
    frame = pl.read_parquet(tmp_path / f"{name}.parquet")
    assert remarkable(frame, places) == set()
    export_table(survey, name, tmp_path / f"{name}.csv")
    in_csv = pl.read_csv(tmp_path / f"{name}.csv", infer_schema=False)
    assert in_csv.columns == frame.columns
    named = naming(frame)
    assert in_csv[named].to_list() == frame[named].to_list()


@pytest.mark.parametrize(
    ("name", "told"),
    [("instance", "object_number"), ("finding", "object_number"), ("ledger", "queue_number")],
)
def test_the_tables_inside_do_and_would_be_noticed(
    name: str, told: str, survey: Survey, places: Places
) -> None:
    inside = with_objects(survey, TABLES[name], survey.table(name))
    assert told in remarkable(inside, places)


@pytest.mark.parametrize("put_back", ["object_number", "received_at"])
def test_a_number_or_time_put_back_into_an_export_is_noticed(
    put_back: str, survey: Survey, places: Places, tmp_path: Path
) -> None:
    columns = [
        replace(column, leaving=Leaving.UNCHANGED) if column.name == put_back else column
        for column in INSTANCE.columns
    ]
    broken = replace(INSTANCE, columns=tuple(columns))
    later = pl.duration(seconds="object_number")  # the objects of a folder are stored at one moment
    inside = survey.table("instance").with_columns(pl.col("received_at") + later)
    write_table(inside, broken, tmp_path / "instance.parquet")
    assert remarkable(pl.read_parquet(tmp_path / "instance.parquet"), places) == {put_back}


def test_rows_left_in_the_order_of_arrival_are_noticed(survey: Survey, places: Places) -> None:
    arrived = survey.table("instance").sort("object_number").select("patient", "CTDIvol")
    assert remarkable(arrived, places) == {"row order"}


@pytest.mark.parametrize("name", TABLES)
def test_no_table_leaves_with_a_running_number_or_a_time_of_arrival(
    name: str, survey: Survey, tmp_path: Path
) -> None:
    export_table(survey, name, tmp_path / f"{name}.parquet")
    schema = pl.read_parquet(tmp_path / f"{name}.parquet").schema
    kept_inside = {"object_number", "queue_number", "run_number", "result_number", "received_at",
                   "asked_at", "first_found", "last_found", "came_at"}  # fmt: skip
    assert not kept_inside & set(schema)
    # Of the examination itself, or of a phantom's: an image of it names nobody.
    moments = {column for column, kind in schema.items() if isinstance(kind, pl.Datetime)}
    assert moments <= {"started_at", "acquired_at", "first_exam_at", "last_exam_at"}
    codebook = (tmp_path / f"{name}.codebook.csv").read_text("utf-8")
    assert not any(f"\n{column}," in codebook for column in kept_inside)


@pytest.fixture(scope="module")
def twice(
    survey: Survey, hospital: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Survey]]:
    """Two workspaces under one key, whose objects came in two orders."""
    files = [path for number, path in enumerate(sorted(hospital.iterdir())) if number % 3 < 2][:40]
    settings = Settings(survey=SurveySettings(times="hour"))
    made = []
    for order in (files, random.Random(3).sample(files, len(files))):
        other = create_survey(tmp_path_factory.mktemp("twice") / "w", settings)
        key = (survey.folder / "hospital.key").read_bytes()
        (other.folder / "hospital.key").write_bytes(key)
        bring_in(other, order)
        made.append(other)
    yield made
    for each in made:
        each.close()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
@pytest.mark.parametrize("name", ["instance", "series", "irradiation_event", "finding", "ledger"])
def test_the_same_content_gives_the_same_file_in_whatever_order_it_came(
    name: str, suffix: str, twice: list[Survey], tmp_path: Path
) -> None:
    outs = [tmp_path / f"{number}{suffix}" for number in (1, 2)]
    for survey, out in zip(twice, outs, strict=True):
        assert export_table(survey, name, out) >= 20
    assert outs[0].read_bytes() == outs[1].read_bytes()


# --- reports and pages ----------------------------------------------------------------------------


def listed_in(text: str, places: Places) -> list[tuple[float, float]]:
    """Return the places of the patients whom a page names, in the order of the page."""
    named = [places[name] for name in re.findall(r"SITE-[A-Z2-7]{20}", text) if name in places]
    return [(float(row), float(place)) for row, place in enumerate(dict.fromkeys(named))]


@pytest.mark.parametrize("name", ["completeness", "dose_by_protocol"])
def test_a_report_names_patients_in_no_order_of_the_list(
    name: str, survey: Survey, places: Places, tmp_path: Path
) -> None:
    parameters: dict[str, object] = {"most_listed": 100} if name == "completeness" else {}
    run = make_report(survey, name, tmp_path / f"{name}.html", parameters)
    assert not run.failed, run.message
    text = (tmp_path / f"{name}.html").read_text("utf-8")
    listed = listed_in(text, places)
    assert len(listed) == (PATIENTS if name == "completeness" else 0)
    assert abs(rho(listed)) < REMARKABLE
    assert "queue" not in text or "No. in the queue" not in text


def test_the_page_of_what_was_put_aside_tells_days_and_no_numbers(survey: Survey) -> None:
    page = refusals_page(survey.rejected())
    assert "same_uid_other_content" in page
    came = survey.rejected()["received_at"]
    assert not any(f"{at:%H:%M}" in page for at in came)
    assert ">Object<" not in page


# --- files ----------------------------------------------------------------------------------------


def of_file_system(folder: Path, places: Places) -> dict[str, list[tuple[float, float]]]:
    """Return what a file system tells of the files, beside the place of each in the list."""
    entries = [entry for entry in os.scandir(folder) if entry.is_file()]
    looks: dict[str, Callable[[int, os.DirEntry[str]], float]] = {
        "order in the folder": lambda row, _: row,
        "inode": lambda _, entry: entry.inode(),
        "mtime": lambda _, entry: entry.stat().st_mtime_ns,
        "ctime": lambda _, entry: entry.stat().st_ctime_ns,
        "atime": lambda _, entry: entry.stat().st_atime_ns,
        "name": lambda _, entry: float(entry.name.split(".")[1]),
    }
    return {
        what: [(look(row, entry), float(places[entry.name.removesuffix(".dcm")]))
               for row, entry in enumerate(entries)]
        for what, look in looks.items()
    }  # fmt: skip


def test_the_files_of_deidentify_tell_nothing_of_the_order_of_their_originals(
    survey: Survey, hospital: Path, places: Places, tmp_path: Path
) -> None:
    deidentifier = Deidentifier(load_profile(), survey.pseudonyms())
    done = deidentify_files(hospital, tmp_path / "out", deidentifier)
    assert done == {"written": 2 * PATIENTS, "duplicate": 0, "refused": PATIENTS}
    told = of_file_system(tmp_path / "out", places)
    assert {what: round(rho(pairs), 2) for what, pairs in told.items()
            if abs(rho(pairs)) > REMARKABLE} == {}  # fmt: skip
    assert len({mtime for mtime, _ in told["mtime"]}) == 1
    assert [path.name for path in (tmp_path / "out").iterdir() if path.suffix != ".dcm"] == []


def test_files_written_as_they_come_would_be_noticed(
    survey: Survey, hospital: Path, places: Places, tmp_path: Path
) -> None:
    deidentifier = Deidentifier(load_profile(), survey.pseudonyms())
    deidentify_files(hospital, tmp_path / "out", deidentifier)
    (tmp_path / "naive").mkdir()
    for uid, _ in sorted(places.items(), key=lambda each: each[1]):
        clean = tmp_path / "out" / f"{uid}.dcm"
        if clean.exists():
            (tmp_path / "naive" / clean.name).write_bytes(clean.read_bytes())
    told = of_file_system(tmp_path / "naive", places)
    assert abs(rho(told["ctime"])) > REMARKABLE


def test_times_of_the_examination_leave_at_the_hour_only(survey: Survey, tmp_path: Path) -> None:
    export_table(survey, "instance", tmp_path / "instance.parquet")
    frame = pl.read_parquet(tmp_path / "instance.parquet")
    assert frame["started_at"].null_count() == 0
    assert frame["started_at"].dt.strftime("%M:%S%.f").unique().to_list() == ["00:00"]
    headers = "".join(frame["header"])
    times = re.findall(r'"vr":"TM","Value":\["([^"]*)"\]', headers)
    assert len(times) >= 4 * PATIENTS
    assert {text[2:] for text in times} == {"0000"}
    assert survey.store.table("instance")["started_at"].dt.minute().n_unique() > 1
    assert Times.HOUR in (tmp_path / "instance.manifest.csv").read_text("utf-8")
