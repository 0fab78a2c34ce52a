"""How many tokens and rows a batch has room for, by the device."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from eatner.llm.batches import make_batches
from eatner.llm.local import LocalModel

# On a CPU. The fraction of the machine's memory for a batch; an upper limit on rows, because more
# hardly raise the speed and a killed job loses its whole batch.
CPU_SHARE = 0.2
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
        beams: int,
        new_tokens: int,
        *,
        logits: int = 1,
    ) -> Iterator[list[int]]:
        """Put prompts into batches, the longest first.

        Args:
            lengths: Number of tokens of each prompt.
            beams: Rows of each prompt.
            new_tokens: Limit of the tokens that follow a prompt.
            logits: Number of positions of a row whose logits are kept. If there are several, the
                batches of a GPU are made as if they were of all positions.

        Yields:
            Indices of the prompts of a batch.
        """
        # Each row has its own copy of what is shared.
        if self.local.device == "cuda":
            yield from make_batches(lengths, beams, new_tokens, self.on_gpu(logits > 1), GPU_ROWS)
        else:
            kept, read = _cpu_token_bytes(self.local)
            later = new_tokens * kept + logits * LOGIT_BYTES * self.local.vocabulary
            room = int(CPU_SHARE * machine_memory() / read)
            yield from make_batches(lengths, beams, math.ceil(later / read), room, MAX_ROWS)

    @property
    def forest(self) -> int:
        """Number of prompt tokens that are read as one tree."""
        if self.local.device == "cuda":
            return min(GPU_FOREST_TOKENS, self.on_gpu(logits=True))
        return FOREST_TOKENS

    def on_gpu(self, logits: bool) -> int:
        """Count the tokens that fit into the free memory of each of the model's GPUs.

        Args:
            logits: Whether the logits after each of them are kept.
        """
        import torch

        each = self._token_bytes + (LOGIT_BYTES * self.local.vocabulary if logits else 0)
        free = []
        for gpu in {weight.device for weight in self.local.model.parameters() if weight.is_cuda}:
            kept = torch.cuda.memory_reserved(gpu) - torch.cuda.memory_allocated(gpu)
            free.append(torch.cuda.mem_get_info(gpu)[0] + kept)
        return power_of_two(GPU_SHARE * min(free) / each)

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


def power_of_two(number: float) -> int:
    """Round down to a power of two, at least 1.

    A little more or less free memory then seldom makes other batches, whose rounding might turn a
    tie.
    """
    return 1 << int(max(1.0, number)).bit_length() - 1


def machine_memory() -> int:
    """Return the bytes of main memory that this process may use: the machine's, or its cgroup's."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:  # not Linux
        return limits[0]
    for line in groups:
        _, controllers, group = line.split(":", 2)
        # The file is called memory.max in version 2, whose line names no controllers.
        root, name = ("memory", "memory.limit_in_bytes") if controllers else ("", "memory.max")
        if controllers and "memory" not in controllers.split(","):
            continue
        folder = Path("/sys/fs/cgroup", root, group.lstrip("/"))
        for above in (folder, *folder.parents[: len(Path(group).parts)]):
            with suppress(OSError, ValueError):  # no such file, or "max"
                limits.append(int((above / name).read_text(encoding="ascii")))
    return min(limits)


def _cpu_token_bytes(local: LocalModel) -> tuple[int, int]:
    """Estimate the bytes of main memory for a token.

    Returns:
        Those of its keys and values, and the same with what a layer computes when prompts are read.
    """
    config = local.model.config.get_text_config()
    hidden, heads = config.hidden_size, config.num_attention_heads
    size = getattr(config, "head_dim", None) or hidden // heads
    groups = getattr(config, "num_key_value_heads", None) or heads
    inner = getattr(config, "intermediate_size", None) or 4 * hidden
    kept = 2 * config.num_hidden_layers * groups * size
    bytes_each = local.model.dtype.itemsize
    return kept * bytes_each, (kept + 4 * (hidden + inner)) * bytes_each
