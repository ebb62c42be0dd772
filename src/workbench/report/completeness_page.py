"""The parts of the report ``completeness``, in the order an administrator meets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import altair as alt
import polars as pl
from markupsafe import Markup

from workbench.errors import SettingsError
from workbench.language import Words, data, day, listed, mark, n, sentences, t
from workbench.report import charts
from workbench.report import completeness as numbers
from workbench.report.code_words import code_words, kept_words
from workbench.report.html_tables import Html, Shown, heading, html_table, paragraph

EMPTY = mark(
    "Nothing was asked of the PACS yet, so nothing can be said of completeness. Add patients to "
    "the queue and run the collector, then make this report again."
)
PSEUDONYM = Shown("patient", mark("Pseudonym"))
OBJECTS = (
    Shown("expected", mark("Expected")), Shown("stored", mark("Stored")),
    Shown("refused", mark("Refused")), Shown("missing", mark("Missing")),
)  # fmt: skip
COLOURS = {
    numbers.COMPLETE: charts.MARK, numbers.UNDERWAY: charts.RANGE, "incomplete": charts.LIMIT,
    "not found": "var(--soft)", "failed": charts.TEXT,
}  # fmt: skip
# By which part of the filter a study is left out (collect.filters).
UNWANTED = {
    "modality": mark("modality"), "modality_absent": mark("modality_absent"),
    "study_date": mark("study_date"), "study_date_absent": mark("study_date_absent"),
    "accession": mark("accession"), "age": mark("age"), "age_unknown": mark("age_unknown"),
}  # fmt: skip
WIDEST_BAR = 60  # pixels
SIGNERS = (mark("For the study"), mark("For the hospital (PACS administration)"))


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Under which terms was asked; all in words, as the settings stand now.

    Attributes
    ----------
    survey, pacs
        The survey's name, and the AE title of the PACS; empty where none is set.
    wanted, hours
        The filter, and the schedule of the query.
    versions
        Versions of Workbench the collector ran with.
    key
        Fingerprint of the key the pseudonyms are made with.
    """

    survey: str
    pacs: str
    wanted: str
    hours: str
    versions: str
    key: str


def hours(describing: str, zone: str) -> Words:
    """Return the schedule of the query in words, and the zone of its hours."""
    return listed((_as_words(describing), data(f"({zone})")), " ")


def collector_versions(runs: pl.DataFrame) -> Words:
    """Return the versions that collected, of the table ``run``, as text."""
    versions = runs.filter(pl.col("stage") == "collect")["version"].drop_nulls().unique().sort()
    return data(", ".join(versions)) if versions.len() else t("none")


def checked_limit(limit: int) -> int:
    """Return how many rows are listed at most; raises ``SettingsError`` for none."""
    if limit < 1:
        raise SettingsError("most_listed must be at least 1.")
    return limit


def opening(title: str, ledger: pl.DataFrame) -> Html:
    """Return the heading and the verdict in one sentence."""
    if ledger.is_empty():
        return Html(heading(t(title)) + paragraph(t(EMPTY), "empty"))
    totals = numbers.totals(ledger)
    kind = "lead" if totals.proven else "empty"
    return Html(heading(t(title)) + paragraph(verdict(totals), kind))


def verdict(totals: numbers.Totals) -> Words:
    """Say in a sentence or two whether everything asked for is here."""
    if totals.proven:
        return t(
            "Complete: {complete} of {patients} patients are complete; each of the {expected} "
            "objects that the PACS listed is here ({stored} stored, {refused} put aside with a "
            "reason).",
            complete=totals.complete, patients=totals.patients, expected=totals.expected,
            stored=totals.stored, refused=totals.refused,
        )  # fmt: skip
    lacking = t(
        "Not complete: {complete} of {patients} patients are complete; {missing} of {expected} "
        "listed objects missing.",
        complete=totals.complete, patients=totals.patients, missing=totals.missing,
        expected=totals.expected,
    )  # fmt: skip
    if not totals.unlisted:
        return lacking
    unlisted = t(
        "Studies of which the PACS did not list every object, so that what is missing of them "
        "is not known: {count}.",
        count=totals.unlisted,
    )
    return sentences(lacking, unlisted)


