"""The pieces of an answer that may be the phrase it names."""

from __future__ import annotations

import pytest

from eatner.answers import pieces


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('"X"', ["X", '"X"']),
        ("**X**", ["X", "**X**"]),
        ("«A» «B»", ["«A» «B»"]),
        ("1. X", ["1. X", "X"]),
        ("Yahoo!", ["Yahoo!", "Yahoo"]),
        ("東京。", ["東京", "東京。"]),
        ("", []),
    ],
)
def test_layers_are_taken_off(answer: str, expected: list[str]) -> None:
    assert list(pieces.unwrapped(answer)) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('It is "X" and «Y».', ["X", "Y"]),
        ("O'Neil's", []),
        ("X (the name)", []),
        ("“open", []),
    ],
)
def test_what_is_quoted(answer: str, expected: list[str]) -> None:
    assert list(pieces.quoted_parts(answer)) == expected


def test_values_of_json_are_read_even_if_it_breaks_off() -> None:
    assert list(pieces.json_strings('{"answer": "東京", "note": "a\\"b", "x": "y')) == [
        "東京",
        'a"b',
    ]
    assert list(pieces.json_strings('say "X"')) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("Sure! X", "X"), ("はい、X", "X"), ("Surely X", "Surely X"), ("Sure", "Sure")],
)
def test_a_yes_at_the_beginning(answer: str, expected: str) -> None:
    assert pieces.without_yes(answer) == expected


def test_tails_are_taken_off_but_not_from_a_syllable() -> None:
    assert pieces.untailed("東京ですね") == ["東京"]
    assert pieces.untailed("아이다") == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("Answer: X", "X"), ("Entity -> X", "X"), ("The answer is X.", "X"), ("答案：\n北京", "北京")],
)
def test_what_follows_a_cue(answer: str, expected: str) -> None:
    assert expected in [pieces.strip_edges(piece) for piece in pieces.after_cues(answer)]


def test_clauses_are_between_punctuation() -> None:
    line = "拜登，即美国总统。U.S. - x"
    spans = pieces.clause_spans(line)
    assert [line[start:end].strip() for start, end in spans] == ["拜登", "即美国总统", "U.S", "x"]


@pytest.mark.parametrize(("text", "count"), [("New York", 2), ("東京", 1), ("- !", 0)])
def test_words_are_counted(text: str, count: float) -> None:
    assert pieces.count_words(text) == count


def test_grammar_is_taken_off() -> None:
    assert "서울" in list(pieces.inflections("서울에서"))
    assert "لصين" in list(pieces.inflections("الصين"))


def test_hiragana_at_the_edges_is_grammar() -> None:
    assert pieces.without_hiragana("の東京に") == "東京"
    assert pieces.without_hiragana("ひらがな") == "ひらがな"
