"""What the sections of the page have in common: the desk, who sits at it, what lies on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.dicom.image import Image
from workbench.errors import WorkbenchError
from workbench.language import mark, t
from workbench.model import Region
from workbench.stages.quality.desk import MeasurementAttempt, QualityDesk
from workbench.stages.quality.image_reading import read_files
from workbench.store.quality_records import ACCEPTED, REJECTED, StoredResult
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.panel.panel import Outcome

DECIDED = {
    ACCEPTED: mark("Result {number} is accepted."), REJECTED: mark("Result {number} is rejected."),
}  # fmt: skip


@dataclass
class OnDesk:
    """What is looked at.

    Attributes
    ----------
    by
        Name of who sits here; written with every decision.
    attempt
        A measurement that is not kept yet.
    number
        Number of the kept result that is looked at.
    images, regions
        What the viewer shows.
    shown
        Counts up with every change of ``images``.
    unseen
        Why the images of the kept result are not shown; ``None`` when they are.
    """

    desk: QualityDesk
    by: str = ""
    attempt: MeasurementAttempt | None = None
    number: int | None = None
    images: tuple[Image, ...] = ()
    regions: tuple[Region, ...] = ()
    shown: int = 0
    unseen: WorkbenchError | None = None

    def look_at(self, images: Sequence[Image], regions: Sequence[Region] = ()) -> None:
        """Let the viewer show images."""
        self.images, self.regions = tuple(images), tuple(regions)
        self.shown += 1

    def clear(self) -> None:
        """Put everything away."""
        self.attempt = self.number = None
        self.look_at(())

    def open(self, number: int) -> StoredResult:
        """Look at a kept result, with its images where they are still here and can be read."""
        result = self.desk.quality.result(number)
        self.attempt, self.number = None, number
        regions = [
            Region.of(region) for value in result.content["values"] for region in value["regions"]
        ]
        try:
            self.look_at(read_files(self.desk.images_of(result)), regions)
            self.unseen = None
        except WorkbenchError as error:  # the values were kept, and are shown without them
            self.look_at(())
            self.unseen = error
        return result

    def name(self) -> str:
        """Return who sits here; raises ``WorkbenchError`` when nobody has said so."""
        if not self.by:
            raise WorkbenchError("nobody has signed in.", "Write your name at the top first.")
        return self.by

    def decide(self, number: int, ask: Ask) -> Outcome:
        """Accept or reject a kept result, as the form of its card asks."""
        decision, comment, seen = ask.name, ask.text("comment"), ask.text("seen")
        known = int(seen) if seen.isdecimal() else None
        self.desk.quality.decide(number, decision, self.name(), comment, known)
        return Outcome(t(DECIDED[decision], number=number))
