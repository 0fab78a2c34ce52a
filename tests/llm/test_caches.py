from __future__ import annotations

import pytest
import tiny
from questions import ask, questions, same

from eatner.llm.transformers import TransformersLLM


def test_one_by_one_is_as_together_beyond_the_sliding_window() -> None:
    asked, within = questions()
    model = tiny.llm("gemma")
    alone = [ask(model, [a], [w])[0] for a, w in zip(asked, within, strict=True)]
    same(ask(model, asked, within), alone)


def test_a_prefix_beyond_the_sliding_window_without_padding_changes_nothing() -> None:
    # Two prompts of one length: no padding, but a cache that has forgotten its beginning.
    model = tiny.llm("gemma")
    asked = [f"{'東京は日本の首都である。' * 6} {end}" for end in "ab"]
    assert len({len(model.encode_answer(a)) for a in asked}) == 1
    assert len(model.encode_answer(asked[0])) > 2 * tiny.WINDOW
    alone = [ask(model, [a], None, max_new_tokens=12)[0] for a in asked]
    same(ask(model, asked, None, max_new_tokens=12), alone)
    scores = [model.score([a], ["大阪"])[0] for a in asked]
    assert model.score(asked, ["大阪"] * 2) == pytest.approx(scores, abs=1e-3)


def test_a_prefix_is_remembered_and_forgotten(model: TransformersLLM) -> None:
    asked, within = questions()
    first = ask(model, asked, within)
    assert len(model.beginning.kept) == 1
    same(ask(model, asked, within), first)
    model.forget()
    assert not model.beginning.kept
    same(ask(model, asked, within), first)
