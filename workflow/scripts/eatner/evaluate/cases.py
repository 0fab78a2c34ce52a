"""Sentences as cases to be scored: gold spans, predicted spans, and their counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eatner.tables import TYPES, Alignment, GoldEntity, Sentence, Span

TypedSpan = tuple[int, int, str]
"""Start, end (exclusive) and type of an entity, in code points."""


def strict_spans(tags: Sequence[str]) -> list[TypedSpan]:
    """The entities of IOB2 tags as seqeval's strict mode sees them, as (start, end, type).

    Only `B-` opens an entity, and an `I-` that continues none belongs to none. (seqeval's default
    mode, where it opens one, is `iob.decode(tags, "lenient")`.)
    """
    spans: list[TypedSpan] = []
    start, label = -1, ""
    for position, tag in enumerate([*tags, "O"]):
        if start >= 0 and tag != f"I-{label}":
            spans.append((start, position, label))
            start = -1
        if tag.startswith("B-"):
            start, label = position, tag[2:]
    return spans


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence with its gold and predicted spans, in order."""

    sentence_id: str
    text: str
    tokens: tuple[Span, ...]
    gold: tuple[TypedSpan, ...]
    predicted: tuple[TypedSpan, ...]


def _spans(
    rows: Iterable[GoldEntity | Alignment], texts: Mapping[str, str], what: str
) -> dict[str, list[TypedSpan]]:
    """Checked spans by sentence.

    Raises:
        ValueError: An unknown sentence, an unknown type, a span outside its sentence, overlaps.
    """
    found: dict[str, list[TypedSpan]] = defaultdict(list)
    for row in rows:
        name, start, end = row.sentence_id, row.start, row.end
        if start is None or end is None:  # an abstention keeps its row
            continue
        kind = row.type
        where = f"{what} span {start}:{end} {kind} of the sentence {name!r}"
        if name not in texts:
            raise ValueError(f"the {where} belongs to no sentence of the corpus")
        if kind not in TYPES:
            raise ValueError(f"the {where} has none of the types {', '.join(TYPES)}")
        if not 0 <= start < end <= len(texts[name]):
            raise ValueError(f"the {where} is not within its {len(texts[name])} code points")
        found[name].append((start, end, kind))
    for name, spans in found.items():
        spans.sort()
        for left, right in pairwise(spans):
            if right[0] < left[1]:
                raise ValueError(f"{what} spans overlap in the sentence {name!r}: {left}, {right}")
    return found


def build_cases(
    gold: Iterable[GoldEntity], predicted: Iterable[Alignment], sentences: Iterable[Sentence]
) -> list[Case]:
    rows = list(sentences)
    if not rows:
        raise ValueError("there is no sentence to score")
    texts = {row.sentence_id: row.text for row in rows}
    scored = (row for row in gold if row.status == "scored")
    right = _spans(scored, texts, "gold")
    guess = _spans(predicted, texts, "predicted")
    return [
        Case(
            name := row.sentence_id,
            texts[name],
            row.tokens,
            tuple(right.get(name, ())),
            tuple(guess.get(name, ())),
        )
        for row in rows
    ]


def count_cases(cases: Sequence[Case]) -> np.ndarray:
    """True positives, predicted and gold by sentence and type: int64, (sentences, types, 3)."""
    counts = np.zeros((len(cases), len(TYPES), 3), dtype=np.int64)
    for at, case in enumerate(cases):
        for span in set(case.gold) & set(case.predicted):
            counts[at, TYPES.index(span[2]), 0] += 1
        for column, spans in ((1, case.predicted), (2, case.gold)):
            for span in spans:
                counts[at, TYPES.index(span[2]), column] += 1
    return counts


def f1_of(counts: np.ndarray) -> np.ndarray:
    """F1 from (..., 3) counts; 0 where there is neither a gold nor a predicted entity."""
    both = counts[..., 1] + counts[..., 2]
    return np.divide(2 * counts[..., 0], both, out=np.zeros(both.shape), where=both > 0)


def figures_of(correct: float, predicted: float, support: float) -> dict[str, float]:
    both = predicted + support
    return {
        "precision": correct / predicted if predicted else 0.0,
        "recall": correct / support if support else 0.0,
        "f1": 2 * correct / both if both else 0.0,
    }


def count_overlaps(case: Case) -> tuple[int, int, int]:
    """True positives, predicted and gold where a shared character of the same type is enough.

    Each entity is paired once at most, so one long span over two names finds one of them.
    """
    correct = 0
    for kind in TYPES:
        left = [span for span in case.gold if span[2] == kind]
        right = [span for span in case.predicted if span[2] == kind]
        # Neither side overlaps itself, so pairing from left to right pairs the most.
        while left and right:
            if left[0][0] < right[0][1] and right[0][0] < left[0][1]:
                correct += 1
                left, right = left[1:], right[1:]
            elif left[0][1] <= right[0][1]:
                left = left[1:]
            else:
                right = right[1:]
    return correct, len(case.predicted), len(case.gold)
