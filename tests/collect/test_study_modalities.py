"""A study is left out by its modalities only where the PACS names each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.move import ask_pacs
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import FoundSeries, FoundStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.retrieval import Timeouts
from workbench.collect.study_modalities import all_known
from workbench.model import ApplicationEntity
from workbench.simulate.pacs import EmbeddedPacs

CT = SurveyFilter(frozenset({"CT"}))


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({"MR"}, True),
        ({"MR", "SR"}, True),
        (set(), False),
        ({"*"}, False),
        ({"OT"}, False),
        ({"MR", "OT"}, False),
        ({"MR", "*"}, False),
        ({"UNKNOWN"}, False),
        ({"NULL"}, False),
        ({"?"}, False),
    ],
)
def test_only_terms_that_say_what_it_is_leave_a_study_out(told: set[str], known: bool) -> None:
    assert all_known(told) == known
    study = FoundStudy("1.2", "7", modalities=frozenset(told))
    assert CT.wants_study(study) == (not known)


@pytest.mark.parametrize(
    ("told", "wanted"), [("CT", True), ("", True), ("*", True), ("OT", False), ("MR", False)]
)
def test_a_series_is_left_out_by_a_modality_that_is_one(told: str, wanted: bool) -> None:
    assert CT.wants_series(FoundSeries("1", "1.1", told)) == wanted


class Vague(EmbeddedPacs):
    """Tells ModalitiesInStudy as it likes, or not at all."""

    told: str | None = "*"

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        for found in super().answers(level, keys):
            if level == "STUDY" and self.told is None:
                del found.ModalitiesInStudy
            elif level == "STUDY":
                found.ModalitiesInStudy = self.told
            yield found


@pytest.mark.parametrize("told", ["*", "OT", "OT\\MR", "", None])
def test_a_study_of_vague_modalities_is_asked_at_series_level(
    told: str | None, make: Any, tmp_path: Path
) -> None:
    nameless = make("0042", 1, 2, 1)
    del nameless.Modality
    known = {"WORKBENCH": ApplicationEntity("WORKBENCH", port=9)}
    with Vague(ApplicationEntity("PACS", port=0), tmp_path, known) as pacs:
        pacs.told = told
        pacs.load([make("0042", 1, 1, 1), nameless, make("0042", 1, 3, 1, "MR")])
        peer = Peer("WORKBENCH", pacs.entity, Timeouts(2.0, 5.0, 5.0))
        expected = ask_pacs(peer, ListedPatient("0042"), CT)
    assert expected.instances == {"1.2.826.1.1.1", "1.2.826.1.2.1"}, "the MR series is left out"
