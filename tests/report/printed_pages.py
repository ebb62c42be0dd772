"""A PDF looked at by programs that did not make it: Poppler draws it, qpdf takes it apart."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DPI = 110
NEAR = 24  # of 255: anti-aliasing and rounding, far below the distance of two colours of charts


def drawn(pdf: bytes) -> list[NDArray[np.uint8]]:
    """Return the pages as pictures (rows, columns, red green blue)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.pdf"
        file.write_bytes(pdf)
        subprocess.run(["pdftoppm", "-r", str(DPI), file, f"{folder}/p"], check=True)
        return [_ppm(page.read_bytes()) for page in sorted(Path(folder).glob("p-*.ppm"))]


def _ppm(content: bytes) -> NDArray[np.uint8]:
    kind, size, most, pixels = content.split(b"\n", 3)
    assert (kind, most) == (b"P6", b"255")
    across, down = map(int, size.split())
    return np.frombuffer(pixels, np.uint8).reshape(down, across, 3)


def pixels_of(picture: NDArray[np.uint8], colour: str) -> int:
    """Return how many pixels have a colour (``#rrggbb``)."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    return int((np.abs(picture.astype(int) - wanted).max(axis=2) <= NEAR).sum())


def filled(picture: NDArray[np.uint8]) -> float:
    """Return how far down a page something stands, as a part of its height; not its number."""
    body = picture[: int(picture.shape[0] * 0.92)]
    rows = np.nonzero((body < 200).any(axis=(1, 2)))[0]
    return float(rows[-1] / picture.shape[0]) if len(rows) else 0.0


def text(pdf: bytes, *options: str) -> str:
    """Return the words of a PDF; pages end with a form feed."""
    return _piped(["pdftotext", "-layout", *options, "-", "-"], pdf)


def facts(pdf: bytes) -> dict[str, str]:
    """Return what pdfinfo says of a PDF."""
    lines = (line.partition(":") for line in _piped(["pdfinfo", "-"], pdf).splitlines())
    return {name: value.strip() for name, _, value in lines}


def fonts(pdf: bytes) -> list[dict[str, str]]:
    """Return name, and whether it is embedded and known as Unicode, of each font."""
    lines = _piped(["pdffonts", "-"], pdf).splitlines()[2:]
    parts = [(line.split()[0], line.split()[-5:]) for line in lines]
    return [{"name": name, "embedded": rest[0], "unicode": rest[2]} for name, rest in parts]


def objects(pdf: bytes) -> dict[str, Any]:
    """Return all objects, by their numbers, after qpdf found the file sound."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.pdf"
        file.write_bytes(pdf)
        checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        told = subprocess.run(
            ["qpdf", "--json=2", "--json-stream-data=inline", "--decode-level=all", file],
            check=True, capture_output=True,
        )  # fmt: skip
    # qpdf 11.3 writes "3." as it stands in the PDF, which is no number of JSON.
    whole = re.sub(r"^(\s*-?\d+)\.(?=,?$)", r"\1", told.stdout.decode(), flags=re.MULTILINE)
    listed: dict[str, Any] = json.loads(whole)["qpdf"][1]
    return listed


def dictionaries(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every dictionary of a PDF's objects."""
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from dictionaries(each)


def _piped(command: list[str], pdf: bytes) -> str:
    return subprocess.run(command, input=pdf, check=True, capture_output=True).stdout.decode()
