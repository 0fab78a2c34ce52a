"""The phrases of a sentence that may be an entity, between token boundaries."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from eatner.tables import Span
from eatner.text.characters import FINAL, in_one_run, in_word
from eatner.text.languages import Language
from eatner.text.trim import variants

# Most words of a phrase beyond those of the English; in scripts without spaces most characters (a
# run of katakana is one) for each of its words, and for one more: fewer where they are logographs.
MORE_WORDS = 2
CHARACTERS = 12
LOGOGRAPHS = 5
# Most words, or in scripts without spaces characters, of a text without a final mark that may be a
# title, by whether the language has spaces.
TITLE = {True: 12, False: 24}
_JOINS = "'’-‐–.&/·־״\"”"


def phrases(text: str, language: Language, most: int, tokens: Sequence[Span] = ()) -> list[Span]:
    """The phrases of a sentence that may be a name, between its token boundaries.

    Args:
        text: The sentence.
        language: Its language. Where it has spaces, phrases begin and end with a word; else they do
            not cut a run of katakana, Latin letters or digits.
        most: Most words of a phrase; in a script without spaces most runs and single characters.
        tokens: The corpus's tokens, if any: start and end of each. They part words further, and
            are the words of a script without spaces.

    Returns:
        Start and end of each, without the punctuation at its edges, with and without the particles
        and honorifics there.
    """
    pieces = phrase_pieces(text, language, tokens)
    edges = set() if language.spaces else {edge for token in tokens for edge in token}
    # A title may be a name as a whole: "Шквырин, Игорь", "Iberien (Kartlien)".
    title = len(pieces) <= TITLE[language.spaces] and text.rstrip()[-1:] not in FINAL
    found = {}
    for first in range(len(pieces)):
        for last in range(first, len(pieces)):
            start, end = pieces[first][0], pieces[last][1]
            if last - first >= most:
                break
            between = text[pieces[last - 1][1] : pieces[last][0]] if last > first else ""
            if _breaks(re.sub("[,，()（）]", "", between) if title else between):
                break
            if title and (end := _closed(start, end, text)) is None:
                continue
            end += text[end : end + 1] == "."  # of an abbreviation; `trim` tells
            for way, span in enumerate(variants((start, end), text, language)):
                # 東京都内 is not taken as 東京都 where its tokens are 東京 and 都内.
                if way > 0 and edges and not edges.issuperset(span):
                    continue
                if any(char.isalnum() for char in text[span[0] : span[1]]):
                    found[span] = None
    return list(found)


def _closed(start: int, end: int, text: str) -> int | None:
    """The end of a phrase with the bracket that closes it; None where a bracket has no other."""
    opened, closed = (sum(text.count(one, start, end) for one in pair) for pair in ("(（", ")）"))
    if opened == closed:
        return end
    after = len(text) - len(text[end:].lstrip())
    return after + 1 if opened == closed + 1 and text[after : after + 1] in (")", "）") else None


def _breaks(between: str) -> bool:
    """Whether what stands between two words ends a phrase: a full stop alone may abbreviate."""
    return any(
        mark in between for mark in ',;:!?()[]{}«»“”"、。，；：！？（）「」『』《》〈〉،؛؟।۔'
    ) or ("." in between and len(between.strip()) > 1)


def phrase_pieces(text: str, language: Language, tokens: Sequence[Span] = ()) -> list[Span]:
    """The words of a sentence, or in a script without spaces its tokens.

    Without tokens they are its characters and unbroken runs; so they are where the corpus has a
    token a character.
    """
    if language.spaces:
        edges = sorted({edge for token in tokens for edge in token})
        return [part for word in phrase_words(text) for part in _parted(word, edges)]
    pieces: list[Span] = []
    for start, end in tokens or ((at, at + 1) for at in range(len(text))):
        if not any(in_word(char) for char in text[start:end]):
            continue
        joined = pieces and pieces[-1][1] == start and end - start == 1
        if joined and (
            in_one_run(text[start - 1], text[start]) or unicodedata.category(text[start])[0] == "M"
        ):
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return pieces


def _parted(word: Span, edges: Sequence[int]) -> list[Span]:
    """A word, cut at the edges of tokens within it."""
    inside = edges[bisect_right(edges, word[0]) : bisect_left(edges, word[1])]
    return list(pairwise([word[0], *inside, word[1]]))


def phrase_words(text: str) -> list[Span]:
    """The words of a text; a mark of one character between two letters joins them: O'Neil, U.N."""
    words: list[Span] = []
    for at, char in enumerate(text):
        if not (in_word(char) or char in "\u200c\u200d"):
            continue
        if words and (words[-1][1] == at or (words[-1][1] == at - 1 and text[at - 1] in _JOINS)):
            words[-1] = (words[-1][0], at + 1)
        else:
            words.append((at, at + 1))
    return words
