"""Images of any phantom, drawn from its geometry file with known truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from scipy import ndimage

from workbench.dicom.image import Image
from workbench.dicom.pixels import images_of
from workbench.qa.geometry import Geometry, PhantomObject

AIR, TABLE = -1000.0, -700.0
TABLE_MM = 8.0  # how thick the table's shell is drawn
INTERCEPT = -1024  # of stored values, as most makers write it
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class PhantomScan:
    """How a phantom is scanned.

    Attributes
    ----------
    size
        Rows and columns.
    field_mm
        Side of the image.
    x, y
        Centre of the phantom from that of the image, mm to the right and downwards.
    noise
        Standard deviation, in the image's unit.
    noise_width
        Standard deviation of the filter that makes neighbours alike, mm; 0: white noise.
    blur
        Standard deviation of the point-spread function, mm.
    cupping
        How much lower the centre is than the rim, in the image's unit.
    gradient
        Change over the phantom's radius to the right, in the image's unit.
    roll
        Degrees the phantom is turned clockwise.
    tilt
        Degrees its axis leans: it becomes longer from top to bottom.
    offset
        Added to every value of the phantom's body.
    table
        Whether a table touches it from below.
    padding
        Stored value outside the circle of reconstruction; ``None``: there is none.
    module
        Which section is drawn.
    seed
        Of the noise.
    """

    size: int = 512
    field_mm: float = 250.0
    x: float = 0.0
    y: float = 0.0
    noise: float = 5.0
    noise_width: float = 0.0
    blur: float = 0.5
    cupping: float = 0.0
    gradient: float = 0.0
    roll: float = 0.0
    tilt: float = 0.0
    offset: float = 0.0
    table: bool = False
    padding: int | None = None
    module: str = ""
    seed: int = 0


@dataclass(frozen=True)
class PhantomHeader:
    """What is said in the header; more elements by keyword in ``more``."""

    station: str = "CT1"
    moment: datetime = datetime(2026, 3, 2, 7, 30)
    series_uid: str = ""
    number: int = 1
    position: float = 0.0
    thickness: float = 5.0
    more: dict[str, object] = field(default_factory=dict)


def draw(phantom: Geometry, scan: PhantomScan) -> Reals:
    """Return the values of an image of a phantom, (row, column)."""
    pixel = scan.field_mm / scan.size
    row, column = np.indices((scan.size, scan.size), float)
    middle = (scan.size - 1) / 2
    x, y = (column - middle) * pixel - scan.x, (row - middle) * pixel - scan.y
    values = np.full(x.shape, AIR)
    upright = y * np.cos(np.radians(scan.tilt))
    if scan.table:
        _put(values, TABLE, _table(phantom, x, y, pixel))
    values = _body(phantom, scan, values, (x, upright), pixel)
    values = ndimage.gaussian_filter(values, scan.blur / pixel) if scan.blur else values
    values += _noise(scan, pixel)
    return values


def _body(
    phantom: Geometry, scan: PhantomScan, values: Reals, at: tuple[Reals, Reals], pixel: float
) -> Reals:
    body, (x, y) = phantom.body, at
    turned = np.radians(scan.roll)
    right, down = x * np.cos(turned) + y * np.sin(turned), y * np.cos(turned) - x * np.sin(turned)
    module = phantom.modules.get(scan.module)
    filled = body.value if module is None or module.value is None else module.value
    radius = (body.diameter or max(body.width or 0, body.height or 0)) / 2
    inner = filled + scan.offset + scan.gradient * x / radius
    inner = inner + scan.cupping * ((x**2 + y**2) / radius**2 - 1)
    if body.wall:
        _put(values, body.wall_value, _inside_body(phantom, (right, down), 0.0, pixel))
    _put(values, inner, _inside_body(phantom, (right, down), body.wall, pixel))
    for part in phantom.objects:
        if part.value is not None and part.module in ("", scan.module):
            _put(values, part.value, _inside(part, (right, down), pixel))
    return values


def _put(values: Reals, value: Reals | float, share: Reals) -> None:
    values += share * (value - values)


def _inside_body(phantom: Geometry, at: tuple[Reals, Reals], shrink: float, pixel: float) -> Reals:
    body, (x, y) = phantom.body, at
    if body.shape == "cylinder":
        return _share((body.diameter or 0) / 2 - shrink - np.hypot(x, y), pixel)
    across, along = (body.width or 0) / 2 - shrink, (body.height or 0) / 2 - shrink
    return _share(np.minimum(across - np.abs(x), along - np.abs(y)), pixel)


def _inside(part: PhantomObject, at: tuple[Reals, Reals], pixel: float) -> Reals:
    x, y = place_of(part)
    right, down = at[0] - x, at[1] - y
    if part.width and part.height:
        return _share(
            np.minimum(part.width / 2 - np.abs(right), part.height / 2 - np.abs(down)), pixel
        )
    return _share((part.diameter or 0) / 2 - np.hypot(right, down), pixel)


def place_of(part: PhantomObject) -> tuple[float, float]:
    """Return an object's (x, y), mm."""
    if part.x is not None and part.y is not None:
        return part.x, part.y
    turned = np.radians(part.angle or 0.0)
    return (part.r or 0.0) * float(np.cos(turned)), (part.r or 0.0) * float(np.sin(turned))


