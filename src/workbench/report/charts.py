"""Charts as inline SVG: drawn here, without a browser, a script or an address.

Colours are CSS variables and the current text colour, so one chart serves light, dark and
print.  A chart is made from a small frame that was summed up before; rows of patients never
get into a page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from xml.etree.ElementTree import Element, fromstring, register_namespace, tostring

import altair as alt
import polars as pl
import vl_convert
from markupsafe import Markup

from workbench.errors import WorkbenchError
from workbench.language import Words, current_language
from workbench.plaintext import printable, printable_parts
from workbench.report.chart_locales import number_locale, time_locale
from workbench.report.html_tables import Html

SVG = "http://www.w3.org/2000/svg"
MARK, RANGE, LIMIT = "var(--mark)", "var(--mark-soft)", "var(--limit)"
TEXT = "currentColor"
MAX_ROWS = 500  # far more than a person reads; a frame of rows, not of sums, is refused
TALL = 400  # pixels: on paper, two higher ones would not stand on one page
LANE, LOW_LANE = 24, 18  # pixels; lanes are low where they are many
MANY_LANES = 18
POINT = "@"  # and its number: how a chart describes a mark that can be chosen
BACKSLASH = "\u29f5"  # looks like one and quotes nothing
# What Vega draws with; anything else is not put onto a page.
ELEMENTS = frozenset({"svg", "g", "path", "text", "tspan", "rect", "line", "circle", "defs",
                      "clipPath", "title", "desc"})  # fmt: skip

THEME: dict[str, Any] = {
    "background": None,
    "font": "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": TEXT, "titleColor": TEXT, "tickColor": TEXT, "domainColor": TEXT,
        "gridColor": TEXT, "gridOpacity": 0.12, "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": "normal", "labelLimit": 420,
    },
    "header": {"labelColor": TEXT, "titleColor": TEXT},
    "legend": {"labelColor": TEXT, "titleColor": TEXT, "labelFontSize": 12},
    "title": {"color": TEXT, "fontSize": 14, "anchor": "start"},
}  # fmt: skip


@dataclass(frozen=True)
class ChartPoint:
    """A mark of a chart that leads somewhere; ``POINT`` and its number describe it to Vega.

    Attributes
    ----------
    words
        What it is: its tooltip, and its name for who cannot see it.
    value
        What the page is asked for when it is chosen.
    lane
        Points of one lane stand beside each other: arrow keys go along them.
    """

    words: Words
    value: str
    lane: int


def svg(
    chart: alt.TopLevelMixin, title: Words, description: Words, points: Sequence[ChartPoint] = ()
) -> Html:
    """Return a chart as an accessible, inline, escaped SVG in a figure.

    ``title`` names it, ``description`` says what it shows to who cannot see it.  ``points`` can
    be chosen, on a page that answers them (``live.js``); a report has none.
    """
    spec = specification(chart)
    spec["config"] = THEME
    numbers, times = number_locale(current_language()), time_locale(current_language())
    drawn = vl_convert.vegalite_to_svg(
        spec, vl_version="6.4", allowed_base_urls=[], format_locale=numbers,
        time_format_locale=times,
    )  # fmt: skip
    root = fromstring(drawn)
    _keep_only_drawing(root)
    number = hashlib.sha256(drawn.encode()).hexdigest()[:10]
    if points:
        _choosable(root, points)
    root.set("role", "group" if points else "img")
    root.set("aria-labelledby", f"t{number} d{number}")
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        root.insert(place, Element(f"{{{SVG}}}{tag}", {"id": f"{tag[0]}{number}"}))
        root[place].text = printable(text)
    register_namespace("", SVG)
    picture = Markup(tostring(root, encoding="unicode"))
    kind = Markup(' class="tall"') if float(root.get("height", 0)) > TALL else Markup("")
    return Html(
        Markup("<figure{}>{}<figcaption>{}</figcaption></figure>").format(
            kind, picture, description
        )
    )


def _choosable(root: Element, points: Sequence[ChartPoint]) -> None:
    """Make buttons of a chart's points, one of them reached by Tab and the rest by arrow keys.

    What Vega says of all else is taken out: in a group it would be read out, and in English.
    """
    first = True
    for element in root.iter():
        said = element.attrib.pop("aria-label", "")
        for name in ("role", "aria-roledescription"):
            element.attrib.pop(name, None)
        number = said.removeprefix(POINT)
        if number == said or not number.isdecimal() or int(number) >= len(points):
            continue
        point = points[int(number)]
        words = printable(point.words)
        element.attrib.update({
            "role": "button", "tabindex": "0" if first else "-1", "aria-label": words,
            "data-ask": "point", "data-value": printable(point.value), "data-tip": "",
            "data-lane": str(point.lane),
        })  # fmt: skip
        first = False


def specification(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """Return a chart's specification with no text in it that commands what draws it.

    A control character ends the whole process inside vl-convert 1.9; and Vega-Lite 6.4 writes
    the titles of axes and legends into expressions, where a backslash or a line end breaks out
    of its quotes.
    """
    return cast("dict[str, Any]", _quotable(printable_parts(chart.to_dict())))


def _quotable(part: object, name: str = "") -> object:
    if isinstance(part, dict):
        return {key: _quotable(value, key) for key, value in part.items()}
    if isinstance(part, list):
        return [_quotable(value, name) for value in part]
    if isinstance(part, str) and name == "title":
        return " ".join(part.replace("\\", BACKSLASH).split())
    return part


def _keep_only_drawing(root: Element) -> None:
    """Drop whatever is no drawing: unknown elements, links and event handlers."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] not in ELEMENTS:
                parent.remove(child)
        for name in list(parent.attrib):
            plain = name.rpartition("}")[2].lower()
            if plain.startswith("on") or plain == "href":
                del parent.attrib[name]


