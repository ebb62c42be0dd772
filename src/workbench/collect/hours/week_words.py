"""The open hours of a week in words that a person would say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from workbench.language import Words, data, listed, t, weekday

A_MONDAY = date(2026, 1, 5)
DAYS = 7
DAY = 24
MAX_PARTS = 6  # a sentence with more of them is not read

Hours = Sequence[Sequence[bool]]
Piece = tuple[int, int]  # from, to: hours of the wall; an end before its begin is next morning


def in_words(hours: Hours) -> Words:
    """Return 7 x 24 open hours, Monday first, as ``Mon-Fri 19:00-06:00, Sat and Sun all day``.

    Times over midnight are named by the day they begin on.  A week of more than a few parts is
    summed up as a number of hours.
    """
    total = sum(map(sum, hours))
    if total in (0, DAY * DAYS):
        return t("always") if total else t("never")
    spans: dict[Piece, set[int]] = {}
    for day in range(DAYS):
        for piece in _pieces(hours, day):
            spans.setdefault(piece, set()).add(day)
    _lengthen(hours, spans)
    groups: dict[tuple[int, ...], list[Piece]] = {}
    for piece in sorted(spans):
        groups.setdefault(tuple(sorted(spans[piece])), []).append(piece)
    if len(groups) > MAX_PARTS:
        return t("{total} of {all} hours a week, at changing times", total=total, all=DAY * DAYS)
    # Between parts that hold commas themselves stands another sign.
    long = any(len(_names(days)) > 2 or len(groups[days]) > 2 for days in groups)
    return listed(
        (
            t("{days} {times}", days=_days(days), times=_listed([_times(p) for p in groups[days]]))
            for days in sorted(groups)
        ),
        "; " if long else ", ",
    )


def _pieces(hours: Hours, day: int) -> Iterator[Piece]:
    """Yield the open times that begin on a day; one over midnight ends with the next morning."""
    row, night, following = hours[day], hours[day - 1], hours[(day + 1) % DAYS]
    if all(row):
        yield 0, DAY
        return
    for begin in range(DAY):
        if not row[begin] or (begin and row[begin - 1]):
            continue
        end = _end(row, begin)
        if begin == 0 and _overnight(night, row):
            continue  # yesterday's night has it
        if end == DAY and _overnight(row, following):
            end = _end(following, 0)
        yield begin, end


def _overnight(evening: Sequence[bool], morning: Sequence[bool]) -> bool:
    """Whether one time leads over midnight and is shorter than a day, so that it can be said."""
    if not (evening[-1] and morning[0]) or all(evening):
        return False
    begin = DAY - evening[::-1].index(False)
    return _end(morning, 0) < begin


def _end(row: Sequence[bool], begin: int) -> int:
    return next((hour for hour in range(begin, DAY) if not row[hour]), DAY)


def _lengthen(hours: Hours, spans: dict[Piece, set[int]]) -> None:
    """Say an evening before a day that is open throughout as the other evenings are said."""
    for (begin, end), days in sorted(spans.items()):
        nights = [piece for piece in spans if piece[0] == begin and 0 < piece[1] < begin]
        if end != DAY or not nights:
            continue
        eves = {day for day in days if all(hours[(day + 1) % DAYS])}
        spans[max(nights, key=lambda piece: len(spans[piece]))] |= eves
        spans[begin, end] = days - eves
        if not spans[begin, end]:
            del spans[begin, end]


def _times(piece: Piece) -> Words:
    begin, end = piece
    return t("all day") if piece == (0, DAY) else data(f"{begin:02}:00-{end:02}:00")


def _days(days: Sequence[int]) -> Words:
    """Return days as ``Mon-Fri``, ``Sat and Sun``, ``Mon, Wed and Fri`` or ``every day``."""
    return t("every day") if len(days) == DAYS else _listed(_names(days))


def _names(days: Sequence[int]) -> list[Words]:
    """Return what is said of days one after the other: names, and runs of more than two."""
    if len(days) == DAYS:
        return []
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    named: list[Words] = []
    for run in runs:
        if len(run) > 2:
            named.append(t("{first}-{last}", first=_name(run[0]), last=_name(run[-1])))
        else:
            named.extend(map(_name, run))
    return named


def _name(day: int) -> Words:
    return weekday(A_MONDAY + timedelta(days=day))


def _listed(words: Sequence[Words]) -> Words:
    *most, last = words
    return t("{most} and {last}", most=listed(most), last=last) if most else last
