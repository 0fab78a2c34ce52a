"""Titles, leads and links of the articles in a Wikipedia dump, as a stream of rows.

Format: MediaWiki's XML export 0.10 and 0.11 (mediawiki.org/xml/export-0.11.xsd), as plain XML or
compressed with bz2, in one stream or in many (`pages-articles-multistream.xml.bz2` has a hundred
pages in each stream). The streams of a bz2 file are found by their magic number of ten bytes, so
the index is not needed; where one is given, it is checked against the dump.

The writers of dumps are programs with one layout, so pages are found by searching for their tags,
which is several times faster than any XML parser; `pages.read_page` deals with other layouts.
"""

from __future__ import annotations

import logging
import multiprocessing
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from eatner.errors import InputError
from eatner.tables import Title
from eatner.text.languages import Language
from eatner.wiki.articles import PageReader, article_row
from eatner.wiki.pages import PAGE_LIMIT, unescape, without_old_revisions
from eatner.wiki.streams import (
    AGAIN,
    LAYOUT,
    READ,
    batches,
    chain,
    check_index,
    count_progress,
    first_bytes,
    inflate,
    inflate_strictly,
    plain,
    refuse_encoding,
    stream_bounds,
)
from eatner.wiki.targets import Names

log = logging.getLogger(__name__)
_NAMESPACE = re.compile(r'<namespace\b[^<>]*?key="(-?\d+)"[^<>]*?(?:/>|>([^<]*)</namespace>)')
_CASE = re.compile(r"<case>([^<]*)</case>")
# MediaWiki's own names, valid in every wiki, and the prefixes of the sister projects.
_CANONICAL = (
    "media", "special", "talk", "user", "wikipedia", "project", "template", "help", "portal",
    "draft", "module", "mediawiki", "book", "timedtext", "gadget", "topic", "user-talk", "wp",
    "wt",
)  # fmt: skip
_SISTERS = (
    "wikt", "wiktionary", "commons", "c", "wikisource", "s", "wikiquote", "q", "wikinews", "n",
    "wikibooks", "b", "wikiversity", "v", "wikivoyage", "voy", "wikispecies", "species", "meta",
    "m", "metawikipedia", "mw", "d", "wikidata", "w", "wikipedia", "incubator", "foundation",
    "wmf", "phabricator", "doi", "bugzilla", "mailarchive", "toollabs", "iarchive",
)  # fmt: skip

Item = TypeVar("Item")
Result = TypeVar("Result")


def parse_dump(
    dump: Path,
    language: Language,
    english: Mapping[int, str],
    *,
    index: Path | None = None,
    threads: int = 1,
    paragraphs: int = 0,
    progress: Callable[[int], object] = lambda size: None,
) -> Iterator[Title]:
    """Read a dump's articles.

    Args:
        dump: Path of the dump: XML, or XML in bz2 of one or many streams.
        language: Language of the wiki; its row says how the wiki marks what is no article.
        english: English title of each page_id, as `langlinks.read` returns them; a page that is
            not in it may still name its English title by a link ``[[en:...]]`` of its own.
        index: Path of the dump's `multistream-index.txt.bz2`, which is checked against the dump.
        threads: Number of processes that read pages; the order of the rows does not depend on it.
        paragraphs: Number of paragraphs to read after the lead section.
        progress: Called with the number of bytes of the file that were read since the last call.

    Yields:
        Rows of `titles.tsv` in the dump's order, one for each page of the main namespace, read
        from its newest revision. kind is `oversized` for a page beyond `PAGE_LIMIT`. A redirect
        to a section leads to ``title#section``, which is no page. Only articles have a lead: plain
        text (NFC), with a newline between paragraphs. links is a JSON list, in code points of
        lead: [start, end, target] for a link, [start, end, own title, true] for a name in bold,
        and [at, at, ""] for a hole, where a sentence misses something.

    Raises:
        InputError: The dump is cut off, damaged, not UTF-8, not XML of this format, or declares
            entities. It names the byte offset, in bz2 that of the stream.
    """
    begin = first_bytes(dump)
    if begin.startswith(b"BZh"):
        streams = stream_bounds(dump)
        if index is not None:
            check_index(dump, index)
        spans = batches(streams)
        head = _read_head(dump, inflate_strictly(dump, *next(stream_bounds(dump))))
    else:
        spans = None
        head = _read_head(dump, plain(dump))
    reader = PageReader(
        dump,
        language,
        _names(head, language),
        paragraphs,
        _disambiguation(language),
        re.compile("|".join(language.list_titles)) if language.list_titles else None,
    )
    if spans is None:
        results = _from_chunks(reader, count_progress(plain(dump), len, progress), threads)
    else:
        first, second = next(spans), next(spans, None)
        if second is None:
            results = _from_chunks(reader, inflate(dump, *first), threads)
        else:
            every = count_progress(
                chain(first, second, spans), lambda span: span[1] - span[0], progress
            )
            results = _from_streams(reader, every, threads)
    nameless: list[Title] = []
    for row in results:
        title = english.get(row.page_id, "").removeprefix(":").strip() or row.english
        if title and "#" in title + row.title:
            nameless.append(row)
            title = ""
        yield replace(row, english=title)
    if nameless:
        log.warning(
            "%s: pages without an English title, because a `#` in it or in theirs makes it that of"
            " a section: %d; the first is page %d, %r",
            dump, len(nameless), nameless[0].page_id, nameless[0].title,
        )  # fmt: skip


