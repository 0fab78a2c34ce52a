"""Which words of two sentences translate each other, by the similarity of their embeddings.

Source: Jalili Sabet, Dufter, Yvon and Schütze 2020, SimAlign (Findings of EMNLP, arXiv 2004.08728),
section 3. Their package gets its embeddings a sentence at a time and from BERT-like models alone,
and has had no release since 2023, so that the two methods are written here from the paper.
"""

from __future__ import annotations

import numpy as np

# Of `itermax`, both the paper's: its rounds, and what the similarity of a word that is linked
# already to one that is not counts.
ROUNDS = 2
DISCOUNT = 0.9


def argmax(similarity: np.ndarray) -> np.ndarray:
    """Link words that are the most similar ones of each other.

    Args:
        similarity: Shape (words, words of the other sentence), 0 or more. Of equals, the first
            word is the most similar one; what has the similarity 0 is not linked.

    Returns:
        Which words are linked: an array of bool of the same shape.
    """
    links = np.zeros(similarity.shape, dtype=bool)
    if similarity.size:
        rows = np.arange(len(similarity))
        best = similarity.argmax(axis=1)
        mutual = (similarity.argmax(axis=0)[best] == rows) & (similarity[rows, best] > 0)
        links[rows[mutual], best[mutual]] = True
    return links


def itermax(similarity: np.ndarray) -> np.ndarray:
    """Link words as `argmax` does, and then again, mostly words that are not linked yet.

    In the second round, two words that are both linked are left out, and the similarity counts a
    little less where one of them is. This finds words that translate several: argmax links each
    word to one other at most.

    Args:
        similarity: As for `argmax`.

    Returns:
        As of `argmax`.
    """
    links = argmax(similarity)
    for _ in range(ROUNDS - 1):
        linked = np.add(links.any(axis=1, keepdims=True), links.any(axis=0), dtype=int)
        links |= argmax(similarity * np.array([1.0, DISCOUNT, 0.0])[linked])
    return links
