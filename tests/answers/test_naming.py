"""How much a phrase of an answer looks like a name."""

from __future__ import annotations

import pytest

from eatner.answers.naming import is_fragment, may_be_name, namelike


@pytest.mark.parametrize(
    ("sentence", "phrase", "answer", "rank"),
    [
        ("彼は東京に行った", "東京", "It is 東京 there.", 2),
        ("Er war in Berlin", "Berlin", "Das ist Berlin hier", 1),
        ("Er war in Berlin", "war", "Das war Berlin", 0),
        ("彼はtwitterを見た", "twitter", "The site is twitter here", 1),
        ("彼はここに行く", "ここ", "答えはここにある", 0),
        ("彼は京に行く", "京", "答えは京にある", 0),
        ("Um 1990", "1990", "in 1990", 1),
        ("das Hausboot", "us", "the us", 0),
    ],
)
def test_how_much_it_looks_like_one(sentence: str, phrase: str, answer: str, rank: int) -> None:
    start = sentence.index(phrase)
    assert namelike(sentence, (start, start + len(phrase)), answer) == rank


@pytest.mark.parametrize(
    ("text", "phrase", "fragment"),
    [("習近平は", "近平", True), ("習近平は", "習近平", False), ("ソニーは", "ニー", True),
     ("พม่าไทย", "ไทย", True), ("Anna", "nn", False)],
)  # fmt: skip
def test_parts_of_runs_without_spaces(text: str, phrase: str, fragment: bool) -> None:
    start = text.index(phrase)
    assert is_fragment(text, start, start + len(phrase)) is fragment


@pytest.mark.parametrize(
    ("sentence", "phrase", "may"),
    [("in Berlin", "Berlin", True), ("in berlin", "berlin", False), ("in b2", "b2", True),
     ("東京に", "東京", True), ("das Hausboot", "us", False)],
)  # fmt: skip
def test_a_name_has_a_capital_where_its_script_has_any(
    sentence: str, phrase: str, may: bool
) -> None:
    start = sentence.index(phrase)
    assert may_be_name(sentence, (start, start + len(phrase))) is may