def _read_head(path: Path, chunks: Iterable[bytes]) -> str:
    """The text before the first page."""
    head = b""
    for chunk in chunks:
        head += chunk
        if b"<page>" in head or len(head) > READ:
            break
    if b"\0" in head[:64] or not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        refuse_encoding(path, head[:64])
    head = head.partition(b"<page>")[0][:READ]
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise InputError(
            "a document type declaration, which may define entities and which no dump has",
            path=path,
            record=f"byte {head.find(b'<!')} of the XML",
            remedy=LAYOUT,
        )
    if b"<mediawiki" not in head:
        raise InputError("no <mediawiki> at the beginning", path=path, remedy=LAYOUT)
    try:
        return head.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 ({error.reason})",
            path=path,
            record=f"byte {error.start} of the XML",
            remedy=AGAIN,
        ) from error


def _names(head: str, language: Language) -> Names:
    """The namespaces of the wiki, from the dump's head and the table of languages."""
    hidden = {"file", "image", "category", *(name.lower() for name in language.namespaces)}
    other = {*_CANONICAL, *_SISTERS}
    for key, name in _NAMESPACE.findall(head):
        lower = unescape(name).strip().lower()
        if lower and key in ("6", "14"):
            hidden.add(lower)
        elif lower:
            other.add(lower)
    case = _CASE.search(head)
    return Names(
        frozenset(hidden),
        frozenset(other - hidden),
        case is None or case[1].strip() == "first-letter",
    )


def _disambiguation(language: Language) -> re.Pattern[str]:
    names = {"disambiguation", "disambig", "dab", *language.disambiguation_templates}
    choices = "|".join(re.escape(name).replace(r"\ ", "[ _]") for name in sorted(names))
    return re.compile(r"\{\{\s*(?:" + choices + r")\s*[|}]", re.IGNORECASE)


@dataclass(slots=True)
class _Pages:
    """Cuts pages out of a stream of bytes, and keeps what is before the first and after the last.

    Attributes:
        path: Path of the dump, for errors.
        loose: Whether the stream may begin in the middle of a page.
        head: The bytes before the first page's tag, if `loose`: they may end an earlier page.
        rest: Bytes that are not cut yet; after the end, the beginning of an unfinished page.
        begun: Whether a page's tag was seen.
        skipping: Whether the current page is beyond `PAGE_LIMIT`.
        scanned: Number of bytes of `rest` that are known to hold no closing tag.
        oversized: The beginning of the last page that was skipped.
    """

    path: Path
    loose: bool = False
    head: bytes = b""
    rest: bytearray = field(default_factory=bytearray)
    begun: bool = False
    skipping: bool = False
    scanned: int = 0
    oversized: bytes = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the pages that this piece completes; empty bytes for one beyond `PAGE_LIMIT`."""
        rest = self.rest
        rest += chunk
        done = 0
        while True:
            if not self.begun and self.loose:
                at = rest.find(b"<page>", max(0, self.scanned - 6))
                if at < 0:
                    self.scanned = len(rest)
                    if len(rest) > PAGE_LIMIT:
                        self._refuse_endless()
                    return
                self.head = bytes(rest[:at])
                done = at
                self.begun, self.scanned = True, 0
            end = rest.find(b"</page>", max(done, self.scanned - 7))
            if end < 0:
                break
            self.scanned = 0
            if self.skipping:
                self.skipping = False
                yield b""
            else:
                begin = rest.find(b"<page>", done, end)
                yield bytes(rest[begin if begin >= 0 else done : end + 7])
            done = end + 7
        del rest[:done]
        self.scanned = len(rest)
        if len(rest) > PAGE_LIMIT:
            if not self.skipping:
                # A page of a history dump may be of any size: its newest revision is not.
                rest[:] = without_old_revisions(bytes(rest))
            if self.skipping or len(rest) > PAGE_LIMIT:
                if not self.skipping:
                    self.skipping = True
                    self.oversized = bytes(rest[:4096])
                del rest[:-16]
            self.scanned = len(rest)

    def _refuse_endless(self) -> None:
        raise InputError(
            f"{PAGE_LIMIT} bytes without the beginning of a page", path=self.path, remedy=LAYOUT
        )

    def pages(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield all pages; of one beyond `PAGE_LIMIT`, a zero byte and its beginning."""
        for chunk in chunks:
            for page in self.feed(chunk):
                yield page or b"\0" + self.oversized


