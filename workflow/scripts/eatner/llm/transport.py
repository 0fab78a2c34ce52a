"""Requests to an OpenAI-compatible server, made again where that may help.

What may pass (a limit of requests, a server's fault, a lost connection) is tried again, later and
later; what will not pass (a wrong key, a wrong name) ends the job at once with what to do. The key
comes from the environment and goes into one header, nowhere else.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from eatner.attempts import PassingError, attempts
from eatner.errors import InputError

# How often a request is made before the job gives up: with the waits below, about two minutes.
TRIES = 8
# Seconds: pauses are drawn between 0 and this, twice this, four times this ...
FIRST_PAUSE = 1.0
# A server that asks for a longer pause than these seconds is asked by the next run.
LONGEST_PAUSE = 600
CONNECT_SECONDS = 10
# Statuses that may pass: time-out, conflict, too early, too many requests.
PASSING = (408, 409, 425, 429)
# Bytes of a reply; the longest answers, with the log-probabilities of all tokens, have few million.
LONGEST_REPLY = 64 << 20
# Headers that told how a reply came, and are untrue of the bytes that it holds.
_OF_TRANSFER = (b"content-encoding", b"content-length", b"transfer-encoding")
# Length of a server's message in ours, in characters.
LONGEST_MESSAGE = 300
# How servers say that a prompt is too long for them: codes of OpenAI and llama.cpp; the words of
# vLLM, SGLang, Text Generation Inference and others. Proxies say HTTP 413.
TOO_LONG = ("context_length_exceeded", "exceed_context_size_error")
TOO_LONG_MESSAGE = re.compile(
    r"maximum (?:context|model) length|(?:model's|available|maximum) context (?:length|size|window)"
    r"|exceeds? the (?:context|maximum number of tokens)|(?:prompt|input)s?`? (?:is|are) too long"
    r"|`inputs`.{0,40} must (?:be <=|have less than)",
    re.IGNORECASE,
)
# Replies may hold everything that JSON can.
Json = Mapping[str, Any]


class RequestError(PassingError):
    """A request that may succeed when it is made again.

    Args:
        problem: What happened.
        after: Seconds that the server asks to wait.
        status: HTTP status of the refusal that it is if it never succeeds; None: no refusal.
    """

    def __init__(self, problem: str, after: float = 0.0, *, status: int | None = None) -> None:
        super().__init__(problem, after)
        self.status = status


@dataclass(frozen=True, slots=True)
class ServerError:
    """What a server says is wrong.

    Attributes:
        status: Its HTTP status, or the code in the reply of a server that sends errors with 200.
        message: Its words; empty where it says nothing.
        code: Its names for the error.
    """

    status: int
    message: str
    code: tuple[object, ...]

    @property
    def is_too_long(self) -> bool:
        """Whether it refuses a prompt for its length."""
        named = any(name in TOO_LONG for name in self.code)
        return self.status == 413 or named or bool(TOO_LONG_MESSAGE.search(self.message))


class Transport:
    """A connection to a server, for several threads.

    Args:
        url: Address up to and without `/chat/completions`.
        name: The model's name there, for messages.
        key_variable: The environment variable that holds the key, if one is needed.
        concurrency: Limit of requests at a time.
        timeout: Limit of seconds between two signs of life of a request.

    Raises:
        InputError: What `check_address` raises; the environment variable holds no key.
    """

    def __init__(
        self, url: str, name: str, key_variable: str | None, concurrency: int, timeout: float
    ) -> None:
        check_address(url, key_variable)
        self.url, self.name, self.key_variable = url.rstrip("/"), name, key_variable
        self.timeout = timeout
        self._key = None if key_variable is None else _read_key(key_variable)
        self.client = httpx.Client(
            base_url=self.url + "/",
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS), pool=None),
            limits=httpx.Limits(max_connections=concurrency),
        )

    def ask(self, path: str, body: Json, stopping: threading.Event) -> Json | None:
        """Make a request until there is a reply.

        Args:
            path: Path after the address, such as `chat/completions`.
            body: The request.
            stopping: When it is set, a request that failed is not made again.

        Returns:
            The reply's JSON, which has a choice; None where the prompt is too long for the server.

        Raises:
            InputError: The server refuses, or a request failed `TRIES` times.
        """
        retrying = attempts(
            lambda error: isinstance(error, RequestError),
            tries=TRIES,
            wait=FIRST_PAUSE,
            longest=LONGEST_PAUSE + 1,
            jitter=True,
            stopping=stopping,
        )
        try:
            return retrying(self._post, path, body)
        except RequestError as error:
            problem = f"no answer, however often it was asked ({error})"
            if error.status is not None:
                raise self._refusal(problem, error.status) from None
            raise InputError(
                problem,
                record=self.who,
                remedy="Look at the server, or lower `concurrency`; run again, and what has been "
                "answered is not asked again.",
            ) from None

    def _post(self, path: str, body: Json) -> Json | None:
        """Make a request once; see `ask`.

        Raises:
            RequestError: It may succeed when it is made again.
            InputError: It will not.
        """
        try:
            reply = self._limited(path, body)
        except httpx.TimeoutException:
            raise RequestError(f"nothing heard for {self.timeout:g} seconds") from None
        except httpx.RequestError as failure:
            problem = f"{type(failure).__name__}: {failure}"
            raise RequestError(self.safe(problem)) from None
        content = _json(reply)
        error = _server_error(reply, content)
        if error is not None:
            if error.is_too_long:
                return None
            if error.status == 400 and "content_filter" in error.code:
                return {"choices": [{"finish_reason": "content_filter"}]}
            raise self._failure(error, reply.headers.get("Retry-After"))
        kind = reply.headers.get("Content-Type", "application/json").split(";")[0]
        if kind == "text/event-stream":
            raise self._refusal("the answer comes as a stream of events", 400)
        if "json" not in kind:
            # The page of a proxy, or for good that of a server whose address is another.
            raise RequestError(f"the answer is {kind} and not JSON", status=404)
        if content is None:
            raise RequestError("the answer is no valid JSON")
        choices = content.get("choices") if isinstance(content, dict) else None
        if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
            raise RequestError("the answer has no choices")
        if not _has_content(choices[0]):
            raise RequestError("the answer has no text where this protocol has it", status=404)
        if choices[0].get("finish_reason") in ("error", "abort"):
            raise RequestError("the server broke the answer off")
        return content

    def _limited(self, path: str, body: Json) -> httpx.Response:
        """Make a request once, and read no more of its reply than an answer can have.

        Raises:
            InputError: The reply is larger.
        """
        content = bytearray()
        with self.client.stream("POST", path, json=body) as reply:
            for piece in reply.iter_bytes():  # what was compressed is decompressed in pieces
                content += piece
                if len(content) > LONGEST_REPLY:
                    raise InputError(
                        f"a reply of more than {LONGEST_REPLY >> 20} MiB",
                        record=self.who,
                        remedy="Look at the server: no answer is so long.",
                    )
        headers = [(k, v) for k, v in reply.headers.raw if k.lower() not in _OF_TRANSFER]
        return httpx.Response(
            reply.status_code, headers=headers, content=bytes(content), request=reply.request
        )

    def _failure(self, error: ServerError, retry_after: str | None) -> Exception:
        """Say what follows from an error: another try or none."""
        message = self.safe(" ".join(error.message.split()))[:LONGEST_MESSAGE]
        problem = f"HTTP {error.status}{': ' if message else ''}{message}"
        if 300 <= error.status < 400:
            return self._refusal(problem, error.status)
        # An error that is sent with 200 and without a code may be any.
        if 400 <= error.status < 500 and error.status not in PASSING:
            return self._refusal(problem, error.status)
        pause = _retry_after(retry_after)
        if pause is not None and pause > LONGEST_PAUSE:
            return self._refusal(f"{problem}; the server asks to wait {pause:.0f} seconds", 429)
        return RequestError(problem, pause or 0.0)

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
                "fields of the request by `request` (such as {stream: false}), under models."
            )
        return InputError(problem, record=self.who, remedy=remedy)

    @property
    def who(self) -> str:
        """The server and the model, for messages."""
        return f"{self.url}, model {self.name}"

    def safe(self, text: str) -> str:
        """Return a text without the key, which some servers say back, and that can be written.

        JSON may hold half of a surrogate pair, as of an emoji that was cut; UTF-8 cannot.
        """
        text = re.sub("[\ud800-\udfff]", "\ufffd", text)
        return text.replace(self._key, "***") if self._key else text


def check_address(url: str, key_variable: str | None) -> None:
    """Refuse an endpoint that holds a secret, and a key where the name of its variable belongs.

    Raises:
        InputError: Without what was given, because that may be a secret and the message goes to a
            log.
    """
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        address = httpx.URL(url)
        labels = address.raw_host.rstrip(b".").split(b".")  # ASCII, which a name may become
        plain = plain and bool(address.host) and all(0 < len(label) < 64 for label in labels)
    except (ValueError, httpx.InvalidURL):
        plain = False
    if not plain or parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(
            "`endpoint` must be a plain URL of a host, with no user, password or question mark",
            remedy="Write it like http://localhost:8000/v1. A key belongs into an environment "
            "variable: name it by `key_variable`.",
        )
    if key_variable is not None and not re.fullmatch("[A-Z_][A-Z0-9_]*", key_variable):
        raise InputError(
            "`key_variable` must be the name of an environment variable, in capitals",
            remedy="Write it like MY_KEY. If it is a key that stands there, it is in a file and in "
            "logs now: have it changed.",
        )


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


def _json(reply: httpx.Response) -> Any:
    """Read a reply's JSON; None where it is none."""
    try:
        return reply.json()
    except (ValueError, RecursionError):
        return None


