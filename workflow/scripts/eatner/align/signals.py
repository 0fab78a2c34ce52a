"""The signals of a candidate: what the LLM, the reading, the lexicon and its shape say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from rapidfuzz import fuzz

from eatner import prompts
from eatner.align.phrases import phrase_words
from eatner.align.weights import SIGNALS, Scored
from eatner.lexicon import Lexicon
from eatner.text.english import same_name
from eatner.text.folding import fold_letters
from eatner.text.languages import Language
from eatner.text.romanise import reading as romanise_reading

# The likeness above which a reading says more.
CLOSE = 0.6


def scored_candidates(
    name: str,
    line: str,
    logprobs: Mapping[str, float],
    neutral: Mapping[str, float],
    language: Language,
    lexicon: Lexicon | None,
    hints: Sequence[tuple[str, str]] = (),
) -> Scored:
    """The candidates of an entity, with all signals but those of translating back.

    Args:
        name: The English entity.
        line: The sentence, on one line.
        logprobs: The answers for the entity, each with its natural log-probability: candidates and
            nothing, followed by the quote that ends an answer.
        neutral: The log-probabilities of the same answers for a neutral word in the entity's place.
        language: The sentence's language.
        lexicon: Names with their English, or None.
        hints: Names in the sentence whose English the translator was given.

    Returns:
        The candidates, the most probable first, and nothing at the end.
    """
    read = reader(language)
    rows: list[tuple[str, list[float]]] = []
    for answer, logprob in logprobs.items():
        surface = answer.removesuffix(prompts.QUOTE)
        values: dict[str, float] = {"llm": logprob, "contrast": logprob - neutral[answer]}
        if not surface:
            values["nothing"] = 1
        else:
            spoken = read(surface)
            like = likeness(name, spoken)
            capitals, cut = _capitals(surface, line)
            title = 0 if lexicon is None else lexicon_vote(lexicon, surface, name)
            values |= {
                "reading": like,
                "close_reading": max(0.0, like - CLOSE),
                "lexicon": title,
                "hint": 0 if title else hint_vote(hints, surface, name),
                "length": abs(np.log((len(spoken) + 1) / (len(name) + 1))),
                "capitals": capitals,
                "cut_name": cut,
                "digits": not _numbers(surface) <= _numbers(name),
            }
        rows.append((surface, [float(values.get(signal, 0.0)) for signal in SIGNALS]))
    rows.sort(key=lambda row: (row[0] == "", -row[1][0]))
    return Scored(name, tuple(surface for surface, _ in rows), np.array([row for _, row in rows]))


@cache
def reader(language: Language) -> Callable[[str], str]:
    """The romanisation of a language, kept word by word where the language has spaces."""
    whole = romanise_reading(language)
    if not language.spaces:
        return whole
    return cache(lambda text: " ".join(whole(word) for word in text.split()))


def likeness(name: str, spoken: str) -> float:
    """How like a name and a reading are, 0 to 1, with the family name last or first."""
    words = name.split()
    orders = {name, " ".join([*words[-1:], *words[:-1]])}
    return max(fuzz.ratio(_letters(order), _letters(spoken)) for order in orders) / 100


def lexicon_vote(lexicon: Lexicon, surface: str, name: str) -> int:
    """1 if a phrase has this English name in the lexicon, -1 if another one, 0 if none."""
    title = lexicon.english(surface)
    if title is None:
        return 0
    return 1 if same_name(title, name) else -1


def hint_vote(hints: Sequence[tuple[str, str]], surface: str, name: str) -> int:
    """1 if the translator was given this English name for a phrase, -1 if another, 0 if none."""
    given = [english for own, english in hints if own == surface]
    if not given:
        return 0
    return 1 if any(same_name(english, name) for english in given) else -1


_letters = cache(fold_letters)


def _numbers(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d{1,18}", text)}


def _capitals(surface: str, text: str) -> tuple[float, int]:
    """The share of a phrase's words with a capital, and how many such words are beside it.

    Both are 0 in a script without capitals.
    """
    words = [surface[start:end] for start, end in phrase_words(surface)]
    cased = [word for word in words if word[0].upper() != word[0].lower()]
    if not cased:
        return 0.0, 0
    start = text.find(surface)
    before = re.search(r"([^\W_][\w'’-]*)\s$", text[:start])
    after = re.match(r"\s([^\W_][\w'’-]*)", text[start + len(surface) :])
    cut = int(after is not None and after.group(1)[0].isupper())
    # The first word of a sentence has a capital anyway.
    cut += before is not None and before.start() > 0 and before.group(1)[0].isupper()
    return sum(word[0].isupper() for word in cased) / len(cased), cut
