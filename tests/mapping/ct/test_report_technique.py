"""What a CT dose report tells beside the dose: modulation, lengths, mAs, dose checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.mapping.conftest import code, content, numeric
from workbench.dicom.read import read_header
from workbench.mapping import map_instances
from workbench.mapping.dose_alerts import alerts
from workbench.schema import IRRADIATION_EVENT

YES, NO = code("R-0038D", "Yes", "SRT"), code("373067005", "No", "SCT")


def checked(cases: Any, *details: Dataset, **added: Any) -> dict[str, Any]:
    """The event of a report whose dose container has these dose check details."""
    event = cases.event(**added)
    for item in event.ContentSequence:
        if item.ConceptNameCodeSequence[0].CodeValue == "113829":
            item.ContentSequence.extend(details)
    mapped = map_instances(cases.frame(cases.report("9", [event])))
    return mapped.events.row(0, named=True)


def alert(*items: Dataset | None) -> Dataset:
    return content("113900", items=[item for item in items if item])


def rows(event: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    frame = alerts(IRRADIATION_EVENT.frame([event]))
    return {(row["check"], row["quantity"]): row for row in frame.to_dicts()}


@pytest.mark.parametrize(("estimate", "exceeded"), [(1200.0, True), (900.0, False), (None, None)])
def test_an_alert_is_a_row_with_its_value_and_the_estimate(
    cases: Any, estimate: float | None, exceeded: bool | None
) -> None:
    told = checked(cases, alert(
        content("113901", coded=YES), numeric("113903", (1000, "mGy.cm")),
        numeric("113905", estimate and (estimate, "mGycm")), content("113902", coded=NO),
    ))  # fmt: skip
    found = rows(told)
    assert set(found) == {("alert", "dlp"), ("alert", "ctdi_vol")}
    dlp = found["alert", "dlp"]
    assert (dlp["configured"], dlp["limit"], dlp["estimate"]) == (True, 1000, estimate)
    assert (dlp["exceeded"], dlp["unit"], dlp["delivered"]) == (exceeded, "mGy.cm", 300)
    assert found["alert", "ctdi_vol"]["configured"] is False
    assert found["alert", "ctdi_vol"]["limit"] is None


def test_notifications_are_apart_from_alerts(cases: Any) -> None:
    details = content("113908", items=[
        content("113910", coded=YES), numeric("113912", (50, "mGy")),
        numeric("113914", (77, "mGy")),
    ])  # fmt: skip
    row = rows(checked(cases, details))["notification", "ctdi_vol"]
    assert (row["limit"], row["estimate"], row["exceeded"], row["unit"]) == (50, 77, True, "mGy")
    assert row["delivered"] == 10


def test_who_went_on_and_why_is_not_kept_but_that_a_reason_was_given_is(cases: Any) -> None:
    person, reason = Dataset(), content("113907", text="obese, Dr Grottenolm knows")
    person.ValueType, person.PersonName = "PNAME", "Grottenolm^Ada"
    person.ConceptNameCodeSequence = [code("113870")]
    told = checked(cases, alert(content("113902", coded=YES), reason, person))
    assert rows(told)["alert", "ctdi_vol"]["reason_given"] is True
    assert "Grottenolm" not in json.dumps({k: str(v) for k, v in told.items()})
    assert rows(checked(cases, alert(content("113902", coded=YES))))["alert", "ctdi_vol"][
        "reason_given"
    ] is False  # fmt: skip


def test_a_value_of_an_unknown_unit_is_refused_and_told(cases: Any) -> None:
    event = cases.event()
    event.ContentSequence[3].ContentSequence.append(
        alert(content("113901", coded=YES), numeric("113903", (1000, "bananas")))
    )
    mapped = map_instances(cases.frame(cases.report("9", [event])))
    assert alerts(mapped.events)["limit"].to_list() == [None]
    assert ("unknown_unit", "alert") in mapped.findings.select("code", "column").rows()


def test_an_event_without_dose_check_has_no_row(cases: Any) -> None:
    assert rows(checked(cases)) == {}


def test_modulation_lengths_and_mas_of_an_event(cases: Any) -> None:
    event = cases.event()
    parameters = event.ContentSequence[2]
    parameters.ContentSequence.extend([
        numeric("113893", (301, "mm")), numeric("113828", (0.8, "{ratio}")),
        numeric("113895", (-20, "mm")), numeric("113896", (-321, "mm")),
    ])  # fmt: skip
    source = next(
        item for item in parameters.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeValue == "113831"
    )  # fmt: skip
    source.ContentSequence.extend([numeric("113734", (200, "mA")), numeric("113834", (0.5, "s"))])
    event.ContentSequence.append(content("113842", text="XYZ_EC"))
    row = map_instances(cases.frame(cases.report("9", [event]))).events.row(0, named=True)
    assert (row["mas"], row["effective_mas"]) == (100, 125)
    assert row["reconstructable_length_mm"] == 301
    assert (row["slice_location_min_mm"], row["slice_location_max_mm"]) == (-321, -20)
    assert (row["modulation"], row["modulation_text"]) == ("ANGULAR+LONGITUDINAL", "XYZ_EC")
    told = json.loads(row["provenance"])
    assert told["mas"] == "113734 DCM x 113834 DCM"
    assert told["reconstructable_length_mm"] == "113893 DCM"
    assert "exposed_length_mm" not in told


def test_real_reports_have_their_alert_values(test_data: Path, cases: Any) -> None:
    file = test_data / "dose" / "openrem" / "CT-RDSR-Siemens-Multi-3.dcm"
    mapped = map_instances(cases.frame(read_header(file).dataset))
    found = alerts(mapped.events)
    limits = found.filter((found["check"] == "alert") & (found["quantity"] == "ctdi_vol"))
    assert limits["limit"].to_list() == [1000, 1000, 1000]
    assert found.filter(found["check"] == "notification")["configured"].to_list() == [False] * 6
