"""Caches of keys and values: the beginning that many prompts share is read once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eatner.llm.batches import common_prefix
from eatner.llm.local import LocalModel

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache


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
