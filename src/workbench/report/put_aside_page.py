"""Pages about what was put aside: why, and the anatomy of a file, with no value of any header."""

from __future__ import annotations

from importlib.resources import files

import polars as pl
from markupsafe import Markup

from workbench.dicom.anatomy import MAX_LINES, Anatomy
from workbench.language import (
    Words,
    current_language,
    data,
    mark,
    number,
    t,
)
from workbench.report.code_words import code_words, kept_words
from workbench.report.html_tables import Html, Shown, html_table, paragraph

# What a reason means to a person, and what can be done about it.
REASONS = {
    "deflate": (mark("a compressed header is damaged"), mark("Have it sent again.")),
    "deflated": (mark("a compressed header over the network"), mark("Have it sent uncompressed.")),
    "dicomdir": (
        mark("an index of a disc, no object"),
        mark("Nothing: the files it lists are read."),
    ),
    "same_object": (mark("the same object again"), mark("Nothing: it is stored once.")),
    "duplicate_tag": (mark("an element stands twice; readers differ"), mark("Ask the sender.")),
    "empty": (mark("an empty file"), mark("Copy it again.")),
    "invalid_uid": (mark("an identifier that is no UID"), mark("Do not trust the sender.")),
    "no_preamble": (mark("a data set without the form of a file"), mark("Have it sent again.")),
    "no_uid": (mark("no SOP Instance UID"), mark("Have it sent from its source.")),
    "not_an_item": (mark("a sequence is damaged"), mark("Have it sent again.")),
    "not_deidentified": (mark("it could not be de-identified"), mark("Look at it, and report it.")),
    "not_dicom": (mark("another kind of file"), mark("Nothing.")),
    "not_wanted": (
        mark("the survey's filter leaves it out"),
        mark("Change the filter if it is wanted."),
    ),
    "same_uid_other_content": (
        mark("another content under a stored UID"),
        mark("Find out which is right."),
    ),
    "too_deep": (mark("nested without end: attack or fault"), mark("Do not trust the sender.")),
    "too_large": (mark("large beyond measure: attack or fault"), mark("Do not trust the sender.")),
    "too_many": (mark("more elements than any real header"), mark("Do not trust the sender.")),
    "truncated": (mark("it ends early"), mark("Have it sent again.")),
    "unknown_vr": (mark("a type of element that does not exist"), mark("Have it sent again.")),
    "unreadable": (mark("its elements cannot be read"), mark("Look at it, ask the sender.")),
    "unreadable_archive": (mark("a damaged zip"), mark("Copy it again.")),
    "unreadable_file": (mark("the file cannot be opened"), mark("Check its rights and the disc.")),
    "unreadable_folder": (mark("the folder cannot be opened"), mark("Check its rights.")),
}
LINE = {"offset": pl.Int64, "element": pl.String, "vr": pl.String, "length": pl.Int64,
        "level": pl.Int64, "name": pl.String}  # fmt: skip
PAGE = Markup(
    '<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><title>{title}</title>'
    "<style>{style}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>\n"
)


def _page(title: Words, *parts: Html) -> str:
    style = (files("workbench.report") / "templates" / "workbench" / "page.css").read_text("utf-8")
    body = Markup("\n").join(Markup(part) for part in parts)  # Html is escaped already
    return str(PAGE.format(
        language=current_language(), title=title, style=Markup(style), body=body,
    ))  # fmt: skip


def refusals_page(rejected: pl.DataFrame) -> str:
    """Return a page about all objects that were not stored (``schema.REJECTED``)."""
    aside = rejected.filter(pl.col("verdict") != "duplicate")
    counted = (
        rejected.group_by("verdict", "code", "source")
        .agg(pl.len().alias("objects"), pl.col("received_at").max().alias("last"))
        .sort("objects", "code", descending=[True, False])
        .with_columns(
            _told("code", 0).alias("meaning"), _told("code", 1).alias("remedy"),
            pl.col("last").dt.date(),
        )
    )  # fmt: skip
    # The page may be passed on: it tells days, not the order in which objects came.
    shown = aside.with_columns(pl.col("received_at").dt.date())
    newest = [True, False, False, False]
    shown = shown.sort("received_at", "source", "verdict", "reason", descending=newest)
    shown = shown.head(MAX_LINES)
    parts = [
        paragraph(t(
            "{aside} objects were not stored, {again} came again. Nothing of them is kept but the "
            "reason; they are still where they came from.",
            aside=_count(aside.height), again=_count(rejected.height - aside.height),
        )),
        html_table(
            counted,
            (Shown("verdict", t("Verdict"), words=code_words),
             Shown("meaning", t("What it means"), words=Words),
             Shown("remedy", t("What to do"), words=Words),
             Shown("source", t("Came from"), words=code_words),
             Shown("objects", t("Objects"), digits=0), Shown("last", t("Last day (UTC)")),
             Shown("code", t("Code"))),
            t("By reason"), t("nothing was put aside"),
        ),
        html_table(
            shown,
            (Shown("received_at", t("Day (UTC)")),
             Shown("source", t("Came from"), words=code_words),
             Shown("verdict", t("Verdict"), words=code_words),
             Shown("reason", t("Reason"), words=kept_words)),
            t("One by one, the latest days first"), t("nothing was put aside"),
        ),
        paragraph(t(
            "To look at a file without opening it: workbench look FILE --out page.html. The page "
            "shows elements and lengths, never a value."
        ), "note"),
    ]  # fmt: skip
    return _page(t("What was put aside"), *parts)


def _told(column: str, which: int) -> pl.Expr:
    words = {code: t(texts[which]) for code, texts in REASONS.items()}
    otherwise = t("see the reason")
    return pl.col(column).replace_strict(words, default=otherwise, return_dtype=pl.String)


def _count(value: int) -> Words:
    return number(value, grouped=True)


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
    summary = t(
        "{size} bytes; {syntax}; {elements} elements read.",
        size=_count(anatomy.size), syntax=data(anatomy.syntax),
        elements=_count(len(anatomy.lines)),
    )  # fmt: skip
    ended = t("It was read to its end.")
    if anatomy.ends:
        why, code = kept_words(anatomy.ends), data(anatomy.code)
        ended = t("Reading ended: {why} ({code}).", why=why, code=code)
    kind = "empty" if anatomy.ends else ""
    table = html_table(
        lines,
        (Shown("offset", t("At byte"), digits=0), Shown("level", t("Depth"), digits=0),
         Shown("element", t("Element")), Shown("vr", t("VR")),
         Shown("length", t("Bytes"), digits=0, missing=t("undefined")), Shown("name", t("Name"))),
        t("Elements, never their values"), t("no element could be read"),
    )  # fmt: skip
    more = (
        paragraph(t("Only the first {count} are shown.", count=_count(MAX_LINES)))
        if len(lines) == MAX_LINES
        else Html("")
    )
    return _page(
        t("A file, without its values"), paragraph(summary), paragraph(ended, kind), table, more
    )
