from __future__ import annotations

import pytest
from oracle import Oracle, run, tagged

from eatner.align.candidates import candidate_spans
from eatner.tables import Sentence
from eatner.text import languages


def tokenised(*sentences_of_tokens: str, by: str = "") -> list[Sentence]:
    """Rows of sentences.tsv whose tokens stand between bars."""
    rows = []
    for number, barred in enumerate(sentences_of_tokens):
        words, text, tokens = barred.split("|"), "", []
        for word in words:
            text += by if text else ""
            tokens.append((len(text), len(text) + len(word)))
            text += word
        rows.append(Sentence(f"s{number}", text, tuple(tokens)))
    return rows


@pytest.mark.parametrize(
    ("given", "by", "answer", "expected"),
    [
        ("그는|서울에서|왔다", " ", "서울", "서울에서"),
        ("وصل|للقاهرة|أمس", " ", "القاهرة", ""),
        ("في|والقاهرة|.", " ", "القاهرة", "والقاهرة"),
        ("東京都|に|住む", "", "東京", "東京都"),
        ("奧斯本|先生|來|了", "", "奧斯本", "奧斯本"),
        ("Нью|-|Йорк|, где", "", "Нью-Йорк", "Нью-Йорк"),
    ],
)
def test_a_span_takes_all_of_a_token(given: str, by: str, answer: str, expected: str) -> None:
    texts = tokenised(given, by=by)
    llm = Oracle({"X": [(answer, -1.0)] if answer in texts[0].text else []}, silence=-5.0)
    [row] = run(texts, tagged((0, "X", "LOC")), llm)
    assert row.surface == expected
    if expected:
        assert texts[0].text[row.start : row.end] == expected


def test_what_stands_in_a_longer_token_is_no_mention() -> None:
    texts = tokenised("東京都|と|京都|と|京都府")
    rows = tagged((0, "Kyoto", "LOC"))
    found = run(texts, rows, Oracle({"Kyoto": [("京都", -1.0)]}, silence=-5.0))
    assert [(row.start, row.surface) for row in found] == [(4, "京都")]


def test_a_mention_with_a_particle_is_one_beside_another_without() -> None:
    texts = tokenised("서울|시민은|넓은|서울에서|산다", by=" ")
    llm = Oracle({"Seoul": [("서울", -1.0)]}, silence=-5.0)
    found = run(texts, tagged((0, "Seoul", "LOC")), llm, language=languages.get("ko"))
    assert [row.surface for row in found] == ["서울", "서울에서"]


def test_answers_at_the_same_tokens_are_one() -> None:
    texts = tokenised("서울에서|왔다", by=" ")
    llm = Oracle({"Seoul": [("서울", -1.0), ("서울에서", -1.0)]}, silence=-1.0)
    [row] = run(
        texts, tagged((0, "Seoul", "LOC")), llm, threshold=-1.0, language=languages.get("ko")
    )
    # Together they are twice as probable as silence.
    assert row.surface == "서울에서"
    assert row.confidence == pytest.approx(2 / 3)


def test_candidates_occur_letter_by_letter_whatever_the_words_mean() -> None:
    assert candidate_spans("माफिया", "माफिया ने माफिया को") == ((0, 6), (10, 16))
    assert candidate_spans("None", "None of None") == ((0, 4), (8, 12))
