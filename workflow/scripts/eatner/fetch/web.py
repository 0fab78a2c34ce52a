"""Fetch a file from the web and check it by its sum.

A transfer that breaks goes on where it stopped (HTTP ranges, RFC 9110 section 14), in this run or a
later one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import requests
from urllib3.exceptions import HTTPError

from eatner import progress
from eatner.attempts import PassingError, attempts
from eatner.errors import InputError
from eatner.files import digest

log = logging.getLogger(__name__)
Result = TypeVar("Result")
_CHUNK = 1 << 20
_NUMBER = re.compile(r"[0-9]{1,18}")
_LONGEST_TEXT = 16 << 20  # bytes; the sums of a whole wiki are a few thousand
_TIMEOUT = (20, 60)  # seconds to connect, and between two pieces of a file
_AGENT = {"User-Agent": "eatner (research; respects Retry-After)"}
_PASSING = {408, 425, 429, 500, 502, 503, 504}


def fetch(
    address: str, out: Path, algorithm: str, expected: str, *, tries: int = 6, wait: float = 2.0
) -> None:
    """Fetch one file; it gets its name only when its sum is right.

    What has come so far is kept in `{out}.part`, and the next call resumes from there.

    Args:
        address: The file's URL.
        out: Path of the file to write.
        algorithm: Of the sum: sha1 or sha256.
        expected: The sum that the file must have, in hexadecimal.
        tries: Number of attempts in a row without progress before giving up.
        wait: Seconds before the second attempt; doubled for each further one.

    Raises:
        InputError: The server has no such file, every attempt failed, or the sum is still wrong
            after the whole file was fetched a second time.
    """
    part = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    for fresh in (False, True):
        if fresh:
            # A resumed file may join parts of two versions; this attempt starts from nothing.
            part.unlink(missing_ok=True)
        _with_retries(lambda: _get_file(address, part), address, tries, wait, part)
        found = digest(part, algorithm)
        if found == expected.lower():
            part.replace(out)
            return
        log.warning("%s: %s %s where %s is expected", address, algorithm, found, expected)
    part.unlink()
    raise InputError(
        f"its {algorithm} is {found}, but {expected} is expected",
        record=address,
        remedy="Try another server, or later: this one serves a damaged file or another version.",
    )


def fetch_text(address: str, *, tries: int = 6, wait: float = 2.0) -> str:
    """Fetch a short text.

    Args:
        address: The text's URL.
        tries: Number of attempts before giving up.
        wait: Seconds before the second attempt; doubled for each further one.

    Raises:
        InputError: The server has no such text, or every attempt failed.
    """
    return _with_retries(lambda: _get_text(address), address, tries, wait)


def _with_retries(
    work: Callable[[], Result], address: str, tries: int, wait: float, part: Path | None = None
) -> Result:
    """Call `work` until it succeeds; an attempt that made the part longer is not counted."""

    def size() -> int:
        return part.stat().st_size if part is not None and part.exists() else 0

    errors = (requests.RequestException, HTTPError, PassingError)
    repeat = attempts(
        lambda error: isinstance(error, errors), tries=tries, wait=wait, log=log, progress=size
    )
    try:
        return repeat(work)
    except errors as error:
        raise InputError(
            f"{tries} attempts failed, the last with: {error}",
            record=address,
            remedy="Check the network or try another server; what came so far is kept.",
        ) from error


def _check_status(response: requests.Response, address: str) -> None:
    """Raise an error for a refusal: one that may pass is tried again."""
    if response.status_code in _PASSING:
        after = response.headers.get("Retry-After", "")
        raise PassingError(
            f"HTTP {response.status_code}",
            min(float(after), 300) if _NUMBER.fullmatch(after) else 0.0,
        )
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        raise InputError(
            f"the server answers HTTP {response.status_code}",
            record=address,
            remedy="Check the address. Of a dump, check the wiki and the date: mirrors keep the "
            "dumps of a few months only.",
        )


def _get_file(address: str, part: Path) -> None:
    """Fetch the missing rest of a file; what came is kept where the connection breaks."""
    have = part.stat().st_size if part.exists() else 0
    # identity: the ranges of a response that the server compresses would not be those of the file.
    headers = {**_AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with requests.get(address, stream=True, timeout=_TIMEOUT, headers=headers) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            whole = response.headers.get("Content-Range", "").rpartition("/")[2]
            if whole != str(have):
                part.unlink()
                raise PassingError(f"{have} bytes are there, but the file has {whole or 'fewer'}")
            return
        _check_status(response, address)
        resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise PassingError("the server sends another range than it was asked for")
        begin = have if resumed else 0
        length = response.headers.get("Content-Length", "")
        total = begin + int(length) if _NUMBER.fullmatch(length) else None
        bar = progress.counter(part.name.removesuffix(".part"), "B", total, unit_scale=True)
        # Unbuffered, and in pieces as they come: a kill or a stall loses nothing that has come.
        with bar, open(part, "r+b" if resumed else "wb", buffering=0) as file:
            file.seek(begin)
            bar.update(begin)
            # Otherwise urllib3 drops what came of a piece in which the connection breaks.
            response.raw.enforce_content_length = False
            while chunk := response.raw.read1(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
            size = file.tell()
    if total is not None and size != total:
        raise PassingError(f"the connection broke after {size} of {total} bytes")


def _get_text(address: str) -> str:
    with requests.get(address, stream=True, timeout=_TIMEOUT, headers=_AGENT) as response:
        _check_status(response, address)
        content = bytearray()
        for piece in response.iter_content(_CHUNK):
            content += piece
            if len(content) > _LONGEST_TEXT:
                raise InputError(
                    f"more than {_LONGEST_TEXT >> 20} MiB where a short text is expected",
                    record=address,
                    remedy="Check the address.",
                )
    return content.decode(errors="replace")
