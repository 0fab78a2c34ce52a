"""Templates, tables and tags in wikitext; cuts that keep offsets right."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache

from eatner.text.characters import in_word
from eatner.text.languages import Language

Link = tuple[int, int, str, bool]
"""Start, end, target, and whether it is the page's own name in bold."""
# What the preprocessor looks at: braces, comments, headings, and tags whose content is no text.
_SKELETON = re.compile(r"\{\{+|\}\}+|\n=|<(?=[!A-Za-z])")
_HEADING = re.compile(r"\n=[^\n]*=[ \t]*(?:<!--(?:(?!-->)[^\n])*-->[ \t]*)*(?=\n|\Z)")
_HIDDEN = (
    "ref", "math", "chem", "ce", "gallery", "timeline", "score", "syntaxhighlight", "source",
    "imagemap", "hiero", "graph", "style", "script", "templatestyles", "mapframe", "maplink",
    "includeonly", "inputbox", "categorytree", "section", "pre", "code", "references", "indicator",
    "templatedata", "rt", "rp",
)  # fmt: skip
# Those of them that show a sign or a word where they stand, as a template does.
_SHOWN = frozenset(("math", "chem", "ce", "hiero", "code"))
TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:\s[^<>]*?)?)(/?)>")
# Templates whose first value is running text: in a language, unbroken, or of a page yet to come.
_INLINE = re.compile(
    r"\{\{\s*(?:(?:[Ll]ang\s*\|[\w-]+|[Nn]owrap|[Nn]obr|[Ll]ang-[\w-]+|仮リンク|[Ii]ll|[Ll]e|[Ll]ien"
    r"|[Ll]ink-[\w-]+|[Нн]е переведено(?: \d)?|[Нн]п\d?)\s*\||[Ff]ormatnum:)(?:1=)?"
    r"([^{}|\[\]=<]*)(?:\|[^{}\[\]]*)?\}\}"
)
_TABLE = re.compile(
    r"^[ \t:*#;]*(\{\|)|^[ \t]*(\|\})|(<table\b[^<>]*>)|(</table\s*>)", re.MULTILINE | re.IGNORECASE
)
_LITERAL = re.compile(r"[\[\]{}<>'|=&*#:;_-]|\n")
# Noncharacters of Unicode, which no text has: where a template stood, and where it is missed.
DROPPED, HOLE = "\ufdd0", "\ufdd1"
_CLOSING = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in (*_HIDDEN, "nowiki")}
# A reference cannot hold another one, nor a reading a reading: then the first has lost its end. A
# reading may also end with what it is the reading of.
_CLOSING["ref"] = re.compile(r"<(?:/ref\s*>|(ref)(?=[\s/>]))", re.IGNORECASE)
for _name in ("rt", "rp"):
    _CLOSING[_name] = re.compile(
        rf"</{_name}\s*>|(?=</ruby\b|<(?:rt|rp|rb|rtc)\b)|(\n[ \t]*\n)", re.IGNORECASE
    )
# It begins with a literal, or the search for it would be slow.
_DROPPED_RUN = re.compile(rf"{DROPPED}[{DROPPED} \t]*")
_NEAR = 200  # code points in which to look for an open bracket


@dataclass(slots=True)
class Clean:
    """Plain text, with one newline between paragraphs, and the spans of its links.

    Attributes:
        text: NFC, no markup.
        spans: In order of their ends; code points of `text`.
        english: The target of an interlanguage link ``[[en:...]]``, as dumps before 2013 have.
        end: Where in the source the reading stopped, at a heading or at the end.
        holes: Where `text` misses something that a sentence needs, in order.
        unclosed: Whether a template has no end.
    """

    text: str
    spans: list[Link] = field(default_factory=list)
    english: str = ""
    end: int = 0
    holes: list[int] = field(default_factory=list)
    unclosed: bool = False


def _literal(text: str) -> str:
    """Text of a nowiki tag: its markup as character references, which are decoded last."""
    return _LITERAL.sub(lambda match: f"&#{ord(match[0])};", text)


