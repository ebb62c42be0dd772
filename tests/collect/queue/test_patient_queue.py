"""The queue: each patient once, whoever works on it, by lot, and never for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.collect.queue.plain_file import write_plain
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue import patient_queue as queue_module
from workbench.collect.queue.hospital_file import FILE, HospitalFile
from workbench.collect.queue.patient_queue import Counts, PatientState, Queue, Retry
from workbench.deidentify.key import create_key
from workbench.survey import KEY_FILE

ONCE = Retry(tries=1, seconds=0.0)


@pytest.fixture
def hospital(tmp_path: Path) -> HospitalFile:
    create_key(tmp_path / KEY_FILE)
    return HospitalFile(tmp_path)


def listed(*numbers: int, **more: object) -> list[ListedPatient]:
    return [ListedPatient(f"{number:08d}", **more) for number in numbers]  # type: ignore[arg-type]


def asked_of(queue: Queue) -> list[str]:
    """Work through a queue; return the patient IDs in the order in which they are asked for."""
    asked = []
    while job := queue.lease():
        asked.append(job.patient.patient_id)
        queue.settle(job.number, PatientState.COMPLETE)
    return asked


def test_each_patient_comes_once_and_priority_goes_first(hospital) -> None:
    queue = Queue(hospital, "a")
    assert queue.add(listed(3, 1, 2)) == 3
    assert queue.add(listed(1, 4, priority=5)) == 1, "who is there already stays as he is"
    asked = asked_of(queue)
    assert asked[0] == "00000004"
    assert sorted(asked[1:]) == ["00000001", "00000002", "00000003"]
    assert queue.states()[PatientState.COMPLETE] == 4


@pytest.mark.parametrize("order", [range(60), range(59, -1, -1)])
def test_the_order_of_asking_tells_nothing_of_the_list(tmp_path, order) -> None:
    """Two queues of one list are asked in two orders, neither of them the list's."""
    asked = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        create_key(tmp_path / name / KEY_FILE)
        queue = Queue(HospitalFile(tmp_path / name), "a")
        queue.add(listed(*order))
        asked.append([int(patient) for patient in asked_of(queue)])
    assert asked[0] != asked[1], "no function of the list or of the patients"
    for one in asked:
        # |rho| of 60 in random order is above 0.52 once in 20,000 times (sd 1 / sqrt(59) = 0.13)
        assert abs(rank_correlation(one, [*order])) < 0.52
        assert one[:5] != [*order][:5]


def test_the_order_once_drawn_stays_through_a_restart(tmp_path) -> None:
    create_key(tmp_path / KEY_FILE)
    Queue(HospitalFile(tmp_path), "a").add(listed(*range(40)))
    lots = "SELECT number, lot FROM patient ORDER BY number"
    before = [tuple(row) for row in HospitalFile(tmp_path).all(lots)]
    first = Queue(HospitalFile(tmp_path), "b")
    numbers = []
    for _ in range(20):
        job = first.lease()
        numbers.append(job.number)
        first.settle(job.number, PatientState.COMPLETE)
    reopened = HospitalFile(tmp_path)
    assert [tuple(row) for row in reopened.all(lots)] == before
    queue = Queue(reopened, "c")
    while job := queue.lease():
        numbers.append(job.number)
        queue.settle(job.number, PatientState.COMPLETE)
    assert numbers == [number for number, _ in sorted(before, key=lambda row: row[1])]


def test_a_queue_of_an_earlier_version_is_asked_by_lot_from_now_on(tmp_path) -> None:
    create_key(tmp_path / KEY_FILE)
    write_plain(tmp_path, others=60)
    queue = Queue(HospitalFile(tmp_path), "a")
    assert queue.ask_again(range(1, 62)) == 61
    numbers = []
    while job := queue.lease():
        numbers.append(job.number)
        queue.settle(job.number, PatientState.COMPLETE)
    assert numbers.pop(0) == 1, "the priority stays"
    assert sorted(numbers) == [*range(2, 62)]
    assert abs(rank_correlation(numbers, [*range(2, 62)])) < 0.52


def test_patients_listed_or_tried_again_come_by_lot_too(hospital) -> None:
    queue = Queue(hospital, "a")
    queue.add(listed(*range(30)))
    queue.add(listed(*range(60)))  # the list, longer by now
    asked_of(queue)
    assert queue.ask_again(range(1, 61)) == 60
    again = [int(patient) for patient in asked_of(queue)]
    assert sorted(again) == [*range(60)]
    assert abs(rank_correlation(again, [*range(60)])) < 0.52


def rank_correlation(one: list[int], other: list[int]) -> float:
    """Return Spearman's rho of two orders of the same whole numbers."""
    places = {value: place for place, value in enumerate(other)}
    squares = sum((place - places[value]) ** 2 for place, value in enumerate(one))
    return 1 - 6 * squares / (len(one) * (len(one) ** 2 - 1))


