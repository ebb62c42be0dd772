"""A small query/retrieve node of our own, for a demonstration without any other server.

It answers C-ECHO, C-STORE, C-FIND, C-MOVE and C-GET on loopback, for the peers it is told of, and
sends each object exactly as it came: same transfer syntax, same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from pynetdicom import AE, _config, build_context, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_MOVE
from pynetdicom.events import Event
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from workbench.collect.dimse.association import (
    ANNOUNCED_PDU_BYTES,
    asking,
    begin_object,
    configure,
    echo,
    guard,
)
from workbench.collect.dimse.get import GET_CLASSES
from workbench.collect.dimse.move import MOVE_CLASSES
from workbench.collect.dimse.receiver import listen
from workbench.collect.find import FIND_CLASSES, text
from workbench.collect.received import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, STORED
from workbench.errors import ReadError
from workbench.model import ApplicationEntity
from workbench.simulate.archive import LEVELS, UNIQUE, Archive, Loaded, Values, answer

PENDING = 0xFF00  # PS3.4 tables C.4-1 and C.4-2
CANCELLED = 0xFE00
NO_SUCH_LEVEL = 0xA900  # "identifier does not match SOP class"
CONTEXTS_AT_ONCE = 128  # of one association, PS3.8 section 7.1.1.13
TIMEOUT_S = 30.0

Pair = tuple[str, str]


class EmbeddedPacs:
    """A PACS in this process; a context manager.

    Parameters
    ----------
    entity
        Its AE title, address and port; port 0 takes a free one, see ``entity`` afterwards.
    folder
        Where it keeps objects; what is there from before is offered again.
    destinations
        The peers it knows, by AE title: they may ask, and objects can be sent to them.
    """

    services: tuple[str, ...] = (*FIND_CLASSES, *MOVE_CLASSES, *GET_CLASSES)

    def __init__(
        self, entity: ApplicationEntity, folder: Path, destinations: Mapping[str, ApplicationEntity]
    ) -> None:
        self.entity = entity
        self.destinations = dict(destinations)
        self.archive = Archive(folder)
        self._node = _Node(self)

    @classmethod
    def available(cls) -> bool:
        """Whether it can run here: always."""
        return True

    def __enter__(self) -> Self:
        """Start to listen; raises ``NetworkError`` when the port is taken."""
        configure()
        # A data set is sent from its file as it is, never decoded and encoded again.
        _config.STORE_SEND_CHUNKED_DATASET = True
        handlers: list[evt.EventHandlerType] = [
            (evt.EVT_CONN_OPEN, guard),
            (evt.EVT_C_ECHO, echo),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_MOVE, self._move),
            (evt.EVT_C_GET, self._get),
        ]
        self.entity = listen(self._node, self.entity, handlers)
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections and write the index."""
        self._node.shutdown()
        self.archive.save()

    def load(self, sources: Iterable[Path | Dataset]) -> Loaded:
        """Keep files or data sets without the detour over the network."""
        return self.archive.load(sources)

    def answers(self, level: str, keys: Dataset) -> Iterator[Dataset]:
        """Yield the answers to a query; a PACS that misbehaves overrides this."""
        for record in self.archive.match(level, keys):
            yield answer(record, level, keys)

    def selected(self, level: str, keys: Dataset) -> list[Values]:
        """Return the objects that a retrieve request means; a misbehaving PACS overrides it."""
        unique = Dataset()
        for name in list(LEVELS)[: list(LEVELS).index(level) + 1]:
            if UNIQUE[name] in keys:
                unique[UNIQUE[name]] = keys[UNIQUE[name]]
        if not text(unique, UNIQUE[level]):
            return []
        return self.archive.match("IMAGE", unique)

    def offered(self, file: Path) -> Pair:
        """Return SOP class and transfer syntax that an object is offered with."""
        return _pair(file)

    def send(self, association: Association, file: Path, **originator: Any) -> Dataset:
        """Send one object and return the receiver's status; a misbehaving PACS overrides it."""
        try:
            return association.send_c_store(file, **originator)
        except ValueError:  # no presentation context was accepted for its class and syntax
            return _status(NO_SUCH_LEVEL)

    def _store(self, event: Event) -> int:
        begin_object(event)
        encoded = event.encoded_dataset(include_meta=False)
        try:
            self.archive.add(encoded, str(event.context.transfer_syntax))
        except ReadError:
            return CANNOT_UNDERSTAND
        except OSError:
            return OUT_OF_RESOURCES
        return STORED

    def _find(self, event: Event) -> Iterator[tuple[int, Dataset | None]]:
        keys = event.identifier
        level = text(keys, "QueryRetrieveLevel")
        if level not in LEVELS:
            yield NO_SUCH_LEVEL, None
            return
        for reply in self.answers(level, keys):
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, reply

    def _move(self, event: Event) -> Iterator[Any]:
        """Speak pynetdicom's protocol for a C-MOVE: destination, count, then the objects."""
        destination = self.destinations.get(cast("C_MOVE", event.request).MoveDestination or "")
        if destination is None:
            yield None, None
            return
        records = self._asked_for(event)
        files = [self.archive.path(record["SOPInstanceUID"][0]) for record in records]
        pairs = list(dict.fromkeys(self.offered(file) for file in files))
        contexts = [build_context(*pair) for pair in pairs]
        yield destination.host, destination.port, {"contexts": contexts}
        yield from self._references(event, records)

    def _get(self, event: Event) -> Iterator[Any]:
        """Speak pynetdicom's protocol for a C-GET: count, then the objects."""
        association = event.assoc
        send = partial(type(association).send_c_store, association)

        def send_file(dataset: Dataset | Path, **numbers: Any) -> Dataset:
            """Send the file that pynetdicom names, in the place of the method."""
            if not isinstance(dataset, Dataset) or "file_meta" in vars(dataset):
                return send(dataset, **numbers)
            return self.send(association, self.archive.path(dataset.SOPInstanceUID), **numbers)

        vars(association).update(send_c_store=send_file)
        yield from self._references(event, self._asked_for(event))

    def _asked_for(self, event: Event) -> list[Values]:
        level = text(event.identifier, "QueryRetrieveLevel")
        return self.selected(level, event.identifier) if level in LEVELS else []

    def _references(self, event: Event, records: list[Values]) -> Iterator[Any]:
        """Yield how many objects there are, and the name of each."""
        yield len(records)
        for record in records:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            reference = Dataset()
            reference.SOPInstanceUID = record["SOPInstanceUID"][0]
            yield PENDING, reference


