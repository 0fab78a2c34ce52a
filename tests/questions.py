"""Questions to tiny LLMs, and what their answers are compared with."""

from __future__ import annotations

import pytest

from eatner import prompts
from eatner.llm.base import one_line
from eatner.llm.transformers import TransformersLLM
from eatner.text import languages

STOP = prompts.QUOTE
# Prompts of several lengths and scripts, so that a batch has padding, and a beginning in common.
SENTENCES = (
    "東京は日本の首都である。",
    "月曜日、アンゲラ・メルケル首相はワシントンでバラク・オバマ大統領と会談した。",
    "ソニー",
    "Мария Силва, профессор Венского университета, родилась в Венгрии.",
    "👩‍👩‍👧 e\u0301 \\ “x” مرحبا <eos> , .",
    "a",
)
# Unaffected by each other: the window is wider than any prompt, or there is none.
EXACT = ("gemma-wide", "llama")


def questions(sentences: tuple[str, ...] = SENTENCES) -> tuple[list[str], list[str]]:
    """Prompts about sentences, and what their answers must lie in."""
    language = languages.get("ja")
    asked = [prompts.alignment(s, "Tokyo", language, "tuned") for s in sentences]
    return asked, [one_line(s) for s in sentences]


def ask(model: TransformersLLM, asked: list[str], within: list[str] | None, **options: object):
    defaults = {"max_new_tokens": 16, "stop": STOP}
    return model.complete(asked, within=within, **(defaults | options))


def same(found: list, expected: list) -> None:
    assert [[c.text for c in several] for several in found] == [
        [c.text for c in several] for several in expected
    ]
    for several, others in zip(found, expected, strict=True):
        for one, other in zip(several, others, strict=True):
            assert one.logprob == pytest.approx(other.logprob, abs=2e-3)
            assert (one.tokens, one.finished) == (other.tokens, other.finished)


def forced(model: TransformersLLM, before: list[int], after: list[int]) -> float:
    """Log-probability of tokens after others, by one plain pass without padding or a cache."""
    import torch

    with torch.inference_mode():
        logits = (
            model.model(torch.tensor([before + after], device=model.device))
            .logits[0]
            .float()
            .log_softmax(-1)
        )
    return sum(float(logits[len(before) - 1 + i, token]) for i, token in enumerate(after))
