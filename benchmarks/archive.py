"""An archive of simulated CT headers, as large as wanted: rows of the instance table, in chunks.

Its headers are those of ``corpus`` with a patient, a study and a series of their own, written by
the product's own writer once a series; twelve elements then change from slice to slice, as they
do in a scanner's.  UIDs are random like pseudonymous ones, and so is half of the 3.2 kB private
block of a series.  Real headers hold more surprise, so bytes an instance are a lower bound.
"""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl

from benchmarks.corpus import write_corpus
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.jsonmodel import Item, tag_key
from workbench.dicom.read import read_header
from workbench.dicom.record import as_text, dicom_json, instance_row, lines
from workbench.schema import INSTANCE

SERIES_OF_A_PATIENT, SERIES_OF_A_STUDY = 4, 2
BLOCK_BYTES = 3_200  # of a scanner's own header in a private element, half of them random
CREATOR, PRIVATE = "SIEMENS CT VA0  COAD", "00191092"  # a private element that changes by slice
FIRST_DAY = datetime(2016, 1, 4)
PROTOTYPES = 8  # headers looked at for the makes and models there are
# What changes from slice to slice, with its VR; the value is a column of ``_slices``.
VARYING = MappingProxyType({
    "InstanceCreationTime": "TM", "SOPInstanceUID": "UI", "AcquisitionTime": "TM",
    "ContentTime": "TM", "XRayTubeCurrent": "IS", "Exposure": "IS", "InstanceNumber": "IS",
    "ImagePositionPatient": "DS", "SliceLocation": "DS", "SmallestImagePixelValue": "US",
    "LargestImagePixelValue": "US", PRIVATE: "DS",
})  # fmt: skip
# What an examination may be: protocol, region, kV, slice thickness in mm, CTDIvol in mGy.
PROTOCOLS = (
    ("Abdomen portalvenös", "ABDOMEN", 120.0, 3.0, 9.4),
    ("Thorax HR", "CHEST", 100.0, 1.0, 5.1),
    ("Schädel nativ", "HEAD", 120.0, 5.0, 48.0),
    ("Cœur prospectif", "HEART", 80.0, 0.75, 12.5),
)