class _Node(AE):
    """An application entity whose sub-operations go through ``EmbeddedPacs.send``."""

    def __init__(self, pacs: EmbeddedPacs) -> None:
        super().__init__(ae_title=pacs.entity.title)
        self._pacs = pacs
        self.require_calling_aet = sorted({pacs.entity.title, *pacs.destinations})
        self.maximum_pdu_size = ANNOUNCED_PDU_BYTES
        self.network_timeout = self.acse_timeout = self.dimse_timeout = TIMEOUT_S
        for uid in (str(Verification), *pacs.services):
            self.add_supported_context(uid)

    def associate(self, addr: Any, port: int, *_: Any, **options: Any) -> Any:
        """Return what sends files to a destination; pynetdicom calls this for a C-MOVE."""
        return _Delivery(self._pacs, addr, port, options)

    def connect(self, addr: Any, port: int, options: dict[str, Any]) -> Association:
        """Open one real association."""
        handlers: list[evt.EventHandlerType] = [(evt.EVT_CONN_OPEN, guard)]
        return asking(super().associate(addr, port, evt_handlers=handlers, **options))


class _Delivery:
    """As many associations as the classes and transfer syntaxes of one C-MOVE need.

    Has the few names of pynetdicom's ``Association`` that its C-MOVE service uses.
    """

    def __init__(self, pacs: EmbeddedPacs, addr: Any, port: int, options: dict[str, Any]) -> None:
        self._pacs = pacs
        contexts: list[PresentationContext] = options.pop("contexts")
        self._associations: list[Association] = []
        self._of: dict[Pair, Association] = {}
        for start in range(0, len(contexts), CONTEXTS_AT_ONCE):
            portion = contexts[start : start + CONTEXTS_AT_ONCE]
            association = pacs._node.connect(addr, port, {**options, "contexts": portion})
            self._associations.append(association)
            for context in portion:
                self._of[str(context.abstract_syntax), str(context.transfer_syntax[0])] = (
                    association
                )

    @property
    def is_established(self) -> bool:
        return any(association.is_established for association in self._associations)

    @property
    def dul(self) -> Any:
        return self._associations[0].dul

    def send_c_store(
        self, dataset: Dataset, msg_id: int, originator_aet: str, originator_id: int
    ) -> Dataset:
        file = self._pacs.archive.path(str(dataset.SOPInstanceUID))
        association = self._of[self._pacs.offered(file)]
        if not association.is_established:
            return _status(OUT_OF_RESOURCES)
        return self._pacs.send(
            association,
            file,
            msg_id=msg_id,
            originator_aet=originator_aet,
            originator_id=originator_id,
        )

    def release(self) -> None:
        for association in self._associations:
            if association.is_established:
                association.release()


def _pair(file: Path) -> Pair:
    """Return SOP class and transfer syntax of an object of the archive."""
    meta = read_file_meta_info(file)
    return str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID)


def _status(code: int) -> Dataset:
    status = Dataset()
    status.Status = code
    return status
