"""Report notebooks: where they are, which parameters they take.

A report's name is its file's stem.  An installed package carries them in
``workbench/notebooks/reports``; a checkout does not, and its ``notebooks/reports`` is used.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path

import nbformat

from workbench.errors import SettingsError

NAME = re.compile(r"[a-z][a-z0-9_]*")
PACKAGED = Path(__file__).resolve().parents[1] / "notebooks" / "reports"
CHECKOUT = Path(__file__).resolve().parents[3] / "notebooks" / "reports"


def folder() -> Path:
    """Return the folder of the report notebooks."""
    return PACKAGED if PACKAGED.is_dir() else CHECKOUT


def report_names(own: Path | None = None) -> tuple[str, ...]:
    """Return the names of the reports there are, sorted; ``own`` is a site's folder of them."""
    places = [folder(), *([own] if own else [])]
    return tuple(sorted({path.stem for place in places for path in place.glob("*.ipynb")}))


def notebook_file(name: str, own: Path | None = None) -> Path:
    """Return a report's notebook, the site's own before ours of the same name.

    Raises ``SettingsError`` when there is none of that name.
    """
    known = report_names(own)
    if not NAME.fullmatch(name) or name not in known:
        raise SettingsError(
            "there is no report '{report}'.", "There is: {known}.",
            report=name, known=", ".join(known) or "none",
        )  # fmt: skip
    edited = own / f"{name}.ipynb" if own else None
    return edited if edited and edited.is_file() else folder() / f"{name}.ipynb"


def is_own(name: str, own: Path | None = None) -> bool:
    """Say whether a notebook is the site's; raises ``SettingsError`` where there is none."""
    return notebook_file(name, own).parent != folder()


def read_notebook(name: str, own: Path | None = None) -> nbformat.NotebookNode:
    """Return a report's notebook; raises ``SettingsError`` when it is not there or is none."""
    try:
        text = notebook_file(name, own).read_text(encoding="utf-8")
        notebook: nbformat.NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    # Also JSON that is no notebook, and what is not UTF-8.
    except (OSError, ValueError, AttributeError, TypeError, nbformat.ValidationError) as error:
        raise SettingsError(
            "the notebook of the report '{report}' cannot be read.",
            "Save it in JupyterLab again.",
            report=name,
        ) from error
    return notebook


def patient_rows(notebook: nbformat.NotebookNode) -> bool | None:
    """Say whether a report has a row a patient, as its notebook's metadata say.

    ``{"workbench": {"patient_rows": false}}``; ``None`` where they do not: it may have.
    """
    told = notebook.metadata.get("workbench")
    rows = told.get("patient_rows") if isinstance(told, Mapping) else None
    return rows if isinstance(rows, bool) else None


def default_parameters(notebook: nbformat.NotebookNode) -> dict[str, object]:
    """Return the names and default values in the cell tagged ``parameters``.

    The cell is read, not run.  Raises ``SettingsError`` when there is no such cell or it holds
    anything but plain assignments of literals.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", []):
            return _assignments(cell.source)
    raise SettingsError("the report has no cell tagged parameters.")


def _assignments(source: str) -> dict[str, object]:
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        raise SettingsError(
            "the parameters cell is no Python.", "Correct it in JupyterLab."
        ) from None
    defaults: dict[str, object] = {}
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                raise SettingsError("the parameters cell holds more than plain assignments.")
        try:
            defaults[name] = ast.literal_eval(value)
        except ValueError as error:
            raise SettingsError("a parameter's default is not a plain value.") from error
    return defaults


def checked_parameters(
    defaults: Mapping[str, object], given: Mapping[str, object]
) -> dict[str, object]:
    """Return the given parameters, checked against the names and types of the defaults.

    Only names of the parameters cell are taken: papermill writes a name into the notebook as
    code, so a name with a line break would be run.  Raises ``SettingsError``.
    """
    allowed = ", ".join(sorted(defaults))
    for name, value in given.items():
        if name not in defaults:
            raise SettingsError(
                "the report has no parameter '{parameter}'.", "It has: {allowed}.",
                parameter=name, allowed=allowed,
            )  # fmt: skip
        if not _is_json(value):
            raise SettingsError(
                "the parameter {parameter} is not a text, number, list or the like.", parameter=name
            )
        if not _fits(value, defaults[name]):
            kind = type(defaults[name]).__name__
            raise SettingsError(
                "the parameter {parameter} must be of the type {kind}.", parameter=name, kind=kind
            )
    return dict(given)


def _is_json(value: object) -> bool:
    """Whether a value comes back from JSON as it was: no tuples, dates, paths or NaN."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False


def _fits(value: object, default: object) -> bool:
    if default is None:
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return type(value) is type(default)
    return isinstance(value, (int, float) if isinstance(default, float) else type(default))
