"""Find in texts the verbs, options, files and functions that do not exist.

Texts are what people read: literals of the sources, pages, notebooks, README and docs.  Commands
are held against the real tree of argparse, files against the checkout, names against the sources.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import get_args, get_type_hints

import polars as pl

from workbench.cli import parser
from workbench.report.notebooks import report_names
from workbench.schema import TABLES
from workbench.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("src", "widgets")
PAGES = (".js", ".html", ".j2", ".css", ".toml")
PROSE = ("README.md", "CONTRIBUTING.md", "docs/*.md", "widgets/**/*.md", "src/**/*.md")
END = ".,;:)]!?"
QUOTES = "`'\"“”"
NAMED = ("workbench table", "workbench report run")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*[a-z])(?![\w-])")
CODE = re.compile(r"``(?P<two>[^`]+)``|`(?P<one>[^`]+)`|<code>(?P<html>[^<]+)</code>")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?<![\w./-])workbench[ \n]+(?=\S)")
NOT_COMMAND = re.compile(r"(?:from|import|-m|package|pip install) +$")
TOLD = re.compile(r"(?i)\b(?:run|with|by|type|try|once more)(?: first)?: *(?:`|')?([a-z][^`'\n]*)")


@dataclass(frozen=True)
class VerbNode:
    """A verb of the command line: its options, its actions, its words."""

    options: frozenset[str]
    actions: dict[str, VerbNode] = field(default_factory=dict)


def tree(words: argparse.ArgumentParser | None = None) -> VerbNode:
    """Return the verbs there are."""
    words = words or parser()
    actions: dict[str, VerbNode] = {}
    options: set[str] = set()
    for action in words._actions:
        if isinstance(action, argparse._SubParsersAction):
            actions |= {name: tree(verb) for name, verb in action.choices.items()}
        options |= set(action.option_strings)
    if words.prog.split()[-1] == "deidentify":  # its actions are words, so that IN OUT may stand
        actions = dict.fromkeys(("verify", "words"), VerbNode(frozenset(options)))
    return VerbNode(frozenset(options), actions)


@cache
def verbs() -> VerbNode:
    """Return the whole tree, once."""
    return tree()


def all_options(node: VerbNode | None = None) -> frozenset[str]:
    """Return the options of all verbs."""
    node = node or verbs()
    return node.options.union(*(all_options(action) for action in node.actions.values()))


# --- texts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReadText:
    """A text that people read, and where it stands."""

    place: str
    text: str
    markdown: bool = False

    def wrong(self) -> Iterator[str]:
        """Yield what it says that is not so, with the place."""
        problems = [*wrong_commands(self.text, self.markdown), *wrong_variables(self.text)]
        if not self.place.endswith(".css"):  # whose properties look like options
            problems += [*wrong_options(self.text), *wrong_settings(self.text)]
        if self.markdown or self.place.endswith((".html", ".j2")):
            problems += wrong_places(self.text)
        yield from (f"{self.place}: {problem}" for problem in problems)


def texts(root: Path = ROOT) -> Iterator[ReadText]:
    """Yield every text of a checkout."""
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix == ".py":
                yield from literals(path.read_text("utf-8"), path.relative_to(root).as_posix())
            elif path.suffix in PAGES:
                yield ReadText(path.relative_to(root).as_posix(), path.read_text("utf-8"))
    for path in sorted((root / "notebooks").rglob("*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"]):
            place = f"{path.relative_to(root).as_posix()}, cell {number}"
            yield ReadText(place, "".join(cell["source"]), markdown=True)
    for pattern in PROSE:
        for path in sorted(root.glob(pattern)):
            yield ReadText(path.relative_to(root).as_posix(), path.read_text("utf-8"), True)


def literals(source: str, place: str) -> Iterator[ReadText]:
    """Yield the literals of a Python source, what is filled into them as ``{}``."""
    parts: set[int] = set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
            pieces = [str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values]
            yield ReadText(f"{place}:{node.lineno}", "".join(pieces))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield ReadText(f"{place}:{node.lineno}", node.value)


# --- commands ------------------------------------------------------------------------------------


def wrong_commands(text: str, markdown: bool = False) -> Iterator[str]:
    """Yield what a text says of verbs and options that do not exist."""
    text = text.replace("\\n", "\n")
    for match in COMMAND.finditer(text):
        if NOT_COMMAND.search(text[: match.start()]):
            continue
        before = text[: match.start()].rstrip(" $")
        strict = before[-1:] in tuple(QUOTES) or before.endswith(":") or (
            markdown and before[-1:] in ("", "\n", "|", "/")
        )  # fmt: skip
        yield from _wrong(text[match.end() :], verbs(), "workbench", strict)
    for span in spans(text):
        first = span.split(maxsplit=1)[0] if span.split() else ""
        if first in verbs().actions:
            yield from _wrong(span, verbs(), "", strict=False)
    for match in TOLD.finditer(text):
        if match[1].split(maxsplit=1)[0].rstrip(END) in verbs().actions:
            yield from _wrong(match[1], verbs(), "", strict=True)


def spans(text: str) -> Iterator[str]:
    """Yield what stands in a text as code."""
    for match in CODE.finditer(FENCE.sub("", text)):
        yield match["two"] or match["one"] or match["html"]


def _wrong(rest: str, node: VerbNode, said: str, strict: bool) -> Iterator[str]:
    """Follow the words of a command down the tree; ``strict`` where it cannot be prose."""
    for number, (word, last) in enumerate(words_of(rest)):
        if word.startswith("-"):
            option = word.partition("=")[0]
            if option not in node.options and option not in ("--help", "-h", "--version"):
                yield f"{said} has no option {option}"
        elif node.actions:
            if word in node.actions:
                node, said = node.actions[word], f"{said} {word}".strip()
            elif number == 0 and not strict:
                return  # prose: "workbench reads"
            elif re.fullmatch(r"[a-z][a-z-]*(\|[a-z-]+)*", word) and said != "deidentify":
                missing = [name for name in word.split("|") if name not in node.actions]
                yield from (f"{said or 'workbench'} has no verb {name}" for name in missing)
                return
        elif said.endswith(NAMED) and re.fullmatch(r"[a-z_]+", word):
            known = {*TABLES, *report_names()}
            if word not in known:
                yield f"{said} has no {word}"
            said += " "
        if last:
            return


def words_of(rest: str) -> Iterator[tuple[str, bool]]:
    """Yield the words of a command up to its end, and whether each is the last."""
    line = rest.split("\n", 1)[0]
    line = re.split(r"\s[#|&]|[`“”]|</|\s\(", line, maxsplit=1)[0]
    for word in line.split():
        bare = word.strip(QUOTES).rstrip(END).strip(QUOTES)
        ended = word.rstrip(QUOTES)[-1:] in tuple(END) or word[-1:] in tuple(QUOTES)
        if bare:
            yield bare, ended
        if ended:
            return


# --- options, settings, files, functions ---------------------------------------------------------

# Options of other programs that our texts name.
FOREIGN = {
    "--dbname": "pg_restore", "--file": "pg_dump", "--format": "pg_dump", "--schema": "pg_dump",
    "--no-deps": "pip", "--no-build-isolation": "pip", "--now": "systemctl", "--host": "dask",
    "--flavour": "verapdf",
    "--host-resolver-rules": "chromium", "--tests": "python -m checks.mutation",
    "--option": "stands for any",
}  # fmt: skip
# Files that the docs tell a reader to make, or that stand for any.
EXAMPLES = frozenset({
    "room/module.py", "tests/room/test_module.py", "NAME.manifest.csv", "insert_contrast.py",
    "insert_disc.toml", "widgets/.../parts", "text/html",
    "voila.json",  # none is read, it says
})  # fmt: skip
FILE = re.compile(
    r"((?:[\w.-]+/)*[\w-]+\.(?:py|md|toml|csv|ipynb|js|css|sh|html|j2|txt|lock|yml|key|sqlite|json))"
    r"(?::\d+)?"
)
FOLDER = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?|[\w-]+/")
CALLED = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)\(")
MODULE = re.compile(r"(?:workbench|workbench_widgets)(?:\.\w+)+")
SETTING = re.compile(r"\[([a-z]+)\][`*]* +[`*]*([a-z_]+)(?= *=|[`*]|\b)")
VARIABLE = re.compile(r"\bWORKBENCH_[A-Z_]+\b")
FREE_TABLES = ("filter", "schedule")  # keys of these are checked by what reads them


@cache
def sources(*folders: str) -> str:
    """Return all Python sources below some folders as one text."""
    return "\n".join(
        path.read_text("utf-8")
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != Path(__file__)
    )


def wrong_options(text: str) -> Iterator[str]:
    """Yield the options of a sentence that nothing here has."""
    if " " not in text:
        return
    for option in sorted(set(OPTION.findall(text)) - all_options() - FOREIGN.keys()):
        if f'"{option}"' not in sources("benchmarks", "checks", "tests"):
            yield f"nothing has the option {option}"


def wrong_settings(text: str) -> Iterator[str]:
    """Yield the keys that a text puts into a table of the settings and nobody reads.

    Only what has the form ``[table] key``: a word after a table in prose may be any.
    """
    hints = get_type_hints(Settings)
    for match in SETTING.finditer(text):
        table, key = match.groups()
        if table not in hints or table in FREE_TABLES or not _is_key(text, match):
            continue
        kinds = [kind for kind in (hints[table], *get_args(hints[table])) if is_dataclass(kind)]
        if key not in {setting.name for kind in kinds for setting in fields(kind)}:
            yield f"[{table}] has no key {key}"


def _is_key(text: str, match: re.Match[str]) -> bool:
    """Say whether the word after a table is meant as its key: as code, or with a value."""
    line = text[: match.end()].rpartition("\n")[2]
    valued = text[match.end() :].lstrip().startswith("=")
    return valued or "_" in match[2] or line.count("`") % 2 == 1


def wrong_variables(text: str) -> Iterator[str]:
    """Yield the environment variables of ours that nothing reads."""
    yield from (f"nothing reads {name}" for name in set(VARIABLE.findall(text)) - variables())


@cache
def variables() -> frozenset[str]:
    """Return the environment variables of ours that something reads."""
    read = sources("src", "widgets", "benchmarks", "checks", "tests") + "".join(
        (ROOT / name).read_text("utf-8") for name in ("Makefile", "checks/programs.sh")
    )
    return frozenset(re.findall(r"""["'$({](WORKBENCH_[A-Z_]+)""", read))


