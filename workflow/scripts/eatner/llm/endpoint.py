"""An LLM behind an OpenAI-compatible endpoint: vLLM, llama.cpp, Ollama, or a vendor's.

Requests run side by side. What may pass (a limit of requests, a server's fault, a lost connection)
is tried again, later and later; what will not pass (a wrong key, a wrong name) ends the job at once
with what to do. The key comes from the environment and goes into one header, nowhere else.
"""

from __future__ import annotations

import json
import os
import random
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import astuple, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import tenacity

from eatner.answers.locate import locate
from eatner.errors import InputError
from eatner.llm.base import Completion, Message, Prompt
from eatner.llm.journal import Journal

# How often a request is made before the job gives up: with the waits below, two minutes or so.
TRIES = 8
# Seconds: drawn between 0 and 1, 2, 4 ... at most 60, so that requests that failed together do not
# come back together.
BACKOFF = tenacity.wait_random_exponential(multiplier=1, max=60)
# A server that asks for a longer pause than these seconds will be asked by the next run.
LONGEST_PAUSE = 600
CONNECT_SECONDS = 10
# Statuses that may pass: time-out, conflict, too early, too many requests.
PASSING = (408, 409, 425, 429)
# Tokens that a prompt and its answer may have together, where the configuration does not say.
CONTEXT = 8192
LONGEST_MESSAGE = 300
# How servers say that a prompt is too long for them: OpenAI's and llama.cpp's codes, vLLM's words;
# proxies say HTTP 413.
TOO_LONG = ("context_length_exceeded", "exceed_context_size_error")
TOO_LONG_MESSAGE = re.compile("maximum (context|model) length")


class _PassingError(Exception):
    """A request that may succeed when it is made again.

    Args:
        problem: What happened.
        pause: Seconds that the server asks to wait.
        status: Of the refusal that it is when it never succeeds, if it may be one.
    """

    def __init__(
        self, problem: str, pause: float | None = None, *, status: int | None = None
    ) -> None:
        super().__init__(problem)
        self.pause, self.status = pause, status


