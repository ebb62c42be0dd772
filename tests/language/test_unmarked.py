"""The searcher for forgotten texts finds what is forgotten, and nothing else."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from tests.language.unmarked import unmarked
from workbench.language import data, html, n, number, t, use_language


@pytest.mark.parametrize("page", [
    "<p>Asked for</p>",
    "<p>⟦Âskéd⟧ for</p>",
    "<p>«A» and «B»</p>",
    "<p>⟦Âskéd</p><p>for⟧</p>",  # what is never ended ends with its block
    "<title>Dose</title>",
    "<title>Workbench: log in</title>",
    "<svg><text>Dose</text></svg>",
    "<svg><title>Dose</title></svg>",
    "<option>all</option>",
    "<noscript>Needs scripts</noscript>",
    "<code>now</code> again",
    "<p translate='no'>Workbench</p><p>now</p>",
    "<script>let a</script>now",
    "<p>質問です</p>",
    "<p>&#110;&#111;w</p>",
    "<ul><li>now<li>⟦ñöw⟧</ul>",
])  # fmt: skip
def test_a_bare_text_is_found(page: str) -> None:
    assert len(unmarked(page)) == 1


@pytest.mark.parametrize(
    "name", ["aria-label", "aria-description", "aria-valuetext", "title", "placeholder", "alt"]
)
def test_what_is_read_aloud_is_found(name: str) -> None:
    assert unmarked(f'<input {name}="Search">') == [f"{name}: Search"]
    assert unmarked(f'<input {name}="⟦Séârçh··⟧">') == []


def test_words_of_a_button_are_found_and_values_of_a_field_are_not() -> None:
    assert unmarked('<input type="submit" value="Go on">') == ["value: Go on"]
    assert unmarked('<input type="text" value="Go on">') == []


def test_a_value_that_is_no_data_is_found_inside_a_text() -> None:
    with use_language("xx"):
        bare = Markup("<p>{}</p>").format(t("Asked for: {what}", what="everything"))  # type: ignore[arg-type]
        marked = Markup("<p>{}</p>").format(t("Asked for: {what}", what=data("everything")))
    assert len(unmarked(bare)) == 1
    assert unmarked(bare)[0].startswith("everything (no data")
    assert unmarked(marked) == []


def test_an_english_number_is_found_inside_and_outside() -> None:
    with use_language("xx"):
        bare = t("{dose} Gy", dose="3.5")  # type: ignore[arg-type]
        marked = t("{dose} Gy", dose=number(3.5))
    assert len(unmarked(f"<td>{bare}</td>")) == 1
    assert len(unmarked("<td>3.5</td>")) == 1
    assert unmarked(f"<td>{marked}</td>") == []


@pytest.mark.parametrize("page", [
    "",
    "<p>1 / 2 – ±</p>",
    "<p>«no vowels are asked of data: 3.5»</p>",
    "<p>⟦Âskéd «for» ⟦ñöw⟧ ···⟧</p>",
    "<p>⟦Sûrvéý <b>«A & B»</b>···⟧</p>",  # a text goes on in what is inline
    "<p>⟦Rûñ `workbench check`··⟧</p>",
    "<p translate='no'>Work<b>bench</b></p>",
    "<style>p { color: red }</style><script>let a = 1.5</script>",
    "<!-- a remark --><p class='large red' id='first' data-text='one'></p>",
    "<p>2026-03-29 14:05 h</p>",
    "<img alt=''>",
    "<h1>Workbench</h1>",
])  # fmt: skip
def test_what_is_marked_is_let_pass(page: str) -> None:
    assert unmarked(page) == []


def test_texts_from_the_door_are_let_pass() -> None:
    with use_language("xx"):
        page = Markup("<p>{}</p><p>{}</p><p>{}</p>").format(
            n("one patient", "{count} patients", 3),
            html("Survey {name}", name=Markup("<b>{}</b>").format(data("Dose <2>"))),
            t("Everything went well."),
        )
    assert unmarked(page) == []


def test_what_stands_after_something_left_out_is_judged() -> None:
    assert unmarked("<div translate='no'><p>a name<br>another</div><p>forgotten") == ["forgotten"]


def test_of_a_picture_its_own_words_are_read_and_those_inside_are_seen() -> None:
    inside = "<g aria-label='X-axis'><path aria-roledescription='tick'/><text>{}</text></g>"
    picture = f"<svg role='img' aria-label='{{}}'>{inside}</svg><p aria-label='{{}}'></p>"
    marked = "⟦Dösé⟧"
    assert unmarked(picture.format(marked, marked, marked)) == []
    assert unmarked(picture.format("Dose", marked, marked)) == ["aria-label: Dose"]
    assert unmarked(picture.format(marked, "Dose", marked)) == ["Dose"]
    assert unmarked(picture.format(marked, marked, "Dose")) == ["aria-label: Dose"]
    assert len(unmarked(f"<svg>{inside.format(marked)}</svg>")) == 2
