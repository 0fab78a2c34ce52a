"""Batches of prompts, and trees of tokens that several prompts share."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


class TokenTree:
    """Tokens that several sequences share, as nodes that know their parent (-1: none)."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.depths: list[int] = []
        self.children: dict[int, dict[int, int]] = {}

    def insert(self, tokens: Sequence[int]) -> int:
        """Add a sequence at the root; the node of its last token."""
        return self.chain(tokens, -1)[-1]

    def chain(self, tokens: Sequence[int], parent: int) -> list[int]:
        """Add a sequence below a node; its nodes, those that stood there among them."""
        nodes = []
        for token in tokens:
            below = self.children.setdefault(parent, {})
            if token not in below:
                below[token] = len(self.tokens)
                self.tokens.append(token)
                self.parents.append(parent)
                self.depths.append(0 if parent < 0 else self.depths[parent] + 1)
            parent = below[token]
            nodes.append(parent)
        return nodes

    def below(self, parents: Sequence[int], begin: int) -> tuple[list[int], list[int]]:
        """The nodes below some, from node `begin` on, each with the place of its parent there."""
        places = [
            (place, node)
            for place, parent in enumerate(parents)
            for node in self.children.get(parent, {}).values()
            if node >= begin
        ]
        return [place for place, _ in places], [node for _, node in places]

    def tokens_of(self, nodes: Sequence[int]) -> list[int]:
        """The tokens of some nodes."""
        return [self.tokens[node] for node in nodes]

    def ancestors(self) -> np.ndarray:
        """Which nodes each node may look at: shape (nodes, nodes), itself among them."""
        sees = np.zeros((len(self.tokens), len(self.tokens)), dtype=bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                sees[node] = sees[parent]
            sees[node, node] = True
        return sees


def common_prefix(encoded: Sequence[Sequence[int]]) -> int:
    """How many first tokens all rows share; every row keeps at least one of its own."""
    shortest, first = min(map(len, encoded)) - 1, encoded[0]
    if len(encoded) == 1:
        return 0
    length = 0
    while length < shortest and all(row[length] == first[length] for row in encoded):
        length += 1
    return length


def tree_size(rows: Sequence[Sequence[int]]) -> int:
    """About how many nodes the tree of some sequences has that begin like the first of them."""
    size = len(rows[0])
    for row in rows[1:]:
        size += len(row) - common_prefix([rows[0], row])
    return size


def make_forests(lengths: Sequence[int], room: int) -> Iterator[list[int]]:
    """Neighbouring groups of about `room` tokens together."""
    forest: list[int] = []
    size = 0
    for index, length in enumerate(lengths):
        if forest and size + length > room:
            yield forest
            forest, size = [], 0
        forest.append(index)
        size += length
    if forest:
        yield forest


def log_normaliser(logits: torch.Tensor) -> torch.Tensor:
    """The logarithm of the sum of exponentials of each row, in float32.

    By pieces of the vocabulary, for a whole copy in float32 takes longer than the LLM itself.
    """
    import torch

    return torch.stack([piece.float().logsumexp(-1) for piece in logits.split(4096, -1)]).logsumexp(
        0
    )


def make_batches(
    lengths: Sequence[int], beams: int, new_tokens: int, room: int, most: int
) -> Iterator[list[int]]:
    """Indices in batches of about `room` tokens and at most `most` rows, the longest first: an
    overflow shows at once."""
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


def pad_left(
    rows: Sequence[Sequence[int]], prefix: Sequence[int], pad: int, device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    width = max(map(len, rows))
    ids = [[*prefix, *[pad] * (width - len(row)), *row] for row in rows]
    mask = [[1] * len(prefix) + [0] * (width - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def repeat_cache(cache: object, rows: int) -> object:
    repeated = copy.deepcopy(cache)
    repeated.batch_repeat_interleave(rows)
    return repeated
