"""Errors that pages show, in English and in another language."""

from __future__ import annotations

import pytest

from tests.language.unmarked import wrong_in_text
from workbench.dicom.decoding.decoder_limits import refusal
from workbench.dicom.files import INDEX
from workbench.errors import NotDicom, SettingsError, WorkbenchError
from workbench.language import use_language
from workbench.qa.geometry import geometry
from workbench.qa.profiles import read_profile
from workbench.qa.registry import qa_test


def raised(call: object, *arguments: object) -> WorkbenchError:
    with pytest.raises(SettingsError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        refusal("decoder_timeout"), refusal("pixels_damaged", "size"),
        *(NotDicom("dicomdir", text, "", missing=2, outside=1) for text in INDEX.values()),
    ],
)  # fmt: skip
def test_objects_that_cannot_be_read_are_told_of_in_the_language(error: WorkbenchError) -> None:
    with use_language("xx"):
        assert wrong_in_text(error.words()) == []


def test_settings_that_are_wrong_are_told_of_in_the_language() -> None:
    for error in (
        raised(geometry, "nothing"), raised(qa_test, "nothing"),
        raised(read_profile, "name ="), raised(read_profile, 'name = "x"'),
    ):  # fmt: skip
        with use_language("xx"):
            assert wrong_in_text(error.words()) == []


def test_what_a_dicomdir_lists_in_vain_is_counted_in_english_as_ever() -> None:
    both = NotDicom("dicomdir", INDEX[True, True], missing=2, outside=1)
    assert both.message == (
        "a DICOMDIR is an index; 2 of the files it lists are missing; "
        "1 of the files it lists are outside its folder."
    )
