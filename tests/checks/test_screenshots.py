"""Pictures in the docs: one of every page, small, in a palette, each shown somewhere."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from checks import screenshots
from checks.screenshots import MOST_BYTES, PICTURES, pages, small

DOCS = PICTURES.parent
SHOWN = "".join(
    page.read_text("utf-8") for page in (DOCS.parent / "README.md", *sorted(DOCS.glob("*.md")))
)


@pytest.mark.parametrize("name", pages())
def test_every_page_has_its_picture(name: str) -> None:
    assert list(PICTURES.glob(f"{name}*.png")), "python -m checks.screenshots makes it"


@pytest.mark.parametrize("file", sorted(PICTURES.glob("*.png")), ids=lambda file: file.name)
def test_every_picture_is_small_and_shown(file: Path) -> None:
    assert file.stat().st_size <= MOST_BYTES
    assert Image.open(file).mode == "P"
    assert f"pictures/{file.name}" in SHOWN


def png(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_hair_lines_keep_their_colour() -> None:
    picture = Image.linear_gradient("L").resize((600, 600)).convert("RGB")
    line = (213, 218, 224)
    picture.paste(line, (0, 300, 600, 302))
    picture.paste((255, 255, 255), (0, 302, 600, 600))
    made = Image.open(BytesIO(small(png(picture)))).convert("RGB")
    assert made.getpixel((10, 300)) == line
    assert made.getpixel((10, 500)) == (255, 255, 255)


def test_a_picture_that_cannot_be_small_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.effect_noise((400, 400), 90).convert("RGB")
    assert len(small(png(noise))) <= MOST_BYTES
    monkeypatch.setattr(screenshots, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="does not fit"):
        small(png(noise))
