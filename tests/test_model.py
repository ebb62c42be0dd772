"""The nouns: rows and values are two forms of one thing."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from workbench.model import ApplicationEntity, Finding, MappingState, Region, SeriesRole, Verdict
from workbench.schema import FINDING

reals = st.floats(-1e4, 1e4)
regions = st.builds(
    Region,
    kind=st.sampled_from(["circle", "ellipse", "rectangle", "line", "polygon", "point"]),
    points=st.lists(st.tuples(reals, reals), min_size=1, max_size=5).map(tuple),
    size=st.lists(st.floats(0, 1e4), max_size=2).map(tuple),
    angle=st.floats(0, 360), label=st.text(), role=st.sampled_from(["signal", "mark"]),
    image=st.integers(0, 9),
)  # fmt: skip


@given(regions)
def test_a_region_comes_back_from_what_is_kept_of_it(region: Region) -> None:
    assert Region.of(json.loads(json.dumps(region.row()))) == region


@given(st.builds(Finding, st.text(), st.text(), st.text(), column=st.none() | st.text()))
def test_a_finding_is_a_row_of_its_table(finding: Finding) -> None:
    frame = FINDING.frame([finding.row()])
    assert frame.row(0, named=True) == finding.row() | {
        name: None for name in FINDING.names if name not in finding.row()
    }


def test_words_on_screens_are_those_users_know() -> None:
    assert [*SeriesRole] == ["SCAN", "TOPOGRAM", "RECONSTRUCTION", "DOSEINFO", "OTHER"]
    assert [*MappingState] == ["MAPPED", "INCOMPLETE", "UNUSED"]
    assert [*Verdict] == ["stored", "duplicate", "quarantined", "rejected"]


def test_a_peer_is_written_as_people_write_it() -> None:
    assert str(ApplicationEntity("PACS", "10.0.0.1", 104)) == "PACS@10.0.0.1:104"
