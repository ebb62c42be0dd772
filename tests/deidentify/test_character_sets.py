"""Where the character set is doubtful, known words leave and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from workbench.deidentify.character_sets import read, readings, reread
from workbench.deidentify.engine import Deidentified

Apply = Callable[[Dataset], Deidentified]
NAME = "Grünspecht"
SETS = {
    "utf-8": "Grünspecht^Ädda", "cp1252": "Grünspecht^Ädda", "cp1253": "Παπαδάκης^Ελένη",
    "cp1251": "Иванов^Пётр", "shift_jis": "山田^太郎", "gb18030": "王^芳", "euc_kr": "이^산",
}  # fmt: skip


@pytest.mark.parametrize("declared", [None, ["iso8859"], ["latin_1"]])
def test_utf_8_under_another_name_is_read_and_doubted(declared: list[str] | None) -> None:
    assert read(NAME.encode(), declared) == (NAME, True)
    assert NAME in readings(NAME.encode(), declared)


def test_what_is_declared_is_not_doubted() -> None:
    assert read(NAME.encode("latin-1"), ["latin_1"]) == (NAME, False)
    assert read(NAME.encode(), ["UTF8"]) == (NAME, False)
    assert read("王芳".encode("gb18030"), ["GB18030"]) == ("王芳", False)
    assert read(b"\x1b$B;3ED\x1b(B", ["iso8859", "iso2022_jp"]) == ("山田", False)


@pytest.mark.parametrize(
    ("raw", "declared"), [(b"Gr\xfcn", None), (b"Gr\xfcn", ["UTF8"]), (b"x\x93", ["latin_1"])]
)
def test_what_cannot_be_read_is_doubted(raw: bytes, declared: list[str] | None) -> None:
    assert read(raw, declared).doubtful


def test_text_that_was_read_wrongly_is_put_right() -> None:
    assert reread(NAME.encode().decode("latin-1")) == (NAME, True)
    assert reread(NAME) == (NAME, False)


def raw(data: Dataset, keyword: str, value: bytes) -> None:
    tag = Tag(keyword)
    data[tag] = RawDataElement(tag, "LO", len(value), value, 0, False, True)


@pytest.mark.parametrize("encoding", SETS)
def test_a_name_in_undeclared_bytes_leaves_in_no_reading(
    encoding: str, patient: Dataset, apply: Apply
) -> None:
    name = SETS[encoding]
    raw(patient, "PatientName", name.encode(encoding))
    for keyword in ("SeriesDescription", "StationName"):
        raw(patient, keyword, f"CT Thorax {name.replace('^', ' ').upper()} 5mm".encode(encoding))
    patient.ProtocolName = "Thorax Gruenspecht Papadakis Ivanov Petr"
    made = apply(patient).dataset
    for keyword in ("SeriesDescription", "StationName"):
        assert set(made[keyword].value.split()) <= {"CT", "Thorax", "X", "XX", "5mm"}
    assert set(made.ProtocolName.split()) <= {"Thorax", "X"}


def test_a_doubtful_text_keeps_its_known_words(patient: Dataset, apply: Apply) -> None:
    raw(patient, "SeriesDescription", b"Sch\xe4del nativ 5mm Frau M\xfcller")
    assert apply(patient).dataset.SeriesDescription.startswith("Schädel nativ 5mm")
