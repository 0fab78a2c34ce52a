"""One page of a dump as a row of titles.tsv: its title, lead sentences, links, redirect."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from eatner.errors import InputError
from eatner.tables import PageKind, Title
from eatner.text.characters import in_word
from eatner.text.languages import Language
from eatner.wiki.markup import Clean, Link
from eatner.wiki.pages import PAGE_LIMIT, Page, read_page, text_of, unescape
from eatner.wiki.streams import AGAIN
from eatner.wiki.targets import Names, interlanguage_target, redirect_target
from eatner.wiki.wikitext import clean

log = logging.getLogger(__name__)
# Japanese may write the sign in full width.
_REDIRECTED = re.compile(r"\s*[#＃]\S[^\[\n]{0,40}\s*\[\[\s*:?([^\]\[|\n]+)")
_ENGLISH_LINK = re.compile(r"\[\[en:([^\]\[|\n]+)\]\]")
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


def article_row(reader: PageReader, xml: bytes, where: str) -> Title | None:
    """The row of a page, or None for one that is no article of any kind.

    Args:
        reader: What is known of the wiki.
        xml: The page; behind a zero byte, the beginning of one that is oversized.
        where: Which part of the dump it is in, for errors; may be empty.

    Raises:
        InputError: The page is damaged.
    """
    oversized = xml.startswith(b"\0")
    page = read_page(xml[1:].partition(b"<revision>")[0] if oversized else xml, reader.path, where)
    title = page.title
    if not title:
        raise InputError(
            f"the title of page {page.page_id} is empty",
            path=reader.path,
            record=where or None,
            remedy=AGAIN,
        )
    if not _in_main_namespace(page, title, reader.names):
        return None
    if oversized:
        log.warning(
            "%s: page %d, %r, is larger than %d bytes and is not read",
            reader.path, page.page_id, title, PAGE_LIMIT,
        )  # fmt: skip
        return _bare_row(page, title, "oversized")
    if not page.is_wikitext:
        return None
    source = text_of(page, reader.path, where)
    redirect = _redirect(page, source, reader.names)
    if redirect is not None:
        return Title(page.page_id, title, "redirect", redirect, "", "", "[]")
    if _is_disambiguation(reader, title, source):
        return _bare_row(page, title, "disambiguation")
    if reader.lists is not None and reader.lists.search(title):
        return _bare_row(page, title, "list")
    if reader.paragraphs:
        source = unescape(source)
        lead = clean(source, title, reader.language, reader.names)
        _add_own_name(reader, title, lead)
        _add_paragraphs(reader, title, source, lead)
    else:
        lead = _read_lead(reader, title, source)
        _add_own_name(reader, title, lead)
    english = lead.english or _interlanguage_title(source, reader.names)
    links = links_as_json(lead.spans, lead.holes)
    return Title(page.page_id, title, "article", "", english, lead.text, links)


def _bare_row(page: Page, title: str, kind: PageKind) -> Title:
    return Title(page.page_id, title, kind, "", "", "", "[]")


def _in_main_namespace(page: Page, title: str, names: Names) -> bool:
    if page.ns is not None:
        return page.ns == 0
    prefix, colon, _ = title.partition(":")
    return not colon or not {prefix.lower()} & (names.hidden | names.other)


def _redirect(page: Page, source: str, names: Names) -> str | None:
    """Where a redirect leads, see `redirect_target`; None for a page that is no redirect.

    The XML names the page that it leads to, but not the section; the text does. Dumps before 2010
    mark a redirect in the text alone.
    """
    match = None
    if source[:60].lstrip()[:1] in ("#", "＃"):
        match = _REDIRECTED.match(source, 0, 1000)
    written = redirect_target(unescape(match[1]), names) if match else ""
    if page.redirect is None:
        return written if match and len(source) < 1000 else None
    _, mark, section = written.partition("#")
    leads_to = redirect_target(page.redirect, names)
    return leads_to if "#" in leads_to else leads_to + mark + section


def _is_disambiguation(reader: PageReader, title: str, source: str) -> bool:
    suffix = title.rpartition(" (")[2].rstrip(")") if title.endswith(")") else ""
    template = reader.disambiguation
    return bool(
        suffix in reader.language.disambiguation_titles
        or suffix == "disambiguation"
        or template.search(source, 0, 4000)
        or template.search(source, max(0, len(source) - 4000))
        or ("__DIS" in source and _DISAMBIGUATION_SWITCH.search(source))
    )


def _read_lead(reader: PageReader, title: str, source: str) -> Clean:
    """The text before the first heading; `source` still has the XML's entities."""
    # Most of an article lies behind its first heading and need not even be decoded.
    heading = source.find("\n==")
    line = source.find("\n", heading + 1) if heading >= 0 else -1
    if line >= 0:
        start = unescape(source[:line])
        lead = clean(start, title, reader.language, reader.names)
        if lead.end < len(start) and not lead.unclosed:
            return lead
    # No heading, or perhaps one inside a template: then all of it.
    return clean(unescape(source), title, reader.language, reader.names)


def _add_own_name(reader: PageReader, title: str, lead: Clean) -> None:
    """A lead that begins with the page's title names it, with or without bold."""
    own = title.partition(" (")[0]
    if lead.text.startswith(own) and not any(
        bold and not start for start, _, _, bold in lead.spans
    ):
        after = lead.text[len(own) : len(own) + 1]
        if not (reader.language.spaces and after and in_word(after)):
            lead.spans.append((0, len(own), title, True))


def _add_paragraphs(reader: PageReader, title: str, source: str, lead: Clean) -> None:
    """Append the paragraphs behind the first heading to the lead, as many as are wanted."""
    wanted, section = reader.paragraphs, lead
    # Behind a template without an end, each section would be read to the page's end again.
    while wanted and section.end < len(source) and not (section.unclosed and section is not lead):
        line = source.find("\n", section.end + 1)
        if line < 0:
            break
        section = clean(source, title, reader.language, reader.names, line)
        paragraphs = section.text.split("\n")[:wanted]
        more = "\n".join(paragraphs)
        if more:
            wanted -= len(paragraphs)
            shift = len(lead.text) + 1 if lead.text else 0
            lead.holes += [hole + shift for hole in section.holes if hole <= len(more)]
            lead.text = f"{lead.text}\n{more}" if lead.text else more
            lead.spans += [
                (start + shift, end + shift, target, bold)
                for start, end, target, bold in section.spans
                if end <= len(more) and not bold
            ]


def _interlanguage_title(source: str, names: Names) -> str:
    """The English title by a link of the page's own, as dumps before 2013 have."""
    match = _ENGLISH_LINK.search(source) if "[[en:" in source else None
    return interlanguage_target(unescape(match[1]), names) if match else ""


def links_as_json(spans: Iterable[Link], holes: Iterable[int]) -> str:
    """The value of the column `links`, in the text's order; see `parse_dump`."""
    every = [*spans, *((hole, hole, "", False) for hole in holes)]
    links = [
        [start, end, target, True] if bold else [start, end, target]
        for start, end, target, bold in sorted(every)
    ]
    return json.dumps(links, ensure_ascii=False, separators=(",", ":"))