@dataclass(frozen=True)
class Archive:
    """Simulated instances, sorted by patient, study and series; the same for the same seed.

    Attributes
    ----------
    instances
        How many there are.
    per_series
        Instances of each series.
    seed
        Another one gives other patients.
    headers
        Whether rows have their ``header``; without, they come much quicker.
    """

    instances: int
    per_series: int = 250
    seed: int = 1
    headers: bool = True

    def frames(self, rows: int = 5_000) -> Iterator[pl.DataFrame]:
        """Yield all instances as frames of ``schema.INSTANCE``, of about ``rows`` whole series."""
        names = Pseudonyms(bytes(32), f"archive {self.seed}", "SITE")
        step = max(rows // self.per_series, 1)
        series = -(-self.instances // self.per_series)
        for first in range(0, series, step):
            numbers = range(first, min(first + step, series))
            left = self.instances - first * self.per_series
            yield self._frame(numbers, names).head(left)

    def _frame(self, numbers: range, names: Pseudonyms) -> pl.DataFrame:
        rng = np.random.default_rng([self.seed, numbers.start])
        made = [_series(number, names, rng) for number in numbers]
        repeated = np.repeat(np.arange(len(made)), self.per_series)
        frame = INSTANCE.frame([row for row, _ in made])[repeated]
        texts = pl.DataFrame([text for _, text in made], schema=_PIECES, orient="row")[repeated]
        slices = _slices(frame, self.per_series, rng)
        typed = slices.select(
            "SOPInstanceUID", "started_at", "InstanceNumber", "SliceLocation",
            pl.col("XRayTubeCurrent", "Exposure").cast(pl.Float64),
            pl.concat_list("x", "y", "SliceLocation").alias("ImagePositionPatient"),
            pl.Series("content_sha256", _hex(len(repeated), rng)),
        )  # fmt: skip
        frame = frame.with_columns(typed)
        if self.headers:
            frame = frame.with_columns(_headers(texts, slices))
        return frame.select(INSTANCE.names)


_TAGS = sorted((tag_key(name), name) for name in VARYING)
_PIECES = [f"piece {number}" for number in range(len(VARYING) + 1)]


@cache
def prototypes() -> tuple[Item, ...]:
    """Return the headers from which all others are made, as DICOM JSON: one of each model."""
    found: dict[tuple[str, ...], Item] = {}
    with tempfile.TemporaryDirectory() as folder:
        for file in write_corpus(Path(folder), PROTOTYPES):
            header, _ = dicom_json(read_header(file).dataset)
            made_by = as_text({key: header.get(key, {}) for key in ("00080070", "00081090")})
            found.setdefault((made_by,), header)
    return tuple(found.values())


def _series(
    number: int, names: Pseudonyms, rng: np.random.Generator
) -> tuple[dict[str, object], list[str]]:
    """Return what the rows of a series share, and the text of their headers between the gaps."""
    header = _series_header(number, names, rng)
    row, _ = instance_row(header)
    row |= {
        "patient": header[tag_key("PatientID")]["Value"][0],
        "patient_age_days": int(rng.integers(0, 30_000)),
        "source": "folder",
        "profile_sha256": "0" * 64,
        "key_fingerprint": names.fingerprint,
    }
    for gap, (tag, name) in enumerate(_TAGS):
        header[tag] = {"vr": VARYING[name], "Value": [f"@{gap}@"]}
    text = lines(as_text({tag: header[tag]})[1:-1] for tag in sorted(header))
    row["header"] = None
    return row, re.split(r'"@\d+@"', text)


def _series_header(number: int, names: Pseudonyms, rng: np.random.Generator) -> Item:
    kinds = prototypes()
    patient, study = number // SERIES_OF_A_PATIENT, number // SERIES_OF_A_STUDY
    header = dict(kinds[patient % len(kinds)])
    start = FIRST_DAY + timedelta(minutes=37 * study)
    protocol, region, kv, thickness, ctdi = PROTOCOLS[int(rng.integers(len(PROTOCOLS)))]
    block = next(tag for tag in sorted(header, key=lambda tag: -len(str(header[tag]))))
    filling = rng.bytes(BLOCK_BYTES // 2) + b"\0\4\0\0MeasUID\0" * (BLOCK_BYTES // 24)
    pseudonym = names.patient("", str(patient))
    header[block] = {"vr": "OB", "InlineBinary": base64.b64encode(filling).decode()}
    header["00190010"] = {"vr": "LO", "Value": [CREATOR]}
    header.pop("0008002A", None)  # AcquisitionDateTime: date and time are enough
    for name, vr, value in (
        ("PatientID", "LO", pseudonym), ("PatientName", "PN", {"Alphabetic": pseudonym}),
        ("StudyInstanceUID", "UI", names.uid(f"study {study}")),
        ("SeriesInstanceUID", "UI", names.uid(f"series {number}")),
        ("FrameOfReferenceUID", "UI", names.uid(f"frame {study}")),
        ("IrradiationEventUID", "UI", names.uid(f"event {number}")),
        *((name, "DA", f"{start:%Y%m%d}") for name in ("StudyDate", "AcquisitionDate")),
        ("StudyTime", "TM", f"{start:%H%M%S}"), ("SeriesNumber", "IS", 1 + number % 4),
        ("ProtocolName", "LO", protocol), ("BodyPartExamined", "CS", region),
        ("KVP", "DS", kv), ("SliceThickness", "DS", thickness), ("CTDIvol", "FD", ctdi),
    ):  # fmt: skip
        header[tag_key(name)] = {"vr": vr, "Value": [value]}
    return header


def _slices(frame: pl.DataFrame, per_series: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return what changes from slice to slice, as values."""
    size = frame.height
    slice_number = np.arange(size) % per_series
    thickness = frame["SliceThickness"].to_numpy()
    milliamperes = rng.integers(80, 500, size)
    digits = [pl.Series(rng.integers(0, 10**19, size, dtype=np.uint64)) for _ in range(2)]
    parts = pl.DataFrame({"a": digits[0], "b": digits[1]}).select(
        pl.concat_str(
            pl.lit("2.25.1"), *(pl.col(half).cast(pl.String).str.zfill(19) for half in "ab")
        )
    )
    later = pl.Series(slice_number * 250 + rng.integers(0, 9, size)) * 1_000
    return pl.DataFrame({
        "SOPInstanceUID": parts.to_series(),
        "started_at": frame["started_at"] + later.cast(pl.Duration("us")),
        "XRayTubeCurrent": milliamperes,
        "Exposure": milliamperes // 2,
        "InstanceNumber": 1 + slice_number,
        "x": np.full(size, -180.5),
        "y": np.repeat(rng.integers(-400, 400, size // per_series) / 2, per_series),
        "SliceLocation": -400 + slice_number * thickness,
        "SmallestImagePixelValue": rng.integers(0, 30, size),
        "LargestImagePixelValue": rng.integers(1_500, 4_000, size),
        PRIVATE: rng.integers(100, 9_000, size) / 8,
    })  # fmt: skip


def _headers(texts: pl.DataFrame, slices: pl.DataFrame) -> pl.Series:
    """Return the texts of headers, with the values of their slices in the gaps."""
    moment = pl.col("started_at")
    quoted = {"SOPInstanceUID": pl.col("SOPInstanceUID")}
    for name, seconds in (("AcquisitionTime", 0), ("ContentTime", 2), ("InstanceCreationTime", 3)):
        quoted[name] = (moment + timedelta(seconds=seconds)).dt.strftime("%H%M%S%.6f")
    values = {name: pl.concat_str(pl.lit('"'), of, pl.lit('"')) for name, of in quoted.items()}
    values["ImagePositionPatient"] = pl.concat_str("x", "y", "SliceLocation", separator=",")
    words = slices.select(
        values.get(name, pl.col(name).cast(pl.String)).alias(name) for name in VARYING
    )
    gaps = [
        name for pair in zip(_PIECES, (name for _, name in _TAGS), strict=False) for name in pair
    ]
    whole = pl.concat([texts, words], how="horizontal")
    return whole.select(pl.concat_str(*gaps, _PIECES[-1]).alias("header")).to_series()


def _hex(count: int, rng: np.random.Generator) -> list[str]:
    digits = rng.bytes(32 * count).hex()
    return [digits[start : start + 64] for start in range(0, 64 * count, 64)]
