"""Small archives that go wrong in one way each, and a workspace that asks them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, build_context
from pynetdicom.dimse_primitives import C_MOVE
from pynetdicom.events import Event

from workbench.model import ApplicationEntity
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench.simulate.misbehaving import MisbehavingPacs
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port
from workbench.stages import sending_trial
from workbench.survey import Survey, create_survey

PATIENT, NAME = "CANARY-4711", "Canary^Yellow"
STUDY = "1.2.826.7"


def dataset(series: int, image: int, modality: str = "CT", day: str = "20240105") -> Dataset:
    """One object of a patient of 44 years, with a name that must be seen nowhere."""
    made = Dataset()
    made.SOPClassUID = CTImageStorage
    made.PatientID, made.PatientName = PATIENT, NAME
    made.PatientBirthDate, made.StudyDate, made.Modality = "19800101", day, modality
    made.StudyInstanceUID = STUDY
    made.SeriesInstanceUID = f"{STUDY}.{series}"
    made.SOPInstanceUID = f"{STUDY}.{series}.{image}"
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def objects() -> list[Dataset]:
    """A series of eight images, and one of a single one."""
    return [*(dataset(1, image) for image in range(1, 9)), dataset(2, 1, "SR")]


class OtherCaller(EmbeddedPacs):
    """Sends under another title than it answers to."""

    sends_as = "PACSSTORE"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)

        def connect(addr: Any, port: int, options: dict[str, Any]) -> Any:
            caller = AE(self.sends_as)
            caller.acse_timeout = caller.dimse_timeout = caller.network_timeout = 5
            return caller.associate(addr, port, **options)

        self._node.connect = connect  # type: ignore[method-assign]


class Answering(EmbeddedPacs):
    """Sends nothing, and ends each order with a status of its own."""

    status = 0xC000
    counters: int | None = 0

    def _move(self, event: Event) -> Iterator[Any]:
        dimse = event.assoc.dimse

        def send_msg(primitive: Any, context_id: int) -> None:
            if isinstance(primitive, C_MOVE):
                primitive.Status = self.status
                primitive.Identifier = None
                primitive.NumberOfCompletedSuboperations = self.counters
                primitive.NumberOfFailedSuboperations = self.counters
            type(dimse).send_msg(dimse, primitive, context_id)

        vars(dimse).update(send_msg=send_msg)
        yield None, None


class SeriesOnly(Answering):
    """Knows no order for single objects."""

    status = 0xA900

    def _move(self, event: Event) -> Iterator[Any]:
        single = event.identifier.QueryRetrieveLevel == "IMAGE"
        return super()._move(event) if single else EmbeddedPacs._move(self, event)


class EmptySuccess(Answering):
    """Says that all is done, and has sent nothing."""

    status = 0x0000


class Boasting(Answering):
    """Says that it has sent something, and has not (or elsewhere)."""

    status, counters = 0x0000, 1


class Forbidding(Answering):
    """Does not let us retrieve."""

    status, counters = 0x0124, None


class PendingForEver(EmbeddedPacs):
    """Says that it is sending, and goes on saying so."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.begun, self.ended = threading.Event(), threading.Event()

    def _move(self, event: Event) -> Iterator[Any]:
        self.begun.set()
        while not (event.assoc.acse.is_aborted() or self.ended.wait(0.05)):
            pending = C_MOVE()
            pending.MessageIDBeingRespondedTo = event.message_id
            pending.AffectedSOPClassUID = event.request.AffectedSOPClassUID
            pending.Status = 0xFF00
            pending.NumberOfRemainingSuboperations = 1
            event.assoc.dimse.send_msg(pending, event.context.context_id)
        self.ended.set()
        yield None, None


class Silent(PendingForEver):
    """Takes the order and never says anything."""

    def _move(self, event: Event) -> Iterator[Any]:
        self.begun.set()
        while not (event.assoc.acse.is_aborted() or self.ended.wait(0.05)):
            pass
        self.ended.set()
        yield None, None


class OneAtATime(EmbeddedPacs):
    """Admits one association at a time, and takes a while to see that one has ended."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._node.maximum_associations = 1


class Late(EmbeddedPacs):
    """Says that it has sent, and sends after a while over an association of its own."""

    after_s = 0.3

    def send(self, association: Any, file: Path, **originator: Any) -> Dataset:
        def deliver() -> None:
            time.sleep(self.after_s)
            us = self.destinations["WORKBENCH"]
            contexts = {"contexts": [build_context(*self.offered(file))], "ae_title": us.title}
            own = self._node.connect(us.host, us.port, contexts)
            own.send_c_store(file)
            own.release()

        threading.Thread(target=deliver, daemon=True).start()
        said = Dataset()
        said.Status = 0
        return said


class OtherObject(EmbeddedPacs):
    """Sends another object than was ordered."""

    def selected(self, level: str, keys: Dataset) -> Any:
        wanted = super().selected(level, keys)
        every = self.archive.match("IMAGE", Dataset())
        return [record for record in every if record not in wanted][:1]


class RefusesDates(EmbeddedPacs):
    """Answers queries for a single patient only."""

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        return super().answers(level, keys) if level != "STUDY" or keys.PatientID else iter(())


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a moment only."""
    for name, seconds in (("LATE_S", 0.8), ("ORDER_S", 2.0), ("END_S", 0.5), ("BUSY_S", 0.2)):
        monkeypatch.setattr(sending_trial, name, seconds)


@contextmanager
def workspace(folder: Path, local: EntitySettings, pacs: EntitySettings | None, **more: Any) -> (
    Iterator[Survey]
):  # fmt: skip
    settings = Settings(SurveySettings("test", "LU01"), local, pacs, **more)
    survey = create_survey(folder / "w", settings)
    try:
        yield survey
    finally:
        survey.close()


@contextmanager
def stand(
    folder: Path, kind: Any = EmbeddedPacs, loaded: list[Dataset] | None = None, **more: Any
) -> Iterator[tuple[Survey, Any]]:
    """A workspace and an archive that knows it; ``more`` are further tables of settings."""
    us, them = (ApplicationEntity(title, port=free_port()) for title in ("WORKBENCH", "PACS"))
    with kind(them, folder / "pacs", {us.title: us}) as pacs:
        pacs.load(objects() if loaded is None else loaded)
        local, named = EntitySettings.of(us), EntitySettings.of(them)
        with workspace(folder, local, named, **more) as survey:
            yield survey, pacs


def told(survey: Survey, **tables: Any) -> None:
    """Change keys of tables of the settings: ``told(survey, local={"port": 104})``."""
    changed = {
        name: replace(getattr(survey.settings, name), **values) for name, values in tables.items()
    }
    survey.settings = replace(survey.settings, **changed)


def misbehaving(quirks: Any) -> Any:
    """Return a kind of archive with quirks."""
    return lambda entity, folder, known: MisbehavingPacs(entity, folder, known, quirks)
