"""The image-quality side of a workspace: profiles, measurements, decisions, charts.

select (``selection``) -> verify -> measure -> judge -> keep -> accept or reject
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.collect.connections import PHANTOMS
from workbench.collect.phantom_folder import PhantomFolder
from workbench.dicom.files import Candidate
from workbench.dicom.image import Image
from workbench.errors import MeasurementError, ReadError, SettingsError, WorkbenchError
from workbench.language import mark
from workbench.qa.geometry import Geometry, geometry
from workbench.qa.judging import Judged, State, content_of, judge, worst
from workbench.qa.profiles import TestProfile, profile_of, read_profile
from workbench.qa.registry import AnyQATest, qa_test, settings_of
from workbench.qa.verification import IMAGES, verify
from workbench.qa.verification_lines import VerificationLine
from workbench.scanners.device_signs import DeviceSigns
from workbench.scanners.scanner_file import read_scanners
from workbench.scanners.scanner_names import ScannerNames
from workbench.stages.quality.due import Due, all_due
from workbench.stages.quality.image_reading import UnreadableImageError, read_offered
from workbench.stages.quality.selection import Offered, PhantomSeries, equipment
from workbench.store.quality_records import ACCEPTED, NewResult, StoredProfile, StoredResult
from workbench.survey import Survey

MAX_PLACES_TRIED = 60  # places in a series; each takes some 40 ms
# Where an image says what ``DeviceSigns`` holds, in its order.
SIGNS = ("Manufacturer", "ManufacturerModelName", "StationName", "DeviceSerialNumber")
GEOMETRIES = "phantom_geometries"  # a site's own geometry files, in the workspace


@dataclass(frozen=True)
class MeasurementAttempt:
    """One measurement, not kept yet.

    Attributes
    ----------
    profile
        The version of the test profile it was judged by.
    images, offered
        What was measured, and the files it came from.
    lines
        What was verified, line by line.
    judged
        The values with their limits; empty when verification refused the images.
    """

    profile: StoredProfile
    images: tuple[Image, ...]
    offered: tuple[Offered, ...]
    lines: tuple[VerificationLine, ...]
    judged: tuple[Judged, ...]
    content: Mapping[str, Any]

    @property
    def refused(self) -> bool:
        """Whether the images were not measured, for the reasons in ``lines``."""
        return not self.judged

    @property
    def state(self) -> State:
        """The worst state of all values."""
        return worst(value.state for value in self.judged)

    @property
    def acquired_at(self) -> datetime | None:
        """When the first image was acquired."""
        return min((image.moment for image in self.offered if image.moment), default=None)


class QualityDesk:
    """Image quality of one workspace."""

    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.quality = survey.store.quality
        self.phantoms = PhantomFolder(survey.folder / PHANTOMS)
        self._scanners: tuple[str, ScannerNames] | None = None

    # --- profiles ------------------------------------------------------------------------------

    def save_profile(
        self, text: str, by: str, reason: str = "", seen: tuple[str, int] | None = None
    ) -> StoredProfile:
        """Check and keep the text of a profile file as the next version of its profile.

        ``seen`` are name and version of what was changed; a profile that is there and is not that
        raises ``StoreError``.

        Raises ``SettingsError`` for what is wrong in it, an unknown test or phantom too.
        """
        if not by.strip():
            raise SettingsError("a test profile is made by somebody.", "Give your name.")
        profile = read_profile(text)
        test = qa_test(profile.test)
        settings_of(test, profile.settings)
        self.geometry(profile.phantom)
        version = None if seen is None else seen[1] if seen[0] == profile.name else 0
        return self.quality.save_profile(
            profile.name, profile.content(), by.strip(), reason, version
        )

    def profile(self, name: str) -> StoredProfile:
        """Return the newest version of a profile; raises ``SettingsError`` without one."""
        stored = self.quality.profile(name)
        if stored is None:
            known = ", ".join(profile.name for profile in self.quality.profiles())
            raise SettingsError(
                "there is no test profile '{name}'.",
                mark("There is: {known}.") if known else
                mark("Make one with: workbench qa profile FILE --by NAME"), name=name, known=known,
            )  # fmt: skip
        return stored

    def profiles(self) -> list[TestProfile]:
        """Return the newest version of every profile."""
        return [profile_of(profile.content) for profile in self.quality.profiles()]

    @property
    def geometry_folders(self) -> tuple[Path, ...]:
        """Where the site's own geometry files lie."""
        return (self.survey.folder / GEOMETRIES,)

    def geometry(self, name: str) -> Geometry:
        """Return a phantom's geometry, the site's own file before the one we carry."""
        return geometry(name, self.geometry_folders)

    # --- measuring -----------------------------------------------------------------------------

    def attempt(self, name: str, offered: Sequence[Offered]) -> MeasurementAttempt:
        """Verify images against a profile and, where they fit, measure and judge them.

        Raises ``MeasurementError`` when the images cannot be read, or the test itself fails.
        """
        kept = self.profile(name)
        profile, used = profile_of(kept.content), tuple(offered)
        images = tuple(read_offered(used))
        test, phantom = qa_test(profile.test), self.geometry(profile.phantom)
        settings = settings_of(test, profile.settings)
        judged: tuple[Judged, ...] = ()
        with _explained(test):
            lines = tuple(verify(test, images, phantom, profile))
            measured = (
                None if any(line.refuses for line in lines)
                else test.measure(images, phantom, settings)
            )  # fmt: skip
        if measured is not None:
            judged = tuple(judge(profile, measured, self.accepted(profile.name)))
        content = _content(kept, test, phantom, lines, judged)
        content["equipment"] = equipment(used[0].header)
        content["settings"] = settings.model_dump(mode="json")
        return MeasurementAttempt(kept, images, used, lines, judged, content)

    def attempt_series(
        self, name: str, series: PhantomSeries, unreadable: dict[Candidate, ReadError] | None = None
    ) -> MeasurementAttempt:
        """Measure those images of a series that show what the test is for.

        The middle of the series is tried first, then what lies farther and farther from it; when
        none fits, what is said of the middle is returned.  An image that cannot be read is passed
        over, and put with what is wrong into ``unreadable``, where those known before may stand.
        Raises ``MeasurementError`` when none of them can be measured.
        """
        profile = profile_of(self.profile(name).content)
        unreadable = {} if unreadable is None else unreadable
        first: MeasurementAttempt | None = None
        fault: MeasurementError | None = None
        for images in series.choices(profile.images, MAX_PLACES_TRIED):
            if any(image.source in unreadable for image in images):
                continue
            try:
                attempt = self.attempt(name, images)
            except UnreadableImageError as error:
                unreadable[images[error.place].source], fault = error.error, error
                continue
            first = first or attempt
            if not attempt.refused:
                return attempt
            if _made_otherwise(attempt, profile):
                break  # its other images are no better
        if first is None:
            raise fault or MeasurementError("none of the images can be read.")
        return first

    def keep(self, attempt: MeasurementAttempt) -> int:
        """Keep a measurement with its images; return the number of the result.

        Raises ``MeasurementError`` for one that verification refused.
        """
        if attempt.refused:
            raise MeasurementError(
                "these images were not measured.", "See what verification says of them."
            )
        names = tuple(self._kept(image) for image in attempt.offered)
        return self.quality.add_result(NewResult(
            attempt.profile.name, attempt.profile.version, names, attempt.acquired_at,
            attempt.content,
        ))  # fmt: skip

    def _kept(self, offered: Offered) -> str:
        path = offered.source.path
        if path.parent == self.phantoms.folder:
            return path.stem
        uid = str(offered.header.get("SOPInstanceUID", ""))
        return self.phantoms.keep_file(uid, offered.source.content())

    def accepted(self, name: str) -> dict[str, list[float]]:
        """Return the values of accepted results by measurement, oldest first."""
        values: dict[str, list[float]] = {}
        for result in self.quality.results(name):
            if result.decision == ACCEPTED:
                for value in result.content["values"]:
                    if value["value"] is not None:
                        values.setdefault(value["name"], []).append(value["value"])
        return values

    def images_of(self, result: StoredResult) -> list[Path]:
        """Return the files of a result's images that are still here."""
        paths = [self.phantoms.path(name) for name in result.images]
        return [path for path in paths if path.is_file()]

    def machine(self, content: Mapping[str, Any]) -> str:
        """Return the name of the scanner of a result's content, as it is shown everywhere."""
        header = content.get("equipment", {})
        signs = DeviceSigns(*(header.get(keyword) for keyword in SIGNS))
        try:
            digest = read_scanners(self.survey.folder).digest
            if self._scanners is None or self._scanners[0] != digest:
                self._scanners = digest, self.survey.scanner_names()
        except SettingsError:
            return str(signs)  # a wrong file of names is told by ``check``, and is no reason here
        return self._scanners[1].name_of(signs)

    # --- what is due ---------------------------------------------------------------------------

    def due(self, now: datetime | None = None) -> list[Due]:
        """Return how every profile stands, overdue ones first."""
        results: dict[str, list[StoredResult]] = {}
        for result in self.quality.results():
            results.setdefault(result.profile, []).append(result)
        return all_due(self.profiles(), results, now or datetime.now())  # noqa: DTZ005  as images


