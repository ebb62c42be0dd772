"""Whether the images of a scan are all here: before any DLP is computed from them.

A part of a scan shows a part of its length, and a DLP of it would be too small without anybody
seeing it.  What tells the whole: Images in Acquisition (0020,1002), the numbers of the images, the
PACS's list of the study, and what a spiral must at least show.  Slices that are missing between
others do not matter to a spiral of one acquisition, whose tube does not stop; those at its ends do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from workbench.mapping.ct.acquisitions import Acquisition, Part
from workbench.mapping.ct.exposed_length import coefficients

FIRST_NUMBERS = (0, 1)  # of the images of a series, by what makers write
APART = 1.5  # thicknesses; slices of a spiral that lie farther apart may be a selection

ONE_SLICE = "one slice of a spiral is here: how long the scan was is not known"
SHORT = "the images show less of a spiral than one rotation: the others are missing"
UNSENT = "the PACS listed more images of the study than came: some of this scan may be missing"
COUNTED = "fewer images are here than Images in Acquisition tells"
NUMBERED = "the numbers of the images begin later: the first ones are missing"
BETWEEN = "slices are missing inside a spiral that names no acquisition: it may be two scans"


def lacking(acquisition: Acquisition) -> str | None:
    """Return why too few images of a scan are here for a dose; ``None`` when they suffice."""
    if acquisition.localizer or acquisition.repeated:
        return None
    originals = [part for part in acquisition.parts if part["kind"] == "image"]
    if _fewer_than_counted(originals):
        return COUNTED
    if originals and all(_begins_late(part) for part in originals):
        return NUMBERED
    if _may_be_unsent(acquisition, originals):
        return UNSENT
    return _lacking_of_spiral(acquisition) if acquisition.best["spiral"] else None


def _lacking_of_spiral(acquisition: Acquisition) -> str | None:
    best = acquisition.best
    if best["positions"] == 1:
        return ONE_SLICE
    length, feed = acquisition.range_mm, best["table_feed_mm"]
    if length and feed and length < feed:
        return SHORT
    return BETWEEN if best["gaps"] and not acquisition.continuous else None


def _fewer_than_counted(originals: Sequence[Part]) -> bool:
    """Whether no part, nor all of one scan cut into ranges, has the images that headers count."""
    counts = [part["images_in_acquisition"] for part in originals]
    known = [count for count in counts if count]
    if not known or len(known) < len(counts):
        return False
    here = [part["slices"] for part in originals]
    if any(slices >= count for slices, count in zip(here, counts, strict=True)):
        return False
    return not (_side_by_side(originals) and sum(here) >= max(known))


def _may_be_unsent(acquisition: Acquisition, originals: Sequence[Part]) -> bool:
    """Whether what never came of the study, were it all of this scan, would lengthen it.

    That is more than what a DLP of the right length is sure to.  A scan that has what Images in
    Acquisition tells has all.
    """
    best, length = acquisition.best, acquisition.range_mm
    missing = best["study_missing"] or 0
    if not missing or not length or any(part["images_in_acquisition"] for part in originals):
        return False
    lengthened = missing * (best["slice_increment_mm"] or length)
    return bool(lengthened > coefficients()["dlp_agreement"].sd_log * length)


def _side_by_side(originals: Sequence[Part]) -> bool:
    ends = sorted(
        (part["first_mm"], part["last_mm"]) for part in originals if part["first_mm"] is not None
    )
    return all(before[1] <= after[0] for before, after in pairwise(ends))


def _begins_late(part: Part) -> bool:
    """Whether the series of a part lacks its first numbers."""
    first = part["series_first_number"]
    return first is not None and first > max(FIRST_NUMBERS)


def selected(acquisition: Acquisition) -> bool:
    """Say whether slices of a spiral lie so far apart that only some of them may be here."""
    best = acquisition.best
    step, thickness = best["slice_increment_mm"], best["slice_thickness_mm"]
    return bool(best["spiral"] and step and thickness and step > APART * thickness)
