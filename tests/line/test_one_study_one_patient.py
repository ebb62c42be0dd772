"""From the archive to the reports: a patient of several names, and a study of several lines."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import polars as pl
from pydicom import dcmread

from tests.stages.test_collecting import hospital, page
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.patient_queue import PatientState
from workbench.report import completeness, dose_by_protocol
from workbench.report.missing import ReportTables, missing
from workbench.simulate.pacs import EmbeddedPacs
from workbench.stages.collecting import Collector, collect
from workbench.stages.dosing import estimate_doses
from workbench.stages.mapping import map_survey
from workbench.survey import Survey


def studies_of(pacs: EmbeddedPacs, patient_id: str) -> set[str]:
    records = pacs.archive._index.values()
    return {r["StudyInstanceUID"][0] for r in records if r["PatientID"] == [patient_id]}


def accession_of(pacs: EmbeddedPacs, patient_id: str) -> str:
    records = [r for r in pacs.archive._index.values() if r["PatientID"] == [patient_id]]
    return str(records[0]["AccessionNumber"][0])


def stored(survey: Survey) -> int:
    return int(survey.instances().select(pl.len()).collect().item())


# --- the archive merged two patients (net/n6) -----------------------------------------------------


def test_two_patients_that_the_archive_merged(tmp_path: Path) -> None:
    with hospital(tmp_path, patients=2) as (survey, pacs, (new, old)):
        blank_persons(pacs)  # nothing contradicts that they are one
        pacs.archive.merge_patients(old.patient_id, new.patient_id)
        done = collect(survey, [new])
        assert done.states()["complete"] == 1, done.patients
        (line,) = done.patients
        assert "In 1 of its studies" in str(line["reason"])
        assert old.patient_id not in str(line["reason"])
        map_survey(survey)
        ledger = survey.table("ledger")
        assert ledger["state"].unique().to_list() == ["complete"]
        assert ledger["reason"].str.contains("otherwise than was asked").all()
        assert ledger["missing"].sum() == 0
        assert survey.patients().height == 1
        assert survey.patients()["studies"].to_list() == [2]
        assert set(ledger["patient"]) == set(survey.patients()["patient"])
        codes = survey.findings()["code"].to_list()
        assert codes.count("several_identities") == 1
        again = collect(survey, [new])
        assert again.complete


def test_a_patient_of_one_name_has_no_caution(tmp_path: Path) -> None:
    with hospital(tmp_path, patients=1) as (survey, _, patients):
        done = collect(survey, patients)
        assert [line["reason"] for line in done.patients] == [""]
        assert "several_identities" not in survey.findings()["code"].to_list()


def test_where_the_persons_differ_it_is_a_case_for_a_person(tmp_path: Path) -> None:
    with hospital(tmp_path, patients=2) as (survey, pacs, (new, old)):
        pacs.archive.merge_patients(old.patient_id, new.patient_id)
        done = collect(survey, [new])
        assert done.states()["complete"] == 1
        assert "otherwise than was asked" in str(done.patients[0]["reason"])
        assert survey.patients().height == 2
        assert "identity_in_doubt" in survey.findings()["code"].to_list()


def blank_persons(pacs: EmbeddedPacs) -> None:
    """Take name, birth date and sex out of the objects themselves."""
    for file in pacs.archive.folder.glob("*.dcm"):
        made = dcmread(file)
        made.PatientName, made.PatientBirthDate, made.PatientSex = "", "", ""
        made.save_as(file)


# --- two lines of the queue name one study --------------------------------------------------------


def test_the_headline_counts_of_every_report_are_those_of_the_store(tmp_path: Path) -> None:
    with hospital(tmp_path, patients=4) as (survey, pacs, patients):
        first = patients[0]
        twice = ListedPatient(first.patient_id, accession=accession_of(pacs, first.patient_id))
        assert collect(survey, [*patients, twice]).complete
        map_survey(survey)
        estimate_doses(survey)
        ledger, here = survey.table("ledger"), survey.patients()

        totals = completeness.totals(ledger)
        assert totals.lines == 5
        assert totals.stored == totals.expected == stored(survey)
        assert totals.patients == totals.complete == here.height == 4
        assert totals.studies == here["studies"].sum()
        assert totals.told == stored(survey)
        assert completeness.states(ledger)["stored"].sum() == stored(survey)
        assert completeness.patients(ledger)["stored"].to_list() == [
            here.filter(patient=name)["instances"].item()
            for name in completeness.patients(ledger)["patient"]
        ]

        events = survey.events()
        counted = dose_by_protocol.counted_events(events)
        summed = dose_by_protocol.summary(events)
        assert summed.events == counted.height == counted["irradiation_event_uid"].n_unique()
        assert summed.patients == counted["patient"].n_unique() <= here.height
        assert summed.studies == counted["StudyInstanceUID"].n_unique() <= here["studies"].sum()
        by_protocol = dose_by_protocol.by_protocol(events, survey.table("dose_estimate"))
        assert by_protocol["events"].sum() == summed.events

        tables = ReportTables(
            events=events, doses=survey.table("dose_estimate"), series=survey.series(),
            findings=survey.findings(), rejected=survey.rejected(),
        )  # fmt: skip
        lacking = missing(tables)
        assert lacking.filter(area="findings")["count"].sum() == survey.findings().height
        assert lacking.filter(area="files not stored")["count"].sum() == survey.rejected().height
        assert survey.series()["instances"].sum() == stored(survey)
        assert here["instances"].sum() == stored(survey)


def test_what_another_line_brought_is_here_and_the_line_is_judged_again(tmp_path: Path) -> None:
    with hospital(tmp_path, patients=1) as (survey, pacs, (patient,)):
        accession = accession_of(pacs, patient.patient_id)
        lacking = ListedPatient(patient.patient_id, accession=accession)
        whole = pacs.selected
        pacs.selected = lambda level, keys: []  # type: ignore[method-assign]
        first = collect(survey, [lacking])
        assert first.states()["incomplete"] == 1
        pacs.selected = whole  # type: ignore[method-assign]
        with page(survey) as (queue, _):
            queue.settle(1, PatientState.INCOMPLETE, "as it was")  # not due any more
            collector = Collector(survey, until_done=True)
            collector.enter([patient])
            collector.run()
            rows = {row["number"]: row for row in queue.rows()}
        assert {row["state"] for row in rows.values()} == {"complete"}
        for row in rows.values():
            assert row["already"] + row["received"] == row["expected"] == stored(survey)
        with closing(collector.hospital):
            assert completeness.totals(survey.table("ledger")).proven
