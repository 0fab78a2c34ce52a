"""An LLM of fixed answers, and what holds of every alignment."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import partial

from rows import mention

from eatner import prompts
from eatner.align.base import align
from eatner.align.constrained import constrained
from eatner.llm.base import Completion
from eatner.tables import FOUND, Alignment, Mention, MentionStatus, Sentence
from eatner.text import languages

JA = languages.get("ja")


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


class Oracle:
    """An LLM of fixed answers, to test what is made of them."""

    context = 4096
    scores = True

    def __init__(self, answers: dict[str, list[tuple[str, float]]], silence: float = -5.0) -> None:
        self.answers, self.silence = answers, silence
        self.asked: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(text)

    encode = encode_answer = list

    def complete(self, asked, *, within, progress, **_):
        self.asked += asked
        found = []
        for prompt, sentence in zip(asked, within, strict=True):
            english = prompt.rsplit('English: "', 1)[1].split('"', 1)[0]
            answers = self.answers.get(english, [("", -1.0)])
            assert all(text in sentence for text, _ in answers)
            found.append([Completion(text, logprob, 3, True) for text, logprob in answers])
        progress(len(asked))
        return found

    def score(self, asked, texts):
        assert set(texts) <= {prompts.QUOTE}
        return [self.silence] * len(asked)


def tagged(*rows: tuple[int, str, str], status: MentionStatus = "tagged") -> list[Mention]:
    """Rows of a tag TSV: number of the sentence, entity, type; the offsets are in order."""
    return [
        mention(f"s{number}", surface, kind, start=place * 20, status=status)
        for place, (number, surface, kind) in enumerate(rows)
    ]


def run(texts, rows, llm, *, form="tuned", beams=3, threshold=0.0, repeats="all", language=JA):
    options = {"llm": llm, "form": form, "beams": beams}
    propose = partial(constrained, language=language, **options)
    return list(align(texts, rows, propose, repeats=repeats, threshold=threshold))


def check(texts: list[Sentence], rows: list[Mention], found: list[Alignment]) -> None:
    """What holds of every alignment, whatever the LLM answers."""
    by_id = {row.sentence_id: row.text for row in texts}
    spans: dict[str, list[tuple[int, int]]] = {}
    for row in found:
        assert isinstance(row, Alignment)
        if row.status in FOUND:
            text = by_id[row.sentence_id]
            assert row.surface
            assert text[row.start : row.end] == row.surface
            assert row.logprob <= 0
            assert 0 <= row.confidence <= 1
            spans.setdefault(row.sentence_id, []).append((row.start, row.end))
        else:
            assert row.start is row.end is row.logprob is row.confidence is None
            assert row.surface == ""
    for several in spans.values():
        assert not any(overlap(a, b) for a, b in itertools.combinations(several, 2))
    # Nothing is dropped: every tagged row once, apart from further mentions.
    kept = Counter(
        (row.sentence_id, row.english, row.english_start, row.english_end, row.type)
        for row in found
        if row.status != "repeat"
    )
    assert kept == Counter(
        (row.sentence_id, row.surface, row.start, row.end, row.type) for row in rows
    )
    order = [row.sentence_id for row in found]
    assert order == sorted(order, key=[row.sentence_id for row in texts].index)
