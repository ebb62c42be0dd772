"""All figures there are: whoever promises another one in the docs adds it here."""

from benchmarks.figures import decoded, kept, nightly, pages, speed, stored, truth
from benchmarks.figures.figure import Group

GROUPS = list(Group)
FIGURES = tuple(
    sorted(
        (
            *speed.FIGURES,
            *stored.FIGURES,
            *truth.FIGURES,
            *kept.FIGURES,
            *decoded.FIGURES,
            *pages.FIGURES,
            *nightly.FIGURES,
        ),
        key=lambda figure: GROUPS.index(figure.group),
    )
)
