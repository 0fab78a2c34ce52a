"""How well confidences tell how often they are right: Guo et al. 2017, arXiv 1706.04599."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def reliability(confidences: ArrayLike, hits: ArrayLike, bins: int = 10) -> list[dict[str, float]]:
    """Mean confidence and accuracy by bins of equal width.

    Args:
        confidences: Probabilities, shape (n,).
        hits: Whether each was right, shape (n,).
        bins: The number of bins over 0 to 1.

    Returns:
        Of each bin that is not empty low, high, n, confidence and accuracy.
    """
    sure, right = np.asarray(confidences, dtype=float), np.asarray(hits, dtype=float)
    where = np.minimum((sure * bins).astype(int), bins - 1)
    table = []
    for at in range(bins):
        inside = where == at
        if inside.any():
            table.append(
                {
                    "low": at / bins,
                    "high": (at + 1) / bins,
                    "n": int(inside.sum()),
                    "confidence": float(sure[inside].mean()),
                    "accuracy": float(right[inside].mean()),
                }
            )
    return table


def expected_error(table: list[dict[str, float]]) -> float:
    """The expected calibration error: the mean gap of the bins of `reliability`, by their n."""
    gaps = [row["n"] * abs(row["confidence"] - row["accuracy"]) for row in table]
    return sum(gaps) / sum(row["n"] for row in table)
