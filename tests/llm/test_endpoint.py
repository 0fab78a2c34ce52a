from __future__ import annotations

import email.utils
import itertools
import json
import time
import traceback
from functools import partial
from pathlib import Path

import llguidance
import loopback
import pytest
import tenacity
import tiny
from hypothesis import example, given, settings
from hypothesis import strategies as st
from loopback import MODEL, Server
from places import ROOT

from eatner import prompts
from eatner.align import paper as align_paper
from eatner.align.base import align
from eatner.align.constrained import constrained
from eatner.errors import InputError
from eatner.llm import endpoint
from eatner.llm.base import one_line
from eatner.llm.endpoint import EndpointLLM, substring_grammar
from eatner.llm.journal import Journal
from eatner.llm.transformers import TransformersLLM
from eatner.tag import llm as tag_llm
from eatner.text import languages
from eatner.translate import paper
from eatner.translate.entity_aware import translate

KEY = "sk-ключ-нет".encode().hex()  # nothing that could stand somewhere by chance
JA = languages.get("ja")
STOP = prompts.QUOTE
SENTENCES = (
    "東京は日本の首都である。",
    "月曜日、アンゲラ・メルケル首相はワシントンでバラク・オバマ大統領と会談した。",
    "Мария Силва, профессор Венского университета, родилась в Венгрии.",
    "👩‍👩‍👧 e\u0301 \\ “x” مرحبا <eos> , .",
    "a",
)
SMOLLM = ROOT / "resources/models/smollm2-135m-instruct"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "BACKOFF", tenacity.wait_none())


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
        model = loopback.Grammatical(tiny.folder("llama"))
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
        ("<think>Is it 日本? Or", ""),
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


def accepts(grammar: str, text: str) -> bool:
    model = tiny.llm("llama")
    matcher = llguidance.LLMatcher(
        model._grammar_tokenizer, llguidance.grammar_from("grammar", grammar)
    )
    assert not matcher.is_error(), matcher.get_error()
    tokens = model.encode_answer(text)
    return matcher.validate_tokens(tokens) == len(tokens) and (
        matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()
    )


@settings(max_examples=25, deadline=None)
@given(st.text("東京Москва é\u0301가👩\u200d[]{}()\\|/'-:=#.*+?”\u202e", max_size=12))
@example("\\")
@example("::= s0 | s1")
@example("")
def test_the_grammar_holds_all_substrings_and_nothing_else(text: str) -> None:
    sentence = one_line(text)
    grammar = substring_grammar(sentence, STOP, STOP)
    places = range(len(sentence) + 1)
    parts = {sentence[a:b] for a, b in itertools.combinations_with_replacement(places, 2)}
    for part in parts | {sentence[::-1], sentence + "x", sentence[:1] + sentence[2:], "東"}:
        assert accepts(grammar, f'"{part}"') == (part in sentence), part
    assert not accepts(grammar, '"')
    assert not accepts(grammar, sentence)


def test_the_grammar_of_a_long_sentence_is_small() -> None:
    assert len(substring_grammar("東" * 1000, "", STOP)) < 30_000


@pytest.mark.parametrize(("sentence", "after"), [('a "b"', STOP), ("a", "")])
def test_a_grammar_without_an_end_is_refused(sentence: str, after: str) -> None:
    with pytest.raises(ValueError, match="must not stand in"):
        substring_grammar(sentence, "", after)


