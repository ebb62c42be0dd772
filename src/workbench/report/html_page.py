"""An executed notebook as one HTML page: no script, no address, code left out.

The page forbids scripts and every request by its own content security policy; escaping is what
the page relies on, the policy is the net below it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
from jinja2 import Environment
from nbconvert.exporters import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from workbench import __version__
from workbench.language import Words, current_language, data, mark, markdown, moment, t
from workbench.language.choice import written_leftwards
from workbench.report.page_contents import with_contents

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "workbench" / "page.css"
UNTITLED = mark("Report")


@dataclass(frozen=True)
class Footer:
    """What a reader needs to make the page again.

    ``parameters`` are those that may be shown; ``made_at`` is UTC.
    """

    report: str
    parameters: Mapping[str, object]
    fingerprint: str
    made_at: datetime

    @property
    def values(self) -> str:
        """The parameters as text."""
        return ", ".join(f"{name} = {json.dumps(v)}" for name, v in self.parameters.items())

    @property
    def lines(self) -> tuple[Words, Words]:
        """What made the page and when, and its parameters."""
        made = t(
            "Workbench {version} · report {report} · made {time} UTC",
            version=data(__version__), report=data(self.report), time=moment(self.made_at),
        )  # fmt: skip
        values = data(self.values) if self.values else t("none")
        return made, t("Parameters: {values}", values=values)


class _PageExporter(TemplateExporter):
    """nbconvert with our template and every value escaped unless marked as HTML."""

    def _create_environment(self) -> Environment:
        environment: Environment = super()._create_environment()  # type: ignore[no-untyped-call]
        environment.autoescape = True
        environment.filters["markdown"] = _markdown
        return environment


def _markdown(source: str) -> str:
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return str(MarkdownWithMath(renderer=renderer).render(markdown(source)))


def html_page(notebook: nbformat.NotebookNode, footer: Footer) -> str:
    """Return the page: markdown cells and HTML, image or text outputs, then the footer.

    Its headings are listed below what sums it up.

    Markdown and footer are in the language that is spoken; so must the cells have been run.

    Markdown cells are the report's own and may hold HTML.  Of an output only ``text/html``
    (made by our escaping functions), images and plain text are shown; scripts, widgets and
    whatever was printed to standard error are not.
    """
    exporter = _PageExporter(  # type: ignore[no-untyped-call]
        template_name="workbench",
        extra_template_basedirs=[str(TEMPLATES)],
        template_file="index.html.j2",
    )
    style = STYLE.read_text(encoding="utf-8")
    resources = {
        "footer": footer, "style": style, "title": t(_title(notebook)),
        "language": current_language(), "leftwards": written_leftwards(), "t": t,
    }  # fmt: skip
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return with_contents(str(page))


def _title(notebook: nbformat.NotebookNode) -> str:
    return str(notebook.metadata.get("title", UNTITLED))
