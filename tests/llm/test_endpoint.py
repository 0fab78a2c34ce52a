from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import loopback
import pytest
import tiny
from hypothesis import example, given, settings
from hypothesis import strategies as st
from loopback import MODEL, Server
from places import ROOT
from rows import mention, sentences, translations

from eatner import prompts
from eatner.align import paper as align_paper
from eatner.align.base import align
from eatner.align.constrained import constrained
from eatner.answers import locate
from eatner.errors import InputError
from eatner.llm import transport
from eatner.llm.base import one_line
from eatner.llm.endpoint import EndpointLLM
from eatner.llm.journal import Journal
from eatner.llm.transformers import TransformersLLM
from eatner.tag import llm as tag_llm
from eatner.text import languages
from eatner.translate import paper
from eatner.translate.entity_aware import translate

JA = languages.get("ja")
STOP = prompts.QUOTE
SENTENCES = (
    "東京は日本の首都である。",
    "月曜日、アンゲラ・メルケル首相はワシントンでバラク・オバマ大統領と会談した。",
    "Мария Силва, профессор Венского университета, родилась в Венгрии.",
    "👩‍👩‍👧 e\u0301 \\ “x” مرحبا <eos> , .",
    "a",
)
CHAT_LLM = ROOT / "resources/models/qwen2.5-coder-0.5b-instruct"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)


def chat(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def ask(llm: EndpointLLM, *asked, within=None, stop=None, most=16, **options):
    return [
        answer
        for [answer] in llm.complete(
            asked, max_new_tokens=most, stop=stop, within=within, **options
        )
    ]


def question(sentence: str, form: str) -> object:
    return prompts.alignment(sentence, "Tokyo", JA, form)


# --- answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["few-shot", "chat"])
def test_the_answers_are_those_of_the_model_that_is_served(form: str) -> None:
    model = tiny.llm("llama")
    asked = [prompts.translation(sentence, JA, (), form) for sentence in SENTENCES]
    stop = prompts.LINE_END if form == "few-shot" else None
    own = model.complete(asked, max_new_tokens=16, stop=stop)
    with Server(model) as server:
        llm = EndpointLLM(server.url, MODEL, logprobs=True)
        found = ask(llm, *asked, stop=stop)
    for answer, [expected] in zip(found, own, strict=True):
        assert answer.text == expected.text
        assert answer.logprob == pytest.approx(expected.logprob, abs=2e-3)
        assert (answer.tokens, answer.finished) == (expected.tokens, expected.finished)
    assert llm.calls == len(SENTENCES)
    assert llm.generated == sum(answer.tokens for answer in found)
    paths = {path for path, _ in server.requests}
    assert paths == {"/v1/chat/completions" if form == "chat" else "/v1/completions"}


def test_a_request_is_reproducible_and_says_no_more_than_needed() -> None:
    with Server(lambda body: "Tokyo") as server:
        ask(EndpointLLM(server.url, MODEL, seed=7), "東京", stop="\n")
        [(_, body)] = server.requests
    assert body == {
        "model": MODEL,
        "prompt": "東京",
        "max_tokens": 16,
        "temperature": 0,
        "seed": 7,
        "stop": ["\n"],
    }


def test_fields_of_a_request_are_added_changed_and_left_out() -> None:
    fields = {"max_tokens": None, "max_completion_tokens": 99, "temperature": 1}
    with Server(lambda body: "Tokyo") as server:
        ask(EndpointLLM(server.url, MODEL, request=fields), chat("東京"))
        [(_, body)] = server.requests
    assert "max_tokens" not in body
    assert (body["max_completion_tokens"], body["temperature"]) == (99, 1)


def test_without_logprobs_there_are_none() -> None:
    with Server(tiny.llm("llama")) as server:
        [answer] = ask(EndpointLLM(server.url, MODEL), "東京")
    assert answer.logprob is None


def test_an_answer_that_met_the_limit_is_unfinished() -> None:
    with Server(tiny.llm("llama")) as server:
        [answer] = ask(EndpointLLM(server.url, MODEL), "東京", most=2)
    assert (answer.tokens, answer.finished) == (2, False)


def test_it_cannot_score() -> None:
    llm = EndpointLLM("http://127.0.0.1:9/v1", MODEL)
    assert not llm.scores
    with pytest.raises(InputError, match="local model"):
        llm.score(["a"], ["b"])


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(codec="utf-8")))
@example("東京" * 99)
def test_a_prompt_never_has_more_tokens_than_are_counted(text: str) -> None:
    llm = EndpointLLM("http://127.0.0.1:9/v1", MODEL)
    counted = len(llm.encode(text))
    assert counted >= len(tiny.llm("llama").encode_answer(text))
    assert len(llm.encode(chat(text))) == counted