def terms(ledger: pl.DataFrame, given: Terms) -> Html:
    """Return under which terms was asked, and when."""
    totals = numbers.totals(ledger)
    between = t("{first} and {last}", first=_day(totals.first), last=_day(totals.last))
    return _pairs({
        t("Survey"): data(given.survey),
        t("PACS (AE title)"): data(given.pacs) if given.pacs else t("none is set"),
        t("Asked between"): between,
        t("Wanted (filter as set now)"): _as_words(given.wanted),
        t("Hours for asking (as set now)"): _as_words(given.hours),
        t("Collected with Workbench"): _as_words(given.versions),
        t("Fingerprint of the pseudonyms' key"): data(given.key),
    })  # fmt: skip


def sums(ledger: pl.DataFrame) -> Html:
    """Return the counts of patients, studies and objects, and those by state."""
    if ledger.is_empty():
        return paragraph(t(EMPTY), "note")
    totals = numbers.totals(ledger)
    told: Words | int = totals.told
    if totals.untold:
        told = n(
            "{told}; no count for {count} studies", "{told}; no count for {count} studies",
            totals.untold, told=totals.told,
        )  # fmt: skip
    counts = _pairs({
        t("Lines of the queue"): totals.lines,
        t("Patients whom they mean"): totals.patients,
        t("Of these asked for at least once"): totals.asked,
        t("Of the complete ones, those with a caution"): totals.cautioned,
        t("Wanted studies found (each once)"): totals.studies,
        t("Studies left out by the filter"): totals.unwanted,
        t("Objects of the wanted studies, the PACS's count"): told,
        t("Studies not listed object by object"): totals.unlisted,
        t("Objects expected (listed, in wanted series)"): totals.expected,
        t("Objects stored"): totals.stored,
        t("Objects put aside with a reason"): totals.refused,
        t("Objects missing"): totals.missing,
    })  # fmt: skip
    by_state = html_table(
        numbers.states(ledger),
        (_state(), Shown("patients", t("Patients")), *OBJECTS), t("Patients by state"),
    )  # fmt: skip
    return Html(counts + by_state)


def state_words(state: str) -> Words:
    """Return what a state is called."""
    return t(numbers.STATES[state]) if state in numbers.STATES else data(state)


def _state() -> Shown:
    return Shown("state", t("State"), words=state_words)


