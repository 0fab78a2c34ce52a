r"""The links between languages of a wiki, from its SQL dump (`langlinks.sql.gz`).

Format: mysqldump of MediaWiki's table `langlinks` (mediawiki.org, Manual:Langlinks_table). The
columns' positions come from the file's own CREATE TABLE. One regular expression finds the rows in
large blocks, at the speed of C. It cannot match inside a quoted value, because mysqldump writes
every quote there as ``\'``, so no value holds a number, a comma and a bare quote in a row.
"""

from __future__ import annotations

import gzip
import logging
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from eatner.errors import InputError

log = logging.getLogger(__name__)
_BLOCK = 1 << 22
_HEAD = 1 << 20  # bytes in which the table must be declared
# The longest row: a title of 255 bytes, all of them escaped, a language and an id.
_ROW = 4096
_CREATE = re.compile(rb"CREATE TABLE (?:IF NOT EXISTS )?`?(\w{1,64})`?\s{0,9}\(")
_CREATED = re.compile(rb"\n[ \t]*+\)")
_ANNOUNCED = re.compile(rb"\s*(?:/\*.*?\*/;?\s*)?-- (?:MySQL|MariaDB) dump ")
_COLUMN = re.compile(rb"^[ \t]*+`(\w{1,64})`", re.MULTILINE)
# Unrolled: runs of plain bytes at once, an escape between them.
_VALUE = rb"[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+"
_STRING = rb"'" + _VALUE + rb"'"
_ESCAPED = re.compile(rb"\\(.)|''", re.DOTALL)
_PLAIN = {b"0": b"\0", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"Z": b"\x1a"}
_COLUMNS = ("ll_from", "ll_lang", "ll_title")


def _plain(match: re.Match[bytes]) -> bytes:
    return b"'" if match[1] is None else _PLAIN.get(match[1], match[1])


def _row_pattern(columns: list[str], language: str) -> re.Pattern[bytes]:
    cells = {
        "ll_from": rb"(?P<id>\d{1,18})",
        "ll_lang": b"'" + re.escape(language.encode()) + b"'",
        "ll_title": rb"'(?P<title>" + _VALUE + rb")'",
    }
    other = rb"(?:NULL|-?[\d.]+(?:e[-+]?\d+)?|" + _STRING + rb")"
    return re.compile(
        rb"\(" + b",".join(cells.get(name, other) for name in columns) + rb"\)(?=[,;])", re.DOTALL
    )


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with open(path, "rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) if zipped else raw as file:
                while block := file.read(_BLOCK):
                    yield block
    except IsADirectoryError as error:
        raise InputError("a folder", path=path, remedy="Give the path of a file.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"the gzip file is cut off or damaged ({error})",
            path=path,
            remedy="Download it again and compare its sha1 with the published one.",
        ) from error


def read(path: Path, language: str = "en") -> dict[int, str]:
    """Read the titles that the pages of a wiki have in another language.

    Args:
        path: Path of `langlinks.sql` or `langlinks.sql.gz`.
        language: Code of the other language, as in the column `ll_lang`.

    Returns:
        Title of each page_id, with spaces, as the dump has it: `parse_dump` leaves out the links
        that lead to a section (``Berlin#Mitte``).

    Raises:
        InputError: Not such a dump, a file that is cut off or damaged, no link to `language`.
    """
    links: dict[int, str] = {}
    pattern: re.Pattern[bytes] | None = None
    buffer, base, inserts, announced = b"", 0, False, False
    for block in _blocks(path):
        buffer += block
        announced = announced or (not base and _ANNOUNCED.match(buffer) is not None)
        if pattern is None:
            created = _CREATE.search(buffer, 0, _HEAD)
            end = _CREATED.search(buffer, created.end(), 2 * _HEAD) if created else None
            if created is None or end is None:
                if len(buffer) > 2 * _HEAD:
                    break
                continue
            declared = buffer[created.end() : end.start()]
            columns = [name.decode() for name in _COLUMN.findall(declared)]
            if not set(_COLUMNS) <= set(columns) or len(set(columns)) < len(columns):
                raise InputError(
                    f"the table {created[1].decode()} has the columns {' '.join(columns)}",
                    path=path,
                    remedy=f"Give the langlinks dump: its columns are {' '.join(_COLUMNS)}.",
                )
            pattern = _row_pattern(columns, language)
        inserts = inserts or b"INSERT INTO" in buffer
        rows = pattern.findall(buffer)
        if pattern.groupindex["title"] < pattern.groupindex["id"]:
            rows = [(page, title) for title, page in rows]
        for page, title in rows:
            if b"\\" in title or b"''" in title:
                title = _ESCAPED.sub(_plain, title)
            try:
                if title:
                    links[int(page)] = title.decode().replace("_", " ")
            except UnicodeDecodeError:
                log.warning(
                    "%s: the title of page %s is not UTF-8; the row is left out",
                    path,
                    page.decode(),
                )
        # A row that the block's end cuts is found whole in the next round; others are found twice.
        done = max(0, len(buffer) - _ROW)
        base += done
        buffer = buffer[done:]
    if pattern is None:
        raise InputError(
            "no CREATE TABLE at the beginning",
            path=path,
            remedy="Give the langlinks.sql.gz of the wiki, as its mirror publishes it.",
        )
    _refuse_cut(path, buffer, base, inserts)
    if announced and b"-- Dump completed" not in buffer:
        log.warning(
            "%s: the last line, `-- Dump completed`, is missing; if rows are too, download it again"
            " and compare its sha1 with the published one",
            path,
        )
    if not links:
        raise InputError(
            f"no page of this wiki has a link to the language {language!r}",
            path=path,
            remedy="Check that this is the langlinks dump of the wiki you name.",
        )
    return links


def _refuse_cut(path: Path, tail: bytes, base: int, inserts: bool) -> None:
    """Refuse a dump that ends in the middle of a statement."""
    text = re.sub(rb"(?m)^\s*(?:--.*|/\*.*\*/;?)?\s*$", b"", tail).strip()
    last = text.rpartition(b"\n")[2]
    # A semicolon ends a statement, but it may also be part of a title: then a quote is before it.
    whole = last.endswith((b");", b"*/", b"*/;")) or (last.endswith(b";") and b"'" not in last)
    if inserts and text and not whole:
        raise InputError(
            "the file ends in the middle of a row",
            path=path,
            record=f"byte {base + len(tail)}",
            remedy="Download it again and compare its sha1 with the published one.",
        )
