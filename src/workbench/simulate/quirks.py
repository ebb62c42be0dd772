"""What PACS do in the field, as faults that can be switched on one by one and combined.

All of them are off by default.  ``*_every`` counts over the life of the simulated PACS (2 means
the second, the fourth and so on; 0 means never); ``*_after`` counts within one request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Root = Literal["study", "patient"]
Service = Literal["find", "move", "get"]
Counters = Literal["right", "absent", "zero", "boast"]


@dataclass(frozen=True, kw_only=True)
class FindFaults:
    """Faults of queries (C-FIND).

    Attributes
    ----------
    without
        Keywords that are left out of all answers, QueryRetrieveLevel for example.
    ignored
        Keywords of keys that do not narrow an answer.
    refused
        Status that queries at a level end with, without answers: {"IMAGE": 0xA900}.
    required_only
        Queries with optional keys (PS3.4 tables C.6-1, C.6-2 and C.6-5) are refused.
    strict
        Relational queries are refused: every unique key above the level must be there, and no
        patient below the study level of Study Root.
    empty
        Levels at which nothing is ever found.
    twice
        Levels at which each answer comes twice.
    second_patient
        Each study is answered once more, under this patient ID.
    loose_ids
        Letter case and leading zeros of a patient ID do not count.
    drops_zeros
        Patient IDs are compared and answered without their leading zeros.
    pads
        Texts are answered with blanks around them.
    joined_modalities
        Sign that joins ModalitiesInStudy into a single value, for example "/".
    miscounted
        So many objects too many (or, below zero, too few) are counted.
    character_set
        Defined term of the answers; empty writes Latin-1 and does not say so.
    reads_latin1
        Keys are taken for Latin-1, whatever they say they are.
    literal_wildcards
        ``*`` and ``?`` mean themselves.
    limit, limit_status
        At most so many answers, then this status: 0xA700, or 0x0000 to stay silent about it.
    pending
        Status that goes with each answer: 0xFF00, or 0xFF01.
    answer_seconds, hang_after
        Seconds of silence, and after how many answers.
    ignores_cancel
        Goes on answering after C-CANCEL.
    """

    without: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    refused: Mapping[str, int] = field(default_factory=dict)
    required_only: bool = False
    strict: bool = False
    empty: frozenset[str] = frozenset()
    twice: frozenset[str] = frozenset()
    second_patient: str = ""
    loose_ids: bool = False
    drops_zeros: bool = False
    pads: bool = False
    joined_modalities: str = ""
    miscounted: int = 0
    character_set: str = "ISO_IR 192"
    reads_latin1: bool = False
    literal_wildcards: bool = False
    limit: int | None = None
    limit_status: int = 0x0000
    pending: int = 0xFF00
    answer_seconds: float = 0.0
    hang_after: int = 0
    ignores_cancel: bool = False


@dataclass(frozen=True, kw_only=True)
class RetrieveFaults:
    """Faults of retrieve requests (C-MOVE, and C-GET as far as they make sense there).

    Attributes
    ----------
    refuse_every, refusal
        Every so many requests are refused, with this status.
    one_at_a_time
        A request is refused while another one is served.
    unknown_destination
        No destination is known: 0xA801.
    fail_every
        Every so many objects are not sent, and counted as failed: 0xB000 with their list.
    keep_every
        Every so many objects are not sent, and counted as sent.
    wrong_every
        Instead of every so many objects another one is sent.
    changed_every
        Every so many objects are sent once more, with the same SOP Instance UID and another
        SeriesDescription.
    strangers
        So many objects that nobody asked for are sent with each request.
    shuffled
        Objects are sent in any order.
    hang_after, hang_seconds
        Silence after so many objects of a request, and how long.
    abort_after
        The association of the request is aborted after so many objects.
    cut_after
        The association that brings the objects is closed in the middle of the one after so many.
    late_seconds, late_last
        The last so many objects of a request (``None``: all) are counted as sent, and come so
        many seconds after the final status, over an association of their own; C-MOVE only.
    stops_at_refusal
        The first object that is not taken ends the request: 0xC000 with zero counters, as
        Orthanc does.
    final_status
        Status that every request ends with.
    counters
        Numbers of sub-operations told: right ones, none, zeros, or that all are complete.
    plain_contexts
        Compressed objects are sent, as they are, where Explicit VR Little Endian was agreed on.
    """

    refuse_every: int = 0
    refusal: int = 0xA702
    one_at_a_time: bool = False
    unknown_destination: bool = False
    fail_every: int = 0
    keep_every: int = 0
    wrong_every: int = 0
    changed_every: int = 0
    strangers: int = 0
    shuffled: bool = False
    hang_after: int | None = None
    hang_seconds: float = 3600.0
    abort_after: int | None = None
    cut_after: int | None = None
    late_seconds: float = 0.0
    late_last: int | None = None
    stops_at_refusal: bool = False
    final_status: int | None = None
    counters: Counters = "right"
    plain_contexts: bool = False


@dataclass(frozen=True, kw_only=True)
class Quirks:
    """All that is odd about one PACS.

    Attributes
    ----------
    find, retrieve
        Faults of its answers and of its deliveries.
    roots
        Information models it knows: of the study, of the patient.
    services
        What it offers beside C-ECHO and C-STORE.
    seed
        Of what is left to chance: the same seed gives the same run.
    """

    find: FindFaults = field(default_factory=FindFaults)
    retrieve: RetrieveFaults = field(default_factory=RetrieveFaults)
    roots: frozenset[Root] = frozenset({"study", "patient"})
    services: frozenset[Service] = frozenset({"find", "move", "get"})
    seed: int = 0
