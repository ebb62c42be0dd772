"""The places where a text may become HTML, by name: a new one has to be looked at by a person."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKERS = ("Markup", "HTML", "HTMLMath", "DisplayHandle", "Javascript", "Latex", "Markdown", "SVG")
# Each joins or wraps what escaping functions made, or is a style sheet of ours.
LOOKED_AT = {
    ("charts.py", "Markup(tostring(root, encoding='unicode'))"),
    ("contents.py", "Markup(''.join(figures))"),
    ("page_words.py", "Markup(f'{BEGIN}{TEXT}{BETWEEN}{escape(text)}{END}')"),
    ("page_words.py", "Markup(f'{BEGIN}{MARKDOWN}{BETWEEN}{escape(source)}{END}')"),
    ("texts.py", "Markup(escaped.replace(place, Markup.escape(values[name])))"),
    ("rendering.py", "Markup(str(page(markdown)))"),
    ("contents.py", "Markup(''.join(parts))"),
    ("event_page.py", "Markup(part)"),
    ("two_choices.py", "Markup(compared_html(sides[0], sides[1], names))"),
    ("page.py", "widgets.HTML(f'<style>{STYLE}</style>')"),
    ("page.py", "widgets.HTML(str(content))"),
    ("put_aside_page.py", "Markup(part)"),
    ("put_aside_page.py", "Markup(style)"),
    ("tabs.py", "ipywidgets.HTML(str(Markup.escape(said_instead)))"),
}
# Libraries' own HTML, which escapes nothing or not all: pandas Styler, Altair, unescaped labels.
UNSAFE = re.compile(r"\.to_html\(|Styler\b|renderers\.enable|description_allow_html|MathJax")
UNSAFE_JS = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|"
                       r"new Function|createContextualFragment")  # fmt: skip
LOOKED_AT_JS = {("live.js", "innerHTML")}
LOOKED_AT_SAFE = {
    "resources.style | safe", "cell.source | markdown | safe", 'data["text/html"] | safe',
}  # fmt: skip


def sources() -> Iterator[tuple[str, str]]:
    for folder in ("src", "widgets"):
        for path in (ROOT / folder).rglob("*.py"):
            yield path.name, path.read_text("utf-8")
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield path.name, "".join(cell["source"])


def made_from_more_than_a_literal(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in MAKERS and not isinstance(node.args[0], ast.Constant):
            yield ast.unparse(node)


def test_html_is_made_of_literals_and_escaped_values_but_where_a_person_looked() -> None:
    found = {(name, call) for name, source in sources()
             for call in made_from_more_than_a_literal(source)}  # fmt: skip
    assert found == LOOKED_AT


def test_this_notices_a_value_that_is_put_into_html() -> None:
    calls = "Markup(f'<b>{name}</b>'); ipywidgets.HTML(value); Markup('<b>{}</b>').format(name)"
    assert list(made_from_more_than_a_literal(calls)) == [
        "Markup(f'<b>{name}</b>')", "ipywidgets.HTML(value)",
    ]  # fmt: skip


def test_no_librarys_own_html_is_used() -> None:
    assert [name for name, source in sources() if UNSAFE.search(source)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "widgets").rglob("*.js")), ids=lambda one: one.name)
def test_scripts_write_texts_as_texts(path: Path) -> None:
    found = {(path.name, hit) for hit in UNSAFE_JS.findall(path.read_text("utf-8"))}
    assert found <= LOOKED_AT_JS


def test_templates_escape_all_but_what_was_looked_at() -> None:
    templates = [*ROOT.glob("src/**/*.html"), *ROOT.glob("src/**/*.j2")]
    marked = {
        " ".join(one.split())
        for path in templates
        for one in re.findall(r"{{([^{}]*\|\s*safe\b[^{}]*)}}", path.read_text("utf-8"))
    }
    assert marked == LOOKED_AT_SAFE