class _Braces:
    """Runs of two or more braces that are open, as MediaWiki's preprocessor counts them.

    Attributes:
        places: Where each run begins, the innermost last.
        counts: How many braces of each run are still open.
    """

    def __init__(self) -> None:
        self.places: list[int] = []
        self.counts: list[int] = []

    def open(self, begin: int, end: int) -> None:
        self.places.append(begin)
        self.counts.append(end - begin)

    def close(self, count: int) -> int:
        """Close as many runs as `count` braces close, and return how many braces are left."""
        while self.counts and count >= 2:
            used = min(self.counts[-1], count)
            count -= used
            if self.counts[-1] - used < 2:
                self.counts.pop()
                self.places.pop()
            else:
                self.counts[-1] -= used
        return count


def without_templates(
    source: str, start: int, unclosed: set[int], broken: Collection[int] = ()
) -> tuple[str, int]:
    """Drop templates, comments and hidden tags up to the next heading outside them.

    Args:
        source: Wikitext.
        start: Where to begin.
        unclosed: A set that is filled with the places of braces without an end.
        broken: The places of such braces, known from a first reading: their line goes.

    Returns:
        The text, a mark in the place of each template, and where the reading stopped.
    """
    pieces: list[str] = []
    braces = _Braces()
    kept = pos = start
    endless: set[str] = set()  # closing tags that no longer occur: no second search
    if start == 0 and source.startswith("="):
        source = "\n" + source
    search = _SKELETON.search
    while (token := search(source, pos)) is not None:
        at, mark = token.start(), token.group()
        pos = token.end()
        if mark[0] == "{":
            if at in broken:
                if not braces.places:
                    line = source.find("\n", at)
                    pieces += source[kept:at], HOLE
                    kept = pos = len(source) if line < 0 else line
                continue
            if len(mark) == 3 and source.startswith("-", at - 1):
                at += 1  # The beginning of a language variant: -{{{a}}}-
            braces.open(at, pos)
        elif mark[0] == "}":
            outer = braces.places[0] if braces.places else 0
            left = braces.close(len(mark))
            if not braces.places and left < len(mark):
                if left == 1 and source.startswith("-", pos):
                    pos -= 1  # The end of a language variant: -{zh-hans:{{a}}}-
                pieces.append(source[kept:outer])
                inline = _INLINE.fullmatch(source, outer, pos)
                pieces.append(inline[1].strip() if inline else DROPPED)
                kept = pos
        elif mark == "\n=":
            if not braces.places and _HEADING.match(source, at):
                pieces.append(source[kept:at])
                return "".join(pieces), at
            pos = at + 1
        else:
            after, piece = _skip_tag(source, at, endless)
            if after is None:
                continue
            if not braces.places:
                pieces.append(source[kept:at])
                if piece:
                    pieces.append(piece)
                kept = after
            pos = after
    unclosed.update(braces.places)
    pieces += (source[kept : braces.places[0]], HOLE) if braces.places else (source[kept:],)
    return "".join(pieces), len(source)


def with_holes(text: str, language: Language) -> str:
    """Mark with `HOLE` where a sentence misses something: a template, or what was cut off.

    An infobox or a hatnote has a line of its own, a citation clings to a word or to a mark: neither
    writes a word. Whatever is between words does, and so it leaves a hole.

    What has no end is cut off with the rest of its line. Behind the end of a sentence, that is the
    loss of the next sentence, which the next line may go on with.
    """

    def mark(run: re.Match[str]) -> str:
        at, end = run.span()
        spaced, clings = text[max(0, at - 1) : at] in (" ", "\t"), run[0][-1] == DROPPED
        while spaced and at and text[at - 1] in " \t":
            at -= 1
        before, after = text[max(0, at - 1) : at], text[end : end + 1]
        # Words are also in the quotes that make bold, and in the brackets of links.
        word_before = bool(before) and (in_word(before) or before in "'])）\"”»")
        word_after = bool(after) and (in_word(after) or after in "'[\"“„«")
        begins = before in ("", *"\n*#:;")
        line = max(text.rfind("\n", max(0, at - _NEAR), at), at - _NEAR, 0)
        opening = max(text.rfind("(", line, at), text.rfind("（", line, at))
        closing = max(text.rfind(")", line, at), text.rfind("）", line, at))
        if text.endswith("'''", 0, at):
            hole = False  # how the headword is pronounced
        elif opening > closing:
            # Names in other languages, pronunciations, dates: without one, it is still a sentence.
            hole = word_before and word_after
        elif begins or before in language.marks:
            # A sentence begins before the template, or after it: then with a capital or markup.
            if language.cased:
                hole = after.islower() or after.isdigit()
            else:
                hole = begins and clings and word_after and after not in "'[\"“„«"
        elif spaced:
            hole = word_before or word_after
        else:
            hole = word_after and clings
        return f"{HOLE * hole}{' ' * (not clings)}"

    if HOLE in text:
        text = _cut_behind(language.marks).sub(lambda cut: cut[1] + HOLE if cut[1] else "", text)
    return _DROPPED_RUN.sub(mark, text)


