"""What a large dose-management system's tests assert about real CT objects, value for value.

The whole line is used: read, de-identify, record, map.  Shifted dates are shifted back with
the key; UIDs are looked up under their pseudonyms.  What de-identification removes on purpose,
what is printed in pixels only and what is not CT is named and left out of the share.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.read import read_header
from workbench.dicom.record import dicom_json, instance_row
from workbench.dicom.values import parse_moment, parse_time
from workbench.mapping import Mapped, map_instances
from workbench.schema import INSTANCE

PSEUDONYMS = Pseudonyms(bytes(range(32)), "expected", "test")
CT_KINDS = {"CT-RDSR", "NM-CT-RDSR", "CT image", "CT localizer", "CT dose screen (SC)",
            "CT exam summary (SC)"}  # fmt: skip
# Identity by profile: these may not leave the hospital.
REMOVED = re.compile(
    r"accession_number|institution_name|referring_physician|study_id$|physical_location"
    r"|observer_name|serial_number|Organization|PersonParticipant|station_name"
)
OLDEST_TOLD = 89  # years; the profile caps ages above


@dataclass(frozen=True)
class Study:
    """Mapped tables of the files of one expectation, and how to undo the dates' shift.

    ``institution`` holds the words of the hospital's name, which are cleaned from all texts.
    """

    instances: pl.DataFrame
    mapped: Mapped
    shift: timedelta
    institution: frozenset[str]

    @property
    def events(self) -> pl.DataFrame:
        return self.mapped.events.filter("preferred")

    def event(self, uid: str, index: str | None) -> dict[str, Any]:
        rows = self.events.filter(pl.col("irradiation_event_uid") == PSEUDONYMS.uid(uid))
        return rows.row(0, named=True) if rows.height else {}

    def report(self) -> dict[str, Any]:
        reports = self.events["report"].drop_nulls()
        return dict(json.loads(reports[0])) if len(reports) else {}

    def header(self, key: str) -> list[Any]:
        found = (json.loads(text).get(key, {}).get("Value") for text in self.instances["header"])
        return [values[0] for values in found if values]

    def moment(self, text: str | None) -> datetime | None:
        parsed = parse_moment(text or "").at
        return None if parsed is None else parsed + self.shift


def load(folder: Path, files: list[str]) -> Study:
    engine = Deidentifier(load_profile(), PSEUDONYMS)
    rows = []
    shift = timedelta()
    words: set[str] = set()
    for number, file in enumerate(files):
        source = read_header(folder / file).dataset
        clean = engine.apply(source)
        header, _ = dicom_json(clean.dataset)
        row, _ = instance_row(header)
        rows.append(row | {"object_number": number, "patient": clean.patient,
                           "patient_age_days": clean.age.days,
                           "patient_age_years": clean.age.years})  # fmt: skip
        issuer = str(source.get("IssuerOfPatientID") or "")
        shift = timedelta(days=PSEUDONYMS.shift_days(issuer, str(source.get("PatientID") or "")))
        words |= set(str(source.get("InstitutionName") or "").split())
    instances = INSTANCE.frame(rows)
    return Study(instances, map_instances(instances), shift, frozenset(words))


Found = Callable[[Study, re.Match[str], str], object]
ACQUISITION = r"CtRadiationDose\.CtIrradiationEventData\[(\d+)\]\."


def column(name: str) -> Found:
    return lambda study, match, uid: study.event(uid, match[1]).get(name)


def said(name: str) -> Found:
    return lambda study, match, uid: study.report().get(name)


def x_ray_source(study: Study, match: re.Match[str], uid: str) -> object:
    names = {"kvp": "kvp_kv", "xray_tube_current": "tube_current_ma",
             "maximum_xray_tube_current": "maximum_tube_current_ma",
             "exposure_time_per_rotation": "rotation_time_s"}  # fmt: skip
    sources = json.loads(study.event(uid, match[1]).get("x_ray_sources") or "[]")
    return next((s[names[match[3]]] for s in sources if s["identification"] == match[2]), None)


def counted(event_type: str) -> Found:
    return lambda study, match, uid: study.events.filter(pl.col("event_type") == event_type).height


def copied(name: str) -> Found:
    return lambda study, match, uid: study.instances[name].drop_nulls().to_list()


def total_dlp(study: Study, match: re.Match[str], uid: str) -> float:
    reports = study.events["report"].drop_nulls().unique()
    if len(reports) == 1 and (total := study.report().get("dlp_total_mgy_cm")) is not None:
        return float(total)
    return float(study.events["dlp_mgy_cm"].sum())


def dose_sequence(study: Study, match: re.Match[str], uid: str) -> object:
    names = {"kvp": "kvp_kv", "acquisition_type": "event_type", "ctdivol": "ctdi_vol_mgy",
             "total_collimation_width": "total_collimation_mm", "pitch": "pitch",
             "exposure_time_raw_header": "exposure_time_s"}  # fmt: skip
    rows = study.mapped.events.filter(pl.col("source") == "dose_sequence").sort("started_at")
    value = rows[int(match[1])][names[match[2]]].item()
    return value * 1000 if match[2] == "exposure_time_raw_header" else value  # s -> ms


# Quantity pattern -> value from our tables; where several objects answer, any may be right.
TRANSLATION: dict[str, Found] = {
    r"Study\.study_date$": lambda s, m, u: [
        day + s.shift for day in s.instances["StudyDate"].drop_nulls()
    ],
    r"Study\.study_time$": lambda s, m, u: [
        (datetime.fromisoformat("1900-01-01") + clock).time()
        for text in s.header("00080030")
        if (clock := parse_time(text)) is not None
    ],
    r"Study\.study_description$": copied("StudyDescription"),
    r"Study\.modality_type$": lambda s, m, u: s.events["modality"].to_list(),
    r"Study\.number_of_events$|EXPR: num_events$": lambda s, m, u: s.events.height,
    r"Study\.number_of_axial$": counted("SEQUENCED"),
    r"Study\.number_of_spiral$": counted("SPIRAL"),
    r"Study\.number_of_stationary$": counted("STATIONARY"),
    r"Study\.number_of_const_angle$": counted("CONSTANT_ANGLE"),
    r"Study\.total_dlp$|HeaderDose\.total_dlp$": total_dlp,
    r"Study\.series_instance_uid$": lambda s, m, u: s.mapped.series["SeriesInstanceUID"].to_list(),
    r"EXPR: (GeneralStudyModuleAttr\.objects|studies)\.count\(\)$": lambda s, m, u: s.events[
        "StudyInstanceUID"
    ].n_unique(),
    r"GeneralEquipmentModuleAttr\.manufacturer$": copied("Manufacturer"),
    r"GeneralEquipmentModuleAttr\.manufacturer_model_name$": copied("ManufacturerModelName"),
    r"GeneralEquipmentModuleAttr\.station_name$": copied("StationName"),
    r"PatientStudyModuleAttr\.patient_age$": copied("PatientAge"),
    # The other system keeps one decimal.
    r"PatientStudyModuleAttr\.patient_age_decimal$": lambda s, m, u: [
        round(age, 1) for age in s.events["patient_age_years"].drop_nulls()
    ],
    r"CtRadiationDose\.start_of_xray": lambda s, m, u: s.moment(s.report().get("started_at")),
    r"CtRadiationDose\.end_of_xray": lambda s, m, u: s.moment(s.report().get("ended_at")),
    r"CtRadiationDose\.procedure_reported\.": said("procedure"),
    r"CtRadiationDose\.has_intent\.": said("intent"),
    r"CtRadiationDose\.source_of_dose_information\.": said("source_of_dose_information"),
    r"CtRadiationDose\.scope_of_accumulation\.": said("scope_of_accumulation"),
    r"CtRadiationDose\.ObserverContext\.device_observer_name": said("device_observer_name"),
    r"CtRadiationDose\.ObserverContext\.device_observer_manufacturer": said(
        "device_observer_manufacturer"
    ),
    r"CtRadiationDose\.ObserverContext\.device_observer_model": said("device_observer_model"),
    r"CtRadiationDose\.ObserverContext\.device_observer_serial": said(
        "device_observer_serial_number"
    ),
    r"CtRadiationDose\.ObserverContext\.observer_type\.": said("observer_type"),
    r"CtRadiationDose\.CtAccumulatedDoseData\.total_number": said("number_of_events"),
    r"CtRadiationDose\.CtAccumulatedDoseData\.ct_dose_length": said("dlp_total_mgy_cm"),
    ACQUISITION + r"mean_ctdivol$": column("ctdi_vol_mgy"),
    ACQUISITION + r"dlp$": column("dlp_mgy_cm"),
    ACQUISITION + r"target_region\.": column("target_region"),
    ACQUISITION + r"ct_acquisition_type\.": column("event_type"),
    ACQUISITION + r"ScanningLength\.": column("scan_length_mm"),
    ACQUISITION + r"exposure_time$": column("exposure_time_s"),
    ACQUISITION + r"nominal_single": column("single_collimation_mm"),
    ACQUISITION + r"nominal_total": column("total_collimation_mm"),
    ACQUISITION + r"number_of_xray_sources$": column("number_of_x_ray_sources"),
    ACQUISITION + r"pitch_factor$": column("pitch"),
    ACQUISITION + r"ctdiw_phantom_type\.": column("ctdi_phantom_cm"),
    ACQUISITION + r"acquisition_protocol$": column("protocol"),
    ACQUISITION + r"comment$": column("comment"),
    ACQUISITION + r"procedure_context\.": column("procedure_context"),
    ACQUISITION + r"DeviceParticipant\.device_manufacturer$": column("manufacturer"),
    ACQUISITION + r"DeviceParticipant\.device_model_name$": column("model"),
    ACQUISITION + r"DeviceParticipant\.device_serial_number$": column("device_serial_number"),
    ACQUISITION + r"CtXRaySourceParameters(?:\[\d+\])?\{(\w+)\}\.(\w+)$": x_ray_source,
    r"HeaderDose\.event\[(\d+)\]\.(\w+)$": dose_sequence,
}
# Code meanings that we keep as words or numbers of our own.
MEANINGS: dict[str, object] = {
    "Constant Angle Acquisition": "CONSTANT_ANGLE", "Spiral Acquisition": "SPIRAL",
    "Sequenced Acquisition": "SEQUENCED", "Stationary Acquisition": "STATIONARY",
    "IEC Body Dosimetry Phantom": 32, "IEC Head Dosimetry Phantom": 16,
}  # fmt: skip


def left_out(row: dict[str, str], kinds: set[str]) -> str | None:
    quantity = row["quantity"]
    if row["category"] == "ocr":
        return "printed in the pixels only"
    if row["category"] == "workflow":
        return "result of another program's later steps"
    if quantity.startswith("Radiopharmaceutical"):
        return "not CT"
    if quantity == "Study.modality_type" and kinds - CT_KINDS:
        return "not CT"
    return None


def agrees(row: dict[str, str], found: object) -> bool:
    if isinstance(found, list):
        return any(agrees(row, one) for one in found)
    expected = MEANINGS.get(row["value"], row["value"])
    if found is None or row["match"] == "none":
        return row["match"] == "none" and found is None
    if isinstance(found, datetime):
        return found == datetime.fromisoformat(str(expected))
    if isinstance(found, date):
        return found == date.fromisoformat(str(expected))
    if row["value_type"] in ("Decimal", "float", "int") and isinstance(expected, str):
        # unittest's assertAlmostEqual: equal when rounded to seven decimals
        return isinstance(found, int | float) and round(found - float(expected), 7) == 0
    if row["quantity"].endswith("patient_age"):
        return str(found).lstrip("0") == str(expected).lstrip("0")
    if row["quantity"].endswith("series_instance_uid"):
        return found == PSEUDONYMS.uid(str(expected))
    return str(found) == str(expected)


def by_design(row: dict[str, str], study: Study, found: object) -> bool:
    if REMOVED.search(row["quantity"]):
        return True
    cleaned = " ".join(word for word in row["value"].split() if word not in study.institution)
    if cleaned != row["value"] and agrees(row | {"value": cleaned}, found):
        return True
    if not row["value"].isascii() and found == "X":  # of another character set
        return True
    age = re.match(r"([\d.]+)Y?$", row["value"])
    return "patient_age" in row["quantity"] and age is not None and float(age[1]) > OLDEST_TOLD


def compared(folder: Path) -> tuple[Counter[str], list[str]]:
    """Return how many values were reproduced or left out, by reason, and which are wrong."""
    with (folder / "CATALOGUE.csv").open(encoding="utf-8") as file:
        kinds = {row["file"]: row["kind"] for row in csv.DictReader(file)}
    with (folder / "EXPECTED.csv").open(encoding="utf-8") as file:
        rows = [
            row for row in csv.DictReader(file)
            if CT_KINDS & {kinds[name] for name in row["file"].split("+")}
        ]  # fmt: skip
    studies: dict[str, Study] = {}
    outcome: Counter[str] = Counter()
    wrong: list[str] = []
    for row in rows:
        files = row["file"].split("+")
        reason = left_out(row, {kinds[name] for name in files})
        if reason:
            outcome[reason] += 1
            continue
        if row["file"] not in studies:
            studies[row["file"]] = load(folder, files)
        study = studies[row["file"]]
        read, match = next(
            ((read, match) for pattern, read in TRANSLATION.items()
             if (match := re.match(pattern, row["quantity"]))),
            (None, None),
        )  # fmt: skip
        found = read(study, match, row["event_uid"]) if read and match else None
        if agrees(row, found):
            outcome["reproduced"] += 1
        elif by_design(row, study, found):
            outcome["removed by de-identification"] += 1
        else:
            wrong.append(f"{row['quantity']} of {files[0]}: {row['value']}, not {found}")
    return outcome, wrong


def test_expected_ct_values_are_reproduced(
    test_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome, wrong = compared(test_data / "dose")
    total = outcome["reproduced"] + len(wrong)
    share = 100 * outcome["reproduced"] / total
    others = "; ".join(f"{n} {why}" for why, n in outcome.items() if why != "reproduced")
    with capsys.disabled():
        sys.stdout.write(
            f"\nexpected CT values: {outcome['reproduced']} of {total} = {share:.1f} %; {others}\n"
        )
    assert total > 0
    assert not wrong, "\n".join(wrong)
