"""Collecting from a web server, also from one that misbehaves as servers in the field do."""

from __future__ import annotations

import gzip
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite

from workbench.collect.dicomweb import query
from workbench.collect.dicomweb.client import WebSource
from workbench.collect.dicomweb.web_access import WebAccess
from workbench.collect.filters import SurveyFilter
from workbench.collect.patient_list import ListedPatient
from workbench.collect.retrieval import PARTIAL, Timeouts
from workbench.dicom.read import read_received
from workbench.dicom.record import dicom_json
from workbench.errors import NetworkError, SettingsError

QUICK = Timeouts(connect=2.0, answer=2.0, retrieve=2.0)
LEVELS = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID",
          "instances": "SOPInstanceUID"}  # fmt: skip
Reply = tuple[int, dict[str, str], bytes]
VALUE = b"\1\2\3\4"


@dataclass
class Archive:
    """A small DICOMweb server; a test replaces what it wants to see misbehave."""

    objects: list[Dataset]
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    limit: int = 10**9
    paged: bool = True
    metadata: bool = True
    before: Callable[[str], Reply | None] = lambda _: None
    edit: Callable[[dict[str, Any]], dict[str, Any]] = lambda item: item

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        self.asked.append(path)
        self.headers.append(headers)
        early = self.before(path)
        if early is not None:
            return early
        parts = urlsplit(path)
        steps = parts.path.removeprefix("/web/").split("/")
        resource, uids = steps[-1], dict(zip(steps[::2], steps[1::2], strict=False))
        kept = self.objects
        for name, uid in uids.items():
            if name in LEVELS and uid != "metadata":
                kept = [one for one in kept if one[LEVELS[name]].value == uid]
        if resource == "metadata":
            return self._metadata(kept)
        if len(steps) % 2:
            return self._query(kept, resource, parse_qs(parts.query))
        return self._whole(kept)

    def _metadata(self, kept: list[Dataset]) -> Reply:
        if not self.metadata:
            return 501, {}, b""
        return answer([self.edit(dicom_json(one)[0]) for one in kept])

    def _query(self, kept: list[Dataset], resource: str, query: dict[str, list[str]]) -> Reply:
        if "PatientID" in query:
            kept = [one for one in kept if one.PatientID == query["PatientID"][0]]
        found = {one[LEVELS[resource]].value: dicom_json(one)[0] for one in kept}
        begin = int(query["offset"][0]) if self.paged and "offset" in query else 0
        size = min(self.limit, int(query["limit"][0]))
        page = list(found.values())[begin : begin + size]
        return answer(page) if page else (204, {}, b"")

    def _whole(self, kept: list[Dataset]) -> Reply:
        body = b""
        for one in kept:
            buffer = BytesIO()
            dcmwrite(buffer, one, enforce_file_format=True)
            body += b"--x\r\nContent-Type: application/dicom\r\n\r\n" + buffer.getvalue() + b"\r\n"
        kind = 'multipart/related; type="application/dicom"; boundary=x'
        return 200, {"Content-Type": kind}, body + b"--x--"


def answer(items: Any) -> Reply:
    return 200, {"Content-Type": "application/dicom+json"}, json.dumps(items).encode()


@pytest.fixture
def serve() -> Iterator[Callable[[Archive], str]]:
    servers = []

    def start(archive: Archive) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = archive.reply(self.path, dict(self.headers))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/web"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def archive(make: Any) -> Archive:
    """Patient 0042: two series of three images each, with a private binary value."""
    objects = [make("0042", 1, series, image) for series in (1, 2) for image in (1, 2, 3)]
    for one in objects:
        one.private_block(0x0029, "MAKER", create=True).add_new(1, "OB", VALUE)
    return Archive([*objects, make("7", 9, 1, 1)])


def source(url: str, keeper: Any, **access: Any) -> WebSource:
    return WebSource(WebAccess(url, timeouts=QUICK, **access), SurveyFilter(), keeper.take)


def collect(url: str, keeper: Any, patient: str = "0042", **access: Any) -> tuple[Any, list[Any]]:
    """Fetch all of a patient; return what was expected, and the outcomes."""
    ours = source(url, keeper, **access)
    expected = ours.expect(ListedPatient(patient))
    return expected, [
        one for study in expected.studies for one in ours.fetch(study, study.instances)
    ]


