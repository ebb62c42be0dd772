"""Filling pydicom datasets from plain values."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, UID

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

IMPLEMENTATION_VERSION = "WORKBENCH_SIM"


def put(dataset: Dataset, values: Mapping[str, Any]) -> None:
    """Set attributes by keyword, replacing elements rather than changing them."""
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise KeyError(keyword)
        vr = dictionary_VR(tag)
        if vr == "OB or OW":
            vr = "OW" if dataset.get("BitsAllocated") == 16 else "OB"
        elif vr == "US or SS":
            vr = "SS" if dataset.get("PixelRepresentation") == 1 else "US"
        dataset.add_new(tag, vr, Sequence(value) if vr == "SQ" else value)


def put_private(dataset: Dataset, group: int, creator: str, block: Mapping[int, Any]) -> None:
    """Set elements of one private block: element number to (value representation, value)."""
    private = dataset.private_block(group, creator, create=True)
    for element, (vr, value) in block.items():
        tag = private.get_tag(element)
        dataset.add_new(tag, vr, value)


def with_values(values: Mapping[str, Any]) -> Dataset:
    """Return a new dataset that holds these attributes."""
    dataset = Dataset()
    put(dataset, values)
    return dataset


def reference(class_uid: str, instance_uid: str) -> Dataset:
    """Return an item of a reference sequence."""
    return with_values(
        {"ReferencedSOPClassUID": class_uid, "ReferencedSOPInstanceUID": instance_uid}
    )


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item of a code sequence."""
    return with_values(
        {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}
    )


def own_copy(dataset: Dataset) -> Dataset:
    """Return a copy that shares no element with the original, cheaply."""
    elements = {
        tag: copy.deepcopy(element) if element.VR == "SQ" else copy.copy(element)
        for tag, element in dataset._dict.items()
    }
    return Dataset(elements)


def finish(dataset: Dataset, transfer_syntax: str) -> Dataset:
    """Add the file meta information of a Part 10 file and return the dataset."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(transfer_syntax)
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    dataset.file_meta = meta
    return dataset


def dates_and_times(moments: Mapping[str, dt.datetime], kinds: Iterable[str]) -> dict[str, str]:
    """Return ``<Kind>Date`` and ``<Kind>Time`` for the kinds asked for (Study, Series, ...)."""
    values = {}
    for kind in kinds:
        values[f"{kind}Date"] = f"{moments[kind]:%Y%m%d}"
        values[f"{kind}Time"] = dicom_time(moments[kind])
    return values


def dicom_time(moment: dt.datetime) -> str:
    """Return a TM value with milliseconds."""
    return f"{moment:%H%M%S}.{moment.microsecond // 1000:03d}"


def dicom_datetime(moment: dt.datetime) -> str:
    """Return a DT value with milliseconds, without time zone."""
    return f"{moment:%Y%m%d}{dicom_time(moment)}"


def rounded(value: float, places: int = 6) -> str:
    """Return a decimal string of at most 16 characters (VR DS) without trailing zeros."""
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return text if len(text) <= 16 else f"{value:.10g}"
