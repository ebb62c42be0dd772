"""A thread that waits for a server is freed by cutting the connection it waits on."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.collect.dicomweb.open_connections import OPENED, OpenConnections
from workbench.collect.time_limits import GivenUp, Interruption

LONG = 3600.0


def opened(connections: OpenConnections, ours: socket.socket, moment: str = OPENED[0]) -> None:
    stream = SimpleNamespace(get_extra_info=lambda _: ours)
    connections.opened(moment, {"return_value": stream})


@pytest.fixture
def pair() -> Any:
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_silent_server_is_cut_off(pair: Any) -> None:
    ours, _ = pair
    with OpenConnections(Interruption()) as connections:
        opened(connections, ours)
        with connections.request(0.1, LONG, LONG):
            assert ours.recv(1) == b"", "it waits no longer"
        assert connections.given_up is GivenUp.STALLED


def test_what_moves_is_left_alone_and_between_requests_nothing_is_cut(pair: Any) -> None:
    ours, theirs = pair
    with OpenConnections(Interruption(stopped=lambda: False)) as connections:
        opened(connections, ours)
        with connections.request(LONG, LONG, LONG):
            theirs.send(b"x")
            assert ours.recv(1) == b"x"
            connections.moved(1)
        assert connections.given_up is None
        assert connections._over() is None


def test_a_person_s_stop_cuts_and_the_next_request_begins_anew(pair: Any) -> None:
    ours, _ = pair
    stop = [True]
    with OpenConnections(Interruption(stopped=lambda: stop[0])) as connections:
        assert connections.wanted_end
        opened(connections, ours, OPENED[1])
        with connections.request(LONG, LONG, LONG):
            assert ours.recv(1) == b""
        assert connections.given_up is GivenUp.STOPPED
        stop[0] = False
        with connections.request(LONG, LONG, LONG):
            assert connections.given_up is None


def test_only_open_connections_are_taken_note_of(pair: Any) -> None:
    ours, _ = pair
    with OpenConnections(Interruption()) as connections:
        opened(connections, ours, "http11.send_request_headers.complete")
        assert connections._sockets == []
        connections.opened(
            OPENED[0], {"return_value": SimpleNamespace(get_extra_info=lambda _: None)}
        )
        assert connections._sockets == []
