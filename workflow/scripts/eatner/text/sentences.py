"""Sentences of running text, by the marks of each script."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache

from eatner.text.languages import Language

_OPEN = "「『（(“«〈《【[［"
_CLOSE = dict(zip("」』）)”»〉》】]］", _OPEN, strict=True))
# What opens a quote elsewhere closes one in German and others, behind its own mark: „So.“ »So.«
_CLOSES_HERE = {"“": "„", "‘": "‚", "«": "»"}
_COUNTED = "".join({**_CLOSES_HERE, **dict.fromkeys(_CLOSES_HERE.values())})
_COUNTED_MARK = re.compile(f"[{_COUNTED}]")
_QUOTES = "”»"
_AFTER = "」』）)”»〉》】]］\"'’"
# A double quote inside a word is a Hebrew abbreviation's: קמ"ר.
_LAST_WORD = re.compile(r"[^\s(«„“’]+$")


# Two word separators side by side, or two colons, are how a full stop is typed in Ethiopic script;
# in Khmer, "etc." is written between two.
_DOUBLED = {"Ethi": ("፡፡", "::"), "Khmr": ("។ល។",)}
# French has a space before the quote that closes: « Oui. »
_SPACED_QUOTE = re.compile(r"[ \u00a0\u202f]+»")
# The number of an item of a list is no sentence: 1. Berlin
_ITEM = re.compile(r"\s*\d+(?:\.\d+)*\Z")
# A line of Tibetan has a space between the marks of one end: །_།
_SPACED = {"Tibt"}
_NO_SPACE = re.compile(r"\S")


@cache
def _tokens(language: Language) -> re.Pattern[str]:
    """What may end a sentence, and brackets."""
    # U+037E is the Greek question mark, which NFC makes a semicolon.
    marks = language.marks + ("\u037e" if ";" in language.marks else "")
    doubled = map(re.escape, _DOUBLED.get(language.script, ()))
    classes = re.escape(marks + _OPEN + "".join(_CLOSE))
    return re.compile("|".join((*doubled, f"[{classes}]")))


def split(text: str, language: Language) -> list[tuple[int, int]]:
    """Split a text into sentences.

    A newline always ends a sentence; a mark inside brackets or quotes that close in the same line
    does not, nor one before a lower-case word where the script has cases. A full stop needs a space
    behind it, and no abbreviation, initial or (in German) ordinal number before it.

    Why no library does this: `docs/benchmarks/sentences.md`.

    Args:
        text: Plain text, paragraphs separated by newlines.
        language: The language, whose marks and abbreviations are used.

    Returns:
        Half-open spans in code points, in order, without overlap, and without space at either end.
    """
    spans: list[tuple[int, int]] = []
    begin = 0
    for line in text.split("\n"):
        start = 0
        for end in _ends(line, language):
            _append(spans, line, start, end, begin)
            start = end
        _append(spans, line, start, len(line), begin)
        begin += len(line) + 1
    return spans


def _append(spans: list[tuple[int, int]], line: str, start: int, end: int, base: int) -> None:
    piece = line[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    if end > start:
        spans.append((base + start, base + end))


class _Line:
    """A line, with what is asked of it for every mark: it may be as long as a book.

    Args:
        text: The line.
        language: Its language.
    """

    def __init__(self, text: str, language: Language) -> None:
        self.text, self.language = text, language
        self.closing: set[int] = set()  # marks that open quotes elsewhere and close one here
        self._quotes: dict[str, list[int]] = {mark: [] for mark in _COUNTED}
        for found in _COUNTED_MARK.finditer(text):
            mark, at = found[0], found.start()
            opener = _CLOSES_HERE.get(mark)
            if opener and len(self._quotes[opener]) > len(self._quotes[mark]):
                self.closing.add(at)
            self._quotes[mark].append(at)
        self._run = (0, "")  # where the marks that were looked at last end, and what follows

    def behind(self, start: int, end: int) -> tuple[int, str]:
        """Where the marks end that begin with one at `start`, and the next character but spaces."""
        if start >= self._run[0]:
            behind = self._behind_marks(end)
            following = _NO_SPACE.search(self.text, behind)
            self._run = (behind, following[0] if following else "")
        return self._run

    def _behind_marks(self, end: int) -> int:
        """The end of the marks and closing quotes that follow the first mark of an end."""
        text, marks = self.text, self.language.marks
        while True:
            while end < len(text) and (
                text[end] in marks or text[end] in _AFTER or end in self.closing
            ):
                end += 1
            quote = _SPACED_QUOTE.match(text, end)
            if quote and self._before("«", end) > self._before("»", end):
                end = quote.end()
                continue
            if self.language.script in _SPACED:
                after = _NO_SPACE.search(text, end)
                if after and after.start() > end and after[0] in tuple(marks):
                    end = after.end()
                    continue
            return end

    def _before(self, mark: str, end: int) -> int:
        return bisect_left(self._quotes[mark], end)


def _ends(text: str, language: Language) -> list[int]:
    """Where the sentences of a line end, behind their marks."""
    line = _Line(text, language)
    tokens = list(_tokens(language).finditer(text))
    inside = _bracketed(line, [token.start() for token in tokens])
    ends: list[int] = []
    for token in tokens:
        at = token.start()
        if token[0] in _OPEN or token[0] in _CLOSE or at in inside:
            continue
        end, following = line.behind(at, token.end())
        if ends and end <= ends[-1]:
            continue
        if token[0] in ".;\u037e:" and not _stops(text, at, end, following, language):
            continue
        if token[0] in "!?" and language.spaces and end < len(text) and not text[end].isspace():
            continue
        # Yahoo! is a name. Python calls Georgian letters lower case, so the language must say it.
        if language.cased and following.islower():
            continue
        ends.append(end)
    return ends


def _bracketed(line: _Line, places: list[int]) -> set[int]:
    """The marks between a bracket or quote and its partner, which end no sentence.

    Where words have spaces, a mark right before a closing quote ends one: He said: “It rains.” Then
    he left. Japanese goes on behind it: 「行く。」と言った。
    """
    stack: list[tuple[str, int]] = []
    inside: set[int] = set()
    text = line.text
    for order, at in enumerate(places):
        char = text[at]
        if char in _OPEN and at not in line.closing:
            stack.append((char, order))
        elif char in _CLOSE and stack and stack[-1][0] == _CLOSE[char]:
            _, opened = stack.pop()
            if not stack:
                last = order - 1
                if line.language.spaces and char in _QUOTES:
                    behind = at
                    while last > opened and not text[places[last] + 1 : behind].strip():
                        behind = places[last]
                        last -= 1
                inside.update(places[opened + 1 : last + 1])
    return inside


def _stops(line: str, at: int, end: int, following: str, language: Language) -> bool:
    """Whether the full stop at `at` ends a sentence."""
    if end < len(line) and not line[end].isspace():
        return False
    if not following:
        return True
    if following in ",;:":
        return False
    # Where another mark is usual and there are no capitals, dots are a pause: वह... नहीं आया।
    usual = language.cased or language.marks[0] == "."
    if not usual and ".." in line[max(0, at - 1) : at + 2]:
        return False
    if _ITEM.match(line[max(0, at - 40) : at]) and line[at] == ".":
        return False
    if line[at] != ".":
        return True
    found = _LAST_WORD.search(line[max(0, at - 40) : at + 1])
    word = found[0].lstrip('"') if found else "."
    if word in language.abbreviations or (not language.cased and _is_abbreviated(word)):
        return False
    if language.ordinals and word[:-1].isdigit() and len(word) <= 3:
        return False
    return not (word[:-1].isalpha() and len(word) == 2)


def _is_abbreviated(word: str) -> bool:
    """Whether a word is several short parts with full stops: ई.पू., ए.पी.जे.

    Without capitals nothing behind the last full stop shows whether it ends a sentence.
    """
    parts = word[:-1].split(".")
    return len(parts) > 1 and all(0 < len(part) <= 4 for part in parts) and not word[0].isdigit()
