"""A row of the queue opened: the patient's studies and series, under pseudonyms, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from markupsafe import Markup

from workbench.collect.queue.opened_patient import ObjectCounts, OpenedSeries, OpenedStudy
from workbench.language import Words, data, listed, mark, n, t
from workbench_widgets.pages.collector.figures import numbers, whole
from workbench_widgets.parts.panel.panel import clock, join, said, table

# Parts of the filter, as the ledger names them.
LEFT_OUT = {
    "modality": mark("not wanted: another modality"),
    "study_date": mark("not wanted: on another day"),
    "accession": mark("not wanted: another examination than the list asks for"),
    "age": mark("not wanted: another age"),
    "modality_absent": mark("not wanted: without a modality"),
    "study_date_absent": mark("not wanted: without a date"),
    "age_unknown": mark("not wanted: the age is not known"),
}
NOT_LISTED = mark("the PACS counts its objects and lists none: nobody can say which are missing")


def opened_row(studies: Sequence[OpenedStudy], number: int, zone: ZoneInfo) -> Markup:
    """Return the studies and series of a patient, as what stands below her row."""
    if not studies:
        return said(t("The PACS has told of no study of this patient: either it was not asked yet, "
                      "or it knows none."), "empty")  # fmt: skip
    caption = t("Studies and series of no. {number}", number=number)
    return table(
        (
            t("Study or series"), t("Modality"), numbers(t("Told by the PACS")),
            numbers(t("Expected")), numbers(t("Here")), numbers(t("Refused")),
            numbers(t("Missing")), t("Last told of"), t("Why"),
        ),
        (row for study in studies for row in _rows(study, zone)), caption, Words(""),
    )  # fmt: skip


def _rows(study: OpenedStudy, zone: ZoneInfo) -> Iterator[tuple[object, ...]]:
    yield _row(study, Markup("<b>{}</b>").format(t("Study")), study.modalities.replace(",", ", "),
               clock(study.last_found, zone), [] if study.series else None)  # fmt: skip
    for series in study.series:
        yield _row(series, t("Series"), series.modality, Words(""), None)


def _row(
    part: OpenedStudy | OpenedSeries, kind: str, modality: str, last: Words,
    why: list[Words] | None,
) -> tuple[object, ...]:  # fmt: skip
    objects = part.objects
    reasons = list(_why(part)) if why is None or part.unwanted else why
    return (
        Markup('{} <code class="wbc-uid">{}</code>').format(kind, short(part.pseudonym)),
        data(modality), _count(part.told), _count(objects.expected), whole(objects.here),
        whole(objects.refused), _count(objects.missing), last,
        listed(reasons, "; ") if reasons else "",
    )  # fmt: skip


def short(uid: str) -> Markup:
    """Return a UID by its last digits; the whole of it on pointing and for who listens."""
    return Markup('<abbr title="{}">…{}</abbr>').format(uid, uid[-8:])


def _why(part: OpenedStudy | OpenedSeries) -> Iterator[Words]:
    objects = part.objects
    if part.unwanted:
        yield t(LEFT_OUT[part.unwanted]) if part.unwanted in LEFT_OUT else data(part.unwanted)
        return
    if objects.missing:
        yield n(
            "1 listed by the PACS never came", "{count} listed by the PACS never came",
            objects.missing, count=whole(objects.missing),
        )  # fmt: skip
    if objects.missing is None:
        yield t(NOT_LISTED)
    for code, count in objects.codes:
        yield t("{count} refused: {reason}", count=whole(count), reason=_reason(code))
    yield from _partial(objects)


def _partial(objects: ObjectCounts) -> Iterator[Words]:
    if objects.partial:
        yield n(
            "1 is here without some of its values", "{count} are here without some of their values",
            objects.partial, count=whole(objects.partial),
        )  # fmt: skip


def _reason(code: str) -> Words:
    return data(code.replace("_", " "))


def _count(count: int | None) -> Words:
    return t("unknown") if count is None else whole(count)


def below(detail: Markup) -> Markup:
    """Return what stands below a row over the whole width of its table."""
    return join((Markup('<div class="wbc-opened">{}</div>').format(detail),))
