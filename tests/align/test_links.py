from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from eatner.align.links import argmax, itermax

SIMILARITIES = arrays(
    float, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=6), elements=st.floats(0, 1)
)


def linked(links: np.ndarray) -> list[tuple[int, int]]:
    return [(int(i), int(j)) for i, j in np.argwhere(links)]


def test_words_are_linked_that_are_the_best_of_each_other() -> None:
    similarity = np.array([[0.9, 0.2, 0.1], [0.8, 0.3, 0.2], [0.1, 0.4, 0.7]])
    # The second word is most like the first of the other sentence, which is more like the first.
    assert linked(argmax(similarity)) == [(0, 0), (2, 2)]


def test_the_second_round_links_what_is_left() -> None:
    similarity = np.array([[0.9, 0.2, 0.1], [0.8, 0.3, 0.2], [0.1, 0.4, 0.7]])
    # (1, 0) counts 0.72, and the third word of the other sentence has (2, 2) already.
    assert linked(itermax(similarity)) == [(0, 0), (1, 0), (2, 1), (2, 2)]


@pytest.mark.parametrize(("free", "links"), [(0.70, [(0, 0), (1, 0)]), (0.74, [(0, 0), (1, 1)])])
def test_a_word_that_is_linked_already_counts_a_little_less(
    free: float, links: list[tuple[int, int]]
) -> None:
    similarity = np.array([[0.9, 0.0], [0.8, free]])
    # In the first round, the second words are most like each other only beyond 0.8.
    assert linked(argmax(similarity)) == [(0, 0)]
    assert linked(itermax(similarity)) == links


def test_what_has_nothing_in_common_is_not_linked() -> None:
    assert linked(argmax(np.zeros((2, 3)))) == linked(itermax(np.zeros((2, 3)))) == []
    # Both are linked after the first round: nothing is left for the second.
    assert linked(itermax(np.array([[0.5]]))) == [(0, 0)]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_a_sentence_without_words_has_no_links(shape: tuple[int, int]) -> None:
    assert argmax(np.zeros(shape)).shape == itermax(np.zeros(shape)).shape == shape


@given(SIMILARITIES)
def test_links_are_one_to_one_and_the_rounds_only_add(similarity: np.ndarray) -> None:
    first, second = argmax(similarity), itermax(similarity)
    assert (first.sum(axis=0) <= 1).all()
    assert (first.sum(axis=1) <= 1).all()
    for i, j in linked(first):
        assert similarity[i, j] == similarity[i].max() == similarity[:, j].max() > 0
    assert (second | ~first).all()
    assert (second.sum(axis=0) <= 2).all()
    assert (second.sum(axis=1) <= 2).all()
    # The most similar words are linked whatever the others are.
    assert first.any() == bool(similarity.any())


@given(SIMILARITIES)
def test_it_does_not_matter_which_sentence_is_first(similarity: np.ndarray) -> None:
    if np.unique(similarity).size == similarity.size:  # of equals, the first word counts
        assert (argmax(similarity.T) == argmax(similarity).T).all()
