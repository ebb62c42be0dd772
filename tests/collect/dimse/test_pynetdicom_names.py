"""What we rely on in pynetdicom beyond its documentation, name by name.

These names may go or change with any release.  When a test here fails after an upgrade, its name
says what the product counts on, and ``USED`` where.  ``test_every_private_name_is_listed`` fails
when the product begins to use another one.
"""

from __future__ import annotations

import ast
import inspect
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from queue import Queue
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, _config, build_role, evt
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_ECHO
from pynetdicom.dsutils import encode_file_meta, split_dataset
from pynetdicom.dul import DULServiceProvider
from pynetdicom.sop_class import CTImageStorage as CtImage
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelFind as Find
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelGet as Get
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelMove as Move
from pynetdicom.sop_class import Verification
from pynetdicom.transport import AssociationSocket, ThreadedAssociationServer

SOURCE = Path(__file__).parents[3] / "src" / "workbench"
FILE = Path(str(get_testdata_file("CT_small.dcm", download=False)))
SECONDS = 5.0
PRIVATE_CLASS = "1.2.826.0.1.3680043.9.9999.1"

# Private names of pynetdicom, and documented ones that we replace on an object of its.
USED = {
    "_accepted_cx": "collect/dimse/c_store, header_stream",
    "_config": "collect/dimse/association, simulate/pacs",
    "_idle_timer": "collect/dimse/c_store",
    "_is_paused": "simulate/storing",
    "_is_transport_event": "collect/dimse/c_store",
    "_kill_thread": "collect/dimse/c_store",
    "_reactor_checkpoint": "collect/dimse/c_store, simulate/storing",
    "_read_pdu_data": "collect/dimse/c_store",
    "_run_loop_delay": "collect/dimse/c_store",
    "_servers": "collect/dimse/receiver",
    "_shutdown_socket": "collect/dimse/admission",
    "get_msg": "collect/dimse/association",
    "kill_dul": "collect/dimse/c_store",
    "put": "collect/dimse/c_store",
    "receive_primitive": "collect/dimse/header_stream",
    "recv": "collect/dimse/association, c_store",
    "run": "collect/dimse/admission",
    "send_c_store": "simulate/pacs",
    "send_msg": "simulate/misbehaving",
    "send_pdu": "collect/dimse/c_store",
}
OURS = {"reader", "_dict", "_node"}  # our own names, pydicom's Dataset


def private_names(tree: ast.AST) -> Iterator[str]:
    """Yield private names of other objects, and names that are replaced by ``vars().update``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            own = ast.unparse(node.value) in ("self", "cls", "super()")
            if not own and not node.attr.startswith("__"):
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pynetdicom"):
            yield from (one.name for one in node.names if one.name.startswith("_"))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("vars("):
            yield from (str(one.arg) for one in node.keywords)


def test_every_private_name_is_listed() -> None:
    found = {
        name
        for folder in ("collect", "simulate", "stages")
        for path in sorted((SOURCE / folder).rglob("*.py"))
        if "pynetdicom" in (text := path.read_text("utf-8"))
        for name in private_names(ast.parse(text))
    }
    own = {
        node.attr
        for folder in ("collect", "simulate", "stages")
        for path in (SOURCE / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value) == "self"
    }  # fmt: skip
    assert found - own - OURS - set(USED) == set(), "describe it here, with a test of what it does"
    assert set(USED) - found == set(), "no longer used: take it off the list"


# --- two peers on loopback ---------------------------------------------------------------------


@contextmanager
def peer(
    handlers: list[Any], classes: tuple[str, ...] = (str(Verification), str(CtImage))
) -> Iterator[tuple[AE, ThreadedAssociationServer]]:
    """Yield a node and its server, listening."""
    node = AE("PEER")
    for uid in classes:
        node.add_supported_context(uid, scu_role=True, scp_role=True)
    server = node.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        yield node, server
    finally:
        node.shutdown()


@contextmanager
def asking(
    server: Any, classes: tuple[str, ...] = (str(Verification), str(CtImage)), **options: Any
) -> Iterator[Association]:
    node = AE("US")
    node.acse_timeout = node.dimse_timeout = node.network_timeout = SECONDS
    for uid in classes:
        node.add_requested_context(uid, ExplicitVRLittleEndian)
    association = node.associate(*server.server_address[:2], ae_title="PEER", **options)
    assert association.is_established
    try:
        yield association
    finally:
        association.release()


def accepted(handlers: list[Any]) -> Callable[[], Association]:
    """Have the association that the peer accepts kept; return how to get it."""
    came: Queue[Association] = Queue()
    handlers.append((evt.EVT_ESTABLISHED, lambda event: came.put(event.assoc)))
    return lambda: came.get(timeout=SECONDS)


@pytest.fixture
def unchanged(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Put pynetdicom's process-wide options back afterwards."""
    for name in ("UNRESTRICTED_STORAGE_SERVICE", "STORE_SEND_CHUNKED_DATASET",
                 "LOG_REQUEST_IDENTIFIERS", "LOG_RESPONSE_IDENTIFIERS",
                 "LOG_HANDLER_LEVEL"):  # fmt: skip
        monkeypatch.setattr(_config, name, getattr(_config, name))
    return monkeypatch


