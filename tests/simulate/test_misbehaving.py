"""The PACS that misbehaves does what its quirks say, and nothing else; the same each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.dimse.get import GET_CLASSES, GetSource
from workbench.collect.dimse.move import MOVE_CLASSES, move
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.filters import SurveyFilter
from workbench.collect.find import FIND_CLASSES, find_images, find_studies
from workbench.collect.received import STORED, ReceivedObject
from workbench.collect.retrieval import RetrieveOutcome, Timeouts
from workbench.errors import NetworkError
from workbench.model import ApplicationEntity
from workbench.simulate.misbehaving import MisbehavingPacs, run_pacs
from workbench.simulate.quirks import FindFaults, Quirks, RetrieveFaults

PACS = ApplicationEntity("PACS", port=0)
US = ApplicationEntity("WORKBENCH", port=0)
QUICK = Timeouts(connect=2.0, answer=2.0, retrieve=0.8)
STUDY = "1.2.826.1"
ALL = [f"{STUDY}.1.{number}" for number in (1, 2, 3, 4)]


def image(patient: str, number: int, study: str = STUDY) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.PatientID = patient
    dataset.Modality = "CT"
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = f"{study}.1"
    dataset.SOPInstanceUID = f"{study}.1.{number}"
    dataset.ImageComments = "x" * 2000  # so that it takes several PDUs
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


class Stand:
    """A PACS with quirks and four objects of a patient, and our receiver."""

    def __init__(self, stack: ExitStack, folder: Path, quirks: Quirks) -> None:
        self.arrived: list[ReceivedObject] = []
        reception = Reception(US, (AllowedPeer("PACS"),))
        self.receiver = stack.enter_context(Receiver(reception, self.take))
        known = {"WORKBENCH": self.receiver.entity}
        self.pacs = stack.enter_context(MisbehavingPacs(PACS, folder, known, quirks))
        self.pacs.load([*(image("0042", number) for number in (1, 2, 3, 4)),
                        image("0099", 1, "1.2.826.9")])  # fmt: skip

    def take(self, received: ReceivedObject) -> int:
        self.arrived.append(received)
        return STORED

    @property
    def uids(self) -> list[str]:
        return [one.sop_instance for one in self.arrived]

    def move(self, times: int = 1, study: str = STUDY) -> list[RetrieveOutcome]:
        peer = Peer("WORKBENCH", self.pacs.entity, QUICK)
        outcomes = []
        for _ in range(times):
            with associate(peer, MOVE_CLASSES, QUICK.retrieve) as association:
                keys = {"PatientID": "0042", "StudyInstanceUID": study}
                outcomes.append(move(association, "WORKBENCH", "STUDY", keys))
        return outcomes

    def wait(self, number: int) -> None:
        deadline = time.monotonic() + 5.0
        while len(self.arrived) < number and time.monotonic() < deadline:
            time.sleep(0.01)


Start = Callable[..., Stand]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with ExitStack() as stack:
        yield Stand(stack, tmp_path_factory.mktemp("pacs"), Quirks())


@pytest.fixture
def start(stand: Stand) -> Start:
    def begin(**faults: Any) -> Stand:
        stand.arrived.clear()
        stand.pacs.misbehave(Quirks(retrieve=RetrieveFaults(**faults)))
        return stand

    return begin


def told(outcome: RetrieveOutcome) -> tuple[int | None, ...]:
    return outcome.status, outcome.completed, outcome.failed


def test_without_quirks_it_behaves(start: Start) -> None:
    stand = start()
    assert [told(one) for one in stand.move()] == [(0x0000, 4, 0)]
    assert stand.uids == ALL


@pytest.mark.parametrize(
    ("faults", "outcome", "arrived"),
    [
        ({"fail_every": 2}, (0xB000, 2, 2), [ALL[0], ALL[2]]),
        ({"fail_every": 1}, (0xA702, 0, 4), []),
        ({"keep_every": 4}, (0x0000, 4, 0), ALL[:3]),
        ({"refuse_every": 1}, (0xA702, 0, 0), []),
        ({"refuse_every": 1, "refusal": 0xC000}, (0xC000, 0, 0), []),
        ({"unknown_destination": True}, (0xA801, None, None), []),
        ({"counters": "absent"}, (0x0000, None, None), ALL),
        ({"counters": "zero"}, (0x0000, 0, 0), ALL),
        ({"counters": "boast", "fail_every": 2, "final_status": 0}, (0, 4, 0), [ALL[0], ALL[2]]),
        ({"final_status": 0xC000, "counters": "zero"}, (0xC000, 0, 0), ALL),
        ({"fail_every": 3, "stops_at_refusal": True}, (0xC000, 0, 0), ALL[:2]),
        ({"abort_after": 2}, (None, 2, 0), ALL[:2]),
        ({"cut_after": 2}, (0xB000, 2, 2), ALL[:2]),
        ({"hang_after": 1, "hang_seconds": 2.0}, (None, 1, 0), ALL[:1]),
    ],
)
def test_what_it_says_and_what_it_sends(
    faults: dict[str, Any], outcome: tuple[int | None, ...], arrived: list[str], start: Start
) -> None:
    stand = start(**faults)
    assert [told(one) for one in stand.move()] == [outcome]
    assert stand.uids == arrived


def test_every_second_request_is_refused(start: Start) -> None:
    stand = start(refuse_every=2)
    assert [one.status for one in stand.move(4)] == [0x0000, 0xA702, 0x0000, 0xA702]


def test_one_request_at_a_time(start: Start) -> None:
    stand = start(one_at_a_time=True, hang_after=0, hang_seconds=0.5)
    outcomes: list[RetrieveOutcome] = []
    first = threading.Thread(target=lambda: outcomes.extend(stand.move()))
    first.start()
    time.sleep(0.2)
    assert [one.status for one in stand.move()] == [0xA702]
    first.join()
    assert [one.status for one in [*outcomes, *stand.move()]] == [0x0000, 0x0000]


@pytest.mark.parametrize("last", [1, None])
def test_objects_come_after_the_final_status(last: int | None, start: Start) -> None:
    stand = start(late_seconds=0.4, late_last=last)
    assert [told(one) for one in stand.move()] == [(0x0000, 4, 0)]
    assert len(stand.arrived) == (3 if last else 0)
    stand.wait(4)
    assert sorted(stand.uids) == ALL


def test_any_order_is_the_same_order_with_the_same_seed(start: Start) -> None:
    stand = start(shuffled=True)
    stand.move()
    first = stand.uids
    stand = start(shuffled=True)
    stand.move()
    assert stand.uids == first
    assert first != ALL
    assert sorted(first) == ALL


def test_objects_nobody_asked_for(start: Start) -> None:
    stand = start(strangers=3)
    stand.move()
    assert stand.uids[:4] == ALL
    assert "1.2.826.9.1.1" in stand.uids[4:]


def test_another_object_instead(start: Start) -> None:
    stand = start(wrong_every=4)
    stand.move()
    assert stand.uids[:3] == ALL[:3]
    assert stand.uids[3] != ALL[3]


def test_the_same_uid_with_other_content(start: Start) -> None:
    stand = start(changed_every=4)
    stand.move()
    assert stand.uids == [*ALL, ALL[3]]
    assert stand.arrived[3].encoded != stand.arrived[4].encoded


def test_compressed_objects_where_uncompressed_was_agreed_on(start: Start) -> None:
    stand = start(plain_contexts=True)
    study = "1.2.826.8"
    file = dcmread(str(get_testdata_file("JPEG2000.dcm")))
    file.StudyInstanceUID, file.PatientID = study, "0042"
    compressed = file.file_meta.TransferSyntaxUID
    stand.pacs.load([file])
    stand.move(study=study)
    assert len(stand.arrived) == 1
    assert {one.transfer_syntax for one in stand.arrived} == {str(ExplicitVRLittleEndian)}
    assert compressed.is_compressed


# --- C-GET ----------------------------------------------------------------------------------------


def get(stand: Stand) -> tuple[list[RetrieveOutcome], list[str]]:
    came: list[str] = []

    def take(received: ReceivedObject) -> int:
        came.append(received.sop_instance)
        return STORED

    source = GetSource(Peer("WORKBENCH", stand.pacs.entity, QUICK), SurveyFilter(), take)
    from workbench.collect.patient_list import ListedPatient

    study = source.expect(ListedPatient("0042")).studies[0]
    return source.fetch(study, study.instances), came


def test_objects_come_by_get_too(start: Start) -> None:
    outcomes, came = get(start())
    assert [told(one) for one in outcomes] == [(0x0000, 4, 0)]
    assert came == ALL


def test_get_has_the_same_faults(start: Start) -> None:
    outcomes, came = get(start(fail_every=4, counters="absent"))
    assert told(outcomes[0]) == (0xB000, None, None)
    assert came[:3] == ALL[:3]


# --- queries --------------------------------------------------------------------------------------


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    with ExitStack() as stack:

        def begin(classes: tuple[str, ...] = FIND_CLASSES, **quirks: Any) -> Any:
            known = {"WORKBENCH": US}
            pacs = MisbehavingPacs(PACS, tmp_path, known, Quirks(**quirks))
            stack.enter_context(pacs).load([image("0042", number) for number in (1, 2, 3, 4)])
            peer = Peer("WORKBENCH", pacs.entity, QUICK)
            return stack.enter_context(associate(peer, classes, QUICK.answer))

        yield begin


def test_only_what_it_knows_is_agreed_on(asking: Callable[..., Any]) -> None:
    association = asking(roots=frozenset({"patient"}))
    accepted = [str(one.abstract_syntax) for one in association.accepted_contexts]
    assert accepted == [FIND_CLASSES[1]]
    with pytest.raises(NetworkError, match="does not offer"):
        asking(GET_CLASSES, services=frozenset({"find", "move"}))


def test_a_level_is_refused_and_another_is_not(asking: Callable[..., Any]) -> None:
    association = asking(find=FindFaults(refused={"IMAGE": 0x0122}))
    (study,) = find_studies(association, "0042").found
    images = find_images(association, study, f"{STUDY}.1")
    assert (images.found, images.status) == ((), 0x0122)


def test_it_ends_while_it_hangs(tmp_path: Path) -> None:
    begun = time.monotonic()
    quirks = Quirks(find=FindFaults(answer_seconds=60.0))
    with MisbehavingPacs(PACS, tmp_path, {"WORKBENCH": US}, quirks) as pacs:
        pacs.load([image("0042", 1)])
        peer = Peer("WORKBENCH", pacs.entity, Timeouts(1.0, 0.3))
        with associate(peer, FIND_CLASSES, 0.3) as association, pytest.raises(NetworkError):
            find_studies(association, "0042")
    assert time.monotonic() - begun < 30.0


def test_it_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    stop = threading.Event()
    entities: list[ApplicationEntity] = []

    def ready(entity: ApplicationEntity) -> None:
        entities.append(entity)
        stop.set()

    run_pacs(PACS, tmp_path, {}, ready=ready, stop=stop)
    assert entities[0].port > 0
