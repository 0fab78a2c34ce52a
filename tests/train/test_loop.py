from __future__ import annotations

from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from eatner.train.loop import order


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=20),
    st.integers(1, 3),
    st.integers(1, 8),
    st.integers(0, 9),
)
def test_every_epoch_has_every_example(
    lengths: list[int], epochs: int, batch_size: int, seed: int
) -> None:
    planned = order(lengths, epochs, batch_size, seed)
    assert Counter(planned) == dict.fromkeys(range(len(lengths)), epochs)
    assert planned == order(lengths, epochs, batch_size, seed)


def test_a_part_of_an_epoch_is_a_draw() -> None:
    planned = order([1] * 100, 0.5, 8, 0)
    assert len(planned) == len(set(planned)) == 50


def test_batches_hold_examples_of_about_one_length() -> None:
    lengths = [10, 1] * 32
    batches = iter(order(lengths, 1, 8, 0))
    while batch := list(islice(batches, 8)):
        assert len({lengths[i] for i in batch}) == 1
