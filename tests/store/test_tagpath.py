"""Ways to an element: written as people write tags; what names nothing is refused with a remedy."""

from __future__ import annotations

import pytest

from workbench.errors import SettingsError
from workbench.store.tagpath import TagPath

SIEMENS = "SIEMENS CT VA0  COAD"


@pytest.mark.parametrize(
    "text", ["CTDIvol", "0018,9345", "(0018,9345)", "00189345", " (0018, 9345) "]
)
def test_a_tag_is_written_in_any_usual_way(text: str) -> None:
    assert TagPath.parse(text) == TagPath.parse("CTDIvol")
    assert TagPath.parse(text).name == "CTDIvol"


def test_a_private_tag_is_that_of_its_creator_whatever_the_block_and_trailing_blanks() -> None:
    path = TagPath.parse("0019,1092", SIEMENS)
    assert path.name == "0019,1092"
    for same in ("0019,1192", "(0019,xx92)", "0019fe92"):
        assert TagPath.parse(f"{same}[{SIEMENS}  ]") == path
    assert TagPath.parse("0019,1092", "SIEMENS CT VA0 COAD") != path, "two blanks are inside"


def test_a_path_leads_through_sequences_and_a_creator_may_hold_a_slash() -> None:
    path = TagPath.parse("0019,1001[GE/X]/CTExposureSequence/(0018,9345)")
    assert path.name == "0019,1001/CTExposureSequence/CTDIvol"
    assert path.steps[0].creator == "GE/X"
    within = TagPath.parse("CTExposureSequence/0019,1092", SIEMENS)
    assert [step.creator for step in within.steps] == [None, SIEMENS]


@pytest.mark.parametrize(
    ("text", "creator", "remedy"),
    [
        ("CTDIVolume", None, "CTDIvol"),
        ("ctdivol", None, "CTDIvol"),
        ("Qqqqqqqqqqqqqqqq", None, "PS3.6"),
        ("0018,93", None, "gggg,eeee"),
        ("0018-9345", None, "gggg,eeee"),
        ("", None, "Examples"),
        ("CTExposureSequence/", None, "Examples"),
        ("/CTDIvol", None, "Examples"),
        ("CTExposureSequence//CTDIvol", None, "Examples"),
        ("0018,xx45", None, "Examples"),
        ("0019,1092", None, "Name its creator"),
        ("0019,xx92", None, "Name its creator"),
        ("0019,1092[A]/CTDIvol", SIEMENS, "Leave it out"),
        ("0019,1092/CTDIvol", None, "Name its creator"),
        ("0019,1092", "  ", "Name the text"),
        ("0019,0010", SIEMENS, "Leave it out"),
        ("KVP", SIEMENS, "Leave it out"),
        ("0019,1092[A]", "B", "Name one"),
        ("KVP/CTDIvol", None, "sequence"),
    ],
)
def test_a_path_that_names_nothing_is_refused_with_a_remedy(
    text: str, creator: str | None, remedy: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        TagPath.parse(text, creator)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "creator", "kind"),
    [
        ("KVP", None, "real"),
        ("ImagePositionPatient", None, "reals"),
        ("InstanceNumber", None, "integer"),
        ("SmallestImagePixelValue", None, "integer"),
        ("StudyDate", None, "date"),
        ("ImageType", None, "texts"),
        ("ProtocolName", None, "text"),
        ("CTExposureSequence", None, "json"),
        ("CTExposureSequence/CTDIvol", None, "reals"),
        ("CTExposureSequence/AcquisitionType", None, "texts"),
        ("0019,1092", SIEMENS, "real"),
        ("0019,1092", "NOBODY KNOWS", "texts"),
        ("0019,0010", None, "texts"),
        ("6002,0010", None, "integer"),
    ],
)
def test_the_kind_is_that_of_the_dictionary(text: str, creator: str | None, kind: str) -> None:
    assert TagPath.parse(text, creator).kind() == kind
