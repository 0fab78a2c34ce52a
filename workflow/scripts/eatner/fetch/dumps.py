"""Fetch a wiki's dump files of one date from a mirror, and check them.

Layout of a mirror (dumps.wikimedia.org): `{mirror}/{wiki}/{date}/{wiki}-{date}-{name}`, with the
sums of all files in `{wiki}-{date}-sha1sums.txt`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from eatner.errors import InputError
from eatner.fetch import web
from eatner.files import digest

log = logging.getLogger(__name__)
NAMES = {
    "dump": "pages-articles-multistream.xml.bz2",
    "index": "pages-articles-multistream-index.txt.bz2",
    "langlinks": "langlinks.sql.gz",
}
"""Names of the published files, after `{wiki}-{date}-`."""
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
    text = web.fetch_text(address, tries=tries, wait=wait)
    sums = {match[2]: match[1] for line in text.splitlines() if (match := _LINE.match(line))}
    if not sums:
        raise InputError(
            "this is no list of sha1 sums", record=address, remedy="Check the mirror's address."
        )
    return sums


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
        InputError: As for `published_sums` and `web.fetch`, or the sums do not list a file.
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
        if out.exists() and digest(out, "sha1") == sums[full]:
            log.info("%s is there already, with the published sum", out)
            continue
        address = url(mirror, wiki, date, name)
        web.fetch(address, out, "sha1", sums[full], tries=tries, wait=wait)
