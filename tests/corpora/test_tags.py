from __future__ import annotations

from functools import partial

import pytest
from reading import check_refused, surfaces

from eatner.corpora.iob import TokenError
from eatner.corpora.tags import Tags, from_brackets


@pytest.mark.parametrize(
    ("begin", "inside", "label"),
    [("B_LOC", "I_LOC", "LOC"), ("LOC_B", "LOC_I", "LOC"), ("LOC-B", "LOC-I", "LOC"),
     ("b-loc", "i-loc", "loc"), ("B:LOC", "I:LOC", "LOC"), ("B-LOC", "I-LOC", "LOC")],
)  # fmt: skip
@pytest.mark.parametrize("outside", ["O", "o", "0", "_", "-", "*"])
def test_spellings_of_tags(load, begin: str, inside: str, label: str, outside: str, caplog) -> None:
    content = f"New\t{begin}\nYork\t{inside}\nfell\t{outside}\n.\t{outside}\n"
    [sentence] = load(content)
    assert surfaces(sentence) == [("New York", label)]
    if (begin, outside) != ("B-LOC", "O"):
        assert "is read as" in caplog.text


def test_tags_without_a_prefix_are_refused(load) -> None:
    content = "Rome LOC\nfell O\nand O\nAnna PER\nwept O\n"
    check_refused(partial(load, content), 1, "'LOC'|'Rome LOC'")


def test_a_rare_zero_is_read_as_o_with_its_sentence(load, caplog) -> None:
    [_, sentence] = load("a\tO\nb\tB-LOC\n\nc\tO\nd\t0\n")
    assert surfaces(sentence) == []
    assert "line 4 '0' is read as O" in caplog.text


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("I-LOC E-LOC O E-PER", [("a b", "LOC"), ("d", "PER")]),  # IOE2
        ("I-LOC E-LOC I-LOC O", [("a b", "LOC"), ("c", "LOC")]),  # IOE1
        ("B-LOC E-LOC O S-PER", [("a b", "LOC"), ("d", "PER")]),
        ("B-LOC L-LOC O U-PER", [("a b", "LOC"), ("d", "PER")]),
        ("B-LOC M-LOC E-LOC O", [("a b c", "LOC")]),
    ],
)
def test_schemes(load, tags: str, expected: list[tuple[str, str]]) -> None:
    rows = zip("abcd", tags.split(), strict=True)
    [sentence] = load("".join(f"{word}\t{tag}\n" for word, tag in rows))
    assert surfaces(sentence) == expected


def test_a_single_of_bmewo() -> None:
    assert Tags("before")["W_PER"] == "S-PER"
    assert Tags("usual")["W-PER"] is None


def test_brackets_become_tags() -> None:
    values = ["(PERSON)", "*", "(GPE*", "*", "*)", "-"]
    assert from_brackets(values) == ["B-PERSON", "O", "B-GPE", "I-GPE", "I-GPE", "O"]


@pytest.mark.parametrize(
    ("values", "token", "problem"),
    [
        (["(GPE*", "*"], 1, "not closed"),
        (["*", "*)"], 1, "closes no entity"),
        (["(GPE*", "(ORG)"], 1, "within GPE"),
        (["*", "O?"], 1, "no entity in brackets"),
    ],
)
def test_brackets_that_contradict(values: list[str], token: int, problem: str) -> None:
    with pytest.raises(TokenError, match=problem) as caught:
        from_brackets(values)
    assert caught.value.token == token
