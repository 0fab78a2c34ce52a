from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.tag.neural import pieces


def word_spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S", text)]


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 3, [""]),
        ("ab c", 3, ["ab c"]),
        ("ab. cd ef", 4, ["ab. ", "cd ef"]),
        ("ab. cd ef", 3, ["ab. ", "cd ", "ef"]),
        ("a bc de fg", 4, ["a bc ", "de fg"]),
        # The end of a sentence is too far back to be worth it.
        ("a. bc d efghi", 8, ["a. bc d ", "efghi"]),
        ("東京は晴れ。大阪は雨。", 7, ["東京は晴れ。大", "阪は雨。"]),
    ],
)
def test_long_texts_are_cut_where_they_may_be(text: str, limit: int, expected: list[str]) -> None:
    assert [text[a:b] for a, b in pieces(text, limit, word_spans)] == expected


def test_a_cut_keeps_off_what_is_to_stay_whole() -> None:
    text = "we saw New York there"
    cuts = pieces(text, 8, word_spans, [(7, 15)])
    assert [text[a:b] for a, b in cuts] == ["we saw ", "New York ", "there"]


@given(st.text(st.sampled_from("ab .東"), max_size=30), st.integers(1, 5))
def test_pieces_join_up_and_are_short(text: str, limit: int) -> None:
    cuts = pieces(text, limit, word_spans)
    assert "".join(text[a:b] for a, b in cuts) == text
    assert all(len(word_spans(text[a:b])) <= limit for a, b in cuts)
