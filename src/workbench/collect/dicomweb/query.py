"""Ask a web server what it has (QIDO-RS, PS3.18 section 10.6), as if it were a C-FIND.

``WebQuery`` has the few names of an association that queries use, so that answers of both kinds
are judged by the same code: whose they are, duplicates, filters, what is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import quote

from pydicom.dataset import Dataset

from workbench.collect.dicomweb.http import BrokenOff, WebClient
from workbench.collect.find import FIND_CLASSES, PENDING, text
from workbench.collect.optional_keys import SUCCESS
from workbench.collect.received import is_uid
from workbench.dicom.fromjson import encode_json, told
from workbench.dicom.jsonmodel import Item
from workbench.dicom.parse import parse
from workbench.dicom.walk import Encoding
from workbench.errors import DamagedObject, NetworkError
from workbench.language import Saying

JSON = "application/dicom+json, application/json;q=0.5"
ANSWERS_A_PAGE = 200  # answers asked for at a time
MAX_PAGES = 500
MAX_PAGE_BYTES = 2**26  # bytes
# What a query may hold as it is (RFC 3986 section 3.4), the wildcards and & apart.
UNRESERVED_ENOUGH = "!$'(),;=:@/+"
# What C-FIND would say, PS3.4 table C.4-1.
CUT = 0xA700
MISMATCH = 0xA900
UNABLE = 0xC000
Query = list[tuple[str, str]]

OWN_UID = {"STUDY": "0020000D", "SERIES": "0020000E", "IMAGE": "00080018"}
PATHS = {
    "STUDY": ("/studies", ()),
    "SERIES": ("/studies/{}/series", ("StudyInstanceUID",)),
    "IMAGE": (
        "/studies/{}/series/{}/instances",
        ("StudyInstanceUID", "SeriesInstanceUID"),
    ),
}


@dataclass(frozen=True)
class _AnswerPage:
    items: list[Item]
    status: int = SUCCESS
    http: int = 200
    warned: bool = False


class WebQuery:
    """Queries of one web server, with the names of pynetdicom's ``Association`` that they use."""

    is_established = True

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self.accepted_contexts = [SimpleNamespace(abstract_syntax=FIND_CLASSES[0])]
        self.acceptor = SimpleNamespace(ae_title=client.access.title)

    def send_c_find(self, wanted: Dataset, _: str) -> Iterator[tuple[Dataset, Dataset | None]]:
        """Yield status and answer as a C-FIND does; raises ``NetworkError``."""
        status = SUCCESS
        try:
            for page in self._pages(wanted):
                status = page.status
                for item in page.items:
                    yield _status(PENDING[0]), _dataset(item)
        except BrokenOff as error:
            raise NetworkError(
                "{pacs} broke off an answer to a query: {error}.",
                "Try again later.",
                pacs=self._client.access.title,
                error=Saying(str(error)),
            ) from None
        yield _status(status), None

    def _pages(self, wanted: Dataset) -> Iterator[_AnswerPage]:
        level = text(wanted, "QueryRetrieveLevel")
        path = _path(wanted, level)
        if not path:
            yield _AnswerPage([], MISMATCH)
            return
        ask, page = self._first(path, wanted, level)
        seen: set[str] = set()
        offset = 0
        for _ in range(MAX_PAGES):
            uids = {told(item, OWN_UID[level]) for item in page.items}
            if page.items and uids <= seen:  # it ignores the offset, so nothing more is to be had
                yield _AnswerPage(
                    [], CUT if page.warned or len(uids) == ANSWERS_A_PAGE else SUCCESS
                )
                return
            yield page
            seen |= uids
            # A page shorter than asked for is no proof of the end: servers have limits too.
            if page.status != SUCCESS or not page.items:
                return
            offset += len(page.items)
            page = self._page(path, ask, offset)
        yield _AnswerPage([], CUT)

    def _first(self, path: str, wanted: Dataset, level: str) -> tuple[str, _AnswerPage]:
        """Return the first page, and the query that the server understood."""
        narrowing, naming = _narrowing(wanted, level), _naming(wanted, level)
        ask = _encoded(narrowing + naming)
        page = self._page(path, ask, 0)
        if page.http == 400:  # an optional key was too much for it
            naming = []
            ask = _encoded(narrowing)
            page = self._page(path, ask, 0)
        if level == "STUDY" and page.http == 404:
            self.check()  # some say "no match" so; others do not know what we mean
        plain = _encoded(narrowing + naming, UNRESERVED_ENOUGH)
        if not page.items and plain != ask:  # some never decode what they are asked (Orthanc 1.10)
            again = self._page(path, plain, 0)
            if again.items:
                return plain, again
        return ask, page

    def _page(self, path: str, ask: str, offset: int) -> _AnswerPage:
        paging = f"{ask}&limit={ANSWERS_A_PAGE}&offset={offset}".removeprefix("&")
        with self._client.get(path, JSON, paging) as answer:
            if answer.status in (204, 404):
                return _AnswerPage([], http=answer.status)
            if answer.status == 413:
                return _AnswerPage([], CUT, answer.status)
            if answer.status not in (200, 206):
                return _AnswerPage([], UNABLE, answer.status)
            items = _read(answer.content(MAX_PAGE_BYTES))
            if items is None:
                return _AnswerPage([], UNABLE, answer.status)
            return _AnswerPage(items, http=answer.status, warned=answer.warned)

    def check(self) -> None:
        """Test the connection by a query for one study; raises ``NetworkError``."""
        title, said = self._client.access.title, Saying("nothing in time")
        try:
            with self._client.get("/studies", JSON, "limit=1") as answer:
                said = Saying.plain(f"HTTP {answer.status}")
                good = answer.status == 204
                if answer.status in (200, 206):
                    good = _read(answer.content(MAX_PAGE_BYTES)) is not None
        except BrokenOff:
            good = False
        if not good:
            raise NetworkError(
                "{pacs} does not answer QIDO-RS ({said}).",
                "Check the address: it ends where /studies would follow.",
                pacs=title,
                said=said,
            )


