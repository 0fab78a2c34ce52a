"""Score predicted entities against gold ones.

The figures are plain numbers, lists and dictionaries that JSON can hold: fractions between 0 and 1,
never NaN.

The headline figure is seqeval's strict F1 on IOB2 tags over code points: each code point is a
token, so an entity counts only where its first and last character and its type are right, in
languages with and without spaces alike. Sources: seqeval 1.2.2 (strict mode); the bootstrap is
Efron and Tibshirani 1993, ch. 13; approximate randomisation Noreen 1989; the expected calibration
error Guo et al. 2017; the flat F1 is that of EAT's released code.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from eatner.evaluate.calibration import expected_error, reliability
from eatner.evaluate.cases import f1_of, figures_of
from eatner.evaluate.count import Counts, count
from eatner.evaluate.significance import interval_of, resample
from eatner.tables import TYPES, Alignment, GoldEntity, Sentence


def score(
    gold: Iterable[GoldEntity],
    predicted: Iterable[Alignment],
    sentences: Iterable[Sentence],
    *,
    seed: int,
    resamples: int = 1000,
) -> dict[str, object]:
    """Strict entity-level precision, recall and F1 over all sentences, as `figures` has them.

    Sentences without gold entities count: what is predicted in them is a false positive. Gold rows
    with the status `ignored` are left out of gold, so a prediction on one is a false positive too.

    Args:
        gold: Rows of gold.tsv.
        predicted: As for `count`.
        sentences: Rows of sentences.tsv.
        seed: Of the bootstrap.
        resamples: How often the sentences are drawn anew for the 95% intervals.

    Raises:
        ValueError: What `count` raises.
    """
    return figures(count(gold, predicted, sentences), seed=seed, resamples=resamples)


def figures(counts: Counts, *, seed: int, resamples: int = 1000) -> dict[str, object]:
    """Strict entity-level precision, recall and F1.

    Args:
        counts: Of all sentences.
        seed: Of the bootstrap.
        resamples: How often the sentences are drawn anew for the 95% intervals.

    Returns:
        `sentences` (n), `overall` (micro: precision, recall, f1, support, f1_ci95, and the counts
        correct and predicted), `macro` (the mean over types that occur, as seqeval has it),
        `per_type`, `tokens` (strict figures on the corpus's tokens, or None without any; equal to
        `overall` where all entities keep to token boundaries, and how many do not), `overlap` (a
        shared character of the same type is enough), `flat` (the figures of the paper's code:
        types of characters; not to be quoted beside strict ones without saying so), `ignored` and
        `predicted_on_ignored`, and `note` where there is no gold.
    """
    kinds = len(TYPES)
    sums = np.concatenate(list(resample(counts.by_sentence, seed, resamples)))
    drawn = f1_of(sums)
    per_type = {
        kind: {
            **_strict(counts.strict[at]),
            "f1_ci95": interval_of(drawn[:, at]),
            "correct": int(counts.strict[at, 0]),
            "predicted": int(counts.strict[at, 1]),
        }
        for at, kind in enumerate(TYPES)
    }
    occurs = counts.strict[:, 1:].any(axis=1)
    all_types = counts.strict.sum(axis=0)
    overlap, flat = counts.by_sentence[:, kinds:].sum(axis=0)
    result: dict[str, object] = {
        "sentences": len(counts.by_sentence),
        "overall": {
            **_strict(all_types),
            "f1_ci95": interval_of(f1_of(sums[:, :kinds].sum(axis=1))),
            "correct": int(all_types[0]),
            "predicted": int(all_types[1]),
        },
        "macro": {
            **{
                name: float(np.mean([of_type[name] for of_type in per_type.values()], where=occurs))
                if occurs.any()
                else 0.0
                for name in ("precision", "recall", "f1")
            },
            "f1_ci95": interval_of(drawn[:, :kinds][:, occurs].mean(axis=1))
            if occurs.any()
            else [0.0, 0.0],
        },
        "per_type": per_type,
        "tokens": None
        if counts.on_tokens is None
        else {
            **_strict(counts.on_tokens.sum(axis=0)),
            "gold_off_boundary": int(counts.off_boundary[0]),
            "predicted_off_boundary": int(counts.off_boundary[1]),
        },
        "overlap": {**figures_of(*overlap), "f1_ci95": interval_of(drawn[:, kinds])},
        "flat": {**figures_of(*flat), "f1_ci95": interval_of(drawn[:, kinds + 1])},
        "ignored": int(counts.ignored[0]),
        "predicted_on_ignored": int(counts.ignored[1]),
    }
    if not all_types[2]:
        result["note"] = "The gold holds no scored entity: F1 is 0 by definition."
    return result


def _strict(counts: np.ndarray) -> dict[str, float | int]:
    """Precision, recall, F1 and support of true positives, predicted and gold entities."""
    return {**figures_of(*map(int, counts)), "support": int(counts[2])}


def calibration(counts: Counts, bins: int = 10) -> dict[str, object]:
    """How well the confidences of predictions tell how often they are right.

    Args:
        counts: Of all sentences.
        bins: The number of bins of equal width over 0 to 1.

    Returns:
        `n`; `ece`, the expected calibration error (the mean gap between confidence and accuracy,
        weighted by bin), and `brier`, both None where n is 0; `bins`: low, high, n, and the mean
        confidence and accuracy of each bin that has predictions.
    """
    sure, hits = counts.confidences, counts.hits
    table = reliability(sure, hits, bins)
    return {
        "n": len(sure),
        "ece": expected_error(table) if table else None,
        "brier": float(((sure - hits) ** 2).mean()) if table else None,
        "bins": table,
    }
