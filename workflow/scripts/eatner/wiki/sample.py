"""Write a small wiki from readable sources in the formats of the real Wikipedia dumps.

Formats: MediaWiki XML export 0.11 in bz2 streams of 100 pages with an index of
`offset:page_id:title` lines (the `pages-articles-multistream` pair), and the `langlinks` table as
gzipped SQL with its `CREATE TABLE`.
"""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import yaml

from eatner.errors import InputError
from eatner.files import atomic

PAGES_A_STREAM = 100
# The same sources must give the same bytes, so all pages have one time.
TIMESTAMP = "2026-01-01T00:00:00Z"
KEYS = {"title", "english", "redirect", "text"}


def build(sources: Sequence[Path], code: str, dump: Path, index: Path, langlinks: Path) -> int:
    """Build the three dump files.

    Args:
        sources: Paths of YAML files: lists of pages with `title`, and either `redirect` (a title)
            or `text` (wikitext) with, for an article, `english` (its title in the English
            Wikipedia).
        code: Language code of the wiki, such as `ja`.
        dump: Path of the `pages-articles-multistream.xml.bz2` to write.
        index: Path of the `multistream-index.txt.bz2` to write.
        langlinks: Path of the `langlinks.sql.gz` to write.

    Returns:
        The number of pages.

    Raises:
        InputError: A page of another form, or two pages with one title.
    """
    pages = list(_pages(sources))
    head = (
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" '
        f"xml:lang={quoteattr(code)}>\n  <siteinfo>\n    <sitename>Wikipedia</sitename>\n"
        f"    <dbname>{code}wiki</dbname>\n    <case>first-letter</case>\n    <namespaces>\n"
        '      <namespace key="0" case="first-letter" />\n'
        '      <namespace key="14" case="first-letter">Category</namespace>\n'
        "    </namespaces>\n  </siteinfo>\n"
    )
    lines = []
    with atomic(dump) as partial, open(partial, "wb") as out:
        out.write(bz2.compress(head.encode()))
        for first in range(0, len(pages), PAGES_A_STREAM):
            offset = out.tell()
            stream = []
            for page_id, page in enumerate(pages[first : first + PAGES_A_STREAM], first + 1):
                stream.append(_page_xml(page_id, page))
                lines.append(f"{offset}:{page_id}:{page['title']}\n")
            out.write(bz2.compress("".join(stream).encode()))
        out.write(bz2.compress(b"</mediawiki>\n"))
    with atomic(index) as partial:
        partial.write_bytes(bz2.compress("".join(lines).encode()))
    with atomic(langlinks) as partial:
        # mtime=0: gzip would otherwise write the time of day into the file.
        partial.write_bytes(gzip.compress(_langlinks_sql(pages).encode(), mtime=0))
    return len(pages)


def _pages(sources: Sequence[Path]) -> Iterator[dict[str, str]]:
    remedy = "See the other pages there: title and text (and english), or title and redirect."
    seen: dict[str, Path] = {}
    for source in sources:
        try:
            pages = yaml.safe_load(source.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise InputError(f"not YAML ({error})", path=source, remedy=remedy) from error
        if not isinstance(pages, list):
            raise InputError("not a list of pages", path=source, remedy=remedy)
        for number, page in enumerate(pages, 1):
            record = f"page {number}"
            sound = isinstance(page, dict) and all(isinstance(v, str) and v for v in page.values())
            if not sound or set(page) - KEYS or "title" not in page:
                raise InputError(
                    f"not a page: {str(page)[:80]}", path=source, record=record, remedy=remedy
                )
            if ("text" in page) == ("redirect" in page):
                raise InputError(
                    f"{page['title']}: it has neither a text nor a redirect, or both",
                    path=source,
                    record=record,
                    remedy=remedy,
                )
            if page["title"] in seen:
                raise InputError(
                    f"{page['title']} stands in {seen[page['title']]} too",
                    path=source,
                    record=record,
                    remedy="Delete one of them.",
                )
            seen[page["title"]] = source
            yield page


def _page_xml(page_id: int, page: dict[str, str]) -> str:
    redirect = ""
    text = page.get("text", "")
    if "redirect" in page:
        redirect = f"    <redirect title={quoteattr(page['redirect'])} />\n"
        text = f"#REDIRECT [[{page['redirect']}]]"
    return (
        f"  <page>\n    <title>{escape(page['title'])}</title>\n    <ns>0</ns>\n"
        f"    <id>{page_id}</id>\n{redirect}    <revision>\n      <id>{page_id}</id>\n"
        f"      <timestamp>{TIMESTAMP}</timestamp>\n      <model>wikitext</model>\n"
        f"      <format>text/x-wiki</format>\n"
        f'      <text bytes="{len(text.encode())}" xml:space="preserve">{escape(text)}</text>\n'
        "    </revision>\n  </page>\n"
    )


def _langlinks_sql(pages: Sequence[dict[str, str]]) -> str:
    rows = [
        f"({page_id},'en','{_sql(page['english'])}')"
        for page_id, page in enumerate(pages, 1)
        if "english" in page
    ]
    return (
        "CREATE TABLE `langlinks` (\n"
        "  `ll_from` int(10) unsigned NOT NULL DEFAULT 0,\n"
        "  `ll_lang` varbinary(35) NOT NULL DEFAULT '',\n"
        "  `ll_title` varbinary(255) NOT NULL DEFAULT '',\n"
        "  PRIMARY KEY (`ll_from`,`ll_lang`)\n) ENGINE=InnoDB DEFAULT CHARSET=binary;\n\n"
        f"INSERT INTO `langlinks` VALUES {','.join(rows)};\n"
    )


def _sql(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
