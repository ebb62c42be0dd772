"""What the chart widget tells the page, and what it takes from it."""

import json
import shutil
import subprocess
from pathlib import Path

import altair as alt
import pytest

from tests.language.unmarked import wrong_in_text
from workbench.errors import WorkbenchError
from workbench.language import use_language
from workbench_widgets.parts.chart import Chart
from workbench_widgets.parts.chart import chart as module

PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</text></svg><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
)


def bars(rows, **properties):
    pick = alt.selection_point(name="picked", fields=["label"])
    data = alt.InlineData(values=rows)
    chart = alt.Chart(data, **properties).mark_bar().encode(x="n:Q", y="label:N")
    return chart.add_params(pick)


def rows(number):
    return [{"label": str(n), "n": n} for n in range(number)]


@pytest.fixture
def sent(monkeypatch):
    """Collects what is sent to the page."""
    messages = []
    monkeypatch.setattr(
        Chart, "send", lambda self, content, buffers=None: messages.append((content, buffers))
    )
    return messages


def test_nothing_of_the_chart_is_in_the_saved_state():
    state = Chart(bars([{"label": "SECRET-LABEL", "n": 1}]), "Bars").get_state()
    rest = {name: value for name, value in state.items() if name not in ("_esm", "_css")}
    assert "SECRET-LABEL" not in json.dumps(rest, default=str)
    assert len(json.dumps(state, default=str)) < 50_000


def test_the_chart_is_sent_when_the_page_is_ready(sent):
    chart = Chart(bars(rows(3)), "Bars")
    sent.clear()
    chart._answer(chart, {"type": "ready"}, [])
    ((message, _),) = sent
    assert message["spec"]["description"] == "Bars"
    assert message["spec"]["width"] == "container"
    assert message["signals"] == ("picked",)


def test_vega_is_sent_only_when_asked_for_and_loads_nothing(sent):
    chart = Chart(bars(rows(3)), "Bars")
    assert not any(content["type"] == "vega" for content, _ in sent)
    chart._answer(chart, {"type": "vega"}, [])
    content, (bundle,) = sent[-1]
    assert content == {"type": "vega"}
    assert len(bundle) > 500_000
    assert b"import " not in bundle[:200]
    assert b"esm.sh" not in bundle
    assert b"cdn." not in bundle


def test_the_charts_own_description_names_it_where_none_is_given():
    assert Chart(bars(rows(2), description="Two bars")).description == "Two bars"


def test_another_chart_is_another_revision(sent):
    chart = Chart(bars(rows(2)), "Two")
    chart.selected = {"picked": {"label": ["1"]}}
    chart.show(bars(rows(3)), "Three")
    revisions = [content["revision"] for content, _ in sent]
    assert revisions == [1, 2]
    assert chart.description == "Three"
    assert chart.selected == {}


def test_rows_that_were_not_summed_up_are_refused():
    Chart(bars(rows(500)), "")
    with pytest.raises(WorkbenchError):
        Chart(bars(rows(501)), "")


def test_a_chart_cannot_bring_options_of_the_embedding(sent):
    hostile = bars(rows(2)).properties(usermeta={"embedOptions": {"ast": False, "actions": True}})
    Chart(hostile, "")
    assert "usermeta" not in sent[-1][0]["spec"]


def test_a_selection_reaches_python():
    chart, told = Chart(bars(rows(2)), ""), []
    chart.on_select(lambda name, value: told.append((name, value)))
    chart._answer(chart, {"type": "selected", "name": "picked", "value": {"label": ["1"]}}, [])
    assert chart.selected == {"picked": {"label": ["1"]}}
    assert told == [("picked", {"label": ["1"]})]


@pytest.mark.parametrize("message", [
    {}, {"type": "other"}, {"type": "selected"},
    {"type": "selected", "name": "no_parameter", "value": {}},
    {"type": "selected", "name": "picked", "value": "text"},
    {"type": "selected", "name": ["picked"], "value": {}},
])  # fmt: skip
def test_what_a_page_may_not_say_changes_nothing(sent, message):
    chart = Chart(bars(rows(2)), "")
    sent.clear()
    chart._answer(chart, message, [])
    assert chart.selected == {}
    assert sent == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_still_picture_holds_no_markup_of_a_label(payload):
    still = Chart(bars([{"label": payload, "n": 1}], title=payload), payload).still()
    assert "<script" not in still
    assert "<img" not in still
    assert "var(--" not in still
    assert still.count("<svg") == 1
    bundle, _ = Chart(bars(rows(1)), "One bar")._repr_mimebundle_()
    assert set(bundle) >= {"image/svg+xml", "application/vnd.jupyter.widget-view+json"}


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_pure_functions_of_the_page(tmp_path):
    source = Path(module.__file__).with_name("chart.js").read_text("utf-8")
    (tmp_path / "chart.mjs").write_text(source, "utf-8")
    (tmp_path / "chart.test.mjs").write_text(
        """
import assert from "node:assert/strict";
import test from "node:test";
import { compact, fitted, lines, plain } from "./chart.mjs";
test("labels are shorter on a narrow page, and the specification is not changed", () => {
  const spec = { config: { axis: { gridOpacity: 0.1 } } };
  assert(fitted(spec, 390).config.axis.labelLimit < fitted(spec, 1280).config.axis.labelLimit);
  assert.equal(fitted(spec, 390).config.axis.gridOpacity, 0.1);
  assert.deepEqual(spec, { config: { axis: { gridOpacity: 0.1 } } });
  assert(compact(390) && !compact(1280));
});
test("a tooltip is text", () => {
  assert.deepEqual(lines({ image: "<img>" }), [["image", "<img>"]]);
  assert.deepEqual(lines("<b>"), [["", "<b>"]]);
  assert.deepEqual(lines(7), [["", "7"]]);
});
test("a selection is plain JSON", () => {
  assert.deepEqual(plain({ a: [1, undefined], b: () => 1 }), { a: [1, null] });
  assert.deepEqual(plain(undefined), {});
});
""",
        "utf-8",
    )
    done = subprocess.run(
        ["node", "--test", str(tmp_path / "chart.test.mjs")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_what_a_chart_says_itself_is_in_the_language():
    with use_language("xx"):
        words = Chart(bars(rows(2))).words
    assert len(words) == 4
    assert all(wrong_in_text(text) == [] for text in words.values())
