"""CT images and dose reports with a payload in every text attribute the allow-list keeps."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import pydicom
from pydicom.config import disable_value_validation
from pydicom.datadict import dictionary_VR, keyword_dict
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from workbench.simulate.hospital import simulate_hospital

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"  # PS3.4 table B.5-1
DOSE_REPORT = "1.2.840.10008.5.1.4.1.1.88.67"
TEXT_VRS = frozenset(["LO", "SH", "ST", "LT", "UT", "UC", "CS"])
# What says of which kind an object or an item is: with another value it is no image and no report.
KINDS = frozenset({
    "Modality", "ImageType", "ValueType", "RelationshipType", "ContinuityOfContent",
    "CompletionFlag", "VerificationFlag", "PreliminaryFlag", "PatientSex", "PatientPosition",
    "PhotometricInterpretation", "BurnedInAnnotation", "QualityControlImage", "CodeValue",
    "CodingSchemeDesignator", "CodingSchemeVersion", "LongCodeValue", "TemplateIdentifier",
    "MappingResource", "LossyImageCompression",
})  # fmt: skip
LONGEST = 2000  # characters of a text; the longest payload tells itself in its last ones


def text_attributes() -> list[str]:
    """Return the keywords of the allow-list's texts, but those that decide the kind."""
    profile = files("workbench.deidentify").joinpath("data/dose.toml").read_text("utf-8")
    kept = " ".join(tomllib.loads(profile)["keep"].values()).split()
    known = [name for name in kept if name in keyword_dict and name not in KINDS]
    return [name for name in known if dictionary_VR(name) in TEXT_VRS]


def write_hostile(folder: Path, texts: Sequence[str]) -> int:
    """Write an image and a dose report for each payload; return how many files."""
    folder.mkdir()
    image, report = _examples()
    with disable_value_validation():
        for number, text in enumerate(texts):
            study = generate_uid()
            for kind, example in enumerate((image, report)):
                made = _hostile(example, text[-LONGEST:])
                made.StudyInstanceUID = study
                made.SeriesInstanceUID = generate_uid()
                made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
                made.PatientID = f"P{number:04}"
                made.save_as(folder / f"{number:02}-{kind}.dcm")
    return 2 * len(texts)


def _examples() -> tuple[Dataset, Dataset]:
    found: dict[str, Dataset] = {}
    with TemporaryDirectory() as folder:
        for path in simulate_hospital(1, 2).write(Path(folder)):
            read = pydicom.dcmread(path)
            if "LOCALIZER" not in read.get("ImageType", ()):
                found.setdefault(read.SOPClassUID, read)
    return found[CT_IMAGE], found[DOSE_REPORT]


def _hostile(example: Dataset, text: str) -> Dataset:
    made = copy.deepcopy(example)
    made.SpecificCharacterSet = "ISO_IR 192"
    for name in text_attributes():
        # A CS has no character set (PS3.5 table 6.2-1): the same bytes all the same.
        code = dictionary_VR(name) == "CS"
        setattr(made, name, text.encode().decode("latin-1") if code else text)
    _inside(made, text)
    return made


def _inside(dataset: Dataset, text: str) -> None:
    """Put a payload into every text of every sequence: meanings of codes, texts of reports."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _inside(item, text)
        elif element.keyword in ("CodeMeaning", "TextValue"):
            element.value = text
