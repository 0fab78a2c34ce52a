"""Write the plain text of wikitext, and where its links and bold names are.

The reader takes wikitext whose templates, tables, comments and hidden tags are gone, and walks it
once from left to right. It jumps from one mark (a bracket, quotes, a tag, an entity, a line's end)
to the next with one regular expression; what is between two marks is text, and is written as it is.

- `pieces` is the text so far, `size` its length in code points. Whatever needs a place in the text
  notes the size at that moment, so offsets are right without a second pass.
- `open` is the stack of brackets that wait for their end. Each entry notes what was written before
  it. A link that ends becomes a span from there to here; a file or a category that ends is taken
  back by cutting the pieces and spans to what they were.
- `bold` is where bold began, or -1. MediaWiki ends bold and links with their line and paragraph.
- `holes` are the places where a bracket began that never ended: text may be missing there, or may
  be that of the link.
- `blank` is true where a space would be one too many: at the beginning and behind a space.

Whatever is never closed costs its own text and no second look, so the time is linear.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from eatner.text.languages import Language
from eatner.wiki.markup import TAG, Link
from eatner.wiki.targets import (
    ENTITY,
    INVISIBLE,
    LinkKind,
    Names,
    decode_entities,
    link_kind,
)

_MARKUP = re.compile(
    r"\[\[|\]\]|\[(?=(?:https?:|ftp:)?//)|\]|'{2,}|<(?=[/A-Za-z])|&(?=[#\w])|\n\s*|\{\{+|\}\}+"
    r"|__[A-Z]+__"
)
_URL = re.compile(r"\[(?:https?:|ftp:)?//[^\s\[\]<>\"]*[ \t]*")
_LINK = re.compile(r"\[\[([^\[\]|\n{}<>]*)(\||\]\])")
_MARKER = re.compile(r"[*#:;]+[ \t]*|-{4,}")
_RULE_LINE = re.compile(r"[ \t]*[|!][^\n]*")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = frozenset(("br", "p", "div", "li", "hr", "tr", "td", "ul", "blockquote"))
_LONGEST_NAME = 120  # code points in bold that may be the page's own name


class _Open(NamedTuple):
    """A bracket that waits for its end.

    Attributes:
        kind: What it opened; `url` for an external link.
        target: The title that it leads to.
        start: Size of the text before it.
        pieces: Number of pieces before it.
        spans: Number of spans before it.
    """

    kind: LinkKind | Literal["url"]
    target: str
    start: int
    pieces: int
    spans: int


class Writer:
    """Plain text, spans and the English title of one section; see the module's text.

    Args:
        title: The page's title, which is the target of its name in bold.
        language: Decides which letters are drawn into a link and whether lines join with a space.
        names: The wiki's namespaces.
    """

    def __init__(self, title: str, language: Language, names: Names) -> None:
        self.title, self.names = title, names
        self.join = " " if language.spaces else ""
        self.trail = re.compile(f"[{language.trail}]+") if language.trail else None
        self.pieces: list[str] = []
        self.size = 0
        self.blank = True
        self.spans: list[Link] = []
        self.holes: list[int] = []
        self.open: list[_Open] = []
        self.bold = -1
        self.english = ""

    def read(self, text: str) -> None:
        """Walk the whole text."""
        pos = _line_start(text, 0)
        search = _MARKUP.search
        while (token := search(text, pos)) is not None:
            at, mark = token.start(), token.group()
            if at > pos:
                self._write(text[pos:at])
            pos = token.end()
            first = mark[0]
            if mark == "[[":
                pos = self._open_link(text, at)
            elif mark == "]]":
                pos = self._close_innermost(text, pos)
            elif first == "[":
                url = _URL.match(text, at)
                self.open.append(self._entry("url", ""))
                pos = url.end() if url else pos
            elif first == "]":
                if self.open and self.open[-1].kind == "url":
                    self.open.pop()
                else:
                    self._write("]")
            elif first == "'":
                self._read_quotes(len(mark))
            elif first == "<":
                pos = self._read_tag(text, at)
            elif first == "&":
                pos = self._read_entity(text, at)
            elif first == "\n":
                pos = self._read_line_end(text, pos, mark)
            # Lone braces and behaviour switches (__NOTOC__) write nothing.
        self._write(text[pos:])
        self._end_bold()
        self._drop_unclosed()

    def _write(self, piece: str) -> None:
        if not piece:
            return
        piece = _SPACES.sub(" ", piece)
        if self.blank and piece[0] == " ":
            piece = piece[1:]
            if not piece:
                return
        self.pieces.append(piece)
        self.size += len(piece)
        self.blank = piece[-1] in " \n"

    def _newline(self) -> None:
        if self.size and not (self.pieces and self.pieces[-1].endswith("\n")):
            self.pieces.append("\n")
            self.size += 1
        self.blank = True

    def _read_quotes(self, count: int) -> None:
        """Two quotes are italics, three bold, five both; further ones are apostrophes."""
        if count == 4 or count > 5:
            self._write("'" * (count - (3 if count == 4 else 5)))
        if count >= 3:
            self._turn_bold()

    def _read_tag(self, text: str, at: int) -> int:
        """Take up the tag at a `<`, and return where it ends."""
        tag = TAG.match(text, at)
        if tag is None:
            self._write("<")
            return at + 1
        name = tag[2].lower()
        if name in _BREAKS:
            ends_in_space = bool(self.pieces) and self.pieces[-1].endswith(" ")
            if (self.size and not self.blank) or ends_in_space:
                self._newline()
        elif name in ("b", "strong"):
            self._turn_bold()
        return tag.end()

    def _read_entity(self, text: str, at: int) -> int:
        """Write the character of the entity at an `&`, and return where it ends."""
        entity = ENTITY.match(text, at)
        if entity is None:
            self._write("&")
            return at + 1
        self._write(INVISIBLE.sub("", html.unescape(entity[0])).replace("\n", " "))
        return entity.end()

    def _read_line_end(self, text: str, pos: int, mark: str) -> int:
        """Join a line with the next, or begin a paragraph.

        Args:
            text: The wikitext.
            pos: Where the next line's text begins.
            mark: The newlines, and the spaces around them.

        Returns:
            Where to read on, behind bullets and what else marks a line.
        """
        self._end_bold()
        blank_line = mark.count("\n") > 1
        if blank_line or text[pos : pos + 1] in "*#:;|!" or mark[-1] in " \t":
            self._newline()
            if blank_line:
                self._give_up(entry for entry in self.open if entry.kind != "hidden")
                self.open = [entry for entry in self.open if entry.kind == "hidden"]
        elif self.pieces and not self.blank:
            ascii_end = self.pieces[-1][-1].isascii()
            self._write(" " if self.join or ascii_end else "")
        return _line_start(text, pos)

    def _entry(self, kind: LinkKind | Literal["url"], target: str) -> _Open:
        return _Open(kind, target, self.size, len(self.pieces), len(self.spans))

    def _open_link(self, text: str, at: int) -> int:
        """Take up the link at `[[`, to its end where it has no bar, and return where to go on."""
        match = _LINK.match(text, at)
        if match is None:
            # A target with a newline or a bracket in it is no link; keep what it shows.
            self.open.append(self._entry("none", ""))
            return at + 2
        closed, end = match[2] == "]]", match.end()
        shown = match[1].strip().removeprefix(":")
        if not closed and text.startswith("]]", end):
            # [[Paris (Texas)|]], which a writer's editor would have filled in: Paris.
            closed, end, shown = True, end + 2, shown.partition(" (")[0]
        kind, target = link_kind(match[1], self.names)
        if kind == "language":
            self.english = self.english or target
        entry = self._entry(kind, target)
        if not closed:
            self.open.append(entry)
            return end
        if kind not in ("hidden", "language"):
            self._write(decode_entities(shown).replace("_", " "))
        self._close(entry)
        return self._draw_trail(text, end)

    def _close_innermost(self, text: str, pos: int) -> int:
        """End the innermost link at `]]`; external links inside it had no end."""
        while self.open and self.open[-1].kind == "url":
            self._give_up([self.open.pop()])
        if not self.open:
            return pos
        self._close(self.open.pop())
        return self._draw_trail(text, pos)

    def _close(self, entry: _Open) -> None:
        if entry.kind in ("hidden", "language"):
            del self.pieces[entry.pieces :], self.spans[entry.spans :]
            self.holes = [hole for hole in self.holes if hole <= entry.start]
            self.size = entry.start
            self.blank = not self.pieces or self.pieces[-1][-1] in " \n"
        elif entry.kind == "link" and self.size > entry.start:
            self.spans.append((entry.start, self.size, entry.target, False))

    def _draw_trail(self, text: str, pos: int) -> int:
        """Letters right behind a link belong to it: [[Берлин]]а."""
        if self.trail is None or not self.spans or self.spans[-1][1] != self.size:
            return pos
        trail = self.trail.match(text, pos)
        if trail is None:
            return pos
        self._write(trail[0])
        start, _, target, bold = self.spans[-1]
        self.spans[-1] = (start, self.size, target, bold)
        return trail.end()

    def _turn_bold(self) -> None:
        if self.bold < 0:
            self.bold = self.size
        else:
            self._end_bold()

    def _end_bold(self) -> None:
        """What was in bold, if it is short enough and not just quotes, is the page's own name."""
        if self.bold < 0:
            return
        start, self.bold = self.bold, -1
        if 0 < self.size - start <= _LONGEST_NAME:
            text = "".join(self._since(start)).strip(" \n\"'„“”«»()（）「」")
            if text:
                self.spans.append((start, self.size, self.title, True))

    def _since(self, start: int) -> list[str]:
        """The pieces that were written from an offset on."""
        pieces: list[str] = []
        size = self.size
        for piece in reversed(self.pieces):
            if size <= start:
                break
            size -= len(piece)
            pieces.append(piece)
        pieces.reverse()
        return pieces

    def _give_up(self, entries: Iterable[_Open]) -> None:
        """Note where brackets began that never ended."""
        self.holes += [entry.start for entry in entries]

    def _drop_unclosed(self) -> None:
        """A file without an end takes the rest of its line with it; a link keeps its text."""
        file = next((entry for entry in self.open if entry.kind == "hidden"), None)
        self._give_up(entry for entry in self.open if entry is not file)
        if file is None:
            return
        text, start = "".join(self.pieces), file.start
        line = text.find("\n", start)
        stop = len(text) if line < 0 else line
        if start == 0 or text[start - 1] == "\n":
            # All of the line goes: no sentence is cut.
            stop += line >= 0
        else:
            start -= text[start - 1] == " "
            self.holes.append(start)
        shift = stop - start
        self.pieces = [text[:start] + text[stop:]]
        self.size -= shift
        self.spans = [
            (begin - shift, end - shift, target, bold)
            if begin >= stop
            else (begin, end, target, bold)
            for begin, end, target, bold in self.spans
            if begin >= stop or end <= start
        ]
        self.holes = [hole - shift if hole >= stop else min(hole, start) for hole in self.holes]


def _line_start(text: str, pos: int) -> int:
    """Skip what marks a line: list bullets, rules, the debris of a table."""
    rule = _RULE_LINE.match(text, pos)
    if rule:
        return rule.end()
    marker = _MARKER.match(text, pos)
    return marker.end() if marker else pos