def figure(ledger: pl.DataFrame) -> Html:
    """Return the bars of patients by month of asking and state."""
    frame = numbers.by_month(ledger)
    if frame.is_empty():
        return paragraph(t("There is nothing to draw."), "note")
    shown = [state for state in COLOURS if state in set(frame["state"])]
    spoken = frame.with_columns(
        pl.col("state").replace({state: state_words(state) for state in shown}),
        pl.col("month").replace({numbers.NOT_ASKED: t("not asked yet")}),
    )
    colour = alt.Color(
        "state:N", title=None,
        scale=alt.Scale(
            domain=[state_words(state) for state in shown],
            range=[COLOURS[state] for state in shown],
        ),
    )  # fmt: skip
    bars = (
        alt.Chart(alt.InlineData(values=spoken.to_dicts()), width=620, height=220)
        .mark_bar(size=min(WIDEST_BAR, 500 // frame["month"].n_unique()))
        .encode(
            x=alt.X("month:N", title=t("Month in which the PACS was last asked"), sort=None,
                    axis=alt.Axis(labelAngle=0, grid=False)),
            y=alt.Y("patients:Q", title=t("Patients"), axis=alt.Axis(tickMinStep=1, tickCount=5)),
            color=colour,
        )
    )  # fmt: skip
    text = t("Patients by the month in which they were last asked for, and how far they have come.")
    return charts.svg(bars, t("Patients by month and state"), text)


def open_cases(ledger: pl.DataFrame, most: int) -> Html:
    """Return who is not complete, by pseudonym, and why; at most so many."""
    cases = numbers.not_complete(ledger)
    cautioned = _cautioned(ledger, most)
    if ledger.is_empty() or cases.is_empty():
        return Html(paragraph(t("None.") if ledger.height else t(EMPTY), "note") + cautioned)
    columns = (
        PSEUDONYM, _state(), Shown("tries", t("Tries")), Shown("studies", t("Studies")), *OBJECTS,
        Shown("why", t("Why"), missing=t("no reason was noted"), words=Words),
    )  # fmt: skip
    more = cases.height - most
    left = n(
        "{count} more are not listed here; all are counted above.",
        "{count} more are not listed here; all are counted above.", more,
    )  # fmt: skip
    table = html_table(cases.head(most), columns)
    return Html(table + (paragraph(left, "empty") if more > 0 else "") + cautioned)


def _cautioned(ledger: pl.DataFrame, most: int) -> Html:
    """Return who is complete with a caution; nothing where nobody is."""
    found = numbers.cautions(ledger)
    if found.is_empty():
        return Html("")
    columns = (PSEUDONYM, Shown("why", t("Caution"), words=kept_words))
    table = html_table(found.head(most), columns, t("Complete, with a caution"))
    return Html(table + _not_listed(found.height - most))


def _not_listed(more: int) -> Html:
    """Say how many more there are; nothing where there are none."""
    if more <= 0:
        return Html("")
    left = n("{count} more are not listed here.", "{count} more are not listed here.", more)
    return paragraph(left, "empty")


def reasons(ledger: pl.DataFrame, rejected: pl.DataFrame) -> Html:
    """Return why objects were put aside, and why studies were left out."""
    aside = html_table(
        numbers.refused_by_reason(rejected),
        (Shown("verdict", t("Verdict"), words=code_words), Shown("code", t("Code")),
         Shown("reason", t("Reason"), words=kept_words), Shown("objects", t("Objects"))),
        t("Objects that came over the network and were put aside"),
        t("No object was put aside."),
    )  # fmt: skip
    out = html_table(
        numbers.left_out(ledger),
        (Shown("unwanted", t("Left out by"), words=_left_out_by), Shown("studies", t("Studies"))),
        t("Studies left out by the filter"), t("The filter left no study out."),
    )  # fmt: skip
    return Html(aside + out)


def vanished(ledger: pl.DataFrame, most: int) -> Html:
    """Return the studies that the PACS stopped telling of."""
    studies = numbers.not_told_any_more(ledger)
    columns = (
        PSEUDONYM, Shown("StudyInstanceUID", t("Study (pseudonym)")),
        Shown("first_found", t("First told")), Shown("last_found", t("Last told")),
        Shown("expected", t("Expected")), Shown("stored", t("Stored")),
    )  # fmt: skip
    table = html_table(studies.head(most), columns, empty=t("There is none."))
    return Html(table + _not_listed(studies.height - most))


def signatures(ledger: pl.DataFrame, place: str) -> Html:
    """Return a place to sign; nothing can be signed while nothing was asked."""
    if ledger.is_empty():
        return paragraph(t("There is nothing to sign yet."), "note")
    statement = t(
        "The numbers above were read by me. Where this report says that something is missing or "
        "not known, I know of it."
    )
    row = Markup(
        '<tr><th scope="row">{}</th><td style="height:3.2em;min-width:12rem"></td>'
        '<td style="min-width:8rem"></td><td style="min-width:14rem"></td></tr>'
    )
    dated = t("Place and date: {place}", place=data(place)) if place else t("Place and date")
    heads = Markup("").join(
        Markup('<th scope="col">{}</th>').format(head)
        for head in ("", t("Name"), dated, t("Signature"))
    )
    table = Markup(
        '<div class="wide whole"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(heads, Markup("").join(row.format(t(signer)) for signer in SIGNERS))
    return Html(f"{paragraph(statement)}{table}")


def _pairs(rows: Mapping[Words, Words | int]) -> Html:
    frame = pl.DataFrame({"what": list(rows), "value": [str(value) for value in rows.values()]})
    columns = (Shown("what", t("What"), words=Words), Shown("value", t("Value"), words=Words))
    return html_table(frame, columns)


def _left_out_by(code: str) -> Words:
    return t(UNWANTED[code]) if code in UNWANTED else data(code)


def _as_words(text: str) -> Words:
    return text if isinstance(text, Words) else data(text)


def _day(at: datetime | None) -> Words:
    return t("{day} (UTC)", day=day(at)) if at else t("never")
