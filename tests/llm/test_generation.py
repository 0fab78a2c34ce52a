from __future__ import annotations

import math

import pytest
import tiny
from questions import SENTENCES, STOP, ask, forced, questions

from eatner.llm.transformers import TransformersLLM


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[int], list[int]]]:
    """What generate() was given and wrote, by tiny llama: prompt's and new tokens."""
    model = tiny.llm("llama")
    pairs: list[tuple[list[int], list[int]]] = []
    own = model.model.generate

    def spy(*, input_ids, attention_mask, **options):
        out = own(input_ids=input_ids, attention_mask=attention_mask, **options)
        for row, mask, new in zip(input_ids, attention_mask, out.sequences, strict=True):
            pairs.append((row[mask.bool()].tolist(), new[len(row) :].tolist()))
        return out

    monkeypatch.setattr(model.model, "generate", spy)
    return pairs


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
def test_greedy_logprob_is_that_of_its_tokens(generated: list, inside: bool) -> None:
    model = tiny.llm("llama")
    asked, within = questions()
    found = ask(model, asked, within if inside else None)
    assert len(generated) == len(asked)
    by_prompt = {tuple(before): new for before, new in generated}
    for prompt, [answer] in zip(asked, found, strict=True):
        before = model.encode(prompt)
        tokens = by_prompt[tuple(before)][: answer.tokens]
        assert answer.logprob == pytest.approx(forced(model, before, tokens), abs=2e-3)


def test_greedy_logprob_is_the_score_of_its_text(generated: list) -> None:
    # Where the LLM cut its answer into tokens as its tokenizer would.
    model = tiny.llm("llama")
    sentences = tuple("東京は日本の首都である。Мария родилась в Венгрии") + SENTENCES
    asked, within = questions(sentences)
    found = ask(model, asked, within)
    by_prompt = {tuple(before): new for before, new in generated}
    compared = 0
    for prompt, [answer] in zip(asked, found, strict=True):
        tokens = by_prompt[tuple(model.encode(prompt))][: answer.tokens]
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
