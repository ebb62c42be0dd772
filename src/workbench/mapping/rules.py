"""Rules of the makers, read from ``vendors/*.toml`` and checked.

A rule file says how a maker's objects are recognised (localizer, dose screen, derived image)
and in which private elements it keeps what the standard's attributes lack.  The files of the
package are read once; another set can be given to ``map_instances``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from workbench.errors import SettingsError

Kind = Literal["report", "dose_info", "localizer", "image", "derived", "other"]


def _pattern(text: str) -> str:
    try:
        pl.Series([""]).str.contains(text)
    except pl.exceptions.ComputeError as error:
        raise ValueError("not a regular expression") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


class _RulePart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KindRule(_RulePart):
    """Objects that fit every given condition are of ``kind``; texts are regular expressions.

    ``image_type`` is matched with the values joined by "/".  ``dose_sequence`` asks
    whether the object carries an Exposure Dose Sequence (0040,030E).
    """

    kind: Kind
    because: str
    image_type: Pattern | None = None
    scan_options: Pattern | None = None
    acquisition_type: Pattern | None = None
    series_description: Pattern | None = None
    series_numbers: tuple[int, ...] = ()
    sop_classes: tuple[str, ...] = ()
    dose_sequence: bool | None = None


class PrivateElement(_RulePart):
    """A private element; ``read`` says how its text or bytes become a number.

    ``number`` is a number or a decimal text, also when it came as bytes; ``double`` also
    accepts eight bytes, little endian; ``ratio`` is "n.nnn:1"; ``ones`` counts the letter 1;
    ``centimetres`` is the number in front of "CM"; ``rows_by_width`` is the product of
    "64x0.625".
    """

    creator: str
    group: int
    element: int
    read: Literal["number", "double", "ratio", "ones", "centimetres", "rows_by_width"] = "number"


class PrivateValue(_RulePart):
    """A column computed as the product of private elements, valid from ``low`` to ``high``."""

    column: str
    elements: tuple[PrivateElement, ...]
    low: float
    high: float
    source: str


class Vendor(_RulePart):
    """Rules of one maker; ``manufacturer`` is matched against Manufacturer in lower case."""

    name: str
    manufacturer: Pattern = ""
    kinds: tuple[KindRule, ...] = ()
    private: tuple[PrivateValue, ...] = ()


class Needs(_RulePart):
    """Columns that must be filled before a series of a role counts as mapped."""

    SCAN: tuple[str, ...]
    TOPOGRAM: tuple[str, ...]


class Generic(Vendor):
    """Rules for every maker, tried after the maker's own."""

    spiral: Pattern
    sequence: Pattern
    needs: Needs


class Rules(_RulePart):
    """The rule set of an application: the makers' rules in order, then the generic ones."""

    vendors: tuple[Vendor, ...]
    generic: Generic


def parse_vendor(text: str, name: str) -> Vendor:
    """Return the rules of a TOML text; raises ``SettingsError`` naming file and entry."""
    model = Generic if name == "generic" else Vendor
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            "{name}.toml is not TOML: {error}.", "Correct that line.", name=name, error=error
        ) from error
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(map(str, issue['loc']))}: {issue['msg']}" for issue in error.errors()
        )
        raise SettingsError(
            "{name}.toml: {places}.", "Correct these entries.", name=name, places=places
        ) from error


@cache
def built_in_rules() -> Rules:
    """Return the rules shipped with the package."""
    folder = resources.files(__package__) / "vendors"
    texts = {
        file.name.removesuffix(".toml"): file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }
    parsed = {name: parse_vendor(text, name) for name, text in sorted(texts.items())}
    generic = parsed.pop("generic")
    assert isinstance(generic, Generic)
    return Rules(vendors=tuple(parsed.values()), generic=generic)