def wrong_places(text: str) -> Iterator[str]:
    """Yield the files, folders, modules and functions of a page that do not exist."""
    for span in spans(text):
        if span in EXAMPLES:
            continue
        file, folder = FILE.fullmatch(span), FOLDER.fullmatch(span)
        if file and not is_file(file[1]):
            yield f"there is no file {span}"
        elif folder and not file and not is_folder(span.rstrip("/")):
            yield f"there is no folder {span}"
        elif MODULE.fullmatch(span) and not file and not is_importable(span):
            yield f"there is no module or name {span}"
        elif (called := CALLED.match(span)) and called[1] not in defined_names():
            yield f"there is no function {called[1]}()"
    for language, code in FENCE.findall(text):
        if language == "python":
            yield from _wrong_imports(code)


def _wrong_imports(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("workbench"):
            for name in node.names:
                if not is_importable(f"{node.module}.{name.name}"):
                    yield f"there is no {node.module}.{name.name}"


def is_file(name: str) -> bool:
    """Say whether a file is in the checkout, or is one that the product makes somewhere."""
    last = name.rpartition("/")[2]
    return name in _ends() or f'"{last}"' in sources("src", "widgets")


def is_folder(name: str) -> bool:
    """Say whether a folder is in the checkout, or one of a workspace, written ``W/reports``."""
    if name in _ends() or is_keyword_path(name):
        return True
    first, _, last = name.rpartition("/")
    return first in ("", "W") and f'"{last}"' in sources("src", "widgets")


def is_keyword_path(name: str) -> bool:
    """Say whether it is a path into sequences of a header."""
    from pydicom.datadict import tag_for_keyword

    return all(tag_for_keyword(part) is not None for part in name.split("/"))


@cache
def _ends() -> frozenset[str]:
    """Return the paths of all files and folders of the checkout, from any folder on."""
    hidden = {".venv", ".git", "node_modules", "__pycache__"}
    paths = (path.relative_to(ROOT).parts for path in ROOT.rglob("*"))
    return frozenset(
        "/".join(parts[start:])
        for parts in paths
        if not hidden & set(parts)
        for start in range(len(parts))
    )


def is_importable(name: str) -> bool:
    """Say whether a dotted name is a module, or stands in one; or names a kind of plug-in."""
    if f'"{name}"' in sources("src"):
        return True
    parts = name.split(".")
    for at in range(len(parts), 0, -1):
        try:
            there: object = import_module(".".join(parts[:at]))
        except ImportError:
            continue
        for part in parts[at:]:
            if not hasattr(there, part):
                return False
            there = getattr(there, part)
        return True
    return False


@cache
def defined_names() -> frozenset[str]:
    """Return the names of all functions and classes in the sources, and Python's own."""
    names = set(dir(builtins))
    tree = ast.parse(sources("src", "widgets", "checks", "benchmarks", "tests"))
    kinds = ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef
    names |= {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    return frozenset(names | set(dir(pl.LazyFrame)) | set(dir(pl.DataFrame)))