def _made_otherwise(attempt: MeasurementAttempt, profile: TestProfile) -> bool:
    """Say whether what all images of a series share is why they were refused."""
    shared = {IMAGES, "Modality", *profile.select, *profile.acquisition}
    return any(line.refuses and line.check in shared for line in attempt.lines)


@contextmanager
def _explained(test: AnyQATest) -> Iterator[None]:
    """Say which test failed, where it raises anything else than what we know."""
    try:
        yield
    except WorkbenchError:
        raise
    except Exception as error:
        # A test may be another package's, and its words may quote a header.
        raise MeasurementError(
            "the QA test {name} failed ({kind}).",
            "Tell who wrote it, with the image if it may leave.",
            name=test.name,
            kind=type(error).__name__,
        ) from error


def _content(
    kept: StoredProfile, test: AnyQATest, phantom: Geometry, lines: Sequence[VerificationLine],
    judged: Sequence[Judged],
) -> dict[str, Any]:  # fmt: skip
    """Return all that a result was made with, so that it can be understood for ever."""
    return {
        "workbench": __version__,
        "profile": kept.content,
        "profile_sha256": kept.sha256,
        "station": kept.content["station"],
        "test": {"name": test.name, "version": test.version},
        "phantom": {"name": phantom.id, "sha256": phantom.sha256, "status": phantom.status},
        "verification": [line.row() for line in lines],
        "values": content_of(judged),
        "state": str(worst(value.state for value in judged)),
    }
