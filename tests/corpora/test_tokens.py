from __future__ import annotations

from functools import partial

import pytest
from reading import check_refused, surfaces, tokens


def test_tokens_that_are_or_hold_spaces(load) -> None:
    [sentence] = load("New York\tB-LOC\n \tO\nCity\tB-LOC\n")
    assert sentence.text == "New York City"
    assert tokens(sentence) == ["New York", " ", "City"]
    [sentence] = load("서 B-LOC\n울 I-LOC\n  O\n시 O\n")
    assert sentence.text == "서울 시"
    [sentence] = load("\u3000 O\n東京 B-LOC\n", spaces=False)
    assert sentence.text == "\u3000東京"


def test_a_token_without_characters_keeps_its_place(load) -> None:
    [sentence] = load("a\tO\n\tO\nb\tB-LOC\n")
    assert sentence.text == "a b"
    assert surfaces(sentence) == [("b", "LOC")]


def test_tokens_of_a_language_without_spaces_are_joined(load) -> None:
    content = "東京\tB-LOC\nで\tO\nNew\tB-LOC\nYork\tI-LOC\nと\tO\nF\tO\n1\tO\ne\tO\nV\tO\n"
    [sentence] = load(content, spaces=False)
    assert sentence.text == "東京でNew YorkとF1eV"
    assert surfaces(sentence) == [("東京", "LOC"), ("New York", "LOC")]


def test_characters_a_line_are_joined_in_every_language(load) -> None:
    word = "".join(f"{c}\tO\n" for c in "Eternal")
    summer = "".join(f"{c}\tB-LOC\n" if c == "S" else f"{c}\tI-LOC\n" for c in "Summer")
    [sentence] = load(f"{word} \tO\n{summer}", spaces=True)
    assert sentence.text == "Eternal Summer"
    assert surfaces(sentence) == [("Summer", "LOC")]


def test_contractions_without_a_range_line(load) -> None:
    content = "# text = zum Rhein\n1\tzu\tO\n2\tdem\tO\n3\tRhein\tB-LOC\n"
    [sentence] = load(content)
    assert tokens(sentence) == ["zu", "m", "Rhein"]
    assert surfaces(sentence) == [("Rhein", "LOC")]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("“Go”, don’t", ["``", "Go", "''", ",", "don't"], ["“", "Go", "”", ",", "don’t"]),
        ("au café", ["à", "le", "café"], ["au", "café"]),
        ("vom Rhein", ["von", "dem", "Rhein"], ["vom", "Rhein"]),
        ("ＡＢＣ fell", ["ABC", "fell"], ["ＡＢＣ", "fell"]),
        ("  Rome x ", ["Rome", "x"], ["Rome", "x"]),
    ],
)
def test_text_with_other_spellings(load, text: str, words: list[str], expected: list[str]) -> None:
    rows = "".join(f"{number}\t{word}\tO\n" for number, word in enumerate(words, 1))
    [sentence] = load(f"# text = {text}\n{rows}")
    assert sentence.text == text
    assert tokens(sentence) == expected


@pytest.mark.parametrize(
    ("content", "format", "line", "problem"),
    [
        (b"\xff\xfeR\0", "auto", 1, "UTF-16"),
        ("Rome\tB-LOC\n".encode("utf-16-le"), "conll", 1, "zero byte"),
        (b"Rome\tB-LOC\nfell\tO\nand\tO\n\n\xe9t\xe9\tO\n", "conll", 5, "not UTF-8"),
        ("# sent_id = x\na\tO\n\n# sent_id = x\nb\tO\n", "conll", 4, "'x' stands on line 1"),
        ("# text = a c\n1\ta\tO\n2\tb\tO\n3\tc\tO\n", "conllu", 3, "'b' does not stand in"),
        ("# text = Paris fiel\n1\tBerlin\tB-LOC\n2\tfiel\tO\n", "conllu", 2, "'Berlin' does not"),
        ("# text = Bern fiel\n1\tBerlin\tB-LOC\n2\tfiel\tO\n", "conllu", 2, "'Berlin' does not"),
        (
            "# text = 我在北京。\n1\t我在\tO\n2\t上海\tB-LOC\n3\t。\tO\n",
            "conllu",
            3,
            "'上海' does not",
        ),
        ("# text = a b c d\n1\ta\tO\n2\tx\tO\n", "conllu", 3, "'x' does not stand in"),
        ("# text = a b\n1\ta\tO\n", "conllu", 1, "goes on after the last token: 'b'"),
        ('{"text": "ab", "spans": [[0, 3, "L"]]}', "jsonl", 1, "not within the text"),
        ('{"text": "ab", "spans": [[1, 1, "L"]]}', "jsonl", 1, "empty"),
        ('{"text": "ab"}\n{"text": "abc", "spans": [[0,2,"L"],[1,3,"L"]]}', "jsonl", 2, "overlaps"),
        (
            '{"text": "Rom lacht", "tokens": ["Paris", "lacht"], "tags": ["B-LOC", "O"]}',
            "jsonl",
            1,
            "'Paris' does not stand in",
        ),
        ('{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}', "jsonl", 2, "'1' stands on line 1"),
    ],
)
def test_contradictions_are_refused_with_their_line(
    load, content: str | bytes, format: str, line: int | None, problem: str
) -> None:
    check_refused(partial(load, content, format), line, problem)
