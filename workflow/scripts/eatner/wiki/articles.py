"""One page of a dump as a row of titles.tsv: its title, lead sentences, links, redirect."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from eatner.errors import InputError
from eatner.tables import Title
from eatner.text.characters import in_word
from eatner.text.languages import Language
from eatner.wiki import wikitext
from eatner.wiki.markup import Link
from eatner.wiki.streams import AGAIN, LAYOUT
from eatner.wiki.targets import INVISIBLE, Names, canonical

log = logging.getLogger(__name__)
PAGE_LIMIT = 16 << 20
"""Bytes of XML in a page; MediaWiki allows 2 MiB of wikitext, and an escape takes six bytes."""
_TITLE = re.compile(rb"<title>([^<]*)</title>")
_NS = re.compile(rb"<ns>\s*(-?\d+)\s*</ns>")
_ID = re.compile(rb"<id>\s*(\d+)\s*</id>")
_REDIRECT = re.compile(rb"<redirect\b[^<>]*?title=(?:\"([^\"<]*)\"|'([^'<]*)')")
_MODEL = re.compile(rb"<model>([^<]*)</model>")
_TEXT = re.compile(rb"<text\b[^<>]*?(/?)>")
_ODD = re.compile(rb"<!|<\?")
_REDIRECTED = re.compile(r"\s*#\S[^\[\n]{0,40}\[\[:?([^\]\[|\n]+)")
_DISAMBIGUATION_SWITCH = re.compile(r"__DISAMBIG(?:UATION)?__")


@dataclass(frozen=True, slots=True)
class PageReader:
    """What a process needs to read pages."""

    path: Path
    language: Language
    names: Names
    paragraphs: int
    disambiguation: re.Pattern[str]
    lists: re.Pattern[str] | None


def unescape(text: str) -> str:
    """Decode what XML itself defines; any other entity stays as it is."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = re.sub(r"&#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));", _character, text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return text.replace("&apos;", "'").replace("&amp;", "&")


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _title(raw: str) -> str:
    title = " ".join(INVISIBLE.sub("", raw.replace("_", " ")).split())
    return title if title.isascii() else unicodedata.normalize("NFC", title)


def _odd_page(reader: PageReader, page: bytes) -> bytes:
    """Rewrite a page with CDATA or comments in the usual layout, through a parser."""
    if b"<!DOCTYPE" in page or b"<!ENTITY" in page:
        raise InputError("a document type declaration in a page", path=reader.path, remedy=LAYOUT)
    try:
        return ElementTree.tostring(ElementTree.fromstring(page), encoding="utf-8")
    except ElementTree.ParseError as error:
        raise InputError(
            f"a page is not well-formed XML ({error})",
            path=reader.path,
            record=page[:80].decode(errors="replace"),
            remedy=AGAIN,
        ) from error


def article_row(reader: PageReader, page: bytes, where: str) -> Title | None:
    """One page's row, or None for one that is no article of any kind."""
    oversized = page.startswith(b"\0")
    text_tag = _TEXT.search(page)
    head = page[: text_tag.start()] if text_tag else page
    if not oversized and _ODD.search(page):
        page = _odd_page(reader, page)
        text_tag = _TEXT.search(page)
        head = page[: text_tag.start()] if text_tag else page
    try:
        title_tag, id_tag = _TITLE.search(head), _ID.search(head)
        if title_tag is None or id_tag is None:
            raise InputError(
                f"a page without a {'title' if title_tag is None else 'page id'}",
                path=reader.path,
                record=where or page[:60].decode(errors="replace"),
                remedy=LAYOUT,
            )
        ns = _NS.search(head)
        title = _title(unescape(title_tag[1].decode()))
        page_id = int(id_tag[1])
        if not title:
            raise InputError(
                f"the title of page {page_id} is empty",
                path=reader.path,
                record=where or None,
                remedy=AGAIN,
            )
        if ns is None:
            prefix = title.partition(":")[0].lower() if ":" in title else ""
            if prefix in reader.names.hidden or prefix in reader.names.other:
                return None
        elif ns[1] != b"0":
            return None
        if oversized:
            log.warning(
                "%s: page %d, %r, is larger than %d bytes and is not read",
                reader.path, page_id, title, PAGE_LIMIT,
            )  # fmt: skip
            return Title(page_id, title, "oversized", "", "", "", "[]")
        model = _MODEL.search(head)
        if model is not None and model[1].strip() != b"wikitext":
            return None
        redirect = _REDIRECT.search(head)
        if redirect is not None:
            target = unescape((redirect[1] or redirect[2] or b"").decode())
            target = canonical(target, reader.names)
            return Title(page_id, title, "redirect", target, "", "", "[]")
        if text_tag is None or text_tag[1]:
            return Title(page_id, title, "article", "", "", "", "[]")
        end = page.rfind(b"</text>")
        if end < 0:
            raise InputError(
                f"the text of page {page_id} ({title}) has no end",
                path=reader.path,
                record=where or None,
                remedy=AGAIN,
            )
        source = page[text_tag.end() : end].decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 ({error.reason})",
            path=reader.path,
            record=f"page {title_tag[1].decode(errors='replace')!r} {where}".rstrip(),
            remedy=AGAIN,
        ) from error
    return _article(reader, page_id, title, source)


