from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import fake_vllm
import loopback
import pytest
import tiny
from hypothesis import example, given
from hypothesis import strategies as st
from loopback import Server
from questions import SENTENCES, ask, questions

from eatner import prompts
from eatner.errors import InputError
from eatner.llm.base import LLM, AnswerScorer, one_line, scored
from eatner.llm.endpoint import EndpointLLM
from eatner.llm.journal import Journal
from eatner.llm.transformers import TransformersLLM
from eatner.llm.vllm import VllmLLM
from eatner.text import languages


@given(st.text())
@example('a"b\nc\r\n\u2028\u2029\x85\t\x00\x7f“”')
def test_one_line_keeps_every_offset_and_leaves_neither_quotes_nor_breaks(text: str) -> None:
    line = one_line(text)
    assert len(line) == len(text)
    assert '"' not in line
    assert len(line.splitlines()) <= 1
    for before, after in zip(text, line, strict=True):
        assert before == after or before == '"' or not before.isprintable()


# --- the contract of every engine ----------------------------------------------------------------

JA = languages.get("ja")
ENGINES = ("transformers", "endpoint", "vllm")


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with tiny.in_float32():
        model = loopback.grammatical(TransformersLLM(tiny.folder("llama")))
    with Server(model) as server:
        yield server


@pytest.fixture(params=ENGINES)
def llm(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, served: Server) -> LLM:
    """The tiny Llama, run in every way."""
    match request.param:
        case "transformers":
            return tiny.llm("llama")
        case "endpoint":
            return EndpointLLM(served.url, loopback.MODEL, structured="vllm", logprobs=True)
        case _:
            fake_vllm.install(monkeypatch)
            return VllmLLM(tiny.folder("llama"))


PROMPTS = [prompts.translation(sentence, JA, (), "chat") for sentence in SENTENCES]


def test_every_engine_is_an_llm(llm: LLM) -> None:
    assert isinstance(llm, LLM)
    assert llm.context > 1000
    assert isinstance(llm, AnswerScorer) == isinstance(llm, TransformersLLM)


def test_a_prompt_has_no_more_tokens_than_are_counted(llm: LLM) -> None:
    for prompt in (*PROMPTS, *questions()[0]):
        assert len(llm.encode(prompt)) >= len(tiny.llm("llama").encode(prompt))


def test_answers_are_those_to_their_prompts(llm: LLM) -> None:
    own = tiny.llm("llama").complete(PROMPTS, max_new_tokens=8)
    calls, generated = llm.calls, llm.generated
    steps: list[int] = []
    found = llm.complete(PROMPTS, max_new_tokens=8, progress=steps.append)
    assert [[a.text for a in several] for several in found] == [
        [a.text for a in several] for several in own
    ]
    for [answer], [expected] in zip(found, own, strict=True):
        assert answer.logprob == pytest.approx(expected.logprob, abs=2e-3)
        assert (answer.tokens, answer.finished) == (expected.tokens, expected.finished)
        assert not answer.only_thought
    assert sum(steps) == llm.calls - calls == len(PROMPTS)
    assert llm.generated - generated == sum(answer.tokens for [answer] in found)


def test_no_prompts_have_no_answers(llm: LLM) -> None:
    calls = llm.calls
    assert llm.complete([], max_new_tokens=8) == []
    assert llm.calls == calls


def test_answers_within_a_sentence(llm: LLM) -> None:
    asked, within = questions()
    for answers, sentence in zip(ask(llm, asked, within, max_new_tokens=40), within, strict=True):
        assert answers
        for answer in answers:
            assert answer.text.rstrip("\ufffd") in sentence
    with pytest.raises(ValueError, match="must not stand in"):
        llm.complete(["x"], max_new_tokens=4, stop='"', within=['a "b"'])


def test_a_stop_is_no_part_of_an_answer(llm: LLM) -> None:
    asked, _ = questions()
    [[free]] = llm.complete(asked[:1], max_new_tokens=12)
    stop = free.text.replace("\ufffd", "")[len(free.text) // 3]
    [[stopped]] = llm.complete(asked[:1], max_new_tokens=12, stop=stop)
    assert stop not in stopped.text
    assert stopped.finished


def test_what_a_journal_has_is_not_asked(llm: LLM, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    first = llm.complete(PROMPTS[:2], max_new_tokens=4, journal=Journal(path, "x"))
    calls, steps = llm.calls, []
    again = llm.complete(
        PROMPTS, max_new_tokens=4, journal=Journal(path, "x"), progress=steps.append
    )
    assert again[:2] == first
    assert llm.calls - calls == len(PROMPTS) - 2
    assert sum(steps) == len(PROMPTS)
    # Another limit, stop or sentence is another question.
    for options in ({"max_new_tokens": 5}, {"max_new_tokens": 4, "stop": "x"}):
        calls = llm.calls
        llm.complete(PROMPTS[:1], **options, journal=Journal(path, "x"))
        assert llm.calls == calls + 1


def test_scores_sum_up_or_are_refused(llm: LLM) -> None:
    asked, _ = questions()
    texts = ["東京", '"', "x"]
    if llm.scores:
        expected = tiny.llm("llama").score(asked[:3], texts)
        assert llm.score(asked[:3], texts) == pytest.approx(expected, abs=2e-3)
        assert llm.score([], []) == []
    else:
        with pytest.raises(InputError, match="local model"):
            llm.score(asked[:3], texts)


def test_scored_asks_nothing_twice(tmp_path: Path) -> None:
    llm = tiny.llm("llama")
    journal = partial(Journal, tmp_path / "journal.jsonl", "x")
    first = scored(llm, ["a", "b"], ["x", "y"], journal())
    assert first == pytest.approx(llm.score(["a", "b"], ["x", "y"]), abs=1e-4)
    calls = llm.calls
    again = scored(llm, ["b", "c", "a"], ["y", "y", "x"], journal())
    assert llm.calls == calls + 1
    assert again[0] == first[1]
    assert again[2] == first[0]


@pytest.mark.parametrize(
    ("module", "foreign"),
    [
        ("eatner.llm.base", "torch transformers numpy httpx"),
        ("eatner.llm.open", "torch transformers numpy httpx"),
        ("eatner.llm.endpoint", "torch transformers numpy llguidance peft"),
        ("eatner.llm.transformers", "torch transformers llguidance peft vllm"),
        ("eatner.llm.vllm", "torch transformers llguidance numpy vllm"),
        ("eatner.prompts", "torch transformers numpy"),
    ],
)
def test_an_import_brings_no_library_that_is_not_needed(module: str, foreign: str) -> None:
    code = f"import sys, {module}; print(sorted(set({foreign.split()}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
