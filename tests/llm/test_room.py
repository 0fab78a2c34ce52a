from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
import tiny

from eatner.llm import room as rooms
from eatner.llm.room import GPU_FOREST_TOKENS, GPU_ROWS, MAX_ROWS, Room, machine_memory
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
    sizes = [len(batch) for batch in room.batches(lengths, 1, 10)]
    assert sizes[0] == 2**15 // 100 < GPU_ROWS  # of what is shared, each row has a copy
    free[1] = 10**9
    assert len(next(room.batches(lengths, 1, 10))) == GPU_ROWS
    free[1] = 2 * 10**7
    assert len(next(room.batches(lengths, 2, 10))) == 2**13 // 200
    assert 0 < room.forest < GPU_FOREST_TOKENS


def test_long_answers_on_a_cpu_have_as_many_rows_as_the_memory_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The 1.5B of Qwen 2.5 in float32: 57 KB of keys and values a token, 168 KB of activations.
    config = mock.Mock(
        spec=["hidden_size", "num_attention_heads", "num_key_value_heads", "intermediate_size",
              "num_hidden_layers"],
        hidden_size=1536, num_attention_heads=12, num_key_value_heads=2, intermediate_size=8960,
        num_hidden_layers=28,
    )  # fmt: skip
    local = mock.Mock(device="cpu", vocabulary=151_936)
    local.model.config.get_text_config.return_value = config
    local.model.dtype.itemsize = 4
    room = Room(local)

    def sizes(gigabytes: float, **options: int) -> list[int]:
        monkeypatch.setattr(rooms, "machine_memory", lambda: int(gigabytes * 1e9))
        return [len(batch) for batch in room.batches([300] * 96, 1, 512, **options)]

    assert sizes(128) == [MAX_ROWS, MAX_ROWS]
    assert sizes(24)[0] > 30  # by a constant they were 3
    assert sizes(24)[0] <= 0.2 * 24e9 / (300 * 225_000 + 512 * 57_000)
    assert sizes(8)[0] < sizes(24)[0]
    assert sizes(0.4) == [1] * 96
    # A beam search keeps the logits of each step.
    assert sizes(24, logits=512)[0] < sizes(24)[0]


def test_memory_is_that_of_the_cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path, **_: str) -> str:
        files = {
            "/proc/self/cgroup": "1:cpu:/elsewhere\n0::/slurm/job_7/step_0\n",
            "/sys/fs/cgroup/slurm/job_7/step_0/memory.max": "max\n",
            "/sys/fs/cgroup/slurm/job_7/memory.max": "1000000\n",
            "/sys/fs/cgroup/memory.max": "2000000\n",
        }
        if str(path) not in files:
            raise FileNotFoundError(path)
        return files[str(path)]

    monkeypatch.setattr(Path, "read_text", read)
    assert machine_memory() == 1_000_000