def _path(wanted: Dataset, level: str) -> str:
    """Return the resource to ask; empty when a UID of it is none."""
    form, keys = PATHS.get(level, ("", ()))
    uids = [text(wanted, keyword) for keyword in keys]
    return form.format(*uids) if all(is_uid(uid) for uid in uids) else ""


def _narrowing(wanted: Dataset, level: str) -> Query:
    """Return the keys with a value; what means several values in DICOM is judged later."""
    _, above = PATHS[level]
    keys = []
    for element in wanted:
        value = text(wanted, element.keyword)
        if element.keyword in (*above, "QueryRetrieveLevel", "SpecificCharacterSet") or not value:
            continue
        if element.VM > 1 or any(sign in value for sign in "*?\\"):
            continue
        keys.append((element.keyword, value))
    if level == "STUDY" and not keys:
        raise ValueError("a query without any key would ask for everybody")
    return keys


def _naming(wanted: Dataset, level: str) -> Query:
    """Return what else is asked for: more attributes, and no resemblance instead of equality."""
    names = [element.keyword for element in wanted if element.is_empty]
    fuzzy = [("fuzzymatching", "false")] if level == "STUDY" else []
    return [*(("includefield", name) for name in names), *fuzzy]


def _encoded(query: Query, as_they_are: str = "") -> str:
    """Return a query with everything percent-encoded but letters, digits and ``as_they_are``."""
    return "&".join(f"{name}={quote(value, safe=as_they_are)}" for name, value in query)


def _read(content: bytes) -> list[Item] | None:
    """Return the data sets of an answer in JSON; ``None`` when it is something else."""
    if not content.strip():
        return []
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        return None
    several = parsed if isinstance(parsed, list) else [parsed]
    return several if all(isinstance(item, dict) for item in several) else None


def _dataset(item: Item) -> Dataset | None:
    """Return an answer as a C-FIND would have given it; ``None`` when it cannot be read."""
    try:
        return parse(encode_json(item)[0], Encoding())
    except DamagedObject:
        return None


def _status(code: int) -> Dataset:
    status = Dataset()
    status.Status = code
    return status
