"""Where irradiation events are read: the one list that a new modality is added to.

A modality is a leaf, a folder beside ``ct``.  It takes the instances of its series, makes them
ready, reads events from them in one or several ways (its sources), and gives its series role and
state.  Which source of an event counts is decided for all of them in ``source_choice``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from workbench.mapping.ct.dose_sequence_events import dose_sequence_events
from workbench.mapping.ct.header_events import header_events
from workbench.mapping.ct.prepared import prepared
from workbench.mapping.ct.report_events import report_events
from workbench.mapping.ct.series_rows import series_rows
from workbench.mapping.rules import Rules
from workbench.model import DoseSource, Finding

Read = Callable[[pl.DataFrame, Rules], tuple[pl.DataFrame, list[Finding]]]
SeriesRows = Callable[
    [pl.DataFrame, Mapping[DoseSource, pl.DataFrame], pl.DataFrame, Rules], pl.DataFrame
]


@dataclass(frozen=True)
class EventSource:
    """One way of reading irradiation events.

    Attributes
    ----------
    name
        What the column ``source`` calls it; also its place in the order of trust.
    modality
        Whose instances it is given.
    events
        From the modality's instances, made ready, and the makers' rules to events and findings.
        The frame has the columns of ``schema.IRRADIATION_EVENT``, and may have others that the
        modality's ``series`` asks for.
    """

    name: DoseSource
    modality: str
    events: Read


@dataclass(frozen=True)
class Modality:
    """What a modality brings to mapping.

    Attributes
    ----------
    name
        As in the column ``modality`` of an event.
    modalities
        Values of Modality (0008,0060) of its images.
    reports
        Kinds of dose report (``content_tree.REPORT_KINDS``) that are its own.
    prepare
        Instances of its series to the same instances with the columns its sources read.
    series
        Rows of the series table: from those instances, what each source read, and all events.
    """

    name: str
    modalities: frozenset[str]
    reports: frozenset[str]
    prepare: Read
    series: SeriesRows


MODALITIES = (
    Modality("CT", frozenset({"CT"}), frozenset({"ct"}), prepared, series_rows),
)  # fmt: skip
SOURCES = (
    EventSource(DoseSource.RDSR, "CT", report_events),
    EventSource(DoseSource.DOSE_SEQUENCE, "CT", dose_sequence_events),
    EventSource(DoseSource.HEADER, "CT", header_events),
)
