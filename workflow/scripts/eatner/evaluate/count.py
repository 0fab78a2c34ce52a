"""Count what a score is made of, some sentences at a time.

A corpus can have more sentences than fit into memory; what is kept of a sentence are its counts.
Sources: seqeval 1.2.2 (strict mode); the flat counts are those of EAT's released code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from seqeval.scheme import IOB2, Entities

from eatner.corpora.iob import encode
from eatner.evaluate.cases import Case, TypedSpan, build_cases, count_cases, count_overlaps
from eatner.tables import TYPES, Alignment, GoldEntity, Sentence


@dataclass(frozen=True, slots=True)
class Counts:
    """What a score is made of; each array is int64 but the last two, which are float.

    Attributes:
        by_sentence: Shape (sentences, types + 2, 3): true positives, predicted and gold entities of
            each type; of all types, where an overlap is enough; and characters of any type.
        strict: Shape (types, 3): the same as seqeval's strict mode counts them on code points.
        on_tokens: Shape (types, 3): likewise on the corpus's tokens; None where a text has none.
        off_boundary: Shape (2,): gold and predicted entities that do not keep to tokens.
        ignored: Shape (2,): gold entities with an ignored label, and predictions on them.
        confidences: Shape (predictions that have one,).
        hits: Same shape: 1 where the prediction is right, else 0.
    """

    by_sentence: np.ndarray
    strict: np.ndarray
    on_tokens: np.ndarray | None
    off_boundary: np.ndarray
    ignored: np.ndarray
    confidences: np.ndarray
    hits: np.ndarray


def count(
    gold: Iterable[GoldEntity], predicted: Iterable[Alignment], sentences: Iterable[Sentence]
) -> Counts:
    """Count some sentences.

    Args:
        gold: Their rows of gold.tsv.
        predicted: Rows with sentence_id, start, end, type and confidence; those whose start or end
            is empty are abstentions and no predictions.
        sentences: Their rows of sentences.tsv.

    Raises:
        ValueError: No sentence; spans that overlap, leave their sentence, or belong to none; a
            confidence outside 0 to 1.
    """
    gold, predicted = list(gold), list(predicted)
    cases = build_cases(gold, predicted, sentences)
    overlaps, flat = (np.array([of(case) for case in cases]) for of in (count_overlaps, _flat))
    by_sentence = np.concatenate([count_cases(cases), overlaps[:, None], flat[:, None]], axis=1)
    on_tokens, off_boundary = _count_tokens(cases)
    passed_over = [row for row in gold if row.status == "ignored"]
    spans = {(case.sentence_id, *span[:2]) for case in cases for span in case.predicted}
    on_passed_over = sum((row.sentence_id, row.start, row.end) in spans for row in passed_over)
    rows = [row for row in predicted if row.start is not None and row.confidence is not None]
    confidences = np.array([row.confidence for row in rows], dtype=float)
    if not np.all((confidences >= 0) & (confidences <= 1)):
        raise ValueError("a confidence is not between 0 and 1")
    right = {(case.sentence_id, *span) for case in cases for span in case.gold}
    hits = [(row.sentence_id, row.start, row.end, row.type) in right for row in rows]
    return Counts(
        by_sentence,
        _count_strict(
            [_tags(case.gold, len(case.text)) for case in cases],
            [_tags(case.predicted, len(case.text)) for case in cases],
        ),
        on_tokens,
        off_boundary,
        np.array([len(passed_over), on_passed_over]),
        confidences,
        np.array(hits, dtype=float),
    )


def total(parts: Sequence[Counts]) -> Counts:
    """The counts of all sentences from those of some at a time, in their order."""
    on_tokens = [part.on_tokens for part in parts if part.on_tokens is not None]
    return Counts(
        np.concatenate([part.by_sentence for part in parts]),
        np.sum([part.strict for part in parts], axis=0),
        np.sum(on_tokens, axis=0) if len(on_tokens) == len(parts) else None,
        np.sum([part.off_boundary for part in parts], axis=0),
        np.sum([part.ignored for part in parts], axis=0),
        np.concatenate([part.confidences for part in parts]),
        np.concatenate([part.hits for part in parts]),
    )


def _tags(spans: Iterable[TypedSpan], length: int) -> list[str]:
    return encode(spans, length, "iob2")


def _count_strict(gold: list[list[str]], predicted: list[list[str]]) -> np.ndarray:
    """True positives, predicted and gold entities by type, as seqeval's strict mode sees them."""
    counts = np.zeros((len(TYPES), 3), dtype=np.int64)
    right, guess = Entities(gold, IOB2), Entities(predicted, IOB2)
    for at, kind in enumerate(TYPES):
        ours, theirs = guess.filter(kind), right.filter(kind)
        counts[at] = len(ours & theirs), len(ours), len(theirs)
    return counts


def _count_tokens(cases: Sequence[Case]) -> tuple[np.ndarray | None, np.ndarray]:
    """Strict counts on the corpus's own tokens; a span takes every token that it touches.

    Returns:
        The counts, None where a sentence has text and no tokens; and how many entities of gold and
        of the prediction do not fall on token boundaries, which tokens may forgive.
    """
    sides: dict[str, list[list[str]]] = {"gold": [], "predicted": []}
    off = dict.fromkeys(sides, 0)
    if not all(case.tokens for case in cases if case.text):
        return None, np.array(list(off.values()))
    for case in cases:
        starts = np.array([start for start, _ in case.tokens], dtype=np.int64)
        ends = np.array([end for _, end in case.tokens], dtype=np.int64)
        for side, tags in sides.items():
            touched, free = [], 0
            for start, end, kind in getattr(case, side):
                first = max(free, int(np.searchsorted(ends, start, side="right")))
                after = int(np.searchsorted(starts, end, side="left"))
                off[side] += not (start in starts and end in ends)
                if first < after:
                    touched.append((first, after, kind))
                    free = after
            tags.append(_tags(touched, len(case.tokens)))
    return _count_strict(sides["gold"], sides["predicted"]), np.array(list(off.values()))


def _flat(case: Case) -> tuple[int, int, int]:
    """True positives, predicted and gold characters, as the paper's code counts them.

    For comparison only: types of characters, without boundaries. As there, sentences without gold
    entities are skipped, a wrong boundary costs a character and two merged names nothing.
    """
    if not case.gold:
        return 0, 0, 0
    right, guess = [
        {at: kind for start, end, kind in spans for at in range(start, end)}
        for spans in (case.gold, case.predicted)
    ]
    return len(right.items() & guess.items()), len(guess), len(right)