def range_chart(frame: pl.DataFrame, axis: Words) -> alt.LayerChart:
    """Return a chart of one row a label: the middle half as a bar, the median as a dot.

    Parameters
    ----------
    frame
        Columns ``label``, ``p25``, ``median``, ``p75`` and ``reference`` (null where there is
        none), at most 500 rows, in the order to be drawn.
    axis
        Title of the axis, with its unit.

    Raises ``WorkbenchError`` for a frame of more rows: it was not summed up.
    """
    if frame.height > MAX_ROWS:
        raise WorkbenchError("a chart is made from summed-up rows.", "Sum the rows up first.")
    values = alt.InlineData(values=frame.to_dicts())
    scale = alt.Scale(type="log" if _spread(frame) else "linear", zero=not _spread(frame))
    lanes = alt.Y(
        "label:N", sort=None, title=None, axis=alt.Axis(grid=False, ticks=False, domain=False)
    )
    step = alt.Step(LANE if frame.height <= MANY_LANES else LOW_LANE)
    base = alt.Chart(values, width=620, height=step).encode(y=lanes)
    across = alt.X("p25:Q", title=axis, scale=scale, axis=alt.Axis(tickCount=6, format=",.6~g"))
    half = base.mark_bar(color=RANGE, height=10).encode(x=across, x2="p75:Q")
    middle = base.mark_circle(color=MARK, size=70, opacity=1).encode(
        x=alt.X("median:Q", title=axis)
    )
    limit = (
        base.transform_filter("isValid(datum.reference)")
        .mark_tick(color=LIMIT, thickness=3, height=LOW_LANE, opacity=1)
        .encode(x=alt.X("reference:Q", title=axis))
    )
    return alt.LayerChart(layer=[half, middle, limit])


def _spread(frame: pl.DataFrame) -> bool:
    """Whether the values reach over more than a factor of 30: then the axis is logarithmic."""
    values = pl.concat([frame[name].drop_nulls() for name in ("p25", "median", "p75", "reference")])
    low, high = cast("float | None", values.min()), cast("float | None", values.max())
    return low is not None and high is not None and low > 0 and high > 30 * low
