"""Command sets: pynetdicom reads what we write, and we read what pynetdicom writes."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID
from pynetdicom.dimse_messages import C_ECHO_RQ, C_STORE_RQ
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.dsutils import decode, encode

from workbench.collect.dimse.command_set import CommandSet, read_command, uid_text

CLASS, INSTANCE = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
UIDS = st.from_regex(r"\A[1-9][0-9]{0,8}(\.[1-9][0-9]{0,8}){0,5}\Z")


@given(number=st.integers(0, 65535), sop_class=UIDS, sop_instance=UIDS)
def test_requests_of_another_library_are_read(
    number: int, sop_class: str, sop_instance: str
) -> None:
    request = C_STORE()
    request.MessageID, request.Priority = number, 2
    request.AffectedSOPClassUID = UID(sop_class)
    request.AffectedSOPInstanceUID = UID(sop_instance)
    request.DataSet = BytesIO(b"something")
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    command = read_command(encode(message.command_set, True, True) or b"")
    assert (command.store, command.has_data) == (True, True)
    assert int.from_bytes(command.message_id, "little") == number
    assert uid_text(command.sop_class) == sop_class
    assert uid_text(command.sop_instance) == sop_instance


@given(status=st.integers(0, 65535), number=st.integers(0, 65535), uid=UIDS)
def test_responses_are_read_by_another_library(status: int, number: int, uid: str) -> None:
    command = CommandSet(True, True, number.to_bytes(2, "little"), CLASS.encode(), uid.encode())
    encoded = command.response(status)
    read = decode(BytesIO(encoded), True, True)
    assert read.CommandGroupLength == len(encoded) - 12
    assert (read.CommandField, read.CommandDataSetType) == (0x8001, 0x0101)
    assert (read.Status, read.MessageIDBeingRespondedTo) == (status, number)
    assert (read.AffectedSOPClassUID, read.AffectedSOPInstanceUID) == (CLASS, uid)


def test_what_is_no_uid_is_not_sent_back() -> None:
    command = CommandSet(True, True, b"\x01\x00", CLASS.encode(), b"x" * 65)
    assert "AffectedSOPInstanceUID" not in decode(BytesIO(command.response(0)), True, True)


def test_another_request_is_no_c_store() -> None:
    echo = C_ECHO()
    echo.MessageID, echo.AffectedSOPClassUID = 1, UID("1.2.840.10008.1.1")
    message = C_ECHO_RQ()
    message.primitive_to_message(echo)
    command = read_command(encode(message.command_set, True, True) or b"")
    assert (command.store, command.has_data) == (False, False)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_command_or_refused(encoded: bytes) -> None:
    try:
        command = read_command(encoded)
    except ValueError:
        return
    assert len(command.message_id) <= len(encoded)


@pytest.mark.parametrize(
    "encoded", [b"\x08\0\0\0\0\0\0\0", b"\0\0\x02\0\x09\0\0\0AB", b"\0\0\x02\0\0\0\0\0" * 2]
)
def test_data_sets_cut_off_and_doubled_elements_are_no_commands(encoded: bytes) -> None:
    with pytest.raises(ValueError, match="command"):
        read_command(encoded)
