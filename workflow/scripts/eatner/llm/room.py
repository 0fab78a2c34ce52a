"""How many tokens and rows a batch has room for, by the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from eatner.llm.batches import make_batches
from eatner.llm.local import LocalModel

# On a CPU. BATCH_TOKENS limits a batch's prompt tokens times beams for a vocabulary of Gemma 3's
# size: about 1 GiB of activations and logits. With a smaller vocabulary the limit is higher.
# MAX_ROWS is enough to keep a matrix unit busy.
BATCH_TOKENS = 3072
BATCH_VOCABULARY = 262_144
MAX_ROWS = 48
# Prompt tokens that are read as one tree; its answers have about as many again.
FOREST_TOKENS = 512
# On a GPU, where a step takes as long for one row as for hundreds. The fraction of free memory to
# fill; upper limits on rows and on tree tokens.
GPU_SHARE = 0.6
GPU_ROWS = 512
GPU_FOREST_TOKENS = 1024
# Tokens on which a token's memory is measured, and the bytes of a logit: it is there in bfloat16,
# in float32 and as a log-probability.
PROBE = 1024
LOGIT_BYTES = 10


class Room:
    """The room of a batch on the device of an LLM.

    Args:
        local: The LLM.
    """

    def __init__(self, local: LocalModel) -> None:
        self.local = local

    def batches(
        self,
        lengths: Sequence[int],
        shared: int,
        beams: int,
        new_tokens: int,
        *,
        logits: bool = False,
    ) -> Iterator[list[int]]:
        """Put prompts into batches, the longest first.

        Args:
            lengths: Number of tokens of each prompt.
            shared: How many of them all prompts share.
            beams: Rows of each prompt.
            new_tokens: Limit of the tokens that follow a prompt.
            logits: Whether the logits of many positions are kept. A GPU's batches are made as if
                they were of all.

        Yields:
            Indices of the prompts of a batch.
        """
        if self.local.device == "cuda":
            # Each row has its own copy of what is shared.
            yield from make_batches(lengths, beams, new_tokens, self.on_gpu(logits), GPU_ROWS)
        else:
            room = BATCH_TOKENS * max(1, BATCH_VOCABULARY // self.local.vocabulary)
            own = [length - shared for length in lengths]
            yield from make_batches(own, beams, new_tokens, room, MAX_ROWS)

    @property
    def forest(self) -> int:
        """Number of prompt tokens that are read as one tree."""
        if self.local.device == "cuda":
            return min(GPU_FOREST_TOKENS, self.on_gpu(logits=True))
        return FOREST_TOKENS

    def on_gpu(self, logits: bool) -> int:
        """Count the tokens that fit into the free memory of each of the model's GPUs.

        A power of two: a little more or less of free memory seldom makes other batches, whose
        rounding might turn a tie.

        Args:
            logits: Whether the logits after each of them are kept.
        """
        import torch

        each = self._token_bytes + (LOGIT_BYTES * self.local.vocabulary if logits else 0)
        free = []
        for gpu in {weight.device for weight in self.local.model.parameters() if weight.is_cuda}:
            kept = torch.cuda.memory_reserved(gpu) - torch.cuda.memory_allocated(gpu)
            free.append(torch.cuda.mem_get_info(gpu)[0] + kept)
        return 1 << int(max(1.0, GPU_SHARE * min(free) / each)).bit_length() - 1

    @cached_property
    def _token_bytes(self) -> float:
        """Bytes of a GPU's memory for a token that is read, its keys and values among them."""
        import torch
        from transformers import DynamicCache

        local = self.local
        probe = torch.full((1, min(PROBE, local.context)), local.pad, device=local.device)
        for _ in range(2):  # what the first call allocates for all later ones does not count
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            with torch.inference_mode():
                local.model(
                    probe, past_key_values=DynamicCache(config=local.model.config), logits_to_keep=1
                )
        return (torch.cuda.max_memory_allocated() - before) / probe.numel()
