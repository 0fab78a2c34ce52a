"""What a file's offsets count: code points, UTF-16 units, bytes, or the last character as well.

Python counts code points; JavaScript and Java count UTF-16 units, in which an emoji is two; some
tools count bytes of UTF-8; and some give the place of the last character as the end. The texts that
a file gives for its spans decide which. Where it gives none, the edges of words are a hint.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from eatner.tables import Span
from eatner.text.characters import cuts_word

CODE_POINTS, UTF_16, BYTES, INCLUSIVE = "code points", "UTF-16 units", "bytes", "inclusive ends"
# In the order in which they are tried.
UNITS = (CODE_POINTS, UTF_16, BYTES, INCLUSIVE)


def convert(text: str, start: int, end: int, unit: str) -> Span | None:
    """A span in code points, the end exclusive.

    Args:
        text: The text.
        start: Its first place, counted in `unit`.
        end: The place after its last, or with `INCLUSIVE` its last.
        unit: One of `UNITS`.

    Returns:
        None if it is empty, not within the text, or begins or ends inside a character.
    """
    if unit in (CODE_POINTS, INCLUSIVE):
        end += unit == INCLUSIVE
        return (start, end) if 0 <= start < end <= len(text) else None
    first, after = _code_point(text, start, unit), _code_point(text, end, unit)
    if first is None or after is None or first >= after:
        return None
    return first, after


def _code_point(text: str, offset: int, unit: str) -> int | None:
    """The number of code points before an offset in bytes or UTF-16 units."""
    if text.isascii():
        return offset if 0 <= offset <= len(text) else None
    begins = _begins(text, unit)
    place = bisect_left(begins, offset)
    return place if place < len(begins) and begins[place] == offset else None


@lru_cache(maxsize=4)
def _begins(text: str, unit: str) -> list[int]:
    """The offset of every code point of a text, and of its end."""
    borders = "\uffff" if unit == UTF_16 else "\x7f\u07ff\uffff"
    sizes = (1 + sum(char > border for border in borders) for char in text)
    return [*itertools.accumulate(sizes, initial=0)]


def is_clean(text: str, span: Span) -> bool:
    """Whether a span neither cuts a word nor begins or ends with white space."""
    start, end = span
    inside = text[start:end]
    return inside == inside.strip() and not cuts_word(text, start) and not cuts_word(text, end)


def better_unit(text: str, spans: Sequence[Span]) -> str | None:
    """The unit in which a record's spans keep to words, if code points make some of them cut words.

    Args:
        text: The record's text.
        spans: Its offsets as the file has them, without texts of their own.

    Returns:
        `UTF_16`, `BYTES`, or None.
    """
    if not spans or text.isascii():
        return None
    for unit in (CODE_POINTS, UTF_16, BYTES):
        converted = [convert(text, start, end, unit) for start, end in spans]
        if all(span is not None and is_clean(text, span) for span in converted):
            return None if unit == CODE_POINTS else unit
    return None


class OffsetEvidence:
    """What all spans of a file that give their own text say of the unit of its offsets."""

    def __init__(self) -> None:
        self._fitting = list(UNITS)

    def add(self, text: str, start: int, end: int, surface: str) -> None:
        """Add a span and the text that the file gives for it."""

        def fits(unit: str) -> bool:
            span = convert(text, start, end, unit)
            return span is not None and text[span[0] : span[1]] == surface

        self._fitting = [unit for unit in self._fitting if fits(unit)]

    @property
    def unit(self) -> str:
        """The first unit that fits all spans; code points if none does."""
        return self._fitting[0] if self._fitting else CODE_POINTS
