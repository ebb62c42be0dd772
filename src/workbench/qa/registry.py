"""QA tests as plug-ins: ours are listed here, others come by entry point.

Another package offers one so, in its ``pyproject.toml``::

    [project.entry-points."workbench.qa_tests"]
    my_test = "my_package.my_test:MyTest"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from workbench.dicom.image import Image
from workbench.errors import SettingsError
from workbench.model import Measurement
from workbench.plugins import find
from workbench.qa.geometry import Geometry
from workbench.qa.verification_lines import VerificationLine

QA_TESTS = "workbench.qa_tests"


class QATest(Protocol):
    """What a QA test is.

    Attributes
    ----------
    name, version
        As they stand in results; the version changes whenever a value may change.
    label
        Name for people.
    modality
        DICOM's word for the images it measures.
    settings
        Model of a profile's ``[settings]``.
    """

    name: str
    version: str
    label: str
    modality: str
    settings: type[BaseModel]

    def verify(
        self, images: Sequence[Image], phantom: Geometry, settings: BaseModel
    ) -> Sequence[VerificationLine]:
        """Say whether the images show what is to be measured, line by line."""

    def measure(
        self, images: Sequence[Image], phantom: Geometry, settings: BaseModel
    ) -> Sequence[Measurement]:
        """Measure images that were verified."""


def qa_tests() -> tuple[QATest, ...]:
    """Return the QA tests there are: ours, and those other packages offer."""
    from workbench.qa.ct.water import CTWater

    found = (plugin.value for plugin in find(QA_TESTS, (CTWater(),)) if plugin.value)
    # An entry point may name a class, or a value made of it.
    return tuple(one() if isinstance(one, type) else one for one in found)


def settings_of(test: QATest, given: Mapping[str, Any]) -> BaseModel:
    """Return a test's settings; raises ``SettingsError`` that names the wrong one."""
    try:
        return test.settings.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise SettingsError(
            f"the test profile is wrong at settings.{where}: {first['msg'].lower()}.",
            f"Settings of {test.name}: {', '.join(test.settings.model_fields)}.",
        ) from error


def qa_test(name: str) -> QATest:
    """Return one QA test; raises ``SettingsError`` for an unknown one."""
    known = {test.name: test for test in qa_tests()}
    if name not in known:
        raise SettingsError(f"there is no QA test {name!r}.", f"There is: {', '.join(known)}.")
    return known[name]
