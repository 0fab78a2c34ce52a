from __future__ import annotations

from unittest import mock

import pytest
import tiny

from eatner.llm.room import GPU_FOREST_TOKENS, GPU_ROWS
from eatner.llm.transformers import TransformersLLM


def test_batches_fill_the_gpu_that_has_the_least_room(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model = TransformersLLM(tiny.folder("llama"))
    room = model.room
    model.local.device = "cuda"
    room._token_bytes = 1000.0  # measured on the device, before any batch
    free = {0: 10**9, 1: 10**8, 2: 0}  # the last has none of its weights
    weights = [mock.Mock(device=gpu) for gpu in (0, 1, 1)]
    monkeypatch.setattr(model.model, "parameters", lambda: weights)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda gpu: (free[gpu], 10**10))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda gpu: 10**6)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda gpu: 10**6)
    # 60,000 tokens; of those whose logits are kept 2,794.
    assert room.on_gpu(logits=False) == 2**15
    assert room.on_gpu(logits=True) == 2**11
    lengths = [90] * 2000
    sizes = [len(batch) for batch in room.batches(lengths, 80, 1, 10)]
    assert sizes[0] == 2**15 // 100 < GPU_ROWS  # of what is shared, each row has a copy
    free[1] = 10**9
    assert len(next(room.batches(lengths, 80, 1, 10))) == GPU_ROWS
    free[1] = 2 * 10**7
    assert len(next(room.batches(lengths, 80, 2, 10))) == 2**13 // 200
    assert 0 < room.forest < GPU_FOREST_TOKENS
