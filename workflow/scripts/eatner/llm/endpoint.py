"""An LLM behind an OpenAI-compatible endpoint: vLLM, llama.cpp, Ollama, or a vendor's.

It needs no tensor library: requests run side by side, and the server does the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from typing import Any

from eatner.answers.locate import locate, read_by
from eatner.errors import InputError
from eatner.llm.base import LLM, Completion, Decoding, Message, Prompt
from eatner.llm.grammar import substring_gbnf
from eatner.llm.replies import tidy
from eatner.llm.transport import Json, Transport, check_address

__all__ = ["EndpointLLM", "check_address"]

# Tokens that a prompt and its answer may have together, where the configuration does not say.
CONTEXT = 8192
# Where servers put the reasoning that they have taken out of an answer.
REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
# How servers say that an answer was cut at its limit: OpenAI, Anthropic and Google, Mistral.
CUT = ("length", "max_tokens", "model_length")


class EndpointLLM(LLM):
    """An LLM that is asked over HTTP.

    It has one answer to a prompt (`beams` and `no_repeat` are not part of the protocol), whose
    `logprob` is None unless `logprobs` is set and the server gives them. It cannot score a text.
    A text is sent to `/completions`, a conversation to `/chat/completions`.

    Args:
        url: The endpoint, up to and without `/chat/completions`, such as `http://host:8000/v1`.
        name: The model's name there.
        key_variable: The environment variable that holds the key, if one is needed.
        concurrency: Limit of requests at a time.
        timeout: Limit of seconds between two signs of life of a request.
        context: Limit of the tokens of a prompt and its answer together.
        structured: How an answer is kept inside its sentence: `none`, then what it names there is
            looked up; or by a grammar, in the dialect of `vllm` or `llama.cpp`.
        logprobs: Whether to ask for log-probabilities; not every server knows them.
        request: More fields of a request's body; null leaves one of ours out.
        seed: Sent with each request.

    Raises:
        InputError: What `check_address` raises; the environment variable holds no key.
    """

    scores = False

    def __init__(
        self,
        url: str,
        name: str,
        *,
        key_variable: str | None = None,
        concurrency: int = 8,
        timeout: float = 300,
        context: int | None = None,
        structured: str = "none",
        logprobs: bool = False,
        request: Mapping[str, object] | None = None,
        seed: int = 0,
    ) -> None:
        self.transport = Transport(url, name, key_variable, concurrency, timeout)
        self.concurrency = concurrency
        self._context = CONTEXT if context is None else context
        self.structured, self.logprobs = structured, logprobs
        self.request, self.seed = dict(request or {}), seed
        self.calls = 0
        self.generated = 0

    @property
    def context(self) -> int:
        """Limit of the tokens of a prompt and its answer together."""
        return self._context

    def encode(self, prompt: Prompt) -> list[int]:
        """Turn a prompt into bytes: a tokenizer would make as many tokens at most."""
        if isinstance(prompt, str):
            return list(prompt.encode())
        return list("".join(message["content"] for message in prompt).encode())

    def _question(self, prompt: Prompt, span: str | None, decoding: Decoding) -> list[object]:
        """List what an answer depends on: the request, and how its reply is read."""
        path, body = self._request(prompt, span, decoding)
        # A free answer is read by what our tables say of a language.
        tables = None if span is None else read_by(decoding.language)
        return [self.transport.url, path, body, span, decoding.stop, tables]

    def _answers(
        self,
        prompts: Sequence[Prompt],
        spans: Sequence[str | None],
        decoding: Decoding,
        known: frozenset[int],
    ) -> Generator[dict[int, list[Completion]]]:
        """Answer prompts side by side, in the order in which the answers come.

        After a refusal no more prompts are sent, and the answers that are on their way are waited
        for, because they may have been paid for.
        """
        failure: BaseException | None = None
        stopping = threading.Event()
        pool = ThreadPoolExecutor(self.concurrency)
        try:
            jobs: dict[Future[Completion | None], int] = {
                pool.submit(self._answer, prompts[index], spans[index], decoding, stopping): index
                for index in range(len(prompts))
                if index not in known
            }
            for job in as_completed(jobs):
                if job.cancelled():
                    continue
                if (error := job.exception()) is not None:
                    failure = failure or error
                    stopping.set()
                    for other in jobs:
                        other.cancel()
                    continue
                self.calls += 1
                answer = job.result()
                self.generated += 0 if answer is None else answer.tokens
                yield {jobs[job]: [] if answer is None else [answer]}
        finally:
            stopping.set()
            pool.shutdown(cancel_futures=True)
        if failure is not None:
            raise failure

    def score(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
        """Refuse to score: this protocol has no way to.

        Raises:
            InputError: Always.
        """
        raise InputError(
            "an endpoint tells no log-probability of a text that it is given",
            record=self.transport.who,
            remedy="Use a local model for this component, or `kind: constrained` for the aligner.",
        )

    def _request(
        self, prompt: Prompt, span: str | None, decoding: Decoding
    ) -> tuple[str, dict[str, object]]:
        """Write the path and the body of a request."""
        body: dict[str, object] = {
            "model": self.transport.name,
            "max_tokens": decoding.max_new_tokens,
            "temperature": 0,
            "seed": self.seed,
        }
        opening, stop = "", decoding.stop
        if isinstance(prompt, str):
            path, body["prompt"] = "completions", prompt
        else:
            path = "chat/completions"
            body["messages"], opening = _closed(prompt)
        # An LLM that opens the answer itself would meet the stop before its first word.
        if stop is not None and not opening:
            body["stop"] = [stop]
        if self.logprobs:
            body["logprobs"] = 1 if path == "completions" else True
        if span is not None and self.structured != "none":
            grammar = substring_gbnf(span, (stop or "") if opening else "", stop or "")
            if self.structured == "vllm":
                body["structured_outputs"] = {"grammar": grammar}
            else:
                body["grammar"] = grammar
        body = {key: value for key, value in (body | self.request).items() if value is not None}
        return path, body

    def _answer(
        self, prompt: Prompt, span: str | None, decoding: Decoding, stopping: threading.Event
    ) -> Completion | None:
        """Ask until there is an answer, and read it; None where the prompt is too long."""
        path, body = self._request(prompt, span, decoding)
        reply = self.transport.ask(path, body, stopping)
        if reply is None:
            return None
        opening = "" if isinstance(prompt, str) else _closed(prompt)[1]
        completion = self._read(reply, chat=not isinstance(prompt, str) and not opening)
        if span is not None:
            return _inside(completion, opening, decoding, span)
        return _unopened(completion, opening, decoding.stop) if opening else completion

    def _read(self, reply: Json, *, chat: bool) -> Completion:
        """Read the first choice of a reply. Fields that are missing or null are no error."""
        choice = reply["choices"][0]
        message = choice.get("message")
        message = message if isinstance(message, dict) else {"content": choice.get("text")}
        written = _joined(message.get("content"))
        text, only_thought = tidy(self.transport.safe(written), chat=chat)
        cut = str(choice.get("finish_reason")).lower() in CUT
        # Whatever used up the limit without a word was thought, also where a server hides it.
        if not text and (_has_thoughts(message) or (cut and not written)):
            only_thought = True
        usage = reply.get("usage")
        tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
        return Completion(
            text,
            _sum(choice.get("logprobs")),
            tokens if isinstance(tokens, int) else 0,
            not cut,
            only_thought,
        )


def _closed(prompt: Sequence[Message]) -> tuple[list[Message], str]:
    """Rewrite a conversation for servers that do not go on with an opened answer.

    The opening goes to the end of the question: as the next line of a form that is filled in.

    Returns:
        The conversation, and the opening.
    """
    messages = list(prompt)
    if messages[-1]["role"] != "assistant":
        return messages, ""
    opening = messages.pop()["content"]
    question = messages.pop()
    return [*messages, {**question, "content": f"{question['content']}\n{opening}"}], opening


def _joined(content: object) -> str:
    """Join the text of an answer, which some servers give in parts."""
    if isinstance(content, list):
        content = "".join(
            part["text"]
            for part in content
            if isinstance(part, dict)
            and part.get("type", "text") in ("text", "output_text")
            and isinstance(part.get("text"), str)
        )
    return content if isinstance(content, str) else ""


def _has_thoughts(message: Json) -> bool:
    """Whether a message holds reasoning beside its text: in a field, or as a part of it."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    kinds = [part.get("type") for part in parts if isinstance(part, dict)]
    fields = [message.get(field) for field in REASONING]
    return not {"thinking", "reasoning"}.isdisjoint(kinds) or any(
        field.strip() if isinstance(field, str) else field for field in fields
    )