def _article(reader: PageReader, page_id: int, title: str, source: str) -> Title:
    """The row of a page with text; `source` still has the XML's entities."""
    if source[:1] == "#" or source[:60].lstrip()[:1] == "#":
        # Dumps before 2010 mark a redirect in the text alone.
        match = _REDIRECTED.match(source)
        if match and len(source) < 1000:
            target = canonical(match[1], reader.names)
            return Title(page_id, title, "redirect", target, "", "", "[]")
    suffix = title.rpartition(" (")[2].rstrip(")") if title.endswith(")") else ""
    language = reader.language
    if (
        suffix in language.disambiguation_titles
        or suffix == "disambiguation"
        or reader.disambiguation.search(source, 0, 4000)
        or reader.disambiguation.search(source, max(0, len(source) - 4000))
        or ("__DIS" in source and _DISAMBIGUATION_SWITCH.search(source))
    ):
        return Title(page_id, title, "disambiguation", "", "", "", "[]")
    if reader.lists is not None and reader.lists.search(title):
        return Title(page_id, title, "list", "", "", "", "[]")
    # Most of an article lies behind its first heading and need not even be decoded.
    heading = source.find("\n==")
    line = source.find("\n", heading + 1) if heading >= 0 else -1
    start = unescape(source[:line]) if line >= 0 and not reader.paragraphs else ""
    section = wikitext.clean(start, title, language, reader.names)
    if section.end >= len(start) or section.unclosed:
        # No heading, or perhaps one inside a template: then all of it.
        source = unescape(source)
        section = wikitext.clean(source, title, language, reader.names)
    lead, spans, holes, english = section.text, section.spans, section.holes, section.english
    own = title.partition(" (")[0]
    if lead.startswith(own) and not any(bold and start == 0 for start, _, _, bold in spans):
        # Some writers leave the bold out.
        after = lead[len(own) : len(own) + 1]
        if not (language.spaces and after and in_word(after)):
            spans.append((0, len(own), title, True))
    wanted = reader.paragraphs
    while wanted and section.end < len(source):
        line = source.find("\n", section.end + 1)
        if line < 0:
            break
        section = wikitext.clean(source, title, language, reader.names, line)
        paragraphs = section.text.split("\n")[:wanted]
        more = "\n".join(paragraphs)
        if more:
            wanted -= len(paragraphs)
            shift = len(lead) + 1 if lead else 0
            holes += [hole + shift for hole in section.holes if hole <= len(more)]
            lead = f"{lead}\n{more}" if lead else more
            spans += [
                (start + shift, end + shift, target, bold)
                for start, end, target, bold in section.spans
                if end <= len(more) and not bold
            ]
        if section.unclosed:
            break  # each further section would be read to the page's end again
    if not english and "[[en:" in source:
        match = re.search(r"\[\[en:([^\]\[|\n]+)\]\]", source)
        english = canonical(match[1], reader.names) if match else ""
    return Title(page_id, title, "article", "", english, lead, links_as_json(spans, holes))


def links_as_json(spans: Iterable[Link], holes: Iterable[int]) -> str:
    """The value of the column `links`, in the text's order; see `parse_dump`."""
    every = [*spans, *((hole, hole, "", False) for hole in holes)]
    links = [
        [start, end, target, True] if bold else [start, end, target]
        for start, end, target, bold in sorted(every)
    ]
    return json.dumps(links, ensure_ascii=False, separators=(",", ":"))
