"""Charts as inline SVG: summed-up rows only, readable to all, alike in every print."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import altair as alt
import polars as pl
import pytest

from workbench.errors import WorkbenchError
from workbench.report import charts
from workbench.report.charts import ELEMENTS, MAX_ROWS, range_chart, specification, svg


def frame(rows: int = 2, low: float = 1.0, reference: float | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        [{"label": f"protocol {row}", "p25": low + row, "median": low + row + 1,
          "p75": low + row + 2, "reference": reference} for row in range(rows)],
        schema={"label": pl.String, "p25": pl.Float64, "median": pl.Float64, "p75": pl.Float64,
                "reference": pl.Float64},
    )  # fmt: skip


def drawn(chart: alt.TopLevelMixin) -> ET.Element:
    return ET.fromstring(svg(chart, "CTDIvol by protocol", "What it shows."))


def test_a_chart_says_what_it_is_to_who_cannot_see_it() -> None:
    figure = drawn(range_chart(frame(), "CTDIvol (mGy)"))
    (picture,) = [each for each in figure.iter() if each.get("role") == "img"]
    named = dict.fromkeys((picture.get("aria-labelledby") or "").split())
    texts = {each.get("id"): each.text for each in picture if each.get("id") in named}
    assert list(texts.values()) == ["CTDIvol by protocol", "What it shows."]
    assert len(named) == 2
    (caption,) = [each for each in figure if each.tag == "figcaption"]
    assert caption.text == "What it shows."


def test_the_same_rows_give_the_same_picture_and_others_another() -> None:
    one, same, other = (str(svg(range_chart(rows, "x"), "t", "d"))
                        for rows in (frame(), frame(), frame(3)))  # fmt: skip
    assert one == same != other


def test_two_charts_on_one_page_do_not_share_their_names() -> None:
    first, second = (drawn(range_chart(frame(rows), "x")) for rows in (2, 3))
    ids = [{each.get("id") for each in figure.iter()} - {None} for figure in (first, second)]
    assert not {name for name in ids[0] & ids[1] if name and name[0] in "td"}


def test_only_drawing_is_left_and_colours_follow_the_page() -> None:
    picture = str(svg(range_chart(frame(reference=2.0), "x"), "t", "d"))
    assert {charts.MARK, charts.RANGE, charts.LIMIT} <= {
        colour for colour in (charts.MARK, charts.RANGE, charts.LIMIT) if colour in picture
    }
    assert "currentColor" in picture
    for wrong in ("<script", "href", "onclick", "http://", "<style", "<image", "url("):
        plain = picture.replace(charts.SVG, "").replace("http://www.w3.org/1999/xlink", "")
        assert wrong not in plain or wrong == "url("
    root = ET.fromstring("<svg xmlns='http://www.w3.org/2000/svg' onload='x'>"
                         "<script>x</script><g href='y'><foreignObject/><path ONCLICK='x'/></g>"
                         "</svg>")  # fmt: skip
    charts._keep_only_drawing(root)
    left = ET.tostring(root, encoding="unicode")
    for wrong in ("script", "foreignObject", "onload", "href", "ONCLICK"):
        assert wrong not in left
    assert {each.tag.rpartition("}")[2] for each in root.iter()} <= ELEMENTS


def test_rows_that_were_not_summed_up_are_refused() -> None:
    """A row a patient is no chart of ours: it would carry them all into the page."""
    range_chart(frame(MAX_ROWS), "x")
    with pytest.raises(WorkbenchError, match="summed-up"):
        range_chart(frame(MAX_ROWS + 1), "x")


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(1.0, 29.0, "linear"), (1.0, 31.0, "log"), (0.0, 90.0, "linear"), (-1.0, 90.0, "linear")],
)
def test_an_axis_over_a_wide_range_is_logarithmic_and_never_with_zero(
    low: float, high: float, kind: str
) -> None:
    rows = frame(1).with_columns(p25=pl.lit(low), median=pl.lit(low + 0.1), p75=pl.lit(high))
    spec = range_chart(rows, "x").to_dict()
    scale = spec["layer"][0]["encoding"]["x"]["scale"]
    assert scale == {"type": kind, "zero": kind == "linear"}


def test_without_a_row_or_a_reference_a_chart_is_drawn_all_the_same() -> None:
    for rows in (frame(0), frame(1), frame(1, reference=3.0)):
        assert drawn(range_chart(rows, "x")).tag == "figure"


def test_a_title_has_neither_backslash_nor_line_end_and_values_are_kept() -> None:
    chart = range_chart(frame(1).with_columns(label=pl.lit("a\\b\nc")), "m\\Gy\n(x)")
    spec = specification(chart)
    title = spec["layer"][0]["encoding"]["x"]["title"]
    assert "\\" not in title
    assert "\n" not in title
    assert title.endswith("Gy (x)")
