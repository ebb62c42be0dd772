"""What an object is: a rule of its maker before one of all; what is no CT is other."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from workbench.mapping.ct.kinds import UNKNOWN_MAKER, with_kinds
from workbench.mapping.report_kinds import with_report_kind
from workbench.mapping.rules import Rules, built_in_rules

REPORT = (
    '{"0040A043":{"vr":"SQ","Value":[{"00080100":{"vr":"SH","Value":["%s"]}}]},'
    '"0040A730":{"vr":"SQ","Value":[{"0040A043":{"vr":"SQ","Value":'
    '[{"00080100":{"vr":"SH","Value":["113819"]}}]}}]}}'
)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return built_in_rules()


@pytest.fixture
def kind(cases: Any, rules: Rules) -> Any:
    """Return a function that says (maker, kind, report kind) of an object."""

    def one(data: Any, header: str | None = None) -> tuple[str, str, str | None]:
        frame = cases.frame(data)
        if header is not None:
            frame = frame.with_columns(header=pl.lit(header))
        ready = with_report_kind(frame).with_columns(
            foreign=(pl.col("Modality") != "CT").fill_null(True)
        )
        row = with_kinds(ready, rules).row(0, named=True)
        assert row["kind_reason"]
        return row["maker"], row["kind"], row["report_kind"]

    return one


@pytest.mark.parametrize(
    ("manufacturer", "maker"),
    [("SIEMENS", "siemens"), ("Siemens Healthineers", "siemens"), ("GE MEDICAL SYSTEMS", "ge"),
     (" Philips ", "philips"), ("TOSHIBA", "toshiba"), ("Acme", UNKNOWN_MAKER),
     (None, UNKNOWN_MAKER)],
)  # fmt: skip
def test_a_maker_is_known_however_it_writes_its_name(
    manufacturer: str | None, maker: str, cases: Any, kind: Any
) -> None:
    (image,) = cases.slices("2", [0.0], Manufacturer=manufacturer)
    assert kind(image)[:2] == (maker, "image")


def test_an_original_axial_image_is_an_image_and_a_topogram_a_localizer(
    cases: Any, kind: Any
) -> None:
    (image,) = cases.slices("2", [0.0])
    assert kind(image)[1] == "image"
    assert kind(cases.localizer("1"))[1] == "localizer"
    (derived,) = cases.slices("3", [0.0], ImageType=["DERIVED", "SECONDARY", "MPR"])
    assert kind(derived)[1] in ("derived", "other")


@pytest.mark.parametrize("modality", ["MR", "US", None])
def test_what_is_no_ct_is_other_whatever_its_header_says(
    modality: str | None, cases: Any, kind: Any
) -> None:
    (image,) = cases.slices("2", [0.0], Modality=modality)
    assert kind(image)[1] == "other"


@pytest.mark.parametrize(
    ("root", "found", "report"),
    [("113701", "report", "ct"), ("113500", "report", "nuclear"), ("126000", "other", "no_dose")],
)
@pytest.mark.parametrize("sop_class", ["1.2.840.10008.5.1.4.1.1.88.67",
                                       "1.2.840.10008.5.1.4.1.1.88.22"])  # fmt: skip
def test_the_root_concept_of_a_report_decides_and_not_its_class(
    root: str, found: str, report: str, sop_class: str, cases: Any, kind: Any
) -> None:
    data = cases.data_set("9", Modality="SR", SOPClassUID=sop_class)
    assert kind(data, REPORT % root)[1:] == (found, report)


def test_an_image_is_no_report_whatever_words_stand_in_it(cases: Any, kind: Any) -> None:
    (image,) = cases.slices("2", [0.0])
    assert kind(image, REPORT % "113701")[1:] == ("image", None)


CORONAL, SAGITTAL = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0], [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]
TILTED = [1.0, 0.0, 0.0, 0.0, 0.8660254, 0.5]  # a gantry tilt of 30 degrees


@pytest.mark.parametrize(
    ("plane", "number", "kinds"),
    [
        (CORONAL, 1, {"localizer"}), (SAGITTAL, 2, {"localizer"}), (CORONAL, 60, {"derived"}),
        (TILTED, 1, {"image"}), (TILTED, 60, {"image"}),
    ],
)  # fmt: skip
def test_original_images_along_the_table_are_localizers_or_many_a_reformat(
    plane: list[float], number: int, kinds: set[str], cases: Any, rules: Rules
) -> None:
    # PS3.3 C.8.2.1.1.1: value 3 of Image Type is LOCALIZER then, and is often something else
    images = cases.slices("2", range(number), ImageType=["ORIGINAL", "PRIMARY", "OTHER"],
                          ImageOrientationPatient=plane)  # fmt: skip
    frame = with_report_kind(cases.frame(images)).with_columns(foreign=pl.lit(False))
    assert set(with_kinds(frame, rules)["kind"]) == kinds


@pytest.mark.parametrize("word", ["SCOUT", "SCANOGRAM", "SURVIEW", "TOPOGRAM", "PILOT"])
def test_a_makers_word_in_image_type_makes_a_localizer(word: str, cases: Any, kind: Any) -> None:
    (image,) = cases.slices("2", [0.0], ImageType=["ORIGINAL", "PRIMARY", word])
    assert kind(image)[1] == "localizer"
    (derived,) = cases.slices("2", [0.0], ImageType=["DERIVED", "SECONDARY", word])
    assert kind(derived)[1] != "localizer"
