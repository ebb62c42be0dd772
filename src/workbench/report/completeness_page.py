"""The parts of the report ``completeness``, in the order an administrator meets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import altair as alt
import polars as pl
from markupsafe import Markup

from workbench.errors import SettingsError
from workbench.report import charts
from workbench.report import completeness as numbers
from workbench.report.html_tables import Html, Shown, heading, html_table, paragraph

EMPTY = (
    "Nothing was asked of the PACS yet, so nothing can be said of completeness. Add patients to "
    "the queue and run the collector, then make this report again."
)
PSEUDONYM = Shown("patient", "Pseudonym")
OBJECTS = (
    Shown("expected", "Expected"), Shown("stored", "Stored"), Shown("refused", "Refused"),
    Shown("missing", "Missing"),
)  # fmt: skip
COLOURS = {
    numbers.COMPLETE: charts.MARK, numbers.UNDERWAY: charts.RANGE, "incomplete": charts.LIMIT,
    "not found": "var(--soft)", "failed": charts.TEXT,
}  # fmt: skip
WIDEST_BAR = 60  # pixels
SIGNERS = ("For the study", "For the hospital (PACS administration)")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Under which terms was asked; all in words, as the settings stand now.

    Attributes
    ----------
    survey, pacs
        The survey's name, and the AE title of the PACS.
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


def collector_versions(runs: pl.DataFrame) -> str:
    """Return the versions that collected, of the table ``run``, as text."""
    versions = runs.filter(pl.col("stage") == "collect")["version"].drop_nulls().unique().sort()
    return ", ".join(versions) or "none"


def checked_limit(limit: int) -> int:
    """Return how many rows are listed at most; raises ``SettingsError`` for none."""
    if limit < 1:
        raise SettingsError("most_listed must be at least 1.")
    return limit


def opening(title: str, ledger: pl.DataFrame) -> Html:
    """Return the heading and the verdict in one sentence."""
    if ledger.is_empty():
        return Html(heading(title) + paragraph(EMPTY, "empty"))
    totals = numbers.totals(ledger)
    return Html(heading(title) + paragraph(verdict(totals), "lead" if totals.proven else "empty"))


def verdict(totals: numbers.Totals) -> str:
    """Say in a sentence or two whether everything asked for is here."""
    patients = f"{totals.complete} of {totals.patients} patients are complete"
    if totals.proven:
        return (
            f"Complete: {patients}; each of the {totals.expected} objects that the PACS listed "
            f"is here ({totals.stored} stored, {totals.refused} put aside with a reason)."
        )
    parts = [
        f"Not complete: {patients}; {totals.missing} of {totals.expected} listed objects missing."
    ]
    if totals.unlisted:
        parts.append(
            "Studies of which the PACS did not list every object, so that what is missing of them "
            f"is not known: {totals.unlisted}."
        )
    return " ".join(parts)


def terms(ledger: pl.DataFrame, given: Terms) -> Html:
    """Return under which terms was asked, and when."""
    totals = numbers.totals(ledger)
    rows = {
        "Survey": given.survey,
        "PACS (AE title)": given.pacs,
        "Asked between": f"{_moment(totals.first)} and {_moment(totals.last)}",
        "Wanted (filter as set now)": given.wanted,
        "Hours for asking (as set now)": given.hours,
        "Collected with Workbench": given.versions,
        "Fingerprint of the pseudonyms' key": given.key,
    }
    return _pairs(rows)


def sums(ledger: pl.DataFrame) -> Html:
    """Return the counts of patients, studies and objects, and those by state."""
    if ledger.is_empty():
        return paragraph(EMPTY, "note")
    totals = numbers.totals(ledger)
    untold = f"; no count for {totals.untold} studies" if totals.untold else ""
    counts = _pairs({
        "Lines of the queue": totals.lines,
        "Patients whom they mean": totals.patients,
        "Of these asked for at least once": totals.asked,
        "Of the complete ones, those with a caution": totals.cautioned,
        "Wanted studies found (each once)": totals.studies,
        "Studies left out by the filter": totals.unwanted,
        "Objects of the wanted studies, the PACS's count": f"{totals.told}{untold}",
        "Studies not listed object by object": totals.unlisted,
        "Objects expected (listed, in wanted series)": totals.expected,
        "Objects stored": totals.stored,
        "Objects put aside with a reason": totals.refused,
        "Objects missing": totals.missing,
    })  # fmt: skip
    by_state = html_table(
        numbers.states(ledger),
        (Shown("state", "State"), Shown("patients", "Patients"), *OBJECTS),
        "Patients by state",
    )
    return Html(counts + by_state)


def figure(ledger: pl.DataFrame) -> Html:
    """Return the bars of patients by month of asking and state."""
    frame = numbers.by_month(ledger)
    if frame.is_empty():
        return paragraph("There is nothing to draw.", "note")
    shown = [state for state in COLOURS if state in set(frame["state"])]
    colour = alt.Color(
        "state:N", title=None,
        scale=alt.Scale(domain=shown, range=[COLOURS[state] for state in shown]),
    )  # fmt: skip
    bars = (
        alt.Chart(alt.InlineData(values=frame.to_dicts()), width=620, height=220)
        .mark_bar(size=min(WIDEST_BAR, 500 // frame["month"].n_unique()))
        .encode(
            x=alt.X("month:N", title="Month in which the PACS was last asked", sort=None,
                    axis=alt.Axis(labelAngle=0, grid=False)),
            y=alt.Y("patients:Q", title="Patients", axis=alt.Axis(tickMinStep=1, tickCount=5)),
            color=colour,
        )
    )  # fmt: skip
    text = "Patients by the month in which they were last asked for, and how far they have come."
    return charts.svg(bars, "Patients by month and state", text)


def open_cases(ledger: pl.DataFrame, most: int) -> Html:
    """Return who is not complete, by pseudonym, and why; at most so many."""
    cases = numbers.not_complete(ledger)
    cautioned = _cautioned(ledger, most)
    if ledger.is_empty() or cases.is_empty():
        return Html(paragraph("None." if ledger.height else EMPTY, "note") + cautioned)
    columns = (
        PSEUDONYM, Shown("state", "State"), Shown("tries", "Tries"),
        Shown("studies", "Studies"), *OBJECTS, Shown("why", "Why", missing="no reason was noted"),
    )  # fmt: skip
    more = cases.height - most
    left = paragraph(f"{more} more are not listed here; all are counted above.", "empty")
    return Html(html_table(cases.head(most), columns) + (left if more > 0 else "") + cautioned)


def _cautioned(ledger: pl.DataFrame, most: int) -> Html:
    """Return who is complete with a caution; nothing where nobody is."""
    found = numbers.cautions(ledger)
    if found.is_empty():
        return Html("")
    columns = (PSEUDONYM, Shown("why", "Caution"))
    more = found.height - most
    left = paragraph(f"{more} more are not listed here.", "empty") if more > 0 else ""
    return Html(html_table(found.head(most), columns, "Complete, with a caution") + left)


def reasons(ledger: pl.DataFrame, rejected: pl.DataFrame) -> Html:
    """Return why objects were put aside, and why studies were left out."""
    aside = html_table(
        numbers.refused_by_reason(rejected),
        (Shown("verdict", "Verdict"), Shown("code", "Code"), Shown("reason", "Reason"),
         Shown("objects", "Objects")),
        "Objects that came over the network and were put aside",
        "No object was put aside.",
    )  # fmt: skip
    out = html_table(
        numbers.left_out(ledger),
        (Shown("unwanted", "Left out by"), Shown("studies", "Studies")),
        "Studies left out by the filter", "The filter left no study out.",
    )  # fmt: skip
    return Html(aside + out)


def vanished(ledger: pl.DataFrame, most: int) -> Html:
    """Return the studies that the PACS stopped telling of."""
    studies = numbers.not_told_any_more(ledger)
    columns = (
        PSEUDONYM, Shown("StudyInstanceUID", "Study (pseudonym)"),
        Shown("first_found", "First told"), Shown("last_found", "Last told"),
        Shown("expected", "Expected"), Shown("stored", "Stored"),
    )  # fmt: skip
    more = studies.height - most
    left = paragraph(f"{more} more are not listed here.", "empty") if more > 0 else ""
    return Html(html_table(studies.head(most), columns, empty="There is none.") + left)


def signatures(ledger: pl.DataFrame, place: str) -> Html:
    """Return a place to sign; nothing can be signed while nothing was asked."""
    if ledger.is_empty():
        return paragraph("There is nothing to sign yet.", "note")
    statement = (
        "The numbers above were read by me. Where this report says that something is missing or "
        "not known, I know of it."
    )
    row = Markup(
        '<tr><th scope="row">{}</th><td style="height:3.2em;min-width:12rem"></td>'
        '<td style="min-width:8rem"></td><td style="min-width:14rem"></td></tr>'
    )
    heads = Markup("").join(
        Markup('<th scope="col">{}</th>').format(head)
        for head in ("", "Name", f"Place and date{f': {place}' if place else ''}", "Signature")
    )
    table = Markup(
        '<div class="wide"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(heads, Markup("").join(row.format(signer) for signer in SIGNERS))
    return Html(f"{paragraph(statement)}{table}")


def _pairs(rows: Mapping[str, object]) -> Html:
    frame = pl.DataFrame({"what": list(rows), "value": [str(value) for value in rows.values()]})
    return html_table(frame, (Shown("what", "What"), Shown("value", "Value")))


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d} (UTC)" if at else "never"