def _sum(logprobs: Any) -> float | None:
    """Sum the log-probabilities of an answer's tokens, if the server gives them."""
    if not isinstance(logprobs, dict):
        return None
    tokens = logprobs.get("content")
    values: object
    if isinstance(tokens, list):
        values = [token.get("logprob") for token in tokens if isinstance(token, dict)]
    else:
        values = logprobs.get("token_logprobs")
    if not isinstance(values, list) or not all(isinstance(value, int | float) for value in values):
        return None
    return float(sum(values)) if values else None


def _unopened(completion: Completion, opening: str, stop: str | None) -> Completion:
    """Cut an answer's opening off, if the LLM repeats it, and all from the stop on."""
    text = completion.text.strip().removeprefix(opening)
    if stop is None:
        return replace(completion, text=text)
    head, end, _ = text.removeprefix(stop).partition(stop)
    return replace(completion, text=head, finished=completion.finished or bool(end))


def _inside(completion: Completion, opening: str, decoding: Decoding, sentence: str) -> Completion:
    """Find the substring of a sentence that an answer names; the empty one where it names none."""
    closed = _unopened(completion, opening, decoding.stop)
    text = closed.text.strip()
    # Free of explanations, an answer is over at its stop, whatever the LLM goes on to say.
    if text in sentence and (closed.finished or not text):
        return replace(closed, text=text)
    spans = locate(completion.text.strip().removeprefix(opening), sentence, decoding.language)
    text = sentence[spans[0][0] : spans[0][1]] if spans else ""
    return replace(completion, text=text)
