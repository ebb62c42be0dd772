"""A patient is called complete only when all is here, whatever the PACS says or does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.get import GetSource
from workbench.collect.dimse.move import MoveSource
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.filters import SurveyFilter
from workbench.collect.patient_list import ListedPatient
from workbench.collect.patient_result import PatientResult
from workbench.collect.patients import Patience, collect_patient
from workbench.collect.queue.patient_queue import PatientState
from workbench.collect.retrieval import Timeouts
from workbench.model import ApplicationEntity
from workbench.simulate.misbehaving import MisbehavingPacs
from workbench.simulate.quirks import FindFaults, Quirks, RetrieveFaults

QUICK = Timeouts(connect=5.0, answer=5.0, retrieve=2.0)
COMPLETE, INCOMPLETE, FAILED = (
    PatientState.COMPLETE, PatientState.INCOMPLETE, PatientState.FAILED,
)  # fmt: skip


class Stand:
    """A PACS that holds two studies of a patient and one of another, and our receiver."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.keeper: Any = None
        us = ApplicationEntity("WORKBENCH", port=0)
        reception = Reception(us, (AllowedPeer("PACS"),))
        self.receiver = stack.enter_context(
            Receiver(reception, lambda one: int(self.keeper.take(one)))
        )
        entity = ApplicationEntity("PACS", port=0)
        self.pacs = stack.enter_context(
            MisbehavingPacs(entity, folder, {"WORKBENCH": self.receiver.entity})
        )
        objects = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
        self.truth = {f"1.2.826.{study}.1.{image}" for study, image in objects}

    def load(self, make: Any) -> None:
        objects = [make("0042", *map(int, uid.split(".")[3:])) for uid in sorted(self.truth)]
        self.pacs.load([*objects, make("0099", 9, 1, 1)])

    def collect(self, *, get: bool = False) -> PatientResult:
        peer, wanted = Peer("WORKBENCH", self.pacs.entity, QUICK), SurveyFilter()
        source = (
            GetSource(peer, wanted, self.keeper.take)
            if get
            else MoveSource(peer, wanted, "WORKBENCH")
        )
        patience = Patience(quiet_seconds=0.5)
        return collect_patient(ListedPatient("0042"), source, self.keeper, patience)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with ExitStack() as stack:
        yield Stand(stack, tmp_path_factory.mktemp("pacs"))


@pytest.fixture
def stand(shared: Stand, make: Any, keeper: Any) -> Callable[..., Stand]:
    def begin(find: FindFaults | None = None, **faults: Any) -> Stand:
        retrieve = RetrieveFaults(**faults)
        shared.keeper = keeper
        shared.load(make)
        shared.pacs.misbehave(Quirks(find=find or FindFaults(), retrieve=retrieve))
        return shared

    return begin


@pytest.mark.parametrize(
    ("faults", "states"),
    [
        ({"shuffled": True}, [COMPLETE]),
        ({"strangers": 1}, [COMPLETE]),
        ({"changed_every": 1}, [COMPLETE]),
        ({"late_seconds": 0.2}, [COMPLETE]),
        ({"late_seconds": 0.2, "late_last": 1}, [COMPLETE]),
        ({"final_status": 0xC000, "counters": "zero"}, [COMPLETE]),
        ({"final_status": 0xB000, "counters": "absent"}, [COMPLETE]),
        ({"fail_every": 2}, [INCOMPLETE, COMPLETE]),
        ({"fail_every": 4, "stops_at_refusal": True}, [INCOMPLETE, COMPLETE]),
        ({"keep_every": 5, "counters": "boast"}, [INCOMPLETE, COMPLETE]),
        ({"wrong_every": 5}, [INCOMPLETE, COMPLETE]),
        ({"refuse_every": 2}, [INCOMPLETE, COMPLETE]),
        ({"fail_every": 1}, [INCOMPLETE]),
        ({"abort_after": 2}, [INCOMPLETE]),
        ({"cut_after": 2}, [INCOMPLETE]),
        ({"hang_after": 2, "hang_seconds": 8.0}, [INCOMPLETE]),
        ({"unknown_destination": True}, [FAILED]),
    ],
)
def test_tried_again_it_gets_there_and_never_says_so_before(
    faults: dict[str, Any], states: list[PatientState], stand: Callable[..., Stand]
) -> None:
    one = stand(**faults)
    for state in states:
        result = one.collect()
        here = one.truth & one.keeper.objects.keys()
        assert (result.state is COMPLETE) == (here == one.truth)
        assert result.state is state
        assert bool(result.reason) == (state is not COMPLETE)


@pytest.mark.parametrize("faults", [{"fail_every": 5}, {"keep_every": 5}])
def test_by_get_it_gets_there_too(faults: dict[str, Any], stand: Callable[..., Stand]) -> None:
    one = stand(**faults)
    for _ in range(3):
        result = one.collect(get=True)
        here = one.truth & one.keeper.objects.keys()
        assert (result.state is COMPLETE) == (here == one.truth)
        if result.state is COMPLETE:
            return
    raise AssertionError("it never got there")


@pytest.mark.parametrize(
    "find",
    [
        FindFaults(refused={"SERIES": 0xA900}),
        FindFaults(refused={"IMAGE": 0x0122}),
        FindFaults(empty=frozenset({"SERIES", "IMAGE"})),
        FindFaults(limit=1, limit_status=0xA700),
    ],
)
def test_what_is_not_listed_is_fetched_all_the_same(
    find: FindFaults, stand: Callable[..., Stand]
) -> None:
    one = stand(find)
    result = one.collect()
    if find.limit is None:
        assert one.keeper.objects.keys() == one.truth
        assert result.state is COMPLETE
    else:  # one answer a query: nothing can be known to be all
        assert result.state is INCOMPLETE
