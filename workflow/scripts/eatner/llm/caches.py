"""Caches of keys and values: the beginning that many prompts share is read once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from eatner.llm.batches import common_prefix
from eatner.llm.local import LocalModel

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    # The tokens of a row, and for each layer its keys and values, shape (heads, tokens, size).
    _Row = tuple[list[int], list[tuple[torch.Tensor, torch.Tensor]]]


class SharedBeginning:
    """The cache of the last beginning that was asked for: it holds for all batches of a call.

    Args:
        whole: Keep all positions also where a layer slides, which drops what it sees no more.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self.whole = whole
        self.kept: dict[tuple[int, ...], DynamicCache] = {}

    def copy(self, local: LocalModel, ids: Sequence[int], rows: int = 1) -> DynamicCache:
        """Give a cache that has read some tokens, for a batch of so many rows to go on with.

        Args:
            local: The LLM.
            ids: The tokens; there may be none.
            rows: Number of rows.
        """
        key = tuple(ids)
        if not key:
            return self._read(local, key)
        if key not in self.kept:
            self.kept = {key: self._read(local, key)}
        repeated = copy.deepcopy(self.kept[key])
        repeated.batch_repeat_interleave(rows)
        return repeated

    def _read(self, local: LocalModel, ids: tuple[int, ...]) -> DynamicCache:
        import torch
        from transformers import DynamicCache

        cache = DynamicCache() if self.whole else DynamicCache(config=local.model.config)
        if ids:
            with torch.inference_mode():
                local.model(
                    torch.tensor([ids], device=local.device),
                    past_key_values=cache,
                    logits_to_keep=1,
                )
        return cache

    def forget(self) -> None:
        """Drop what was computed with earlier weights."""
        self.kept.clear()


class KeptRows:
    """What the rows of the turn before have read and written, for a conversation to go on with.

    A turn of a conversation repeats all that was said before it. Read anew each time, this takes
    longer than the answers.
    """

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._before: list[_Row] = []

    def turn(self) -> None:
        """Begin a turn: what was kept is now what its prompts go on from."""
        self._before, self._rows = self._rows, []

    def keep(
        self, index: int, tokens: Sequence[int], columns: Sequence[int], cache: DynamicCache
    ) -> None:
        """Keep a row of a batch.

        Args:
            index: Which row it is in the cache.
            tokens: What it has read and written, without padding.
            columns: Where each of these tokens is in the cache.
            cache: Keys and values of the batch. It may lack the last of the tokens.
        """
        size = sum(column < cache.get_seq_length() for column in columns)
        layers = []
        for layer in cast("list[DynamicLayer]", cache.layers):
            keys, values = cast("tuple[torch.Tensor, torch.Tensor]", (layer.keys, layer.values))
            layers.append((keys[index][:, columns[:size]], values[index][:, columns[:size]]))
        self._rows.append((list(tokens[:size]), layers))

    def go_on(
        self, prompts: Sequence[Sequence[int]], filler: int, device: str
    ) -> tuple[torch.Tensor, torch.Tensor, DynamicCache] | None:
        """Find what is known of each prompt.

        Args:
            prompts: The tokens of each prompt.
            filler: The token that fills up short prompts.
            device: Where the tensors go.

        Returns:
            Tokens and mask as of `batches.pad_left`, and a cache that has read the first of their
            columns; None where nothing was kept.
        """
        import torch
        from torch.nn.functional import pad
        from transformers import DynamicCache

        if not self._before:
            return None
        known = []
        for prompt in prompts:
            lengths = [common_prefix([prompt, [*row, -1]]) for row, _ in self._before]
            best = max(range(len(lengths)), key=lengths.__getitem__)
            known.append((lengths[best], self._before[best][1]))
        width = max(length for length, _ in known)

        def padded(layer: int, part: int) -> torch.Tensor:
            rows = [(layers[layer][part], length) for length, layers in known]
            return torch.stack([pad(row[:, :n], (0, 0, width - n, 0)) for row, n in rows])

        cache = DynamicCache()
        for layer in range(len(self._before[0][1])):
            cache.update(padded(layer, 0), padded(layer, 1), layer)
        # Each row: padding and what is known, which the cache has read; padding and the rest.
        rest = max(len(prompt) - length for prompt, (length, _) in zip(prompts, known, strict=True))
        ids, mask = [], []
        for prompt, (length, _) in zip(prompts, known, strict=True):
            new = len(prompt) - length
            before, between = width - length, rest - new
            tokens = [*[filler] * before, *prompt[:length], *[filler] * between, *prompt[length:]]
            ids.append(tokens)
            mask.append([*[0] * before, *[1] * length, *[0] * between, *[1] * new])
        return torch.tensor(ids, device=device), torch.tensor(mask, device=device), cache


def shareable(local: LocalModel, encoded: Sequence[Sequence[int]], more: int) -> int:
    """Count the first tokens that prompts share and that may be read once for all.

    None, where a layer's sliding window could close over them: the padding between them and the
    rest of a prompt would take up room in the window.

    Args:
        local: The LLM.
        encoded: The tokens of each prompt.
        more: Limit of the tokens that follow a prompt.
    """
    if local.window is not None and max(map(len, encoded)) + more > local.window:
        return 0
    return common_prefix(encoded)


def positions(mask: torch.Tensor) -> torch.Tensor:
    """Number the tokens of each row, whatever padding is before or between them.

    Args:
        mask: 1 for a token and 0 for padding, shape (rows, tokens).
    """
    return (mask.cumsum(-1) - 1).clamp(min=0)
