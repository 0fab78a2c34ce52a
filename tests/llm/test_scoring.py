from __future__ import annotations

import pytest
from questions import forced, questions

from eatner.llm.transformers import TransformersLLM


def test_score_sums_the_tokens_of_the_text(model: TransformersLLM) -> None:
    asked, _ = questions()
    texts = ["東京", '"', "Tokyo, in Japan.", "👩‍👩‍👧", "Москва", "x"]
    expected = [
        forced(model, model.encode(prompt), model.encode_answer(text))
        for prompt, text in zip(asked, texts, strict=True)
    ]
    assert model.score(asked, texts) == pytest.approx(expected, abs=2e-3)
    one_by_one = [model.score([p], [t])[0] for p, t in zip(asked, texts, strict=True)]
    assert one_by_one == pytest.approx(expected, abs=2e-3)
    assert model.score(asked[::-1], texts[::-1])[::-1] == pytest.approx(expected, abs=2e-3)
