"""Tables for mapping tests: constructed headers go through the product's own record."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from workbench.dicom.record import dicom_json, instance_row
from workbench.mapping.ct.exposed_length import overranging
from workbench.schema import INSTANCE

STUDY = "1.2.3.1"
AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def code(value: str, meaning: str = "meaning", scheme: str = "DCM") -> Dataset:
    """A code sequence item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


class Cases:
    """Builds data sets with known truth; every object gets its own UID."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._images: dict[str, int] = {}

    def data_set(self, series: str, **attributes: Any) -> Dataset:
        """A CT header with sensible defaults; ``None`` removes an attribute."""
        number = next(self._numbers)
        self._images[series] = self._images.get(series, 0) + 1
        ds = Dataset()
        defaults = {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
            "SOPInstanceUID": f"1.2.3.9.{number}",
            "StudyInstanceUID": STUDY,
            "SeriesInstanceUID": f"{STUDY}.{series}",
            "SeriesNumber": int(series.partition(".")[0]) if series[0].isdigit() else None,
            "Modality": "CT",
            "Manufacturer": "SIEMENS",
            "StudyDate": "20200102",
            "PatientSex": "F",
            "PatientAge": "045Y",
            "InstanceNumber": self._images[series],
        }
        for keyword, value in (defaults | attributes).items():
            if value is not None:
                setattr(ds, keyword, value)
        return ds

    def slices(self, series: str, positions: Iterable[float], **attributes: Any) -> list[Dataset]:
        """Axial images at z positions of one spiral scan."""
        defaults = {
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"],
            "AcquisitionNumber": 2,
            "AcquisitionDate": "20200102",
            "AcquisitionTime": "101500",
            "ProtocolName": "Thorax",
            "KVP": 120,
            "XRayTubeCurrent": 200,
            "CTDIvol": 10.0,
            "SliceThickness": 5.0,
            "SpiralPitchFactor": 1.2,
            "RevolutionTime": 0.5,
            "TotalCollimationWidth": 40.0,
            "ImageOrientationPatient": AXIAL,
            "CTDIPhantomTypeCodeSequence": [code("113691")],
        } | attributes
        return [
            self.data_set(series, **defaults | {"ImagePositionPatient": [-100.0, -100.0, z]})
            for z in positions
        ]

    def dlp(self, length_mm: float, ctdi_vol_mgy: float = 10.0) -> float:
        """DLP in mGy.cm of images of a spiral that ``slices`` makes: overranging is in it."""
        beyond, _ = overranging(1.2, 40.0)
        return ctdi_vol_mgy * (length_mm + beyond.value) / 10

    def localizer(self, series: str, **attributes: Any) -> Dataset:
        """A localizer image."""
        defaults = {
            "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER", "CT_SOM5 TOP"],
            "AcquisitionNumber": 1,
            "AcquisitionDate": "20200102",
            "AcquisitionTime": "101400",
            "ProtocolName": "Thorax",
            "KVP": 120,
            "XRayTubeCurrent": 35,
        }
        return self.data_set(series, **defaults | attributes)

    def event(self, **said: Any) -> Dataset:
        """A CT Acquisition container (TID 10013); values are (number, unit code)."""
        values = {
            "uid": generate_uid(entropy_srcs=[str(next(self._numbers))]), "type": "P5-08001",
            "protocol": "Thorax", "ctdi_vol": (10.0, "mGy"), "dlp": (300.0, "mGy.cm"),
            "length": (310.0, "mm"), "kvp": (120, "kV"), "phantom": "113691", "time": (4.0, "s"),
            "started": "20200102101400",
        } | said  # fmt: skip
        source = content("113831", items=[numeric("113733", values["kvp"])])
        parameters = [numeric("113825", values["length"]), numeric("113824", values["time"]),
                      source]  # fmt: skip
        dose = [numeric("113830", values["ctdi_vol"]), numeric("113838", values["dlp"])]
        if values["phantom"]:
            dose.append(content("113835", coded=code(values["phantom"])))
        items = [
            content("125203", text=values["protocol"]),
            content("113820", coded=code(values["type"])),
            content("113822", items=[item for item in parameters if item]),
            content("113829", items=[item for item in dose if item]),
        ]
        if values["started"]:
            items.append(content("111526", moment=values["started"]))
        if values["uid"]:
            items.append(content("113769", uid=values["uid"]))
        return content("113819", items=items)

    def report(self, series: str, events: list[Dataset], **said: Any) -> Dataset:
        """A CT dose report; ``total``, ``written`` (content time), ``root`` can be given."""
        ds = self.data_set(
            series, Modality="SR",
            SOPClassUID=said.get("sop_class", "1.2.840.10008.5.1.4.1.1.88.67"),
            ContentDate="20200102", ContentTime=said.get("written", "110000"),
        )  # fmt: skip
        ds.ConceptNameCodeSequence = [code(said.get("root", "113701"))]
        content_items = [content("113809", moment="20200102101400"),
                         content("113810", moment="20200102103000"), *events]  # fmt: skip
        if "total" in said:
            content_items.append(content("113811", items=[numeric("113813", said["total"])]))
        ds.ContentSequence = content_items
        return ds

    def frame(self, *data_sets: Dataset | Iterable[Dataset]) -> pl.DataFrame:
        """Instance rows of data sets, through DICOM JSON."""
        rows = []
        self._images.clear()  # series of the next frame are numbered from 1
        for entry in data_sets:
            for ds in [entry] if isinstance(entry, Dataset) else entry:
                header, _ = dicom_json(ds)
                row, _ = instance_row(header)
                rows.append(row | {"patient": "P1", "object_number": len(rows) + 1})
        return INSTANCE.frame(rows)


def content(concept: str, **value: Any) -> Dataset:
    """A content item with a text, coded, uid, moment value or children."""
    item = Dataset()
    item.ConceptNameCodeSequence = [code(concept)]
    if "text" in value:
        item.ValueType, item.TextValue = "TEXT", value["text"]
    elif "coded" in value:
        item.ValueType, item.ConceptCodeSequence = "CODE", [value["coded"]]
    elif "uid" in value:
        item.ValueType, item.UID = "UIDREF", value["uid"]
    elif "moment" in value:
        item.ValueType, item.DateTime = "DATETIME", value["moment"]
    else:
        item.ValueType, item.ContentSequence = "CONTAINER", value["items"]
    return item


def numeric(concept: str, value: tuple[float | str, str] | None) -> Dataset | None:
    """A NUM content item."""
    if value is None:
        return None
    item, measured = Dataset(), Dataset()
    item.ValueType = "NUM"
    item.ConceptNameCodeSequence = [code(concept)]
    measured.NumericValue = str(value[0])
    measured.MeasurementUnitsCodeSequence = [code(value[1], scheme="UCUM")]
    item.MeasuredValueSequence = [measured]
    return item


@pytest.fixture
def cases() -> Cases:
    """A fresh builder of constructed headers."""
    return Cases()


@pytest.fixture(scope="session")
def new_cases() -> Callable[[], Cases]:
    """The builder's class, for property tests."""
    return Cases
