"""VllmLLM against a fake of vLLM with its signatures, and against vLLM itself where installed."""

from __future__ import annotations

import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import fake_vllm
import pytest
import tiny

from eatner import prompts
from eatner.align.candidates import Question
from eatner.align.constrained import constrained
from eatner.errors import InputError
from eatner.llm.base import one_line
from eatner.llm.journal import Journal
from eatner.llm.transformers import TransformersLLM
from eatner.llm.vllm import VllmLLM
from eatner.text import languages

JA = languages.get("ja")
STOP = prompts.QUOTE
SENTENCES = (
    "東京は日本の首都である。",
    "Мария Силва, профессор Венского университета, родилась в Венгрии.",
    "👩‍👩‍👧 e\u0301 \\ “x” مرحبا <eos> , .",
    "a",
)
WITHIN = [one_line(sentence) for sentence in SENTENCES]
ASKED = [prompts.alignment(sentence, "Tokyo", JA, "tuned") for sentence in SENTENCES]
TOLD = [prompts.alignment(sentence, "Tokyo", JA, "chat") for sentence in SENTENCES]


@pytest.fixture
def asked_of_vllm(monkeypatch: pytest.MonkeyPatch) -> fake_vllm.Record:
    return fake_vllm.install(monkeypatch)


def llama() -> TransformersLLM:
    return tiny.llm("llama")


def test_the_answers_are_those_of_transformers(asked_of_vllm: fake_vllm.Record) -> None:
    engine = VllmLLM(tiny.folder("llama"), seed=7)
    options = {"max_new_tokens": 16, "stop": STOP, "within": WITHIN}
    for asked in (ASKED, TOLD):
        found, own = engine.complete(asked, **options), llama().complete(asked, **options)
        for [answer], [expected] in zip(found, own, strict=True):
            assert (answer.text, answer.finished) == (expected.text, expected.finished)
            assert answer.logprob == pytest.approx(expected.logprob, abs=2e-3)
    free, own = engine.complete(ASKED, max_new_tokens=8), llama().complete(ASKED, max_new_tokens=8)
    assert [a.text for [a] in free] == [a.text for [a] in own]
    for call in asked_of_vllm.calls:
        for params in call.params:
            if params.logprob_token_ids is not None:  # the answers, read without a grammar
                continue
            assert (params.temperature, params.seed, params.logprobs) == (0.0, 7, 0)
            assert params.stop in ([STOP], None)
        assert call.lora_request is None


def test_the_engine_is_asked_for_what_was_configured(asked_of_vllm: fake_vllm.Record) -> None:
    engine = VllmLLM(tiny.folder("llama"), gpus=2, context=99, seed=5)
    assert engine.context == 99
    assert engine.scores
    structured = {"backend": "guidance"}
    assert asked_of_vllm.options == {
        "gpus": 2, "seed": 5, "structured": structured, "lora": None
    }  # fmt: skip


def test_several_answers_are_distinct_sorted_and_inside(asked_of_vllm: fake_vllm.Record) -> None:
    engine = VllmLLM(tiny.folder("llama"))
    found = engine.complete(ASKED, max_new_tokens=16, stop=STOP, within=WITHIN, beams=4)
    greedy, drawn = asked_of_vllm.calls[0].params[:2]
    assert (greedy.temperature, greedy.n) == (0.0, 1)
    assert (drawn.temperature, drawn.n) == (1.0, 3)
    for answers, sentence in zip(found, WITHIN, strict=True):
        assert 1 <= len(answers) <= 4
        assert len({answer.text for answer in answers}) == len(answers)
        scores = [answer.logprob for answer in answers]
        assert scores == sorted(scores, reverse=True)
        assert all(answer.text.rstrip("\ufffd") in sentence for answer in answers)


def test_scores_are_those_of_transformers(asked_of_vllm: fake_vllm.Record) -> None:
    texts = [STOP, 'a"', '東京"', "x"]
    found = VllmLLM(tiny.folder("llama")).score(ASKED, texts)
    assert found == pytest.approx(llama().score(ASKED, texts), abs=2e-3)
    assert VllmLLM(tiny.folder("llama")).score([], []) == []


