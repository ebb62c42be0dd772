"""Try the connections of a workspace one after the other, and say what to do where one fails."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom.sop_class import CTImageStorage, Verification  # type: ignore[attr-defined]

from workbench.collect.connections import open_receiver, peer_of, source_of, tls_of
from workbench.collect.dimse.association import Peer, associate
from workbench.collect.dimse.move import MOVE_CLASSES, move
from workbench.collect.filters import SurveyFilter
from workbench.collect.handshake import NOT_COMPARED
from workbench.collect.hours.schedule import read_timetable
from workbench.collect.received import STORED, ReceivedObject
from workbench.collect.retrieval import UNKNOWN_DESTINATION
from workbench.dicom.read import read_received
from workbench.errors import NetworkError, SettingsError, WorkbenchError
from workbench.stages.border import Border
from workbench.survey import Survey

SUCCESS = 0x0000
NAME, NUMBER = "Canary^Round Trip", "CANARY-ROUND-TRIP"


@dataclass(frozen=True)
class Trial:
    """One test of a connection: its name, whether it passed, and what to know or do."""

    name: str
    passed: bool
    text: str


def trials(survey: Survey) -> list[Trial]:
    """Try settings, PACS and receiver; a trial that fails does not stop the others."""
    return [trial(name, step, survey) for name, step in STEPS]


def trial(name: str, step: Callable[[Survey], str], survey: Survey) -> Trial:
    """Run one trial."""
    try:
        return Trial(name, True, step(survey))
    except WorkbenchError as error:
        return Trial(name, False, str(error))


def _settings(survey: Survey) -> str:
    settings = survey.settings
    wanted = SurveyFilter.from_settings(settings.filter).sentence()
    hours = read_timetable(settings.schedule).query.grid.describe()
    survey.pseudonyms()
    return f"Wanted: {wanted}. Asked: {hours}."


def _disk(survey: Survey) -> str:
    return f"{shutil.disk_usage(survey.folder).free / 2**30:.1f} GB free."


def _echo(survey: Survey) -> str:
    source_of(survey.settings, survey.folder, lambda _: STORED).echo()
    return "It did."


def _registered(survey: Survey) -> str:
    """Order a study that does not exist: a PACS that does not know us says so first."""
    pacs = survey.settings.pacs
    if pacs is None:
        raise SettingsError("no PACS is set.", "Add a [pacs] table to workbench.toml.")
    if pacs.retrieve != "move":
        return f"Not needed: objects are fetched by {pacs.retrieve}."
    title = survey.settings.local.title
    nothing = {"PatientID": "", "StudyInstanceUID": f"2.25.{uuid.uuid4().int}"}
    with associate(peer_of(survey.settings, survey.folder), MOVE_CLASSES, 20.0) as association:
        outcome = move(association, title, "STUDY", nothing)
    if outcome.status == UNKNOWN_DESTINATION:
        raise NetworkError(
            f"{pacs.title} does not know {title}.",
            "Ask its administrator to register this AE title with our address and port.",
        )
    if outcome.status == SUCCESS:
        return f"It knows {title}."
    return f"It did not say that {title} is unknown (it said {outcome.said})."


def _round_trip(survey: Survey) -> str:
    border, taken = Border(survey), list[str]()

    def take(received: ReceivedObject) -> int:
        header = read_received(received.encoded, received.transfer_syntax)
        taken.append(str(border.instance(header).row))
        return STORED

    try:
        with _own_receiver(survey, take) as us, associate(us, (str(CTImageStorage),), 20.0) as own:
            status = own.send_c_store(_object()).get("Status")
    except _Busy:
        with associate(_us(survey), (str(Verification),), 20.0) as own:
            status = own.send_c_echo().get("Status")
        if status != SUCCESS:
            raise NetworkError("the collector's receiver does not answer.", "Restart it.") from None
        return "The collector is listening there and answers C-ECHO."
    if status != SUCCESS or not taken:
        raise NetworkError("our receiver did not take an object.", "Look at the log.")
    if NUMBER in taken[0] or "Canary" in taken[0]:
        raise NetworkError("a name passed the border.", "Do not collect; report this.")
    return "It did; the made-up name in it did not pass."


class _Busy(Exception):  # noqa: N818  not an error: the collector is at work
    """Another process listens at our port."""


@contextmanager
def _own_receiver(survey: Survey, take: Callable[[ReceivedObject], int]) -> Iterator[Peer]:
    receiver = open_receiver(survey.settings, survey.folder, take)
    try:
        receiver.__enter__()
    except NetworkError as error:
        raise _Busy from error
    try:
        yield _us(survey)
    finally:
        receiver.__exit__(None, None, None)


def _us(survey: Survey) -> Peer:
    """Return our receiver as a peer of ours, called as the PACS would call it.

    The name in our own certificate is not compared: it is the one under which the PACS calls us,
    which nobody has told us.
    """
    settings = survey.settings
    tls = tls_of(settings, survey.folder) if settings.local.tls else None
    calling = settings.pacs.title if settings.pacs else settings.local.title
    return Peer(calling, settings.local.entity, tls=tls, tls_name=NOT_COMPARED)


def _object() -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.StudyInstanceUID = dataset.SeriesInstanceUID = (
        f"2.25.{uuid.uuid4().int}"
    )
    dataset.PatientName, dataset.PatientID, dataset.Modality = NAME, NUMBER, "CT"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return dataset


STEPS: tuple[tuple[str, Callable[[Survey], str]], ...] = (
    ("Settings", _settings),
    ("Disk", _disk),
    ("PACS answers C-ECHO", _echo),
    ("PACS can send to us", _registered),
    ("Our receiver takes, de-identifies and drops an object", _round_trip),
)
