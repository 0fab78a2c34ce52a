from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from unittest import mock

import pytest
import tiny
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eatner import prompts
from eatner.errors import InputError
from eatner.llm import transformers
from eatner.llm.base import one_line
from eatner.llm.batches import make_batches
from eatner.llm.grammar import LOOP
from eatner.llm.journal import Journal
from eatner.llm.transformers import (
    BATCH_TOKENS,
    GPU_FOREST_TOKENS,
    GPU_ROWS,
    MAX_ROWS,
    TransformersLLM,
)
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


@pytest.fixture(params=EXACT)
def model(request: pytest.FixtureRequest) -> TransformersLLM:
    return tiny.llm(request.param)


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


# --- one_line -----------------------------------------------------------------------------------


@given(st.text())
@example('a"b\nc\r\n\u2028\u2029\x85\t\x00\x7f“”')
def test_one_line_keeps_every_offset_and_leaves_neither_quotes_nor_breaks(text: str) -> None:
    line = one_line(text)
    assert len(line) == len(text)
    assert '"' not in line
    assert len(line.splitlines()) <= 1
    for before, after in zip(text, line, strict=True):
        assert before == after or before == '"' or not before.isprintable()


# --- inside a sentence --------------------------------------------------------------------------

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


# --- batches ------------------------------------------------------------------------------------


@pytest.mark.parametrize("beams", [1, 3])
def test_one_by_one_is_as_together(model: TransformersLLM, beams: int) -> None:
    asked, within = questions()
    alone = [ask(model, [a], [w], beams=beams)[0] for a, w in zip(asked, within, strict=True)]
    same(ask(model, asked, within, beams=beams), alone)


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


def test_order_and_size_of_batches_change_nothing(
    model: TransformersLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, within = questions()
    expected = ask(model, asked, within, beams=2)
    turned = ask(model, asked[::-1], within[::-1], beams=2)
    same(turned[::-1], expected)
    monkeypatch.setattr(transformers, "BATCH_TOKENS", 1)
    monkeypatch.setattr(transformers, "GPU_ROWS", 1)
    same(ask(model, asked, within, beams=2), expected)


@pytest.mark.parametrize("most", [1, 2])
def test_a_batch_that_is_too_large_for_the_memory_is_halved(
    model: TransformersLLM, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    import torch

    asked, within = questions()
    expected = ask(model, asked, within)
    run = model._complete_batch

    def short(encoded: list, *options: object) -> object:
        if len(encoded) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return run(encoded, *options)

    monkeypatch.setattr(model, "_complete_batch", short)
    same(ask(model, asked, within), expected)


def test_a_prompt_that_no_memory_holds_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model = tiny.llm("llama")

    def short(*_: object) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(model, "_complete_batch", short)
    with pytest.raises(InputError, match="too large for the GPU's memory"):
        model.complete(["東京"], max_new_tokens=1)


def test_a_prefix_is_remembered_and_forgotten(model: TransformersLLM) -> None:
    asked, within = questions()
    first = ask(model, asked, within)
    assert len(model._prefixes) == 1
    same(ask(model, asked, within), first)
    model.forget()
    assert not model._prefixes
    same(ask(model, asked, within), first)


@given(st.lists(st.integers(1, 400), max_size=60), st.integers(1, 8), st.integers(0, 200))
def test_batches_hold_each_index_once_within_the_limits(
    lengths: list[int], beams: int, new: int
) -> None:
    batches = list(make_batches(lengths, beams, new, BATCH_TOKENS, MAX_ROWS))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        rows = len(batch) * beams
        assert len(batch) == 1 or rows <= MAX_ROWS
        assert len(batch) == 1 or rows * (max(lengths[i] for i in batch) + new) <= BATCH_TOKENS


def test_batches_fill_the_gpu_that_has_the_least_room(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model = TransformersLLM(tiny.folder("llama"))
    model.device = "cuda"
    model._token_bytes = 1000.0  # measured on the device, before any batch
    free = {0: 10**9, 1: 10**8, 2: 0}  # the last has none of its weights
    weights = [mock.Mock(device=gpu) for gpu in (0, 1, 1)]
    monkeypatch.setattr(model.model, "parameters", lambda: weights)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda gpu: (free[gpu], 10**10))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda gpu: 10**6)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda gpu: 10**6)
    # 60,000 tokens; of those whose logits are kept 2,794.
    assert model._gpu_room(logits=False) == 2**15
    assert model._gpu_room(logits=True) == 2**11
    lengths = [90] * 2000
    sizes = [len(batch) for batch in model._batches(lengths, 80, 1, 10)]
    assert sizes[0] == 2**15 // 100 < GPU_ROWS  # of what is shared, each row has a copy
    free[1] = 10**9
    assert len(next(model._batches(lengths, 80, 1, 10))) == GPU_ROWS
    free[1] = 2 * 10**7
    assert len(next(model._batches(lengths, 80, 2, 10))) == 2**13 // 200
    assert 0 < model._forest_room < GPU_FOREST_TOKENS


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