@cache
def _cut_behind(marks: str) -> re.Pattern[str]:
    """A hole behind a sentence's end; it moves into the next line if that goes on with the text."""
    return re.compile(rf"(?<=[{re.escape(marks)}])[ \t]*{HOLE}(\n(?![\n*#:;|=]))?")


def _skip_tag(source: str, at: int, endless: set[str]) -> tuple[int | None, str]:
    """Where a comment, a nowiki or a hidden tag ends, and what to write for it."""
    if source.startswith("<!--", at):
        if "<!--" in endless or (end := source.find("-->", at + 4)) < 0:
            endless.add("<!--")
            return len(source), HOLE
        return end + 3, ""
    tag = TAG.match(source, at)
    if tag is None:
        return None, ""
    name = tag[2].lower()
    if tag[1] or (name != "nowiki" and name not in _HIDDEN):
        return None, ""
    if tag[4]:
        return tag.end(), ""
    closing = None if name in endless else _CLOSING[name].search(source, tag.end())
    if closing is None:
        endless.add(name)
        if name == "nowiki":
            return tag.end(), ""
    if closing is None or (closing.lastindex and closing[1]):
        # MediaWiki shows what follows as text or drops it up to another tag's end; it is neither
        # text nor to be lost, so the rest of the line goes, and leaves a hole.
        line = source.find("\n", tag.end())
        after = len(source) if line < 0 else line
        return min(after, closing.start()) if closing else after, HOLE
    content = source[tag.end() : closing.start()]
    if name == "nowiki":
        return closing.end(), _literal(content)
    return closing.end(), DROPPED if name in _SHOWN else ""


def without_tables(text: str) -> str:
    if "{|" not in text and "<table" not in text.lower():
        return text
    pieces: list[str] = []
    kept = depth = 0
    for token in _TABLE.finditer(text):
        if token[1] or token[3]:
            if not depth:
                pieces.append(text[kept : token.start()])
            depth += 1
        elif depth:
            depth -= 1
            kept = token.end()
    # MediaWiki closes a table at the end of the page: all that follows is in it.
    pieces.append(HOLE if depth else text[kept:])
    return "".join(pieces)


def with_a_space(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch that is to be cut out, with one of the two spaces around it."""
    if text[start - 1 : start] in ("", " ", "\n"):
        if text[end : end + 1] == " ":
            return start, end + 1
        if start and text[start - 1] == " " and text[end : end + 1] == "\n":
            return start - 1, end
    return start, end


def cut_stretches(
    text: str, spans: list[Link], holes: list[int], cuts: list[tuple[int, int]]
) -> tuple[str, list[Link], list[int]]:
    """Delete the stretches `cuts` and move the rest along; a span that loses its end shrinks."""
    starts = [start for start, _ in cuts]
    removed = [0]
    pieces, last = [], 0
    for start, end in cuts:
        pieces.append(text[last:start])
        last = end
        removed.append(removed[-1] + end - start)
    pieces.append(text[last:])

    def moved(offset: int) -> int:
        before = bisect_right(starts, offset)
        if before and offset < cuts[before - 1][1]:
            return cuts[before - 1][0] - removed[before - 1]
        return offset - removed[before]

    kept = [(moved(start), moved(end), target, bold) for start, end, target, bold in spans]
    return "".join(pieces), [span for span in kept if span[0] < span[1]], [*map(moved, holes)]


def normalise_nfc(
    text: str, spans: list[Link], holes: list[int]
) -> tuple[str, list[Link], list[int]]:
    """NFC; a span whose edge falls inside a composed character is given up."""
    whole = unicodedata.normalize("NFC", text)
    edges = {offset for span in spans for offset in span[:2]}.union(holes)
    places: Mapping[int, int] = {
        offset: len(unicodedata.normalize("NFC", text[:offset])) for offset in edges
    }
    kept = [
        (places[start], places[end], target, bold)
        for start, end, target, bold in spans
        if whole[places[start] : places[end]] == unicodedata.normalize("NFC", text[start:end])
    ]
    return whole, kept, [places[hole] for hole in holes]
