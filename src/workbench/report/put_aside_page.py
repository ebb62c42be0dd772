"""Pages about what was put aside: why, and the anatomy of a file, with no value of any header."""

from __future__ import annotations

from importlib.resources import files

import polars as pl
from markupsafe import Markup, escape

from workbench.dicom.anatomy import MAX_LINES, Anatomy
from workbench.report.html_tables import Html, Shown, html_table, paragraph

# What a reason means to a person, and what can be done about it.
REASONS = {
    "deflate": ("a compressed header is damaged", "Have it sent again."),
    "deflated": ("a compressed header over the network", "Have it sent uncompressed."),
    "dicomdir": ("an index of a disc, no object", "Nothing: the files it lists are read."),
    "same_object": ("the same object again", "Nothing: it is stored once."),
    "duplicate_tag": ("an element stands twice; readers differ", "Ask the sender."),
    "empty": ("an empty file", "Copy it again."),
    "invalid_uid": ("an identifier that is no UID", "Do not trust the sender."),
    "no_preamble": ("a data set without the form of a file", "Have it sent again."),
    "no_uid": ("no SOP Instance UID", "Have it sent from its source."),
    "not_an_item": ("a sequence is damaged", "Have it sent again."),
    "not_deidentified": ("it could not be de-identified", "Look at it, and report it."),
    "not_dicom": ("another kind of file", "Nothing."),
    "not_wanted": ("the survey's filter leaves it out", "Change the filter if it is wanted."),
    "same_uid_other_content": ("another content under a stored UID", "Find out which is right."),
    "too_deep": ("nested without end: attack or fault", "Do not trust the sender."),
    "too_large": ("large beyond measure: attack or fault", "Do not trust the sender."),
    "too_many": ("more elements than any real header", "Do not trust the sender."),
    "truncated": ("it ends early", "Have it sent again."),
    "unknown_vr": ("a type of element that does not exist", "Have it sent again."),
    "unreadable": ("its elements cannot be read", "Look at it, ask the sender."),
    "unreadable_archive": ("a damaged zip", "Copy it again."),
    "unreadable_file": ("the file cannot be opened", "Check its rights and the disc."),
    "unreadable_folder": ("the folder cannot be opened", "Check its rights."),
}  # fmt: skip
LINE = {"offset": pl.Int64, "element": pl.String, "vr": pl.String, "length": pl.Int64,
        "level": pl.Int64, "name": pl.String}  # fmt: skip
PAGE = Markup(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><title>{title}</title>'
    "<style>{style}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>\n"
)


def _page(title: str, *parts: Html) -> str:
    style = (files("workbench.report") / "templates" / "workbench" / "page.css").read_text("utf-8")
    body = Markup("\n").join(Markup(part) for part in parts)  # Html is escaped already
    return str(PAGE.format(title=title, style=Markup(style), body=body))


def refusals_page(rejected: pl.DataFrame) -> str:
    """Return a page about all objects that were not stored (``schema.REJECTED``)."""
    aside = rejected.filter(pl.col("verdict") != "duplicate")
    counted = (
        rejected.group_by("verdict", "code", "source")
        .agg(pl.len().alias("objects"), pl.col("received_at").max().alias("last"))
        .sort("objects", "code", descending=[True, False])
        .with_columns(
            _told("code", 0).alias("meaning"), _told("code", 1).alias("remedy"),
            pl.col("last").dt.strftime("%Y-%m-%d"),
        )
    )  # fmt: skip
    # The page may be passed on: it tells days, not the order in which objects came.
    shown = aside.with_columns(pl.col("received_at").dt.strftime("%Y-%m-%d"))
    newest = [True, False, False, False]
    shown = shown.sort("received_at", "source", "verdict", "reason", descending=newest)
    shown = shown.head(MAX_LINES)
    parts = [
        paragraph(
            f"{aside.height:,} objects were not stored, {rejected.height - aside.height:,} came "
            "again. Nothing of them is kept but the reason; they are still where they came from."
        ),
        html_table(
            counted,
            (Shown("verdict", "Verdict"), Shown("meaning", "What it means"),
             Shown("remedy", "What to do"), Shown("source", "Came from"),
             Shown("objects", "Objects", digits=0), Shown("last", "Last day (UTC)"),
             Shown("code", "Code")),
            "By reason", "nothing was put aside",
        ),
        html_table(
            shown,
            (Shown("received_at", "Day (UTC)"), Shown("source", "Came from"),
             Shown("verdict", "Verdict"), Shown("reason", "Reason")),
            "One by one, the latest days first", "nothing was put aside",
        ),
        paragraph(
            "To look at a file without opening it: workbench look FILE --out page.html. The page "
            "shows elements and lengths, never a value.", "note",
        ),
    ]  # fmt: skip
    return _page("What was put aside", *parts)


def _told(column: str, which: int) -> pl.Expr:
    words = {code: texts[which] or "–" for code, texts in REASONS.items()}
    return pl.col(column).replace_strict(words, default="see the reason", return_dtype=pl.String)


def look_page(anatomy: Anatomy) -> str:
    """Return a page about one file."""
    lines = pl.DataFrame(
        [
            {"offset": line.offset, "vr": line.vr, "length": line.length, "name": line.name,
             "element": f"({line.tag >> 16:04X},{line.tag & 0xFFFF:04X})", "level": line.depth}
            for line in anatomy.lines
        ],
        LINE,
    )  # fmt: skip
    summary = (
        f"{anatomy.size:,} bytes; {escape(anatomy.syntax)}; {len(anatomy.lines):,} elements read."
    )
    ended = (
        f"Reading ended: {anatomy.ends} ({anatomy.code})."
        if anatomy.ends
        else "It was read to its end."
    )
    kind = "empty" if anatomy.ends else ""
    table = html_table(
        lines,
        (Shown("offset", "At byte", digits=0), Shown("level", "Level", digits=0),
         Shown("element", "Element"), Shown("vr", "VR"),
         Shown("length", "Bytes", digits=0, missing="undefined"), Shown("name", "Name")),
        "Elements, never their values", "no element could be read",
    )  # fmt: skip
    more = (
        paragraph(f"Only the first {MAX_LINES:,} are shown.")
        if len(lines) == MAX_LINES
        else Html("")
    )
    return _page(
        "A file, without its values", paragraph(summary), paragraph(ended, kind), table, more
    )
