"""Many answers to many prompts, read as trees of tokens in one row.

Sequences that begin alike share the nodes of their beginning, and the LLM reads every node once,
all in one row, where a row for each sequence would read a few-shot prompt again and again.

Why the scores are the same: what a causal LLM computes at a token depends on three things only: the
token, the tokens that it may look at, and the positions of all of them. In a row of its own a token
looks at all tokens before it, and its position is their number. In the tree the attention mask lets
a node look at its ancestors and at itself, which are exactly these tokens, and its position is its
depth, which is exactly their number. Where the node is in the row does not matter, nor what other
branches hold. In a layer with a sliding window a token looks at the last `window` positions: the
mask counts depths there, and the cache must keep what a window by places in the row would drop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from eatner.llm.batches import common_prefix
from eatner.llm.caches import SharedBeginning
from eatner.llm.loading import refuse_not_finite
from eatner.llm.local import LocalModel
from eatner.llm.scoring import log_normaliser

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache


class TokenTree:
    """Tokens that several sequences share, as nodes that know their parent (-1: none)."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.depths: list[int] = []
        self.children: dict[int, dict[int, int]] = {}

    def insert(self, tokens: Sequence[int]) -> int:
        """Add a sequence at the root; gives the node of its last token."""
        return self.chain(tokens, -1)[-1]

    def chain(self, tokens: Sequence[int], parent: int) -> list[int]:
        """Add a sequence below a node; gives its nodes, new ones and those that were there."""
        nodes = []
        for token in tokens:
            children = self.children.setdefault(parent, {})
            if token not in children:
                children[token] = len(self.tokens)
                self.tokens.append(token)
                self.parents.append(parent)
                self.depths.append(0 if parent < 0 else self.depths[parent] + 1)
            parent = children[token]
            nodes.append(parent)
        return nodes

    def below(self, parents: Sequence[int], begin: int) -> tuple[list[int], list[int]]:
        """List the children of some nodes, from node `begin` on.

        Returns:
            For each child the index of its parent in `parents`, and the child.
        """
        pairs = [
            (index, node)
            for index, parent in enumerate(parents)
            for node in self.children.get(parent, {}).values()
            if node >= begin
        ]
        return [index for index, _ in pairs], [node for _, node in pairs]

    def tokens_of(self, nodes: Sequence[int]) -> list[int]:
        """List the tokens of some nodes."""
        return [self.tokens[node] for node in nodes]

    def ancestors(self) -> np.ndarray:
        """Mark which nodes each node may look at: shape (nodes, nodes), itself among them."""
        sees = np.zeros((len(self.tokens), len(self.tokens)), dtype=bool)
        for node, parent in enumerate(self.parents):  # a parent comes before its children
            if parent >= 0:
                sees[node] = sees[parent]
            sees[node, node] = True
        return sees


def tree_size(rows: Sequence[Sequence[int]]) -> int:
    """Estimate the nodes in the tree of sequences, if they begin like the first of them."""
    size = len(rows[0])
    for row in rows[1:]:
        size += len(row) - common_prefix([rows[0], row])
    return size