def test_the_same_patient_may_stand_twice_for_two_examinations(hospital) -> None:
    queue = Queue(hospital, "a")
    one, other = ListedPatient("7", accession="A1"), ListedPatient("7", accession="A2")
    assert queue.add([one, other, one]) == 2
    assert queue.numbers([other, ListedPatient("8"), one]) == [2, 1]


def test_that_the_collector_is_killed_is_no_try_of_the_patient_in_hand(hospital) -> None:
    queue = Queue(hospital, "a")
    queue.add(listed(1))
    for _ in range(9):
        job = queue.lease()
        assert job is not None
        assert job.tries == 1
        assert queue.take_over(["a"]) == [1]
    (row,) = queue.rows()
    assert (row["state"], row["tries"]) == ("waiting", 0)


def test_who_was_in_hand_when_the_collector_ended_keeps_nobody_waiting(hospital) -> None:
    queue = Queue(hospital, "a")
    queue.add(listed(*range(5)))
    queue.add(listed(7, priority=-1))
    first = queue.lease()
    queue.take_over(["a"])
    asked = asked_of(queue)
    assert asked.index(first.patient.patient_id) == 4, "last of its priority, not of all"


def test_a_try_whose_lease_ran_out_does_not_count(hospital, monkeypatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(queue_module, "steady", lambda: now[0])
    Queue(hospital, "a").add(listed(1))
    for owner in "abcd":
        job = Queue(hospital, owner).lease()
        assert job is not None
        assert job.tries == 1
        now[0] += 100


def test_who_is_complete_stays_so_while_asked_once_more(hospital) -> None:
    queue = Queue(hospital, "a")
    queue.add(listed(1))
    first = queue.lease()
    assert not first.complete
    queue.settle(first.number, PatientState.COMPLETE)
    assert queue.ask_again([first.number]) == 1

    def state() -> str:
        (row,) = queue.rows()
        return row["state"]

    assert state() == "complete"
    again = queue.lease()
    assert again.complete
    queue.reached(again.number, PatientState.ASKED)
    queue.reached(again.number, PatientState.FOUND)
    assert state() == "complete"
    queue.release(again.number)
    assert state() == "complete"
    queue.lease()
    queue.take_over(["a"])
    assert state() == "complete"
    queue.lease()
    queue.reached(again.number, PatientState.MOVING)
    assert state() == "moving", "the PACS has more than is here"


def test_a_patient_put_off_waits_its_time_and_others_go_on(hospital) -> None:
    queue, retry = Queue(hospital, "a"), Retry(tries=3, seconds=100.0)
    queue.add(listed(1, 2))
    first = queue.lease()
    queue.settle(first.number, PatientState.FAILED, "no answer", again=retry.wait(first.tries))
    second = queue.lease()
    assert second.number != first.number
    assert queue.lease() is None
    assert queue.outstanding() == 2
    assert 90 < queue.next_due() < 101 or queue.next_due() == 0.0
    assert [retry.wait(tries) for tries in (1, 2, 3)] == [100.0, 200.0, 400.0]
    assert retry.wait(1000) == queue_module.MAX_WAIT_S


def test_a_lease_holds_while_renewed_and_ends_with_its_time(hospital, monkeypatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(queue_module, "steady", lambda: now[0])
    mine, other = Queue(hospital, "a"), Queue(hospital, "b")
    mine.add(listed(1))
    job = mine.lease()
    now[0] += 50
    mine.renew()
    now[0] += 50
    assert other.lease() is None
    now[0] += 50
    taken = other.lease()
    assert taken is not None
    assert taken.number == job.number
    assert not mine.owns(job.number)
    mine.settle(job.number, PatientState.COMPLETE)
    mine.reached(job.number, PatientState.MOVING)
    assert other.owns(job.number), "who lost the lease changes nothing any more"
    assert other.states()[PatientState.ASKED] == 1


def test_a_lease_of_before_the_machine_was_restarted_is_void(hospital, monkeypatch) -> None:
    Queue(hospital, "a").add(listed(1))
    assert Queue(hospital, "a").lease() is not None
    monkeypatch.setattr(queue_module, "boot", lambda: "another start")
    assert Queue(hospital, "b").lease() is not None


def test_a_stopped_patient_has_not_been_tried(hospital) -> None:
    queue = Queue(hospital, "a")
    queue.add(listed(1))
    for _ in range(5):
        job = queue.lease()
        assert job.tries == 1
        queue.release(job.number)


def test_two_collectors_never_do_a_patient_twice(tmp_path: Path) -> None:
    create_key(tmp_path / KEY_FILE)
    Queue(HospitalFile(tmp_path)).add(listed(*range(300)))
    program = (
        "import sys; from pathlib import Path\n"
        "from workbench.collect.queue.hospital_file import HospitalFile\n"
        "from workbench.collect.queue.patient_queue import PatientState, Queue, Retry\n"
        "queue = Queue(HospitalFile(Path(sys.argv[1])), sys.argv[2])\n"
        "while job := queue.lease():\n"
        "    print(job.number)\n"
        "    queue.settle(job.number, PatientState.COMPLETE)\n"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), name], stdout=subprocess.PIPE, text=True
        )
        for name in "ab"
    ]
    done = [worker.communicate(timeout=120)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sorted(int(number) for one in done for number in one) == list(range(1, 301))


def test_a_queue_of_a_hundred_thousand_answers_from_its_indexes(hospital) -> None:
    queue = Queue(hospital, "a")
    queue.add(listed(*range(100_000)))
    plans = {
        "lease": "SELECT number FROM patient WHERE due IS NOT NULL AND due <= 5"
        " AND (owner IS NULL OR lease_boot <> 'x' OR lease_until < 5)"
        " ORDER BY priority DESC, tries, lot LIMIT 1",
        "states": "SELECT state, count(*) AS n FROM patient GROUP BY state",
        "page": "SELECT * FROM patient WHERE number > 50000 ORDER BY number LIMIT 100",
    }
    for name, statement in plans.items():
        plan = " ".join(row["detail"] for row in hospital.all(f"EXPLAIN QUERY PLAN {statement}"))
        assert "INDEX" in plan or "PRIMARY KEY" in plan, name
        assert "TEMP B-TREE" not in plan, name
    assert [row["number"] for row in queue.rows(after=50_000, limit=3)] == [50_001, 50_002, 50_003]
    assert queue.states()[PatientState.WAITING] == 100_000


def test_the_file_is_its_owner_s_alone_and_pages_show_no_identity(hospital, tmp_path) -> None:
    queue = Queue(hospital, "a")
    queue.add([ListedPatient("SECRET-ID", "SECRET-ISSUER", "SECRET-ACC")])
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert "SECRET" not in repr(queue.rows())
    assert "SECRET" not in repr(queue.lease())
    assert queue.listed(1) == ListedPatient("SECRET-ID", "SECRET-ISSUER", "SECRET-ACC")


class Collectors(RuleBasedStateMachine):
    """Collectors that lease, finish, give up, die and come back, in any order."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        create_key(Path(self.folder.name) / KEY_FILE)
        self.hospital = HospitalFile(Path(self.folder.name))
        self.held: dict[str, int] = {}
        self.tried: dict[int, int] = {}
        self.settled: set[int] = set()
        self.queue("x").add(listed(*range(4)))

    def queue(self, owner: str) -> Queue:
        return Queue(self.hospital, owner)

    @rule(owner=st.sampled_from("abc"))
    def take(self, owner: str) -> None:
        if owner in self.held:
            return
        job = self.queue(owner).lease()
        if job is None:
            return
        assert job.number not in self.held.values()
        assert job.number not in self.settled
        self.tried[job.number] = self.tried.get(job.number, 0) + 1
        assert self.tried[job.number] == job.tries
        self.held[owner] = job.number

    @rule(owner=st.sampled_from("abc"), again=st.booleans())
    def end(self, owner: str, again: bool) -> None:
        number = self.held.pop(owner, None)
        if number is None:
            return
        self.queue(owner).count(number, Counts(1, 2, 0, 2, 0))
        state = PatientState.FAILED if again else PatientState.COMPLETE
        self.queue(owner).settle(number, state, again=0.0 if again else None)
        if not again:
            self.settled.add(number)

    @rule(owner=st.sampled_from("abc"))
    def die(self, owner: str) -> None:
        number = self.held.pop(owner, None)
        if number is not None:
            assert self.queue("x").take_over([owner]) == [number]
            self.tried[number] -= 1

    @invariant()
    def nobody_is_lost(self) -> None:
        assert sum(self.queue("x").states().values()) == 4
        assert sorted(self.queue("x").owners()) == sorted(self.held)

    def teardown(self) -> None:
        self.hospital.close()
        self.folder.cleanup()


TestCollectors = Collectors.TestCase
TestCollectors.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


def row_of(queue: Queue, number: int) -> dict[str, object]:
    return next(row for row in queue.rows() if row["number"] == number)


@pytest.mark.parametrize(
    ("here", "due"),
    [(9, False), (10, True)],
)
def test_what_came_by_another_line_counts_and_a_whole_line_is_asked_again(
    hospital, here, due
) -> None:
    queue = Queue(hospital, "a")
    queue.add(listed(1, 2))
    first, other = queue.lease(), queue.lease()
    queue.count(first.number, Counts(studies=1, expected=10, already=2, received=1))
    queue.settle(first.number, PatientState.INCOMPLETE, "7 objects did not arrive.")
    queue.settle(other.number, PatientState.COMPLETE)
    queue.recount(first.number, here, 1)
    row = row_of(queue, first.number)
    assert (row["already"] + row["received"], row["refused"]) == (here, 1)
    assert (row["due"] is not None, queue.outstanding()) == (due, int(due))
    if due:
        assert queue.lease().number == first.number, "its tries do not count any more"


def test_a_line_at_work_is_counted_by_its_own_collector(hospital) -> None:
    queue = Queue(hospital, "a")
    queue.add(listed(1))
    job = queue.lease()
    queue.count(job.number, Counts(studies=1, expected=10))
    queue.recount(job.number, 10, 0)
    assert row_of(queue, job.number)["received"] == 0