def test_an_adapter_goes_with_every_request(asked_of_vllm: fake_vllm.Record) -> None:
    base, adapter = tiny.folder("gemma-wide"), tiny.folder("adapter")
    with tiny.in_float32():
        tuned = TransformersLLM(base, adapter=adapter)
    engine = VllmLLM(base, adapter=adapter)
    assert engine.score(ASKED, ["x"] * 4) == pytest.approx(tuned.score(ASKED, ["x"] * 4), abs=2e-3)
    engine.complete(ASKED, max_new_tokens=2)
    assert asked_of_vllm.options["lora"] == 8  # the least that vLLM has room for; the rank is 4
    for call in asked_of_vllm.calls:
        assert Path(call.lora_request.lora_path) == adapter.resolve()


def test_a_resumed_job_asks_only_for_the_rest(
    asked_of_vllm: fake_vllm.Record, tmp_path: Path
) -> None:
    engine = VllmLLM(tiny.folder("llama"))
    journal = partial(Journal, tmp_path / "j.jsonl", "x")
    first = engine.complete(ASKED[:2], max_new_tokens=4, journal=journal())
    steps: list[int] = []
    found = engine.complete(ASKED, max_new_tokens=4, journal=journal(), progress=steps.append)
    assert found[:2] == first
    assert found == engine.complete(ASKED, max_new_tokens=4)
    assert [len(call.prompts) for call in asked_of_vllm.calls] == [2, 2, 4]
    assert sum(steps) == engine.calls // 2 == len(ASKED)


def test_an_aligner_runs_on_it(asked_of_vllm: fake_vllm.Record) -> None:
    questions = [Question(sentence, ["Tokyo", "Maria"]) for sentence in SENTENCES]
    options = {"language": JA, "form": "chat", "beams": 2}
    found = constrained(questions, VllmLLM(tiny.folder("llama")), **options)
    for (sentence, *_), several in zip(questions, found, strict=True):
        for candidate in (one for found_of_one in several for one in found_of_one if one.spans):
            assert candidate.surface in sentence
            assert candidate.measured


def test_without_vllm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(InputError, match=r"eatner\[vllm\]"):
        VllmLLM(tiny.folder("llama"))


def test_what_vllm_cannot_load_is_named(
    asked_of_vllm: fake_vllm.Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: object, **__: object) -> None:
        raise ValueError("To serve at least one request, 4 GiB KV cache is needed\nmore")

    monkeypatch.setattr(sys.modules["vllm"], "LLM", short)
    with pytest.raises(InputError, match=r"4 GiB KV cache is needed\).*lower `context`"):
        VllmLLM(tiny.folder("llama"))


def test_a_folder_without_an_adapter_is_named(
    asked_of_vllm: fake_vllm.Record, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"no adapter_model\.safetensors"):
        VllmLLM(tiny.folder("llama"), adapter=tmp_path)


# --- the real one -------------------------------------------------------------------------------


@pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")
@pytest.mark.parametrize("tuned", [False, True])
def test_vllm_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tuned: bool) -> None:
    import vllm

    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    # Eager starts sooner; float32, so that the figures are those of transformers.
    options = {"enforce_eager": True, "dtype": "float32"}
    monkeypatch.setattr(vllm, "LLM", partial(vllm.LLM, **options))
    base = tiny.make_llama(tmp_path / "base", hidden=64)
    adapter = tiny.make_adapter(base, tmp_path / "adapter") if tuned else None
    with tiny.in_float32():
        own = TransformersLLM(base, adapter=adapter)
    engine = VllmLLM(base, adapter=adapter, context=1024)
    options = {"max_new_tokens": 16, "stop": STOP, "within": WITHIN}
    for asked in (ASKED, TOLD):
        for [answer], [expected] in zip(
            engine.complete(asked, **options), own.complete(asked, **options), strict=True
        ):
            # vLLM leaves out what was cut inside a character.
            assert (answer.text, answer.finished) == (
                expected.text.rstrip("\ufffd"),
                expected.finished,
            )
            if answer.finished:
                assert answer.logprob == pytest.approx(expected.logprob, abs=0.05)
        texts = [STOP, 'a"', '東京"', "x"]
        assert engine.score(asked, texts) == pytest.approx(own.score(asked, texts), abs=0.05)
    several = engine.complete(ASKED, beams=4, **options)
    assert several == engine.complete(ASKED, beams=4, **options)
    for answers, sentence in zip(several, WITHIN, strict=True):
        assert all(answer.text.rstrip("\ufffd") in sentence for answer in answers)
