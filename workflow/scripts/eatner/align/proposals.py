"""Which phrases of a sentence are scored for an English entity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from eatner.align.candidates import Question
from eatner.align.phrases import CHARACTERS, LOGOGRAPHS, MORE_WORDS, phrase_pieces, phrases
from eatner.align.signals import lexicon_vote, likeness, reader
from eatner.lexicon import Lexicon
from eatner.llm.transformers import TransformersLLM
from eatner.text.languages import Language

if TYPE_CHECKING:
    import torch

# How many phrase beginnings the LLM's first token proposes, and how many phrases the reading.
STARTS = 6
READINGS = 6
# The first token of a phrase may be its first characters, so many of them.
BEGINNINGS = (1, 2, 3, 4, 6, 8, 12, 24)


def proposed_phrases(
    line: str,
    question: Question,
    first: torch.Tensor,
    llm: TransformersLLM,
    language: Language,
    lexicon: Lexicon | None,
) -> list[list[str]]:
    """The phrases that are scored for each entity of a sentence, and nothing as an empty one.

    Args:
        line: The sentence, on one line.
        question: The sentence and its entities.
        first: Log-probabilities of the answers' first token, with a row for each entity.
        llm: The LLM.
        language: The sentence's language.
        lexicon: Names with their English, or None.
    """
    read = reader(language)
    spans = phrases(line, language, most_pieces(question.names, language), question.tokens)
    opening: dict[int, str] = {}  # the shortest phrase at each start
    for start, end in sorted(spans):
        opening.setdefault(start, line[start:end])
    starts = list(opening)
    beginnings = [line[start : start + BEGINNINGS[-1]] for start in starts]
    first_logprobs = _first_logprobs(first, beginnings, llm)
    surfaces = list(dict.fromkeys(line[start:end] for start, end in spans))
    proposed = []
    for number, name in enumerate(question.names):
        by_first = np.argsort(-first_logprobs[number], kind="stable")
        begun = set(islice(dict.fromkeys(opening[starts[i]] for i in by_first), STARTS))
        by_reading = sorted(surfaces, key=lambda surface: -likeness(name, read(surface)))
        near = set(by_reading[:READINGS])
        limit = most_pieces([name], language)
        chosen = {
            line[start:end]: None
            for start, end in spans
            if (opening[start] in begun and len(phrase_pieces(line[start:end], language)) <= limit)
            or line[start:end] in near
            or (lexicon is not None and lexicon_vote(lexicon, line[start:end], name) > 0)
        }
        proposed.append([*chosen, ""])
    return proposed


def _first_logprobs(first: torch.Tensor, texts: Sequence[str], llm: TransformersLLM) -> np.ndarray:
    """The best log-probability of a first token that each text may begin with.

    Args:
        first: Log-probabilities of the first token: (prompts, vocabulary).
        texts: Beginnings of phrases.
        llm: The LLM.

    Returns:
        Shape (prompts, texts).
    """
    if not texts:
        return np.zeros((len(first), 0))
    begun = [{text[:length] for length in BEGINNINGS} for text in texts]
    every = list(set().union(*begun))
    token = {text: ids[0] for text, ids in zip(every, llm.encode_answers(every), strict=True)}
    columns = [sorted({token[text] for text in of_text}) for of_text in begun]
    logprobs = first[:, list(chain.from_iterable(columns))].float().cpu().numpy()
    return np.maximum.reduceat(logprobs, np.cumsum([0, *map(len, columns[:-1])]), axis=1)


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