def test_translate_and_align_without_scores() -> None:
    """The steps run, and claim no confidence where there is none."""

    def said(body: dict) -> str:
        first, text = (body["messages"][place]["content"] for place in (0, -1))
        if first.startswith("Translate"):
            return "Tokyo is large, and so is Nara."
        english = text.rsplit('English: "', 1)[1].split('"')[0]
        return {"Tokyo": 'The phrase is "東京".', "Nara": '"奈良"'}.get(english, "None")

    texts = [
        {"sentence_id": "a", "text": "東京は大きい。奈良も。東京。", "tokens": ""},
        {"sentence_id": "b", "text": "大阪" * 2000, "tokens": ""},
    ]
    rows = [
        {"sentence_id": i, "start": s, "end": e, "surface": name, "type": "LOC", "status": "tagged"}
        for i, s, e, name in (("a", 0, 5, "Tokyo"), ("a", 26, 30, "Nara"), ("a", 31, 35, "Edo"))
    ] + [{**dict.fromkeys(("start", "end"), 0), "sentence_id": "b", "surface": "Osaka",
          "type": "LOC", "status": "tagged"}]  # fmt: skip
    with Server(said) as server:
        llm = EndpointLLM(server.url, MODEL)
        english = list(translate(texts, llm, JA, None, form="chat", max_new_tokens=16))
        propose = partial(constrained, llm=llm, language=JA, form="chat", beams=4)
        found = list(align(texts, rows, propose, repeats="all", threshold=9.0))
    assert [(row["english"], row["logprob"], row["status"]) for row in english] == [
        ("Tokyo is large, and so is Nara.", None, "translated"),
        ("", None, "too_long"),
    ]
    columns = ("english", "start", "surface", "logprob", "confidence", "status")
    assert [tuple(row[column] for column in columns) for row in found] == [
        ("Tokyo", 0, "東京", None, None, "aligned"),
        ("Tokyo", 11, "東京", None, None, "repeat"),
        ("Nara", 7, "奈良", None, None, "aligned"),
        ("Edo", None, None, None, None, "abstained"),
        ("Osaka", None, None, None, None, "too_long"),
    ]


@pytest.mark.skipif(not SMOLLM.exists(), reason="SmolLM2 has not been fetched")
def test_a_real_chat_model_answers_as_it_does_here() -> None:
    with tiny.in_float32():
        model = TransformersLLM(SMOLLM)
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


def cut_in_the_middle(handler: loopback.Handler) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.wfile.flush()
    handler.connection.close()
    handler.close_connection = True
    return True


def hang(handler: loopback.Handler) -> bool:
    time.sleep(1.5)
    handler.close_connection = True
    return True


PASSING = {
    "limit of requests": status(429),
    "server's fault": status(500),
    "proxy's fault": lambda h: h.send(502, b"<html>Bad Gateway</html>", "text/html"),
    "overload": status(503, Retry_After="0"),
    "a pause until a date": status(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
    "cut connection": cut_in_the_middle,
    "silence": hang,
    "a proxy's page": body(b"<html>Try later</html>", "text/html; charset=utf-8"),
    "cut JSON": body(b'{"choices": [{"mess'),
    "no choices": body({"choices": []}),
    "null": body(b"null"),
    "an error inside": body({"error": {"message": "upstream", "code": 502}}),
}


@pytest.mark.parametrize("fault", PASSING)
def test_what_may_pass_is_asked_again(fault: str) -> None:
    with Server(lambda body: "Tokyo", faults=[PASSING[fault]] * 2) as server:
        llm = EndpointLLM(server.url, MODEL, timeout=0.5)
        [answer] = ask(llm, "東京")
        assert len(server.requests) == 3
    assert answer.text == "Tokyo"
    assert llm.calls == 1


@pytest.mark.parametrize("fault", ["limit of requests", "cut JSON", "an error inside"])
def test_what_does_not_pass_ends_the_job(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "TRIES", 3)
    with Server(lambda body: "Tokyo", faults=[PASSING[fault]] * 9) as server:
        with pytest.raises(InputError, match="run again") as error:
            ask(EndpointLLM(server.url, MODEL), "東京")
        assert len(server.requests) == 3
        assert f"{server.url}, model {MODEL}" in str(error.value)


def test_pages_for_good_are_those_of_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "TRIES", 3)
    with Server(lambda body: "Tokyo", faults=[PASSING["a proxy's page"]] * 9) as server:
        with pytest.raises(InputError, match=r"text/html and not JSON.*`endpoint`"):
            ask(EndpointLLM(server.url, MODEL), "東京")
        assert len(server.requests) == 3


def test_a_pause_of_no_seconds_is_no_reason_to_give_up_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endpoint, "BACKOFF", tenacity.wait_fixed(0.5))
    with Server(lambda body: "Tokyo", faults=[status(503, Retry_After="0")] * 3) as server:
        started = time.monotonic()
        ask(EndpointLLM(server.url, MODEL), "東京")
    assert time.monotonic() - started >= 1.5


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "TRIES", 2)
    with Server(lambda body: "") as server:
        pass
    with pytest.raises(InputError, match="ConnectError"):
        ask(EndpointLLM(server.url, MODEL), "東京")


def test_a_server_is_given_the_pause_that_it_asks_for() -> None:
    with Server(lambda body: "Tokyo", faults=[status(429, Retry_After="1")]) as server:
        started = time.monotonic()
        ask(EndpointLLM(server.url, MODEL), "東京")
    assert 1 <= time.monotonic() - started < 4