# --- inside a sentence --------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["few-shot", "chat"])
@pytest.mark.parametrize("structured", ["none", "vllm", "llama.cpp"])
def test_an_answer_is_a_substring(form: str, structured: str) -> None:
    with tiny.in_float32():
        model = loopback.grammatical(TransformersLLM(tiny.folder("llama")))
    asked = [question(sentence, form) for sentence in SENTENCES]
    within = [one_line(sentence) for sentence in SENTENCES]
    with Server(model) as server:
        llm = EndpointLLM(server.url, MODEL, structured=structured)
        found = ask(llm, *asked, within=within, stop=STOP, most=48)
    for answer, sentence in zip(found, within, strict=True):
        assert answer.text.rstrip("\ufffd") in sentence
    fields = {"none": set(), "vllm": {"structured_outputs"}, "llama.cpp": {"grammar"}}[structured]
    for _, body in server.requests:
        assert {"structured_outputs", "grammar"} & set(body) == fields
    if structured != "none":  # a random model names nothing of itself, but it must with a grammar
        assert sum(bool(answer.text) for answer in found) >= 3
        assert sum(answer.finished for answer in found) >= 3


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('東京"', "東京"),
        ('"東京"', "東京"),
        ("東京", "東京"),
        ('Japanese: "東京"', "東京"),
        ("Japanese: 東京", "東京"),
        ("「東京」", "東京"),
        ("**東京**", "東京"),
        ('The phrase is "東京".', "東京"),
        ('東京"\n\nSentence: 日本\nEnglish: "Japan"\nJapanese: "日本"', "東京"),
        ('<think>Is it 日本? No.</think>\n\n"東京"', "東京"),
        ('Is it 日本? No.</think>"東京"', "東京"),
        ('""', ""),
        ("", ""),
        ("None", ""),
        ("I'm sorry, the sentence does not mention it.", ""),
        ('"大阪"', ""),
    ],
)
def test_what_a_free_answer_names(said: str, expected: str) -> None:
    asked = question(SENTENCES[0], "chat")
    with Server(lambda body: said) as server:
        llm = EndpointLLM(server.url, MODEL)
        [answer] = ask(llm, asked, within=[SENTENCES[0]], stop=STOP)
        [(_, body)] = server.requests
    assert answer.text == expected
    # The answer's opening is asked for, as the next line of the form, and no stop would cut it off.
    assert body["messages"][-1]["role"] == "user"
    assert body["messages"][-1]["content"].endswith('English: "Tokyo"\nJapanese: "')
    assert "stop" not in body


def test_a_free_answer_that_goes_on_is_over_at_its_end_mark() -> None:
    def endless(handler: loopback.Handler) -> bool:
        message = {"content": '東京"\n\nSentence: 東京'}
        return handler.say(200, {"choices": [{"message": message, "finish_reason": "length"}]})

    def cut(handler: loopback.Handler) -> bool:
        return handler.say(
            200, {"choices": [{"message": {"content": "東"}, "finish_reason": "length"}]}
        )

    asked = question(SENTENCES[0], "chat")
    with Server(tiny.llm("llama"), faults=[endless, cut]) as server:
        llm = EndpointLLM(server.url, MODEL)
        [whole] = ask(llm, asked, within=SENTENCES[:1], stop=STOP)
        [half] = ask(llm, asked, within=SENTENCES[:1], stop=STOP)
    assert (whole.text, whole.finished) == ("東京", True)
    assert not half.finished


