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

# How many words a phrase may have more than its English.
MORE_WORDS = 2
# In scripts without spaces: how many characters (a run of katakana counts as one) a phrase may have
# for each word of its English and for one word more; fewer if the characters are logographs.
CHARACTERS = 12
LOGOGRAPHS = 5
# How many words, or characters in scripts without spaces, a text without a final mark may have if
# it is a title; the key is whether the language has spaces.
TITLE = {True: 12, False: 24}
_JOINS = "'’-‐–.&/·־״\"”"


def phrases(text: str, language: Language, most: int, tokens: Sequence[Span] = ()) -> list[Span]:
    """The phrases of a sentence that may be a name, between token boundaries.

    Args:
        text: The sentence.
        language: Its language. If it has spaces, phrases begin and end with a word; otherwise they
            do not cut a run of katakana, Latin letters or digits.
        most: Upper limit on the words of a phrase; in a script without spaces, on its runs and
            single characters.
        tokens: The spans of the corpus's tokens, if any. They split words further, and are the
            words of a script without spaces. If each is a character, as in KLUE, phrases begin with
            a word all the same and end anywhere.

    Returns:
        The span of each phrase, without the punctuation at its edges, with and without the
        particles and honorifics there.
    """
    pieces = phrase_pieces(text, language, tokens)
    edges = set() if language.spaces else {edge for token in tokens for edge in token}
    words = _word_numbers(text, pieces) if language.spaces else list(range(len(pieces)))
    whole = language.spaces and all(end - start <= 1 for start, end in tokens)
    # A title may be a name as a whole: "Шквырин, Игорь", "Iberien (Kartlien)".
    is_title = words[-1:] < [TITLE[language.spaces]] and text.rstrip()[-1:] not in FINAL
    found: dict[Span, None] = {}
    for first, (start, _) in enumerate(pieces):
        if whole and first and words[first - 1] == words[first]:
            continue
        for last in range(first, len(pieces)):
            if words[last] - words[first] >= most:
                break
            between = text[pieces[last - 1][1] : pieces[last][0]] if last > first else ""
            if _breaks(re.sub("[,，()（）]", "", between) if is_title else between):
                break
            end = _closed(start, pieces[last][1], text) if is_title else pieces[last][1]
            if end is None:
                continue
            end += text[end : end + 1] == "."  # it may abbreviate; `variants` decides
            for number, span in enumerate(variants((start, end), text, language)):
                # 東京都内 is not taken as 東京都 if its tokens are 東京 and 都内.
                if number > 0 and edges and not edges.issuperset(span):
                    continue
                if any(char.isalnum() for char in text[span[0] : span[1]]):
                    found[span] = None
    return list(found)


def _closed(start: int, end: int, text: str) -> int | None:
    """The end of a phrase, with the bracket after it that closes one of its own.

    None if the phrase has a bracket without its partner.
    """
    opened, closed = (sum(text.count(mark, start, end) for mark in pair) for pair in ("(（", ")）"))
    if opened == closed:
        return end
    after = len(text) - len(text[end:].lstrip())
    return after + 1 if opened == closed + 1 and text[after : after + 1] in (")", "）") else None


def _breaks(between: str) -> bool:
    """Whether the text between two words ends a phrase; a full stop alone may abbreviate."""
    return any(
        mark in between for mark in ',;:!?()[]{}«»“”"、。，；：！？（）「」『』《》〈〉،؛؟।۔'
    ) or ("." in between and len(between.strip()) > 1)


def phrase_pieces(text: str, language: Language, tokens: Sequence[Span] = ()) -> list[Span]:
    """The words of a sentence, or in a script without spaces its tokens.

    Without tokens these are its characters and unbroken runs, and so they are if every character
    is a token of the corpus.
    """
    if language.spaces:
        edges = sorted({edge for token in tokens for edge in token})
        return [part for word in phrase_words(text) for part in _cut_word(word, edges)]
    pieces: list[Span] = []
    for start, end in tokens or ((offset, offset + 1) for offset in range(len(text))):
        if not any(in_word(char) for char in text[start:end]):
            continue
        may_join = pieces and pieces[-1][1] == start and end - start == 1
        if may_join and (
            in_one_run(text[start - 1], text[start]) or unicodedata.category(text[start])[0] == "M"
        ):
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return pieces


def _word_numbers(text: str, pieces: Sequence[Span]) -> list[int]:
    """The number of the word that each piece is in."""
    ends = [end for _, end in phrase_words(text)]
    return [bisect_left(ends, end) for _, end in pieces]


def _cut_word(word: Span, edges: Sequence[int]) -> list[Span]:
    """Cut a word at the edges of tokens within it."""
    inside = edges[bisect_right(edges, word[0]) : bisect_left(edges, word[1])]
    return list(pairwise([word[0], *inside, word[1]]))


def phrase_words(text: str) -> list[Span]:
    """The words of a text; a mark of one character between two letters joins them: O'Neil, U.N."""
    words: list[Span] = []
    for offset, char in enumerate(text):
        if not (in_word(char) or char in "\u200c\u200d"):
            continue
        gap = offset - words[-1][1] if words else None
        if gap == 0 or (gap == 1 and text[offset - 1] in _JOINS):
            words[-1] = (words[-1][0], offset + 1)
        else:
            words.append((offset, offset + 1))
    return words
