"""An Altair chart in JupyterLab and Voila, drawn by Vega without internet.

Neither shows Vega-Lite 6 by itself, and Altair's own offline widget carries 0.9 MB of Vega in
every chart.  Here a page asks once for Vega, and each chart sends its specification as a
message: nothing of it stays in the saved notebook but a still picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import anywidget
import traitlets
import vl_convert

from workbench.errors import WorkbenchError
from workbench.language import Words, current_language, mark, t
from workbench.report.chart_locales import embed_locales
from workbench.report.charts import MAX_ROWS, THEME, specification, svg

HERE = Path(__file__).parent
VEGA_LITE = "6.4"
MANY = 2000  # rows
WORDS = {
    "chart": mark("Chart"),
    "drawing": mark("The chart is being drawn…"),
    "keys": mark("Arrow keys go from point to point, Enter opens one."),
    "failed": mark("The chart could not be drawn. Reload the page to try again."),
}
# The colours of chart.css in light mode: a still picture may stand where there is no CSS.
STILL = {
    "var(--mark)": "#1f6fb2", "var(--mark-soft)": "#9cc3e4", "var(--limit)": "#b4540a",
    "currentColor": "#1c2128",
}  # fmt: skip
Select = Callable[[str, Mapping[str, object]], None]


class Chart(anywidget.AnyWidget):
    """A chart of a small frame, summed up before: rows of patients do not belong into it.

    Parameters
    ----------
    chart
        An Altair chart.
    description
        What the chart shows, for who cannot see it: its accessible name.  Without one, the
        chart's own ``description`` is taken.
    most_rows
        How many inline rows a chart may have at most; more were not summed up.

    Attributes
    ----------
    selected
        What is selected in the browser: parameter name -> field or channel -> values.

    Raises ``WorkbenchError`` for a chart of more rows, or of rows of patients or objects.
    """

    _esm = HERE / "chart.js"
    _css = HERE / "chart.css"

    description = traitlets.Unicode().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    selected = traitlets.Dict()

    def __init__(
        self, chart: alt.TopLevelMixin, description: str = "", most_rows: int = MAX_ROWS
    ) -> None:
        super().__init__(words={name: t(text) for name, text in WORDS.items()})
        self._most_rows = most_rows
        self._revision = 0
        self._listeners: list[Select] = []
        self.on_msg(self._answer)
        self.show(chart, description)

    def show(self, chart: alt.TopLevelMixin, description: str = "") -> None:
        """Show another chart in this place; a selection is forgotten."""
        spec = specification(chart)
        rows = sum(1 for _ in _rows(spec))
        if rows > self._most_rows or any(map(_identifies, _rows(spec))):
            raise WorkbenchError("a chart is made from summed-up rows.", "Sum the rows up first.")
        spec.pop("usermeta", None)  # vega-embed would take its options from there
        # Thousands of marks are too many elements for a page; a canvas has none.
        self._renderer = "svg" if rows <= MANY else "canvas"
        self._chart = chart
        description = description or str(spec.get("description", ""))
        config = {**spec.get("config", {}), **THEME}
        self._spec = {**spec, "config": config, "description": description}
        if {"hconcat", "vconcat", "concat", "facet"}.isdisjoint(spec):
            self._spec["width"] = "container"
        self.description = description
        self.selected = {}
        self._revision += 1
        self._send_spec()

    def on_select(self, listener: Select) -> None:
        """Call ``listener(parameter, values)`` whenever the selection changes."""
        self._listeners.append(listener)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the chart's selection parameters."""
        return tuple(
            parameter["name"] for parameter in self._spec.get("params", ()) if "select" in parameter
        )

    def _send_spec(self) -> None:
        self.send({
            "type": "spec", "spec": self._spec, "signals": self.parameters,
            "revision": self._revision, "renderer": self._renderer,
            "locales": embed_locales(current_language()),
        })  # fmt: skip

    def _answer(self, _widget: object, content: Mapping[str, object], _buffers: object) -> None:
        match content:
            case {"type": "vega"}:
                self.send({"type": "vega"}, [_vega()])
            case {"type": "ready"}:
                self._send_spec()
            case {"type": "selected", "name": str(name), "value": dict(value)}:
                self._select(name, value)

    def _select(self, name: str, value: Mapping[str, object]) -> None:
        if name not in self.parameters:
            return
        self.selected = {**self.selected, name: value}
        for listener in self._listeners:
            listener(name, value)

    def _repr_mimebundle_(self, **_options: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the live widget, and a still picture for where it cannot live."""
        bundle, metadata = super()._repr_mimebundle_() or ({}, {})
        return {**bundle, "image/svg+xml": self.still(), "text/plain": self.description}, metadata

    def still(self) -> str:
        """Return the chart as SVG that needs neither script nor style sheet."""
        figure = str(svg(self._chart, Words(self.description), Words(self.description)))
        picture = figure[figure.index("<svg") : figure.index("</svg>") + len("</svg>")]
        for variable, colour in STILL.items():
            picture = picture.replace(variable, colour)
        return picture


@cache
def _vega() -> bytes:
    """Return vega-embed with Vega and Vega-Lite as one ES module, made here by vl-convert."""
    snippet = "export const embed = vegaEmbed;"
    return str(vl_convert.javascript_bundle(snippet, vl_version=VEGA_LITE)).encode()


def _rows(spec: object) -> Iterator[object]:
    """Yield every inline row of a specification."""
    if isinstance(spec, Mapping):
        for name, value in spec.items():
            if name == "datasets" and isinstance(value, Mapping):
                yield from (row for rows in value.values() for row in rows)
            elif name == "values" and isinstance(value, list):
                yield from value
            else:
                yield from _rows(value)
    elif isinstance(spec, list):
        for part in spec:
            yield from _rows(part)


def _identifies(row: object) -> bool:
    """Whether a row is one patient's or one object's, by the names of its columns."""
    names = [str(name).lower() for name in row] if isinstance(row, Mapping) else []
    return any(name == "patient" or name.endswith(("uid", "uids")) for name in names)
