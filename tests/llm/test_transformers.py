from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny
from questions import SENTENCES, ask, questions, same

from eatner.llm import room
from eatner.llm.journal import Journal
from eatner.llm.transformers import TransformersLLM


@pytest.mark.parametrize("beams", [1, 3])
def test_one_by_one_is_as_together(model: TransformersLLM, beams: int) -> None:
    asked, within = questions()
    alone = [ask(model, [a], [w], beams=beams)[0] for a, w in zip(asked, within, strict=True)]
    same(ask(model, asked, within, beams=beams), alone)


def test_order_and_size_of_batches_change_nothing(
    model: TransformersLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, within = questions()
    expected = ask(model, asked, within, beams=2)
    turned = ask(model, asked[::-1], within[::-1], beams=2)
    same(turned[::-1], expected)
    monkeypatch.setattr(room, "CPU_SHARE", 0.0)
    monkeypatch.setattr(room, "GPU_ROWS", 1)
    same(ask(model, asked, within, beams=2), expected)


def test_nothing_is_asked_for_no_prompts() -> None:
    model = tiny.llm("llama")
    calls = model.calls
    assert model.complete([], max_new_tokens=4) == []
    assert model.score([], []) == []
    assert model.calls == calls


def test_progress_counts_every_prompt(model: TransformersLLM) -> None:
    steps: list[int] = []
    ask(model, *questions(), progress=steps.append)
    assert sum(steps) == len(SENTENCES)


def test_scored_answers_are_not_asked_again(tmp_path: Path) -> None:
    model = tiny.llm("llama")
    groups = [["東京", "京都"], ["Москва"]]
    path = tmp_path / "journal"
    tables = []

    def openings(index: int) -> list[str]:
        return ["a", "東"][: 2 - index]

    def propose(index: int, table: np.ndarray) -> list[list[str]]:
        tables.append((index, table.tolist()))
        return [["a", "b"]] * len(table)

    def run(propose=propose, **options: object):
        calls = model.calls
        found = model.score_answers(groups, propose, openings=openings, **options)
        return found, model.calls - calls

    done: list[int] = []
    first, _ = run(journal=Journal(path, "x"), progress=done.append)
    assert sum(done) == len(groups)
    assert [np.shape(table) for _, table in tables] == [(2, 2), (1, 1)]
    assert run(journal=Journal(path, "x")) == (first, 0)
    # What is proposed is decided anew, by the very same log-probabilities.
    assert tables[2:] == tables[:2]
    assert run(journal=Journal(path, "another LLM"))[1] > 0

    def more(index: int, table: np.ndarray) -> list[list[str]]:
        return [["a", "b", "c"][: 3 - index]] * len(table)

    # Another proposal, as of a lexicon that has grown, is asked about; the other group is not.
    wider, calls = run(more, journal=Journal(path, "x"))
    assert calls == 2
    assert [list(scores) for group in wider for scores in group] == [[*"abc"], [*"abc"], [*"ab"]]
    assert wider[1] == first[1]
    assert model.score_answers([], propose) == []


def test_the_table_of_openings_has_the_best_first_token_of_each() -> None:
    import torch

    model = tiny.llm("llama")
    seen = {}

    def propose(index: int, table: np.ndarray) -> list[list[str]]:
        seen[index] = table
        return [[]] * len(table)

    texts = ["東京は日本", "Tokyo", "ソ"]
    model.score_answers([["a", "東"]], propose, openings=lambda index: texts)
    for row, prompt in enumerate(["a", "東"]):
        with torch.inference_mode():
            logits = model.model(torch.tensor([model.encode(prompt)])).logits[0, -1]
        logprobs = logits.float().log_softmax(-1)
        for column, text in enumerate(texts):
            firsts = {model.encode_answer(text[:n])[0] for n in (1, 2, 3, 4, 6, 8, 12, 24)}
            best = max(float(logprobs[token]) for token in firsts)
            assert seen[0][row, column] == pytest.approx(best, abs=1e-3)


def test_an_adapter_s_llm_can_be_exchanged() -> None:
    model = TransformersLLM(tiny.folder("gemma-wide"))
    asked, within = questions()
    before = ask(model, asked, within)
    assert model.beginning.kept
    with tiny.in_float32():
        tuned = TransformersLLM(tiny.folder("gemma-wide"), adapter=tiny.folder("adapter"))
    model.model = tuned.model
    model.forget()
    same(ask(model, asked, within), ask(tuned, asked, within))
    assert ask(model, asked, within) != before
