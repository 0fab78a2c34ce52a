"""Paired tests between systems, and intervals by resampling sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from eatner.evaluate.cases import build_cases, count_cases, f1_of
from eatner.indexed import Indexed, blocks
from eatner.tables import TYPES, Alignment, GoldEntity, Sentence

# Numbers to draw at a time: 64 MiB, whatever the number of sentences.
DRAWN = 1 << 23


def resample(counts: np.ndarray, seed: int, resamples: int) -> Iterator[np.ndarray]:
    """Sums of `counts` over sentences drawn with replacement, some resamples at a time."""
    generator = np.random.default_rng(seed)
    n = len(counts)
    flat = counts.reshape(n, -1)
    for size in _at_a_time(n, resamples):
        drawn = generator.multinomial(n, np.full(n, 1 / n), size=size)
        yield (drawn @ flat).reshape(size, *counts.shape[1:])


def _at_a_time(sentences: int, resamples: int) -> Iterator[int]:
    """How many resamples to draw together; however many, the draws are the same."""
    most = max(1, min(256, DRAWN // sentences))
    for done in range(0, resamples, most):
        yield min(most, resamples - done)


def interval_of(values: np.ndarray) -> list[float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return [float(low), float(high)]


def count_types(
    gold: Iterable[GoldEntity], found: Iterable[Alignment], sentences: Iterable[Sentence]
) -> np.ndarray:
    """Count what `compare_counts` compares.

    Args:
        gold: Rows of gold.tsv.
        found: Predictions, as for `score`.
        sentences: Rows of the sentences; rows of other tables on others are left out.

    Returns:
        Shape (sentences, 1 + types, 3): as `cases.count_cases`, for all types together and then
        for each.

    Raises:
        ValueError: What `score` raises.
    """
    sentences = list(sentences)
    shared = {row.sentence_id for row in sentences}
    right = [row for row in gold if row.sentence_id in shared]
    ours = [row for row in found if row.sentence_id in shared]
    by_type = count_cases(build_cases(right, ours, sentences))
    return np.concatenate([by_type.sum(axis=1, keepdims=True), by_type], axis=1)


def count_tables(gold: Path, systems: Mapping[str, Path], sentences: Path) -> dict[str, np.ndarray]:
    """Count what `compare_counts` compares, some sentences at a time.

    Args:
        gold: Path of gold.tsv.
        systems: Paths of the align TSVs of systems by name.
        sentences: Path of sentences.tsv.

    Returns:
        By name, as `count_types`.

    Raises:
        ValueError: What `score` raises.
    """
    right, texts = Indexed(gold, GoldEntity), Indexed(sentences, Sentence)
    found = {name: Indexed(path, Alignment) for name, path in systems.items()}
    counts: dict[str, list[np.ndarray]] = {name: [] for name in systems}
    for block in blocks(texts.sentence_ids):
        of_gold, of_texts = right.of(block), texts.of(block)
        for name, rows in found.items():
            counts[name].append(count_types(of_gold, rows.of(block), of_texts))
    return {name: np.concatenate(parts) for name, parts in counts.items()}


def compare(
    gold: Iterable[GoldEntity],
    baseline: Iterable[Alignment],
    systems: Mapping[str, Iterable[Alignment]],
    sentences: Iterable[Sentence],
    *,
    seed: int,
    resamples: int = 10_000,
) -> dict[str, dict[str, dict[str, object]]]:
    """Whether systems differ from a baseline in strict F1 on the sentences that they share.

    Args:
        gold: Rows of gold.tsv.
        baseline: Predictions of the system to compare with, as for `score`.
        systems: Predictions of the others by name.
        sentences: Rows of the shared sentences; rows of other tables on others are left out.
        seed: Of both tests.
        resamples: Of each.

    Returns:
        As `compare_counts`.

    Raises:
        ValueError: What `score` raises.
    """
    gold, sentences = list(gold), list(sentences)
    return compare_counts(
        count_types(gold, baseline, sentences),
        {name: count_types(gold, rows, sentences) for name, rows in systems.items()},
        seed=seed,
        resamples=resamples,
    )


def compare_counts(
    baseline: np.ndarray,
    systems: Mapping[str, np.ndarray],
    *,
    seed: int,
    resamples: int = 10_000,
) -> dict[str, dict[str, dict[str, object]]]:
    """Whether systems differ from a baseline in strict F1, by the counts of `count_types`.

    Args:
        baseline: Those of the system to compare with.
        systems: Those of the others by name, of the same sentences.
        seed: Of both tests; all systems and types are drawn alike.
        resamples: Of each.

    Returns:
        By name and then by type, `all` being micro F1 over all of them: `f1` of the baseline and
        of the system, `difference` (system less baseline), `difference_ci95` by paired bootstrap,
        and `p_value`, two-sided, by approximate randomisation: how often systems that swap their
        output sentence by sentence at random differ as much.
    """
    if not systems:
        return {}
    one = baseline
    # (sentences, systems, types and all, 3), in floats, whose products are fast and exact here.
    others = np.stack(list(systems.values()), axis=1).astype(float)
    apart = others - one[:, None]
    totals = one.sum(axis=0, dtype=float), others.sum(axis=0)
    scores = f1_of(totals[0]), f1_of(totals[1])
    difference = scores[1] - scores[0]
    both = np.concatenate([one[:, None].astype(float), others], axis=1)
    sums = np.concatenate([f1_of(part) for part in resample(both, seed, resamples)])
    low, high = np.percentile(sums[:, 1:] - sums[:, :1], [2.5, 97.5], axis=0)
    generator = np.random.default_rng(seed)
    as_large = np.zeros(difference.shape, dtype=np.int64)
    for size in _at_a_time(len(one), resamples):
        swapped = generator.integers(0, 2, size=(size, len(one))).astype(float)
        moved = (swapped @ apart.reshape(len(one), -1)).reshape(size, *apart.shape[1:])
        gap = f1_of(totals[0] + moved) - f1_of(totals[1] - moved)
        # The tolerance counts a swap that only rounds differently as the tie that it is.
        as_large += (np.abs(gap) >= np.abs(difference) - 1e-12).sum(axis=0)
    return {
        name: {
            kind: {
                "f1": [float(scores[0][column]), float(scores[1][at, column])],
                "difference": float(difference[at, column]),
                "difference_ci95": [float(low[at, column]), float(high[at, column])],
                "p_value": (int(as_large[at, column]) + 1) / (resamples + 1),
            }
            for column, kind in enumerate(("all", *TYPES))
        }
        for at, name in enumerate(systems)
    }
