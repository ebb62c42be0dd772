"""What the table sends to the page: fifty rows at a time, filtered and sorted in the kernel."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from tests.language.unmarked import wrong_in_text
from workbench.language import use_language
from workbench.schema import IRRADIATION_EVENT
from workbench_widgets.parts.table import FrameTable
from workbench_widgets.parts.table import table as module
from workbench_widgets.parts.table.cells import as_texts

FORMULA = '=HYPERLINK("http://example.org")'


class Page:
    """Stands in for the page: says what a page says, keeps what it is told."""

    def __init__(self, table, monkeypatch):
        self.table, self.told = table, []
        monkeypatch.setattr(
            table, "send", lambda content, buffers=None: self.told.append((content, buffers))
        )

    def ask(self, what, **more):
        self.table._answer(self.table, {"ask": what, "number": "me 1", **more}, [])
        return self.told[-1]

    def rows(self, **more):
        return self.ask("rows", **more)[0]


@pytest.fixture
def page(monkeypatch):
    def make(frame, table=None):
        return Page(FrameTable(frame, table), monkeypatch)

    return make


def events(number=120):
    return pl.DataFrame({
        "protocol": [f"Protocol {n % 3}" for n in range(number)],
        "ctdi_vol_mgy": [float(n) for n in range(number)],
    })  # fmt: skip


def test_no_row_is_in_the_saved_state():
    table = FrameTable(pl.DataFrame({"protocol": ["SECRET-PROTOCOL"]}))
    state = {name: one for name, one in table.get_state().items() if name not in ("_esm", "_css")}
    assert "SECRET-PROTOCOL" not in json.dumps(state, default=str)


def test_the_head_has_units_and_meanings(page):
    head, _ = page(events(), IRRADIATION_EVENT).ask("head")
    assert head["total"] == 120
    first, second = head["head"]
    assert first == {
        "name": "protocol", "label": "protocol", "unit": "", "number": False,
        "meaning": IRRADIATION_EVENT.column("protocol").meaning,
    }  # fmt: skip
    assert (second["unit"], second["number"]) == ("mGy", True)


def test_a_page_is_fifty_rows_and_the_last_one_the_rest(page):
    table = page(events())
    first = table.rows(page=0)
    assert len(first["rows"]) == 50
    assert first["rows"][7] == ["Protocol 1", "7"]
    assert (first["page"], first["pages"], first["shown"], first["total"]) == (0, 3, 120, 120)
    last = table.rows(page=2)
    assert len(last["rows"]) == 20
    assert last["number"] == "me 1"


@pytest.mark.parametrize(("wanted", "given"), [(-4, 0), (99, 2), ("x", 0), (None, 0)])
def test_a_page_that_is_not_there_is_one_that_is(page, wanted, given):
    assert page(events()).rows(page=wanted)["page"] == given


def test_filters_are_counted_and_the_frame_is_what_is_shown(page):
    table = page(events())
    answer = table.rows(filters={"protocol": "protocol 2", "ctdi_vol_mgy": "< 30"})
    assert (answer["shown"], answer["total"]) == (10, 120)
    assert table.table.frame.height == 10
    assert set(table.table.frame["protocol"]) == {"Protocol 2"}


def test_sorting_goes_both_ways_with_unknown_values_last(page):
    table = page(pl.DataFrame({"dose": [2.0, None, 3.0, 1.0], "n": [0, 1, 2, 3]}))
    up = [row[1] for row in table.rows(sort="dose")["rows"]]
    down = [row[1] for row in table.rows(sort="dose", descending=True)["rows"]]
    assert up == ["3", "0", "2", "1"]
    assert down == ["2", "0", "3", "1"]


def test_a_column_of_lists_can_be_sorted(page):
    table = page(pl.DataFrame({"flags": [["b"], ["a", "c"], None]}))
    assert [row[0] for row in table.rows(sort="flags")["rows"]] == ["a; c", "b", None]


@pytest.mark.parametrize("asked", [
    {"sort": "no such column"}, {"sort": 7}, {"filters": "x"}, {"filters": {"none": "x"}},
    {"filters": {"protocol": None}}, {"descending": "yes"},
])  # fmt: skip
def test_what_a_page_says_wrong_is_not_an_error(page, asked):
    assert page(events(3)).rows(**asked)["total"] == 3


def test_what_is_no_question_gets_no_answer(page):
    table = page(events(3))
    table.table._answer(table.table, {"ask": "the whole survey"}, [])
    assert table.told == []


def test_csv_is_what_is_shown_and_no_formula_for_a_spreadsheet(page):
    frame = pl.DataFrame({"protocol": [FORMULA, "Head"], "dlp_mgy_cm": [1.0, 2.0]})
    table = page(frame, IRRADIATION_EVENT)
    message, (csv,) = table.ask("csv", filters={"dlp_mgy_cm": "= 1"})
    assert message["csv"] == "irradiation_event"
    lines = csv.decode().splitlines()
    assert lines[0] == "protocol,dlp_mgy_cm"
    assert len(lines) == 2
    assert lines[1].startswith("\"'=HYPERLINK")


def test_too_many_rows_for_a_browser_are_refused_with_the_remedy(page, monkeypatch):
    monkeypatch.setattr(module, "MAX_DOWNLOADED", 10)
    message, buffers = page(events()).ask("csv")
    assert buffers is None
    assert "export" in message["refused"]


def test_another_frame_keeps_the_filters(page):
    table = page(events())
    table.rows(filters={"protocol": "2"})
    table.table.show(events(6))
    assert table.told[-1][0]["total"] == 6
    assert table.table.frame.height == 2


def test_an_empty_frame_says_what_to_do(page, monkeypatch):
    empty = FrameTable(IRRADIATION_EVENT.empty(), IRRADIATION_EVENT, empty="Import a folder.")
    head, _ = Page(empty, monkeypatch).ask("head")
    assert (head["total"], head["empty"]) == (0, "Import a folder.")


def test_the_page_half_never_writes_markup():
    script = Path(module.__file__).with_name("table.js").read_text("utf-8")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "http"):
        assert way not in script


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_pure_functions_of_the_page(tmp_path):
    source = Path(module.__file__).with_name("table.js").read_text("utf-8")
    (tmp_path / "table.mjs").write_text(source, "utf-8")
    (tmp_path / "table.test.mjs").write_text(
        """
