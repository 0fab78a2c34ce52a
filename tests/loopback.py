"""An OpenAI-compatible server on loopback, which serves one of our LLMs and fails on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import llguidance

from eatner.llm.recorder import Matchers
from eatner.llm.transformers import TransformersLLM

MODEL = "tiny/llama"
# What a fault is given: it may write a whole answer to it. True: it did, False: go on as usual.
Fault = Callable[["Handler"], bool]


class Grammars(Matchers):
    """Takes grammars where its parent takes sentences, as servers do."""

    def of(
        self, sentence: str, stop: str | None, separator: str | None = None
    ) -> llguidance.LLMatcher:
        grammar = llguidance.grammar_from("grammar", sentence)
        matcher = llguidance.LLMatcher(self.tokenizer, grammar)
        assert not matcher.is_error(), matcher.get_error()
        return matcher


def grammatical(llm: TransformersLLM) -> TransformersLLM:
    """Let an LLM take grammars where it takes sentences."""
    llm.generation.matchers = Grammars(llm.tokenizer, llm.local.vocabulary)
    return llm


class Server(ThreadingHTTPServer):
    """Serves `llm` as `MODEL`; use it as a context manager.

    Args:
        llm: The LLM, or a function of a request's body that gives the text of the answer.
        key: Asked for, if given.
        faults: One a request, in the order in which they come; then no more.
    """

    daemon_threads = True

    def __init__(
        self,
        llm: TransformersLLM | Callable[[dict], str],
        *,
        key: str | None = None,
        faults: list[Fault] = (),
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.llm, self.key, self.faults = llm, key, list(faults)
        self.lock = threading.Lock()
        self.busy = self.most_busy = 0
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1"

    def __enter__(self) -> Server:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The reply to a request, as an OpenAI-compatible server writes it."""
        chat = path.endswith("chat/completions")
        prompt = body["messages"] if chat else body["prompt"]
        if callable(self.llm):
            text, logprob, tokens, finished = self.llm(body), -1.0, 3, True
        else:
            with self.lock:
                text, logprob, tokens, finished = self._complete(prompt, body)
        reason = "stop" if finished else "length"
        choice: dict[str, Any] = {"index": 0, "finish_reason": reason}
        choice |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        if body.get("logprobs") and chat:
            tops = [{"token": "a", "logprob": logprob / 2}, {"token": "b", "logprob": logprob / 2}]
            choice["logprobs"] = {"content": tops}
        elif body.get("logprobs"):
            choice["logprobs"] = {"tokens": ["a", "b"], "token_logprobs": [logprob / 2] * 2}
        return {"model": MODEL, "choices": [choice], "usage": {"completion_tokens": tokens}}

    def _complete(self, prompt: object, body: dict[str, Any]) -> tuple[str, float, int, bool]:
        grammar = body.get("grammar") or body.get("structured_outputs", {}).get("grammar")
        [[found]] = self.llm.complete(
            [prompt],
            max_new_tokens=body["max_tokens"],
            # Under a grammar the end is a part of it; the stop is cut off below.
            stop=None if grammar else body.get("stop", [None])[0],
            within=[grammar] if grammar else None,
        )
        text = found.text
        if grammar and "stop" in body:
            text = text.split(body["stop"][0])[0]
        return text, found.logprob, found.tokens, found.finished


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append((self.path, body))
            self.server.busy += 1
            self.server.most_busy = max(self.server.busy, self.server.most_busy)
            fault = self.server.faults.pop(0) if self.server.faults else None
        try:
            if fault is None or not fault(self):
                self._answer(body)
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def _answer(self, body: dict[str, Any]) -> None:
        key = self.server.key
        if key is not None and self.headers.get("Authorization") != f"Bearer {key}":
            given = self.headers.get("Authorization")
            self.say(401, {"error": {"message": f"Incorrect API key provided: {given}"}})
        elif body["model"] != MODEL:
            self.say(404, {"error": {"message": f"The model `{body['model']}` does not exist."}})
        elif "messages" in body and body["messages"][-1]["role"] == "assistant":
            self.say(400, {"error": {"message": "The last message must be the user's."}})
        elif self.path not in ("/v1/completions", "/v1/chat/completions"):
            self.say(404, {"detail": "Not Found"})
        else:
            self.say(200, self.server.answer(self.path, body))

    def say(self, status: int, reply: object, **headers: str) -> bool:
        """Answer with JSON; true, so that a fault may end with it."""
        return self.send(status, json.dumps(reply).encode(), "application/json", **headers)

    def send(self, status: int, content: bytes, kind: str, **headers: str) -> bool:
        """Answer with bytes of a content type."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)
        return True

    def log_message(self, *_: object) -> None:
        """Log nothing: what was asked is in the server's `requests`."""