def test_a_pause_of_hours_is_not_waited_for() -> None:
    with Server(lambda body: "Tokyo", faults=[status(429, Retry_After="7200")]) as server:
        with pytest.raises(InputError, match=r"wait 7200 seconds.*Run again later"):
            ask(EndpointLLM(server.url, MODEL), "東京")
        assert len(server.requests) == 1


def test_forms_of_a_pause() -> None:
    after = email.utils.formatdate(time.time() + 90, usegmt=True)
    assert 80 < endpoint._retry_after(after) <= 90
    assert endpoint._retry_after("12") == 12
    assert endpoint._retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert endpoint._retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
    for nothing in (None, "", "soon", "-3", "1.5", "²"):
        assert endpoint._retry_after(nothing) is None


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        (status(400), "`request`"),
        (status(401), "`key_variable`"),
        (status(403), "`key_variable`"),
        (status(404), "`endpoint`"),
        (status(422), "`request`"),
        (status(301, Location="https://elsewhere.invalid/"), "`endpoint`"),
    ],
)
def test_what_will_not_pass_is_asked_once(fault: loopback.Fault, remedy: str) -> None:
    with Server(lambda body: "Tokyo", faults=[fault]) as server:
        with pytest.raises(InputError) as error:
            ask(EndpointLLM(server.url, MODEL), "東京")
        assert len(server.requests) == 1
    assert f"{server.url}, model {MODEL}" in str(error.value)
    assert remedy in str(error.value)


def test_a_wrong_name_and_a_wrong_path_are_told_apart() -> None:
    with Server(lambda body: "Tokyo") as server:
        with pytest.raises(InputError, match=r"The model `gema` does not exist.*`name`"):
            ask(EndpointLLM(server.url, "gema"), "東京")
        with pytest.raises(InputError, match=r"HTTP 404.*Not Found.*/v1"):
            ask(EndpointLLM(server.url.removesuffix("/v1"), MODEL), "東京")


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


TOO_LONG = {
    "OpenAI": {"code": "context_length_exceeded", "message": "Please reduce the length."},
    "llama.cpp": {"code": 400, "type": "exceed_context_size_error", "message": "too large"},
    "vLLM": {
        "code": 400,
        "type": "BadRequestError",
        "message": "This model's maximum context length is 64 tokens. However, you requested 99.",
    },
    "a proxy": {"message": "Request Entity Too Large"},
}


