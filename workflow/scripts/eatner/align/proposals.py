"""Which phrases of a sentence are scored for an English entity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from eatner.align.candidates import Question
from eatner.align.phrases import CHARACTERS, LOGOGRAPHS, MORE_WORDS, phrase_pieces, phrases
from eatner.align.signals import hint_vote, lexicon_vote, likeness, reader
from eatner.lexicon import Lexicon
from eatner.tables import Span
from eatner.text.languages import Language

# How many phrase beginnings the LLM's first token proposes, and how many phrases the reading.
STARTS = 6
READINGS = 6
# Characters of a phrase by which the LLM's first token is looked up.
OPENING = 24


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of a sentence that may be one of its entities.

    Attributes:
        line: The sentence, on one line.
        spans: The phrases' places.
        shortest: The shortest phrase at each start.
        hints: Names in the sentence whose English the translator was given.
    """

    line: str
    spans: list[Span]
    shortest: dict[int, str]
    hints: Sequence[tuple[str, str]]

    @property
    def openings(self) -> list[str]:
        """What an answer may begin with: the sentence from each start on."""
        return [self.line[start : start + OPENING] for start in self.shortest]


def find_phrases(line: str, question: Question, language: Language) -> Phrases:
    """Find the phrases of a sentence that may be one of its entities.

    Args:
        line: The sentence, on one line.
        question: The sentence and its entities.
        language: The sentence's language.
    """
    spans = phrases(line, language, most_pieces(question.names, language), question.tokens)
    shortest: dict[int, str] = {}
    for start, end in sorted(spans):
        shortest.setdefault(start, line[start:end])
    return Phrases(line, spans, shortest, question.hints)


def proposed_phrases(
    found: Phrases,
    names: Iterable[str],
    first_logprobs: np.ndarray,
    language: Language,
    lexicon: Lexicon | None,
) -> list[list[str]]:
    """The phrases that are scored for each entity of a sentence, and nothing as an empty one.

    Args:
        found: The sentence's phrases.
        names: The sentence's entities.
        first_logprobs: How probable it is that the answer for an entity begins like a phrase, as a
            natural logarithm: shape (entities or more, `found.openings`).
        language: The sentence's language.
        lexicon: Names with their English, or None.
    """
    read = reader(language)
    line, shortest = found.line, found.shortest
    starts = list(shortest)
    surfaces = list(dict.fromkeys(line[start:end] for start, end in found.spans))
    proposed = []
    for number, name in enumerate(names):
        by_first = np.argsort(-first_logprobs[number], kind="stable")
        begun = set(islice(dict.fromkeys(shortest[starts[i]] for i in by_first), STARTS))
        by_reading = sorted(surfaces, key=lambda surface: -likeness(name, read(surface)))
        near = set(by_reading[:READINGS])
        limit = most_pieces([name], language)
        own = {surface for surface, _ in found.hints if hint_vote(found.hints, surface, name) > 0}
        chosen = {
            line[start:end]: None
            for start, end in found.spans
            if (shortest[start] in begun and len(phrase_pieces(line[start:end], language)) <= limit)
            or line[start:end] in near
            or line[start:end] in own
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
