"""The mirror: a module has a test file of its own where its name says, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from checks.mirror import Mirror, measure, own_test


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file = file.with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_the_place_of_a_test_is_that_of_its_module() -> None:
    assert own_test("dose/ct/kfactor.py") == "dose/ct/test_kfactor.py"
    assert own_test("survey.py") == "test_survey.py"


def test_only_the_mirrored_name_counts_and_packages_need_none(tmp_path: Path) -> None:
    write(
        tmp_path, src__workbench__a="x = 1\n", src__workbench__b="y = 1\n",
        src__workbench__room__c="z = 1\n", tests__test_a="x\n", tests__room__test_b="y\n",
        tests__test_c="z\n",
    )  # fmt: skip
    (tmp_path / "src" / "workbench" / "room" / "__init__.py").write_text("")
    found = measure(tmp_path)
    assert found.having == ("a.py",)
    assert found.without == ("b.py", "room/c.py")
    assert round(found.share, 2) == 0.33


def test_comments_blank_lines_and_docstrings_are_no_code(tmp_path: Path) -> None:
    text = '"""A text\nof lines.\n"""\n\n# a comment\ndef f():\n    """One."""\n'
    text += "    return [\n        1\n    ]\n"
    write(tmp_path, src__workbench__a=text, widgets__b="x = 1\n", tests__test_a="x\n\n# y\nz\n")
    found = measure(tmp_path)
    assert (found.code, found.tests) == (5, 2)
    assert found.ratio == 0.4


def test_nothing_is_no_division_by_zero(tmp_path: Path) -> None:
    assert (measure(tmp_path).share, measure(tmp_path).ratio) == (0, 0)


def test_the_figures_are_two_lines() -> None:
    told = Mirror(("a.py",), ("b.py", "c.py", "d.py"), 200, 250).table()
    assert "3 of 4" in told
    assert "75%" in told
    assert "1.25" in told