def score_forest(
    local: LocalModel,
    groups: Sequence[Sequence[Sequence[int]]],
    shared: int,
    beginning: SharedBeginning,
    propose: Callable[[int, torch.Tensor], Sequence[Sequence[str]]],
    encode: Callable[[Sequence[str]], list[list[int]]],
) -> list[list[dict[str, float]]]:
    """Score the answers to the prompts of some groups in two passes: prompts, then answers.

    Args:
        local: The LLM.
        groups: The tokens of each prompt of each group.
        shared: How many first tokens all prompts share.
        beginning: Whole cache of these tokens.
        propose: Gives the answers to score for each prompt of a group. Called with the group's
            index and the log-probabilities of the token after each of its prompts, shape
            (prompts, vocabulary).
        encode: Turns answers into tokens.

    Returns:
        For every group and prompt the natural log-probability of each of its answers.

    Raises:
        InputError: The LLM's logits are not finite.
    """
    tree = TokenTree()
    ends = [[tree.insert(row[shared:]) for row in rows] for rows in groups]
    cache = beginning.copy(local, groups[0][0][:shared])
    flat = [end for group in ends for end in group]
    first = _read(local, tree, 0, cache, shared, flat).log_softmax(-1)
    refuse_not_finite(first.amax(-1).tolist(), local.folder)
    answers = []
    begin = 0
    for number, group in enumerate(ends):
        answers.append(propose(number, first[begin : begin + len(group)]))
        begin += len(group)
    read = len(tree.tokens)
    texts = list({text for group in answers for proposed in group for text in proposed})
    encoded = dict(zip(texts, encode(texts), strict=True))
    # Every answer as the chain of its nodes; the first hangs on its prompt's end.
    chains = [
        [
            {text: tree.chain(encoded[text], end) for text in proposed}
            for end, proposed in zip(group, several, strict=True)
        ]
        for group, several in zip(ends, answers, strict=True)
    ]
    logprob = [0.0] * len(tree.tokens)

    # The first tokens of answers: the first pass has their log-probabilities.
    rows, nodes = tree.below(flat, read)
    for node, value in zip(nodes, first[rows, tree.tokens_of(nodes)].tolist(), strict=True):
        logprob[node] = value
    del first
    # The others follow nodes that the second pass reads.
    inner = sorted({tree.parents[node] for node in range(read, len(tree.tokens))} - set(flat))
    if inner:
        logits = _read(local, tree, read, cache, shared, inner)
        rows, nodes = tree.below(inner, read)
        values = logits[rows, tree.tokens_of(nodes)].float() - log_normaliser(logits)[rows]
        for node, value in zip(nodes, values.tolist(), strict=True):
            logprob[node] = value
        refuse_not_finite(values.tolist(), local.folder)
    return [
        [
            {text: sum(logprob[node] for node in chain) for text, chain in proposed.items()}
            for proposed in group
        ]
        for group in chains
    ]


def _read(
    local: LocalModel,
    tree: TokenTree,
    begin: int,
    cache: DynamicCache,
    shared: int,
    ends: Sequence[int],
) -> torch.Tensor:
    """Read a tree's nodes from `begin` on, after those that the cache has.

    Returns:
        The logits after the nodes `ends`, shape (ends, vocabulary).
    """
    import torch

    depths = torch.tensor(tree.depths)
    position = torch.cat([torch.arange(shared), depths + shared])
    sees = torch.cat(
        [
            torch.ones(len(tree.tokens) - begin, shared, dtype=torch.bool),
            torch.from_numpy(tree.ancestors()[begin:]),
        ],
        dim=1,
    )
    masks = {"full_attention": sees}
    if local.window is not None:
        near = position[shared + begin :, None] - position[None, :] < local.window
        masks["sliding_attention"] = sees & near
    masks = {kind: mask[None, None].to(local.device) for kind, mask in masks.items()}
    with torch.inference_mode():
        return local.model(
            torch.tensor([tree.tokens[begin:]], device=local.device),
            attention_mask=masks["full_attention"] if local.window is None else masks,
            position_ids=position[None, shared + begin :].to(local.device),
            past_key_values=cache,
            logits_to_keep=torch.tensor([end - begin for end in ends]),
        ).logits[0]


def first_tokens(
    texts: Sequence[str],
    lengths: Sequence[int],
    encode: Callable[[Sequence[str]], list[list[int]]],
) -> list[list[int]]:
    """List the first tokens that an answer may have which begins like a text.

    How a text is split into tokens depends on what follows, so that its first token is that of one
    of its beginnings.

    Args:
        texts: Beginnings of answers, not empty.
        lengths: Numbers of characters at which they are cut.
        encode: Turns texts into tokens.

    Returns:
        For each text the tokens, sorted.
    """
    begun = [{text[:length] for length in lengths} for text in texts]
    every = list(set().union(*begun))
    token = {text: ids[0] for text, ids in zip(every, encode(every), strict=True)}
    return [sorted({token[text] for text in several}) for several in begun]


def first_logprobs(first: torch.Tensor, tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """Pick the best log-probability among some tokens.

    Args:
        first: Log-probabilities, shape (prompts, vocabulary).
        tokens: Sets of tokens, none of them empty.

    Returns:
        In float32, shape (prompts, sets).
    """
    if not tokens:
        return np.zeros((len(first), 0), dtype=np.float32)
    columns = [token for several in tokens for token in several]
    values = first[:, columns].float().cpu().numpy()
    return np.maximum.reduceat(values, np.cumsum([0, *map(len, tokens[:-1])]), axis=1)