import assert from "node:assert/strict";
import test from "node:test";
import { filled, nextOrder } from "./table.mjs";
test("a value stands in its place, whatever it is", () => {
  assert.equal(filled("Filter {column}", "dose"), "Filter dose");
  assert.equal(filled("{column}: filtrer", "$&{column}"), "$&{column}: filtrer");
});
test("a head clicked three times sorts up, down and not at all", () => {
  const once = nextOrder({ sort: null, descending: false }, "dose");
  assert.deepEqual(once, { sort: "dose", descending: false });
  const twice = nextOrder(once, "dose");
  assert.deepEqual(twice, { sort: "dose", descending: true });
  assert.deepEqual(nextOrder(twice, "dose"), { sort: null, descending: false });
  assert.deepEqual(nextOrder(twice, "age"), { sort: "age", descending: false });
});
""",
        "utf-8",
    )
    done = subprocess.run(
        ["node", "--test", str(tmp_path / "table.test.mjs")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_what_a_table_says_is_in_the_language(page):
    with use_language("xx"):
        made = page(events(), IRRADIATION_EVENT)
        head, _ = made.ask("head")
        rows = made.rows()
    words = [
        text.replace("{column}", "").replace("{number}", "") for text in made.table.words.values()
    ]
    texts = [*words, head["empty"], rows["counted"], rows["where"]]
    texts += [column["meaning"] for column in head["head"]]
    texts += [cell for row in rows["rows"] for cell in row]
    for text in texts:
        assert wrong_in_text(text) == []
    assert "{column}" in made.table.words["filter"]


def test_counts_of_rows_are_whole_sentences(page):
    made = page(events())
    assert made.rows(filters={"ctdi_vol_mgy": "< 12"})["counted"] == "12 of 120 rows shown"
    assert made.rows()["where"] == "Page 1 of 3"
    assert page(events(1)).rows()["counted"] == "1 of 1 row shown"
    assert module.how_many(999, 1234567) == "999 of 1\u202f234\u202f567 rows shown"


def test_flags_and_moments_are_written_as_the_language_does():
    frame = pl.DataFrame({"is": [True, False, None], "at": [datetime(2026, 3, 9, 14, 5, 2)] * 3})
    assert as_texts(frame, {}).rows() == [
        ("yes", "2026-03-09 14:05:02"), ("no", "2026-03-09 14:05:02"),
        (None, "2026-03-09 14:05:02"),
    ]  # fmt: skip
    with use_language("xx"):
        assert as_texts(frame, {})["is"][0].startswith("⟦")
