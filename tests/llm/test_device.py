from __future__ import annotations

import pytest
import tiny
from questions import ask, questions, same

from eatner.errors import InputError
from eatner.llm.transformers import TransformersLLM


@pytest.mark.parametrize("most", [1, 2])
def test_a_batch_that_is_too_large_for_the_memory_is_halved(
    model: TransformersLLM, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    import torch

    asked, within = questions()
    expected = ask(model, asked, within)
    run = model.generation.answer

    def short(encoded: list, *options: object) -> object:
        if len(encoded) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return run(encoded, *options)

    monkeypatch.setattr(model.generation, "answer", short)
    same(ask(model, asked, within), expected)


def test_a_prompt_that_no_memory_holds_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model = tiny.llm("llama")

    def short(*_: object) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(model.generation, "answer", short)
    with pytest.raises(InputError, match="too large for the GPU's memory"):
        model.complete(["東京"], max_new_tokens=1)
