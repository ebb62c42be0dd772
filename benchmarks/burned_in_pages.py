"""Drawn pages with known words in known places: dose screens, and text over noisy anatomy.

The layouts follow what each maker's screen is known to hold (docs/dose.md); the letters are fonts
of this machine, so the pages look like no scanner's.  Every word knows its own ink, pixel for
pixel: a second drawing gives each a colour of its own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Kind = Literal["plain", "identity", "dose"]
FONTS = ("DejaVu Sans Mono", "Liberation Sans", "DejaVu Sans", "DejaVu Serif")
_SURNAMES = (
    "Quixoteberg Brontosau Mueller Schmidt Kowalski Johansson Dupont Lefevre Garcia Rossi "
    "Novak Andersen Vandenberg Papadopoulos Okonkwo Tanaka Wojcik Fernandes Hoffmann Weber "
    "Li Ng Berg Koch Lang Braun Klein Steiner Marti Costa Silva Moreau Petit Roux Blanc Sand "
    "Smith Jones Walker Hall Head Scott Young King Wright Hill Green Baker Adams Nelson"
)
_GIVEN = (
    "Zelda Otto Hans Marguerite Pierre Ingrid Lucia Tomasz Sofia Kenji Amara Willem Eva Paulo "
    "Anneliese Jean Greta Marco Olga Nils Max Lena Tim Ida"
)
SURNAMES, GIVEN = _SURNAMES.split(), _GIVEN.split()
PLACES = ("Xanadu Spital", "Clinique Belvoir", "Northgate Infirmary", "Klinikum Eichenau")
LIGHTEST, BYTES_A_PIXEL = 255, 4
APART = 4  # of 255, between the colours of two pieces: soft edges are rounded


@dataclass(frozen=True)
class Person:
    """Who is on a page."""

    family: str
    given: str
    number: str
    accession: str
    born: date
    place: str
    physician: str

    def header(self) -> Dataset:
        """Return a header of a captured screen that names the person."""
        data = Dataset()
        data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
        data.Modality, data.ImageType = "CT", ["DERIVED", "SECONDARY"]
        data.PatientName, data.PatientID = f"{self.family}^{self.given}", self.number
        data.PatientBirthDate = f"{self.born:%Y%m%d}"
        data.AccessionNumber, data.InstitutionName = self.accession, self.place
        data.ReferringPhysicianName = self.physician
        data.PhotometricInterpretation, data.SamplesPerPixel = "MONOCHROME2", 1
        data.BitsStored = data.BitsAllocated = 8
        return data


def person(rng: np.random.Generator) -> Person:
    """Return somebody made up."""
    return Person(
        str(rng.choice(SURNAMES)), str(rng.choice(GIVEN)),
        f"{rng.choice(['P', 'MR', ''])}{rng.integers(10**6, 10**8)}",
        f"{rng.integers(10**7, 10**9)}",
        date(int(rng.integers(1925, 2015)), int(rng.integers(1, 13)), int(rng.integers(1, 29))),
        str(rng.choice(PLACES)), str(rng.choice(SURNAMES)),
    )  # fmt: skip


class Piece(NamedTuple):
    """A word or two at a column (letters) and a line."""

    column: float
    line: float
    text: str
    kind: Kind = "plain"


@dataclass(frozen=True)
class Style:
    """How a page is drawn."""

    font: str = FONTS[0]
    size: float = 14.0
    dark: bool = True
    noise: float = 0.0
    brightness: int = LIGHTEST
    jagged: bool = False
    columns: int = 640
    rows: int = 480


@dataclass(frozen=True)
class Drawn:
    """A drawn page: its grey values, and the ink of each identifying word and each dose."""

    page: NDArray[np.uint8]
    identity: list[NDArray[np.bool_]] = field(default_factory=list)
    doses: list[NDArray[np.bool_]] = field(default_factory=list)


Scan = tuple[str, float, float]  # name, CTDIvol in mGy, DLP in mGy.cm


def scans(rng: np.random.Generator) -> list[Scan]:
    """Return some scans with doses as they occur."""
    names = ("Thorax", "Abdomen", "HeadSeq", "Spiral", "Premonitor")
    return [
        (str(rng.choice(names)), float(rng.uniform(1, 60)), float(rng.uniform(20, 1500)))
        for _ in range(int(rng.integers(2, 6)))
    ]


def ge(who: Person | None, table: list[Scan]) -> Iterator[Piece]:
    """Yield GE's dose report: identity in two columns above the table."""
    yield Piece(30, 0, "Dose Report")
    if who:
        yield from _labelled(1, "Patient Name:", f"{who.family}^{who.given}".upper())
        yield from _labelled(2, "Accession Number:", who.accession)
        yield from _labelled(3, "Patient ID:", who.number)
        yield Piece(46, 3, f"{who.born:%b %d, %Y}", "identity")
    yield from (Piece(column, 6, head) for column, head in (
        (0, "Series"), (9, "Type"), (20, "CTDIvol (mGy)"), (38, "DLP (mGy-cm)"), (54, "Phantom cm")
    ))  # fmt: skip
    for number, (_, ctdi, dlp) in enumerate(table, 1):
        yield Piece(0, 6 + number, str(number))
        yield Piece(9, 6 + number, "Helical")
        yield Piece(22, 6 + number, f"{ctdi:.2f}", "dose")
        yield Piece(40, 6 + number, f"{dlp:.2f}", "dose")
        yield Piece(54, 6 + number, "Body 32")
    yield Piece(24, 8 + len(table), "Total Exam DLP:")
    yield Piece(41, 8 + len(table), f"{sum(dlp for *_, dlp in table):.2f}", "dose")