@pytest.mark.parametrize("server", TOO_LONG)
def test_a_prompt_that_is_too_long_for_the_server_has_no_answer(
    server: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"

    def refused(handler: loopback.Handler) -> bool:
        status = 413 if server == "a proxy" else 400
        return handler.say(status, {"error": TOO_LONG[server]})

    with Server(lambda body: "Tokyo", faults=[refused]) as served:
        llm = EndpointLLM(served.url, MODEL, concurrency=1)
        journal = Journal(path, "x")
        found = llm.complete(["東京" * 99, "大阪"], max_new_tokens=16, journal=journal)
        assert [[answer.text for answer in several] for several in found] == [[], ["Tokyo"]]
        # The server may have room for it by the next run.
        again = llm.complete(["東京" * 99, "大阪"], max_new_tokens=16, journal=Journal(path, "x"))
        assert [len(several) for several in again] == [1, 1]
        assert len(served.requests) == 3


def test_what_is_too_long_for_the_server_costs_its_own_row_alone() -> None:
    def limited(handler: loopback.Handler) -> bool:
        asked = json.dumps(handler.server.requests[-1][1], ensure_ascii=False)
        if "京都" in asked:
            return handler.say(400, {"error": TOO_LONG["OpenAI"]})
        return False

    def said(body: dict) -> str:
        return "PER: 東京" if "Names:" in str(body) else "東京 Tokyo is large."

    texts = [
        {"sentence_id": name, "text": text, "tokens": "", "english": text}
        for name, text in (("a", "東京は大きい。"), ("b", "京都は古い。"))
    ]
    rows = [
        {"sentence_id": i, "start": 0, "end": 5, "surface": "Tokyo", "type": "LOC",
         "status": "tagged"}
        for i in "ab"
    ]  # fmt: skip
    with Server(said, faults=[limited] * 99) as server:
        llm = EndpointLLM(server.url, MODEL, concurrency=1)
        options = {"form": "chat", "max_new_tokens": 16}
        translated = list(translate(texts, llm, JA, None, **options))
        papers = list(paper.translate(texts, llm, JA, max_new_tokens=16))
        propose = partial(constrained, llm=llm, language=JA, form="chat", beams=1)
        aligned = list(align(texts, rows, propose, repeats="all"))
        backward = list(align_paper.align(texts, rows, llm, JA, max_new_tokens=16))
        direct_rows = list(tag_llm.tag_with_llm(texts, llm, JA, **options))
    assert [row["status"] for row in translated] == ["translated", "too_long"]
    assert [row["status"] for row in papers] == ["translated", "too_long"]
    assert [row["status"] for row in aligned] == ["aligned", "too_long"]
    assert [row["status"] for row in backward] == ["aligned", "too_long"]
    assert [row["status"] for row in direct_rows] == ["tagged", "too_long"]


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
        monkeypatch.setattr(endpoint, "TRIES", 2)
        with pytest.raises(InputError):
            ask(llm, *asked, journal=Journal(path, "x"))
    kept = len(Journal(path, "x").known)
    assert 9 <= kept < 12
    with Server(lambda body: body["prompt"].upper()) as server:
        llm._client.base_url = server.url  # the same server, but for its port
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


def test_the_key_is_sent_and_told_to_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEST_KEY", f" {KEY}\n")
    caplog.set_level("DEBUG")
    path = tmp_path / "journal.jsonl"
    with Server(lambda body: "Tokyo", key=KEY) as server:
        llm = EndpointLLM(server.url, MODEL, key_variable="TEST_KEY")
        assert ask(llm, "東京", journal=Journal(path, "x"))[0].text == "Tokyo"
        server.key = "another"
        with pytest.raises(InputError) as refused:  # this server says the key back
            ask(llm, "大阪")
        server.faults = [lambda handler: handler.say(500, {"error": f"{KEY} failed"})] * 8
        with pytest.raises(InputError) as failed:
            ask(llm, "大阪")
        server.key = KEY
        server.llm = lambda body: f"Tokyo, {KEY}."  # and this one in an answer
        assert ask(llm, "京都", journal=Journal(path, "x"))[0].text == "Tokyo, ***."
    assert "TEST_KEY" in str(refused.value)
    assert "***" in str(refused.value)
    assert "*** failed" in str(failed.value)
    said = [
        path.read_text(),
        caplog.text,
        repr(llm),
        repr(server.requests),
        *("".join(traceback.format_exception(error.value)) for error in (refused, failed)),
        *(repr(vars(error.value)) for error in (refused, failed)),
    ]
    for text in said:
        assert KEY not in text


@pytest.mark.parametrize("value", [None, "", " \n", f"{KEY} {KEY}", f"{KEY}\n{KEY}", f"ключ{KEY}"])
def test_a_key_that_is_none_is_refused_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("TEST_KEY", value)
    with pytest.raises(InputError, match="TEST_KEY") as error:
        EndpointLLM("http://127.0.0.1:9/v1", MODEL, key_variable="TEST_KEY")
    assert KEY not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        (f"https://me:{KEY}@host/v1", None),
        (f"https://{KEY}@host/v1", None),
        (f"https://:{KEY}@host/v1", None),
        (f"https://host/v1?api-key={KEY}", None),
        (f"https://host/v1#{KEY}", None),
        (f"{KEY}:8000/v1", None),
        (f"http://[{KEY}/v1", None),
        (f"file:///{KEY}", None),
        (f"https://host:{KEY}/v1", None),
        ("https://host/v1", KEY),
        ("https://host/v1", f"gsk_{KEY}"),
        ("https://host/v1", ""),
    ],
)
def test_a_secret_in_the_configuration_is_refused_and_not_repeated(
    url: str, variable: str | None
) -> None:
    with pytest.raises(InputError, match="key_variable") as error:
        EndpointLLM(url, MODEL, key_variable=variable)
    assert KEY not in "".join(traceback.format_exception(error.value))


def test_without_a_key_no_header_is_sent() -> None:
    seen: list[str | None] = []

    def spy(handler: loopback.Handler) -> bool:
        seen.append(handler.headers.get("Authorization"))
        return False

    with Server(lambda body: "Tokyo", faults=[spy]) as server:
        ask(EndpointLLM(server.url, MODEL), "東京")
    assert seen == [None]