# --- _config -----------------------------------------------------------------------------------


@pytest.mark.parametrize("unrestricted", [True, False])
def test_config_unrestricted_takes_a_class_that_nobody_declared(
    unrestricted: bool, unchanged: pytest.MonkeyPatch
) -> None:
    unchanged.setattr(_config, "UNRESTRICTED_STORAGE_SERVICE", unrestricted)
    with peer([(evt.EVT_C_STORE, lambda _: 0)], (str(Verification),)) as (_, server):
        wanted = (str(Verification), PRIVATE_CLASS)
        with asking(server, wanted) as association:
            told = {str(context.abstract_syntax) for context in association.accepted_contexts}
    assert (PRIVATE_CLASS in told) is unrestricted


@pytest.mark.parametrize("logged", [True, False])
def test_config_log_identifiers_is_whether_a_patients_name_stands_in_the_log(
    logged: bool, unchanged: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def find(_: Any) -> Iterator[Any]:
        answer = pydicom.Dataset()
        answer.QueryRetrieveLevel, answer.PatientID = "STUDY", "CANARY-ANSWER"
        yield 0xFF00, answer

    unchanged.setattr(_config, "LOG_HANDLER_LEVEL", "none")
    unchanged.setattr(_config, "LOG_REQUEST_IDENTIFIERS", logged)
    unchanged.setattr(_config, "LOG_RESPONSE_IDENTIFIERS", logged)
    caplog.set_level(logging.DEBUG, "pynetdicom")
    with (
        peer([(evt.EVT_C_FIND, find)], (str(Find),)) as (_, server),
        asking(server, (str(Find),)) as association,
    ):
        wanted = pydicom.Dataset()
        wanted.QueryRetrieveLevel, wanted.PatientID = "STUDY", "CANARY-ASKED"
        answers = list(association.send_c_find(wanted, Find))
    assert answers[0][1].PatientID == "CANARY-ANSWER"
    for name in ("CANARY-ASKED", "CANARY-ANSWER"):
        assert (name in caplog.text) is logged


def test_config_log_level_none_binds_no_logging_handler(unchanged: pytest.MonkeyPatch) -> None:
    bound = {}
    for level in ("standard", "none"):
        unchanged.setattr(_config, "LOG_HANDLER_LEVEL", level)
        with peer([]) as (_, server):
            bound[level] = len(server.get_handlers(evt.EVT_PDU_RECV))
    assert bound["none"] == 0
    assert bound["standard"] > 0


def test_config_chunked_sends_a_file_as_it_lies_there(
    tmp_path: Path, unchanged: pytest.MonkeyPatch
) -> None:
    unchanged.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)
    came: list[bytes] = []

    def store(event: Any) -> int:
        came.append(event.request.DataSet.getvalue())
        return 0

    with peer([(evt.EVT_C_STORE, store)]) as (_, server), asking(server) as association:
        assert association.send_c_store(FILE).Status == 0
    assert came == [FILE.read_bytes()[split_dataset(FILE)[1] :]]


