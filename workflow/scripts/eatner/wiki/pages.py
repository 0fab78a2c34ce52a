"""The XML of one page of a dump: what it is called, and the wikitext of its newest revision.

A page has a title, a namespace, an id, maybe a redirect, and revisions. The writers of dumps are
programs with one layout, so the tags are found by searching for them. Text inside an element has no
`<` of its own (it is written `&lt;`), so a tag that is found is a tag.

What is laid out otherwise is rewritten first: comments and CDATA by a parser of XML, and a page of
a history dump or of schema 0.11 by leaving out what is not the newest revision's main text.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from eatner.errors import InputError
from eatner.wiki.streams import AGAIN, LAYOUT
from eatner.wiki.targets import INVISIBLE

PAGE_LIMIT = 16 << 20
"""Bytes of XML in a page; MediaWiki allows 2 MiB of wikitext, and an escape takes six bytes."""
_TITLE = re.compile(rb"<title>([^<]*)</title>")
_NS = re.compile(rb"<ns>\s*(-?\d{1,9})\s*</ns>")
_ID = re.compile(rb"<id>\s*(\d{1,18})\s*</id>")
_TIMESTAMP = re.compile(rb"<timestamp>\s*([^<\s]*)\s*</timestamp>")
_REDIRECT = re.compile(rb"<redirect\b[^<>]*?title=(?:\"([^\"<]*)\"|'([^'<]*)')")
_MODEL = re.compile(rb"<model>([^<]*)</model>")
_TEXT = re.compile(rb"<text\b[^<>]*?(/?)>")
# A declaration, a second page, a slot.
_ODD = re.compile(rb"<(?=[!?pc])(?:[!?]|page>|content\b)")
_SLOT = re.compile(rb"<content\b[^<>]*>((?:(?!<content\b).)*?)</content>", re.DOTALL)
_MAIN = re.compile(rb"<role>\s*main\s*</role>")
# A page's deepest element, the text of a slot, is five deep.
_DEEPEST = 100
_BEGIN, _END, _TEXT_END = b"<revision>", b"</revision>", b"</text>"


class Page(NamedTuple):
    """What the XML of a page says.

    Attributes:
        page_id: Its number in its wiki.
        title: Its title, in NFC and without underscores and invisible characters.
        ns: Its namespace; None in dumps before 2012, which do not name it.
        is_wikitext: Whether it is written in wikitext; scripts, style sheets and data are not.
        redirect: The title of the page that it leads to; None for a page that is no redirect.
        xml: The page, of which `text` is a part.
        text_begin: Where its text begins in `xml`; -1 where the text is empty or deleted.
    """

    page_id: int
    title: str
    ns: int | None
    is_wikitext: bool
    redirect: str | None
    xml: bytes
    text_begin: int


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


def read_page(xml: bytes, path: Path, where: str) -> Page:
    """Read the XML of a page.

    Args:
        xml: From its tag to its end; of an oversized page, the beginning.
        path: Path of the dump, for errors.
        where: Which part of the dump it is in, for errors; may be empty.

    Raises:
        InputError: A page without a title, an id or an end; not well-formed; not UTF-8.
    """
    text_tag = _TEXT.search(xml)
    if _is_odd(xml, text_tag):
        xml = _regular(xml, path, where)
        text_tag = _TEXT.search(xml)
    head = xml[: text_tag.start()] if text_tag else xml
    title = _TITLE.search(head)
    # A revision has an id too.
    revision = head.find(_BEGIN)
    number = _ID.search(head, 0, revision if revision >= 0 else len(head))
    if title is None or number is None:
        missing = "title" if title is None else "page id"
        raise InputError(
            f"a page without a {missing}",
            path=path,
            record=where or _begin_of(xml),
            remedy=LAYOUT,
        )
    ns, model, redirect = _NS.search(head), _MODEL.search(head), _REDIRECT.search(head)
    target = None if redirect is None else redirect[1] or redirect[2] or b""
    try:
        page = Page(
            int(number[1]),
            _clean(unescape(title[1].decode())),
            None if ns is None else int(ns[1]),
            model is None or model[1].strip() == b"wikitext",
            None if target is None else unescape(target.decode()),
            xml,
            -1 if text_tag is None or text_tag[1] else text_tag.end(),
        )
    except UnicodeDecodeError as error:
        raise _not_utf8(error, title[1].decode(errors="replace"), path, where) from error
    if text_tag is None and _TEXT_END in xml:
        raise InputError(
            f"the text of page {page.page_id} ({page.title}) has no beginning",
            path=path,
            record=where or None,
            remedy=AGAIN,
        )
    return page


def text_of(page: Page, path: Path, where: str) -> str:
    """The wikitext of a page, with the XML's entities as they are; see `unescape`.

    Raises:
        InputError: A text without an end; not UTF-8.
    """
    if page.text_begin < 0:
        return ""
    end = page.xml.rfind(_TEXT_END)
    if end < page.text_begin:
        raise InputError(
            f"the text of page {page.page_id} ({page.title}) has no end",
            path=path,
            record=where or None,
            remedy=AGAIN,
        )
    try:
        return page.xml[page.text_begin : end].decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(error, page.title, path, where) from error


def _clean(title: str) -> str:
    title = " ".join(INVISIBLE.sub("", title.replace("_", " ")).split())
    return title if title.isascii() else unicodedata.normalize("NFC", title)


def without_old_revisions(xml: bytes) -> bytes:
    """A page, maybe one whose end is still to come, with the newest complete revision alone.

    The newest is that of the latest time and, of several at one time, of the highest id: an import
    from another wiki gives old revisions new ids, and an export may order them either way. Where
    not all have a time, ids must do.
    """
    begin, *revisions = xml[: xml.rfind(_END) + len(_END)].split(_BEGIN)
    if len(revisions) < 2:
        return xml
    times = [_TIMESTAMP.search(revision) for revision in revisions]
    numbers = [_ID.search(revision) for revision in revisions]
    newest, _, _ = max(
        zip(
            revisions,
            # Times are in UTC and of one form, so their order is that of their characters.
            [time[1] if time and all(times) else b"" for time in times],
            [int(number[1]) if number else 0 for number in numbers],
            strict=True,
        ),
        key=lambda aged: aged[1:],
    )
    return begin + _BEGIN + newest.rstrip() + xml[xml.rfind(_END) + len(_END) :]


def _is_odd(xml: bytes, text_tag: re.Match[bytes] | None) -> bool:
    """Whether a page has anything but one revision with one text, or is damaged."""
    begin = len(xml) if text_tag is None else text_tag.end()
    end = begin if text_tag is None or text_tag[1] else xml.rfind(_TEXT_END)
    # Text has no tags of its own.
    if end < begin or xml.find(b"<", begin, end) >= 0:
        return True
    return (
        _ODD.search(xml, len("<page>"), begin) is not None
        or xml.find(_END, 0, begin) >= 0
        or xml.find(_BEGIN, end) >= 0
        or _ODD.search(xml, end) is not None
    )


def _regular(xml: bytes, path: Path, where: str) -> bytes:
    """Rewrite an odd page: no comments and CDATA, no slots, the newest revision alone."""
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise InputError("a document type declaration in a page", path=path, remedy=LAYOUT)
    if b"<!" in xml or b"<?" in xml:
        if _nests_deeply(xml):
            raise InputError(
                "elements are nested too deeply", path=path, record=_begin_of(xml), remedy=LAYOUT
            )
        try:
            xml = ElementTree.tostring(ElementTree.fromstring(xml), encoding="utf-8")
        except ElementTree.ParseError as error:
            raise InputError(
                f"a page is not well-formed XML ({error})",
                path=path,
                record=_begin_of(xml),
                remedy=AGAIN,
            ) from error
    slots = 1
    while slots:  # The innermost first.
        xml, slots = _SLOT.subn(_without_slot, xml)
    begin, *revisions = xml.split(_BEGIN)
    if (
        xml.find(b"<page>", len("<page>")) >= 0
        or b"<title>" in b"".join(revisions)
        or b"<content" in xml
        or b"</content>" in xml
        # Two texts in one revision: the tags between them are missing.
        or any(revision.count(_TEXT_END) > 1 for revision in revisions)
        or any(revision.count(_END) != 1 for revision in revisions)
        or _END in begin
    ):
        raise InputError(
            "a page, a revision or a slot of it has no beginning or no end",
            path=path,
            record=where or _begin_of(xml),
            remedy=AGAIN,
        )
    return without_old_revisions(xml)


def _nests_deeply(xml: bytes) -> bool:
    """Whether elements are nested as no page's are: they would overflow the stack."""
    depth = 0
    parser = expat.ParserCreate()

    def begin(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise RecursionError

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    try:
        parser.Parse(xml, True)
    except RecursionError:
        return True
    except expat.ExpatError:
        return False  # which the reading tells
    return False


def _without_slot(slot: re.Match[bytes]) -> bytes:
    """Nothing of a slot, but for the main one, which some writers put into a slot as well."""
    return slot[1] if _MAIN.search(slot[1]) else b""


def _begin_of(xml: bytes) -> str:
    return " ".join(xml[:80].decode(errors="replace").split())


def _not_utf8(error: UnicodeDecodeError, title: str, path: Path, where: str) -> InputError:
    return InputError(
        f"not UTF-8 ({error.reason})",
        path=path,
        record=f"page {title!r} {where}".rstrip(),
        remedy=AGAIN,
    )
