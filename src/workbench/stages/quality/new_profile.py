"""The text of a new test profile, filled in from images it is to be for."""

from __future__ import annotations

from typing import Any

import tomlkit
from pydicom import Dataset

from workbench.qa.profiles import TestProfile
from workbench.qa.registry import AnyQATest, qa_test
from workbench.stages.quality.selection import equipment

SELECTED = ("Modality", "Manufacturer", "ManufacturerModelName", "StationName")
# What an acquisition is told by, of CT images (PS3.3 C.8.2.1).
ACQUIRED = ("KVP", "SliceThickness", "ConvolutionKernel", "ReconstructionDiameter", "Rows")


def new_profile(test: str, phantom: str, header: Dataset | None = None) -> str:
    """Return the text of a test profile to be completed; ``header`` is one of its images'."""
    qa = qa_test(test)
    document = tomlkit.document()
    machine = equipment(header) if header is not None else {}
    station = machine.get("StationName", "CT1")
    document.add("name", tomlkit.item(f"{station} {test}, weekly"))
    for name, value in (("test", test), ("phantom", phantom), ("station", station)):
        document.add(name, tomlkit.item(value))
    document.add("interval_days", _said(7, "overdue after so many days"))
    document.add("images", _said(1, "from the middle of the series"))
    document.add("recipients", _said([], "e-mail addresses told of alarms"))
    chosen = {name: machine[name] for name in SELECTED if name in machine}
    document.add(
        "select",
        _table(chosen or {"Modality": min(qa.modalities)}, "which images are this profile's"),
    )
    acquired = {name: _plain(header.get(name)) for name in ACQUIRED if header is not None
                and header.get(name) not in (None, "")}  # fmt: skip
    document.add("acquisition", _table(acquired, "how they must have been made"))
    return tomlkit.dumps(document) + _expectations(qa)


EXPLAINED = """
# One table a measured value. Take out what you do not judge.
# reference, or learn_from = n (mean of the first n accepted results);
# warning and alarm: { absolute = x, relative = 0.1, side = "both" }, the larger one counts.
"""


def _expectations(test: AnyQATest) -> str:
    """Return what the test itself proposes to expect, as tables; none of it is obligatory."""
    every = tomlkit.table(is_super_table=True)
    for name, expected in test.expectations.items():
        table = tomlkit.table()
        for key, value in expected.model_dump(exclude_defaults=True).items():
            table.add(key, _inline(value) if isinstance(value, dict) else _plain(value))
        every.add(name, table)
    document = tomlkit.document()
    if test.expectations:
        document.add("expect", every)
    return f"{EXPLAINED}\n{tomlkit.dumps(document)}"


def _inline(values: dict[str, Any]) -> Any:
    table = tomlkit.inline_table()
    table.update({name: _plain(value) for name, value in values.items()})
    return table


def profile_text(profile: TestProfile) -> str:
    """Return a kept profile as the text of a file."""
    return tomlkit.dumps(profile.content())


def _said(value: Any, comment: str) -> Any:
    return tomlkit.item(value).comment(comment)


def _table(values: dict[str, Any], comment: str) -> Any:
    table = tomlkit.table()
    table.comment(comment)
    for name, value in values.items():
        table.add(name, value)
    return table


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return [str(part) for part in value]
    return int(number) if number.is_integer() else number