def siemens(who: Person | None, table: list[Scan]) -> Iterator[Piece]:
    """Yield Siemens' patient protocol: identity in the upper corners, without labels."""
    if who:
        yield Piece(0, 0, f"{who.family}, {who.given}", "identity")
        yield Piece(0, 1, who.number, "identity")
        yield Piece(0, 2, f"*{who.born:%d.%m.%Y}", "identity")
        yield Piece(46, 0, who.place, "identity")
        yield Piece(0, 4, "Physician:")
        yield Piece(12, 4, who.physician, "identity")
    yield Piece(24, 3, "Patient Protocol")
    yield from (Piece(column, 6, head) for column, head in (
        (14, "Scan"), (21, "KV"), (27, "mAs / ref."), (40, "CTDIvol*"), (51, "DLP"), (58, "TI")
    ))  # fmt: skip
    for number, (name, ctdi, dlp) in enumerate(table, 1):
        yield Piece(0, 7 + number, name)
        yield Piece(14, 7 + number, str(number))
        yield Piece(21, 7 + number, "120")
        yield Piece(27, 7 + number, f"{dlp / 9:.0f} / 150")
        yield Piece(40, 7 + number, f"{ctdi:.2f} L", "dose")
        yield Piece(51, 7 + number, f"{dlp:.0f}", "dose")
        yield Piece(58, 7 + number, "0.5")
    yield Piece(20, 5, "Total DLP")
    yield Piece(32, 5, f"{sum(dlp for *_, dlp in table):.0f} mGy*cm", "dose")


def philips(who: Person | None, table: list[Scan]) -> Iterator[Piece]:
    """Yield Philips' exam summary: identity and doses side by side."""
    yield Piece(0, 0, "Dose Info")
    if who:
        yield Piece(0, 1, "Name:")
        yield Piece(7, 1, f"{who.family} {who.given}", "identity")
        yield Piece(0, 2, "ID:")
        yield Piece(7, 2, who.number, "identity")
        yield Piece(0, 3, "DOB:")
        yield Piece(7, 3, f"{who.born:%m/%d/%Y}", "identity")
        yield Piece(0, 4, "Hospital:")
        yield Piece(10, 4, who.place, "identity")
    yield Piece(40, 1, "Total DLP")
    yield Piece(52, 1, f"{sum(dlp for *_, dlp in table):.1f}", "dose")
    for number, (name, ctdi, dlp) in enumerate(table, 1):
        yield Piece(0, 5 + number, f"Series #{number} {name}")
        yield Piece(26, 5 + number, f"CTDIvol={ctdi:.1f}", "dose")
        yield Piece(44, 5 + number, f"DLP={dlp:.1f}", "dose")


def toshiba(who: Person | None, table: list[Scan]) -> Iterator[Piece]:
    """Yield Toshiba's summary: identity in one line at the top, total first, details below."""
    if who:
        yield Piece(0, 0, "ID:")
        yield Piece(4, 0, who.number, "identity")
        yield Piece(18, 0, "Name:")
        yield Piece(24, 0, f"{who.family.upper()} {who.given.upper()}", "identity")
        yield Piece(50, 0, f"{who.born:%Y-%m-%d}", "identity")
        yield Piece(0, 1, "Accession No")
        yield Piece(18, 1, who.accession, "identity")
    yield Piece(0, 3, "<< Dose Information >>")
    yield Piece(0, 4, "Total DLP(mGycm) (Body) :")
    yield Piece(28, 4, f"{sum(dlp for *_, dlp in table):.1f}", "dose")
    yield Piece(0, 5, "<< Detail Information >>")
    for number, (name, ctdi, dlp) in enumerate(table):
        yield Piece(0, 6 + 2 * number, f"{number + 1}. {name}")
        yield Piece(3, 7 + 2 * number, "CTDIvol(mGy)")
        yield Piece(17, 7 + 2 * number, f"{ctdi:.1f}", "dose")
        yield Piece(30, 7 + 2 * number, "DLP(mGycm)")
        yield Piece(42, 7 + 2 * number, f"{dlp:.1f}", "dose")


def _labelled(line: int, label: str, text: str) -> Iterator[Piece]:
    yield Piece(0, line, label)
    yield Piece(20, line, text, "identity")


