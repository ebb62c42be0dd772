"""QA tests as plug-ins: ours are listed here, others come by entry point.

Another package offers one so, in its ``pyproject.toml``::

    [project.entry-points."workbench.qa_tests"]
    my_test = "my_package.my_test:MyTest"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from workbench.dicom.image import Image
from workbench.errors import SettingsError
from workbench.model import Measurement
from workbench.plugins import find
from workbench.qa.geometry import Geometry
from workbench.qa.profiles import Expectation
from workbench.qa.verification_lines import VerificationLine

QA_TESTS = "workbench.qa_tests"


Settings = TypeVar("Settings", bound=BaseModel)


class QATest(Protocol[Settings]):
    """What a QA test is: a value with declared needs, and two functions of images.

    ``Settings`` is the model of a profile's ``[settings]``.
    """

    @property
    def name(self) -> str:
        """Name, as it stands in results and profiles."""

    @property
    def version(self) -> str:
        """Version; changes whenever a value may change."""

    @property
    def label(self) -> str:
        """Name for people."""

    @property
    def modalities(self) -> frozenset[str]:
        """Values of Modality (0008,0060) of the images it measures."""

    @property
    def settings(self) -> type[Settings]:
        """Model of a profile's ``[settings]``; its defaults are those of the test."""

    @property
    def expectations(self) -> Mapping[str, Expectation]:
        """What a new profile proposes to expect, by the name of the measured value."""

    def verify(
        self, images: Sequence[Image], phantom: Geometry, settings: Settings
    ) -> Sequence[VerificationLine]:
        """Say whether the images show what is to be measured, line by line."""

    def measure(
        self, images: Sequence[Image], phantom: Geometry, settings: Settings
    ) -> Sequence[Measurement]:
        """Measure images that were verified."""


AnyQATest: TypeAlias = QATest[Any]  # of whichever settings


def qa_tests() -> tuple[AnyQATest, ...]:
    """Return the QA tests there are: ours, and those other packages offer."""
    from workbench.qa.ct.water import CTWater

    offered = (plugin.value for plugin in find(QA_TESTS, (CTWater(),)) if plugin.value)
    # An entry point may name a class, or a value made of it.
    return tuple(test() if isinstance(test, type) else test for test in offered)


def settings_of(test: QATest[Settings], given: Mapping[str, Any]) -> Settings:
    """Return a test's settings; raises ``SettingsError`` that names the wrong one."""
    try:
        return test.settings.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise SettingsError(
            "the test profile is wrong at settings.{where}: {reason}.",
            "Settings of {name}: {names}.",
            where=where,
            reason=first["msg"].lower(),
            name=test.name,
            names=", ".join(test.settings.model_fields),
        ) from error


def qa_test(name: str) -> AnyQATest:
    """Return one QA test; raises ``SettingsError`` for an unknown one."""
    known = {test.name: test for test in qa_tests()}
    if name not in known:
        raise SettingsError(
            "there is no QA test {name}.",
            "There is: {names}.",
            name=f"{name!r}",
            names=", ".join(known),
        )
    return known[name]
