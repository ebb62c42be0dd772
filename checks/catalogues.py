"""The catalogues of other languages hold every text of the program, and nothing else.

    python -m checks.catalogues             what is missing, differs or is stale; exit code 1 then
    python -m checks.catalogues --update    take new texts into every catalogue, and compile them
    python -m checks.catalogues --add lb    begin another language

Texts are found where they are marked: ``t``, ``n`` and ``mark`` in Python and in templates, the
markdown and the titles of notebooks, and the words of errors.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po
from jinja2.ext import babel_extract

from workbench.language.markdown import markdown_texts

ROOT = Path(__file__).resolve().parents[1]
CATALOGUES = Path("src/workbench/language/catalogues")
PYTHON = ("src/workbench", "widgets/workbench_widgets")
TEMPLATES = ("*.html", "*.j2")
ALONE, COUNTED = {"t", "mark", "html", "later", "Saying"}, {"n", "counted"}
ERRORS = re.compile(r"(Error|NotDicom|NotWanted|DamagedObject|MissingTool|PeerBusy)\Z")
PLACE = re.compile(r"\{\w+\}")
# What a catalogue says of its making must not change with the day.
FIXED = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "# Texts of Workbench in another language; docs/translate.md tells how they are written."
# The command line speaks English, and the door itself has no words of its own.
PASSED = ("src/workbench/cli", "src/workbench/language")
# Those of notebooks/explore are opened in JupyterLab, which shows them as they are.
NOTEBOOKS = ("notebooks/dashboards", "notebooks/reports")


@dataclass(order=True, frozen=True)
class Text:
    """A text to be translated: where it stands, and its form for several."""

    file: str
    line: int
    words: str = field(compare=False)
    plural: str = field(default="", compare=False)


@dataclass(frozen=True)
class Problem:
    """Something wrong with a text or a catalogue."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def texts(root: Path = ROOT) -> Iterator[Text | Problem]:
    """Yield every text of the program, and what is marked in a way that cannot be read."""
    for folder in PYTHON:
        for file in sorted((root / folder).rglob("*.py")):
            name = str(file.relative_to(root))
            if not name.startswith(PASSED):
                yield from python_texts(file.read_text(encoding="utf-8"), name)
        for pattern in TEMPLATES:
            for file in sorted((root / folder).rglob(pattern)):
                yield from template_texts(file, str(file.relative_to(root)))
    for folder in NOTEBOOKS:
        for file in sorted((root / folder).rglob("*.ipynb")):
            yield from notebook_texts(file.read_text(encoding="utf-8"), str(file.relative_to(root)))


def python_texts(source: str, name: str) -> Iterator[Text | Problem]:
    """Yield the texts of a module."""
    module = ast.parse(source)
    named = _named(module)
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        called = _name(node.func)
        if called in ALONE and node.args:
            yield from _marked(node, name)
        elif called in COUNTED and len(node.args) > 1:
            single, several = _literal(node.args[0]), _literal(node.args[1])
            if single and several:
                yield Text(name, node.lineno, single, several)
            else:
                yield Problem(f"{name}:{node.lineno}", "the forms of n() are not written out")
        elif ERRORS.search(called) and not hasattr(builtins, called):
            yield from _of_error(node, name, named)


def _named(module: ast.Module) -> dict[str, list[ast.expr]]:
    """Return what is assigned to each name, wherever in a module."""
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(module):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in [each for given in targets for each in ast.walk(given)]:
                if isinstance(target, ast.Name):
                    named.setdefault(target.id, []).append(node.value)
    return named


def _name(called: ast.expr) -> str:
    """Return the name of a function, or that of the method ``Saying.counted``."""
    if isinstance(called, ast.Attribute) and called.attr == "counted":
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _marked(node: ast.Call, name: str) -> Iterator[Text | Problem]:
    first = node.args[0]
    if words := _literal(first):
        yield Text(name, node.lineno, words)
    elif isinstance(first, (ast.JoinedStr, ast.BinOp)):
        yield Problem(f"{name}:{node.lineno}", "an f-string or a sum cannot be translated")


def _of_error(
    node: ast.Call, name: str, named: dict[str, list[ast.expr]]
) -> Iterator[Text | Problem]:
    """Yield what an error says: its message and its remedy; a code is one word."""
    for argument in node.args:
        if isinstance(argument, (ast.JoinedStr, ast.BinOp)):
            yield Problem(f"{name}:{node.lineno}", "an error's f-string cannot be translated")
        elif " " in (words := _literal(argument)):
            yield Text(name, node.lineno, words)
        elif isinstance(argument, ast.Name):
            yield from _held(argument.id, named, name)


def _held(held: str, named: dict[str, list[ast.expr]], name: str) -> Iterator[Text | Problem]:
    """Yield the texts that a name stands for: written out, or in a table it is taken from."""
    for value in named.pop(held, []):
        if isinstance(value, (ast.JoinedStr, ast.BinOp)):
            yield Problem(f"{name}:{value.lineno}", "an error's f-string cannot be translated")
            continue
        for node in ast.walk(value):
            if isinstance(node, ast.Name):
                yield from _held(node.id, named, name)
            elif isinstance(node, ast.Constant) and len((words := _literal(node)).split()) > 2:
                yield Text(name, node.lineno, words)


