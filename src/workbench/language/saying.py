"""A text that is said later: kept in a file or a table with its values, worded when shown.

What a measurement or a look came to is kept for years, and is read in more than one language.
So its text is kept beside the English sentence, and the values of its places.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Self

from workbench.language.choice import ENGLISH, current_language
from workbench.language.formats import clock, day, figures, number, weekday
from workbench.language.pseudo import PSEUDO
from workbench.language.texts import Marked, Words, data, filled, listed, n, sentences, t

DAY_AND_CLOCK, DAY_YEAR_AND_CLOCK = "%a %d %b %H:%M", "%a %d %b %Y %H:%M"


class Figures(str):
    """A number as English writes it."""

    __slots__ = ()


class Saying(str):
    """An English text with values for its ``{places}``, and a code where a program must know.

    Values are texts (marked ones are translated), numbers, ``Figures``, days, aware datetimes, or
    sayings themselves.  As a string it is English and filled in, for logs, tables and the command
    line; ``words`` is for pages.

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

    __slots__ = ("code", "plural", "text", "values")

    text: str
    values: Mapping[str, object]
    plural: str
    code: str

    def __new__(cls, text: str, /, **values: object) -> Self:
        """Return a text with its values; what is marked needs no values."""
        return cls._made(text, values)

    @classmethod
    def _made(
        cls, text: str, values: Mapping[str, object], plural: str = "", code: str = ""
    ) -> Self:
        said = {name: Words(in_english(value)) for name, value in values.items()}
        chosen = plural if plural and _count(values) != 1 else text
        english = filled(chosen, said) if chosen else sentences(*said.values())
        made = super().__new__(cls, english)
        made.text, made.values, made.plural, made.code = text, values, plural, code
        return made

    def coded(self, code: str) -> Self:
        """Return it with a code."""
        return self._made(self.text, self.values, self.plural, str(code))

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
    def counted(cls, text: str, plural: str, count: int, /, **values: object) -> Self:
        """Return the text for a number of things, as ``n`` does."""
        return cls._made(text, {"count": count, **values}, plural)

    @classmethod
    def read(cls, stored: str) -> Self:
        """Read what ``stored`` wrote; any other text is taken as it is."""
        if not stored.startswith('{"text": '):
            return cls.plain(stored)
        import json

        try:
            return cls.of_json(json.loads(stored))
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls.plain(stored)

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` made; raises ``TypeError`` and its like for anything else."""
        values = {str(name): _value(value) for name, value in kept.get("values", {}).items()}
        text, plural, code = (kept.get(name, "") for name in ("text", "plural", "code"))
        if not (isinstance(text, str) and (text or values)):
            raise TypeError
        return cls._made(text, values, str(plural), str(code))

    def stored(self) -> str:
        """Return it for a file or a table; empty when it says nothing."""
        import json

        return json.dumps(self.as_json(), ensure_ascii=False) if self else ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        values = {name: as_json(value) for name, value in self.values.items()}
        more = {"plural": self.plural, "code": self.code}
        return {
            "text": self.text, "values": values,
            **{name: text for name, text in more.items() if text},
        }  # fmt: skip

    def words(self) -> Words:
        """Return it in the language that is spoken."""
        said = {name: worded(value) for name, value in self.values.items()}
        if self.plural:
            return n(self.text, self.plural, _count(self.values), **said)
        return t(self.text, **said) if self.text else sentences(*said.values())


def _count(values: Mapping[str, object]) -> int:
    count = values.get("count")
    return count if isinstance(count, int) else 0


def worded(value: object) -> Words:
    """Return a value of a saying in the language that is spoken."""
    match value:
        case Words():
            return value
        case Saying():
            return value.words()
        case Marked():
            return t(value)
        case Figures():
            return figures(value)
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


def as_json(value: object) -> object:
    """Return a saying, or a value in one, as JSON types."""
    match value:
        case Saying():
            return value.as_json()
        case Marked():
            return {"text": str(value)}
        case Figures():
            return {"figures": str(value)}
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case bool() | int() | float() | None:
            return value
    return str(value)


def texts_of(row: Mapping[str, object]) -> dict[str, object]:
    """Return those fields of a row that are texts of ours, as JSON types."""
    return {name: as_json(value) for name, value in row.items()
            if isinstance(value, (Saying, Marked)) and value}  # fmt: skip


def words_of(kept: object, otherwise: str = "") -> Words:
    """Return a kept text in the language that is spoken; several are sentences.

    ``otherwise`` is the sentence that was kept, for where there is no text: it is translated if
    it is one of our own without values.
    """
    if isinstance(kept, list) and kept:
        return sentences(*(words_of(each) for each in kept))
    if kept is None:
        return t(otherwise) if otherwise else Words("")
    try:
        return worded(_value(kept))
    except (ValueError, TypeError, KeyError, AttributeError):
        return data(kept)


def _value(kept: object) -> object:
    if not isinstance(kept, Mapping):
        return kept
    if "day" in kept:
        return date.fromisoformat(kept["day"])
    if "at" in kept:
        return datetime.fromisoformat(kept["at"])
    return Figures(kept["figures"]) if "figures" in kept else Saying.of_json(kept)


NOTHING_SAID = Saying("")
