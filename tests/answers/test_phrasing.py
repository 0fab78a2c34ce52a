"""The words that an answer puts around a phrase."""

from __future__ import annotations

import unicodedata

import pytest

from eatner import tsv
from eatner.answers import phrasing

COLUMNS = ("yes", "about", "copulas", "tails", "nothing", "apologies")


def test_the_table_is_nfc_and_no_language_has_two_rows() -> None:
    assert unicodedata.is_normalized("NFC", phrasing.TABLE.read_text(encoding="utf-8"))
    codes = [row["code"] for row in tsv.read(phrasing.TABLE, ("code", *COLUMNS))]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("column", COLUMNS)
def test_items_are_the_longest_first_and_in_lower_case(column: str) -> None:
    items = phrasing.items(column)
    assert list(items) == sorted(items, key=lambda item: (-len(item), item))
    assert all(item.strip("-") for item in items)


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("copulas", "X is Y", ["is"]),
        ("copulas", "this", []),
        ("about", "Ответом", ["Ответом"]),
        ("about", "The Answer", ["The", "Answer"]),
        ("copulas", "東京は大きい", ["は"]),
        ("yes", "Sure! X", ["Sure"]),
    ],
)
def test_items_are_found_as_words(column: str, text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in phrasing.find(column, text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("The answer", True), ("The answer Paris", False), ("...", False), ("", False)],
)
def test_texts_of_nothing_but_such_words(text: str, expected: bool) -> None:
    assert phrasing.is_all("about", text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("東京です", "東京"),
        ("서울입니다", "서울"),
        ("दिल्ली है", "दिल्ली"),
        ("Paris", "Paris"),
        ("です", "です"),
    ],
)
def test_the_tail_of_a_statement(text: str, expected: str) -> None:
    assert phrasing.without_tail(text) == expected
