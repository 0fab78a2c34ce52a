"""What a character is."""

from __future__ import annotations

import pytest

from eatner.text.characters import (
    cuts_word,
    has_case,
    in_one_run,
    in_word,
    is_inside,
    is_unspaced,
    is_word,
    script_kind,
    script_of,
)


@pytest.mark.parametrize("char", "aé9東ि़ー한")
def test_letters_digits_and_their_marks_are_in_words(char: str) -> None:
    assert in_word(char)


@pytest.mark.parametrize("char", " -'.。_\u200c")
def test_what_is_between_words(char: str) -> None:
    assert not in_word(char)
    assert not is_word(char)


@pytest.mark.parametrize(
    ("one", "two", "joined"),
    [("a", "b", True), ("a", "9", True), ("タ", "イ", True), ("タ", "ー", True), ("タ", "a", False),
     ("東", "京", False), ("a", " ", False), ("あ", "い", False), ("é", "a", False)],
)  # fmt: skip
def test_runs_of_katakana_and_of_latin_letters(one: str, two: str, joined: bool) -> None:
    assert in_one_run(one, two) is joined


@pytest.mark.parametrize("char", "東あアｱกລកမ々〇")
def test_scripts_without_spaces(char: str) -> None:
    assert is_unspaced(char)
    assert not is_word(char)


@pytest.mark.parametrize("char", "aяא한ክ9ि")
def test_scripts_with_spaces(char: str) -> None:
    assert not is_unspaced(char)
    assert is_word(char)


@pytest.mark.parametrize(
    ("text", "at", "inside", "cut"),
    [
        ("भारतीय", 4, True, True),
        ("Haus", 2, True, True),
        ("Haus", 0, False, False),
        ("Haus", 4, False, False),
        ("das Haus", 3, False, False),
        ("タイトル", 2, False, True),
        ("東京都", 2, False, False),
        ("net3月", 3, True, True),
        ("東京a", 2, False, False),
    ],
)
def test_places_inside_words(text: str, at: int, inside: bool, cut: bool) -> None:
    assert (is_inside(text, at), cuts_word(text, at)) == (inside, cut)


def test_japanese_is_one_script_of_three_kinds() -> None:
    assert [script_kind(char) for char in "あア東"] == ["HIRAGANA", "KATAKANA", "CJK"]
    assert {script_of(char) for char in "あア東ｱ"} == {"CJK"}
    assert [script_of(char) for char in "aя한"] == ["LATIN", "CYRILLIC", "HANGUL"]


@pytest.mark.parametrize(
    ("phrase", "cased"),
    [("Berlin", True), ("Ереван", True), ("東京", False), ("ბერლინი", False), ("תל אביב", False)],
)
def test_scripts_with_capitals(phrase: str, cased: bool) -> None:
    assert has_case(phrase) is cased