def _literal(node: ast.expr) -> str:
    """Return a text that is written out, else nothing."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def template_texts(file: Path, name: str) -> Iterator[Text]:
    """Yield the texts of a template."""
    with file.open("rb") as opened:
        for line, called, words, _ in babel_extract(opened, sorted(ALONE | COUNTED), [], {}):
            if called in COUNTED and isinstance(words, tuple):
                yield Text(name, line, str(words[0]), str(words[1]))
            else:
                first = words[0] if isinstance(words, tuple) else words
                if first:
                    yield Text(name, line, str(first))


def notebook_texts(source: str, name: str) -> Iterator[Text]:
    """Yield the title of a notebook, and its markdown paragraph by paragraph."""
    notebook = json.loads(source)
    if title := notebook.get("metadata", {}).get("title"):
        yield Text(name, 1, title)
    for number, cell in enumerate(notebook["cells"], 1):
        if cell["cell_type"] == "markdown":
            for words in markdown_texts("".join(cell["source"])):
                yield Text(name, number, words)


# --- catalogues ---------------------------------------------------------------------------------


def template(found: list[Text]) -> Catalog:
    """Return all texts as a catalogue without translations."""
    catalog = Catalog(
        project="workbench", charset="utf-8", fuzzy=False, creation_date=FIXED, revision_date=FIXED
    )
    for text in sorted(found):
        words = (text.words, text.plural) if text.plural else text.words
        catalog.add(words, locations=[(text.file, 0)])
    return catalog


def problems(root: Path = ROOT) -> Iterator[Problem]:
    """Yield what is wrong with the texts and the catalogues."""
    found = []
    for each in texts(root):
        if isinstance(each, Problem):
            yield each
        else:
            found.append(each)
    wanted = {_key(text.words, text.plural) for text in found}
    for file in sorted((root / CATALOGUES).glob("*/messages.po")):
        yield from wrong_with(file, wanted)


def wrong_with(file: Path, wanted: set[tuple[str, str]]) -> Iterator[Problem]:
    """Yield what is wrong with one catalogue."""
    language = file.parent.name
    try:
        catalog = _read(file)
    except (PoFileError, UnknownLocaleError, ValueError) as error:
        yield Problem(language, f"the catalogue cannot be read ({error})")
        return
    messages = {_key(*_forms(message)): message for message in catalog if message.id}
    for key in sorted(wanted - messages.keys()):
        yield Problem(language, f"is missing: {key[0]!r}")
    for key in sorted(messages.keys() - wanted):
        yield Problem(language, f"is said nowhere: {key[0]!r}")
    for key in sorted(wanted & messages.keys()):
        yield from (
            Problem(language, what) for what in wrong_in(messages[key], catalog.num_plurals)
        )
    compiled = file.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != compile_catalog(catalog):
        yield Problem(language, f"{compiled.name} is older than {file.name}: run with --update")


def wrong_in(message: Message, forms: int) -> Iterator[str]:
    """Yield what is wrong with one translation."""
    originals, said = _as_tuple(message.id), _as_tuple(message.string)
    if not all(said) or (len(originals) > 1 and len(said) != forms):
        yield f"is not translated: {originals[0]!r}"
        return
    if message.fuzzy:
        yield f"is to be read by somebody (fuzzy): {originals[0]!r}"
    allowed = {places(each) for each in originals}
    for each in said:
        if places(each) not in allowed:
            yield f"has other places than the English text: {each!r}"
        if each.strip() != each and originals[0].strip() == originals[0]:
            yield f"begins or ends with a blank: {each!r}"


def places(text: str) -> tuple[str, ...]:
    """Return the places of a text in order of their names, and braces that are none.

    A number may be written out.
    """
    found = set(PLACE.findall(text)) | set("{}") & set(PLACE.sub("", text))
    return tuple(sorted(found - {"{count}"}))


def update(root: Path, language: str = "") -> None:
    """Take new texts into the catalogues, drop old ones, and compile them."""
    found = [each for each in texts(root) if isinstance(each, Text)]
    files = sorted((root / CATALOGUES).glob("*/messages.po"))
    if language:
        file = root / CATALOGUES / language / "messages.po"
        file.parent.mkdir(parents=True, exist_ok=True)
        files.append(file)
    for file in files:
        fresh = template(found)
        catalog = _read(file) if file.exists() else Catalog(locale=file.parent.name)
        catalog.project, catalog.fuzzy, catalog.header_comment = "workbench", False, HEADER
        catalog.last_translator, catalog.language_team = "", ""
        catalog.msgid_bugs_address, catalog.version = "", ""
        catalog.update(fresh, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.creation_date = catalog.revision_date = FIXED
        with file.open("wb") as opened:
            write_po(opened, catalog, width=100, sort_output=True, omit_header=False)
        file.with_suffix(".mo").write_bytes(compile_catalog(_read(file)))


def compile_catalog(catalog: Catalog) -> bytes:
    """Return the catalogue as gettext reads it."""
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def _read(file: Path) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened, locale=file.parent.name, abort_invalid=True)


def _as_tuple(words: Any) -> tuple[str, ...]:
    return tuple(words) if isinstance(words, (tuple, list)) else (words or "",)


def _forms(message: Message) -> tuple[str, str]:
    words = _as_tuple(message.id)
    return words[0], words[1] if len(words) > 1 else ""


def _key(words: str, plural: str = "") -> tuple[str, str]:
    return words, plural


def main(words: list[str] | None = None, root: Path = ROOT) -> int:
    """Check, update or begin catalogues; return the exit code."""
    options = argparse.ArgumentParser(
        prog="python -m checks.catalogues", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    options.add_argument("--update", action="store_true")
    options.add_argument("--add", metavar="LANGUAGE", default="", help="its code (ISO 639-1)")
    asked = options.parse_args(words)
    if asked.update or asked.add:
        update(root, asked.add)
    wrong = list(problems(root))
    for problem in wrong:
        print(problem)
    number = len({text.words for text in texts(root) if isinstance(text, Text)})
    print(f"{number} texts, {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