# --- AE._servers and the server ----------------------------------------------------------------


def test_servers_is_the_list_that_shutdown_ends() -> None:
    node = AE("PEER")
    node.add_supported_context(Verification)
    server = node.make_server(("127.0.0.1", 0), server_class=ThreadedAssociationServer)
    assert isinstance(node._servers, list)
    assert server not in node._servers, "make_server alone does not enter it: we do"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    node._servers.append(server)
    node.shutdown()
    thread.join(SECONDS)
    assert not thread.is_alive()
    assert node._servers == []
    with pytest.raises(OSError):
        socket.create_connection(server.server_address[:2], SECONDS)


def test_a_servers_own_shutdown_takes_it_off_the_list() -> None:
    with peer([]) as (node, server):
        assert node._servers == [server]
        server.shutdown()
        assert node._servers == []


def test_make_server_takes_a_class_whose_doors_we_watch() -> None:
    passed: list[str] = []

    class Watched(ThreadedAssociationServer):
        def verify_request(self, request: Any, client_address: Any) -> bool:
            passed.append("verify")
            return True

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            passed.append(threading.current_thread().name)
            super().process_request_thread(request, client_address)

    node = AE("PEER")
    node.add_supported_context(Verification)
    server = node.make_server(("127.0.0.1", 0), server_class=Watched)
    thread = threading.Thread(
        target=server.serve_forever, args=(0.05,), name="accepts", daemon=True
    )
    thread.start()
    node._servers.append(server)
    with asking(server, (str(Verification),)) as association:
        assert association.send_c_echo().Status == 0
    node.shutdown()
    assert passed[0] == "verify"
    assert passed[1] != "accepts", "a handshake must not hold the thread that accepts"
    assert server.ae is node


def test_a_connection_is_announced_before_any_thread_reads_it() -> None:
    states: list[tuple[bool, bool, bool]] = []

    def opened(event: Any) -> None:
        dul = event.assoc.dul
        states.append((event.assoc.is_alive(), dul.is_alive(), dul.socket.socket is not None))

    with peer([(evt.EVT_CONN_OPEN, opened)]) as (_, server), asking(server):
        pass
    assert states == [(False, False, True)], "the inflow is put in place before anything is read"


# --- AssociationSocket -------------------------------------------------------------------------


def test_shutdown_socket_closes_our_end_and_raises_nothing() -> None:
    ours, theirs = socket.socketpair()
    wrapper = AssociationSocket(Association(AE(), "acceptor"), client_socket=ours)
    wrapper._shutdown_socket()
    assert theirs.recv(1) == b""
    assert ours.fileno() == -1
    wrapper._shutdown_socket()
    theirs.close()


def test_recv_of_an_instance_is_what_reads_pdus() -> None:
    ours, theirs = socket.socketpair()
    association = Association(AE(), "acceptor")
    wrapper = AssociationSocket(association, client_socket=ours)
    association.set_socket(wrapper)
    asked: list[int] = []

    def recv(size: int) -> bytearray:
        asked.append(size)
        raise OSError("too much")

    vars(wrapper).update(recv=recv)
    while not association.dul.event_queue.empty():
        association.dul.event_queue.get()
    association.dul._read_pdu_data()
    assert asked == [6], "the head of a PDU first (PS3.8 section 9.3.1)"
    assert association.dul.event_queue.get_nowait() == "Evt17", "OSError closes the connection"
    theirs.close()
    ours.close()


# --- the two threads of an association ---------------------------------------------------------


