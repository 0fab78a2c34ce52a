"""Which prompts go together: batches of rows, forests of trees, padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def common_prefix(encoded: Sequence[Sequence[int]]) -> int:
    """Count the first tokens that all rows share; every row keeps at least one of its own."""
    if len(encoded) == 1:
        return 0
    shortest, first = min(map(len, encoded)) - 1, encoded[0]
    length = 0
    while length < shortest and all(row[length] == first[length] for row in encoded):
        length += 1
    return length


def make_batches(
    lengths: Sequence[int], beams: int, new_tokens: int, room: int, most: int
) -> Iterator[list[int]]:
    """Put prompts into batches, the longest first, so that an overflow shows at once.

    Args:
        lengths: Number of tokens of each prompt.
        beams: Rows of each prompt.
        new_tokens: Limit of the tokens that follow a prompt.
        room: Limit of a batch's tokens, padding included; a prompt that exceeds it is alone.
        most: Limit of a batch's rows.

    Yields:
        Indices of the prompts of a batch.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        width = lengths[batch[0]] if batch else lengths[index]
        rows = (len(batch) + 1) * beams
        if batch and (rows > most or rows * (width + new_tokens) > room):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def make_forests(sizes: Sequence[int], room: int) -> Iterator[list[int]]:
    """Put neighbouring groups together.

    Args:
        sizes: Number of tokens of each group.
        room: Limit of the tokens of several groups together.

    Yields:
        Indices of the groups of a forest.
    """
    forest: list[int] = []
    total = 0
    for index, size in enumerate(sizes):
        if forest and total + size > room:
            yield forest
            forest, total = [], 0
        forest.append(index)
        total += size
    if forest:
        yield forest


def pad_left(
    rows: Sequence[Sequence[int]], prefix: Sequence[int], pad: int, device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Make one tensor of rows that share a prefix.

    The padding is between the prefix and the rest of a row, so that the prefix is at the same place
    in all rows, as in its cache, and all rows end together, as generation wants them.

    Args:
        rows: The tokens of each row after the prefix.
        prefix: The tokens before them.
        pad: The token that fills up short rows.
        device: Where the tensors go.

    Returns:
        The tokens, and the mask (1 for a token, 0 for padding), both of shape (rows, tokens).
    """
    import torch

    width = max(map(len, rows))
    ids = [[*prefix, *[pad] * (width - len(row)), *row] for row in rows]
    mask = [[1] * len(prefix) + [0] * (width - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)
