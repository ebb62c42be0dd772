"""What was seen at our own port counts before what the archive says."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.language.unmarked import wrong_in_text
from workbench.collect.dimse.admission import (
    CALLS_NOBODY,
    NO_AGREEMENT,
    NO_TITLE,
    NOT_DICOM,
    NOT_TRUSTED,
    SPEAKS_NO_TLS,
    SPEAKS_TLS,
)
from workbench.collect.retrieval import RetrieveOutcome
from workbench.language import use_language
from workbench.settings import EntitySettings
from workbench.stages.sending_verdict import (
    Evidence,
    address_towards,
    came_as_phantom,
    nothing_came,
    place,
)

US = EntitySettings("WORKBENCH", "192.0.2.10", 11113, phantom_title="WB_PHANTOM")
SEEN = Evidence(US, "PACS", RetrieveOutcome(0xC000, 0, 1), 8.0, from_address="192.0.2.10")
REFUSED = ("PACSSTORE at 192.0.2.20",)


@pytest.mark.parametrize(
    ("status", "completed"),
    [*product((0x0000, 0xA701, 0xA702, 0xA801, 0xA900, 0xB000, 0xC000, 0xC123, 0xFE00, 0x0122,
               0x0124, None), (None, 0, 1))],
)  # fmt: skip
def test_every_answer_names_where_it_was_waited_and_what_to_do(
    status: int | None, completed: int | None
) -> None:
    error = nothing_came(replace(SEEN, outcome=RetrieveOutcome(status, completed)))
    assert str(error).startswith(
        "nothing came to WORKBENCH at 192.0.2.10, port 11113 in 8 s. PACS "
    )
    assert "administrator" in error.remedy
    assert "WORKBENCH" in error.remedy
    if status is not None:
        assert f"0x{status:04X}" in str(error)


@pytest.mark.parametrize("status", [0x0000, 0xA801, 0xC000, None])
def test_who_was_refused_is_the_cause_whatever_the_status(status: int | None) -> None:
    error = nothing_came(replace(SEEN, outcome=RetrieveOutcome(status), refused=REFUSED))
    assert "PACSSTORE at 192.0.2.20 called, and was refused" in str(error)
    assert 'allow = ["PACSSTORE"] in [local]' in error.remedy


def test_those_allowed_already_stay_allowed() -> None:
    local = replace(US, allow=("CT1", "ROUTER@192.0.2.7", "PACSSTORE@192.0.2.9"))
    error = nothing_came(replace(SEEN, local=local, refused=REFUSED))
    assert 'allow = ["CT1", "ROUTER@192.0.2.7", "PACSSTORE"]' in error.remedy
    assert "another address" in str(error)


@pytest.mark.parametrize("title", ['A"B', "A at B", "OÜ"])
def test_an_odd_title_is_written_as_toml_has_it(title: str) -> None:
    import tomllib

    error = nothing_came(replace(SEEN, refused=(f"{title} at 192.0.2.20",)))
    written = error.remedy.partition("write ")[2].partition(" in [local]")[0]
    assert tomllib.loads(written) == {"allow": [title]}


@pytest.mark.parametrize("title", ["", NO_TITLE])
def test_a_blank_title_cannot_be_allowed(title: str) -> None:
    error = nothing_came(replace(SEEN, refused=(f"{title} at 192.0.2.20",)))
    assert "192.0.2.20 called without any title" in str(error)
    assert "allow" not in str(error)


def test_one_that_calls_no_title_is_to_be_given_ours() -> None:
    error = nothing_came(replace(SEEN, refused=(f"PACS{CALLS_NOBODY} at 192.0.2.20",)))
    assert "PACS at 192.0.2.20 called, without the title that it calls" in str(error)
    assert "AE title WORKBENCH" in error.remedy
    assert "allow" not in str(error)


def test_what_speaks_no_dicom_is_no_cause() -> None:
    noise = f"{NOT_DICOM} at 192.0.2.99"
    assert str(nothing_came(replace(SEEN, refused=(noise,)))) == str(nothing_came(SEEN))
    both = nothing_came(replace(SEEN, refused=(*REFUSED, noise)))
    assert 'allow = ["PACSSTORE"]' in both.remedy


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        (SPEAKS_TLS, "Set tls = true in [local]"),
        (SPEAKS_NO_TLS, "take tls out of [local]"),
        (NOT_TRUSTED, "authorities in [tls]"),
        (NO_AGREEMENT, "TLS 1.2"),
    ],
)
def test_a_connection_that_did_not_come_about_has_its_own_remedy(kind: str, remedy: str) -> None:
    error = nothing_came(replace(SEEN, refused=(f"{kind} at 192.0.2.20",)))
    assert f"{kind} at 192.0.2.20 called" in str(error)
    assert remedy in error.remedy
    assert "allow" not in error.remedy
    assert len(kind) > 16, "no title can be taken for it (PS3.5 section 6.2)"


def test_an_address_that_it_cannot_reach_is_pointed_at() -> None:
    loopback = replace(US, host="127.0.0.1")
    error = nothing_came(replace(SEEN, local=loopback))
    assert "calls it from 192.0.2.10, but listens at 127.0.0.1 only" in error.remedy
    assert 'host = "192.0.2.10"' in error.remedy
    assert "listens" not in nothing_came(SEEN).remedy
    unknown = replace(SEEN, local=loopback, from_address="")
    assert "listens" not in nothing_came(unknown).remedy


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_where_any_address_will_do_the_one_it_sees_is_registered(host: str) -> None:
    local = replace(US, host=host)
    assert place(local) == "WORKBENCH at port 11113 of this computer (any of its addresses)"
    error = nothing_came(replace(SEEN, local=local))
    assert "with address 192.0.2.10, port 11113" in error.remedy


def test_sent_elsewhere_and_sent_nothing_are_two_things() -> None:
    boast = nothing_came(replace(SEEN, outcome=RetrieveOutcome(0x0000, 1, 0)))
    empty = nothing_came(replace(SEEN, outcome=RetrieveOutcome(0x0000, 0, 0)))
    assert "1 sent" in str(boast)
    assert "another place" in str(boast)
    assert "sent nothing" in str(empty)


def test_the_phantom_title_is_no_place_for_patients() -> None:
    error = came_as_phantom(US)
    assert "WB_PHANTOM" in str(error)
    assert "WORKBENCH" in error.remedy


def test_the_way_to_a_peer_is_known_without_a_packet() -> None:
    assert address_towards("127.0.0.1", 104) == "127.0.0.1"
    assert address_towards("no-such-host.invalid", 104) == ""


@pytest.mark.parametrize("refused", [
    (), REFUSED, (f"{SPEAKS_TLS} at 192.0.2.7",), (f"{SPEAKS_NO_TLS} at 192.0.2.7",),
    (f"{NOT_TRUSTED} at 192.0.2.7",), (f"{NO_AGREEMENT} at 192.0.2.7",),
    (f"{NO_TITLE} at 192.0.2.7",), (f"CT1{CALLS_NOBODY} at 192.0.2.7",),
])  # fmt: skip
@pytest.mark.parametrize("status", [0x0000, 0xA701, 0xA801, 0x0124, 0xC000, None])
def test_all_of_it_can_be_said_in_another_language(
    status: int | None, refused: tuple[str, ...]
) -> None:
    for counts in product((None, 1), (None, 0)):
        for others, address in product((0, 2), ("", "192.0.2.99")):
            error = nothing_came(replace(
                SEEN, outcome=RetrieveOutcome(status, *counts), refused=refused, others=others,
                from_address=address,
            ))  # fmt: skip
            with use_language("xx"):
                assert wrong_in_text(error.words()) == []
    with use_language("xx"):
        assert wrong_in_text(came_as_phantom(US).words()) == []
        assert wrong_in_text(place(US)) == []
