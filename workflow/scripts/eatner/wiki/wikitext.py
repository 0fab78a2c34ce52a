"""Wikitext to plain text with the spans of its links, in one pass and in linear time.

Only what a running text needs: templates, tables, references and files go, links and bold names
become spans. The grammar is that of mediawiki.org (Help:Formatting, Help:Links, Preprocessor ABNF,
Writing systems/Syntax). Whatever is not closed costs its own text, never more time. What a template
writes is not known; where a sentence misses it, the place is told: a hole.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

from eatner.text.languages import Language
from eatner.wiki.markup import (
    DROPPED,
    HOLE,
    TAG,
    Clean,
    Link,
    cut_stretches,
    language_variants,
    normalise_nfc,
    with_a_space,
    with_holes,
    without_tables,
    without_templates,
)

FILE_ENDING = re.compile(
    r"\.(?:jpe?g|png|svg|gif|tiff?|webp|og[gva]|webm|mp[34]|wav|pdf|djvu)\s*(?:\||$)", re.IGNORECASE
)
_MARKUP = re.compile(
    r"\[\[|\]\]|\[(?=(?:https?:|ftp:)?//)|\]|'{2,}|<(?=[/A-Za-z])|&(?=[#\w])|\n\s*|\{\{+|\}\}+"
    r"|__[A-Z]+__"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{2,31});")
_URL = re.compile(r"\[(?:https?:|ftp:)?//[^\s\[\]<>\"]*[ \t]*")
_LINK = re.compile(r"\[\[([^\[\]|\n{}<>]*)(\||\]\])")
_MARKER = re.compile(r"[*#:;]+[ \t]*|-{4,}")
_RULE_LINE = re.compile(r"[ \t]*[|!][^\n]*")
_SPACES = re.compile(r"[^\S\n]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
# Encyclopedias mark the stress of a headword; no other text does.
_STRESS = re.compile("(?<=[аеиоуыэюяєіїёАЕИОУЫЭЮЯЄІЇЁ])\u0301")
_HOLE_RUN = re.compile(rf"{HOLE}(?:[{HOLE} ]*{HOLE})?")
# What a template leaves behind: empty brackets, marks behind an opening one, doubled marks.
_DEBRIS = re.compile(
    # Most characters are told apart here, before the alternatives are tried; a lone space, too.
    r"(?=[(（\s,;:、，；：])(?!(?<![(（]) [^\s,.;)）。、，；])(?:"
    r"[(（][\s,;:、，；：/·–—-]*+[)）]"
    r"|(?<=[(（])[\s,;、，；]++"
    # Each of these begins at a run's beginning only, or long runs would be read again and again.
    r"|(?<![\s,;、，；])[\s,;、，；]++(?=[)）])"
    r"|(?<![,;、，；\s])(?:[,;、， \t]++(?=[.。](?:\s|\Z))|[ \t]++(?=,(?:\s|\Z)))"
    r"|(?<=[^,; \t][,;])(?:[ \t]*+[,;])++"
    r"|(?<=[、，；])[、，；]++)",
)
_LANGUAGE_PREFIX = re.compile(
    r"(?:[a-z]{2,3}|simple|(?:zh|be|bat|roa|fiu|map|nds|cbk)-[a-z-]{2,12})\Z"
)


@dataclass(frozen=True, slots=True)
class Names:
    """How this wiki names its namespaces, all in lower case.

    Attributes:
        hidden: Names of the namespaces whose links show nothing: files and categories.
        other: All further namespaces and interwiki prefixes: shown, but no articles.
        case: Whether a title's first letter is written in either case.
    """

    hidden: frozenset[str]
    other: frozenset[str]
    case: bool = True


def title_case(title: str) -> str:
    """The canonical form of a title: its first letter as MediaWiki writes it.

    Georgian has capitals in Unicode, but MediaWiki does not use them.
    """
    first = title[:1]
    upper = first.upper()
    if first == upper or len(upper) != 1 or "\u10d0" <= first <= "\u10ff":
        return title
    return upper + title[1:]


def canonical(target: str, names: Names) -> str:
    """The title that a link's target means: no fragment, spaces, NFC, first letter as in titles."""
    target = target.partition("#")[0].replace("_", " ")
    if "&" in target:
        target = html.unescape(target)
    target = " ".join(_INVISIBLE.sub("", target).split())
    if not target.isascii():
        target = unicodedata.normalize("NFC", target)
    return title_case(target) if names.case else target


