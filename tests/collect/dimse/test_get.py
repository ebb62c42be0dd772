"""C-GET: objects come over our own association, or the remedy is named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEGLosslessSV1
from pynetdicom import AE, _config, evt
from pynetdicom.dimse_primitives import C_GET
from pynetdicom.sop_class import Verification

from tests.collect.dimse.test_move import say_pending
from workbench.collect.dimse import association
from workbench.collect.dimse.association import Peer
from workbench.collect.dimse.get import GET_CLASSES, GetSource
from workbench.collect.dimse.get_contexts import ROOM, offers
from workbench.collect.expected import ExpectedStudy
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import FoundStudy
from workbench.collect.retrieval import Timeouts
from workbench.collect.time_limits import GivenUp, Interruption
from workbench.errors import NetworkError, StoreError
from workbench.model import ApplicationEntity

STUDY = "1.2.826.1"
CT = str(CTImageStorage)
PRIVATE = "1.2.826.0.1.3680043.9.9999.1"


class Giver:
    """A PACS that only knows C-GET; ``classes`` with one transfer syntax each are all it sends."""

    def __init__(self, objects: list[Dataset]) -> None:
        self.objects = objects
        self.classes = {CT: str(ExplicitVRLittleEndian)}
        self.role = True
        self.models = GET_CLASSES
        self.final: int | None = None
        self.asked: list[Dataset] = []

    def start(self) -> Any:
        node = AE("PACS")
        node.add_supported_context(Verification)
        for uid in self.models:
            node.add_supported_context(uid)
        for uid, syntax in self.classes.items():
            node.add_supported_context(uid, syntax, scu_role=self.role, scp_role=self.role)
        handlers = [(evt.EVT_C_GET, self._get), (evt.EVT_C_ECHO, lambda _: 0)]
        return node.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)

    def _get(self, event: Any) -> Iterator[Any]:
        self.asked.append(event.identifier)
        if self.final is not None:
            yield 1
            yield self.final, None
            return
        yield len(self.objects)
        for one in self.objects:
            yield 0xFF00, one


@pytest.fixture
def give() -> Iterator[Callable[[Giver], ApplicationEntity]]:
    servers = []

    def start(giver: Giver) -> ApplicationEntity:
        servers.append(giver.start())
        return ApplicationEntity("PACS", port=servers[-1].server_address[1])

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture
def objects(make: Any) -> list[Dataset]:
    return [make("0042", 1, 1, image) for image in (1, 2, 3)]


def fetch(
    entity: ApplicationEntity, take: Any, objects: list[Dataset], timeouts: Timeouts | None = None,
    interruption: Interruption | None = None, **told: Any,
) -> list[Any]:  # fmt: skip
    times = timeouts or Timeouts(2.0, 5.0, 5.0)
    peer = Peer("WORKBENCH", entity, times, interruption=interruption or Interruption())
    source = GetSource(peer, SurveyFilter(), take)
    uids = frozenset(str(one.SOPInstanceUID) for one in objects)
    found = FoundStudy(STUDY, "0042", modalities=frozenset({"CT"}))
    study = ExpectedStudy(found, {f"{STUDY}.1": uids}, **{"listed": True, **told})
    return source.fetch(study, uids)


def test_objects_come_as_they_are(give: Any, keeper: Any, objects: list[Dataset]) -> None:
    giver = Giver(objects)
    (outcome,) = fetch(give(giver), keeper.take, objects)
    assert (outcome.status, outcome.completed, outcome.failed) == (0, 3, 0)
    assert keeper.objects.keys() == {one.SOPInstanceUID for one in objects}
    first = keeper.objects["1.2.826.1.1.1"]
    assert (first.number, first.sop_class, first.calling) == (1, CT, "PACS")
    assert "PatientID" not in giver.asked[0], "Study Root has none"


def test_patient_root_where_there_is_no_other(
    give: Any, keeper: Any, objects: list[Dataset]
) -> None:
    giver = Giver(objects)
    giver.models = GET_CLASSES[1:]
    fetch(give(giver), keeper.take, objects)
    assert giver.asked[0].PatientID == "0042"
    assert len(keeper.objects) == 3


def test_a_compressed_object_comes_compressed(
    give: Any, keeper: Any, objects: list[Dataset]
) -> None:
    for one in objects:
        one.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    giver = Giver(objects)
    giver.classes = {CT: str(JPEGLosslessSV1)}
    fetch(give(giver), keeper.take, objects)
    assert {one.transfer_syntax for one in keeper.objects.values()} == {str(JPEGLosslessSV1)}


def test_a_class_nobody_expected_comes_with_a_further_offer(
    give: Any, keeper: Any, objects: list[Dataset]
) -> None:
    rare = "1.2.840.10008.5.1.4.1.1.4.2"  # MR Spectroscopy in a CT study
    objects[1].SOPClassUID = rare
    giver = Giver(objects)
    giver.classes[rare] = str(ExplicitVRLittleEndian)
    outcomes = fetch(give(giver), keeper.take, objects)
    assert outcomes[0].failed == 1
    assert len(outcomes) > 1
    assert len(keeper.objects) == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda giver: setattr(giver, "role", False),
        lambda giver: setattr(giver, "models", ()),
        lambda giver: setattr(giver, "final", 0xA900),
    ],
    ids=["role", "no C-GET", "0xA900"],
)
def test_a_pacs_without_c_get_is_told_with_the_remedy(
    give: Any, keeper: Any, objects: list[Dataset], spoil: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The peer is of this process too, and our setting would make it grant every role.
    monkeypatch.setattr(association, "configure", lambda: None)
    monkeypatch.setattr(_config, "UNRESTRICTED_STORAGE_SERVICE", False)
    giver = Giver(objects)
    spoil(giver)
    with pytest.raises(NetworkError, match='retrieve = "move"'):
        fetch(give(giver), keeper.take, objects)


def test_a_failure_is_what_the_peer_said(give: Any, keeper: Any, objects: list[Dataset]) -> None:
    giver = Giver(objects)
    giver.final = 0xC000
    outcomes = fetch(give(giver), keeper.take, objects)
    assert {one.said for one in outcomes} == {"0xC000"}
    assert all(one.refused for one in outcomes)


def test_what_could_not_be_stored_is_not_called_success(
    give: Any, keeper: Any, objects: list[Dataset]
) -> None:
    def full(_: Any) -> int:
        raise StoreError("the disk is full.")

    outcomes = fetch(give(Giver(objects)), full, objects)
    assert outcomes[0].completed == 0
    assert outcomes[0].failed == 3


def test_what_is_set_aside_is_not_asked_for_again(give: Any, objects: list[Dataset]) -> None:
    outcomes = fetch(give(Giver(objects)), lambda _: 0xB007, objects)
    assert len(outcomes) == 1
    assert outcomes[0].warning == 3


def test_pixels_are_left_on_the_way(give: Any, keeper: Any, objects: list[Dataset]) -> None:
    for one in objects:
        one.Rows = one.Columns = 256
        one.BitsAllocated = 16
        one.PixelData = bytes(2 * 256 * 256)
    fetch(give(Giver(objects)), keeper.take, objects)
    first = keeper.objects["1.2.826.1.1.1"]
    assert first.cut
    assert len(first.encoded) < 1000
    assert first.size > 2 * 256 * 256


def test_the_connection_test(give: Any, keeper: Any) -> None:
    peer = Peer("WORKBENCH", give(Giver([])), Timeouts(2.0, 5.0, 5.0))
    GetSource(peer, SurveyFilter(), keeper.take).echo()


@pytest.mark.parametrize(
    ("told", "modalities"), [([], []), ([], ["CT", "SR"]), ([PRIVATE], ["CT"]), ([], ["MG", "XX"])]
)
def test_offers_fit_an_association_and_leave_no_class_out(
    told: list[str], modalities: list[str]
) -> None:
    every = offers(told, modalities)
    assert all(0 < len(some) <= ROOM for some in every)
    classes = [uid for some in every for uid, _ in some]
    assert len(set(classes)) > 160, "all of the standard's storage classes"
    first = {uid for uid, _ in every[0]}
    assert "1.2.840.10008.5.1.4.1.1.88.67" in first, "dose reports are what this is for"
    assert set(told) <= first
    if "CT" in modalities and not told:
        assert CT in first


def test_what_is_no_uid_is_not_offered() -> None:
    assert not any("../x" in uid for some in offers(["../x"], []) for uid, _ in some)


class Endless(Giver):
    """Gives what it has and then says "pending" for ever."""

    def _get(self, event: Any) -> Iterator[Any]:
        yield 100
        for one in self.objects:
            yield 0xFF00, one
        while event.assoc.is_established and not event.is_cancelled:
            say_pending(event, C_GET())
            time.sleep(0.02)


@pytest.mark.parametrize("given", [0, 2])
def test_pending_for_ever_is_given_up_whatever_came_before(
    given: int, give: Any, keeper: Any, objects: list[Dataset]
) -> None:
    giver = Endless(objects[:given])
    times = Timeouts(2.0, 5.0, retrieve=0.8, stalled=0.8)
    outcomes = fetch(give(giver), keeper.take, objects, timeouts=times)
    assert [outcome.given_up for outcome in outcomes] == [GivenUp.STALLED], "no second request"
    assert outcomes[0].said == "nothing"
    assert len(keeper.objects) == given


def test_a_person_ends_a_request_in_the_middle(
    give: Any, keeper: Any, objects: list[Dataset]
) -> None:
    ended = Interruption(stopped=lambda: len(keeper.objects) == 3)
    outcomes = fetch(give(Endless(objects)), keeper.take, objects, interruption=ended)
    assert [outcome.given_up for outcome in outcomes] == [GivenUp.STOPPED]
