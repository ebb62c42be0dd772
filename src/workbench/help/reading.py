"""Find the help of a card: the site's own, else ours, in the reader's language, else in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from workbench.language import current_language
from workbench.language.markdown import markdown
from workbench.language.pseudo import PSEUDO

TEXTS = Path(__file__).parent / "texts"
FOLDER = "help"  # of a workspace
ENGLISH = "en"
MAX_BYTES = 32 * 1024  # of a site's text: two minutes of reading are 2 kB
HEADING = re.compile(r"^(# .*)$", re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9_]{0,60}\Z")

_site: list[Path | None] = [None]


@dataclass(frozen=True)
class HelpText:
    """The help of a card.

    Attributes
    ----------
    markdown
        What it says.
    by_site
        Whether somebody of this site wrote it.
    problem
        Whether the site has a text that could not be read, so that ours stands in its place.
    """

    markdown: str
    by_site: bool = False
    problem: bool = False


def of_site(workspace: str | Path | None) -> None:
    """Take a workspace's own texts first, from now on; a kernel serves one workspace."""
    _site[0] = Path(workspace) / FOLDER if workspace else None


def help_text(name: str) -> HelpText | None:
    """Return the help of a card; ``None`` where there is none.

    Raises ``ValueError`` for what is no name of a card: it would be a path.
    """
    if not NAME.match(name):
        raise ValueError("no name of a card's help")
    own, problem = _of_site(name)
    if own is not None:
        return HelpText(own, by_site=True)
    language = current_language()
    ours = _ours(name, language)
    if ours is not None and language == PSEUDO:
        ours = markdown(HEADING.sub(r"\1\n", ours))
    return None if ours is None else HelpText(ours, problem=problem)


def help_names() -> tuple[str, ...]:
    """Return the names of all cards that there is a text of."""
    return tuple(sorted(file.name.removesuffix(".en.md") for file in TEXTS.glob("*.en.md")))


@lru_cache(maxsize=256)
def _ours(name: str, language: str) -> str | None:
    for code in (language, ENGLISH):
        file = TEXTS / f"{name}.{code}.md"
        if file.is_file():
            return file.read_text(encoding="utf-8")
    return None


def _of_site(name: str) -> tuple[str | None, bool]:
    """Return a site's text, and whether there is one that cannot be read."""
    problem = False
    for file in _files(name):
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_BYTES + 1)
        except FileNotFoundError:
            continue
        except OSError:
            problem = True
            continue
        try:
            words = content.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            words = ""
        if words and len(content) <= MAX_BYTES:
            return words, False
        problem = problem or bool(content.strip())
    return None, problem


def _files(name: str) -> Iterator[Path]:
    folder = _site[0]
    if folder is not None:
        yield folder / f"{name}.{current_language()}.md"
        yield folder / f"{name}.md"
