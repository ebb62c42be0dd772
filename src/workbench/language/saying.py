"""A text that is said later: kept in a file or a table with its values, worded when shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Self

from workbench.language.choice import ENGLISH, current_language
from workbench.language.formats import clock, day, number, weekday
from workbench.language.pseudo import PSEUDO
from workbench.language.texts import Marked, Words, data, filled, listed, n, sentences, t

DAY_AND_CLOCK, DAY_YEAR_AND_CLOCK = "%a %d %b %H:%M", "%a %d %b %Y %H:%M"


class Saying:
    """An English text with values for its ``{places}``, and a code where a program must know.

    Values are texts (marked ones are translated), numbers, days, aware datetimes, or sayings
    themselves.  ``str`` is English, for logs and the command line; ``words`` is for pages.

    Attributes
    ----------
    text
        The English text; empty for its values as sentences one after the other.
    values
        What stands in the places.
    plural
        The text for several, where it counts something: its value ``count`` says how many.
    code
        What programs go by; empty where none does.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        self.text = text
        self.values = values
        self.plural = ""
        self.code = ""

    def coded(self, code: str) -> Self:
        """Return it with a code."""
        self.code = str(code)
        return self

    @classmethod
    def joined(cls, *said: Saying | None) -> Self:
        """Return sentences one after the other, without those that are not there."""
        parts = [each for each in said if each]
        return cls("", **{f"part{place}": each for place, each in enumerate(parts)})

    @classmethod
    def plain(cls, text: str) -> Self:
        """Return a text as it is: of an older version, or of somebody else."""
        return cls("", part0=text) if text else cls("")

    @classmethod
    def read(cls, stored: str) -> Self:
        """Read what ``stored`` wrote; any other text is taken as it is."""
        if not stored.startswith('{"text": '):
            return cls.plain(stored)
        import json

        try:
            return cls._of(json.loads(stored))
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls.plain(stored)

    @classmethod
    def _of(cls, told: Mapping[str, Any]) -> Self:
        values = {str(name): _value(value) for name, value in told.get("values", {}).items()}
        made = cls(str(told["text"]), **values)
        made.plural, made.code = str(told.get("plural", "")), str(told.get("code", ""))
        return made

    def stored(self) -> str:
        """Return it for a file or a table; empty when it says nothing."""
        import json

        return json.dumps(self._told(), ensure_ascii=False) if self else ""

    def _told(self) -> dict[str, Any]:
        values = {name: _kept(value) for name, value in self.values.items()}
        more = {"plural": self.plural, "code": self.code}
        return {
            "text": self.text, "values": values,
            **{name: text for name, text in more.items() if text},
        }  # fmt: skip

    def words(self) -> Words:
        """Return it in the language that is spoken."""
        said = {name: worded(value) for name, value in self.values.items()}
        if self.plural:
            return n(self.text, self.plural, self._count(), **said)
        return t(self.text, **said) if self.text else sentences(*said.values())

    def _count(self) -> int:
        count = self.values.get("count")
        return count if isinstance(count, int) else 0

    def __str__(self) -> str:
        said = {name: Words(in_english(value)) for name, value in self.values.items()}
        text = self.plural if self.plural and self._count() != 1 else self.text
        return filled(text, said) if text else str(sentences(*said.values()))

    def __repr__(self) -> str:
        return f"Saying({str(self)!r})"

    def __bool__(self) -> bool:
        return bool(self.text or self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Saying) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self.stored())


def counted(text: str, plural: str, count: int, /, **values: object) -> Saying:
    """Return the text for a number of things, as ``n`` does, to be said later."""
    said = Saying(text, count=count, **values)
    said.plural = plural
    return said


def worded(value: object) -> Words:
    """Return a value of a saying in the language that is spoken."""
    match value:
        case Words():
            return value
        case Saying():
            return value.words()
        case Marked():
            return t(value)
        case datetime():
            return day_and_clock(value)
        case date():
            return day(value)
        case float():
            return number(value)
    said = getattr(value, "words", None)  # any text that is kept
    return said() if callable(said) else data(value)


def in_english(value: object) -> str:
    """Return a value of a saying for logs and the command line."""
    return f"{value:{DAY_AND_CLOCK}}" if isinstance(value, datetime) else str(value)


def day_and_clock(at: datetime, year: bool = False) -> Words:
    """Return day of the week, day, hours and minutes, as they stand in ``at``.

    English tells the year on demand only.
    """
    if current_language() in (ENGLISH, PSEUDO):
        return data(f"{at:{DAY_YEAR_AND_CLOCK if year else DAY_AND_CLOCK}}")
    return listed((weekday(at), day(at), clock(at)), " ")


def _kept(value: object) -> object:
    match value:
        case Saying():
            return value._told()
        case Marked():
            return Saying(value)._told()
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case bool() | int() | float() | None:
            return value
    return str(value)


def _value(kept: object) -> object:
    if not isinstance(kept, Mapping):
        return kept
    if "day" in kept:
        return date.fromisoformat(kept["day"])
    return datetime.fromisoformat(kept["at"]) if "at" in kept else Saying._of(kept)