def _share(depth: Reals, pixel: float) -> Reals:
    """Return how much of a pixel lies inside an edge that is ``depth`` mm away."""
    return np.clip(depth / pixel + 0.5, 0, 1)


def _table(phantom: Geometry, x: Reals, y: Reals, pixel: float) -> Reals:
    top = (phantom.body.diameter or phantom.body.height or 0) / 2 - 1
    return _share(np.minimum(TABLE_MM / 2 - np.abs(y - top - TABLE_MM / 2), 220 - np.abs(x)), pixel)


def _noise(scan: PhantomScan, pixel: float) -> Reals:
    if not scan.noise:
        return np.zeros((scan.size, scan.size))
    white = np.random.default_rng(scan.seed).normal(size=(scan.size, scan.size))
    if scan.noise_width:
        white = ndimage.gaussian_filter(white, scan.noise_width / pixel, mode="wrap")
        white /= white.std()
    return scan.noise * white


def phantom_dataset(
    phantom: Geometry, scan: PhantomScan, phantom_header: PhantomHeader | None = None
) -> Dataset:
    """Return a CT image object of a phantom, ready to be sent or saved."""
    phantom_header = phantom_header or PhantomHeader()
    values = np.rint(draw(phantom, scan) - INTERCEPT)
    stored = np.clip(values, -32768, 32767).astype("<i2")
    pixel = scan.field_mm / scan.size
    if scan.padding is not None:
        rows, columns = np.indices(stored.shape) - (scan.size - 1) / 2
        stored[np.hypot(rows, columns) > scan.size / 2] = scan.padding
    header = _header(scan, phantom_header, pixel)
    header.PixelData = stored.tobytes()
    return header


def _header(scan: PhantomScan, phantom_header: PhantomHeader, pixel: float) -> Dataset:
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = CTImageStorage
    series = phantom_header.series_uid or generate_uid(
        entropy_srcs=[phantom_header.station, str(phantom_header.moment)]
    )
    instance_uid = generate_uid(entropy_srcs=[series, str(phantom_header.number), str(scan)])
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = instance_uid
    header.SeriesInstanceUID = series
    header.StudyInstanceUID = generate_uid(entropy_srcs=[series, "study"])
    header.Modality, header.Manufacturer, header.ManufacturerModelName = "CT", "Maker", "Model"
    header.StationName, header.PatientID, header.PatientName = (
        phantom_header.station,
        "QA",
        "Phantom",
    )
    header.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    for name in ("Study", "Series", "Acquisition", "Content"):
        setattr(header, f"{name}Date", f"{phantom_header.moment:%Y%m%d}")
        setattr(header, f"{name}Time", f"{phantom_header.moment:%H%M%S}")
    header.KVP, header.ConvolutionKernel, header.SliceThickness = (
        120,
        "B30f",
        phantom_header.thickness,
    )
    header.ReconstructionDiameter = scan.field_mm
    header.InstanceNumber = phantom_header.number
    header.ImagePositionPatient = [-scan.field_mm / 2, -scan.field_mm / 2, phantom_header.position]
    header.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    header.PixelSpacing = [pixel, pixel]
    header.Rows = header.Columns = scan.size
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, 16, 15
    header.PixelRepresentation = 1
    header.RescaleSlope, header.RescaleIntercept, header.RescaleType = 1, INTERCEPT, "HU"
    if scan.padding is not None:
        header.PixelPaddingValue = scan.padding
    for name, value in phantom_header.more.items():
        setattr(header, name, value)
    return header


def phantom_image(
    phantom: Geometry, scan: PhantomScan, phantom_header: PhantomHeader | None = None
) -> Image:
    """Return an image of a phantom as it is measured."""
    return images_of(phantom_dataset(phantom, scan, phantom_header))[0]


def phantom_file(
    phantom: Geometry, scan: PhantomScan, phantom_header: PhantomHeader | None = None
) -> bytes:
    """Return the bytes of a file with an image of a phantom."""
    out = BytesIO()
    phantom_dataset(phantom, scan, phantom_header).save_as(out, enforce_file_format=True)
    return out.getvalue()
