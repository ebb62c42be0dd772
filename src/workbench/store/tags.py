"""Any element of millions of headers as a column, lazily.

Each of a header's own elements stands on a line of its own (``dicom.record.lines``), so one search
for the line that begins with its tag finds it and nothing else, whatever other values look like.
Single values are then read by polars; what is rarer by ``tagvalues``, once for each text.
"""

from __future__ import annotations

import json
from functools import partial

import polars as pl

from workbench.dicom.record import as_text
from workbench.errors import SettingsError
from workbench.schema import Column, Table
from workbench.store.tagpath import Step, TagPath
from workbench.store.tagvalues import ElementAtPath, found, own

KEYS = (
    "object_number", "patient", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
    "Modality",
)  # fmt: skip
KINDS = ("text", "texts", "integer", "real", "reals", "date", "json")
EXACT = 2.0**53  # up to here every whole number is a real (IEEE 754 binary64)
_TAG = "_tag"
_LINE = r'\n"%s":(\{.*\})'
# One value or none, which need no JSON reader: VR, numbers, or text without escapes.
_PLAIN = (
    r'^\{"vr":"(?P<vr>[^"]*)"(?P<filled>,"Value":\['
    r'(?:(?P<numbers>-?[0-9][-+.,0-9eEnul]*)|"(?P<word>[^"\\]*)")\])?\}$'
)


def tag_frame(instances: pl.LazyFrame, path: TagPath, kind: str | None = None) -> pl.LazyFrame:
    """Return an element of every instance, as a lazy frame.

    Parameters
    ----------
    instances
        Rows of ``schema.INSTANCE``; only ``header`` and ``KEYS`` are read of them.
    path
        The element.
    kind
        What the value becomes: one of ``KINDS``; by default what suits the element
        (``TagPath.kind``).

    Returns
    -------
    pl.LazyFrame
        ``KEYS`` (without one that is asked for); ``present``: whether the element is there, even
        empty; ``vr`` as stored; the value, under ``path.name``; ``bad``: how many values are there
        that the column cannot hold.  Every instance has a row.

    Raises
    ------
    SettingsError
        For an unknown kind.
    """
    keys = [key for key in KEYS if key != path.name]
    column = pl.col(_TAG).struct
    return instances.select(*keys, tag_column(path, kind).alias(_TAG)).select(
        *keys, *(column.field(name) for name in ("present", "vr", path.name, "bad"))
    )


def tag_column(path: TagPath, kind: str | None = None) -> pl.Expr:
    """Return the fields that ``tag_frame`` describes as one struct, of a column ``header``."""
    kind = kind or path.kind()
    if kind not in KINDS:
        raise SettingsError(
            "this is no kind of column.", "Choose one of {kinds}.", kinds=", ".join(KINDS)
        )
    first = path.steps[0]
    header = pl.col("header")
    if first.creator is None:
        text = header.str.extract(_LINE % first.key)
    else:
        text = header.str.extract_all(_block_lines(first)).list.join("")
    return text.map_batches(
        partial(_read, path=path, kind=kind),
        return_dtype=pl.Struct(_types(path.name, kind)),
        is_elementwise=True,
    )


def _types(name: str, kind: str) -> dict[str, pl.DataType]:
    kinds = {"present": "flag", "vr": "text", name: kind, "bad": "integer"}
    columns = tuple(Column(name, kind, "") for name, kind in kinds.items())
    return Table("tag", "", (), columns).polars()


def _block_lines(step: Step) -> str:
    """Return the pattern of the lines that reserve a block, and of the element in any block."""
    group, low = step.key[:4], step.key[6:]
    creator = pl.escape_regex(json.dumps(step.creator, ensure_ascii=False)[1:-1])
    reserved = rf'00[1-9A-F][0-9A-F]":\{{"vr":"[^"]*","Value":\["{creator} *"\]'
    return rf'\n"{group}(?:{reserved}|[1-9A-F][0-9A-F]{low}":\{{.*)\}}'


def _read(texts: pl.Series, path: TagPath, kind: str) -> pl.Series:
    """Return the structs of one batch of texts."""
    first = path.steps[0]
    if first.creator is not None:
        texts = _picked(texts, first)
    frame = _plain(texts, path.nested, kind)
    rare = frame.filter(pl.col("text").is_not_null() & ~pl.col("plain"))["text"].unique()
    rows = [_rare(text, path, kind) for text in rare]
    types = _types("value", kind)
    parsed = pl.DataFrame([rare.alias("text")]).with_columns(
        pl.Series(f"{name}_rare", [getattr(row, name) for row in rows], dtype)
        for name, dtype in types.items()
    )
    joined = frame.join(parsed, on="text", how="left", maintain_order="left")
    return joined.select(
        pl.struct(
            pl.when("plain").then(name).otherwise(f"{name}_rare")
            .alias(path.name if name == "value" else name)
            for name in types
        )
    ).to_series()  # fmt: skip


