"""Values of dose reports that contradict themselves, are not there, or stand in odd places."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.mapping.conftest import content
from workbench.mapping import Mapped, map_instances
from workbench.mapping.ct.false_zeros import ZERO_DOSE


def of(cases: Any, *events: Dataset, **said: Any) -> Mapped:
    return map_instances(cases.frame(cases.report("9", list(events), **said)))


def codes(mapped: Mapped) -> list[str]:
    return mapped.findings["code"].to_list()


@pytest.mark.parametrize(
    ("ctdi", "dlp", "length", "left"),
    [
        (10.0, 0.0, 310.0, (10.0, None)),
        (0.0, 300.0, 310.0, (None, 300.0)),
        (0.0, 0.0, 310.0, (0.0, 0.0)),  # no current is told: nothing contradicts it
        (0.01, 0.0, 310.0, (0.01, 0.0)),  # 0.3 mGy.cm may be rounded away
        (0.0, 1.0, 310.0, (0.0, 1.0)),  # 0.03 mGy may be rounded away
    ],
)
def test_a_zero_beside_a_dose_is_not_believed(
    cases: Any, ctdi: float, dlp: float, length: float, left: tuple[float | None, float | None]
) -> None:
    event = cases.event(ctdi_vol=(ctdi, "mGy"), dlp=(dlp, "mGy.cm"), length=(length, "mm"))
    mapped = of(cases, event)
    row = mapped.events.to_dicts()[0]
    assert (row["ctdi_vol_mgy"], row["dlp_mgy_cm"]) == left
    assert (row["dlp_basis"] == "reported") is (left[1] is not None)
    contradicted = None in left
    assert (ZERO_DOSE in row["flags"]) is contradicted
    assert ("zero_contradicted" in codes(mapped)) is contradicted


def test_a_report_of_zeros_gives_way_to_images_that_tell_a_dose(cases: Any) -> None:
    event = cases.event(ctdi_vol=(0, "mGy"), dlp=(0, "mGy.cm"), started="20200102101500")
    images = cases.slices("2", range(0, 305, 5))
    mapped = map_instances(cases.frame(images, cases.report("9", [event])))
    assert mapped.events["irradiation_event_uid"].n_unique() == 1
    counted = mapped.events.filter("preferred").to_dicts()
    assert [row["source"] for row in counted] == ["header"]
    assert counted[0]["dlp_mgy_cm"] > 0


def test_a_localizers_zero_is_its_dose(cases: Any) -> None:
    event = cases.event(type="113805", ctdi_vol=(0.0, "mGy"), dlp=(0.0, "mGy.cm"))
    row = of(cases, event).events.to_dicts()[0]
    assert (row["ctdi_vol_mgy"], row["dlp_mgy_cm"], row["flags"]) == (0.0, 0.0, [])


def test_accumulated_dose_alone_is_told_with_its_total(cases: Any) -> None:
    mapped = of(cases, total=(345.0, "mGy.cm"))
    assert mapped.events.is_empty()
    told = mapped.findings.filter(code="accumulated_only")
    assert "345 mGy.cm" in told["detail"].item()
    assert mapped.series["state"].to_list() == ["INCOMPLETE"]


def test_a_report_that_announces_nothing_is_whole(cases: Any) -> None:
    assert codes(of(cases, total=(0.0, "mGy.cm"))) == []


# --- events without UID ---------------------------------------------------------------------------


def no_uid(cases: Any, **said: Any) -> Dataset:
    event: Dataset = cases.event(uid=None, **said)
    return event


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("started", ["20200102101400", None])
def test_a_cumulative_report_repeats_events_in_any_order(
    cases: Any, order: tuple[int, int], started: str | None
) -> None:
    events = [
        no_uid(cases, dlp=(300.0, "mGy.cm"), started=started),
        no_uid(cases, dlp=(150.0, "mGy.cm"), started=started),
    ]
    early = cases.report("9", events[:1], written="100000")
    late = cases.report("8", [events[place] for place in order], written="120000")
    doses = map_instances(cases.frame(early, late)).events["dlp_mgy_cm"]
    assert sorted(doses.to_list()) == [150.0, 300.0]


def test_twins_without_uid_are_two_and_their_repetition_is_none_more(cases: Any) -> None:
    twins = [no_uid(cases, started=None) for _ in range(2)]
    alone = map_instances(cases.frame(cases.report("9", twins))).events
    again = map_instances(
        cases.frame(
            cases.report("9", twins, written="100000"),
            cases.report("8", [*twins, no_uid(cases, dlp=(9.0, "mGy.cm"))], written="120000"),
        )
    ).events
    assert alone["dlp_mgy_cm"].to_list() == [300.0, 300.0]
    assert sorted(again["dlp_mgy_cm"].to_list()) == [9.0, 300.0, 300.0]


def test_events_without_uid_alike_but_for_their_start_are_two(cases: Any) -> None:
    starts = ("20200102101400", "20200102101900")
    reports = [
        cases.report(series, [no_uid(cases, started=start)])
        for series, start in zip("98", starts, strict=True)
    ]
    assert map_instances(cases.frame(*reports)).events.height == 2


# --- codes ----------------------------------------------------------------------------------------


def test_a_private_code_with_dicoms_value_is_no_dose(cases: Any) -> None:
    event = cases.event()
    dose = next(item for item in event.ContentSequence
                if item.ConceptNameCodeSequence[0].CodeValue == "113829")  # fmt: skip
    projected = cases.event(dlp=(999.0, "mGy.cm")).ContentSequence[3].ContentSequence[1]
    projected.ConceptNameCodeSequence[0].CodingSchemeDesignator = "99ACME"
    dose.ContentSequence = [projected, *dose.ContentSequence]
    assert of(cases, event).events["dlp_mgy_cm"].to_list() == [300.0]
    dose.ContentSequence = [projected]
    assert of(cases, event).events["dlp_mgy_cm"].to_list() == [None]


def test_codes_without_scheme_are_read_and_told(cases: Any) -> None:
    event = cases.event()
    del event.ConceptNameCodeSequence[0].CodingSchemeDesignator
    mapped = of(cases, event)
    assert mapped.events["dlp_mgy_cm"].to_list() == [300.0]
    assert codes(mapped) == ["code_without_scheme"]


@pytest.mark.parametrize(
    ("value", "scheme", "kind"),
    [("P5-08001", "SRT", "SPIRAL"), ("116152004", "SCT", "SPIRAL"), ("113804", "DCM", "SEQUENCED"),
     ("113804", "99ACME", "unknown"), ("P5-08001", "99SDM", "SPIRAL")],
)  # fmt: skip
def test_the_acquisition_type_is_a_code_with_its_scheme(
    cases: Any, value: str, scheme: str, kind: str
) -> None:
    event = cases.event(type=value)
    event.ContentSequence[1].ConceptCodeSequence[0].CodingSchemeDesignator = scheme
    assert of(cases, event).events["event_type"].to_list() == [kind]


def test_a_phantom_of_another_scheme_is_none(cases: Any) -> None:
    image = cases.slices("2", range(0, 305, 5))
    for one in image:
        one.CTDIPhantomTypeCodeSequence[0].CodingSchemeDesignator = "99ACME"
    mapped = map_instances(cases.frame(image))
    assert mapped.events["ctdi_phantom_cm"].to_list() == [None]
    assert "unknown_phantom" in codes(mapped)


# --- where values stand ---------------------------------------------------------------------------


def dose_of(event: Dataset) -> Dataset:
    found: Dataset = next(item for item in event.ContentSequence
                          if item.ConceptNameCodeSequence[0].CodeValue == "113829")  # fmt: skip
    return found


def test_a_dose_that_stands_outside_its_container_is_read(cases: Any) -> None:
    event = cases.event()
    dose = dose_of(event)
    event.ContentSequence = [
        *(item for item in event.ContentSequence if item is not dose), *dose.ContentSequence
    ]  # fmt: skip
    row = of(cases, event).events.to_dicts()[0]
    assert (row["ctdi_vol_mgy"], row["dlp_mgy_cm"], row["ctdi_phantom_cm"]) == (10.0, 300.0, 32)


@pytest.mark.parametrize(("second", "dlp"), [(300.0, 300.0), (310.0, None)])
def test_two_values_under_one_code_are_one_or_none(
    cases: Any, second: float, dlp: float | None
) -> None:
    event, other = cases.event(), cases.event(dlp=(second, "mGy.cm"))
    dose_of(event).ContentSequence.append(dose_of(other).ContentSequence[1])
    mapped = of(cases, event)
    assert mapped.events["dlp_mgy_cm"].to_list() == [dlp]
    assert ("multi_valued" in codes(mapped)) is (dlp is None)


@pytest.mark.parametrize("container", ["113811", "126000"])
def test_an_acquisition_in_another_place_is_told_and_not_read(cases: Any, container: str) -> None:
    mapped = of(cases, cases.event(), content(container, items=[cases.event()]))
    assert mapped.events["dlp_mgy_cm"].to_list() == [300.0]
    assert codes(mapped) == ["acquisition_misplaced"]
    alone = of(cases, content(container, items=[cases.event()]))
    assert alone.events.is_empty()
    assert codes(alone) == ["acquisition_misplaced"]
    assert alone.series["state"].to_list() == ["INCOMPLETE"]
