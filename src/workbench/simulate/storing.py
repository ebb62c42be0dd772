"""Send an object as no well-behaved peer would: on the wrong context, or only half of it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import split_dataset

HALF_PDU = 128  # bytes: even a small object takes several
TIMEOUT_S = 5.0
LOW = 2  # priority, PS3.7 section 9.1.1.1.7


def store_plain(association: Association, file: Path, **originator: Any) -> Dataset:
    """Send a file's data set as it is where Explicit VR Little Endian was agreed on.

    Returns the peer's status, empty when it does not answer; raises ``ValueError`` when the
    context is not there.
    """
    request, context = _request(association, file, originator)
    with _alone(association):
        association.dimse.send_msg(request, context)
        _, response = association.dimse.get_msg(block=True)
    status = Dataset()
    if isinstance(response, C_STORE) and response.Status is not None:
        status.Status = response.Status
    return status


def store_half(association: Association, file: Path, **originator: Any) -> None:
    """Send the first half of an object and close the connection."""
    request, context = _request(association, file, originator)
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    pieces = list(message.encode_msg(context, HALF_PDU))
    for piece in pieces[: len(pieces) - max(len(pieces) // 4, 1)]:
        association.dul.send_pdu(piece)
    deadline = time.monotonic() + TIMEOUT_S
    while not association.dul.to_provider_queue.empty() and time.monotonic() < deadline:
        time.sleep(0.005)
    connection = cast("socket.socket", association.dul.socket.socket)  # type: ignore[union-attr]
    connection.shutdown(socket.SHUT_RDWR)
    while association.is_established and time.monotonic() < deadline:
        time.sleep(0.005)


def _request(
    association: Association, file: Path, originator: dict[str, Any]
) -> tuple[C_STORE, int]:
    meta, offset = split_dataset(file)
    request = C_STORE()
    request.MessageID = originator.get("msg_id", 1)
    request.Priority = LOW
    request.MoveOriginatorApplicationEntityTitle = originator.get("originator_aet")
    request.MoveOriginatorMessageID = originator.get("originator_id")
    request.AffectedSOPClassUID = meta.MediaStorageSOPClassUID
    request.AffectedSOPInstanceUID = meta.MediaStorageSOPInstanceUID
    request.DataSet = BytesIO(file.read_bytes()[offset:])
    for syntax in (ExplicitVRLittleEndian, meta.TransferSyntaxUID):
        for context in association.accepted_contexts:
            same = context.abstract_syntax == UID(meta.MediaStorageSOPClassUID)
            if same and context.as_scu and context.transfer_syntax[0] == syntax:
                return request, cast("int", context.context_id)
    raise ValueError("no presentation context")


@contextmanager
def _alone(association: Association) -> Iterator[None]:
    """Hold pynetdicom's reactor, which would take the answer for itself."""
    association._reactor_checkpoint.clear()
    while not association._is_paused:
        time.sleep(0.0001)
    try:
        yield
    finally:
        association._reactor_checkpoint.set()
