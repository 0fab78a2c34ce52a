"""Which phrases of a sentence are scored for an English entity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np

from eatner.align.candidates import Question
from eatner.align.phrases import CHARACTERS, LOGOGRAPHS, MORE_WORDS, phrase_pieces, phrases
from eatner.align.signals import lexicon_vote, likeness, reader
from eatner.lexicon import Lexicon
from eatner.tables import Span
from eatner.text.languages import Language

# How many phrase beginnings the LLM's first token proposes, and how many phrases the reading.
STARTS = 6
READINGS = 6
# Characters of a phrase by which its first token is looked up.
OPENING = 24


def phrases_by_start(
    line: str, question: Question, language: Language
) -> tuple[list[Span], dict[int, str]]:
    """The phrases that an entity of a sentence may be, and the shortest one at each start.

    Args:
        line: The sentence, on one line.
        question: The sentence and its entities.
        language: The sentence's language.
    """
    spans = phrases(line, language, most_pieces(question.names, language), question.tokens)
    shortest: dict[int, str] = {}
    for start, end in sorted(spans):
        shortest.setdefault(start, line[start:end])
    return spans, shortest


def openings(line: str, shortest: Mapping[int, str]) -> list[str]:
    """The beginnings of a sentence's phrases, one at each start, for the LLM to rank."""
    return [line[start : start + OPENING] for start in shortest]


def proposed_phrases(
    line: str,
    question: Question,
    spans: Sequence[Span],
    shortest: Mapping[int, str],
    first_logprobs: np.ndarray,
    language: Language,
    lexicon: Lexicon | None,
) -> list[list[str]]:
    """The phrases that are scored for each entity of a sentence, and nothing as an empty one.

    Args:
        line: The sentence, on one line.
        question: The sentence and its entities.
        spans: The sentence's phrases.
        shortest: The shortest phrase at each start.
        first_logprobs: Log-probabilities of the first token of each opening, with a row for each
            entity, shape (entities, openings) or more rows.
        language: The sentence's language.
        lexicon: Names with their English, or None.
    """
    read = reader(language)
    starts = list(shortest)
    surfaces = list(dict.fromkeys(line[start:end] for start, end in spans))
    proposed = []
    for number, name in enumerate(question.names):
        by_first = np.argsort(-first_logprobs[number], kind="stable")
        begun = set(islice(dict.fromkeys(shortest[starts[i]] for i in by_first), STARTS))
        by_reading = sorted(surfaces, key=lambda surface: -likeness(name, read(surface)))
        near = set(by_reading[:READINGS])
        limit = most_pieces([name], language)
        chosen = {
            line[start:end]: None
            for start, end in spans
            if (shortest[start] in begun and len(phrase_pieces(line[start:end], language)) <= limit)
            or line[start:end] in near
            or (lexicon is not None and lexicon_vote(lexicon, line[start:end], name) > 0)
        }
        proposed.append([*chosen, ""])
    return proposed


def most_pieces(names: Iterable[str], language: Language) -> int:
    """How many pieces a phrase for one of these names may have; see `phrases`."""
    words = max(map(_words_of, names))
    if language.spaces:
        return words + MORE_WORDS
    logographic = language.script in ("Hani", "Jpan")
    return (LOGOGRAPHS if logographic else CHARACTERS) * (words + 1)


def _words_of(name: str) -> int:
    """The number of words of a name; for an acronym, of what it may stand for."""
    is_acronym = len(name) > 2 and name.isalpha() and name.isupper()
    return len(name) // 2 if is_acronym else len(name.split())
