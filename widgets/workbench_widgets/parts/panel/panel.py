"""The pieces a panel is built of, every value escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from markupsafe import Markup

from workbench.language import Marked, Words, day, mark, t
from workbench.language.pseudo import BEGIN
from workbench.rights import Right
from workbench_widgets.parts.help.help import help_on
from workbench_widgets.parts.live.live import Ask

NOTHING = Markup("")
SILENCE = Words("")
NUMERIC = "#"  # begins a head above numbers, in every language
LEAST_LINES, MOST_LINES = 4, 26  # of a field for lines: as many as there are, within these
NONE = mark("None.")  # said of what is good not to have
GOOD, WORKING, WARNING, PROBLEM = "good", "working", "warning", "problem"


@dataclass(frozen=True)
class Outcome:
    """What came of a question: a sentence for the page, and forms to empty."""

    text: Words = SILENCE
    good: bool = True
    reset: tuple[str, ...] = ()


class Panel(Protocol):
    """One section of the page.

    Attributes
    ----------
    name
        Its name in messages.
    """

    name: str

    @property
    def title(self) -> str:
        """Its name on its tab: a marked text."""

    @property
    def right(self) -> Right:
        """What somebody needs to see it."""

    @property
    def needs(self) -> Mapping[str, Right]:
        """What somebody needs to ask for a thing; what does not stand there is administered."""

    def html(self) -> Markup:
        """Return the section as it is now."""

    def act(self, ask: Ask) -> Outcome | None:
        """Do what is asked; ``None`` when that is not for this section.

        Raises ``WorkbenchError`` with what to do instead.
        """


MAY_ASK: ContextVar[Callable[[str], bool]] = ContextVar("MAY_ASK", default=lambda _: True)


@contextmanager
def offering(may_ask: Callable[[str], bool]) -> Iterator[None]:
    """Write what is inside with those buttons and forms only that somebody may use."""
    before = MAY_ASK.set(may_ask)
    try:
        yield
    finally:
        MAY_ASK.reset(before)


def join(parts: Iterable[str], between: str = "") -> Markup:
    """Return escaped pieces one after the other."""
    return Markup.escape(between).join(parts)


def card(title: Words, *parts: str, kind: str = "", help_key: str = "") -> Markup:
    """Return pieces under a heading, with the help of that name; nothing where there are none."""
    if not any(parts):
        return NOTHING
    return Markup('<section class="wbc-card {}"><h3>{}</h3>{}{}</section>').format(
        kind, title, help_on(help_key, title), join(parts)
    )


def said(text: Words, kind: str = "") -> Markup:
    """Return a paragraph."""
    return Markup('<p class="{}">{}</p>').format(f"wbc-{kind}" if kind else "", text)


@dataclass(frozen=True)
class Button:
    """A button: the words on it, what it asks, and the value that goes with it.

    ``opened`` says of one that opens something whether it is open.
    """

    words: Words
    ask: str
    value: str = ""
    main: bool = False
    off: bool = False
    label: Words | None = None
    opened: bool | None = None

    def __html__(self) -> Markup:
        if not MAY_ASK.get()(self.ask):
            return NOTHING
        return Markup(
            '<button type="button" class="{}" data-ask="{}" value="{}"{}{}{}>{}</button>'
        ).format(
            "wbc-main" if self.main else "", self.ask, self.value,
            Markup(" disabled") if self.off else "",
            Markup(' aria-label="{}"').format(self.label) if self.label else "",
            "" if self.opened is None
            else Markup(' aria-expanded="{}"').format("true" if self.opened else "false"),
            self.words,
        )  # fmt: skip


def buttons(*all_of_them: Button) -> Markup:
    """Return buttons in a row."""
    shown = join(map(Markup.escape, all_of_them))
    return Markup('<div class="wbc-buttons">{}</div>').format(shown) if shown else NOTHING


@dataclass(frozen=True)
class Field:
    """A field of a form with its label, and what is wrong with it below.

    With another ``key`` it is another field: what was typed into the one before is gone.
    """

    name: str
    label: Words
    value: str = ""
    kind: str = "text"
    hint: Words | None = None
    problem: Words | None = None
    options: Sequence[tuple[str, Words]] = ()
    key: str = ""

    def __html__(self) -> Markup:
        alert = Markup('<small class="wbc-wrong" role="alert">{}</small>').format(
            self.problem or ""
        )
        hint = Markup("<small>{}</small>").format(self.hint or "")
        wrong = Markup(' aria-invalid="true"') if self.problem else ""
        return Markup('<label class="wbc-field wbc-{}"{}><span>{}</span>{}{}</label>').format(
            self.kind, Markup(' data-key="{}"').format(self.key) if self.key else "", self.label,
            self._input(wrong), alert if self.problem else hint if self.hint else "",
        )  # fmt: skip

    def _input(self, wrong: str) -> Markup:
        quiet = Markup('autocomplete="off" spellcheck="false"')
        if self.options:
            chosen = (
                Markup('<option value="{}"{}>{}</option>').format(
                    value, Markup(" selected") if value == self.value else "", words
                )
                for value, words in self.options
            )
            return Markup('<select name="{}"{}>{}</select>').format(self.name, wrong, join(chosen))
        if self.kind in ("lines", "file"):
            # Of lines nothing stays on the page: they may be patient IDs.  A file is to be edited.
            text = "" if self.kind == "lines" else self.value
            rows = min(max(text.count("\n") + 2, LEAST_LINES), MOST_LINES)
            return Markup('<textarea name="{}" rows="{}" {}{}>\n{}</textarea>').format(
                self.name, rows, quiet, wrong, text
            )
        if self.kind == "upload":  # a file of the reader's own computer; ``Ask.files`` has it
            return Markup('<input type="file" name="{}" {}{}>').format(self.name, quiet, wrong)
        # A browser writes days as its own language does; ours are ISO 8601 in every language.
        kind, more = ("text", _day_hint()) if self.kind == "date" else (self.kind, NOTHING)
        return Markup('<input type="{}" name="{}" value="{}" {}{}{}>').format(
            kind, self.name, self.value, quiet, more, wrong
        )


def _day_hint() -> Markup:
    return Markup(
        ' inputmode="numeric" maxlength="10" pattern="[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"'
        ' placeholder="{}"'
    ).format(t("YYYY-MM-DD"))


@dataclass(frozen=True)
class Form:
    """Fields and the buttons that send them; ``live`` sends them on every change.

    Who may not send it does not see it.  ``seen`` says what the form is about as it is shown: it
    is sent along as it was when somebody began to write (live.js), so that a change of somebody
    else in between can be told.  With another ``key`` it is another form: nothing that was typed
    into the one before is in it.
    """

    name: str
    fields: Sequence[Field]
    sends: Sequence[tuple[str, Words]] = ()
    live: bool = False
    danger: bool = False
    seen: str = ""
    key: str = ""

    def __html__(self) -> Markup:
        may_ask = MAY_ASK.get()
        sends = [(ask, words) for ask, words in self.sends if may_ask(ask)]
        if not sends and not (self.live and may_ask(self.name)):
            return NOTHING
        send = join(
            Markup('<button type="submit" class="{}" value="{}">{}</button>').format(
                ("wbc-danger" if self.danger else "wbc-main") if place == 0 else "", ask, words
            )
            for place, (ask, words) in enumerate(sends)
        )
        return Markup(
            '<form name="{}" autocomplete="off"{}{}>{}<div class="wbc-fields">{}</div>{}</form>'
        ).format(
            self.name, Markup(" data-live") if self.live else "",
            Markup(' data-key="{}"').format(self.key) if self.key else "",
            Markup('<input type="hidden" name="seen" value="{}">').format(self.seen)
            if self.seen else "",
            join(map(Markup.escape, self.fields)),
            Markup('<div class="wbc-buttons">{}</div>').format(send) if send else "",
        )  # fmt: skip


def table(
    heads: Sequence[Words], rows: Iterable[Sequence[object]], caption: Words, empty: Words | Marked
) -> Markup:
    """Return a table; heads that begin with ``#`` stand over numbers.

    A row that is ``Markup`` stands over the whole width: what belongs to the row above it.
    ``empty`` is said where there are no rows, and quietly where it is ``NONE``.
    """
    kinds = [
        Markup(' class="number"') if NUMERIC in head[: len(BEGIN + NUMERIC)] else ""
        for head in heads
    ]
    lines = [_table_row(row, kinds) for row in rows]
    if not lines:
        words = t(empty) if isinstance(empty, Marked) else empty
        return said(words, "soft" if empty == NONE else "empty")
    top = join(
        Markup('<th scope="col"{}>{}</th>').format(
            kind, head.replace(NUMERIC, "", 1) if kind else head
        )
        for kind, head in zip(kinds, heads, strict=True)
    )
    body = join(lines)
    return Markup(
        '<div class="wbc-wide" tabindex="0" role="region" aria-label="{}"><table>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, top, body)


def _table_row(row: Sequence[object], kinds: Sequence[str]) -> Markup:
    if isinstance(row, Markup):
        return Markup('<tr class="wbc-below"><td colspan="{}">{}</td></tr>').format(len(kinds), row)
    cells = join(
        Markup("<td{}>{}</td>").format(kind, "" if cell is None else cell)
        for kind, cell in zip(kinds, row, strict=True)
    )
    return Markup("<tr>{}</tr>").format(cells)


def facts(pairs: Mapping[Words, object]) -> Markup:
    """Return names and what is known of each."""
    each = join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*pair) for pair in pairs.items())
    return Markup('<dl class="wbc-facts">{}</dl>').format(each)


def clock(text: str | None, zone: ZoneInfo) -> Words:
    """Return a moment as the hospital's file has it, on the wall of a zone, to the second."""
    if not text:
        return Words("")
    here = utc(text).astimezone(zone)
    return Words(f"{day(here)} {here:%H:%M:%S}")


def utc(text: str) -> datetime:
    """Return a moment as the hospital's file has it: UTC, without saying so."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def number(value: float | None) -> Words:
    """Return a whole number with thin spaces between thousands."""
    return Words("" if value is None else f"{value:,.0f}".replace(",", "\u202f"))
