from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.corpora.offsets import (
    BYTES,
    CODE_POINTS,
    INCLUSIVE,
    UTF_16,
    OffsetEvidence,
    better_unit,
    convert,
)

TEXTS = st.text("aéж東👍🏽 \n", min_size=1, max_size=12)


def encoded(text: str, unit: str) -> int:
    """The length of a text in a unit, by Python's own codecs."""
    if unit == UTF_16:
        return len(text.encode("utf-16-le")) // 2
    return len(text.encode()) if unit == BYTES else len(text)


@given(TEXTS, st.data())
def test_a_span_comes_back_from_every_unit(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    for unit in (CODE_POINTS, UTF_16, BYTES):
        counted = encoded(text[:start], unit), encoded(text[:end], unit)
        assert convert(text, *counted, unit) == (start, end)
    assert convert(text, start, end - 1, INCLUSIVE) == (start, end)


@pytest.mark.parametrize(
    ("start", "end", "unit"),
    [(1, 3, UTF_16), (0, 1, UTF_16), (0, 9, UTF_16), (1, 4, BYTES), (2, 2, CODE_POINTS),
     (-1, 1, CODE_POINTS), (-2, 1, UTF_16), (0, 4, CODE_POINTS), (1, 0, INCLUSIVE)],
)  # fmt: skip
def test_what_is_no_span_is_none(start: int, end: int, unit: str) -> None:
    assert convert("👍 a", start, end, unit) is None


def test_one_contradiction_is_enough() -> None:
    evidence = OffsetEvidence()
    assert evidence.unit == CODE_POINTS
    evidence.add("👍 Anna", 3, 7, "Anna")
    assert evidence.unit == UTF_16
    evidence.add("👍 Anna", 2, 6, "Anna")
    assert evidence.unit == CODE_POINTS  # nothing fits, and the reader says where


def test_a_unit_is_better_only_where_it_cuts_no_word() -> None:
    assert better_unit("👍 Anna lacht", [(3, 7)]) == UTF_16
    assert better_unit("Öl für Anna", [(9, 13)]) == BYTES
    assert better_unit("👍 Anna lacht", [(2, 6)]) is None
    assert better_unit("👍 Annas Haus", [(2, 6)]) is None
    assert better_unit("Annas Haus", [(0, 4)]) is None
    assert better_unit("👍", []) is None