# --- probabilities ------------------------------------------------------------------------------


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


# --- how an answer ends -------------------------------------------------------------------------


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


# --- loading ------------------------------------------------------------------------------------


def test_the_mark_of_a_beginning_stands_once() -> None:
    model = tiny.llm("llama")
    begin = model.tokenizer.bos_token_id
    assert model.encode("x").count(begin) == 1
    assert begin not in model.encode_answer("x")


@pytest.mark.parametrize("kind", ["gemma", "llama"])
def test_special_tokens_in_a_text_are_text(kind: str) -> None:
    model = tiny.llm(kind)
    marks = {model.tokenizer.bos_token_id, model.tokenizer.eos_token_id}
    hostile = f"東京{tiny.EOS}へ{tiny.BOS}"
    assert not marks & set(model.encode(hostile)[1:])
    assert not marks & set(model.encode_answer(hostile))
    assert model.tokenizer.decode(model.encode_answer(hostile)) == hostile
    if kind == "llama":
        said = model.encode([{"role": "user", "content": hostile}])
        assert not marks & set(said[1:])


def test_a_chat_prompt_follows_the_template() -> None:
    asked = tiny.llm("llama").chat_prompt([{"role": "user", "content": "東京?"}])
    assert asked == "<|user|>\n東京?\n<|assistant|>\n"


def test_an_opened_answer_goes_on() -> None:
    said = [{"role": "user", "content": "東京?"}, {"role": "assistant", "content": 'English: "'}]
    asked = tiny.llm("llama").chat_prompt(said)
    assert asked == '<|user|>\n東京?\n<|assistant|>\nEnglish: "'


def test_a_base_model_has_no_chat_prompt() -> None:
    with pytest.raises(InputError, match="few-shot"):
        tiny.llm("gemma").chat_prompt([{"role": "user", "content": "x"}])


def test_an_adapter_is_merged_in() -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = tiny.llm("gemma-wide")
    with tiny.in_float32():
        tuned = TransformersLLM(tiny.folder("gemma-wide"), adapter=tiny.folder("adapter"))
    unmerged = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny.folder("gemma-wide"), dtype=torch.float32),
        tiny.folder("adapter"),
    )
    unmerged = unmerged.to(base.device).eval()
    ids = torch.tensor([base.encode(SENTENCES[0])], device=base.device)
    with torch.inference_mode():
        expected = unmerged(ids).logits
        torch.testing.assert_close(tuned.model(ids).logits, expected, atol=1e-3, rtol=1e-3)
        assert (base.model(ids).logits - expected).abs().max() > 0.1


def test_a_folder_that_is_no_model_is_named(tmp_path) -> None:
    with pytest.raises(InputError, match=r"config\.json is missing") as error:
        TransformersLLM(tmp_path / "missing")
    assert str(tmp_path / "missing") in str(error.value)


def test_context_is_the_models() -> None:
    assert tiny.llm("llama").context == tiny.CONTEXT
    assert len(tiny.llm("llama").encode_answer("")) == 0


@pytest.mark.parametrize("damage", ["config", "weights", "tokenizer"])
def test_a_folder_that_is_no_model_is_one_clear_error(tmp_path, damage):
    folder = tiny.make_llama(tmp_path / "broken")
    if damage == "config":
        (folder / "config.json").write_text("{}")
    elif damage == "weights":
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:5000])
    else:
        (folder / "tokenizer.json").write_text("{")
    with pytest.raises(InputError, match="broken"):
        TransformersLLM(folder)