def test_translate_and_align_without_scores() -> None:
    """The steps run, and claim no confidence where there is none."""

    def said(body: dict) -> str:
        first, text = (body["messages"][place]["content"] for place in (0, -1))
        if first.startswith("Translate"):
            return "Tokyo is large, and so is Nara."
        english = text.rsplit('English: "', 1)[1].split('"')[0]
        return {"Tokyo": 'The phrase is "東京".', "Nara": '"奈良"'}.get(english, "None")

    texts = sentences("東京は大きい。奈良も。東京。", "大阪" * 2000)
    mentions = [
        *(mention("s0", name) for name in ("Tokyo", "Nara", "Edo")),
        mention("s1", "Osaka"),
    ]
    with Server(said) as server:
        llm = EndpointLLM(server.url, MODEL)
        english = list(translate(texts, llm, JA, None, form="chat", max_new_tokens=16))
        propose = partial(constrained, llm=llm, language=JA, form="chat", beams=4)
        found = list(align(texts, mentions, propose, repeats="all", threshold=9.0))
    assert [(row.english, row.logprob, row.status) for row in english] == [
        ("Tokyo is large, and so is Nara.", None, "translated"),
        ("", None, "too_long"),
    ]
    columns = ("english", "start", "surface", "logprob", "confidence", "status")
    assert [tuple(getattr(row, column) for column in columns) for row in found] == [
        ("Tokyo", 0, "東京", None, None, "aligned"),
        ("Tokyo", 11, "東京", None, None, "repeat"),
        ("Nara", 7, "奈良", None, None, "aligned"),
        ("Edo", None, "", None, None, "abstained"),
        ("Osaka", None, "", None, None, "too_long"),
    ]


@pytest.mark.skipif(not CHAT_LLM.exists(), reason="the chat LLM has not been fetched")
def test_a_real_chat_model_answers_as_it_does_here() -> None:
    with tiny.in_float32():
        model = TransformersLLM(CHAT_LLM)
    asked = [prompts.translation(text, languages.get("fr"), (), "chat") for text in ("Bonjour.",)]
    with Server(model) as server:
        [answer] = ask(EndpointLLM(server.url, MODEL, logprobs=True), *asked)
    [[own]] = model.complete(asked, max_new_tokens=16)
    assert answer.text == own.text
    assert answer.logprob == pytest.approx(own.logprob, abs=1e-2)


# --- servers that fail --------------------------------------------------------------------------


def status(code: int, **headers: str) -> loopback.Fault:
    return lambda handler: handler.say(code, {"error": {"message": "no, 東京"}}, **headers)


def body(content: object, kind: str = "application/json") -> loopback.Fault:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda handler: handler.send(200, raw, kind)


@pytest.mark.parametrize(
    "reply",
    [
        {"choices": [{"message": {"content": None}, "finish_reason": "stop"}]},
        {"choices": [{"message": None}]},
        {"choices": [{}], "usage": None},
        {"choices": [{"text": "", "logprobs": {"content": None}}], "usage": {}},
        {"choices": [{"text": "", "logprobs": {"token_logprobs": [None, -1.0]}}]},
    ],
)
def test_nothing_said_is_an_empty_answer(reply: dict) -> None:
    with Server(lambda body: "Tokyo", faults=[body(reply)]) as server:
        [answer] = ask(EndpointLLM(server.url, MODEL, logprobs=True), chat("東京"))
    assert (answer.text, answer.logprob, answer.finished) == ("", None, True)


def test_a_prompt_that_a_filter_refuses_is_an_empty_answer() -> None:
    def filtered(handler: loopback.Handler) -> bool:
        return handler.say(400, {"error": {"code": "content_filter", "message": "refused"}})

    with Server(lambda body: "Tokyo", faults=[filtered]) as server:
        [answer] = ask(EndpointLLM(server.url, MODEL), chat("東京"))
    assert answer.text == ""


