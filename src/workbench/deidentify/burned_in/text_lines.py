"""From words that name somebody to the rectangles that cover them and what stands beside them.

Words beside one another with small gaps are a segment.  The segment of a name is covered whole;
so is every other segment in the same row of text that holds an unknown word, for what stands
beside a name is likely to identify too ("DOE^JOHN    ID 4711x").  Numbers and the words of
technique stay where no name stands among them, so that doses can be read.

A label ("Name:", "DOB:") is a place where a name is expected: what follows it is covered, read or
not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.deidentify.burned_in.boxes import Box, around
from workbench.deidentify.burned_in.ocr import Word
from workbench.deidentify.burned_in.word_matching import Matcher, is_decimal, known_words
from workbench.deidentify.burned_in.words import comparable

GAP = 2.0  # heights of a letter between two segments of one row
NEXT_LINE = 1.2  # heights of a filled line in which the next one stands
BESIDE = 12  # heights of a letter covered behind a label with nothing read behind it
MAX_COUNT_DIGITS = 4  # digits of a number that identifies nobody
COUNT = re.compile(r"[\W\d]*\Z")
# Labels of an identity in English, German, French; they count with a colon or in a run of two.
_LABELS = (
    "name nom patientname patientid patid id dob birth birthdate dateofbirth born geb "
    "geburtsdatum naissance accession accessionno accessionnumber accno acc mrn hospital "
    "institution physician referringphysician operator performedby examno"
)
LABELS = frozenset(map(comparable, _LABELS.split()))
PAIRS = (("patient", "name"), ("patient", "id"), ("birth", "date"), ("date", "birth"),
         ("accession", "number"), ("accession", "no"))  # fmt: skip


def is_known(text: str) -> bool:
    """Say whether a word tells nothing about anybody: technique, a measured or a short number."""
    plain = comparable(text)
    if not plain or is_decimal(text) or plain in known_words():
        return True
    return bool(COUNT.match(text)) and sum(map(str.isdigit, text)) <= MAX_COUNT_DIGITS


def covered(words: Sequence[Word], matcher: Matcher) -> list[Box]:
    """Return the rectangles that cover every name found among the words of one reading."""
    boxes: list[Box] = []
    for line in _lines(words):
        texts = [word.text for word in line]
        for number in matcher.found(texts):
            row = _row_of(line[number], words)
            boxes += [*row, *_stacked(row[0], words)]
        for number in _labels(texts):
            boxes.append(_behind(line[number], words))
    return [box for box in dict.fromkeys(boxes) if box.width > 0]


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    lines: dict[tuple[int, ...], list[Word]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    return [sorted(line, key=lambda word: word.box.left) for line in lines.values()]


def _segments(row: list[Word]) -> list[list[Word]]:
    segments: list[list[Word]] = []
    for word in sorted(row, key=lambda word: word.box.left):
        if segments:
            end = max(before.box.right for before in segments[-1])
            if word.box.left - end <= GAP * word.box.height:
                segments[-1].append(word)
                continue
        segments.append([word])
    return segments


def _row_of(sought: Word, words: Sequence[Word]) -> list[Box]:
    row = [word for word in words if word.box.shares_rows(sought.box)]
    segments = sorted(_segments(row), key=lambda segment: sought not in segment)
    return [
        _padded(segment)
        for segment in segments
        if sought in segment or not all(is_known(word.text) for word in segment)
    ]


def _stacked(name: Box, words: Sequence[Word]) -> list[Box]:
    """Return the lines above and below a name, but for those that hold only what is known.

    What identifies is written in blocks, and a line that was not read is the likelier to be one
    of them on a noisy ground.
    """
    reach = int(NEXT_LINE * name.height)
    boxes = []
    for top in (name.top - reach, name.bottom):
        strip = Box(top, name.left, reach, name.width)
        read = [word for word in words if _touches(word.box, strip)]
        unknown = [word.box for word in read if not is_known(word.text)]
        if unknown or not read:
            boxes.append(around([strip, *unknown]))
    return boxes


def _touches(box: Box, strip: Box) -> bool:
    middle = box.top + box.height / 2
    beside = box.right <= strip.left or strip.right <= box.left
    return strip.top <= middle < strip.bottom and not beside


def _padded(segment: list[Word]) -> Box:
    height = max(word.box.height for word in segment)
    return around([word.box for word in segment]).grown(max(2, height // 4), max(4, height // 2))


def _labels(texts: Sequence[str]) -> list[int]:
    plain = [comparable(text) for text in texts]
    pairs = {tuple(map(comparable, pair)) for pair in PAIRS}
    return [
        number
        for number, word in enumerate(plain)
        if (word in LABELS and texts[number].rstrip()[-1:] in ":;=")
        or (number > 0 and (plain[number - 1], word) in pairs)
    ]


def _behind(label: Word, words: Sequence[Word]) -> Box:
    """Return the place behind a label, up to what is known there."""
    height = max(label.box.height, 1)
    right = [
        word for word in words
        if word.box.left >= label.box.right and word.box.shares_rows(label.box)
    ]  # fmt: skip
    segment = _segments([label, *right])[0][1:]
    end = label.box.right + BESIDE * height
    beyond = [word.box.left for word in right if word not in segment and is_known(word.text)]
    end = max([min([end, *beyond]), *(word.box.right for word in segment)])
    place = Box(label.box.top, label.box.right, height, end - label.box.right)
    return around([place, *(word.box for word in segment)]).grown(max(2, height // 4), 0)
