"""No message, help text, page, notebook or doc names a verb, option, file or function in vain."""

from __future__ import annotations

import pytest

from tests.checks.named_things import (
    ReadText,
    literals,
    texts,
    verbs,
    wrong_commands,
    wrong_options,
    wrong_places,
    wrong_settings,
    wrong_variables,
)


def test_every_text_names_only_what_exists() -> None:
    read = list(texts())
    places = {text.place.partition(":")[0] for text in read}
    for kind in ("src/workbench/cli/verb.py", "README.md", "docs/collect.md",
                 "src/workbench/server/templates/workbench/home.html",
                 "widgets/workbench_widgets/pages/quality/page.py",
                 "notebooks/explore/explore.ipynb, cell 0"):  # fmt: skip
        assert kind in places
    assert sorted(problem for text in read for problem in text.wrong()) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no result 3. workbench qa reslts lists them.", "workbench qa has no verb reslts"),
        ("Run: workbench colect run", "workbench has no verb colect"),
        ("Run: qa reslts", "qa has no verb reslts"),
        ("see `collect tst`", "collect has no verb tst"),
        ("with `workbench mapp`", "workbench has no verb mapp"),
        ("Run: workbench map --agian -w W", "workbench map has no option --agian"),
        ("`map --moda` does it", "map has no option --moda"),
        ("(`workbench store compact --now`)", "workbench store compact has no option --now"),
        ("Needs: workbench key unlokc", "workbench key has no verb unlokc"),
        ("<code>workbench report rnu x</code>", "workbench report has no verb rnu"),
        ("`workbench table instanze --out x.csv`", "workbench table has no instanze"),
        ("`workbench report run dose_by -w W`", "workbench report run has no dose_by"),
        ("`workbench rights list|sett`", "workbench rights has no verb sett"),
        ("Export w: workbench store\\nand `workbench deidentify verify IN OUT --repotr x`",
         "workbench deidentify verify has no option --repotr"),
    ],
)  # fmt: skip
def test_a_verb_or_option_that_is_not_there_is_seen(text: str, problem: str) -> None:
    assert list(dict.fromkeys(wrong_commands(text))) == [problem]


@pytest.mark.parametrize(
    "text",
    [
        "workbench reads what a PACS sends",
        "from workbench import open_survey",
        "python -m workbench collects nothing",
        "It holds from the next workbench serve on.",
        "Run: workbench key unlock -w WORKSPACE, then the same again.",
        "`workbench deidentify IN OUT -w W` cleans, `workbench deidentify verify IN OUT` proves",
        "`store.instance` is a table, `key = 3` a line, `qa` a folder",
        "(Ctrl-C leaves that to the next erasure or 'workbench store compact'.)",
        "Name them: workbench import FOLDER --workers 3 --verdicts FILE",
    ],
)
def test_what_exists_and_what_is_prose_is_left_alone(text: str) -> None:
    assert list(wrong_commands(text)) == []


def test_in_a_shell_block_of_a_page_every_line_is_a_command() -> None:
    block = "```\nworkbench init -w x\nworkbench imprt FOLDER -w x   # files\n```"
    assert list(wrong_commands(block, markdown=True)) == ["workbench has no verb imprt"]


@pytest.mark.parametrize(
    ("check", "text", "problem"),
    [
        (wrong_options, "Add --at-onec to go on.", "nothing has the option --at-onec"),
        (wrong_settings, "Set `[store] catalog` to a server.", "[store] has no key catalog"),
        (wrong_settings, "[quality] kept_weeks erases", "[quality] has no key kept_weeks"),
        (wrong_settings, "[pacs] titel = 3", "[pacs] has no key titel"),
        (wrong_variables, "or set WORKBENCH_WORKSPCE", "nothing reads WORKBENCH_WORKSPCE"),
        (wrong_places, "see `src/workbench/no.py`", "there is no file src/workbench/no.py"),
        (wrong_places, "see `dose/uranium.csv`", "there is no file dose/uranium.csv"),
        (wrong_places, "in `stages/nothing`", "there is no folder stages/nothing"),
        (wrong_places, "call `opensurvey()`", "there is no function opensurvey()"),
        (wrong_places, "`workbench.dose.x`", "there is no module or name workbench.dose.x"),
        (wrong_places, "```python\nfrom workbench import x\n```", "there is no workbench.x"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_seen(check: object, text: str, problem: str) -> None:
    assert list(check(text)) == [problem]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (wrong_options, "Add --at-once or --yes, or --help."),
        (wrong_options, "--headless"),
        (wrong_settings, "`[store] catalogue`, [pacs] port = 3, `[filter] anything_goes`"),
        (wrong_settings, "a [pacs] table of your own"),
        (wrong_variables, "or set WORKBENCH_WORKSPACE"),
        (wrong_places, "`stages/line.py`, `workbench.toml`, `W/reports`, `docs/serve.md`"),
        (wrong_places, "`open_survey(folder)`, `workbench.stages.line`, `survey.tag(...)`"),
    ],
)
def test_what_is_there_is_left_alone(check: object, text: str) -> None:
    assert list(check(text)) == []  # type: ignore[operator]


def test_literals_are_read_with_their_lines_and_what_is_filled_in() -> None:
    source = 'A = "x"\n\ndef f(n):\n    return (f"Run: workbench {n} "\n            "qa --again")\n'
    assert [(text.place, text.text) for text in literals(source, "a.py")] == [
        ("a.py:4", "Run: workbench {} qa --again"), ("a.py:1", "x"),
    ]  # fmt: skip


def test_a_problem_is_told_with_its_place() -> None:
    assert list(ReadText("docs/x.md", "`workbench mapp`", markdown=True).wrong()) == [
        "docs/x.md: workbench has no verb mapp"
    ]


def test_the_tree_is_that_of_the_program() -> None:
    assert {"collect", "report", "qa"} <= verbs().actions.keys()
    assert "--until-done" in verbs().actions["collect"].actions["run"].options
