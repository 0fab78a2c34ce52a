"""Small dumps for tests, and where the real ones are."""

from __future__ import annotations

import bz2
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from places import DATA

from eatner import tables
from eatner.lexicon import Lexicon, load
from eatner.tables import Title
from eatner.text import languages
from eatner.wiki import lexicon as wiki_lexicon
from eatner.wiki import wikitext
from eatner.wiki.dump import parse_dump
from eatner.wiki.markup import Clean
from eatner.wiki.targets import Names

DUMPS = DATA / "wikipedia"
CASES = DATA.parent / "cases"
needs_cases = pytest.mark.skipif(not CASES.exists(), reason="no ../shared/cases")
needs_data = pytest.mark.skipif(not DUMPS.exists(), reason="no ../shared/data")
AR, DE, EN, ES, FA, HE, HI, JA, KO, RU, ZH = map(
    languages.get, ["ar", "de", "en", "es", "fa", "he", "hi", "ja", "ko", "ru", "zh"]
)
NAMES = Names(frozenset({"file", "image", "category", "ファイル"}), frozenset({"help"}))
HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ja">
  <siteinfo>
    <dbname>jawiki</dbname>
    <case>first-letter</case>
    <namespaces>
      <namespace key="0" case="first-letter" />
      <namespace key="6" case="first-letter">ファイル</namespace>
      <namespace key="10" case="first-letter">Template</namespace>
      <namespace key="14" case="first-letter">カテゴリ</namespace>
    </namespaces>
  </siteinfo>
"""


def page(number: int, title: str, text: str, ns: int = 0, redirect: str = "") -> str:
    target = f'    <redirect title="{escape(redirect)}" />\n' if redirect else ""
    return (
        f"  <page>\n    <title>{escape(title)}</title>\n    <ns>{ns}</ns>\n"
        f"    <id>{number}</id>\n{target}    <revision>\n      <id>{number + 900}</id>\n"
        f"      <comment>&lt;b&gt;</comment>\n      <model>wikitext</model>\n"
        f'      <text bytes="{len(text)}" xml:space="preserve">{escape(text)}</text>\n'
        "    </revision>\n  </page>\n"
    )


PAGES = [
    page(1, "東京", "'''東京'''は[[日本]]の首都。"),
    page(2, "Tokyo", "#REDIRECT [[東京]]", redirect="東京"),
    page(3, "Template:東京", "x", ns=10),
    page(4, "東京 (曖昧さ回避)", "'''東京'''"),
    page(5, "港", "'''港'''\n{{Aimai}}"),
    page(6, "日本の都市の一覧", "* [[東京]]"),
    page(7, "日本", "'''日本'''は[[アジア]]の国。"),
]
KINDS = ["article", "redirect", "disambiguation", "disambiguation", "list", "article"]


def parse(path: Path, language=JA, **options) -> list[Title]:
    return list(parse_dump(path, language, {1: "Tokyo", 7: "Japan"}, **options))


def revision(number: int, text: str, timestamp: str = "", extra: str = "") -> str:
    """The XML of a revision; `extra` is what stands before its text."""
    time = f"<timestamp>{timestamp}</timestamp>" if timestamp else ""
    return (
        f"<revision><id>{number}</id><parentid>{number - 1}</parentid>{time}<contributor>"
        f"<username>U</username><id>5</id></contributor><model>wikitext</model>{extra}"
        f'<text bytes="{len(text)}" xml:space="preserve">{escape(text)}</text><sha1>x</sha1>'
        "</revision>\n"
    )


def history(number: int, title: str, *revisions: str, redirect: str = "") -> str:
    """The XML of a page with these revisions."""
    target = f"<redirect title={quoteattr(redirect)} />" if redirect else ""
    return (
        f"<page><title>{escape(title)}</title><ns>0</ns><id>{number}</id>{target}\n"
        f"{''.join(revisions)}</page>\n"
    )


def parse_pages(folder: Path, *pages: str, language=DE, english=None, **options) -> list[Title]:
    """The rows of a dump with these pages."""
    path = folder / "dump.xml"
    path.write_text(HEAD + "".join(pages) + "</mediawiki>\n", encoding="utf-8")
    return list(parse_dump(path, language, english or {}, **options))


def multistream(path: Path, pages: list[str], a_stream: int = 1) -> list[int]:
    """Write a dump in streams; returns where they begin."""
    pieces = ["".join(pages[at : at + a_stream]) for at in range(0, len(pages), a_stream)]
    begins, data = [], b""
    for piece in [HEAD, *pieces, "</mediawiki>\n"]:
        begins.append(len(data))
        data += bz2.compress(piece.encode())
    path.write_bytes(data)
    return begins


def lead(text: str, title: str = "X", language=EN) -> Clean:
    return wikitext.clean(text, title, language, NAMES)


def surfaces(clean: Clean) -> list[tuple[str, str]]:
    return [(clean.text[a:b], target) for a, b, target, _ in sorted(clean.spans)]


PIECES = [
    "[[", "]]", "{{", "}}", "{|", "|}", "|", "'''", "''", "<ref>", "</ref>", "<nowiki>",
    "</nowiki>", "<!--", "-->", "-{", "}-", "[[File:", "[http://a ", "]", "\n", "\n\n",
    "\n== h ==\n", "<br>", "&amp;", "&#x301;", "e\u0301", "ガ", "か\u3099", "서울", "𠮷", "Москва́",
    "( )", "( ;", " ,", "zh-cn:", ";", "[[a|b]]", "[[Берлин]]", "'''X'''", "x", ". ", "。", "(",
    "\u200f", "\t", "<table>", "</table>", "*", ":", "</", "{", "&lt;ref&gt;", "\n|", "、", "-{H|",
]  # fmt: skip


def compiled(folder, code: str, titles: dict[str, str], redirects=(), other=()) -> Lexicon:
    """The lexicon of a wiki with these titles, redirects and other pages."""
    rows = [(title, "article", "", english) for title, english in titles.items()]
    rows += [(title, "redirect", target, "") for title, target in redirects]
    rows += [(title, "disambiguation", "", "") for title in other]
    path = folder / "titles.tsv"
    tables.write(
        path,
        Title,
        (
            Title(n, title, kind, to, english, "", "[]")
            for n, (title, kind, to, english) in enumerate(rows, 1)
        ),
    )
    out = folder / "lexicon.marisa"
    wiki_lexicon.build(path, out, languages.get(code))
    return load(out)


def found(lexicon: Lexicon, sentence: str) -> list[tuple[str, str]]:
    """The matches of a sentence as (surface, English)."""
    matches = lexicon.matches(sentence)
    for match in matches:
        assert sentence[match.start : match.end] == match.surface
    return [(match.surface, match.english) for match in matches]
