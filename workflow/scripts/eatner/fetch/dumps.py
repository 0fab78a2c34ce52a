"""Fetch a wiki's dump files of one date from a mirror, and check them.

Layout of a mirror (dumps.wikimedia.org): `{mirror}/{wiki}/{date}/{wiki}-{date}-{name}`, with the
sums of all files in `{wiki}-{date}-sha1sums.txt`. A transfer that breaks goes on where it stopped
(HTTP ranges, RFC 9110 section 14), in this run or a later one.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import requests
from urllib3.exceptions import HTTPError

from eatner import progress
from eatner.attempts import PassingError, attempts
from eatner.errors import InputError

log = logging.getLogger(__name__)
Result = TypeVar("Result")
NAMES = {
    "dump": "pages-articles-multistream.xml.bz2",
    "index": "pages-articles-multistream-index.txt.bz2",
    "langlinks": "langlinks.sql.gz",
}
"""Names of the published files, after `{wiki}-{date}-`."""
_CHUNK = 1 << 20
_TIMEOUT = (20, 60)  # seconds to connect, and between two pieces of a file
_AGENT = {"User-Agent": "eatner (research; respects Retry-After)"}
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_LINE = re.compile(r"([0-9a-f]{40})\s+\*?(\S+)$")


def url(mirror: str, wiki: str, date: str, name: str) -> str:
    """Return the address of a file, such as `langlinks.sql.gz`.

    Raises:
        InputError: The date is not eight digits. `latest` is refused because its files change.
    """
    if not re.fullmatch(r"\d{8}", date):
        raise InputError(
            f"the dump date {date!r} is not a date",
            remedy=f"Pin one as YYYYMMDD; {mirror.rstrip('/')}/{wiki}/ lists them.",
        )
    return f"{mirror.rstrip('/')}/{wiki}/{date}/{wiki}-{date}-{name}"


def published_sums(
    mirror: str, wiki: str, date: str, *, tries: int = 6, wait: float = 2.0
) -> dict[str, str]:
    """Fetch the published sha1 sums of a wiki and a date, by file name.

    Raises:
        InputError: The mirror does not answer, or has no such wiki or date, or no list of sums.
    """
    address = url(mirror, wiki, date, "sha1sums.txt")
    text = _with_retries(lambda: _get_text(address), address, tries, wait)
    sums = {match[2]: match[1] for line in text.splitlines() if (match := _LINE.match(line))}
    if not sums:
        raise InputError(
            "this is no list of sha1 sums", record=address, remedy="Check the mirror's address."
        )
    return sums


def fetch(address: str, out: Path, sha1: str, *, tries: int = 6, wait: float = 2.0) -> None:
    """Fetch one file; it gets its name only when its sum is right.

    What has come so far is kept in `{out}.part`, and the next call resumes from there.

    Args:
        address: The file's URL.
        out: Path of the file to write.
        sha1: Its published sum, in hexadecimal.
        tries: Number of attempts in a row without progress before giving up.
        wait: Seconds before the second attempt; doubled for each further one.

    Raises:
        InputError: The mirror has no such file, every attempt failed, or the sum is still wrong
            after the whole file was fetched a second time.
    """
    part = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    for fresh in (False, True):
        if fresh:
            # A resumed file may join parts of two versions; this attempt starts from nothing.
            part.unlink(missing_ok=True)
        _with_retries(lambda: _get_file(address, part), address, tries, wait, part)
        found = _sha1(part)
        if found == sha1.lower():
            part.replace(out)
            return
        log.warning("%s: sha1 %s where %s is published", address, found, sha1)
    part.unlink()
    raise InputError(
        f"its sha1 is {found}, but {sha1} is published",
        record=address,
        remedy="Try another mirror, or later: this one serves a damaged file.",
    )


def fetch_wiki(
    mirror: str,
    wiki: str,
    date: str,
    files: Sequence[tuple[str, Path]],
    *,
    tries: int = 6,
    wait: float = 2.0,
) -> None:
    """Fetch files of one wiki and date, and check them by their sums.

    A file that is already there with the right sum is left alone.

    Args:
        mirror: Address of the mirror.
        wiki: Name of the wiki's database, such as `jawiki`.
        date: The dump's date, eight digits.
        files: Names as in `NAMES`, each with the path to write.
        tries: Number of attempts in a row without progress before giving up.
        wait: Seconds before the second attempt; doubled for each further one.

    Raises:
        InputError: As for `published_sums` and `fetch`, or the sums do not list a file.
    """
    sums = published_sums(mirror, wiki, date, tries=tries, wait=wait)
    for name, out in files:
        full = f"{wiki}-{date}-{name}"
        if full not in sums:
            raise InputError(
                f"the mirror publishes no {full}",
                record=url(mirror, wiki, date, "sha1sums.txt"),
                remedy="Choose a date whose dump is complete.",
            )
        if out.exists() and _sha1(out) == sums[full]:
            log.info("%s is there already, with the published sum", out)
            continue
        fetch(url(mirror, wiki, date, name), out, sums[full], tries=tries, wait=wait)


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
            remedy="Check the network or try another mirror; what came so far is kept.",
        ) from error


def _check_status(response: requests.Response, address: str) -> None:
    """Raise an error for a refusal: one that may pass is tried again."""
    if response.status_code in _PASSING:
        after = response.headers.get("Retry-After", "")
        raise PassingError(
            f"HTTP {response.status_code}", min(float(after), 300) if after.isdigit() else 0.0
        )
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        raise InputError(
            f"the mirror answers HTTP {response.status_code}",
            record=address,
            remedy="Check the wiki and the date: mirrors keep the dumps of a few months only.",
        )


def _get_text(address: str) -> str:
    response = requests.get(address, timeout=_TIMEOUT, headers=_AGENT)
    _check_status(response, address)
    return response.text


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
            raise PassingError("the mirror sends another range than it was asked for")
        begin = have if resumed else 0
        length = response.headers.get("Content-Length", "")
        total = begin + int(length) if length.isdigit() else None
        bar = progress.counter(part.name.removesuffix(".part"), "B", total, unit_scale=True)
        with bar, open(part, "r+b" if resumed else "wb") as file:
            file.seek(begin)
            bar.update(begin)
            # Otherwise urllib3 drops what came of a piece in which the connection breaks.
            response.raw.enforce_content_length = False
            while chunk := response.raw.read(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
            size = file.tell()
    if total is not None and size != total:
        raise PassingError(f"the connection broke after {size} of {total} bytes")


def _sha1(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()
