"""A key that a PACS need not understand costs no study: it is left out, asked again, and said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.move import ask_pacs
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import FellSilent
from workbench.collect.optional_keys import OPTIONAL, Reply, ask_with_fewer
from workbench.collect.patient_list import ListedPatient
from workbench.collect.retrieval import Timeouts
from workbench.collect.time_limits import Interruption
from workbench.model import ApplicationEntity
from workbench.simulate.pacs import EmbeddedPacs

STUDY = {
    "PatientID": "7", "IssuerOfPatientID": "", "PatientBirthDate": "", "StudyInstanceUID": "",
    "ModalitiesInStudy": "", "NumberOfStudyRelatedInstances": "",
}  # fmt: skip
REFUSED, CUT = 0xA900, 0xA700


class Answering:
    """A PACS that stands some keys and not others; remembers what it was asked with."""

    def __init__(self, *cannot: str, status: int = 0, known: int = 1) -> None:
        self.cannot, self.status, self.known = frozenset(cannot), status, known
        self.asked: list[frozenset[str]] = []

    def __call__(self, keys: Mapping[str, str]) -> Reply:
        self.asked.append(frozenset(keys))
        if self.cannot & keys.keys():
            return Reply([], self.status)
        return Reply([Dataset()] * self.known, 0)


def test_a_pacs_in_order_is_asked_once() -> None:
    pacs = Answering()
    assert ask_with_fewer(pacs, STUDY).left_out == frozenset()
    assert pacs.asked == [frozenset(STUDY)]


@pytest.mark.parametrize("status", [0x0000, REFUSED, 0xC000])
@pytest.mark.parametrize("key", sorted(set(OPTIONAL) & STUDY.keys()))
def test_the_one_key_it_cannot_stand_is_left_out_and_the_others_are_asked(
    key: str, status: int
) -> None:
    reply = ask_with_fewer(Answering(key, status=status), STUDY)
    assert len(reply.answers) == 1
    assert reply.left_out == {key}


@pytest.mark.parametrize("status", [0x0000, REFUSED])
def test_where_it_cannot_stand_several_all_are_left_out(status: int) -> None:
    reply = ask_with_fewer(Answering("ModalitiesInStudy", "PatientBirthDate", status=status), STUDY)
    assert len(reply.answers) == 1
    assert reply.left_out == set(OPTIONAL) & STUDY.keys()


def test_who_is_not_there_is_asked_for_once_more_and_no_key_is_blamed() -> None:
    pacs = Answering(known=0)
    reply = ask_with_fewer(pacs, STUDY)
    assert (reply.answers, reply.status, reply.left_out) == ([], 0, frozenset())
    assert len(pacs.asked) == 2
    pacs = Answering(known=0)
    ask_with_fewer(pacs, STUDY, empty=False)
    assert len(pacs.asked) == 1, "where nothing may well be the answer"


def test_nobody_of_another_issuer_is_taken_because_nobody_of_this_one_is_there() -> None:
    pacs = Answering("IssuerOfPatientID")
    reply = ask_with_fewer(pacs, {**STUDY, "IssuerOfPatientID": "CHL"})
    assert reply.answers == []
    assert all("IssuerOfPatientID" in keys for keys in pacs.asked)


def test_a_pacs_that_refuses_an_issuer_is_asked_without() -> None:
    pacs = Answering("IssuerOfPatientID", status=REFUSED)
    reply = ask_with_fewer(pacs, {**STUDY, "IssuerOfPatientID": "CHL"})
    assert len(reply.answers) == 1
    assert "IssuerOfPatientID" in reply.left_out


def test_a_limit_is_no_dislike_of_a_key() -> None:
    pacs = Answering("PatientID", status=CUT)
    assert ask_with_fewer(pacs, STUDY).status == CUT
    assert len(pacs.asked) == 1


def test_a_refusal_of_everything_stays_one() -> None:
    reply = ask_with_fewer(Answering("PatientID", status=REFUSED), STUDY)
    assert reply.refused
    assert reply.left_out == frozenset()


# --- on the wire ---------------------------------------------------------------------------------


class Particular(EmbeddedPacs):
    """Does something odd where it is asked with one of some keys."""

    odd = "refuses"
    cannot = frozenset({"ModalitiesInStudy"})

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        if not {element.keyword for element in event.identifier} & self.cannot:
            yield from super()._find(event)
        elif self.odd == "refuses":
            yield 0xC000, None
        elif self.odd == "finds nothing":
            yield 0x0000, None
        elif self.odd == "aborts":
            event.assoc.abort()
        else:
            while event.assoc.is_established:  # says nothing any more
                event.assoc.dul._idle_timer.restart()


def expected_of(pacs: EmbeddedPacs, interruption: Interruption | None = None) -> Any:
    peer = Peer(
        "WORKBENCH",
        pacs.entity,
        Timeouts(2.0, 0.5, 5.0),
        interruption=interruption or Interruption(),
    )
    return ask_pacs(peer, ListedPatient("0042"), SurveyFilter(frozenset({"CT"})))


@pytest.mark.parametrize("odd", ["refuses", "finds nothing", "aborts", "falls silent"])
@pytest.mark.parametrize("key", ["ModalitiesInStudy", "NumberOfSeriesRelatedInstances"])
def test_no_study_is_lost_to_a_key_and_it_is_said(
    odd: str, key: str, make: Any, tmp_path: Path
) -> None:
    known = {"WORKBENCH": ApplicationEntity("WORKBENCH", port=9)}
    with Particular(ApplicationEntity("PACS", port=0), tmp_path, known) as pacs:
        pacs.odd, pacs.cannot = odd, frozenset({key})
        pacs.load([make("0042", 1, 1, image) for image in (1, 2)])
        expected = expected_of(pacs)
    assert expected.instances == {"1.2.826.1.1.1", "1.2.826.1.1.2"}
    assert expected.listed
    assert expected.notes["key_left_out"] >= 1


def test_a_query_that_a_person_ended_is_not_begun_again(make: Any, tmp_path: Path) -> None:
    known = {"WORKBENCH": ApplicationEntity("WORKBENCH", port=9)}
    with Particular(ApplicationEntity("PACS", port=0), tmp_path, known) as pacs:
        pacs.odd = "falls silent"
        pacs.load([make("0042", 1, 1, 1)])
        with pytest.raises(FellSilent):
            expected_of(pacs, Interruption(stopped=lambda: True))
