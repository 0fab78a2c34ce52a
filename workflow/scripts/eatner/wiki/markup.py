"""Templates, tables, tags and language variants in wikitext; cuts that keep offsets right."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from eatner.text.characters import in_word
from eatner.text.languages import Language

Link = tuple[int, int, str, bool]
"""Start, end, target, and whether it is the page's own name in bold."""
# What the preprocessor sees: braces, comments, headings, and tags whose content is no text.
_SKELETON = re.compile(r"\{\{+|\}\}+|\n=|<(?=[!A-Za-z])")
_HEADING = re.compile(r"\n=[^\n]*=[ \t]*(?:<!--(?:(?!-->)[^\n])*-->[ \t]*)*(?=\n|\Z)")
_HIDDEN = (
    "ref", "math", "chem", "ce", "gallery", "timeline", "score", "syntaxhighlight", "source",
    "imagemap", "hiero", "graph", "style", "script", "templatestyles", "mapframe", "maplink",
    "includeonly", "inputbox", "categorytree", "section", "pre", "code", "references", "indicator",
    "templatedata", "rt", "rp",
)  # fmt: skip
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
# They begin with a literal, or the search for them would be slow.
_DROPPED_RUN = re.compile(rf"{DROPPED}[{DROPPED} \t]*")
_NEAR = 200  # code points in which a bracket that is open is looked for


@dataclass(slots=True)
class Clean:
    """Plain text, paragraphs parted by single newlines, and the spans of its links.

    Attributes:
        text: NFC, no markup.
        spans: In order of their ends; code points of `text`.
        english: The target of an interlanguage link ``[[en:...]]``, as dumps before 2013 have.
        end: Where in the source the reading stopped, at a heading or at the end.
        holes: Where in `text` something is missing that a sentence needs, in order.
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


def without_templates(
    source: str, start: int, unclosed: set[int], broken: Collection[int] = ()
) -> tuple[str, int]:
    """Drop templates, comments and hidden tags up to the next heading outside them.

    Args:
        source: Wikitext.
        start: Where to begin.
        unclosed: To be filled with the places of braces that no others close.
        broken: The places of such braces, known from a first reading: their line goes.

    Returns:
        The text, a mark in the place of each template, and where the reading stopped.
    """
    pieces: list[str] = []
    depth: list[int] = []  # braces still open, innermost last
    opened: list[int] = []  # and where they stand
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
                if not depth:
                    line = source.find("\n", at)
                    pieces += source[kept:at], HOLE
                    kept = pos = len(source) if line < 0 else line
                continue
            depth.append(len(mark))
            opened.append(at)
        elif mark[0] == "}":
            left = len(mark)
            outer = opened[0] if opened else 0
            while depth and left >= 2:
                used = min(depth[-1], left)
                left -= used
                if depth[-1] - used < 2:
                    depth.pop()
                    opened.pop()
                else:
                    depth[-1] -= used
            if not depth and left < len(mark):
                pieces.append(source[kept:outer])
                inline = _INLINE.fullmatch(source, outer, pos)
                pieces.append(inline[1].strip() if inline else DROPPED)
                kept = pos
        elif mark == "\n=":
            if not depth and _HEADING.match(source, at):
                pieces.append(source[kept:at])
                return "".join(pieces), at
            pos = at + 1
        else:
            after, piece = _skip_tag(source, at, endless)
            if after is None:
                continue
            if not depth:
                pieces.append(source[kept:at])
                if piece:
                    pieces.append(piece)
                kept = after
            pos = after
    unclosed.update(opened)
    pieces += (source[kept : opened[0]], HOLE) if opened else (source[kept:],)
    return "".join(pieces), len(source)


def with_holes(text: str, language: Language) -> str:
    """Tell the templates that a sentence misses from those that stand beside the text.

    An infobox or a hatnote has a line of its own, a citation clings to a word or to a mark: neither
    writes a word. Whatever stands between words does, and so it leaves a hole.
    """

    def mark(run: re.Match[str]) -> str:
        at, end = run.span()
        spaced, clings = text[max(0, at - 1) : at] in (" ", "\t"), run[0][-1] == DROPPED
        while spaced and at and text[at - 1] in " \t":
            at -= 1
        before, after = text[max(0, at - 1) : at], text[end : end + 1]
        # Quotes make bold, brackets links: words stand in both.
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

    return _DROPPED_RUN.sub(mark, text)


def _skip_tag(source: str, at: int, endless: set[str]) -> tuple[int | None, str]:
    """Where a comment, a nowiki or a hidden tag ends, and what to write for it."""
    if source.startswith("<!--", at):
        if "<!--" in endless or (end := source.find("-->", at + 4)) < 0:
            endless.add("<!--")
            return len(source), ""
        return end + 3, ""
    tag = TAG.match(source, at)
    if tag is None:
        return None, ""
    name = tag[2].lower()
    if tag[1] or (name != "nowiki" and name not in _HIDDEN):
        return None, ""
    if tag[4]:
        return tag.end(), ""
    closing = None
    if name not in endless:
        closing = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(source, tag.end())
    if closing is None:
        # MediaWiki shows the rest as text; a reference's text must not, so its line goes.
        endless.add(name)
        if name == "nowiki":
            return tag.end(), ""
        line = source.find("\n", tag.end())
        return (len(source) if line < 0 else line), ""
    content = source[tag.end() : closing.start()]
    return closing.end(), _literal(content) if name == "nowiki" else ""


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


def language_variants(text: str) -> str:
    """Resolve language variants, innermost first: the first one given, or the plain text."""
    stack: list[list[str]] = [[]]
    for piece in re.split(r"(-\{(?!\{)|\}-)", text):
        if piece == "-{":
            stack.append([])
        elif piece == "}-" and len(stack) > 1:
            inner = "".join(stack.pop())
            stack[-1].append(_variant(inner))
        else:
            stack[-1].append("" if piece == "}-" else piece)
    return "".join("".join(part) for part in stack)


def _variant(inner: str) -> str:
    flags, bar, rest = inner.partition("|")
    if bar and re.fullmatch(r"[\sA-Z;+-]*|zh[\w;-]*", flags):
        if re.search(r"[HTDN+-]", flags) and "A" not in flags:
            return ""
        inner = rest
    choices = re.findall(r"(?:^|;)\s*(?:[^;:]*=>)?\s*([a-z]{2,3}(?:-[a-z]+)?)\s*:([^;]*)", inner)
    if not choices:
        return inner
    ranked = {code: value.strip() for code, value in reversed(choices)}
    for code in ("zh-cn", "zh-hans", "zh"):
        if code in ranked:
            return ranked[code]
    return choices[0][1].strip()


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