def test_headers_are_fetched_and_no_image(archive: Archive, serve: Any, keeper: Any) -> None:
    expected, outcomes = collect(serve(archive), keeper)
    assert len(expected.instances) == 6
    assert keeper.objects.keys() == expected.instances
    assert [(one.status, one.completed, one.partial) for one in outcomes] == [(0, 3, 0)] * 2
    for one in archive.objects[:6]:
        received = keeper.objects[one.SOPInstanceUID]
        header = read_received(received.encoded, received.transfer_syntax)
        assert dicom_json(header.dataset)[0] == dicom_json(one)[0]
    assert sum("/metadata" in path for path in archive.asked) == 2, "one request a series"
    assert not any(path.split("?")[0].endswith(("/1", "/2")) for path in archive.asked)


def test_only_what_is_missing_is_asked_for_and_taken(
    archive: Archive, serve: Any, keeper: Any, make: Any
) -> None:
    archive.objects += [make("0042", 1, 2, image) for image in range(4, 20)]
    ours = source(serve(archive), keeper)
    (study,) = ours.expect(ListedPatient("0042")).studies
    ours.fetch(study, frozenset({"1.2.826.1.2.7"}))
    assert list(keeper.objects) == ["1.2.826.1.2.7"]
    assert archive.asked[-1].endswith("/instances/1.2.826.1.2.7/metadata")


def test_whole_objects_where_metadata_is_refused(archive: Archive, serve: Any, keeper: Any) -> None:
    archive.metadata = False
    expected, outcomes = collect(serve(archive), keeper)
    assert keeper.objects.keys() == expected.instances
    assert {one.status for one in outcomes} == {0}


