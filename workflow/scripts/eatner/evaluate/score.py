"""Score predicted entities against gold ones, and tell which step each error comes from.

Every function takes rows of our tables (`eatner.tsv.read`) and returns plain numbers, lists and
dictionaries that JSON can hold: fractions between 0 and 1, never NaN.

The headline figure is seqeval's strict F1 on IOB2 tags over code points: each code point is a
token, so an entity counts only where its first and last character and its type are right, in
languages with and without spaces alike. Sources: seqeval 1.2.2 (strict mode); the bootstrap is
Efron and Tibshirani 1993, ch. 13; approximate randomisation Noreen 1989; the expected calibration
error Guo et al. 2017; the flat F1 is that of EAT's released code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from eatner.corpora.iob import encode
from eatner.evaluate.calibration import expected_error, reliability
from eatner.evaluate.cases import (
    Case,
    TypedSpan,
    build_cases,
    count_cases,
    count_overlaps,
    f1_of,
    figures_of,
)
from eatner.evaluate.significance import interval_of, resample
from eatner.tables import TYPES, Alignment, GoldEntity, Sentence


def _tags(spans: Iterable[TypedSpan], length: int) -> list[str]:
    return encode(spans, length, "iob2")


def _seqeval(
    gold: list[list[str]], predicted: list[list[str]], average: str
) -> dict[str, float | int]:
    """seqeval's strict figures; zeros where neither side has an entity, which it cannot take."""
    if not any("B-" in tag for tags in (*gold, *predicted) for tag in tags):
        return {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    precision, recall, f1, support = precision_recall_fscore_support(
        gold, predicted, average=average, scheme=IOB2, zero_division=0
    )
    return {
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "support": int(support),
    }


def score(
    gold: Iterable[GoldEntity],
    predicted: Iterable[Alignment],
    sentences: Iterable[Sentence],
    *,
    seed: int,
    resamples: int = 1000,
) -> dict[str, object]:
    """Strict entity-level precision, recall and F1 over all sentences.

    Sentences without gold entities count: what is predicted in them is a false positive. Gold rows
    with the status `ignored` are left out of gold, so a prediction on one is a false positive too;
    `ignored` and `predicted_on_ignored` say how many there are.

    Args:
        gold: Rows of gold.tsv.
        predicted: Rows with sentence_id, start, end, type; those whose start or end is empty are
            abstentions and no predictions.
        sentences: Rows of sentences.tsv.
        seed: Of the bootstrap.
        resamples: How often the sentences are drawn anew for the 95% intervals.

    Returns:
        `sentences` (n), `overall` (micro: precision, recall, f1, support, f1_ci95, and the counts
        correct and predicted), `macro` (the mean over types that occur, as seqeval has it),
        `per_type`, `tokens` (seqeval's strict figures on the corpus's tokens, or None without any,
        and how many entities do not fall on token boundaries), `overlap` (a shared character of
        the same type is enough), `flat` (the figures of the paper's code: types of characters; not
        to be quoted beside strict ones without saying so), and `note` where there is no gold.

    Raises:
        ValueError: No sentence; spans that overlap, leave their sentence, or belong to none.
    """
    gold = list(gold)
    cases = build_cases(gold, predicted, sentences)
    right = [_tags(case.gold, len(case.text)) for case in cases]
    guess = [_tags(case.predicted, len(case.text)) for case in cases]
    by_type = count_cases(cases)
    lenient, flat = (np.array([count(case) for case in cases]) for count in (count_overlaps, _flat))
    counts = np.concatenate([by_type, lenient[:, None], flat[:, None]], axis=1)
    total = counts.sum(axis=0)
    sums = np.concatenate(list(resample(counts, seed, resamples)))
    drawn = f1_of(sums)
    kinds = len(TYPES)
    occurs = total[:kinds, 1:].any(axis=1)
    overall: dict[str, object] = dict(_seqeval(right, guess, "micro"))
    overall["f1_ci95"] = interval_of(f1_of(sums[:, :kinds].sum(axis=1)))
    overall |= {
        "correct": int(total[:kinds, 0].sum()),
        "predicted": int(total[:kinds, 1].sum()),
    }
    per_type = {}
    for column, kind in enumerate(TYPES):
        correct, guessed, support = map(int, total[column])
        per_type[kind] = {
            **figures_of(correct, guessed, support),
            "support": support,
            "f1_ci95": interval_of(drawn[:, column]),
            "correct": correct,
            "predicted": guessed,
        }
    macro: dict[str, object] = dict(_seqeval(right, guess, "macro"))
    del macro["support"]
    macro["f1_ci95"] = (
        interval_of(drawn[:, :kinds][:, occurs].mean(axis=1)) if occurs.any() else [0.0, 0.0]
    )
    ignored = [row for row in gold if row.status == "ignored"]
    spans = {(case.sentence_id, *span[:2]) for case in cases for span in case.predicted}
    on_ignored = sum((row.sentence_id, row.start, row.end) in spans for row in ignored)
    result: dict[str, object] = {
        "sentences": len(cases),
        "overall": overall,
        "macro": macro,
        "per_type": per_type,
        "tokens": _token_figures(cases),
        "overlap": {**figures_of(*total[kinds]), "f1_ci95": interval_of(drawn[:, kinds])},
        "flat": {**figures_of(*total[kinds + 1]), "f1_ci95": interval_of(drawn[:, kinds + 1])},
        "ignored": len(ignored),
        "predicted_on_ignored": on_ignored,
    }
    if not overall["support"]:
        result["note"] = "The gold holds no scored entity: F1 is 0 by definition."
    return result


def _token_figures(cases: Sequence[Case]) -> dict[str, float | int] | None:
    """seqeval on the corpus's own tokens; a span takes every token that it touches.

    Equal to the figures on code points where all entities keep to token boundaries; those that do
    not, which tokens may forgive, are counted on both sides.
    """
    if not all(case.tokens for case in cases if case.text):
        return None
    sides: dict[str, list[list[str]]] = {"gold": [], "predicted": []}
    off = dict.fromkeys(sides, 0)
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
    return {
        **_seqeval(sides["gold"], sides["predicted"], "micro"),
        "gold_off_boundary": off["gold"],
        "predicted_off_boundary": off["predicted"],
    }


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


def calibration(
    gold: Iterable[GoldEntity],
    predicted: Iterable[Alignment],
    sentences: Iterable[Sentence],
    bins: int = 10,
) -> dict[str, object]:
    """How well the confidences of predictions tell how often they are right.

    Args:
        gold: Rows of gold.tsv.
        predicted: Rows as for `score`, with `confidence`, a probability; rows without are left out.
        sentences: Rows of sentences.tsv.
        bins: The number of bins of equal width over 0 to 1.

    Returns:
        `n`; `ece`, the expected calibration error (the mean gap between confidence and accuracy,
        weighted by bin), and `brier`, both None where n is 0; `bins`: low, high, n, and the mean
        confidence and accuracy of each bin that has predictions.

    Raises:
        ValueError: A confidence outside 0 to 1; what `score` raises.
    """
    rows = [row for row in predicted if row.start is not None and row.confidence is not None]
    cases = build_cases(gold, rows, sentences)
    right = {(case.sentence_id, *span) for case in cases for span in case.gold}
    sure = np.array([row.confidence for row in rows], dtype=float)
    if not np.all((sure >= 0) & (sure <= 1)):
        raise ValueError("a confidence is not between 0 and 1")
    hits = np.array(
        [(r.sentence_id, r.start, r.end, r.type) in right for r in rows],
        dtype=float,
    )
    table = reliability(sure, hits, bins)
    return {
        "n": len(rows),
        "ece": expected_error(table) if rows else None,
        "brier": float(((sure - hits) ** 2).mean()) if rows else None,
        "bins": table,
    }