def _from_chunks(reader: PageReader, chunks: Iterable[bytes], threads: int) -> Iterator[Title]:
    """Read a file that only one process can decompress; others read its pages."""
    cutter = _Pages(reader.path)
    work = _groups(cutter.pages(chunks))
    for rows in _ordered(reader, _read_pages, work, threads):
        yield from rows
    _refuse_unfinished(reader.path, bytes(cutter.rest), cutter.skipping)


def _groups(pages: Iterable[bytes]) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    size = 0
    for page in pages:
        group.append(page)
        size += len(page)
        if size > 1 << 21:
            yield group
            group, size = [], 0
    if group:
        yield group


def _read_pages(reader: PageReader, pages: list[bytes]) -> list[Title]:
    return [row for page in pages if (row := article_row(reader, page, "")) is not None]


def _read_batch(
    reader: PageReader, span: tuple[int, int]
) -> tuple[bytes, list[Title], bytes, bool]:
    """Read the streams between two offsets.

    Returns:
        The bytes before the first page, the rows, the bytes after the last page, and whether there
        was a page at all.
    """
    cutter = _Pages(reader.path, loose=True)
    where = f"in the bz2 streams from byte {span[0]}"
    rows = [
        row
        for page in cutter.pages(inflate(reader.path, *span))
        if (row := article_row(reader, page, where)) is not None
    ]
    return cutter.head, rows, bytes(cutter.rest), cutter.begun


def _from_streams(
    reader: PageReader, spans: Iterator[tuple[int, int]], threads: int
) -> Iterator[Title]:
    """Read batches of streams independently, and join a page that crosses their edge."""
    edge = b""
    for head, rows, rest, begun in _ordered(reader, _read_batch, spans, threads):
        edge += head if begun else rest
        if begun:
            cutter = _Pages(reader.path)
            for page in cutter.pages([edge]):
                row = article_row(reader, page, "")
                if row is not None:
                    yield row
            yield from rows
            edge = rest
        if len(edge) > PAGE_LIMIT:
            edge = without_old_revisions(edge)
        if len(edge) > PAGE_LIMIT:
            raise InputError(
                "a page that crosses many bz2 streams and is larger than any page may be",
                path=reader.path,
                remedy=LAYOUT,
            )
    cutter = _Pages(reader.path)
    for page in cutter.pages([edge]):
        row = article_row(reader, page, "")
        if row is not None:
            yield row
    _refuse_unfinished(reader.path, bytes(cutter.rest), False)


def _ordered(
    reader: PageReader,
    work: Callable[[PageReader, Item], Result],
    items: Iterable[Item],
    threads: int,
) -> Iterator[Result]:
    """Map over items in processes, in order, with only a few of them waiting at a time.

    An `InputError` of a process is raised here as it was raised there.
    """
    # fork: a script that Snakemake runs has no `if __name__` guard for spawned children.
    if threads <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        for item in items:
            yield work(reader, item)
        return
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(threads, mp_context=context)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, reader, item))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _refuse_unfinished(path: Path, rest: bytes, skipping: bool) -> None:
    if skipping or b"</mediawiki>" not in rest or b"<page>" in rest:
        raise InputError(
            "the dump ends without </mediawiki>: it is cut off",
            path=path,
            record=f"byte {path.stat().st_size}",
            remedy=AGAIN,
        )
