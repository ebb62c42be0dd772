"""Measure figures, each way in a process of its own, and say what each is worth."""

from __future__ import annotations

import multiprocessing
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.figures.figure import (
    Count,
    Figure,
    Found,
    Measure,
    MissingError,
    by_measure,
)
from benchmarks.figures.page import ABOVE, BELOW, HOLDS, NO_LIMIT, NOT_MEASURED, Row

Run = Callable[[Measure, bool], Mapping[str, Found]]
PATHS = re.compile(r"(?:/[\w.+-]+){2,}/?")  # never written: they name machines and people
LONGEST = 160


def apart(measure: Measure, short: bool) -> Mapping[str, Found]:
    """Measure in a new process: its memory is its own, and its death is an error here."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(aloud, measure, short).result()


def aloud(measure: Measure, short: bool) -> Mapping[str, Found]:
    """Measure, with all that is printed on the way on standard error."""
    with redirect_stdout(sys.stderr):
        return dict(measure(short))


def rows(figures: Iterable[Figure], short: bool = False, run: Run = apart) -> Iterator[Row]:
    """Yield one row a figure, in whatever way it went."""
    for measure, group in by_measure(figures):
        begun = time.monotonic()
        sys.stderr.write(f"--- {group[0].command}\n")
        try:
            found, why = run(measure, short), ""
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the row's reason
            found, why = {}, reason(error)
        sys.stderr.write(f"--- {time.monotonic() - begun:.0f} s\n")
        for figure in group:
            yield row(figure, found.get(figure.name), why or "it was not among the values")


def row(figure: Figure, found: Found | None, why: str) -> Row:
    """Return the row of a figure that was measured, or that was not, and why."""
    said = {"group": figure.group.value, "name": figure.name, "says": figure.says,
            "limit": figure.limit_text(), "peer": figure.peer, "command": figure.command,
            "date": datetime.now(UTC).date().isoformat(), "machine": machine()}  # fmt: skip
    if found is None:
        return Row(**said, value="–", verdict=NOT_MEASURED, note=why)
    value = found.value
    return Row(**said, value=figure.text(value), verdict=verdict(figure, value), note=found.note)


def verdict(figure: Figure, value: float | Count) -> str:
    """Say whether a value keeps to its figure's limit."""
    if figure.limit is None:
        return NO_LIMIT
    if figure.limit.holds(value):
        return HOLDS
    return BELOW if figure.limit.floor else ABOVE


def reason(error: Exception) -> str:
    """Return an error's first line without paths."""
    text = str(error).strip().splitlines()
    first = PATHS.sub("…", text[0])[:LONGEST].replace("|", "/") if text else ""
    if isinstance(error, MissingError):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def machine() -> str:
    """Return what was measured on; no name of a host."""
    memory = psutil.virtual_memory().total / 2**30
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        system = platform.system()
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {system}, "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        told = ""
    model = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    return model[1].strip() if model else platform.machine()