def test_whole_objects_for_what_metadata_leave_out(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    def forgetful(path: str) -> Reply | None:
        if path.endswith("series/1.2.826.1.1/metadata"):
            return answer([dicom_json(archive.objects[0])[0], {}, "nonsense"])
        return None

    archive.before = forgetful
    expected, outcomes = collect(serve(archive), keeper)
    assert keeper.objects.keys() == expected.instances
    assert {one.status for one in outcomes} == {0}


def test_what_never_comes_is_told(archive: Archive, serve: Any, keeper: Any) -> None:
    archive.before = lambda path: (404, {}, b"") if "/series/1.2.826.1.2" in path and (
        path.endswith(("/metadata", "/1.2.826.1.2"))
    ) else None  # fmt: skip
    _, outcomes = collect(serve(archive), keeper)
    assert [one.said for one in outcomes] == ["0x0000", "HTTP 404"]
    assert outcomes[1].refused
    assert outcomes[1].failed == 3


def test_an_answer_that_breaks_off_is_silence_and_the_next_series_comes(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    def cut(path: str) -> Reply | None:
        if "/series/1.2.826.1.1" in path and "instances" not in path:
            return 200, {"Content-Length": "1000", "Connection": "close"}, b"[{"
        return None

    archive.before = cut
    _, outcomes = collect(serve(archive), keeper)
    assert [one.status for one in outcomes] == [None, 0]
    assert len(keeper.objects) == 3


@pytest.mark.parametrize("paged", [True, False])
def test_paging_to_the_end_also_where_the_server_has_its_own_limit(
    archive: Archive, serve: Any, keeper: Any, paged: bool
) -> None:
    archive.limit = 2 if paged else 10**9
    archive.paged = paged
    expected, _ = collect(serve(archive), keeper)
    assert len(expected.instances) == 6
    assert not expected.notes


def test_a_server_that_cuts_and_ignores_the_offset_is_not_believed(
    archive: Archive, serve: Any, keeper: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "ANSWERS_A_PAGE", 2)
    archive.paged = False
    expected = source(serve(archive), keeper).expect(ListedPatient("0042"))
    assert expected.notes["cut_answer"] == 3, "two series of three, and two of two"
    assert not expected.listed


def test_an_optional_key_that_is_refused_is_left_out(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    archive.before = lambda path: (400, {}, b"") if "includefield" in path else None
    expected, _ = collect(serve(archive), keeper)
    assert keeper.objects.keys() == expected.instances


def test_another_patients_study_and_a_study_twice_are_noticed(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    def muddled(path: str) -> Reply | None:
        if "/studies?" not in path:
            return None
        if "offset=0" not in path:
            return 204, {}, b""
        first, other = (dicom_json(archive.objects[index])[0] for index in (0, -1))
        return answer([first, first, other, {"0020000D": 5}])

    archive.before = muddled
    expected, _ = collect(serve(archive), keeper)
    assert keeper.objects.keys() == expected.instances
    assert dict(expected.notes) == {
        "duplicate_answer": 1, "foreign_answer": 1, "unusable_answer": 1,
    }  # fmt: skip


@pytest.mark.parametrize("status", [204, 404])
def test_nobody_is_not_found(archive: Archive, serve: Any, keeper: Any, status: int) -> None:
    archive.before = lambda path: (status, {}, b"") if "PatientID=11" in path else None
    expected, _ = collect(serve(archive), keeper, "11")
    assert not expected.found
    assert expected.status == 0


def test_an_id_goes_percent_encoded(archive: Archive, serve: Any, keeper: Any, make: Any) -> None:
    odd = "A&B=C/ü #7+"
    archive.objects = [make(odd, 1, 1, 1)]
    archive.objects[0].SpecificCharacterSet = "ISO_IR 192"
    expected, _ = collect(serve(archive), keeper, odd)
    assert expected.found
    assert "PatientID=A%26B%3DC%2F%C3%BC%20%237%2B&" in archive.asked[0]


@pytest.mark.parametrize("patient", ["", "*", "00?2", "0042\\7"])
def test_wildcards_are_never_asked(archive: Archive, serve: Any, keeper: Any, patient: str) -> None:
    with pytest.raises(ValueError, match="wildcards"):
        source(serve(archive), keeper).expect(ListedPatient(patient))
    assert not archive.asked


def test_a_busy_server_is_asked_again(archive: Archive, serve: Any, keeper: Any) -> None:
    refusals = iter([429, 503])

    def busy(_: str) -> Reply | None:
        status = next(refusals, None)
        return None if status is None else (status, {"Retry-After": "0"}, b"")

    archive.before = busy
    expected, _ = collect(serve(archive), keeper)
    assert keeper.objects.keys() == expected.instances


def test_redirects_only_on_the_same_server(archive: Archive, serve: Any, keeper: Any) -> None:
    other = serve(Archive([]))
    archive.before = lambda path: (
        (302, {"Location": path.replace("/web/", "/web/./") + "&moved"}, b"")
        if "/studies?" in path and "moved" not in path
        else None
    )
    url = serve(archive)
    assert source(url, keeper).expect(ListedPatient("0042")).found
    archive.before = lambda path: (302, {"Location": f"{other}/studies"}, b"")
    with pytest.raises(NetworkError, match="another server"):
        source(url, keeper).echo()
    archive.before = lambda path: (302, {"Location": path + "0"}, b"")
    with pytest.raises(NetworkError, match="circle"):
        source(url, keeper).echo()


def pointing(
    address: Callable[[dict[str, Any]], str],
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return an edit that makes a header point at its private value instead of telling it."""

    def edit(item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "00291001": {"vr": "OB", "BulkDataURI": address(item)}}

    return edit


def by_number(item: dict[str, Any]) -> str:
    return "bulk/" + str(item["00080018"]["Value"][0])


BYTES = {"Content-Type": "application/octet-stream"}


def whole_values(archive: Archive, keeper: Any) -> int:
    """Return how many objects came with the private value that they really have."""
    return sum(
        read_received(one.encoded, one.transfer_syntax).dataset[0x0029, 0x1001].value == VALUE
        for one in keeper.objects.values()
        if (0x0029, 0x1001) in read_received(one.encoded, one.transfer_syntax).dataset
    )


def test_a_few_values_that_are_pointed_at_are_fetched_one_by_one(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    archive.edit = pointing(by_number)
    archive.before = lambda path: (200, BYTES, VALUE) if "/bulk/" in path else None
    _, outcomes = collect(serve(archive), keeper)
    assert [(one.status, one.partial) for one in outcomes] == [(0, 0)] * 2
    assert whole_values(archive, keeper) == 6
    assert sum("/bulk/" in path for path in archive.asked) == 6
    assert not any(path.endswith("/series/1.2.826.1.1") for path in archive.asked)


@pytest.mark.parametrize("images", [64, 65, 250])
def test_of_many_values_none_is_left_out(
    archive: Archive, serve: Any, keeper: Any, make: Any, images: int
) -> None:
    archive.objects = [make("0042", 1, 1, image) for image in range(1, images + 1)]
    for one in archive.objects:
        one.private_block(0x0029, "MAKER", create=True).add_new(1, "OB", VALUE)
    archive.edit = pointing(by_number)
    archive.before = lambda path: (200, BYTES, VALUE) if "/bulk/" in path else None
    expected, outcomes = collect(serve(archive), keeper)
    assert keeper.objects.keys() == expected.instances
    assert whole_values(archive, keeper) == images
    assert [(one.status, one.partial) for one in outcomes] == [(0, 0)]
    single = sum("/bulk/" in path for path in archive.asked)
    assert single == (64 if images == 64 else 0), "beyond that whole objects are cheaper"
    assert len(archive.asked) < single + 12


@pytest.mark.parametrize(
    "answers",
    [
        (404, BYTES, b""),
        (200, BYTES, bytes(2**21)),  # larger than a value that is fetched alone
        (200, {**BYTES, "Content-Length": "9", "Connection": "close"}, b"1"),
    ],
)
def test_where_a_value_cannot_be_had_the_whole_object_is(
    archive: Archive, serve: Any, keeper: Any, answers: Reply
) -> None:
    archive.edit = pointing(by_number)
    archive.before = lambda path: answers if "/bulk/" in path else None
    _, outcomes = collect(serve(archive), keeper)
    assert whole_values(archive, keeper) == 6
    assert [(one.status, one.partial) for one in outcomes] == [(0, 0)] * 2


def test_a_value_on_another_server_is_not_asked_for(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    other = Archive([])
    elsewhere = serve(other)
    archive.edit = pointing(lambda _: f"{elsewhere}/secret")
    collect(serve(archive), keeper)
    assert not other.asked
    assert whole_values(archive, keeper) == 6


def refusing_whole(path: str) -> Reply | None:
    """Answer no value and no whole object, only headers and queries."""
    parts = urlsplit(path)
    whole = "/series/" in path and not parts.query and not path.endswith("/metadata")
    return (403 + 2, {}, b"") if "/bulk/" in path or whole else None


def test_what_cannot_be_had_at_all_is_a_finding_of_its_object(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    archive.edit = pointing(by_number)
    archive.before = refusing_whole
    expected, outcomes = collect(serve(archive), keeper)
    assert keeper.objects.keys() == expected.instances, "the rest of the header is better than none"
    assert [(one.status, one.partial) for one in outcomes] == [(0, 3)] * 2
    for one in keeper.objects.values():
        (finding,) = one.findings
        assert (finding.code, finding.severity) == (PARTIAL, "warning")


def test_a_header_is_not_taken_in_part_while_the_whole_object_may_come_next_time(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    archive.edit = pointing(by_number)
    archive.before = lambda path: (
        (200, {"Content-Length": "1000", "Connection": "close"}, b"x")
        if refusing_whole(path) else None
    )  # fmt: skip
    _, outcomes = collect(serve(archive), keeper)
    assert not keeper.objects
    assert [(one.status, one.failed) for one in outcomes] == [(None, 3)] * 2


def test_values_that_nobody_keeps_are_not_asked_for(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    asked: list[tuple[int, str]] = []

    def needs(tag: int, creator: str) -> bool:
        asked.append((tag, creator))
        return False

    def edit(item: dict[str, Any]) -> dict[str, Any]:
        pointer = {"vr": "OB", "BulkDataURI": "bulk/x"}
        nested = {"vr": "SQ", "Value": [{"00420010": pointer}]}
        return {**item, "00291001": pointer, "60003000": pointer, "00081140": nested}

    archive.edit = edit
    ours = WebSource(WebAccess(serve(archive), timeouts=QUICK), SurveyFilter(), keeper.take,
                     needs=needs)  # fmt: skip
    (study,) = ours.expect(ListedPatient("0042")).studies
    outcomes = ours.fetch(study, study.instances)
    assert [(one.status, one.completed, one.partial) for one in outcomes] == [(0, 3, 0)] * 2
    assert set(asked) == {(0x00291001, "MAKER"), (0x00420010, "")}, "overlays are never kept"
    assert not any("bulk" in path for path in archive.asked)
    assert not any(one.findings for one in keeper.objects.values())


def test_a_private_value_of_a_block_that_nobody_reserved_is_fetched(
    archive: Archive, serve: Any, keeper: Any
) -> None:
    def edit(item: dict[str, Any]) -> dict[str, Any]:
        return {key: element for key, element in pointing(by_number)(item).items()
                if key != "00290010"}  # fmt: skip

    archive.edit = edit
    archive.before = lambda path: (200, BYTES, VALUE) if "/bulk/" in path else None
    ours = WebSource(WebAccess(serve(archive), timeouts=QUICK), SurveyFilter(), keeper.take,
                     needs=lambda *_: False)  # fmt: skip
    (study,) = ours.expect(ListedPatient("0042")).studies
    ours.fetch(study, study.instances)
    assert sum("/bulk/" in path for path in archive.asked) == 6, "whose it is nobody can say"


def test_the_real_transfer_syntax_is_told(archive: Archive, serve: Any, keeper: Any) -> None:
    lossless = "1.2.840.10008.1.2.4.70"
    archive.edit = lambda item: {**item, "00083002": {"vr": "UI", "Value": [lossless]}}
    collect(serve(archive), keeper)
    for one in keeper.objects.values():
        assert one.transfer_syntax == lossless
        header = read_received(one.encoded, one.transfer_syntax)
        assert not header.findings
        assert "AvailableTransferSyntaxUID" not in header.dataset


def test_a_compressed_answer_is_inflated_within_bounds(
    archive: Archive, serve: Any, keeper: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "MAX_PAGE_BYTES", 2**20)
    bomb = gzip.compress(b" " * 2**24)
    archive.before = lambda _: (200, {"Content-Encoding": "gzip"}, bomb)
    with pytest.raises(NetworkError):
        source(serve(archive), keeper).expect(ListedPatient("0042"))
    archive.before = lambda _: (200, {"Content-Encoding": "gzip"}, gzip.compress(b"[]"))
    source(serve(archive), keeper).echo()


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_end_it_with_a_remedy(
    archive: Archive, serve: Any, keeper: Any, status: int
) -> None:
    archive.before = lambda _: (status, {}, b"")
    with pytest.raises(NetworkError, match="Check the token"):
        source(serve(archive), keeper).expect(ListedPatient("0042"))


@pytest.mark.parametrize(
    ("kind", "content", "sent"),
    [("token", "abc\n", "Bearer abc"), ("password", "user:p w", "Basic dXNlcjpwIHc=")],
)
def test_credentials_come_from_a_file(
    archive: Archive, serve: Any, keeper: Any, tmp_path: Path, kind: str, content: str, sent: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    ours = source(serve(archive), keeper, **{kind: file})
    ours.echo()
    assert archive.headers[0]["Authorization"] == sent
    assert "secret" not in repr(ours.access)
    file.unlink()
    with pytest.raises(SettingsError, match="token or password"):
        source(serve(archive), keeper, **{kind: file})


def test_addresses_that_cannot_be_used_are_told_at_once(keeper: Any, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("abc")
    for url in ("", "pacs/web", "ftp://pacs/web", "https://me:secret@pacs/web", "http://pacs?x=1"):
        with pytest.raises(SettingsError):
            source(url, keeper)
    with pytest.raises(SettingsError, match="unencrypted"):
        source("http://192.0.2.1/web", keeper, token=token)


def test_the_connection_test_names_the_remedy(archive: Archive, serve: Any, keeper: Any) -> None:
    source(serve(archive), keeper).echo()
    archive.before = lambda _: (200, {"Content-Type": "text/html"}, b"<html>Welcome</html>")
    with pytest.raises(NetworkError, match="Check the address"):
        source(serve(archive), keeper).echo()
    with pytest.raises(NetworkError, match="could not be reached"):
        source("http://127.0.0.1:9/web", keeper).echo()


def test_no_log_and_no_error_names_the_patient(
    make: Any, serve: Any, keeper: Any, caplog: pytest.LogCaptureFixture
) -> None:
    archive = Archive([make("CANARY77", 1, 1, 1)])
    said = ""
    with caplog.at_level(logging.DEBUG):
        url = serve(archive)
        expected, outcomes = collect(url, keeper, "CANARY77")
        said += repr((expected, outcomes, source(url, keeper)))
        for early in ((200, {"Content-Length": "9"}, b"x"), (500, {}, b""), (401, {}, b"")):
            archive.before = lambda _, early=early: early
            try:
                collect(url, keeper, "CANARY77")
            except NetworkError as error:
                said += repr(error) + str(error) + repr(error.__cause__)
    text = "\n".join(record.getMessage() for record in caplog.records) + said
    assert "CANARY" not in text
    assert "Canary" not in text