class EndpointLLM:
    """An LLM that is asked over HTTP; see `TransformersLLM` for what its methods promise.

    It has one answer a prompt (`beams` and `no_repeat` are not part of the protocol), whose
    `logprob` is None unless `logprobs` is set and the server gives them. It cannot score a text.

    Args:
        url: The endpoint, up to and without `/chat/completions`, such as `http://host:8000/v1`.
        name: The model's name there.
        key_variable: The environment variable that holds the key, if one is needed.
        concurrency: Most requests at a time.
        timeout: Most seconds between two signs of life of a request.
        context: The most tokens that a prompt and its answer may have together.
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
        check_address(url, key_variable)
        self.url, self.name = url.rstrip("/"), name
        self.concurrency, self.timeout = concurrency, timeout
        self.context = CONTEXT if context is None else context
        self.structured, self.logprobs = structured, logprobs
        self.request, self.seed = dict(request or {}), seed
        self.key_variable = key_variable
        self._key = None if key_variable is None else _read_key(key_variable)
        self._client = httpx.Client(
            base_url=self.url + "/",
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS), pool=None),
            limits=httpx.Limits(max_connections=concurrency),
        )
        self.calls = 0
        self.generated = 0

    def encode(self, prompt: Prompt) -> list[int]:
        """The bytes of a prompt: as many as it can have tokens at most, for those are not known."""
        if isinstance(prompt, str):
            return list(prompt.encode())
        return list("".join(message["content"] for message in prompt).encode())

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        stop: str | None = None,
        within: Sequence[str] | None = None,
        beams: int = 1,
        no_repeat: bool = False,
        journal: Journal | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[list[Completion]]:
        """Complete every prompt; see `TransformersLLM.complete`.

        A text is sent to `/completions`, a conversation to `/chat/completions`. Each answer is in
        the journal as soon as it is there. A prompt that the server finds too long for the model
        has no answer at all, and is asked again by the next run.

        Raises:
            InputError: The server refuses a request, or a request failed `TRIES` times. What was
                answered by then is in the journal.
        """
        spans = [None] * len(prompts) if within is None else within
        answers: list[list[Completion]] = [[] for _ in prompts]
        failure: BaseException | None = None
        stopping = threading.Event()
        pool = ThreadPoolExecutor(self.concurrency)
        try:
            asked: dict[Future[Completion | None], tuple[int, str]] = {}
            for place, (prompt, span) in enumerate(zip(prompts, spans, strict=True)):
                path, body = self._request(prompt, max_new_tokens, stop, span)
                key = journal.key(self.url, path, body) if journal else ""
                if journal and key in journal.known:
                    answers[place] = [Completion(*answer) for answer in journal.known[key]]
                    if progress is not None:
                        progress(1)
                else:
                    opened = "" if isinstance(prompt, str) else _closed(prompt)[1]
                    job = pool.submit(self._answer, path, body, opened, stop, span, stopping)
                    asked[job] = place, key
            for job in as_completed(asked):
                place, key = asked[job]
                if job.cancelled():
                    continue
                if job.exception() is not None:
                    # The answers that are on their way are waited for, they may have been paid for.
                    failure = failure or job.exception()
                    stopping.set()
                    for other in asked:
                        other.cancel()
                    continue
                self.calls += 1
                answer = job.result()
                if answer is not None:
                    answers[place] = [answer]
                    self.generated += answer.tokens
                    if journal:
                        journal.add(key, [astuple(answer)])
                if progress is not None:
                    progress(1)
        finally:
            stopping.set()
            pool.shutdown(cancel_futures=True)
        if failure is not None:
            raise failure
        return answers

    def score(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
        """Not possible over this protocol; see `scores`.

        Raises:
            InputError: Always.
        """
        raise InputError(
            "an endpoint tells no log-probability of a text that it is given",
            record=self._who(),
            remedy="Use a local model for this component, or `kind: constrained` for the aligner.",
        )

    def _request(
        self, prompt: Prompt, max_new_tokens: int, stop: str | None, span: str | None
    ) -> tuple[str, dict[str, object]]:
        """The path and the body of a request."""
        body: dict[str, object] = {
            "model": self.name,
            "max_tokens": max_new_tokens,
            "temperature": 0,
            "seed": self.seed,
        }
        opened = ""
        if isinstance(prompt, str):
            path, body["prompt"] = "completions", prompt
        else:
            path = "chat/completions"
            body["messages"], opened = _closed(prompt)
        # An LLM that opens the answer itself would meet the stop before its first word.
        if stop is not None and not opened:
            body["stop"] = [stop]
        if self.logprobs:
            body["logprobs"] = 1 if path == "completions" else True
        if span is not None and self.structured != "none":
            grammar = substring_grammar(span, stop if opened else "", stop)
            if self.structured == "vllm":
                body["structured_outputs"] = {"grammar": grammar}
            else:
                body["grammar"] = grammar
        body = {key: value for key, value in (body | self.request).items() if value is not None}
        return path, body

    def _answer(
        self,
        path: str,
        body: Mapping[str, object],
        opened: str,
        stop: str | None,
        span: str | None,
        stopping: threading.Event,
    ) -> Completion | None:
        """Ask until there is an answer, and read it; None where the prompt is too long."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_PassingError),
            stop=tenacity.stop_after_attempt(TRIES) | tenacity.stop_when_event_set(stopping),
            wait=_pause,
            sleep=tenacity.sleep_using_event(stopping),
            reraise=True,
        )
        try:
            reply = retrying(self._post, path, body)
        except _PassingError as error:
            problem = f"no answer, however often it was asked ({error})"
            if error.status is not None:
                raise self._refusal(problem, error.status) from None
            raise InputError(
                problem,
                record=self._who(),
                remedy="Look at the server, or lower `concurrency`; run again, and what has been "
                "answered is not asked again.",
            ) from None
        if reply is None:
            return None
        completion = self._read(reply)
        if span is not None:
            return _inside(completion, opened, stop, span)
        return _unopened(completion, opened, stop) if opened else completion

    def _read(self, reply: Mapping[str, object]) -> Completion:
        """The first choice of a reply. Fields that are missing or null are no error."""
        choice = reply["choices"][0]
        message = choice.get("message")
        text = message.get("content") if isinstance(message, dict) else choice.get("text")
        usage = reply.get("usage")
        tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
        return Completion(
            _without_thoughts(self._safe(_joined(text))),
            _sum(choice.get("logprobs")),
            tokens if isinstance(tokens, int) else 0,
            choice.get("finish_reason") != "length",
        )

    def _post(self, path: str, body: Mapping[str, object]) -> Mapping[str, object] | None:
        """Make a request once; gives the reply's JSON, which has a choice.

        None where the server finds the prompt too long for the model.

        Raises:
            _PassingError: It may succeed when made again.
            InputError: It will not.
        """
        try:
            reply = self._client.post(path, json=body)
        except httpx.TimeoutException:
            raise _PassingError(f"nothing heard for {self.timeout:g} seconds") from None
        except httpx.RequestError as error:
            raise _PassingError(self._safe(f"{type(error).__name__}: {error}")) from None
        said = self._message(reply)
        status = f"HTTP {reply.status_code}{': ' if said else ''}{said}"
        if reply.status_code in PASSING or reply.status_code >= 500:
            pause = _retry_after(reply.headers.get("Retry-After"))
            if pause is not None and pause > LONGEST_PAUSE:
                raise self._refusal(f"{status}; the server asks to wait {pause:.0f} seconds", 429)
            raise _PassingError(status, pause)
        if reply.status_code == 400 and _error(reply).get("code") == "content_filter":
            return {"choices": [{"finish_reason": "content_filter"}]}
        if reply.status_code == 413 or (reply.status_code == 400 and _is_too_long(_error(reply))):
            return None
        if not reply.is_success:
            raise self._refusal(status, reply.status_code)
        if "json" not in reply.headers.get("Content-Type", "json"):
            kind = reply.headers["Content-Type"].split(";")[0]
            # The page of a proxy, or for good that of a server whose address is another.
            raise _PassingError(f"the answer is {kind} and not JSON", status=404)
        try:
            read = reply.json()
        except ValueError:
            raise _PassingError("the answer is no valid JSON") from None
        choices = read.get("choices") if isinstance(read, dict) else None
        if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
            raise _PassingError(f"the answer has no choices{': ' if said else ''}{said}")
        return read

    def _refusal(self, problem: str, status: int) -> InputError:
        if status in (401, 403):
            remedy = (
                "Name the environment variable that holds the key: `key_variable`, under models."
                if self.key_variable is None
                else f"Put a key that is valid there into the environment variable "
                f"{self.key_variable}."
            )
        elif status == 429:
            remedy = "Run again later: what has been answered is not asked again."
        elif status == 404 or 300 <= status < 400:
            remedy = (
                "Correct the model's `endpoint` (most end in /v1) or its `name`, under models; "
                "`prompt: few-shot` asks /completions, `prompt: chat` /chat/completions."
            )
        else:
            remedy = (
                "Correct `name`, `context` or `structured` of the model, or add or leave out "
                "fields of the request by `request`, under models."
            )
        return InputError(problem, record=self._who(), remedy=remedy)

    def _who(self) -> str:
        return f"{self.url}, model {self.name}"

    def _message(self, reply: httpx.Response) -> str:
        """What a server says about an error, on one line, if anything."""
        message = _error(reply).get("message")
        if not isinstance(message, str):
            message = "" if reply.is_success else reply.text
        return self._safe(" ".join(message.split()))[:LONGEST_MESSAGE]

    def _safe(self, text: str) -> str:
        """A text without the key, which some servers say back, and that can be written.

        JSON may hold half of a surrogate pair, as of an emoji that was cut; UTF-8 cannot.
        """
        text = re.sub("[\ud800-\udfff]", "\ufffd", text)
        return text.replace(self._key, "***") if self._key else text


