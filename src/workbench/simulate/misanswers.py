"""The answers of a PACS that misbehaves, made from those that would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy

from pydicom.dataset import Dataset

from workbench.collect.find import text, texts
from workbench.simulate.archive import LEVELS, UNIQUE, Archive, answer
from workbench.simulate.quirks import FindFaults

NO_SUCH_LEVEL = 0xA900  # "identifier does not match SOP class", PS3.4 table C.4-1
# Required and unique keys of PS3.4 tables C.6-1 to C.6-4, as far as we ask for them.
REQUIRED = frozenset(
    {
        "PatientID", "PatientName", "StudyInstanceUID", "StudyDate", "StudyTime",
        "AccessionNumber", "StudyID", "SeriesInstanceUID", "Modality", "SeriesNumber",
        "SOPInstanceUID", "InstanceNumber", "QueryRetrieveLevel", "SpecificCharacterSet",
    }
)  # fmt: skip
COUNTS = ("NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances")
PADDED = ("PatientID", "AccessionNumber", "Modality")


def refusal(level: str, keys: Dataset, faults: FindFaults, *, patient_root: bool) -> int:
    """Return the status that a query is refused with; 0 when it is not."""
    if level not in LEVELS:
        return NO_SUCH_LEVEL
    if level in faults.refused:
        return faults.refused[level]
    optional = {element.keyword for element in keys} - REQUIRED
    if faults.required_only and optional:
        return NO_SUCH_LEVEL
    if faults.strict and not _hierarchical(level, keys, patient_root=patient_root):
        return NO_SUCH_LEVEL
    return 0


def _hierarchical(level: str, keys: Dataset, *, patient_root: bool) -> bool:
    above = list(LEVELS)[(0 if patient_root else 1) : list(LEVELS).index(level)]
    foreign = not patient_root and level not in ("PATIENT", "STUDY") and "PatientID" in keys
    return not foreign and all(text(keys, UNIQUE[name]) for name in above)


def misanswers(
    archive: Archive, level: str, keys: Dataset, faults: FindFaults
) -> Iterator[Dataset]:
    """Yield the answers to a query before they are written, as the faults make them."""
    if level in faults.empty:
        return
    query = Dataset()
    for element in keys:
        if element.keyword not in faults.ignored:
            query[element.tag] = deepcopy(element)
    kept = _test(query, faults)
    for record in archive.match(level, query):
        if not kept((record["PatientID"] or [""])[0]):
            continue
        reply = answer(record, level, keys)
        yield reply
        if level in faults.twice:
            yield reply
        if faults.second_patient and level == "STUDY":
            stranger = deepcopy(reply)
            stranger.PatientID = faults.second_patient
            yield stranger


def _test(query: Dataset, faults: FindFaults) -> Callable[[str], bool]:
    """Return the test of patient IDs; takes the key away where the archive's would be another."""
    wanted = text(query, "PatientID")
    if faults.reads_latin1 and text(query, "SpecificCharacterSet") == "ISO_IR 192":
        wanted = wanted.encode().decode("latin-1")
        query.PatientID = wanted
    loose = faults.loose_ids or faults.drops_zeros
    wild = "*" in wanted or "?" in wanted
    if not wanted or not (loose or (faults.literal_wildcards and wild)):
        return lambda _: True
    del query.PatientID

    def plain(value: str) -> str:
        return value.lstrip("0").casefold() if loose else value

    return lambda value: plain(value) == plain(wanted)


def told(reply: Dataset, faults: FindFaults) -> Dataset:
    """Return an answer as it is written."""
    written = deepcopy(reply)
    _write_texts(written, faults)
    for keyword in COUNTS:
        if faults.miscounted and text(written, keyword):
            setattr(written, keyword, str(max(int(text(written, keyword)) + faults.miscounted, 0)))
    if faults.joined_modalities and text(written, "ModalitiesInStudy"):
        joined = faults.joined_modalities.join(texts(written, "ModalitiesInStudy"))
        written.ModalitiesInStudy = joined
    for keyword in faults.without:
        if keyword in written:
            delattr(written, keyword)
    return written


def _write_texts(dataset: Dataset, faults: FindFaults) -> None:
    if faults.character_set:
        dataset.SpecificCharacterSet = faults.character_set
    else:
        del dataset.SpecificCharacterSet
    if faults.drops_zeros and text(dataset, "PatientID"):
        dataset.PatientID = text(dataset, "PatientID").lstrip("0")
    if faults.pads:
        for keyword in PADDED:
            if text(dataset, keyword):
                setattr(dataset, keyword, f" {text(dataset, keyword)}  ")
