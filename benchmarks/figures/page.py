"""The page ``docs/figures.md``: written, read again, and the docs' links to it kept true."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

HOLDS, NO_LIMIT = "holds", "told"
BELOW, ABOVE, NOT_MEASURED = "**below its floor**", "**above its ceiling**", "**not measured**"
NOT_PASSED = (BELOW, ABOVE, NOT_MEASURED)
LINK = re.compile(r"\[([^\]\[]+)\]\((?:docs/)?figures\.md#([\w-]+)\)")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
HEAD = """# Figures

Every measured figure that README and docs promise, as `make figures` found it on {day}: each with
its date, its machine and the command that prints it alone. `make accept` holds the same floors in a
shorter way. Times are ratios to a peer measured in the same run, above 1 where ours is better
unless a ceiling says otherwise. What has no row here stands nowhere in the docs
(`tests/checks/test_figures.py`).

{failed}
"""
COLUMNS = ("figure", "value", "floor or ceiling", "", "beside", "command", "date", "on")


@dataclass(frozen=True)
class Row:
    """One line of the page, all of it text."""

    group: str
    name: str
    says: str
    value: str
    limit: str
    verdict: str
    note: str
    peer: str
    command: str
    date: str
    machine: str

    @property
    def passed(self) -> bool:
        """Whether it was measured and holds its limit."""
        return self.verdict not in NOT_PASSED

    def line(self) -> str:
        """Return it for a terminal."""
        end = f" ({self.note})" if self.note else ""
        limit = f" [{self.limit}]" if self.limit else ""
        return f"{self.verdict.strip('*'):16} {self.name}: {self.value}{limit} {self.says}{end}"


def written(rows: Sequence[Row]) -> str:
    """Return the page."""
    machines = sorted({row.machine for row in rows})
    text = HEAD.format(day=max(row.date for row in rows), failed=_failed(rows))
    for group in dict.fromkeys(row.group for row in rows):
        lines = [_line(row, machines) for row in rows if row.group == group]
        head = f"| {' | '.join(COLUMNS)} |\n|---|---:|---:|---|---|---|---|---|\n"
        text += f"\n## {group}\n\n{head}" + "".join(lines)
    text += "\n## Machines\n\n"
    return text + "".join(f"* {_letter(n)}: {name}\n" for n, name in enumerate(machines))


def _failed(rows: Sequence[Row]) -> str:
    failed = [f"[{row.name}](#{row.name})" for row in rows if not row.passed]
    return f"Below its floor, above its ceiling, or not measured: {', '.join(failed) or 'nothing'}."


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _line(row: Row, machines: Sequence[str]) -> str:
    what = f'<a id="{row.name}"></a>{row.says}' + (f" <br>*{row.note}*" if row.note else "")
    where = _letter(machines.index(row.machine))
    cells = (what, row.value, row.limit, row.verdict, row.peer, f"`{row.command}`", row.date, where)
    return f"| {' | '.join(cells)} |\n"


def read(text: str) -> list[Row]:
    """Return the rows of a page."""
    machines = dict(re.findall(r"^\* ([A-Z]): (.+)$", text, re.MULTILINE))
    rows, group = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            group = line[3:]
        if not line.startswith('| <a id="'):
            continue
        what, value, limit, verdict, peer, command, day, where = line[2:-2].split(" | ")
        match = re.fullmatch(r'<a id="([^"]+)"></a>(.*?)(?: <br>\*(.*)\*)?', what)
        assert match is not None, line
        texts = (group, match[1], match[2], value, limit, verdict, match[3] or "", peer)
        rows.append(Row(*texts, command.strip("`"), day, machines[where]))
    return rows


def merged(old: Iterable[Row], new: Iterable[Row], order: Sequence[str]) -> list[Row]:
    """Return the rows of figures that exist, the new ones in place of the old."""
    found = {row.name: row for row in (*old, *new)}
    return [found[name] for name in order if name in found]


def numbers(text: str) -> list[Decimal]:
    """Return the numbers of a text."""
    return [Decimal(found.replace(",", "")) for found in NUMBER.findall(text)]


def rounded(value: Decimal, like: Decimal) -> Decimal:
    """Return a value with as many decimals as another has."""
    return value.quantize(Decimal(1).scaleb(int(like.as_tuple().exponent)), ROUND_HALF_UP)


def agrees(said: str, value: str) -> bool:
    """Say whether the words of a link give a value, rounded as they are written.

    Of "0 of 35" they may give the first number alone; a value that is not there agrees with none.
    """
    told, known = numbers(said), numbers(value)
    return bool(told) and len(told) <= len(known) and all(
        rounded(value, number) == number for number, value in zip(told, known, strict=False)
    )  # fmt: skip


def refreshed(text: str, values: Mapping[str, str]) -> str:
    """Return a text of the docs whose links say what the page says, rounded as they were."""

    def link(match: re.Match[str]) -> str:
        known = iter(numbers(values.get(match[2], "")))

        def number(old: re.Match[str]) -> str:
            value = next(known, None)
            if value is None:
                return old[0]
            return f"{rounded(value, Decimal(old[0].replace(',', ''))):,}"

        words = NUMBER.sub(number, match[1])
        return match[0].replace(f"[{match[1]}]", f"[{words}]", 1)

    return LINK.sub(link, text)