def _has_content(choice: Json) -> bool:
    """Whether a choice has a message or a text of the right type; either may be missing or null."""
    message = choice.get("message")
    if message is None:
        message = {"content": choice.get("text")}
    if not isinstance(message, dict) or "delta" in choice:
        return False
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    right_type = content is None or isinstance(content, str | list)
    return right_type and all(isinstance(part, dict) for part in parts)


def _server_error(reply: httpx.Response, content: Any) -> ServerError | None:
    """Find the error in a reply: under `error`, or at the top as older vLLM and SGLang write it.

    With or without an HTTP status that says so; also beside what was written until then, or inside
    the choice, as proxies write it.
    """
    found: Any = None
    if isinstance(content, dict):
        found = content.get("error")
        choices = content.get("choices")
        if found is None and isinstance(choices, list) and choices and isinstance(choices[0], dict):
            found = choices[0].get("error")
        if (
            found is None
            and "choices" not in content
            and (content.get("object") == "error" or not reply.is_success)
        ):
            found = content
        if isinstance(found, str):
            found = {"message": found, "type": content.get("error_type")}
    if not isinstance(found, dict):
        if reply.is_success:
            return None
        found = {}
    message = found.get("message") or found.get("detail")
    if not isinstance(message, str):
        message = "" if reply.is_success else reply.text
    code, status = found.get("code"), reply.status_code
    if reply.is_success and re.fullmatch(r"[345]\d\d", str(code)):
        status = int(str(code))
    return ServerError(status, message, (code, found.get("type")))


def _retry_after(header: str | None) -> float | None:
    """Read the seconds of a Retry-After header, in either form (RFC 9110, section 10.2.3)."""
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