def check_address(url: str, key_variable: str | None) -> None:
    """Refuse an endpoint that holds a secret, and a key where the name of its variable belongs.

    Raises:
        InputError: Without what was given, for that may be a secret and the message goes to a log.
    """
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        plain = False
    if not plain or parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(
            "`endpoint` must be a plain URL, with no user, password or question mark",
            remedy="Write it like http://localhost:8000/v1. A key belongs into an environment "
            "variable: name it by `key_variable`.",
        )
    if key_variable is not None and not re.fullmatch("[A-Z_][A-Z0-9_]*", key_variable):
        raise InputError(
            "`key_variable` must be the name of an environment variable, in capitals",
            remedy="Write it like MY_KEY. If it is a key that stands there, it is in a file and in "
            "logs now: have it changed.",
        )


def substring_grammar(sentence: str, before: str, after: str) -> str:
    """A grammar of a sentence's substrings, the empty one among them, in GBNF.

    vLLM (by xgrammar and by llguidance) and llama.cpp read it. Its size grows with the sentence's
    length: a rule a character, which goes on to the next or ends.

    Args:
        sentence: Without control characters; see `one_line`.
        before: What every answer begins with.
        after: What every answer ends with.

    Raises:
        ValueError: `after` is empty or stands in the sentence: the end would not be seen.
    """
    if not after or after in sentence:
        raise ValueError(f"the end mark {after!r} must not stand in {sentence!r}")
    places = range(len(sentence))
    starts = f" ( {' | '.join(f's{place}' for place in places)} )?" if sentence else ""
    rules = [f"root ::= {_literal(before)}{starts} {_literal(after)}"]
    for place in places:
        more = f" s{place + 1}?" if place + 1 < len(sentence) else ""
        rules.append(f"s{place} ::= {_literal(sentence[place])}{more}")
    return "\n".join(rules) + "\n"


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _read_key(variable: str) -> str:
    key = os.environ.get(variable, "").strip()
    if not key:
        raise InputError(
            "the environment variable with the endpoint's key is not set",
            record=variable,
            remedy=f"Set it where the job runs: export {variable}=...",
        )
    # Neither would go into a header, and the error would show the key.
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InputError(
            "the environment variable holds no key: a space or a character that no key has",
            record=variable,
            remedy="Put the key alone there.",
        )
    return key


