"""What is missing is asked for in the fewest requests, and what the peer says is kept."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage
from pynetdicom import build_context
from pynetdicom.dimse_primitives import C_MOVE

from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.move import MoveSource
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.expected import ExpectedStudy
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import FoundStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.retrieval import (
    UNKNOWN_DESTINATION,
    Request,
    RetrieveOutcome,
    Timeouts,
    each_request,
    requests,
)
from workbench.collect.time_limits import GivenUp, Interruption
from workbench.errors import NetworkError
from workbench.model import ApplicationEntity
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port

FOUND = FoundStudy("1.1", "0042")
OUTCOME = RetrieveOutcome(0)


def study(series: Mapping[str, int], **told: Any) -> ExpectedStudy:
    """Return a study of series with so many images each: series 1 has 1.1 to 1.n."""
    images = {
        name: frozenset(f"{name}.{number}" for number in range(1, count + 1))
        for name, count in series.items()
    }
    return ExpectedStudy(FOUND, images, **{"listed": True, **told})


def asked(some: ExpectedStudy, *missing: str) -> list[tuple[str, str, str]]:
    return [
        (one.level, one.keys.get("SeriesInstanceUID", ""), one.keys.get("SOPInstanceUID", ""))
        for one in requests(some, frozenset(missing))
    ]


def test_a_study_of_which_nothing_is_here_is_one_request() -> None:
    some = study({"1": 30, "2": 1})
    assert asked(some, *some.instances) == [("STUDY", "", "")]
    assert asked(ExpectedStudy(FOUND)) == [("STUDY", "", "")], "nothing is known of it"


def test_only_the_series_that_lack_much_are_asked_for() -> None:
    some = study({"1": 30, "2": 2, "3": 5})
    missing = [f"1.{number}" for number in range(1, 11)]
    assert asked(some, *missing, "2.1") == [("SERIES", "1", ""), ("SERIES", "2", "")]


def test_a_few_of_a_large_series_are_asked_for_by_name() -> None:
    some = study({"1": 30, "2": 5})
    assert asked(some, "1.7", "1.9") == [("IMAGE", "1", "1.7"), ("IMAGE", "1", "1.9")]
    assert asked(study({"1": 30}), "1.7") == [("IMAGE", "1", "1.7")]


def test_series_that_the_survey_leaves_out_are_never_asked_for() -> None:
    some = study({"1": 3, "2": 3}, selected=True)
    assert asked(some, *some.instances) == [("SERIES", "1", ""), ("SERIES", "2", "")]


def test_a_series_that_is_not_listed_is_fetched_whole() -> None:
    some = study({"1": 3, "2": 0, "3": 30}, listed=False, unlisted={"2": None, "3": 40})
    assert asked(some) == [("SERIES", "2", ""), ("SERIES", "3", "")]


@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    selected=st.booleans(),
    data=st.data(),
)
def test_requests_cover_what_is_missing_and_ask_for_nothing_complete(
    sizes: list[int], selected: bool, data: st.DataObject
) -> None:
    some = study({str(number): size for number, size in enumerate(sizes)}, selected=selected)
    missing = frozenset(data.draw(st.sets(st.sampled_from(sorted(some.instances)), min_size=1)))
    brought: set[str] = set()
    for one in requests(some, missing):
        series = one.keys.get("SeriesInstanceUID", "")
        image = one.keys.get("SOPInstanceUID", "")
        assert one.keys["PatientID"] == "0042"
        covered = {image} if image else some.series.get(series, some.instances)
        assert covered & missing
        assert one.level != "STUDY" or not selected
        brought |= covered
    assert missing <= brought


def test_refused_images_become_their_series_once() -> None:
    some = study({"1": 30, "2": 30})
    made: list[Request] = []

    def make(request: Request) -> RetrieveOutcome:
        made.append(request)
        return RetrieveOutcome(0xA900 if request.level == "IMAGE" else 0)

    each_request(requests(some, frozenset({"1.1", "1.2", "2.5"})), make)
    assert [(one.level, one.keys["SeriesInstanceUID"]) for one in made] == [
        ("IMAGE", "1"), ("SERIES", "1"), ("IMAGE", "2"), ("SERIES", "2"),
    ]  # fmt: skip


def test_an_unknown_destination_ends_it() -> None:
    some = study({"1": 3, "2": 3}, selected=True)
    outcomes = each_request(
        requests(some, some.instances), lambda _: RetrieveOutcome(UNKNOWN_DESTINATION)
    )
    assert outcomes == [RetrieveOutcome(UNKNOWN_DESTINATION)]


def test_what_the_peer_said_in_a_word() -> None:
    assert RetrieveOutcome(None).said == "nothing"
    assert RetrieveOutcome(0xB000).said == "0xB000"
    assert not RetrieveOutcome(0xB000).refused
    assert RetrieveOutcome(0xC000, http=503).said == "HTTP 503"


class Imageless(EmbeddedPacs):
    """Refuses to send single images, and hangs up after each refusal."""

    def _move(self, event: Any) -> Iterator[Any]:
        if event.identifier.QueryRetrieveLevel == "IMAGE":
            yield "127.0.0.1", self.destinations["WORKBENCH"].port
            yield 1
            yield 0xA900, None
            event.assoc.abort()
            return
        yield from super()._move(event)


@pytest.mark.parametrize("kind", [EmbeddedPacs, Imageless])
def test_a_missing_image_comes_whatever_the_pacs_can(
    make: Any, keeper: Any, tmp_path: Path, kind: type[EmbeddedPacs]
) -> None:
    objects: list[Dataset] = [make("0042", 1, 1, image) for image in range(1, 9)]
    us = ApplicationEntity("WORKBENCH", port=0)
    reception = Reception(us, (AllowedPeer("PACS"),))
    with (
        Receiver(reception, keeper.take) as receiver,
        kind(ApplicationEntity("PACS", port=0), tmp_path, {"WORKBENCH": receiver.entity}) as pacs,
    ):
        pacs.load(objects)
        source = MoveSource(
            Peer("WORKBENCH", pacs.entity, Timeouts(2.0, 5.0, 5.0)), SurveyFilter(), "WORKBENCH"
        )
        source.echo()
        (found,) = source.expect(ListedPatient("0042")).studies
        source.fetch(found, frozenset({"1.2.826.1.1.3"}))
    assert "1.2.826.1.1.3" in keeper.objects
    assert (len(keeper.objects) == 1) == (kind is EmbeddedPacs)


def test_a_pacs_that_is_gone_has_a_remedy() -> None:
    peer = Peer("WORKBENCH", ApplicationEntity("PACS", port=free_port()), Timeouts(1.0, 1.0, 1.0))
    with pytest.raises(NetworkError, match="Check its address"):
        MoveSource(peer, SurveyFilter(), "WORKBENCH").echo()


def say_pending(event: Any, answer: Any, completed: int = 0) -> None:
    """Answer "pending" with a number of objects that are sent, as it is claimed."""
    answer.MessageIDBeingRespondedTo = event.request.MessageID
    answer.AffectedSOPClassUID = event.request.AffectedSOPClassUID
    answer.Status = 0xFF00
    answer.NumberOfCompletedSuboperations = completed
    answer.NumberOfFailedSuboperations = answer.NumberOfWarningSuboperations = 0
    answer.NumberOfRemainingSuboperations = 10
    event.assoc.dimse.send_msg(answer, event.context.context_id)


class Talking(EmbeddedPacs):
    """Says "pending" for ever; counts on while it is told to."""

    counts = False

    def _move(self, event: Any) -> Iterator[Any]:
        us = self.destinations["WORKBENCH"]
        yield us.host, us.port, {"contexts": [build_context(CTImageStorage)]}
        yield 1
        for number in itertools.count(1):
            if not event.assoc.is_established or event.is_cancelled:
                return
            say_pending(event, C_MOVE(), number if self.counts else 0)
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("counts", "arrives", "times", "reason"),
    [
        (False, False, {}, GivenUp.STALLED),
        (True, False, {"whole": 2.5}, GivenUp.TOO_LONG),
        (False, True, {"whole": 2.5}, GivenUp.TOO_LONG),
    ],
    ids=["pending is no sign of life", "another count is one", "bytes that come are one"],
)
def test_a_request_is_given_up_when_nothing_moves_or_it_takes_too_long(
    make: Any, tmp_path: Path, counts: bool, arrives: bool, times: dict[str, float],
    reason: GivenUp,
) -> None:  # fmt: skip
    us = ApplicationEntity("WORKBENCH", port=0)
    came = itertools.count()
    interruption = Interruption(arrived=lambda: next(came) if arrives else 0)
    limits = Timeouts(2.0, 5.0, retrieve=1.0, stalled=1.0, **times)
    with (
        Receiver(Reception(us, (AllowedPeer("PACS"),)), lambda _: 0) as receiver,
        Talking(
            ApplicationEntity("PACS", port=0), tmp_path, {"WORKBENCH": receiver.entity}
        ) as pacs,
    ):
        pacs.counts = counts
        pacs.load([make("0042", 1, 1, 1)])
        peer = Peer("WORKBENCH", pacs.entity, limits, interruption=interruption)
        source = MoveSource(peer, SurveyFilter(), "WORKBENCH")
        (found,) = source.expect(ListedPatient("0042")).studies
        (outcome,) = source.fetch(found, found.instances)
    assert outcome.given_up is reason
    assert (outcome.status, outcome.destination) == (None, "WORKBENCH")


def test_after_a_request_that_was_given_up_no_other_is_made() -> None:
    some = study({"1": 3, "2": 3}, selected=True)
    made = each_request(
        requests(some, some.instances), lambda _: RetrieveOutcome(None, given_up=GivenUp.STALLED)
    )
    assert len(made) == 1
