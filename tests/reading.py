"""What the tests of the corpora's readers share: labels, surfaces, refusals."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eatner.corpora.gold import AnnotatedSentence
from eatner.errors import InputError

TYPES = {"PER": "PER", "LOC": "LOC", "ORG": "ORG", "DATE": None}


def surfaces(sentence: AnnotatedSentence) -> list[tuple[str, str]]:
    return [(sentence.text[e.start : e.end], e.label) for e in sentence.entities]


def tokens(sentence: AnnotatedSentence) -> list[str]:
    return [sentence.text[start:end] for start, end in sentence.tokens]


def check_refused(load: Callable[[], object], line: int | None, problem: str) -> None:
    """Loading stops at the line, names the problem and tells what to do."""
    with pytest.raises(InputError, match=problem) as caught:
        load()
    assert caught.value.line == line
    assert caught.value.remedy.endswith(".")
