from __future__ import annotations

import pytest
import tiny
import torch
from questions import ask, questions, same

from eatner.errors import InputError
from eatner.llm.transformers import TransformersLLM

SHORTAGES = {
    "GPU": torch.OutOfMemoryError("CUDA out of memory"),
    "torch": RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
    "Python": MemoryError(),
}


@pytest.mark.parametrize("shortage", SHORTAGES)
@pytest.mark.parametrize("most", [1, 2])
def test_a_batch_that_is_too_large_for_the_memory_is_halved(
    model: TransformersLLM,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    most: int,
    shortage: str,
) -> None:
    asked, within = questions()
    expected = ask(model, asked, within)
    run = model.generation.answer

    def short(encoded: list, *options: object) -> object:
        if len(encoded) > most:
            raise SHORTAGES[shortage]
        return run(encoded, *options)

    monkeypatch.setattr(model.generation, "answer", short)
    same(ask(model, asked, within), expected)
    assert f"a batch of {len(asked)} is halved" in caplog.text


@pytest.mark.parametrize(
    ("shortage", "said"),
    [
        ("GPU", "too large for the GPU's memory.*`gpus`"),
        ("torch", "too large for the machine's memory.*`mem_mb`"),
    ],
)
def test_a_prompt_that_no_memory_holds_is_an_error(
    monkeypatch: pytest.MonkeyPatch, shortage: str, said: str
) -> None:
    model = tiny.llm("llama")

    def short(*_: object) -> object:
        raise SHORTAGES[shortage]

    monkeypatch.setattr(model.generation, "answer", short)
    with pytest.raises(InputError, match=said):
        model.complete(["東京"], max_new_tokens=1)


def test_another_error_of_a_batch_is_none_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny.llm("llama")

    def broken(*_: object) -> object:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(model.generation, "answer", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        model.complete(["東京", "京都"], max_new_tokens=1)