def test_the_loop_calls_what_stands_in_for_is_transport_event() -> None:
    handlers: list[Any] = []
    looked: list[str] = []

    def opened(event: Any) -> None:
        dul = event.assoc.dul
        dul._run_loop_delay = 0.0
        theirs = dul._is_transport_event

        def look() -> bool:
            looked.append(dul.state_machine.current_state)
            time.sleep(0.0005)
            return bool(theirs())

        vars(dul).update(_is_transport_event=look)

    handlers.append((evt.EVT_CONN_OPEN, opened))
    with peer(handlers) as (_, server), asking(server) as association:
        assert association.send_c_echo().Status == 0
    assert "Sta6" in looked, "data transfer (PS3.8 section 9.2)"
    assert "_run_loop_delay" in inspect.getsource(DULServiceProvider.run_reactor)


def test_send_pdu_and_kill_dul_of_an_instance_are_what_is_called() -> None:
    handlers: list[Any] = []
    called: list[str] = []
    ended = threading.Event()

    def opened(event: Any) -> None:
        dul = event.assoc.dul
        send, end = dul.send_pdu, dul.kill_dul

        def sent(primitive: Any) -> None:
            called.append("send")
            send(primitive)

        def killed() -> None:
            called.append("kill")
            end()
            assert dul._kill_thread
            ended.set()

        vars(dul).update(send_pdu=sent, kill_dul=killed)

    handlers.append((evt.EVT_CONN_OPEN, opened))
    with peer(handlers) as (_, server), asking(server) as association:
        association.send_c_echo()
    assert ended.wait(SECONDS), "the end of an association ends its reader by kill_dul"
    assert "send" in called


def test_the_queues_are_queues_and_the_timer_can_be_stopped() -> None:
    dul = Association(AE(), "acceptor").dul
    for name in ("event_queue", "to_provider_queue", "to_user_queue"):
        assert isinstance(getattr(dul, name), Queue), name
    timer = dul._idle_timer
    timer.timeout = 0.001
    timer.start()
    timer.stop()
    assert not timer.expired
    timer.restart()
    assert timer.remaining <= 0.001


def test_idle_timer_is_what_ends_a_silent_association() -> None:
    assert "_idle_timer" in inspect.getsource(DULServiceProvider.idle_timer_expired)
    assert "idle_timer_expired" in inspect.getsource(Association._run_reactor)


def test_the_reactor_stops_at_its_checkpoint_and_says_so() -> None:
    with peer([]) as (_, server), asking(server) as association:
        association._reactor_checkpoint.clear()
        deadline = time.monotonic() + SECONDS
        while not association._is_paused and time.monotonic() < deadline:
            pass
        assert association._is_paused
        request = C_ECHO()
        request.MessageID, request.AffectedSOPClassUID = 7, Verification
        (context,) = (one for one in association.accepted_contexts
                      if one.abstract_syntax == Verification)  # fmt: skip
        association.dimse.send_msg(request, context.context_id)
        number, answer = association.dimse.get_msg(block=True)
        assert isinstance(answer, C_ECHO), "nobody else took the answer off the queue"
        assert (number, answer.MessageIDBeingRespondedTo) == (context.context_id, 7)
        association._reactor_checkpoint.set()


