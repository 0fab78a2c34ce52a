"""Trim a span: punctuation, honorifics and particles at its edges."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from eatner.tables import Span
from eatner.text.characters import is_word
from eatner.text.languages import Language


def trim(span: Span, sentence: str, language: Language, *, doubtful: bool = False) -> Span:
    """A span without the punctuation, honorifics and particles at its edges.

    Honorifics are those of the language's row, apart from the name by a space where the language
    has spaces (Korean: with or without). Particles are the row's affixes that are not part of the
    word: Korean particles, which have to agree with the syllable before them (은 after a final
    consonant, 는 after a vowel), so that 김가은 stays; and those with an apostrophe (English 's,
    French l'). Case endings (Москвы, Երեւանում) belong to the word and stay.

    Args:
        span: Start and end in the sentence.
        sentence: The sentence.
        language: The language's row.
        doubtful: Whether to take off too what names themselves begin or end with: the row's
            doubtful ones (나 of 우크라이나), and titles written solid before a name (總統府).

    Returns:
        The trimmed span; the span as it is if nothing would be left.
    """
    kept = () if doubtful else language.doubtful
    start, end = _trim_punctuation(*span, sentence, language)
    start, end = _trim_particle(start, end, sentence, language, kept)
    while True:
        before = (start, end)
        start, end = _trim_punctuation(start, end, sentence, language)
        start, end = _trim_honorific(start, end, sentence, language, kept, solid=doubtful)
        if (start, end) == before:
            break
    return (start, end) if start < end else span


def variants(span: Span, sentence: str, language: Language) -> list[Span]:
    """The spans that may be meant: without punctuation, and without what `trim` takes off.

    A word that begins with one of the language's prefixes is also taken without it (Arabic
    والقاهرة, "and Cairo"): the reading of the name decides whether the prefix is part of it.

    Args:
        span: Start and end in the sentence.
        sentence: The sentence.
        language: The language's row.
    """
    found = [
        _trim_punctuation(*span, sentence, language),
        trim(span, sentence, language),
        trim(span, sentence, language, doubtful=True),
    ]
    if language.spaces:
        start, end = found[0]
        for affix in language.prefixes:
            after = start + len(affix)
            if sentence.startswith(affix, start, end) and is_word(sentence[after : after + 1]):
                found += [(after, end), trim((after, end), sentence, language)]
    return list(dict.fromkeys(one for one in found if one[0] < one[1]))


def _is_punctuation(char: str) -> bool:
    return char.isspace() or unicodedata.category(char)[0] in "PZC" or char in "`^~|<>=+´"


def _trim_punctuation(start: int, end: int, sentence: str, language: Language) -> Span:
    """A span without punctuation at its edges.

    A mark whose partner is inside stays, and so does the dot of an abbreviation.
    """
    closing = dict(zip(")）]］»”」』》", "(（[［«“「『《", strict=True))
    opening = {left: right for right, left in closing.items()}
    while start < end and _is_punctuation(sentence[start]):
        partner = opening.get(sentence[start])
        if partner and partner in sentence[start + 1 : end - 1]:
            break
        start += 1
    while end > start and _is_punctuation(sentence[end - 1]):
        last, rest = sentence[end - 1], sentence[start : end - 1]
        if last in closing and closing[last] in rest:
            break
        # "U.S.", "Washington D.C.": a dot after a single letter that follows another dot.
        if last == "." and len(rest) >= 3 and rest[-1].isalpha() and rest[-2] == ".":
            break
        word = re.split(r"\s", sentence[start:end])[-1]
        if last == "." and word in language.abbreviations:
            break
        end -= 1
    return start, end


def _trim_honorific(
    start: int, end: int, sentence: str, language: Language, kept: Iterable[str], *, solid: bool
) -> Span:
    attached = not language.spaces or language.code == "ko"
    for word in sorted({*language.honorifics} - {*kept}, key=len, reverse=True):
        if end - start <= len(word):
            continue
        if sentence.startswith(word, start):
            after = start + len(word)
            apart = sentence[after].isspace() or word.endswith(".")
            if apart or (solid and not language.spaces):
                return after, end
        if sentence.endswith(word, start, end):
            until = end - len(word)
            # One character is rarely all of a name: 様 in 王様 (king) is no honorific.
            if sentence[until - 1].isspace() or (attached and until - start > 1):
                return start, until
    return start, end


def _agrees(particle: str, syllable: str) -> bool:
    """Whether a Korean particle may follow a syllable, by its final consonant."""
    if not "\uac00" <= syllable <= "\ud7a3":
        return True
    final = (ord(syllable) - 0xAC00) % 28
    if particle[0] in "은이을과":
        return final != 0
    if particle.startswith("으로"):
        return final not in (0, 8)
    if particle.startswith("로"):
        return final in (0, 8)  # 서울로: after ㄹ as after a vowel
    if particle in ("는", "가", "를", "와", "나", "라"):
        return final == 0
    return True


def _trim_particle(
    start: int, end: int, sentence: str, language: Language, kept: Iterable[str]
) -> Span:
    if end < len(sentence) and is_word(sentence[end]) and end > start and language.spaces:
        return start, end  # the span ends inside a word: no particle closes it
    for affix in sorted({*language.suffixes} - {*kept}, key=len, reverse=True):
        until = end - len(affix)
        if until - start < 2 or not sentence.endswith(affix, start, end):
            continue
        korean = language.code == "ko" and _agrees(affix, sentence[until - 1])
        if korean or (affix[0] in "'’" and len(affix) > 1):
            return start, until
    for affix in language.prefixes:
        if affix in kept:
            continue
        if affix[-1] in "'’" and end - start > len(affix) and sentence.startswith(affix, start):
            return start + len(affix), end
    return start, end
