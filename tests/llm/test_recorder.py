from __future__ import annotations

import pytest
import tiny
from hypothesis import example, given, settings
from hypothesis import strategies as st
from questions import ask, questions

from eatner.llm.grammar import LOOP

LETTERS = st.sampled_from(
    "東京トヨ自動車はがー、。서울에서МоскваÉcoleЕреванაბქαβمرحباقאבहिन्दीไทย"
    " ,.'’-()<>{}[]\\/|\"\t\n\u00a0"
    "e\u0301가\u1100\u1161\u200d\ufe0f👩👧🇯🇵🇵𠮷﷽\u202eＡ１"
)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(LETTERS, min_size=1, max_size=16), min_size=6, max_size=8))
@example(["\\", '"', "\\n\\\\", "</s><eos><bos>"])
@example(["%regex {}", 'a"b\nc', " , . ", "𠮷𠮷"])
def test_an_answer_is_a_substring(texts: list[str]) -> None:
    asked, within = questions(tuple(texts))
    for beams in (1, 2):
        found = ask(tiny.llm("llama"), asked, within, beams=beams, max_new_tokens=20)
        for sentence, answers in zip(within, found, strict=True):
            assert answers
            for answer in answers:
                # One that was cut by the limit may be cut inside a character.
                text = answer.text if answer.finished else answer.text.rstrip("\ufffd")
                assert text in sentence


def test_an_empty_sentence_has_the_empty_answer() -> None:
    [answers] = ask(tiny.llm("llama"), questions()[0][:1], [""])
    assert [answer.text for answer in answers] == [""]


def test_a_sentence_that_holds_the_end_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="must not stand in"):
        ask(tiny.llm("llama"), ["x"], ['a "b"'])
    with pytest.raises(ValueError, match="must not stand in"):
        ask(tiny.llm("llama"), ["x"], ["ab"], stop=None)


def test_a_loop_is_not_repeated() -> None:
    model = tiny.llm("gemma-tied")
    [[loop]] = model.complete(["Japanese:"], max_new_tokens=20)
    assert loop.text == loop.text[0] * len(loop.text)
    [[broken]] = model.complete(["Japanese:"], max_new_tokens=20, no_repeat=True)
    assert loop.text[0] * (LOOP + 2) not in broken.text


def test_what_the_prompt_says_may_be_written_once() -> None:
    model = tiny.llm("gemma-tied")
    prompt = "Japanese" + ":" * 4 * LOOP
    [[free]] = model.complete([prompt], max_new_tokens=1)
    [[once]] = model.complete([prompt], max_new_tokens=1, no_repeat=True)
    assert once.text == free.text