def test_the_checkpoint_may_be_an_event_of_ours() -> None:
    handlers: list[Any] = []
    waited = threading.Event()

    class Bell(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.set()
            time.sleep(0.001)
            return True

    def opened(event: Any) -> None:
        event.assoc._reactor_checkpoint = Bell()

    handlers.append((evt.EVT_CONN_OPEN, opened))
    with peer(handlers) as (_, server), asking(server) as association:
        assert association.send_c_echo().Status == 0
        assert waited.wait(SECONDS)


def test_run_of_an_instance_is_the_whole_life_of_an_association() -> None:
    handlers: list[Any] = []
    ended = threading.Event()

    def opened(event: Any) -> None:
        run = event.assoc.run

        def counted() -> None:
            try:
                run()
            finally:
                ended.set()

        vars(event.assoc).update(run=counted)

    handlers.append((evt.EVT_CONN_OPEN, opened))
    with peer(handlers) as (_, server):
        with asking(server) as association:
            assert association.send_c_echo().Status == 0
            assert not ended.is_set()
        assert ended.wait(SECONDS)


# --- contexts and messages ---------------------------------------------------------------------


def test_accepted_contexts_are_found_by_their_number() -> None:
    handlers: list[Any] = []
    come = accepted(handlers)
    with peer(handlers) as (_, server), asking(server) as association:
        for side in (association, come()):
            assert {number % 2 for number in side._accepted_cx} == {1}  # PS3.8 section 9.3.2.2
            for number, context in side._accepted_cx.items():
                assert context.context_id == number
                assert context.transfer_syntax == [ExplicitVRLittleEndian]


def test_get_msg_without_blocking_is_how_the_reactor_looks_for_requests() -> None:
    assert inspect.signature(DIMSEServiceProvider.get_msg).parameters.keys() == {"self", "block"}
    assert "get_msg(block=False)" in inspect.getsource(Association._run_reactor)
    with peer([]) as (_, server), asking(server) as association:
        theirs = association.dimse.get_msg
        looked = threading.Event()

        def get_msg(block: bool = False) -> Any:
            if block:
                return theirs(block=True)
            looked.set()
            return None, None

        vars(association.dimse).update(get_msg=get_msg)
        assert looked.wait(SECONDS)
        assert association.send_c_echo().Status == 0
        assert isinstance(association.dimse.msg_queue, Queue)


def test_receive_primitive_writes_into_the_data_set_of_the_message_that_is_there() -> None:
    class Sink(BytesIO):
        pass

    handled: list[Any] = []
    sinks: list[Sink] = []

    def opened(event: Any) -> None:
        dimse = event.assoc.dimse
        receive = dimse.receive_primitive

        def receive_primitive(primitive: Any) -> None:
            if dimse.message is None:
                message = DIMSEMessage()
                message.data_set = Sink()
                sinks.append(message.data_set)
                dimse.message = message
            receive(primitive)

        vars(dimse).update(receive_primitive=receive_primitive)

    def store(event: Any) -> int:
        handled.append(event.request.DataSet)
        return 0

    handlers = [(evt.EVT_CONN_OPEN, opened), (evt.EVT_C_STORE, store)]
    with peer(handlers) as (_, server), asking(server) as association:
        assert association.send_c_store(pydicom.dcmread(FILE)).Status == 0
    assert handled == [sinks[0]], "the handler is given the very sink"
    assert isinstance(handled[0], Sink)


def test_send_msg_of_an_instance_is_what_answers_go_through() -> None:
    handlers: list[Any] = []
    sent: list[Any] = []

    def opened(event: Any) -> None:
        dimse = event.assoc.dimse

        def send_msg(primitive: Any, context_id: int) -> None:
            sent.append(primitive)
            type(dimse).send_msg(dimse, primitive, context_id)

        vars(dimse).update(send_msg=send_msg)

    handlers.append((evt.EVT_CONN_OPEN, opened))
    with peer(handlers) as (_, server), asking(server) as association:
        association.send_c_echo()
    assert [type(one) for one in sent] == [C_ECHO]


def test_a_get_sends_through_send_c_store_of_the_instance() -> None:
    handlers: list[Any] = []
    sent: list[Any] = []

    def opened(event: Any) -> None:
        def send_c_store(dataset: Any, **named: Any) -> Any:
            sent.append((dataset.SOPInstanceUID, sorted(named)))
            status = pydicom.Dataset()
            status.Status = 0
            return status

        vars(event.assoc).update(send_c_store=send_c_store)

    def get(_: Any) -> Iterator[Any]:
        yield 1
        dataset = pydicom.Dataset()
        dataset.SOPInstanceUID = "1.2.3"
        yield 0xFF00, dataset

    handlers += [(evt.EVT_CONN_OPEN, opened), (evt.EVT_C_GET, get)]
    with peer(handlers, (str(Get),)) as (_, server), asking(server, (str(Get),)) as association:
        wanted = pydicom.Dataset()
        wanted.QueryRetrieveLevel, wanted.PatientID = "PATIENT", "1"
        *_, (status, _) = association.send_c_get(wanted, Get)
    assert status.Status == 0
    assert sent[0][0] == "1.2.3"


def test_a_message_is_encoded_into_pieces_of_a_pdu() -> None:
    message = C_STORE_RQ()
    from pynetdicom.dimse_primitives import C_STORE

    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = CTImageStorage, "1.2.3"
    request.DataSet = BytesIO(bytes(1000))
    message.primitive_to_message(request)
    pieces = list(message.encode_msg(1, 128))
    assert len(pieces) > 8
    for piece in pieces:
        ((number, data),) = piece.presentation_data_value_list
        assert number == 1
        assert len(data) <= 128


# --- dsutils -----------------------------------------------------------------------------------


def test_file_meta_is_encoded_with_its_group_length() -> None:
    meta = pydicom.dcmread(FILE).file_meta
    encoded = encode_file_meta(meta)
    assert encoded[:8] == b"\x02\x00\x00\x00UL\x04\x00"  # PS3.10 section 7.1
    assert int.from_bytes(encoded[8:12], "little") == len(encoded) - 12
    whole = bytes(128) + b"DICM" + encoded + FILE.read_bytes()[split_dataset(FILE)[1] :]
    assert pydicom.dcmread(BytesIO(whole)) == pydicom.dcmread(FILE)


def test_split_dataset_says_where_the_data_set_begins() -> None:
    meta, offset = split_dataset(FILE)
    assert meta.TransferSyntaxUID == pydicom.dcmread(FILE).file_meta.TransferSyntaxUID
    assert FILE.read_bytes()[offset : offset + 2] == b"\x08\x00"


# --- C-MOVE ------------------------------------------------------------------------------------


def test_a_move_asks_the_nodes_own_associate_for_the_way_to_the_destination() -> None:
    sent: list[Any] = []

    class Way:
        is_established = True

        def send_c_store(self, dataset: Any, **named: Any) -> Any:
            sent.append((dataset.SOPInstanceUID, sorted(named)))
            status = pydicom.Dataset()
            status.Status = 0
            return status

        def release(self) -> None:
            sent.append("released")

    class Node(AE):
        def associate(self, addr: Any, port: Any, *_: Any, **options: Any) -> Any:
            sent.append((addr, port, sorted(options)))
            return Way()

    def move(_: Any) -> Iterator[Any]:
        yield "127.0.0.9", 4242, {"contexts": []}
        yield 1
        dataset = pydicom.Dataset()
        dataset.SOPInstanceUID = "1.2.3"
        yield 0xFF00, dataset

    node = Node("PEER")
    node.add_supported_context(Move)
    server = node.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_MOVE, move)])
    try:
        with asking(server, (str(Move),)) as association:
            wanted = pydicom.Dataset()
            wanted.QueryRetrieveLevel, wanted.PatientID = "PATIENT", "1"
            *_, (status, _) = association.send_c_move(wanted, "THERE", Move)
    finally:
        node.shutdown()
    assert status.Status == 0
    assert sent == [
        ("127.0.0.9", 4242, ["ae_title", "contexts"]),
        ("1.2.3", ["msg_id", "originator_aet", "originator_id"]),
        "released",
    ]


def test_a_role_of_provider_may_be_asked_for_by_the_side_that_asks() -> None:
    with peer([]) as (_, server):
        role = build_role(CTImageStorage, scp_role=True)
        with asking(server, ext_neg=[role]) as association:
            (context,) = (one for one in association.accepted_contexts
                          if one.abstract_syntax == CTImageStorage)  # fmt: skip
            assert context.as_scp
