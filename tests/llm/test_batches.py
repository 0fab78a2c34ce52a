from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eatner.llm.batches import common_prefix, make_batches, make_forests, pad_left
from eatner.llm.room import MAX_ROWS

ROOM = 3072


@given(st.lists(st.integers(1, 400), max_size=60), st.integers(1, 8), st.integers(0, 200))
def test_batches_hold_each_index_once_within_the_limits(
    lengths: list[int], beams: int, new: int
) -> None:
    batches = list(make_batches(lengths, beams, new, ROOM, MAX_ROWS))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        rows = len(batch) * beams
        assert len(batch) == 1 or rows <= MAX_ROWS
        assert len(batch) == 1 or rows * (max(lengths[i] for i in batch) + new) <= ROOM


@given(st.lists(st.integers(1, 400), max_size=60))
def test_forests_keep_the_order_and_the_room(sizes: list[int]) -> None:
    forests = list(make_forests(sizes, 512))
    assert [i for forest in forests for i in forest] == list(range(len(sizes)))
    for forest in forests:
        assert len(forest) == 1 or sum(sizes[i] for i in forest) <= 512


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1, 2, 3]], 0),
        ([[1, 2, 3], [1, 2, 4]], 2),
        ([[1, 2], [1, 2, 3]], 1),  # each keeps a token of its own
        ([[1, 2], [1, 2]], 1),
        ([[1], [1, 2]], 0),
        ([[1, 2], [3, 2]], 0),
    ],
)
def test_what_all_rows_share(rows: list[list[int]], expected: int) -> None:
    assert common_prefix(rows) == expected


def test_padding_is_behind_the_prefix() -> None:
    ids, mask = pad_left([[5], [6, 7, 8]], [1, 2], 0, "cpu")
    assert ids.tolist() == [[1, 2, 0, 0, 5], [1, 2, 6, 7, 8]]
    assert mask.tolist() == [[1, 1, 0, 0, 1], [1, 1, 1, 1, 1]]
