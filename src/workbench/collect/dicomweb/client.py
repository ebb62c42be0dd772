"""Collect from a web server: ask by QIDO-RS, fetch headers by WADO-RS (PS3.18 chapter 10).

Metadata come first, because a header is a hundredth of its image; whole objects only where the
server refuses metadata, leaves objects out or only points at many values that are kept, and for
the classes whose pixels are read at the border (dose screens).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian
from pydicom.uid import ImplicitVRLittleEndian as Implicit
from pynetdicom.association import Association

from workbench.collect.dicomweb.bulk import MAX_REQUESTS, Bulk, Needs, needs_everything
from workbench.collect.dicomweb.http import BrokenOff, HttpAnswer, WebClient
from workbench.collect.dicomweb.multipart import boundary_of, parts
from workbench.collect.dicomweb.query import JSON, UNABLE, WebQuery
from workbench.collect.dicomweb.web_access import WebAccess
from workbench.collect.expected import Expected, ExpectedStudy, expect
from workbench.collect.fetched_objects import Door, decided
from workbench.collect.received import Take, is_uid
from workbench.collect.retrieval import (
    FEW,
    PARTIAL,
    SOME_FAILED,
    SUCCESS,
    Request,
    RetrieveOutcome,
    requests,
)
from workbench.collect.time_limits import GivenUp
from workbench.dicom.fromjson import encode_json, told, told_syntax
from workbench.dicom.jsonmodel import Item
from workbench.dicom.read import PREAMBLE, file_meta
from workbench.errors import DamagedObject
from workbench.model import Finding

if TYPE_CHECKING:
    from workbench.collect.filters import SurveyFilter
    from workbench.collect.patient_list import ListedPatient

MAX_METADATA_BYTES = 2**28  # bytes of the headers of one series
MAX_OBJECT_BYTES = 2**30  # bytes of one whole object
WHOLE = 'multipart/related; type="application/dicom"'
# As it is stored, not decompressed for us (PS3.18 section 8.7.3.5.2).
AS_STORED = f"{WHOLE}; transfer-syntax=*"
SECONDARY_CAPTURE = frozenset(
    f"1.2.840.10008.5.1.4.1.1.7{end}" for end in ("", ".1", ".2", ".3", ".4")
)
# A header told as JSON is encoded by us, and these would say that it is encoded otherwise.
OTHERWISE_ENCODED = frozenset(
    str(syntax) for syntax in (Implicit, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
)


@dataclass(frozen=True)
class _PartialHeader:
    """A header that lacks values which the server only points at, or told in no usable form."""

    encoded: bytes = field(repr=False)
    syntax: str
    sop_class: str
    left: int


@dataclass
class _Fetched:
    """How one request went."""

    wanted: frozenset[str] | None
    """SOP Instance UIDs that are missing; ``None`` when they are not known."""
    came: set[str] = field(default_factory=set)
    failed: int = 0
    http: int | None = None
    broken: bool = False
    given_up: GivenUp | None = None
    partial: dict[str, _PartialHeader] = field(default_factory=dict)
    """Headers of objects that have not come whole so far, by SOP Instance UID."""
    came_partial: int = 0

    @property
    def lacking(self) -> frozenset[str]:
        return ((self.wanted or frozenset()) | self.partial.keys()) - self.came

    @property
    def done(self) -> bool:
        return not self.lacking and (self.wanted is not None or bool(self.came))

    def wants(self, uid: str) -> bool:
        return uid not in self.came and (self.wanted is None or uid in self.wanted)

    def outcome(self) -> RetrieveOutcome:
        failed = max(self.failed, len(self.lacking))
        if not self.came and not self.done:
            status = None if self.broken else UNABLE
            return RetrieveOutcome(status, 0, failed, http=self.http, given_up=self.given_up)
        status = SOME_FAILED if failed or self.broken else SUCCESS
        return RetrieveOutcome(
            status, len(self.came), failed, partial=self.came_partial, given_up=self.given_up
        )


class WebSource:
    """A web server that is asked by QIDO-RS and fetched from by WADO-RS.

    Parameters
    ----------
    access
        Where it is, or just its address.
    wanted
        What the survey takes.
    take
        Is given each object, as a receiver would give it; called in the thread that fetches.
        A header from metadata has no Pixel Data, and comes in Explicit VR Little Endian.
    whole
        SOP classes of which the whole object is fetched, because their pixels are needed.
    needs
        Which of the values that the server only points at are kept.

    Raises ``SettingsError`` when the address cannot be used.
    """

    def __init__(
        self,
        access: WebAccess | str,
        wanted: SurveyFilter,
        take: Take,
        whole: frozenset[str] = SECONDARY_CAPTURE,
        needs: Needs = needs_everything,
    ) -> None:
        self.access = WebAccess(access) if isinstance(access, str) else access
        self.wanted = wanted
        self.whole = whole
        self.needs = needs
        self.door = Door(take, self.access.title)
        with WebClient(self.access):
            pass  # wrong settings show at once

    def expect(self, patient: ListedPatient) -> Expected:
        """Ask what the server has of a patient; raises ``NetworkError``."""
        with WebClient(self.access) as client:
            return expect(cast("Association", WebQuery(client)), patient, self.wanted)

    def fetch(self, study: ExpectedStudy, missing: frozenset[str]) -> list[RetrieveOutcome]:
        """Fetch what is missing of a study; everything has been taken when this returns.

        Raises ``NetworkError`` when the server cannot be reached or refuses us.
        """
        all_requests = [
            single for request in requests(study, missing) for single in _by_series(request, study)
        ]
        outcomes: list[RetrieveOutcome] = []
        with WebClient(self.access) as client:
            for request in all_requests:
                outcomes.append(self._fetched(client, request, study, missing).outcome())
                if outcomes[-1].given_up:
                    break
        return outcomes

    def echo(self) -> None:
        """Test the connection by a query for one study; raises ``NetworkError``."""
        with WebClient(self.access) as client:
            WebQuery(client).check()

    def _fetched(
        self, client: WebClient, request: Request, study: ExpectedStudy, missing: frozenset[str]
    ) -> _Fetched:
        uids = [request.keys.get(name, "") for name in UNIQUE]
        fetched = _Fetched(_meant(request, study, missing))
        if not all(is_uid(uid) for uid in uids if uid):
            return fetched
        path = "".join(f"/{name}/{uid}" for name, uid in zip(RESOURCES, uids, strict=True) if uid)
        try:
            for uid in self._metadata(client, path, fetched):
                self._objects(client, _instance(path, uid), fetched)
            if not fetched.done:
                for resource in _fewest(path, fetched):
                    self._objects(client, resource, fetched)
        except BrokenOff:
            fetched.broken = True
        fetched.given_up = client.given_up
        if not fetched.broken:
            self._take_partial(fetched)
        return fetched

    def _metadata(self, client: WebClient, path: str, fetched: _Fetched) -> list[str]:
        """Take headers; return the instances of which the whole object is needed."""
        try:
            with client.get(f"{path}/metadata", JSON, retrieving=True) as answer:
                if answer.status not in (200, 206):
                    fetched.http = answer.status
                    return []
                items = json.loads(answer.content(MAX_METADATA_BYTES))
        except (BrokenOff, ValueError, RecursionError):
            if client.given_up:
                raise
            return []  # too large, cut off or no JSON: whole objects may do better
        screens: list[str] = []
        headers: list[tuple[str, Item]] = []
        bulk, pointers = Bulk(client, self.needs), 0
        for item in items if isinstance(items, list) else [items]:
            uid = told(item, "00080018") if isinstance(item, dict) else ""
            if not uid or not fetched.wants(uid):
                continue
            if is_uid(uid) and told(item, "00080016") in self.whole:
                screens.append(uid)
                continue
            with suppress(DamagedObject):  # it may still come as a whole object
                header, number = bulk.needed(item)
                headers.append((uid, header))
                pointers += number
        for uid, header in headers:
            few = 0 < pointers <= MAX_REQUESTS
            self._header(bulk.fetched(header) if few else header, uid, fetched)
        return screens

    def _header(self, item: Item, uid: str, fetched: _Fetched) -> None:
        """Take a header, or put it aside while the whole object may be had."""
        try:
            encoded, left = encode_json(item)
        except DamagedObject:
            return  # it may still come as a whole object
        syntax = told_syntax(item)
        if not is_uid(syntax) or syntax in OTHERWISE_ENCODED:
            syntax = str(ExplicitVRLittleEndian)
        sop_class = told(item, "00080016")
        if left:
            fetched.partial[uid] = _PartialHeader(encoded, syntax, sop_class, left)
        else:
            self._count(self.door.hand(encoded, syntax, sop_class, uid), uid, fetched)

    def _take_partial(self, fetched: _Fetched) -> None:
        """Take headers as they are of objects that the server does not hand out whole."""
        for uid, header in fetched.partial.items():
            if uid in fetched.came:
                continue
            status = self.door.hand(
                header.encoded, header.syntax, header.sop_class, uid,
                findings=(_left(header.left),),
            )  # fmt: skip
            self._count(status, uid, fetched)
            fetched.came_partial += uid in fetched.came

    def _objects(self, client: WebClient, path: str, fetched: _Fetched) -> None:
        """Take whole objects."""
        for accept in (AS_STORED, WHOLE):
            with client.get(path, accept, retrieving=True) as answer:
                if answer.status in (400, 406) and accept == AS_STORED:
                    continue  # it does not know the parameter
                if answer.status not in (200, 206):
                    fetched.http = answer.status
                    return
                for content in _files(answer):
                    self._object(content, fetched)
                return

    def _object(self, content: bytes, fetched: _Fetched) -> None:
        try:
            view = memoryview(content)
            if bytes(view[PREAMBLE : PREAMBLE + 4]) != b"DICM":
                raise DamagedObject("no_preamble", "a part of the answer is no DICOM file")
            meta, start = file_meta(view)
        except DamagedObject:
            fetched.failed += 1
            return
        uid = str(meta.get("MediaStorageSOPInstanceUID", ""))
        if fetched.wants(uid):
            syntax = str(meta.get("TransferSyntaxUID", ""))
            sop_class = str(meta.get("MediaStorageSOPClassUID", ""))
            self._count(self.door.hand(bytes(view[start:]), syntax, sop_class, uid), uid, fetched)

    def _count(self, status: int, uid: str, fetched: _Fetched) -> None:
        if decided(status):
            fetched.came.add(uid)
        elif fetched.wanted is None:
            fetched.failed += 1


UNIQUE = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
RESOURCES = ("studies", "series", "instances")


def _by_series(request: Request, study: ExpectedStudy) -> list[Request]:
    """Return a request for a study as one for each of its series, to hold less at a time."""
    if request.level != "STUDY" or not study.series or not all(map(is_uid, study.series)):
        return [request]
    return [Request("SERIES", {**request.keys, "SeriesInstanceUID": uid}) for uid in study.series]


def _meant(
    request: Request, study: ExpectedStudy, missing: frozenset[str]
) -> frozenset[str] | None:
    """Return which missing objects a request is to bring; ``None`` when nobody can tell."""
    if request.level == "IMAGE":
        return frozenset({request.keys["SOPInstanceUID"]})
    if request.level == "STUDY":
        images: frozenset[str] | None = study.instances
    else:
        images = study.series.get(request.keys.get("SeriesInstanceUID", ""))
    return images & missing if images and study.listed else None


def _files(answer: HttpAnswer) -> Iterator[bytes]:
    """Yield the DICOM files of an answer; some servers send a single one as it is."""
    boundary = boundary_of(answer.kind)
    if boundary:
        yield from parts(answer.chunks(), boundary, MAX_OBJECT_BYTES)
    else:
        yield answer.content(MAX_OBJECT_BYTES)


def _instance(path: str, uid: str) -> str:
    """Return the resource of one object of a series, or of an object itself."""
    return f"{path.split('/instances/', maxsplit=1)[0]}/instances/{uid}"


def _fewest(path: str, fetched: _Fetched) -> list[str]:
    """Return what to ask for so that whole objects come: single ones, where a series lacks few."""
    lacking = fetched.lacking
    few = bool(fetched.came) and 0 < len(lacking) <= FEW and all(map(is_uid, lacking))
    single = few and "/series/" in path
    return [_instance(path, uid) for uid in sorted(lacking)] if single else [path]


def _left(number: int) -> Finding:
    return Finding(
        "collect",
        PARTIAL,
        f"{number} values of the header could not be had from the web server, nor the whole object",
    )
