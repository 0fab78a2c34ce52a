"""Sentences of running text, by the marks of each script."""

from __future__ import annotations

import re
from functools import cache

from eatner.text.languages import Language

_OPEN = "「『（(“«〈《【[［"
_CLOSE = dict(zip("」』）)”»〉》】]］", _OPEN, strict=True))
_AFTER = "」』）)”»〉》】]］\"'’"
# A double quote inside a word is a Hebrew abbreviation's: קמ"ר.
_LAST_WORD = re.compile(r"[^\s(«„“’]+$")


@cache
def _tokens(marks: str) -> re.Pattern[str]:
    classes = re.escape(marks + _OPEN + "".join(_CLOSE))
    return re.compile(rf"[{classes}\n]")


def split(text: str, language: Language) -> list[tuple[int, int]]:
    """Part a text into sentences.

    A newline always ends a sentence; a mark inside brackets or quotes that close in the same line
    does not, nor one before a lower-case word where the script has cases. A full stop needs a space
    behind it, and no abbreviation, initial or (in German) ordinal number before it.

    Args:
        text: Plain text, paragraphs parted by newlines.
        language: Whose marks and abbreviations count.

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


def _ends(line: str, language: Language) -> list[int]:
    tokens = list(_tokens(language.marks).finditer(line))
    inside = _bracketed(line, [token.start() for token in tokens])
    ends: list[int] = []
    for token in tokens:
        at = token.start()
        if token[0] not in language.marks or at in inside:
            continue
        end = at + 1
        while end < len(line) and (line[end] in language.marks or line[end] in _AFTER):
            end += 1
        if ends and end <= ends[-1]:
            continue
        if token[0] in ".;:" and not _stops(line, at, end, language):
            continue
        if token[0] in "!?" and language.spaces and end < len(line) and not line[end].isspace():
            continue
        # Yahoo! is a name. Python calls Georgian letters lower case, so the language must say it.
        if language.cased and line[end:].lstrip()[:1].islower():
            continue
        ends.append(end)
    return ends


def _bracketed(line: str, places: list[int]) -> set[int]:
    """The marks that stand between a bracket and its partner."""
    stack: list[tuple[str, int]] = []
    inside: set[int] = set()
    for order, at in enumerate(places):
        char = line[at]
        if char in _OPEN:
            stack.append((char, order))
        elif char in _CLOSE and stack and stack[-1][0] == _CLOSE[char]:
            _, opened = stack.pop()
            if not stack:
                inside.update(places[opened + 1 : order])
    return inside


def _stops(line: str, at: int, end: int, language: Language) -> bool:
    """Whether the full stop at `at` ends a sentence."""
    if end < len(line) and not line[end].isspace():
        return False
    following = line[end:].lstrip()[:1]
    if not following:
        return True
    if following in ",;:":
        return False
    found = _LAST_WORD.search(line[max(0, at - 40) : at + 1])
    word = found[0].lstrip('"') if found else "."
    if word in language.abbreviations:
        return False
    if language.ordinals and word[:-1].isdigit() and len(word) <= 3:
        return False
    return not (word[:-1].isalpha() and len(word) == 2)
