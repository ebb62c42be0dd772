"""Which events are of a phantom: tests of physicists, engineers and technologists.

They are events of the machine, and no patient's dose.  The texts of an event tell (protocol,
study, comment of the report), in English, German and French; or the name of the patient, of
which the border noted before it left that it is a phantom's.  A complaint ("phantom limb pain")
is no phantom.  Geometry alone decides nothing: a single rotation may be a patient's.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable
from functools import cache
from importlib import resources

import polars as pl

from workbench.mapping.body_regions import normalised
from workbench.model import Finding

REGION, FLAG = "phantom_qa", "phantom_measurement"
TEXTS = {
    "study_description": "study description", "protocol": "protocol", "comment": "comment",
    "target_region": "target region",
}  # fmt: skip
STUDY = ("patient", "StudyInstanceUID")


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files(__package__) / "data" / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = (row["pattern"] for row in _rows("phantom_words.csv"))
    exceptions = (row["phrase"] for row in _rows("phantom_exceptions.csv"))
    return re.compile("|".join(words)), re.compile("|".join(exceptions))


def names_phantom(text: str) -> bool:
    """Return whether a text of a study or protocol says that a phantom was scanned."""
    words, exceptions = _patterns()
    plain = normalised(text)
    return bool(plain) and words.search(exceptions.sub(" ", plain)) is not None


def named_studies(
    instances: pl.DataFrame, named: Collection[int]
) -> frozenset[tuple[str | None, str | None]]:
    """Return the studies (patient and UID) of objects whose patient bears a phantom's name."""
    theirs = instances.filter(pl.col("object_number").is_in(list(named)))
    return frozenset(theirs.select(STUDY).unique().iter_rows())


def with_phantoms(
    events: pl.DataFrame, studies: Collection[tuple[str | None, str | None]] = ()
) -> tuple[pl.DataFrame, list[Finding]]:
    """Return events with ``phantom_measurement`` and its region, and a finding a study.

    All rows of an event are a phantom's where one is; ``studies`` are a phantom's as a whole.
    """
    told = [_said(events, column, words) for column, words in TEXTS.items()]
    by_name = pl.struct(STUDY).is_in([dict(zip(STUDY, study, strict=True)) for study in studies])
    whole = pl.when(by_name).then(pl.lit("phantom (patient's name)")) if studies else pl.lit(None)
    region = pl.when(pl.col("body_region") == REGION).then("region_rule")
    marked = events.with_columns(
        said=pl.coalesce(*told, region, whole.cast(pl.String))
    ).with_columns(
        said=pl.col("said").drop_nulls().first().over("patient", "irradiation_event_uid")
    )
    phantom = pl.col("said").is_not_null()
    flags = pl.concat_list(pl.col("flags").fill_null([]), pl.lit([FLAG], pl.List(pl.String)))
    marked = marked.with_columns(
        phantom_measurement=phantom,
        body_region=pl.when(phantom).then(pl.lit(REGION)).otherwise("body_region"),
        region_rule=pl.when(phantom).then("said").otherwise("region_rule"),
        flags=pl.when(phantom).then(flags.list.unique().list.sort()).otherwise("flags"),
    )
    return marked.select(events.columns), list(_findings(marked.filter(phantom)))


def _said(events: pl.DataFrame, column: str, words: str) -> pl.Expr:
    texts = events[column].drop_nulls().unique().to_list()
    found = [text for text in texts if names_phantom(text)]
    return pl.when(pl.col(column).is_in(found)).then(pl.lit(f"phantom ({words})"))


def _findings(phantoms: pl.DataFrame) -> Iterable[Finding]:
    for study in phantoms["StudyInstanceUID"].unique().sort().to_list():
        yield Finding("mapping", FLAG, "a phantom was scanned: its events are no dose of a patient",
                      severity="note", column="phantom_measurement", study=study)  # fmt: skip
