"""Phrases in a sentence, under every folding."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.answers.likeness import ComparedSentence, attachment, occurrences, without_spaces
from eatner.text.folding import EXACT, LETTERS, SPACES, SPELLING, WIDTH, Folding


def found(phrase: str, sentence: str, folding: Folding) -> list[str]:
    places = ComparedSentence(sentence).find(phrase, folding)
    return [sentence[start:end] for start, end in places]


@pytest.mark.parametrize(
    ("phrase", "sentence", "folding", "expected"),
    [
        ("東京", "東京と東京", EXACT, ["東京", "東京"]),
        ("paris", "In Paris", EXACT, []),
        ("paris", "In Paris", WIDTH, ["Paris"]),
        ("Jose\u0301", "José Martí", WIDTH, ["José"]),
        ("Москва", "Москва́ там", WIDTH, []),
        ("Москва", "Москва́ там", SPELLING, ["Москва́"]),
        ("東 京", "東京に", SPELLING, ["東京"]),
        ("NewYork", "in New York", SPELLING, []),
        ("NewYork", "in New York", SPACES, ["New York"]),
        ("Muller", "Frau Müller", SPACES, []),
        ("Muller", "Frau Müller", LETTERS, ["Müller"]),
        ("a", "a b", SPACES, []),
        ("", "a b", EXACT, []),
        (" ", "a b", WIDTH, []),
    ],
)
def test_what_is_found(phrase: str, sentence: str, folding: Folding, expected: list[str]) -> None:
    assert found(phrase, sentence, folding) == expected


def test_whole_words_come_before_parts() -> None:
    assert found("US", "USA, the US and USB", EXACT) == ["US"]
    assert occurrences("서울", "서울대 앞 서울은") == [(6, 8)]


def test_the_inside_of_a_word_is_found_letter_by_letter_alone() -> None:
    assert found("us", "das Hausboot", EXACT) == ["us"]
    assert found("US", "das Hausboot", WIDTH) == []


def test_a_match_does_not_cut_a_character() -> None:
    """キ is no part of ㌔, nor e of é, nor 가 of 각."""
    assert found("キ", "5㌔", WIDTH) == []
    assert found("e", "Caf\u00e9 x", WIDTH) == []
    assert found("가", unicodedata.normalize("NFD", "각"), WIDTH) == []


@pytest.mark.parametrize(
    ("sentence", "span", "expected"),
    [
        ("서울에서 산다", (0, 2), 0),
        ("서울대 앞", (0, 2), 1),
        ("Nordberlin", (4, 10), 1),
        ("das Hausboot", (5, 7), 2),
        ("net3月", (3, 5), 0),
        ("東京都", (0, 2), 0),
    ],
)
def test_attachment(sentence: str, span: tuple[int, int], expected: int) -> None:
    assert attachment(sentence, span) == expected


def test_sentences_are_compared_without_spaces_and_final_marks() -> None:
    assert without_spaces(SPELLING("A b c.")) == without_spaces(SPELLING("a  bc"))


@given(
    st.text("aAé\u0301 東京ﾞ㌔가각.’", max_size=20),
    st.text("aAé\u0301 東京ﾞ㌔가각.’", max_size=20),
    st.sampled_from([EXACT, WIDTH, SPELLING, SPACES, LETTERS]),
)
def test_places_are_in_order_and_say_the_phrase(phrase: str, text: str, folding: Folding) -> None:
    before = 0
    for start, end in ComparedSentence(text).find(phrase, folding):
        assert before <= start < end <= len(text)
        assert folding(text[start:end]).text.strip() == folding(phrase).text.strip()
        before = end
