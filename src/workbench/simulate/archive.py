"""A folder of DICOM objects with an index, matched as a PACS matches (PS3.4 C.2.2.2).

Each object is a Part 10 file named by the SHA-256 of its SOP Instance UID; its data set is kept
byte for byte.  The index is cached beside the files and mended from them at the start.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset, read_preamble
from pydicom.filewriter import dcmwrite, write_file_meta_info
from pydicom.tag import BaseTag
from pydicom.uid import UID

from workbench.collect.find import texts
from workbench.collect.received import is_uid
from workbench.dicom.read import read_received
from workbench.errors import DamagedObject, NotDicom, ReadError

LEVELS = {
    "PATIENT": (
        "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex",
    ),
    "STUDY": (
        "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID",
        "StudyDescription",
    ),
    "SERIES": (
        "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "SeriesDate",
        "ProtocolName", "BodyPartExamined", "Manufacturer", "ManufacturerModelName",
    ),
    "IMAGE": ("SOPInstanceUID", "SOPClassUID", "InstanceNumber", "ImageType"),
}  # fmt: skip
UNIQUE = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID",
          "IMAGE": "SOPInstanceUID"}  # fmt: skip
RANGES = frozenset({"PatientBirthDate", "StudyDate", "StudyTime", "SeriesDate"})
KEYWORDS = tuple(keyword for level in LEVELS.values() for keyword in level)
INDEX = "index.json"

Values = dict[str, list[str]]


@dataclass(frozen=True)
class Loaded:
    """What a PACS made of what it was given.

    Attributes
    ----------
    accepted
        SOP Instance UIDs of what it holds now.
    refused, reasons
        What it did not take, as it was given, and why, in the same order.
    """

    accepted: frozenset[str] = field(repr=False)
    refused: tuple[Path | Dataset, ...] = field(default=(), repr=False)
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(cls, verdicts: Iterable[tuple[Path | Dataset, set[str], str]]) -> Loaded:
        """Sum up one verdict a source: the UIDs it brought, or the reason of its refusal."""
        listed = list(verdicts)
        refused = [(source, reason) for source, _, reason in listed if reason]
        return cls(
            frozenset().union(*(uids for _, uids, _ in listed)),
            tuple(source for source, _ in refused),
            tuple(reason for _, reason in refused),
        )


class Archive:
    """Objects in a folder; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = threading.Lock()
        self._index: dict[str, Values] = {}
        self._mend()

    def __len__(self) -> int:
        return len(self._index)

    def add(self, encoded: bytes, syntax: str) -> str:
        """Keep one encoded data set and return its SOP Instance UID; the first one stays.

        Raises ``ReadError`` when it is damaged or its UIDs are missing.
        """
        values = _values(encoded, syntax)
        uid = values["SOPInstanceUID"][0]
        path = self.path(uid)
        if not path.exists():
            partial = path.with_suffix(".part")
            partial.write_bytes(_part10(encoded, syntax, values["SOPClassUID"][0], uid))
            partial.replace(path)
        with self._lock:
            self._index.setdefault(path.name, values)
        return uid

    def load(self, sources: Iterable[Path | Dataset]) -> Loaded:
        """Keep files or data sets; what cannot be kept is told, with its reason."""
        loaded = Loaded.of(self._loaded(source) for source in sources)
        self.save()
        return loaded

    def _loaded(self, source: Path | Dataset) -> tuple[Path | Dataset, set[str], str]:
        try:
            return source, {self.add(*_encoded(source))}, ""
        except ReadError as error:
            return source, set(), error.code

    def path(self, sop_instance: str) -> Path:
        """Return where an object is, or would be."""
        return self.folder / f"{hashlib.sha256(sop_instance.encode()).hexdigest()}.dcm"

    def match(self, level: str, keys: Dataset) -> list[Values]:
        """Return what matches the keys, one record an entity of the level, in a stable order."""
        with self._lock:
            records = list(self._index.values())
        modalities: defaultdict[str, set[str]] = defaultdict(set)
        counts: defaultdict[str, int] = defaultdict(int)
        entities: dict[str, Values] = {}
        for record in records:
            study, series = record["StudyInstanceUID"][0], record["SeriesInstanceUID"][0]
            modalities[study].update(record["Modality"])
            counts[study] += 1
            counts[series] += 1
            entities.setdefault((record[UNIQUE[level]] or [""])[0], record)
        full = (
            record
            | {
                "ModalitiesInStudy": sorted(modalities[record["StudyInstanceUID"][0]]),
                "NumberOfStudyRelatedInstances": [str(counts[record["StudyInstanceUID"][0]])],
                "NumberOfSeriesRelatedInstances": [str(counts[record["SeriesInstanceUID"][0]])],
            }
            for _, record in sorted(entities.items())
        )
        return [record for record in full if _matches(record, keys)]

    def merge_patients(self, old: str, new: str) -> None:
        """Give the objects of one PatientID to another in the index alone; files keep the old."""
        with self._lock:
            records = list(self._index.values())
            person = next(each for each in records if each["PatientID"] == [new])
            kept = {name: person[name] for name in LEVELS["PATIENT"] if name in person}
            for record in records:
                if record["PatientID"] == [old]:
                    record.update(kept)

    def save(self) -> None:
        """Write the index, so that the next start need not read every file."""
        with self._lock:
            content = json.dumps(self._index)
        partial = self.folder / f"{INDEX}.part"
        partial.write_text(content)
        partial.replace(self.folder / INDEX)

    def _mend(self) -> None:
        try:
            cached = json.loads((self.folder / INDEX).read_text())
        except (OSError, ValueError):
            cached = {}
        for path in sorted(self.folder.glob("*.dcm")):
            try:
                self._index[path.name] = cached.get(path.name) or _values(*_encoded(path))
            except ReadError:
                continue  # not ours, or half of one: the file stays, it is just not offered


