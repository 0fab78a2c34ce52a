from __future__ import annotations

import pytest
import tiny
from questions import ask, questions, same

from eatner.llm.transformers import TransformersLLM


def linear_layers(model: TransformersLLM) -> int:
    import torch

    return sum(type(module) is torch.nn.Linear for module in model.model.modules())


@pytest.mark.parametrize("kind", ["llama", "gemma-wide"])
def test_packed_layers_answer_as_plain_ones(kind: str) -> None:
    with tiny.in_float32():
        packed = TransformersLLM(tiny.folder(kind))
        plain = TransformersLLM(tiny.folder(kind), trainable=True)
    if packed.device == "cuda":
        pytest.skip("on a GPU nothing is packed")
    assert linear_layers(packed) == 1 < linear_layers(plain)  # the output layer stays
    asked, within = questions()
    same(ask(packed, asked, within), ask(plain, asked, within))
    same(ask(packed, asked, None, beams=3), ask(plain, asked, None, beams=3))


def test_an_adapter_is_packed_too() -> None:
    options = {"adapter": tiny.folder("adapter")}
    with tiny.in_float32():
        packed = TransformersLLM(tiny.folder("gemma-wide"), **options)
        plain = TransformersLLM(tiny.folder("gemma-wide"), trainable=True, **options)
    asked, within = questions()
    same(ask(packed, asked, within), ask(plain, asked, within))
