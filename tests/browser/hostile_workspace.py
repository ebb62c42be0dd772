"""A workspace with a payload in every text column of every table, past all cleaning.

Files with payloads in their headers are imported, mapped and dosed as any; but de-identification
may take a payload out, so each is also written into the tables unaltered: what is shown rests on
how it is shown alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tests.browser.hostile_dicom import write_hostile
from tests.report.report_frames import SCAN
from workbench.cli import main
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.schema import TABLES, Table
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench.survey import Survey, create_survey

MARK = "<b data-pwned=1>"  # sixteen characters, as many as an AE title has
NAME = "<img src=x onerror=window.__pwned=1 data-pwned=1>{{7*7}}</script>"
TEXT_KINDS = ("text", "texts", "json")
MOMENT = datetime(2026, 3, 1, 12, 30)
# Not published: made from the instances, or noted in the catalogue while the work is done.
COUNTED_UP = ("patient", "run", "rejected")
# Rows that are summed up and drawn: everything else of them is hostile.
COUNTED: Mapping[str, object] = {
    "preferred": True, "localizer": False, "ctdi_phantom_cm": 32, "patient_age_years": 50.0,
}  # fmt: skip
KNOWN = {name: SCAN[name] for name in ("body_region", "modality", "source")}


def text_columns(table: Table) -> list[str]:
    """Return the columns of a table that hold text."""
    return [column.name for column in table.columns if column.kind in TEXT_KINDS]


def hostile_rows(table: Table, texts: Sequence[str], **known: object) -> pl.DataFrame:
    """Return one row a payload, which stands in every text column; ``known`` is as told."""
    rows = []
    for number, text in enumerate(texts):
        row: dict[str, object] = {}
        for column in table.columns:
            row[column.name] = {
                "text": text, "texts": [text, text], "json": json.dumps({text: [text]}),
                "integer": number, "real": 10.0 + number, "flag": True, "moment": MOMENT,
                "date": MOMENT.date(), "reals": [-1.0, -2.5],
            }[column.kind]  # fmt: skip
        # What names a row is another in each: a row a payload, not one for all.
        row |= {name: f"{text}{number}" for name in table.key if isinstance(row[name], str)}
        rows.append({**row, **{name: known[name] for name in known if name in row}})
    return table.frame(rows)


def hostile_frames(texts: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Return every table that is published as a frame; events with and without a known region."""
    frames = {
        name: hostile_rows(table, texts, **COUNTED)
        for name, table in TABLES.items()
        if name not in COUNTED_UP
    }
    events = TABLES["irradiation_event"]
    known = hostile_rows(events, texts, **COUNTED, **KNOWN).with_columns(
        irradiation_event_uid=pl.format("known {}", "irradiation_event_uid")
    )
    frames[events.name] = pl.concat([frames[events.name], known])
    return frames


def hostile_workspace(folder: Path, texts: Sequence[str], *, files: bool = True) -> Path:
    """Make a workspace whose name, PACS, tables, queue, log and reports are all hostile.

    With ``files`` it also holds what came of hostile files: imported, mapped and dosed.
    """
    settings = Settings(SurveySettings(NAME, "SITE"), pacs=EntitySettings(MARK, port=1))
    survey = create_survey(folder, settings)
    if files:
        _through_the_line(survey, texts)
    survey.store.publish({
        name: pl.concat([survey.table(name), frame])
        for name, frame in hostile_frames(texts).items()
    })  # fmt: skip
    for number, text in enumerate(texts):
        survey.store.end_run(survey.store.begin_run(text, text), text, {text: number})
        survey.store._catalogue.write(
            "INSERT INTO refused (number, verdict, code, reason, source, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?)", 1000 + number, text, text, text, text, MOMENT.isoformat(),
        )  # fmt: skip
    survey.close()
    hospital = HospitalFile(folder)
    with hospital.transaction():
        for number, text in enumerate(texts):
            _asked(hospital, number + 1, text)
    hospital.close()
    reports = folder / "reports"
    reports.mkdir()
    head = f"<title>{NAME.replace('<', '&lt;')}</title><p class=lead>{NAME.replace('<', '&lt;')}"
    (reports / f"{MARK.replace(' ', '_')}.html").write_text(head, encoding="utf-8")
    return folder


def _through_the_line(survey: Survey, texts: Sequence[str]) -> None:
    with TemporaryDirectory() as given:
        write_hostile(Path(given) / "files", texts)
        for words in (["import", given], ["map"], ["dose"]):
            assert main([*words, "-w", str(survey.folder)]) == 0
    survey.store.compact()  # all instances are in parts now, beside which ours are published


def _asked(hospital: HospitalFile, number: int, text: str) -> None:
    """Write all that a collector notes of a patient, each text of it hostile."""
    now = MOMENT.isoformat(sep=" ")
    sealed, uid = hospital.sealed, f"{text}{number}"
    patient = ListedPatient(f"{text}{number}", text, text)
    hospital.write(
        "INSERT INTO patient (number, lookup, identity, priority, state, reason, added_at,"
        " asked_at, changed_at) VALUES (?, ?, ?, 0, 'failed', ?, ?, ?, ?)",
        number, sealed.patient_index(patient), sealed.patient(number, patient), text, now, now, now,
    )  # fmt: skip
    study = sealed.study_index(number, uid)
    hospital.write(
        "INSERT INTO study VALUES (?, ?, ?, ?, 1, ?, 1, ?, ?)",
        number, study, sealed.study(number, uid, None), text, "" if number % 2 else text, now, now,
    )  # fmt: skip
    hospital.write(
        "INSERT INTO series VALUES (?, ?, ?, ?, ?, 1, '', 1)",
        number, study, sealed.series_index(number, uid, uid),
        sealed.series(number, uid, uid, [text]), text,
    )  # fmt: skip
    hospital.write(
        "INSERT INTO request (at, patient, service, level, seconds, status, completed, failed)"
        " VALUES (?, ?, ?, ?, 1.0, ?, 1, 0)", now, number, text, text, text,
    )  # fmt: skip
    hospital.write("INSERT INTO event (at, severity, text) VALUES (?, ?, ?)", now, text, text)


def attributes_tried() -> int:
    """Return how many text columns a payload stands in, over all tables."""
    return sum(len(text_columns(table)) for table in TABLES.values())
