from __future__ import annotations

from functools import partial

import pytest
from reading import check_refused, surfaces


@pytest.mark.parametrize(
    "content",
    [
        "Anna|NNP|B-PER lives|VBZ|O in|IN|O Rome|NNP|B-LOC .|.|O\nShe|PRP|O sings|VBZ|O\n",
        "Anna|B-PER lives|O in|O Rome|B-LOC .|O\nShe|O sings|O\n",
        "Anna/B-PER lives/O in/O Rome/B-LOC ./O\nShe/O sings/O\n",
        "Anna_B-PER lives_O in_O Rome_B-LOC ._O\nShe_O sings_O\n",
        "Anna￨B-PER lives￨O in￨O Rome￨B-LOC .￨O\nShe￨O sings￨O\n",
    ],
)
@pytest.mark.parametrize("format", ["auto", "pipes"])
def test_a_sentence_a_line(load, content: str, format: str) -> None:
    first, second = load(content, format)
    assert (first.text, second.text) == ("Anna lives in Rome .", "She sings")
    assert surfaces(first) == [("Anna", "PER"), ("Rome", "LOC")]
    assert surfaces(second) == []


def test_a_word_that_is_the_mark(load) -> None:
    [sentence] = load("Rome|NNP|B-LOC ||SYM|O Oslo|NNP|B-LOC\n")
    assert sentence.text == "Rome | Oslo"


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        ("She|PRP|O sings", "'sings' is no word"),
        ("She|PRP|O sings|O", "'sings|O' is no word"),
        ("She|PRP|O sings|x|VBZ|O", "'sings|x|VBZ|O' is no word"),
        ("She|PRP|O sings|VBZ|OO", "malformed tag 'OO'"),
    ],
)
def test_an_odd_word_is_named(load, second: str, problem: str) -> None:
    content = "Anna|NNP|B-PER lives|VBZ|O in|IN|O Rome|NNP|B-LOC\n" * 5 + second
    check_refused(partial(load, content, "pipes"), 6, problem.replace("|", r"\|"))


def test_parts_of_speech_alone_are_refused(load) -> None:
    content = "Anna/NNP lives/VBZ in/IN Rome/NNP ./.\n"
    check_refused(partial(load, content), 1, "words carry tags")
    check_refused(partial(load, content, "pipes"), 1, "no words with tags")
