from __future__ import annotations

import math
from itertools import pairwise

import pytest
import tiny
from questions import SENTENCES, STOP, ask, forced, questions, same

from eatner.llm.transformers import TransformersLLM


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[int, ...], list[int]]:
    """What generate() wrote for each prompt of tiny llama: the new tokens, by the prompt's."""
    model = tiny.llm("llama")
    written: dict[tuple[int, ...], list[int]] = {}
    own = model.model.generate

    def spy(*, input_ids, attention_mask, **options):
        out = own(input_ids=input_ids, attention_mask=attention_mask, **options)
        for row, mask, new in zip(input_ids, attention_mask, out.sequences, strict=True):
            before = tuple(row[mask.bool()].tolist())
            # A row that goes on when others of its batch are finished.
            prompt = next((p for p in written if before == p + tuple(written[p])), before)
            written[prompt] = [*written.get(prompt, []), *new[len(row) :].tolist()]
        return out

    monkeypatch.setattr(model.model, "generate", spy)
    return written


def test_long_answers_go_on_without_the_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny.llm("llama")
    asked = [sentence * times for sentence in SENTENCES for times in (1, 2)]
    options = {"max_new_tokens": 80, "stop": "e"}
    alone = [model.complete([prompt], **options)[0] for prompt in asked]
    rows: list[int] = []
    own = model.model.generate
    monkeypatch.setattr(
        model.model,
        "generate",
        lambda **given: rows.append(len(given["input_ids"])) or own(**given),
    )
    together = model.complete(asked, **options)
    same(together, alone)
    lengths = [answer.tokens for [answer] in together]
    assert len(set(lengths)) > 2
    assert rows[0] == len(asked)
    assert all(2 * later <= earlier for earlier, later in pairwise(rows))
    assert len(rows) > 2


@pytest.mark.parametrize("beams", [1, 4])
def test_answers_are_sorted_distinct_and_no_more_than_beams(
    model: TransformersLLM, beams: int
) -> None:
    found = ask(model, *questions(), beams=beams)
    assert max(map(len, found)) == beams
    for answers in found:
        assert 1 <= len(answers) <= beams
        assert len({answer.text for answer in answers}) == len(answers)
        scores = [answer.logprob for answer in answers]
        assert scores == sorted(scores, reverse=True)
        assert all(math.isfinite(score) and score < 0 for score in scores)


def test_a_beam_that_the_limit_cut_does_not_spoil_the_same_answer() -> None:
    # "an" is one token or two: with the end mark the first is finished, and the second is not.
    model = tiny.llm("llama")
    assert len(model.encode_answer("an")) == 1
    asked, _ = questions(("an",))
    [answers] = ask(model, asked, ["an"], beams=8, max_new_tokens=2)
    whole = next(answer for answer in answers if answer.text == "an")
    assert whole.finished
    assert whole.logprob == pytest.approx(model.score(asked, ['an"'])[0], abs=1e-3)


@pytest.mark.parametrize("inside", [True, False])
def test_greedy_logprob_is_that_of_its_tokens(generated: dict, inside: bool) -> None:
    model = tiny.llm("llama")
    asked, within = questions()
    found = ask(model, asked, within if inside else None)
    assert len(generated) == len(asked)
    for prompt, [answer] in zip(asked, found, strict=True):
        before = model.encode(prompt)
        tokens = generated[tuple(before)][: answer.tokens]
        assert answer.logprob == pytest.approx(forced(model, before, tokens), abs=2e-3)


def test_greedy_logprob_is_the_score_of_its_text(generated: dict) -> None:
    # Where the LLM cut its answer into tokens as its tokenizer would.
    model = tiny.llm("llama")
    sentences = tuple("東京は日本の首都である。Мария родилась в Венгрии") + SENTENCES
    asked, within = questions(sentences)
    found = ask(model, asked, within)
    compared = 0
    for prompt, [answer] in zip(asked, found, strict=True):
        tokens = generated[tuple(model.encode(prompt))][: answer.tokens]
        if answer.finished and tokens == model.encode_answer(answer.text + STOP):
            compared += bool(answer.text)
            [score] = model.score([prompt], [answer.text + STOP])
            assert answer.logprob == pytest.approx(score, abs=2e-3)
    assert compared > 3


def test_an_answer_that_meets_the_limit_is_not_finished(model: TransformersLLM) -> None:
    [[answer]] = model.complete(["Japanese: 東京\nEnglish:"], max_new_tokens=3)
    assert (answer.tokens, answer.finished) == (3, False)


def test_a_stop_ends_an_answer_and_is_not_part_of_it() -> None:
    model = tiny.llm("llama")
    asked, _ = questions()
    free = model.complete(asked, max_new_tokens=12)
    for prompt, [answer] in zip(asked, free, strict=True):
        # The end mark is whatever this model happens to write in the middle.
        stop = answer.text.replace("\ufffd", "")[len(answer.text) // 3]
        [[stopped]] = model.complete([prompt], max_new_tokens=12, stop=stop)
        assert stop not in stopped.text
        assert stopped.finished
        assert stopped.tokens < answer.tokens
        assert answer.text.startswith(stopped.text.rstrip("\ufffd"))