def _encoded(source: Path | Dataset) -> tuple[bytes, str]:
    """Return the encoded data set and its transfer syntax; raises ``ReadError``."""
    data = _written(source) if isinstance(source, Dataset) else source.read_bytes()
    try:
        file = BytesIO(data)
        read_preamble(file, False)
        meta = read_dataset(file, False, True, stop_when=_after_meta)
    except Exception as error:
        raise NotDicom("not_dicom", "it is not a DICOM file") from error
    syntax = str(meta.get("TransferSyntaxUID", ""))
    if not is_uid(syntax):
        raise DamagedObject("no_syntax", "the file names no transfer syntax")
    return data[file.tell() :], syntax


def _written(dataset: Dataset) -> bytes:
    buffer = BytesIO()
    try:
        dcmwrite(buffer, dataset, enforce_file_format=True)
    except (AttributeError, ValueError, TypeError, KeyError) as error:  # each for another lack
        raise DamagedObject("not_writable", "the data set makes no file") from error
    return buffer.getvalue()


def _after_meta(tag: BaseTag, *_: object) -> bool:
    return tag.group != 2


def _values(encoded: bytes, syntax: str) -> Values:
    dataset = read_received(encoded, syntax).dataset
    values = {keyword: list(texts(dataset, keyword)) for keyword in KEYWORDS}
    for keyword in ("SOPClassUID", *list(UNIQUE.values())[1:]):
        if len(values[keyword]) != 1 or not is_uid(values[keyword][0]):
            raise DamagedObject("no_uid", "the object has no valid {keyword}", keyword=keyword)
    return values


def _part10(encoded: bytes, syntax: str, sop_class: str, sop_instance: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance)
    meta.TransferSyntaxUID = UID(syntax)
    buffer = DicomBytesIO()
    buffer.write(bytes(128) + b"DICM")
    write_file_meta_info(buffer, meta, enforce_standard=True)
    return buffer.getvalue() + encoded


def _matches(record: Values, keys: Dataset) -> bool:
    for element in keys:
        keyword = element.keyword
        if keyword not in record or not (wanted := list(texts(keys, keyword))):
            continue
        test = _test(keyword, wanted)
        if not any(test(value) for value in record[keyword]):
            return False
    return True


def _test(keyword: str, wanted: list[str]) -> Callable[[str], bool]:
    """Return the test of one key: range, wildcard, or one of a list."""
    first = wanted[0]
    if keyword in RANGES and "-" in first:
        low, _, high = first.partition("-")
        return lambda value: (
            (low or value) <= value[: len(low) or None] and value <= (high or value) + "\uffff"
        )
    if ("*" in first or "?" in first) and not keyword.endswith("UID"):
        parts = re.split(r"([*?])", first)
        kinds = {"*": ".*", "?": "."}
        pattern = re.compile("".join(kinds.get(part, re.escape(part)) for part in parts), re.S)
        return lambda value: pattern.fullmatch(value) is not None
    return lambda value: value in wanted


def answer(record: Values, level: str, keys: Dataset) -> Dataset:
    """Return a C-FIND answer: the keys asked for, as far as the level knows them."""
    reply = Dataset()
    reply.SpecificCharacterSet = "ISO_IR 192"
    reply.QueryRetrieveLevel = level
    for element in keys:
        if element.keyword in ("", "SpecificCharacterSet", "QueryRetrieveLevel"):
            continue
        values = record.get(element.keyword, []) if element.keyword in _known(level) else []
        setattr(reply, element.keyword, values[0] if len(values) == 1 else values or None)
    return reply


def _known(level: str) -> Iterator[str]:
    """Yield the keywords that an answer at this level may hold."""
    counts = {"STUDY": ("ModalitiesInStudy", "NumberOfStudyRelatedInstances"),
              "SERIES": ("NumberOfSeriesRelatedInstances",)}  # fmt: skip
    for name, keywords in LEVELS.items():
        yield from keywords
        yield from counts.get(name, ())
        if name == level:
            return
