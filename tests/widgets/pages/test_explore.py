"""Filters for events, and the charts that are made of what they leave."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.unmarked import unmarked, wrong_in_text
from tests.report.report_frames import drawn_apart, scans
from workbench.language import t, use_language
from workbench.report import charts
from workbench.report.follow_up import WEEK
from workbench.schema import IRRADIATION_EVENT
from workbench.survey import create_survey
from workbench_widgets.pages.explore.page import (
    AGE_BANDS,
    NEXT_STEP,
    EventChoice,
    EventFilter,
    ctdi_bands,
    ctdi_by_age,
    dlp_by_protocol,
)
from workbench_widgets.pages.explore.two_choices import TwoChoices
from workbench_widgets.parts.chart import Chart
from workbench_widgets.parts.live.live import Ask

WEEKS_10 = timedelta(weeks=10)
SMALL = (
    {"manufacturer": "ACME", "patient_age_years": 4.9, "body_region": "head"},
    {"manufacturer": "Acme", "patient_age_years": 5.0, "model": "Ring 16"},
    {"manufacturer": "Other", "patient_age_years": 17.99, "source": "header"},
    {"manufacturer": None, "patient_age_years": None},
    {"localizer": True, "patient_age_years": 60.0},
)


def rows(frame):
    return [int(patient[1:]) for patient in frame["patient"]]


def shown(events):
    return events._count.value


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (EventChoice(), [0, 1, 2, 3]),
        (EventChoice(topograms=True), [0, 1, 2, 3, 4]),
        (EventChoice(maker="ACME"), [0, 1]),
        (EventChoice(model="Ring 16"), [1]),
        (EventChoice(region="head"), [0]),
        (EventChoice(source="header"), [2]),
        (EventChoice(ages=(0, 4), unknown_age=False), [0]),
        (EventChoice(ages=(5, 17), unknown_age=False), [1, 2]),
        (EventChoice(ages=(5, 16)), [1, 3]),
        (EventChoice(unknown_age=False), [0, 1, 2]),
        (EventChoice(maker="ACME", region="chest"), [1]),
        (EventChoice(maker="nobody"), []),
    ],
)
def test_a_choice_keeps_the_events_it_names(choice, left):
    assert rows(choice.of(scans(*SMALL))) == left


def test_a_completed_year_of_age_belongs_to_one_range_only():
    ages = [0.0, 0.99, 1.0, 17.999, 18.0, 18.5]
    events = scans(*({"patient_age_years": age} for age in ages))
    children, adults = EventChoice(ages=(0, 17)).of(events), EventChoice(ages=(18, 99)).of(events)
    assert rows(children) == [0, 1, 2, 3]
    assert rows(adults) == [4, 5]


def test_the_filter_says_how_many_of_how_many_and_tells_who_listens():
    events, heard = EventFilter(scans(*SMALL)), []
    events.observe(lambda change: heard.append(change.new.height), "frame")
    assert shown(events) == "4 of 5 events shown"
    events._choices["maker"].value = "ACME"
    assert shown(events) == "2 of 5 events shown"
    assert heard == [2]
    assert events.choice == EventChoice(maker="ACME")
    events._reset.click()
    assert shown(events) == "5 of 5 events shown"
    assert heard == [2, 5]


def test_each_choice_says_how_many_events_it_has_and_spellings_are_one_maker():
    labels = [label for label, _ in EventFilter(scans(*SMALL))._choices["maker"].options]
    assert labels == ["all (5)", "ACME (3)", "Other (1)"]


def test_a_scanner_and_a_maker_are_one_under_all_spellings():
    same = {"device_serial_number": "75512", "station": "CT1", "model": "SOMATOM Force"}
    frame = scans(
        {**same, "manufacturer": "SIEMENS"},
        {**same, "manufacturer": "Siemens Healthineers", "model": "Somatom force"},
        {**same, "manufacturer": "SIEMENS", "device_serial_number": "2", "station": "CT2"},
        {"manufacturer": "ACME Inc."},
        {"manufacturer": "Acme"},
    )
    events = EventFilter(frame)
    scanners = [label for label, _ in events._choices["scanner"].options]
    assert sorted(scanners) == [
        "ACME Inc. Ring 64, CT1 (2)",
        "Siemens SOMATOM Force, CT1 (2)",
        "Siemens SOMATOM Force, CT2 (1)",
        "all (5)",
    ]
    makers = [label for label, _ in events._choices["maker"].options]
    assert makers == ["all (5)", "Siemens (3)", "ACME Inc. (2)"]
    events._choices["scanner"].value = "Siemens SOMATOM Force, CT1"
    assert rows(events.frame) == [0, 1]
    events._choices["scanner"].value = ""
    events._choices["maker"].value = "ACME Inc."
    assert rows(events.frame) == [3, 4]
    assert rows(EventChoice(scanner="Siemens SOMATOM Force, CT2").of(frame)) == [2]


def test_without_events_the_filter_says_what_to_do_next():
    events = EventFilter(IRRADIATION_EVENT.empty())
    assert shown(events) == NEXT_STEP
    assert events.frame.is_empty()


def test_charts_and_table_follow_the_filter():
    events = EventFilter(scans(*SMALL))
    chart, table = events.chart(ctdi_by_age), events.table()
    assert "4 events" in chart.description
    events._choices["region"].value = "head"
    assert "1 event " in chart.description
    assert rows(table.frame) == [0]
    assert set(table.frame.columns) == {*IRRADIATION_EVENT.names, "scanner", WEEK}


def test_ctdi_is_summed_up_by_age_band_and_never_across_phantoms():
    doses = [{"ctdi_vol_mgy": dose, "patient_age_years": 45.0} for dose in (1.0, 2.0, 3.0, 4.0)]
    other = {"ctdi_vol_mgy": 50.0, "ctdi_phantom_cm": 16, "patient_age_years": 45.0}
    unknown = {"ctdi_vol_mgy": 7.0, "ctdi_phantom_cm": None, "patient_age_years": None}
    bands = ctdi_bands(scans(*doses, other, unknown, {"localizer": True}, {"ctdi_vol_mgy": None}))
    # Quartiles of 1, 2, 3, 4, linear between neighbours (Hyndman and Fan's type 7).
    assert bands.rows() == [
        ("40–49", "16 cm", 1, 50.0, 50.0, 50.0),
        ("40–49", "32 cm", 4, 1.75, 2.5, 3.25),
        ("not known", "not known", 1, 7.0, 7.0, 7.0),
    ]


@pytest.mark.parametrize(
    ("age", "band"),
    [(0.0, "<1"), (1.0, "1–4"), (4.999, "1–4"), (15.0, "15–17"), (18.0, "18–29"), (80.0, "80+"),
     (101.0, "80+"), (None, "not known"), (float("nan"), "not known")],
)  # fmt: skip
def test_age_bands_hold_their_lower_end(age, band):
    assert ctdi_bands(scans({"patient_age_years": age}))["age"].to_list() == [band]


@given(st.lists(st.floats(0, 120) | st.none(), min_size=1, max_size=30))
def test_every_event_is_in_exactly_one_band(ages):
    bands = ctdi_bands(scans(*({"patient_age_years": age} for age in ages)))
    assert bands["events"].sum() == len(ages)
    assert bands.height <= len(AGE_BANDS) + 2


@pytest.mark.parametrize("draw", [dlp_by_protocol, ctdi_by_age])
def test_no_row_of_a_patient_gets_into_a_chart(draw):
    events = scans(*({"patient": f"PSEUDONYM-{n}", "dlp_mgy_cm": float(n)} for n in range(40)))
    spec = json.dumps(draw(events).to_dict())
    assert "PSEUDONYM" not in spec
    assert "irradiation_event" not in spec
    Chart(draw(events))  # few enough rows, and none that identifies


@pytest.mark.parametrize("draw", [dlp_by_protocol, ctdi_by_age])
def test_where_there_is_nothing_to_draw_the_chart_says_so(draw):
    for events in (IRRADIATION_EVENT.empty(), scans({"localizer": True})):
        chart = Chart(draw(events))
        assert chart.description.startswith("No event here has a")
        assert "Change the filters" in chart.description


def test_a_chart_of_rows_that_identify_is_refused():
    import altair as alt

    from workbench.errors import WorkbenchError

    raw = scans({}).select("patient", "dlp_mgy_cm")
    for name in ("patient", "StudyInstanceUID", "irradiation_event_uid", "SeriesInstanceUIDs"):
        frame = raw.rename({"patient": name})
        chart = alt.Chart(frame).mark_point().encode(x="dlp_mgy_cm:Q")
        with pytest.raises(WorkbenchError):
            Chart(chart, "")


def test_only_events_of_the_frame_are_counted_in_words():
    events = scans({"dlp_mgy_cm": 1.0}, {"dlp_mgy_cm": None, "ctdi_vol_mgy": 1.0})
    assert "of 1 event " in dlp_by_protocol(events).to_dict()["description"]
    assert isinstance(events, pl.DataFrame)


def test_nothing_is_left_in_english() -> None:
    events = scans({}, {"ctdi_phantom_cm": 16, "patient_age_years": None}, {"localizer": True})
    with use_language("xx"):
        shown = EventFilter(events)
        said = [shown._count.value, shown._reset.description]
        said += [control.description for control in shown._choices.values()]
        said += [label for control in shown._choices.values() for label, _ in control.options]
        for draw in (dlp_by_protocol, ctdi_by_age):
            said += [draw(events).to_dict()["description"]]
            said += [draw(events.clear()).to_dict()["description"]]
            drawn = charts.svg(draw(events), t("Chart"), t("Chart"))
            assert unmarked(drawn_apart(drawn)) == []
        shown._topograms.value = True
        said += [shown._topograms.description, shown._ages.description, shown.table().caption]
        said += [shown._unknown_age.description, EventFilter(events.clear())._count.value]
    for text in said:
        assert wrong_in_text(text) == []


def opened(tmp_path, events):
    survey = create_survey(tmp_path / "w")
    survey.store.publish({"irradiation_event": events})
    made = EventFilter(survey.events(preferred=True))
    look = made.look(survey)
    survey.close()
    return made, look.children


def test_a_row_of_the_table_opens_to_its_event(tmp_path):
    events, (table, trail) = opened(tmp_path, scans(*SMALL))
    table._opened(table.frame.row(1, named=True))
    assert trail.step == "event"
    assert "Ring 16" in trail.answer(Ask("look", {})).html
    trail.answer(Ask("home", {}))
    assert trail.step == ""
    events._topograms.value = True
    table._opened(table.frame.row(4, named=True))  # a topogram has no peers, and is shown
    assert trail.step == "event"


def test_a_mark_of_the_chart_opens_the_events_it_sums_up(tmp_path):
    events, (_, trail) = opened(tmp_path, scans(*SMALL, {"patient_age_years": 4.0}))
    chart = events.chart(ctdi_by_age)
    assert chart.parameters == ("point",)
    for band in ctdi_bands(events.frame).iter_rows(named=True):
        chart._select("point", {"band": [f"{band['age']} | {band['phantom']}"]})
        assert trail._events.height == band["events"]
    for strange in ({}, {"band": "x"}, {"band": []}, {"band": [5]}, {"band": ["1–4"]}):
        trail.close_trail()
        chart._select("point", strange)
        assert trail.step == ""


def test_a_period_keeps_the_weeks_asked_for():
    start = datetime(2020, 1, 1)
    events = EventFilter(scans(
        {"patient": "A", "started_at": start}, {"patient": "A", "started_at": start + WEEKS_10},
        {"patient": "B", "started_at": start + 40 * WEEKS_10}, {"patient": "C"},
    ))  # fmt: skip
    events._first.value = "0"
    events._last.value = "9"
    assert events.frame["StudyInstanceUID"].to_list() == ["1.0", "1.2"]
    events._reset.click()
    assert events.frame.height == 4


def test_two_choices_are_compared_in_words_and_follow_both_filters():
    rows = ({"ctdi_vol_mgy": 10.0, "body_region": region} for region in ("head", "chest") * 12)
    two = TwoChoices(scans(*rows))
    assert "no difference" in two.html()
    two.other._choices["region"].value = "head"
    assert "too few values to compare (n = 12 and 0)" in two.html()
    with use_language("xx"):
        assert unmarked(TwoChoices(scans(*SMALL)).html()) == []