def _closed(prompt: Sequence[Message]) -> tuple[list[Message], str]:
    """A conversation for servers that do not go on with an opened answer, and its opening.

    The opening goes to the end of what is asked: as the next line of a form that is filled in.
    """
    messages = list(prompt)
    if messages[-1]["role"] != "assistant":
        return messages, ""
    opened = messages.pop()["content"]
    asked = messages.pop()
    return [*messages, {**asked, "content": f"{asked['content']}\n{opened}"}], opened


def _pause(state: tenacity.RetryCallState) -> float:
    """Seconds before the next try: longer and longer, and no less than the server asks for."""
    pause = state.outcome.exception().pause
    backoff = BACKOFF(state)
    return backoff if pause is None else max(backoff, pause + random.uniform(0, 1))


def _retry_after(header: str | None) -> float | None:
    """Seconds of a Retry-After header, in either form (RFC 9110, section 10.2.3)."""
    if header is None:
        return None
    if re.fullmatch(r"\d{1,9}", header.strip()):
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _error(reply: httpx.Response) -> Mapping[str, object]:
    """The `error` of a reply, as most servers write it."""
    try:
        read = reply.json()
    except ValueError:
        return {}
    error = read.get("error") if isinstance(read, dict) else None
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def _joined(content: object) -> str:
    """The text of an answer, which some servers give in parts."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        content = "".join(
            part["text"]
            for part in parts
            if part.get("type", "text") == "text" and isinstance(part.get("text"), str)
        )
    return content if isinstance(content, str) else ""


def _is_too_long(error: Mapping[str, object]) -> bool:
    """Whether a server refuses a prompt for its length."""
    return (
        error.get("code") in TOO_LONG
        or error.get("type") in TOO_LONG
        or TOO_LONG_MESSAGE.search(str(error.get("message"))) is not None
    )


def _sum(logprobs: object) -> float | None:
    """The log-probability of an answer, if the server gives its tokens'."""
    if not isinstance(logprobs, dict):
        return None
    tokens = logprobs.get("content")
    if isinstance(tokens, list):
        found = [token.get("logprob") for token in tokens if isinstance(token, dict)]
    else:
        found = logprobs.get("token_logprobs")
    if not isinstance(found, list) or not all(isinstance(value, int | float) for value in found):
        return None
    return float(sum(found)) if found else None


def _without_thoughts(text: str) -> str:
    """An answer without the reasoning that some servers leave before it."""
    if "</think>" in text:
        return text.rpartition("</think>")[2].lstrip()
    return "" if text.lstrip().startswith("<think>") else text


def _unopened(completion: Completion, opened: str, stop: str | None) -> Completion:
    """An answer without its opening, if it repeats that, up to the stop."""
    said = completion.text.strip().removeprefix(opened)
    if stop is None:
        return replace(completion, text=said)
    head, found, _ = said.removeprefix(stop).partition(stop)
    return replace(completion, text=head, finished=completion.finished or bool(found))


def _inside(completion: Completion, opened: str, stop: str | None, sentence: str) -> Completion:
    """The substring of a sentence that an answer names; the empty one where it names none."""
    closed = _unopened(completion, opened, stop)
    text = closed.text.strip()
    # Free of explanations, an answer is over at its stop, whatever the LLM goes on to say.
    if text in sentence and (closed.finished or not text):
        return replace(closed, text=text)
    spans = locate(completion.text.strip().removeprefix(opened), sentence)
    text = sentence[spans[0][0] : spans[0][1]] if spans else ""
    return replace(completion, text=text)