def test_what_is_too_long_for_the_server_costs_its_own_row_alone() -> None:
    def limited(handler: loopback.Handler) -> bool:
        asked = json.dumps(handler.server.requests[-1][1], ensure_ascii=False)
        if "京都" in asked:
            return handler.say(400, {"error": {"code": "context_length_exceeded"}})
        return False

    def said(body: dict) -> str:
        return "PER: 東京" if "Names:" in str(body) else "東京 Tokyo is large."

    texts = sentences("東京は大きい。", "京都は古い。")
    english = translations(*(row.text for row in texts))
    mentions = [mention(row.sentence_id, "Tokyo") for row in texts]
    with Server(said, faults=[limited] * 99) as server:
        llm = EndpointLLM(server.url, MODEL, concurrency=1)
        options = {"form": "chat", "max_new_tokens": 16}
        translated = list(translate(texts, llm, JA, None, **options))
        papers = list(paper.translate(texts, llm, JA, max_new_tokens=16))
        propose = partial(constrained, llm=llm, language=JA, form="chat", beams=1)
        aligned = list(align(texts, mentions, propose, repeats="all"))
        backward = list(align_paper.align(texts, mentions, llm, JA, max_new_tokens=16))
        direct_rows = list(tag_llm.tag_with_llm(english, llm, JA, **options))
    assert [row.status for row in translated] == ["translated", "too_long"]
    assert [row.status for row in papers] == ["translated", "too_long"]
    assert [row.status for row in aligned] == ["aligned", "too_long"]
    assert [row.status for row in backward] == ["aligned", "too_long"]
    assert [row.status for row in direct_rows] == ["tagged", "too_long"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([{"type": "text", "text": "To"}, {"type": "text", "text": "kyo"}], "Tokyo"),
        ([{"text": "Tokyo"}], "Tokyo"),
        ([{"type": "reasoning", "text": "Hm."}, {"type": "text", "text": "Tokyo"}], "Tokyo"),
        ([{"type": "text", "text": "<think>Hm.</think>"}, {"type": "text", "text": "T"}], "T"),
        ([{"type": "text", "text": None}, None, 3, "x"], ""),
        ([], ""),
        ({"text": "Tokyo"}, ""),
    ],
)
def test_an_answer_in_parts_is_joined(content: object, expected: str) -> None:
    reply = {"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}
    with Server(lambda body: "", faults=[body(reply)]) as server:
        [answer] = ask(EndpointLLM(server.url, MODEL), chat("東京"))
    assert answer.text == expected


@pytest.mark.parametrize(
    ("code", "column", "asked_again"),
    [
        ("ja", "abbreviations", True),
        ("en", "abbreviations", True),
        ("ko", "abbreviations", False),
        ("ja", "trail", False),
    ],
)
def test_a_free_answer_is_asked_again_if_the_tables_that_read_it_changed(
    code: str, column: str, asked_again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask_once() -> None:
        journal = Journal(tmp_path / "journal.jsonl", "x")
        ask(EndpointLLM(server.url, MODEL), "?", within=["東京"], language="ja", journal=journal)

    rows = dict(languages.known())
    monkeypatch.setattr(languages, "known", lambda: rows)
    with Server(lambda body: "東京") as server:
        ask_once()
        value = {"abbreviations": ("株.",), "trail": "x"}[column]
        rows[code] = replace(rows[code], **{column: value})
        locate.abbreviations.cache_clear()
        ask_once()
        locate.abbreviations.cache_clear()
        assert len(server.requests) == 1 + asked_again


@pytest.mark.parametrize("said", ["ab \ud83d", "\udc4d ab", "\udc4d\ud83d", "a\u2028\u0085b", "👍"])
def test_what_utf8_cannot_hold_is_replaced(said: str, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Server(lambda body: said) as server:
        llm = EndpointLLM(server.url, MODEL)
        [answer] = ask(llm, "東京", journal=Journal(path, "x"))
        [again] = ask(llm, "東京", journal=Journal(path, "x"))
        assert len(server.requests) == 1
    assert answer == again
    assert answer.text == said.replace("\ud83d", "\ufffd").replace("\udc4d", "\ufffd")
    assert answer.text.encode()


# --- side by side -------------------------------------------------------------------------------


def test_requests_run_side_by_side_but_not_more_than_allowed() -> None:
    def slow(body: dict) -> str:
        time.sleep(0.05)
        return body["prompt"].upper()

    asked = [f"q{number}" for number in range(24)]
    steps: list[int] = []
    with Server(slow) as server:
        found = ask(EndpointLLM(server.url, MODEL, concurrency=4), *asked, progress=steps.append)
        assert 2 <= server.most_busy <= 4
    assert [answer.text for answer in found] == [text.upper() for text in asked]
    assert sum(steps) == len(asked)


def test_a_killed_job_asks_only_for_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".out.journal.jsonl"
    asked = [f"q{number}" for number in range(12)]

    def poisoned(body: dict) -> str:
        if body["prompt"] == "q9":
            time.sleep(0.2)  # the others have been answered by then
            raise BrokenPipeError
        return body["prompt"].upper()

    with Server(poisoned) as server:
        server.handle_error = lambda *_: None
        llm = EndpointLLM(server.url, MODEL, concurrency=2)
        monkeypatch.setattr(transport, "TRIES", 2)
        with pytest.raises(InputError):
            ask(llm, *asked, journal=Journal(path, "x"))
    kept = len(Journal(path, "x").known)
    assert 9 <= kept < 12
    with Server(lambda body: body["prompt"].upper()) as server:
        llm.transport.client.base_url = server.url  # the same server, but for its port
        found = ask(llm, *asked, journal=Journal(path, "x"))
        assert len(server.requests) == 12 - kept
    assert [answer.text for answer in found] == [text.upper() for text in asked]


def test_a_refusal_stops_what_has_not_been_asked() -> None:
    def slow(body: dict) -> str:
        time.sleep(0.05)
        return ""

    with Server(slow, faults=[status(401)]) as server:
        with pytest.raises(InputError, match="401"):
            ask(EndpointLLM(server.url, MODEL, concurrency=2), *map(str, range(200)))
        assert len(server.requests) < 20


# --- the key ------------------------------------------------------------------------------------


# --- thoughts and other noise -------------------------------------------------------------------

THOUGHTS = {
    "in reasoning_content": {"content": None, "reasoning_content": "Tokyo?"},
    "in reasoning": {"content": "", "reasoning": "Tokyo?"},
    "in reasoning_details": {"content": "", "reasoning_details": [{"type": "reasoning.text"}]},
    "as a part": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "?"}]}]},
    "in parts": {"content": [], "reasoning": [{"type": "text", "text": "Tokyo?"}]},
    "cut": {"content": "<think>\nTokyo? Or"},
    "hidden by the server": {"content": ""},
}