def _picked(lines: pl.Series, step: Step) -> pl.Series:
    """Return the private element among the lines of its group, of the block of its creator."""
    group, low = step.key[:4], step.key[6:]
    # What nearly all headers have: one block is reserved, and it has the element.
    pattern = rf'^\n"{group}00(?P<block>..)":.*\n"{group}(?P<of>..){low}":(?P<text>\{{.*)$'
    usual = lines.str.extract_groups(pattern).struct.unnest()
    frame = usual.with_columns(lines.alias("lines")).with_columns(
        pl.col("block").eq_missing(pl.col("of")).alias("one") & pl.col("text").is_not_null()
    )
    reserved = pl.col("lines").str.starts_with(f'\n"{group}00')  # tags stand in their order
    rare = frame.filter(reserved & ~pl.col("one"))["lines"].unique()
    picked = pl.DataFrame(
        {"lines": rare, "picked": [_own_text(several, step) for several in rare]},
        schema={"lines": pl.String, "picked": pl.String},
    )
    return frame.join(picked, on="lines", how="left", maintain_order="left").select(
        pl.when("one").then("text").otherwise("picked").alias("text")
    ).to_series()  # fmt: skip


def _own_text(several: str, step: Step) -> str | None:
    """Return the text of a private element among whole lines of a header."""
    element = own(json.loads("{" + several[1:].replace("\n", ",") + "}"), step)
    return None if element is None else as_text(dict(element))


def _plain(texts: pl.Series, nested: bool, kind: str) -> pl.DataFrame:
    """Return what needs no JSON reader; ``plain`` says where that was enough.

    Columns ``text``, ``plain``, ``present``, ``vr``, ``value`` and ``bad``.
    """
    frame = pl.DataFrame([texts.alias("text")])
    if nested or kind == "date":
        nothing = {name: pl.lit(None, dtype) for name, dtype in _types("value", kind).items()}
        frame = frame.with_columns(**nothing, plain=pl.col("text").is_null())
    elif kind == "json":
        vr = pl.col("text").str.extract('^\\{"vr":"([^"]*)"')
        frame = frame.with_columns(vr=vr, value=pl.col("text"), plain=pl.lit(value=True))
    else:
        groups = texts.str.extract_groups(_PLAIN).struct.unnest()
        value, held = _plain_value(kind)
        frame = pl.concat([frame, groups], how="horizontal").with_columns(
            value=value,
            plain=pl.col("text").is_null() | pl.col("vr").is_not_null() & held,
        )
    return frame.with_columns(present=pl.col("text").is_not_null(), bad=pl.lit(0, pl.Int64))


def _plain_value(kind: str) -> tuple[pl.Expr, pl.Expr]:
    """Return a value from the groups of ``_PLAIN``, and whether it holds all that is there."""
    numbers, word = pl.col("numbers"), pl.col("word")
    empty = pl.col("filled").is_null()
    single = ~numbers.str.contains(",", literal=True)
    if kind in ("text", "texts"):
        text = pl.coalesce(numbers, pl.when(word != "").then(word))
        held = empty | word.is_not_null() | single
        value = text if kind == "text" else _list(pl.concat_list(text))
        return value, held.fill_null(value=False)
    if kind == "integer":
        value = numbers.cast(pl.Int64, strict=False)
        return value, empty | value.is_not_null()
    if kind == "real":
        value = numbers.cast(pl.Float64, strict=False)
        return value, empty | (value.abs() < EXACT).fill_null(value=False)
    reals = numbers.str.split(",").cast(pl.List(pl.Float64), strict=False)
    value = _list(reals)
    exact = (reals.list.eval(pl.element().abs() < EXACT)).list.all()
    return value, empty | exact.fill_null(value=False)


def _list(values: pl.Expr) -> pl.Expr:
    """Return a list for an element that is there: of no values where it is empty."""
    filled = pl.col("filled").is_not_null()
    return pl.when(pl.col("text").is_null()).then(None).when(filled).then(values).otherwise([])


def _rare(text: str, path: TagPath, kind: str) -> ElementAtPath:
    return found(json.loads(text), path.steps[1:], kind)
