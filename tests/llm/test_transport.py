from __future__ import annotations

import email.utils
import json
import time
import traceback
from pathlib import Path

import loopback
import pytest
from loopback import MODEL, Server

from eatner import attempts
from eatner.errors import InputError
from eatner.llm import transport
from eatner.llm.endpoint import EndpointLLM
from eatner.llm.journal import Journal

KEY = "sk-ключ-нет".encode().hex()  # nothing that could be somewhere by chance


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0)


def ask(llm: EndpointLLM, *asked, most=16, **options):
    return [answer for [answer] in llm.complete(asked, max_new_tokens=most, **options)]


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
    "headers in Latin-1": status(429, X_Info="caf\u00e9", Retry_After="\u00b2"),
    "headers in UTF-8": status(429, X_Info="\u6771\u4eac".encode().decode("latin-1")),
    "cut connection": cut_in_the_middle,
    "silence": hang,
    "a proxy's page": body(b"<html>Try later</html>", "text/html; charset=utf-8"),
    "cut JSON": body(b'{"choices": [{"mess'),
    "no choices": body({"choices": []}),
    "null": body(b"null"),
    "an error inside": body({"error": {"message": "upstream", "code": 502}}),
    "an error at the top": body({"object": "error", "message": "overloaded", "code": 503}),
    "an error without a code": body({"object": "error", "message": "engine is dead"}),
    "an error beside a part of the answer": body(
        {"error": {"message": "gone", "code": 502}, "choices": [{"message": {"content": "To"}}]}
    ),
    "an error in the choice": body(
        {"choices": [{"error": {"code": 502, "message": "no"}, "message": {"content": ""}}]}
    ),
    "an answer that was broken off": body(
        {"choices": [{"finish_reason": "error", "message": {"content": "To"}}]}
    ),
    "a limit inside": body({"error": {"message": "slow down", "code": "429"}}),
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
    monkeypatch.setattr(transport, "TRIES", 3)
    with Server(lambda body: "Tokyo", faults=[PASSING[fault]] * 9) as server:
        with pytest.raises(InputError, match="run again") as error:
            ask(EndpointLLM(server.url, MODEL), "東京")
        assert len(server.requests) == 3
        assert f"{server.url}, model {MODEL}" in str(error.value)


@pytest.mark.parametrize(
    "choice",
    [
        {"message": "Tokyo"},
        {"message": {"content": 5}},
        {"message": {"content": {"text": "Tokyo"}}},
        {"message": {"content": ["Tokyo"]}},
        {"delta": {"content": "Tokyo"}},
        {"text": ["Tokyo", 1]},
    ],
)
def test_an_answer_of_another_shape_is_not_an_empty_one(
    choice: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TRIES", 2)
    with (
        Server(lambda body: "Tokyo", faults=[body({"choices": [choice]})] * 2) as server,
        pytest.raises(InputError, match="no text where this protocol has it"),
    ):
        ask(EndpointLLM(server.url, MODEL), "東京")


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
def test_every_word_for_the_limit_is_known(reason: str) -> None:
    reply = {"choices": [{"text": "Tok", "finish_reason": reason}]}
    with Server(lambda body: "Tokyo", faults=[body(reply)]) as server:
        [answer] = ask(EndpointLLM(server.url, MODEL), "東京")
    assert (answer.text, answer.finished) == ("Tok", False)


def test_pages_for_good_are_those_of_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TRIES", 3)
    with Server(lambda body: "Tokyo", faults=[PASSING["a proxy's page"]] * 9) as server:
        with pytest.raises(InputError, match=r"text/html and not JSON.*`endpoint`"):
            ask(EndpointLLM(server.url, MODEL), "東京")
        assert len(server.requests) == 3


def test_a_pause_of_no_seconds_is_no_reason_to_give_up_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.25)
    monkeypatch.setattr(attempts.random, "random", lambda: 1.0)
    with Server(lambda body: "Tokyo", faults=[status(503, Retry_After="0")] * 3) as server:
        started = time.monotonic()
        ask(EndpointLLM(server.url, MODEL), "東京")
    assert time.monotonic() - started >= 1.5


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TRIES", 2)
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
    assert 80 < transport._retry_after(after) <= 90
    assert transport._retry_after("12") == 12
    assert transport._retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert transport._retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
    for nothing in (None, "", "soon", "-3", "1.5", "²"):
        assert transport._retry_after(nothing) is None


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        (status(400), "`request`"),
        (status(401), "`key_variable`"),
        (status(403), "`key_variable`"),
        (status(404), "`endpoint`"),
        (status(422), "`request`"),
        (status(301, Location="https://elsewhere.invalid/"), "`endpoint`"),
        (status(308, Location="https://elsewhere.invalid/"), "`endpoint`"),
        (body({"object": "error", "message": "no such field", "code": 400}), "`request`"),
        (body({"error": {"message": "who are you?", "code": 401}}), "`key_variable`"),
        (body(b"data: {}\n\ndata: [DONE]\n\n", "text/event-stream"), "{stream: false}"),
        (lambda h: h.say(422, {"detail": [{"msg": "extra fields"}]}), "extra fields"),
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


TOO_LONG = {
    "OpenAI": (400, {"code": "context_length_exceeded", "message": "Please reduce the length."}),
    "llama.cpp": (400, {"type": "exceed_context_size_error", "message": "too large"}),
    "vLLM": (
        400,
        {
            "type": "BadRequestError",
            "message": "This model's maximum context length is 64 tokens. However, you asked 99.",
        },
    ),
    "SGLang": (
        400,
        {"message": "The input (99 tokens) is longer than the model's context length (64 tokens)."},
    ),
    "Text Generation Inference": (
        422,
        {
            "type": "validation",
            "message": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 64.",
        },
    ),
    "a vendor": (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}),
    "a proxy": (413, {"message": "Request Entity Too Large"}),
    "an old server": (500, {"message": "the request exceeds the available context size"}),
}


@pytest.mark.parametrize("form", ["below", "at the top", "at the top of a success"])
@pytest.mark.parametrize("server", TOO_LONG)
def test_a_prompt_that_is_too_long_for_the_server_has_no_answer(
    server: str, form: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    status, error = TOO_LONG[server]

    def refused(handler: loopback.Handler) -> bool:
        if form == "below":
            return handler.say(status, {"error": error})
        top = {"object": "error", "code": status, **error}
        return handler.say(status if form == "at the top" else 200, top)

    with Server(lambda body: "Tokyo", faults=[refused]) as served:
        llm = EndpointLLM(served.url, MODEL, concurrency=1)
        journal = Journal(path, "x")
        found = llm.complete(["東京" * 99, "大阪"], max_new_tokens=16, journal=journal)
        assert [[answer.text for answer in several] for several in found] == [[], ["Tokyo"]]
        # The server may have room for it by the next run.
        again = llm.complete(["東京" * 99, "大阪"], max_new_tokens=16, journal=Journal(path, "x"))
        assert [len(several) for several in again] == [1, 1]
        assert len(served.requests) == 3


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


def test_a_page_of_an_error_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    page = b"<html>\n<h1>403 Forbidden</h1>\n" + b"x" * 5000 + b"</html>"

    def forbidden(handler: loopback.Handler) -> bool:
        return handler.send(403, page, "text/html")

    with Server(lambda body: "", faults=[forbidden]) as server, pytest.raises(InputError) as error:
        ask(EndpointLLM(server.url, MODEL), "東京")
    assert "HTTP 403: <html> <h1>403 Forbidden</h1>" in str(error.value)
    assert len(str(error.value)) < 700
    assert "\n" not in str(error.value)