def thinking(message: dict) -> loopback.Fault:
    choice = {"message": message, "finish_reason": "length"}
    reply = {"choices": [choice], "usage": {"completion_tokens": 16}}
    return lambda handler: handler.say(200, reply)


@pytest.mark.parametrize("kind", THOUGHTS)
def test_thoughts_that_eat_every_answer_end_the_job(kind: str, tmp_path: Path) -> None:
    asked = [chat(f"{name}は大きい。") for name in range(40)]
    journal = Journal(tmp_path / "journal.jsonl", "x")
    with Server(lambda body: "", faults=[thinking(THOUGHTS[kind])] * 40) as server:
        llm = EndpointLLM(server.url, MODEL, concurrency=2)
        with pytest.raises(InputError, match="enable_thinking") as error:
            llm.complete(asked, max_new_tokens=16, journal=journal)
        assert len(server.requests) < 16
    assert "of 40 prompts" in str(error.value)
    # None of it is an answer that a run with other settings of the server should find.
    assert not journal.known


@pytest.mark.parametrize("kind", THOUGHTS)
def test_thoughts_that_eat_some_answers_are_told_and_asked_again(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.jsonl"
    asked = [chat(f"{name}は大きい。") for name in range(4)]
    with Server(lambda body: "Tokyo", faults=[thinking(THOUGHTS[kind])]) as server:
        llm = EndpointLLM(server.url, MODEL, concurrency=1)
        found = llm.complete(asked, max_new_tokens=16, journal=Journal(path, "x"))
        assert [answer.text for [answer] in found] == ["", "Tokyo", "Tokyo", "Tokyo"]
        assert "1 of 4 answers (25.0%) are empty" in caplog.text
        assert "1 of 4 answers are only thoughts" in caplog.text
        again = llm.complete(asked, max_new_tokens=16, journal=Journal(path, "x"))
        assert [answer.text for [answer] in again] == ["Tokyo"] * 4
        assert len(server.requests) == 5


@pytest.mark.parametrize(
    "said",
    [
        "Tokyo is large.<|im_end|>",
        "Tokyo is large.<end_of_turn>\n<start_of_turn>user\nNo",
        "<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>"
        "Tokyo is large.",
        "assistant: Tokyo is large.",
        "Sure, here is the translation:\n\nTokyo is large.",
        "```\nTokyo is large.\n```",
    ],
)
def test_what_leaks_into_an_answer_is_none_of_it(said: str) -> None:
    with Server(lambda body: said) as server:
        llm = EndpointLLM(server.url, MODEL)
        [row] = translate(sentences("東京は大きい。"), llm, JA, None, form="chat", max_new_tokens=9)
    assert (row.english, row.status) == ("Tokyo is large.", "translated")


def test_a_token_that_leaks_behind_a_phrase_is_none_of_it() -> None:
    asked = question(SENTENCES[0], "chat")
    for said in ('東京"<|im_end|>', "東京</s>", "<|im_start|>assistant\n東京<|im_end|>"):
        with Server(lambda body, said=said: said) as server:
            [answer] = ask(EndpointLLM(server.url, MODEL), asked, within=SENTENCES[:1], stop=STOP)
        assert (answer.text, answer.finished) == ("東京", True)