def clean(source: str, title: str, language: Language, names: Names, start: int = 0) -> Clean:
    """Clean one section: from `start` to the next heading.

    Args:
        source: Wikitext of the whole page, entities of the XML decoded.
        title: The page's own title, for its name in bold.
        language: For the letters drawn into links, and whether lines are joined by a space.
        names: The wiki's namespaces.
        start: Where the section's text begins in `source`.
    """
    if DROPPED in source or HOLE in source:
        # As long as before, for the caller's offsets.
        source = source.replace(DROPPED, "\0").replace(HOLE, "\0")
    unclosed: set[int] = set()
    kept, end = without_templates(source, start, unclosed)
    if unclosed:
        kept, end = without_templates(source, start, set(), unclosed)
    text = without_tables(with_holes(kept, language) if DROPPED in kept else kept)
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    if "-{" in text:
        text = language_variants(text)
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if language.script == "Cyrl":
        text = _STRESS.sub("", text)
    writer = _Writer(title, language, names)
    writer.read(text)
    result = _tidy(writer)
    result.end = end
    result.unclosed = bool(unclosed)
    return result


class _Writer:
    """Writes the text and remembers where links and bold begin."""

    def __init__(self, title: str, language: Language, names: Names) -> None:
        self.title, self.language, self.names = title, language, names
        self.own = title.partition(" (")[0]
        self.join = " " if language.spaces else ""
        self.trail = re.compile(f"[{language.trail}]+") if language.trail else None
        self.out: list[str] = []
        self.size = 0
        self.blank = True  # whether a space would be one too many
        self.spans: list[Link] = []
        self.english = ""

    def write(self, piece: str) -> None:
        if not piece:
            return
        piece = _SPACES.sub(" ", piece)
        if self.blank and piece[0] == " ":
            piece = piece[1:]
            if not piece:
                return
        self.out.append(piece)
        self.size += len(piece)
        self.blank = piece[-1] in " \n"

    def read(self, text: str) -> None:
        # Open brackets: what, target, start, pieces and spans before it.
        stack: list[tuple[str, str, int, int, int]] = []
        bold = -1
        pos = self._line_start(text, 0)
        search = _MARKUP.search
        while (token := search(text, pos)) is not None:
            at, mark = token.start(), token.group()
            if at > pos:
                self.write(text[pos:at])
            pos = token.end()
            first = mark[0]
            if mark == "[[":
                pos = self._open(text, at, stack)
            elif mark == "]]":
                while stack and stack[-1][0] == "url":
                    stack.pop()
                if stack:
                    self._close(stack.pop())
                    pos = self._draw_trail(text, pos)
            elif first == "[":
                url = _URL.match(text, at)
                stack.append(("url", "", self.size, len(self.out), len(self.spans)))
                pos = url.end() if url else pos
            elif first == "]":
                if stack and stack[-1][0] == "url":
                    stack.pop()
                else:
                    self.write("]")
            elif first == "'":
                count = len(mark)
                if count == 4 or count > 5:
                    self.write("'" * (count - (3 if count == 4 else 5)))
                if count >= 3:
                    bold = self._bold(bold)
            elif first == "<":
                tag = TAG.match(text, at)
                if tag is None:
                    self.write("<")
                    continue
                pos = tag.end()
                name = tag[2].lower()
                if name in ("br", "p", "div", "li", "hr", "tr", "td", "ul", "blockquote"):
                    if (self.size and not self.blank) or self._ends_in_space():
                        self._newline()
                elif name in ("b", "strong"):
                    bold = self._bold(bold)
            elif first == "&":
                entity = _ENTITY.match(text, at)
                if entity is None:
                    self.write("&")
                else:
                    pos = entity.end()
                    self.write(_INVISIBLE.sub("", html.unescape(entity[0])).replace("\n", " "))
            elif first == "\n":
                if bold >= 0:
                    bold = self._bold(bold)
                begins = text[pos : pos + 1]
                if mark.count("\n") > 1 or begins in "*#:;|!" or mark[-1] in " \t":
                    self._newline()
                    if mark.count("\n") > 1:
                        stack = [entry for entry in stack if entry[0] == "hidden"]
                elif self.out and not self.blank:
                    ascii_end = self.out[-1][-1].isascii()
                    self.write(" " if self.join or ascii_end else "")
                pos = self._line_start(text, pos)
            # Lone braces and behaviour switches (__NOTOC__) write nothing.
        self.write(text[pos:])
        if bold >= 0:
            self._bold(bold)
        self._drop_unclosed(stack)

    def _ends_in_space(self) -> bool:
        return bool(self.out) and self.out[-1].endswith(" ")

    def _newline(self) -> None:
        if self.size and not (self.out and self.out[-1].endswith("\n")):
            self.out.append("\n")
            self.size += 1
        self.blank = True

    def _line_start(self, text: str, pos: int) -> int:
        """Skip what marks a line: list bullets, rules, the debris of a table."""
        rule = _RULE_LINE.match(text, pos)
        if rule:
            return rule.end()
        marker = _MARKER.match(text, pos)
        return marker.end() if marker else pos

    def _open(self, text: str, at: int, stack: list[tuple[str, str, int, int, int]]) -> int:
        match = _LINK.match(text, at)
        if match is None:
            # A target with a newline or a bracket in it is no link; keep what it shows.
            stack.append(("none", "", self.size, len(self.out), len(self.spans)))
            return at + 2
        target, closed, end = match[1], match[2] == "]]", match.end()
        shown = match[1].strip().removeprefix(":")
        if not closed and text.startswith("]]", end):
            # [[Paris (Texas)|]], which a writer's editor would have filled in: Paris.
            closed, end, shown = True, end + 2, shown.partition(" (")[0]
        kind, target = self._kind(target)
        entry = (kind, target, self.size, len(self.out), len(self.spans))
        if not closed:
            stack.append(entry)
            return match.end()
        if kind not in ("hidden", "language"):
            self.write(html.unescape(shown).replace("_", " "))
        self._close(entry)
        return self._draw_trail(text, end)

    def _kind(self, raw: str) -> tuple[str, str]:
        """What a link is: an article, hidden, an interlanguage link, or none."""
        target = raw.replace(HOLE, "").strip()
        colon = target.startswith(":")
        target = target.removeprefix(":").strip()
        prefix, mark, rest = target.partition(":")
        if mark:
            name = " ".join(prefix.replace("_", " ").lower().split())
            if name in self.names.hidden or FILE_ENDING.search(target):
                return ("none" if colon else "hidden"), ""
            if name in self.names.other:
                return "none", ""
            if _LANGUAGE_PREFIX.match(prefix.strip()):
                if colon:
                    return "none", ""
                if name == "en" and not self.english:
                    self.english = canonical(rest, self.names)
                return "language", ""
        target = canonical(target, self.names)
        return ("link" if target else "none"), target

    def _close(self, entry: tuple[str, str, int, int, int]) -> None:
        kind, target, start, pieces, spans = entry
        if kind in ("hidden", "language"):
            del self.out[pieces:], self.spans[spans:]
            self.size = start
            self.blank = not self.out or self.out[-1][-1] in " \n"
        elif kind == "link" and self.size > start:
            self.spans.append((start, self.size, target, False))

    def _draw_trail(self, text: str, pos: int) -> int:
        """Letters right behind a link belong to it: [[Берлин]]а."""
        if self.trail is None or not self.spans or self.spans[-1][1] != self.size:
            return pos
        trail = self.trail.match(text, pos)
        if trail is None:
            return pos
        self.write(trail[0])
        start, _, target, bold = self.spans[-1]
        self.spans[-1] = (start, self.size, target, bold)
        return trail.end()

    def _bold(self, start: int) -> int:
        """Open or close bold; a closed one that reads like the title is the page's own name."""
        if start < 0:
            return self.size
        if 0 < self.size - start <= 120:
            text = "".join(self._since(start)).strip(" \n\"'„“”«»()（）「」")
            if text:
                self.spans.append((start, self.size, self.title, True))
        return -1

    def _since(self, start: int) -> list[str]:
        pieces: list[str] = []
        size = self.size
        for piece in reversed(self.out):
            if size <= start:
                break
            size -= len(piece)
            pieces.append(piece)
        pieces.reverse()
        return pieces

    def _drop_unclosed(self, stack: list[tuple[str, str, int, int, int]]) -> None:
        """An unclosed file takes the rest of its line with it."""
        for kind, _, start, _, _ in stack:
            if kind == "hidden":
                text = "".join(self.out)
                line = text.find("\n", start)
                stop = len(text) if line < 0 else line
                if line >= 0 and (start == 0 or text[start - 1] == "\n"):
                    stop += 1
                shift = stop - start
                self.out = [text[:start] + text[stop:]]
                self.size -= shift
                self.spans = [
                    (begin - shift, end - shift, target, bold)
                    if begin >= stop
                    else (begin, end, target, bold)
                    for begin, end, target, bold in self.spans
                    if begin >= stop or end <= start
                ]
                return


def _tidy(writer: _Writer) -> Clean:
    """Mend what templates left behind, trim the spans, and normalise."""
    text = "".join(writer.out)
    spans = writer.spans
    holes: list[int] = []
    if HOLE in text:
        cuts = [with_a_space(text, *match.span()) for match in _HOLE_RUN.finditer(text)]
        text, spans, holes = cut_stretches(text, spans, [start for start, _ in cuts], cuts)
    cuts = []
    for match in _DEBRIS.finditer(text):
        start, end = match.span()
        if text[start] in "(（" and text[start - 1 : start] == " ":
            start -= 1
        cuts.append((start, end))
    if cuts:
        text, spans, holes = cut_stretches(text, spans, holes, cuts)
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text, spans, holes = normalise_nfc(text, spans, holes)
    trimmed: list[Link] = []
    for start, end, target, bold in spans:
        surface = text[start:end]
        start += len(surface) - len(surface.lstrip())
        end = start + len(surface.strip())
        if start < end and "\n" not in text[start:end]:
            trimmed.append((start, end, target, bold))
    text = text.rstrip()
    holes = sorted({min(hole, len(text)) for hole in holes})
    return Clean(text, trimmed, writer.english, holes=holes)