# --- score_answers ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["gemma", "gemma-wide", "llama"])
@pytest.mark.parametrize("room", [40, 10_000])
def test_answers_are_scored_in_a_tree_as_one_by_one(
    kind: str, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transformers, "FOREST_TOKENS", room)
    monkeypatch.setattr(transformers, "GPU_FOREST_TOKENS", room)
    model = tiny.llm(kind)
    language = languages.get("ja")
    names = [["Tokyo", "Japan"], ["Angela Merkel", "Washington", "name"], ["Sony"]]
    answers = [["東京", "日本", "日本の首都", ""], ["ワシントン", ""], ["ソニー", "ソ", ""]]
    groups = [
        [prompts.alignment(sentence, name, language, "few-shot") for name in several]
        for sentence, several in zip(SENTENCES, names, strict=False)
    ]
    seen = {}

    def propose(index: int, first: object) -> list[list[str]]:
        seen[index] = first.exp().sum(-1).tolist()
        return [[f'{answer}"' for answer in answers[index]] for _ in names[index]]

    found = model.score_answers(groups, propose)
    for number, group in enumerate(groups):
        assert seen[number] == pytest.approx([1.0] * len(group), abs=1e-4)
        for prompt, scores in zip(group, found[number], strict=True):
            assert list(scores) == [f'{answer}"' for answer in answers[number]]
            for answer, logprob in scores.items():
                expected = forced(model, model.encode(prompt), model.encode_answer(answer))
                assert logprob == pytest.approx(expected, abs=5e-3)


def test_scored_answers_are_not_asked_again(tmp_path: Path) -> None:
    model = tiny.llm("llama")
    groups = [["東京", "京都"], ["Москва"]]
    path = tmp_path / "journal"
    asked = []

    def propose(index: int, first: object) -> list[list[str]]:
        asked.append(index)
        return [["a", "b"]] * len(first)

    done = []
    first = model.score_answers(groups, propose, journal=Journal(path, "x"), progress=done.append)
    again = model.score_answers(groups, propose, journal=Journal(path, "x"))
    assert first == again
    assert asked == [0, 1]
    assert sum(done) == len(groups)
    model.score_answers(groups, propose, journal=Journal(path, "another LLM"))
    assert asked == [0, 1, 0, 1]
    assert model.score_answers([], propose) == []


def test_a_model_spread_over_gpus_answers_as_on_one() -> None:
    # Without a GPU, accelerate puts all layers on the CPU, by the same way.
    with tiny.in_float32():
        spread = TransformersLLM(tiny.folder("llama"), gpus=2)
    asked, within = questions()
    same(ask(spread, asked, within), ask(tiny.llm("llama"), asked, within))
    assert spread.score(asked, ["x"] * len(asked)) == pytest.approx(
        tiny.llm("llama").score(asked, ["x"] * len(asked)), abs=1e-4
    )


def test_four_bits_without_bitsandbytes_say_what_to_install(monkeypatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *package: None if name == "bitsandbytes" else find(name, *package),
    )
    with pytest.raises(InputError, match=r"eatner\[quantisation\]"):
        TransformersLLM(tiny.folder("llama"), quantisation="4bit")


@pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed"
)
def test_four_bits_with_an_adapter_beside_them(tmp_path) -> None:
    base = tiny.make_llama(tmp_path / "base", hidden=64)
    adapter = tiny.make_adapter(base, tmp_path / "adapter")
    asked, within = questions()
    texts = ["x"] * len(asked)
    scores = {}
    for name, folder in (("alone", None), ("tuned", adapter)):
        model = TransformersLLM(base, adapter=folder, quantisation="4bit")
        kinds = {type(module).__name__ for module in model.model.modules()}
        assert "Linear4bit" in kinds
        scores[name] = model.score(asked, texts)
        for [answer], sentence in zip(ask(model, asked, within), within, strict=True):
            assert answer.text.rstrip("\ufffd") in sentence
    assert scores["alone"] != pytest.approx(scores["tuned"], rel=0.01)
