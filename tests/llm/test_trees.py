from __future__ import annotations

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from questions import SENTENCES, forced

from eatner import prompts
from eatner.llm import room
from eatner.llm.scoring import log_normaliser
from eatner.llm.trees import TokenTree, tree_size
from eatner.text import languages


@pytest.mark.parametrize("kind", ["gemma", "gemma-wide", "llama"])
@pytest.mark.parametrize("size", [40, 10_000])
def test_answers_are_scored_in_a_tree_as_one_by_one(
    kind: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FOREST_TOKENS", size)
    monkeypatch.setattr(room, "GPU_FOREST_TOKENS", size)
    model = tiny.llm(kind)
    language = languages.get("ja")
    names = [["Tokyo", "Japan"], ["Angela Merkel", "Washington", "name"], ["Sony"]]
    answers = [["東京", "日本", "日本の首都", ""], ["ワシントン", ""], ["ソニー", "ソ", ""]]
    groups = [
        [prompts.alignment(sentence, name, language, "few-shot") for name in several]
        for sentence, several in zip(SENTENCES, names, strict=False)
    ]

    def propose(index: int, table: object) -> list[list[str]]:
        return [[f'{answer}"' for answer in answers[index]] for _ in names[index]]

    found = model.score_answers(groups, propose)
    for number, group in enumerate(groups):
        for prompt, scores in zip(group, found[number], strict=True):
            assert list(scores) == [f'{answer}"' for answer in answers[number]]
            for answer, logprob in scores.items():
                expected = forced(model, model.encode(prompt), model.encode_answer(answer))
                assert logprob == pytest.approx(expected, abs=5e-3)


def sequences() -> st.SearchStrategy[list[list[int]]]:
    return st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=8)


@given(sequences(), sequences())
def test_a_node_looks_at_the_tokens_of_its_own_sequence(
    prompts: list[list[int]], answers: list[list[int]]
) -> None:
    tree = TokenTree()
    ends = [tree.insert(row) for row in prompts]
    chains = [tree.chain(row, end) for row, end in zip(answers, ends, strict=False)]
    sees = tree.ancestors()
    for row, end in zip(prompts, ends, strict=True):
        assert tree.tokens_of(np.flatnonzero(sees[end])) == row
        assert tree.depths[end] == len(row) - 1
    for row, answer, chain in zip(prompts, answers, chains, strict=False):
        assert tree.tokens_of(np.flatnonzero(sees[chain[-1]])) == row + answer
        assert [tree.depths[node] for node in chain] == list(
            range(len(row), len(row) + len(answer))
        )
    # Every beginning is there once.
    every = [tuple(tree.tokens_of(np.flatnonzero(seen))) for seen in sees]
    assert len(set(every)) == len(every)


@given(sequences())
def test_the_size_of_a_tree_of_rows_that_begin_alike(rows: list[list[int]]) -> None:
    tree = TokenTree()
    for row in rows:
        tree.insert(row)
    assert tree_size(rows) >= len(tree.tokens)
    assert tree_size(rows[:1]) == len(rows[0])


def test_the_normaliser_is_that_of_all_logits() -> None:
    import torch

    logits = torch.randn(3, 5000, generator=torch.manual_seed(0))
    torch.testing.assert_close(log_normaliser(logits), logits.logsumexp(-1))