LAYOUTS: dict[str, Callable[[Person | None, list[Scan]], Iterator[Piece]]] = {
    "GE": ge, "Siemens": siemens, "Philips": philips, "Toshiba": toshiba,
}  # fmt: skip


def corners(who: Person) -> Iterator[Piece]:
    """Yield what some devices write over an image: name and identifier, date and place."""
    yield Piece(0, 0, f"{who.family}, {who.given}", "identity")
    yield Piece(0, 1, who.number, "identity")
    yield Piece(0, 2, f"{who.born:%d.%m.%Y}", "identity")
    yield Piece(34, 0, who.place, "identity")


def draw(pieces: list[Piece], style: Style, under: NDArray[np.float64] | None = None) -> Drawn:
    """Draw a page of at most 62 pieces, over a background of its shape if one is given."""
    ink = _image(pieces, style, lambda _: "#fff")[..., 0] / LIGHTEST
    if style.jagged:
        ink = np.rint(ink)
    codes = _image(pieces, style, lambda number: f"#{APART * (number + 1):02x}ff00")
    ground = under if under is not None else np.zeros(ink.shape)
    page = ground * (1 - ink) + style.brightness * ink
    if not style.dark:
        page = LIGHTEST - page
    if style.noise:
        page = page + np.random.default_rng(len(pieces)).normal(0, style.noise, page.shape)
    drawn = Drawn(np.clip(np.rint(page), 0, LIGHTEST).astype(np.uint8))
    strong = codes[..., 1] >= LIGHTEST // 2
    number = codes[..., 0] / np.maximum(codes[..., 1], 1) * LIGHTEST / APART - 1
    for place, piece in enumerate(pieces):
        mask = strong & (np.abs(number - place) < 0.5) if piece.kind != "plain" else None
        if mask is not None:
            (drawn.identity if piece.kind == "identity" else drawn.doses).append(mask)
    return drawn


def anatomy(rng: np.random.Generator, rows: int, columns: int) -> NDArray[np.float64]:
    """Return something like noisy anatomy: soft blobs of all brightnesses, and noise."""
    down, across = np.mgrid[0:rows, 0:columns]
    picture = np.zeros((rows, columns))
    for _ in range(25):
        row, column = rng.uniform(0, rows), rng.uniform(0, columns)
        size = rng.uniform(10, 90)
        spot = np.exp(-((down - row) ** 2 + (across - column) ** 2) / (2 * size**2))
        picture += rng.uniform(-60, 120) * spot
    return np.asarray(np.clip(picture + rng.normal(60, 18, picture.shape), 0, 235), np.float64)


def _image(pieces: list[Piece], style: Style, colour: Callable[[int], str]) -> NDArray[np.uint8]:
    import vl_convert

    advance, line = 0.62 * style.size, 1.5 * style.size
    texts = "".join(
        f'<text x="{4 + piece.column * advance:.1f}" y="{(piece.line + 1) * line:.1f}" '
        f'fill="{colour(number)}">{escape(piece.text)}</text>'
        for number, piece in enumerate(pieces)
    )
    size = f'width="{style.columns}" height="{style.rows}"'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{style.font}, sans-serif" '
        f'font-size="{style.size}" xml:space="preserve"><rect {size} fill="#000"/>{texts}</svg>'
    )
    return _png(vl_convert.svg_to_png(svg))


def _png(data: bytes) -> NDArray[np.uint8]:
    """Decode a PNG of 8 bits RGBA without interlacing, as the renderer writes it (RFC 2083)."""
    place, packed, columns, rows = 8, b"", 0, 0
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            columns, rows, depth, colour = struct.unpack(">IIBB", body[:10])
            if (depth, colour, body[12]) != (8, 6, 0):
                raise ValueError("not the kind of PNG that is drawn here")
        packed += body if kind == b"IDAT" else b""
        place += length + 12
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(rows, -1)
    picture = np.zeros((rows, columns * BYTES_A_PIXEL), np.uint8)
    above = np.zeros(columns * BYTES_A_PIXEL, np.uint8)
    for number, line in enumerate(lines):
        above = _unfiltered(int(line[0]), line[1:], above)
        picture[number] = above
    return picture.reshape(rows, columns, BYTES_A_PIXEL)


def _unfiltered(kind: int, line: NDArray[np.uint8], above: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if kind == 0:
        return line.copy()
    if kind == 2:
        return line + above
    out = bytearray(line.tobytes())
    upper = above.tobytes()
    for place in range(len(out)):
        left = out[place - BYTES_A_PIXEL] if place >= BYTES_A_PIXEL else 0
        corner = upper[place - BYTES_A_PIXEL] if place >= BYTES_A_PIXEL else 0
        guess = {1: left, 3: (left + upper[place]) // 2}.get(kind)
        if guess is None:
            guess = _paeth(left, upper[place], corner)
        out[place] = (out[place] + guess) & LIGHTEST
    return np.frombuffer(bytes(out), np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    return min((left, up, corner), key=lambda value: abs(estimate - value))
