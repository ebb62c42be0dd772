"""Geometry files: what a phantom is made of, in millimetres about its centre.

One TOML file a phantom, ours beside this module; a site puts a changed copy of the same name into
its workspace.  The file's digest goes into every result, and so does its ``status``: a geometry
that nobody compared with the maker's document says so.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from workbench.errors import MeasurementError, SettingsError

SHIPPED = Path(__file__).parent / "phantoms"
SUFFIX = ".toml"
Status = Literal["verified", "unverified"]
# A closed list, so that one simulator draws every phantom.
Kind = Literal[
    "insert", "pin", "wire_ramp", "bead_ramp", "line_pairs", "disc", "step", "roi_disc",
    "roi_rect", "edge", "grid_cell", "flood",
]  # fmt: skip


class _GeometryPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def number(self, name: str) -> float:
        """Return a number that a QA test needs; raises ``MeasurementError`` where none is given."""
        value = getattr(self, name)
        if not isinstance(value, int | float):
            raise MeasurementError("the geometry file of the phantom gives no {name}", name=name)
        return float(value)


class Body(_GeometryPart):
    """The phantom's body.

    Attributes
    ----------
    shape
        ``cylinder`` (a disc in the image) or ``box``.
    diameter
        Of a cylinder, mm.
    width, height
        Of a box, mm.
    value
        What it is filled with, in the unit of the image (HU in CT).
    wall, wall_value
        Thickness, mm, and value of a shell inside the diameter.
    threshold
        Value that parts the body from what is around it.
    """

    shape: Literal["cylinder", "box"] = "cylinder"
    diameter: float | None = Field(default=None, gt=0)
    width: float | None = Field(default=None, gt=0)
    height: float | None = Field(default=None, gt=0)
    value: float = 0.0
    wall: float = Field(default=0.0, ge=0)
    wall_value: float = 0.0
    threshold: float = -300.0
    status: Status = "unverified"
    source: str = ""

    @model_validator(mode="after")
    def _sized(self) -> Body:
        sizes = [self.diameter] if self.shape == "cylinder" else [self.width, self.height]
        if None in sizes:
            raise ValueError("a cylinder needs a diameter, a box width and height")
        return self


class Module(_GeometryPart):
    """A section of the phantom along the table; ``z`` in mm."""

    z: float = 0.0
    value: float | None = None
    status: Status = "unverified"
    source: str = ""


class PhantomObject(_GeometryPart):
    """Something in the phantom; x to the right, y downwards in the image, mm from its centre.

    ``r`` and ``angle`` (degrees, clockwise from the right) may stand in place of ``x`` and ``y``.
    ``value`` is what it is made of, ``nominal`` a number that stands beside it (lp/mm, %, mm).
    """

    kind: Kind
    id: str
    module: str = ""
    x: float | None = None
    y: float | None = None
    r: float | None = None
    angle: float | None = None
    diameter: float | None = Field(default=None, gt=0)
    width: float | None = Field(default=None, gt=0)
    height: float | None = Field(default=None, gt=0)
    roi_diameter: float | None = Field(default=None, gt=0)
    value: float | None = None
    range: tuple[float, float] | None = None
    nominal: float | None = None
    status: Status = "unverified"
    source: str = ""

    @model_validator(mode="after")
    def _placed(self) -> PhantomObject:
        flat, polar = (self.x, self.y), (self.r, self.angle)
        if (None in flat) == (None in polar):
            raise ValueError("give x and y, or r and angle")
        return self


class Geometry(_GeometryPart):
    """A phantom; see the module's text.

    Attributes
    ----------
    id, name
        The file's name, and that of the phantom for people.
    modality
        DICOM's word for the images it is for.
    version
        Counted up by whoever changes the file.
    unit
        UCUM code of the values in it.
    sha256
        Digest of the file.
    """

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    name: str
    modality: str
    version: int = 1
    unit: str = "[hnsf'U]"
    body: Body
    modules: dict[str, Module] = {}
    objects: tuple[PhantomObject, ...] = ()
    sha256: str = ""

    @property
    def status(self) -> Status:
        """``verified`` when everything in it was compared with the maker's document."""
        parts: Iterable[Body | Module | PhantomObject] = (
            self.body, *self.modules.values(), *self.objects,
        )  # fmt: skip
        return "verified" if all(part.status == "verified" for part in parts) else "unverified"

    def of(self, kind: Kind, module: str = "") -> tuple[PhantomObject, ...]:
        """Return the objects of a kind, in a module or in all."""
        return tuple(
            phantom_object
            for phantom_object in self.objects
            if phantom_object.kind == kind and module in ("", phantom_object.module)
        )


def geometry_names(folders: Sequence[Path] = ()) -> list[str]:
    """Return the phantoms there are: ours, and those of a site's folders."""
    places = (SHIPPED, *folders)
    return sorted({file.stem for place in places for file in place.glob(f"*{SUFFIX}")})


def geometry(name: str, folders: Sequence[Path] = ()) -> Geometry:
    """Return a phantom; a file in ``folders`` goes before ours of the same name.

    Raises ``SettingsError`` that names the key to be mended.
    """
    known = geometry_names(folders)
    if name not in known:
        raise SettingsError(
            "there is no phantom {name}.",
            "There is: {names}.",
            name=f"{name!r}",
            names=", ".join(known),
        )
    for place in (*folders, SHIPPED):
        file = place / f"{name}{SUFFIX}"
        if file.is_file():
            return read_geometry(file.read_bytes(), name)
    raise SettingsError("the geometry file went away.", "Try again.")


@cache
def read_geometry(content: bytes, name: str) -> Geometry:
    """Read the bytes of a geometry file; ``name`` is what its ``id`` must be."""
    try:
        tables = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            "the geometry file of {name} cannot be read: {error}.", name=name, error=error
        ) from error
    try:
        phantom = Geometry.model_validate({**tables, "sha256": hashlib.sha256(content).hexdigest()})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        raise SettingsError(
            "the geometry file of {name} is wrong at {where}: {reason}.",
            "docs/write-a-qa-test.md names every key.",
            name=name,
            where=where,
            reason=first["msg"].lower(),
        ) from error
    if phantom.id != name:
        raise SettingsError(
            "the geometry file of {name} says that its id is {id}.", name=name, id=phantom.id
        )
    return phantom
