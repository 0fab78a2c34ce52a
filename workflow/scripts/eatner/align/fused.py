"""Several signals of which phrase an English entity stands for, fused into one probability.

The candidates of an entity are the phrases of its sentence between token boundaries: those that the
LLM finds most probable under the entity, those that read like it, and those that the lexicon knows
by its name. Each is scored by the LLM, by its reading and by the lexicon; a conditional logit
(McFadden 1974) over the candidates and the answer "nothing" weighs these signals. Its weights are
learned on pairs from Wikipedia (`fit`), never on a test set. That signals fused beat each alone is
known from projection without LLMs (García-Ferrero et al. 2023, T-Projection); the neutral word is
the calibration of Zhao et al. 2021 (arXiv 2102.09690), here a span at a time.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import islice

import numpy as np
from rapidfuzz import fuzz

from eatner import prompts
from eatner.align.candidates import Candidate, Question
from eatner.align.phrases import (
    CHARACTERS,
    LOGOGRAPHS,
    MORE_WORDS,
    phrase_pieces,
    phrase_words,
    phrases,
)
from eatner.align.weights import SIGNALS, Scored, Weights, weighed
from eatner.errors import InputError
from eatner.lexicon import Lexicon
from eatner.llm.base import AnswerScorer, one_line
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import Pair, Span
from eatner.text.languages import Language
from eatner.text.romanise import reading as romanise_reading
from eatner.text.trim import trim

NEUTRAL = "name"
CLOSE = 0.6
# Beginnings that the LLM's first token proposes, and phrases that the reading does.
STARTS = 6
# Characters of a phrase by which the LLM's first token is looked up.
OPENING = 24
READINGS = 6
# Sentences whose phrases are kept: those of a forest.
LOOKED_AT = 64
# Candidates of an entity that are translated back and kept, and what the signals count by which
# they are chosen.
MOST = 16
PRELIMINARY = {"llm": 0.3, "contrast": 0.3, "reading": 3.0, "lexicon": 2.0}
# Most nats by which a translation back may be above the median one: a name that is copied is so by
# far more, and would outweigh all else.
MOST_GAIN = 15.0


def candidates(
    sentences: Sequence[Question],
    llm: AnswerScorer,
    language: Language,
    lexicon: Lexicon | None,
    weights: Weights,
    *,
    form: str,
    journal: Journal | None = None,
) -> list[list[list[Candidate] | None]]:
    """Find the candidates of every entity, with their gain by all signals.

    Args:
        sentences: Each with its English entities.
        llm: The LLM.
        language: The sentences' language.
        lexicon: Names with their English, or None.
        weights: What the signals count, as `fit` learned it.
        form: How the LLM is asked: `few-shot`, `chat` or `tuned`.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Returns:
        For every sentence and entity its candidates; None where the LLM's context is too short.
    """
    short = [
        place
        for place, (text, names, _) in enumerate(sentences)
        if all(
            len(llm.encode(prompts.alignment(text, name, language, form))) + prompts.ANSWER_TOKENS
            <= llm.context
            for name in names
        )
    ]
    found: list[list[list[Candidate] | None]] = [
        [None] * len(question.names) for question in sentences
    ]
    with counter("aligning", "sentence", len(short)) as bar:
        several = score(
            [sentences[place] for place in short],
            llm,
            language,
            lexicon,
            form=form,
            journal=journal,
            progress=bar.update,
        )
    for place, group in zip(short, several, strict=True):
        found[place] = [weighed(scored, weights, sentences[place].text) for scored in group]
    return found


def score(
    sentences: Sequence[Question],
    llm: AnswerScorer,
    language: Language,
    lexicon: Lexicon | None,
    *,
    form: str,
    journal: Journal | None = None,
    progress: Callable[[float], object] | None = None,
) -> list[list[Scored]]:
    """Score the candidates of the entities of every sentence.

    Args:
        sentences: Each with its English entities, one or more; short enough for the LLM's context.
        llm: The LLM.
        language: The sentences' language.
        lexicon: Names with their English, or None.
        form: How the LLM is asked: `few-shot`, `chat` or `tuned`.
        journal: Keeps what the LLM has answered.
        progress: Called with the number of sentences that were scored since the last call: half
            of them when their phrases are found, half when these are translated back.

    Returns:
        For every sentence and entity its candidates, `MOST` and "nothing" at most.
    """

    def half(done: int) -> None:
        if progress is not None:
            progress(done / 2)

    found = _find(sentences, llm, language, lexicon, form, journal, half)
    return _translate_back(found, llm, language, journal, half)


def _find(
    sentences: Sequence[Question],
    llm: AnswerScorer,
    language: Language,
    lexicon: Lexicon | None,
    form: str,
    journal: Journal | None,
    progress: Callable[[int], object],
) -> list[list[Scored]]:
    """The phrases that the LLM, the reading or the lexicon propose, with all but `back`."""
    read = _reader(language)
    lines = [one_line(question.text) for question in sentences]
    groups = [
        [prompts.alignment(line, name, language, form) for name in (*question.names, NEUTRAL)]
        for line, question in zip(lines, sentences, strict=True)
    ]

    @lru_cache(maxsize=LOOKED_AT)  # the LLM asks for the openings of some groups, then for phrases
    def spans_of(index: int) -> tuple[list[Span], dict[int, str]]:
        line, names = lines[index], sentences[index].names
        spans = phrases(line, language, _most(names, language), sentences[index].tokens)
        opening: dict[int, str] = {}  # the shortest phrase at each start
        for start, end in sorted(spans):
            opening.setdefault(start, line[start:end])
        return spans, opening

    def openings(index: int) -> list[str]:
        return [lines[index][start : start + OPENING] for start in spans_of(index)[1]]

    def propose(index: int, table: np.ndarray) -> list[list[str]]:
        line, names = lines[index], sentences[index].names
        spans, opening = spans_of(index)
        starts = list(opening)
        surfaces = list(dict.fromkeys(line[start:end] for start, end in spans))
        found = []
        for row, name in enumerate(names):
            ranked = (opening[starts[i]] for i in np.argsort(-table[row], kind="stable"))
            begun = set(islice(dict.fromkeys(ranked), STARTS))
            near = set(sorted(surfaces, key=lambda s: -_likeness(name, read(s)))[:READINGS])
            limit = _most([name], language)
            chosen = {
                line[start:end]: None
                for start, end in spans
                if (opening[start] in begun and _size(line[start:end], language) <= limit)
                or line[start:end] in near
                or (lexicon is not None and _knows(lexicon, line[start:end], name) > 0)
            }
            found.append([*chosen, ""])
        every = list(dict.fromkeys(surface for several in found for surface in several))
        return [[surface + prompts.QUOTE for surface in several] for several in (*found, every)]

    answers = llm.score_answers(
        groups,
        propose,
        openings=openings,
        journal=journal,
        progress=progress,
    )
    scored = []
    for line, question, several in zip(lines, sentences, answers, strict=True):
        *own, neutral = several
        scored.append([])
        for name, found in zip(question.names, own, strict=True):
            one = _signals(name, line, found, neutral, language, lexicon, read)
            scored[-1].append(one.of(*_likely(one), len(one.surfaces) - 1))
    return scored


def _likely(one: Scored) -> list[int]:
    """The places of the candidates that are kept, among them what reads most like the English."""
    weights = np.array([PRELIMINARY.get(signal, 0.0) for signal in SIGNALS])
    known, reading = (one.signals[:-1, SIGNALS.index(name)] for name in ("lexicon", "reading"))
    ranked = [
        *np.flatnonzero(known > 0).tolist(),
        *np.argsort(-reading, kind="stable")[:READINGS].tolist(),
        *np.argsort(-(one.signals[:-1] @ weights), kind="stable").tolist(),
    ]
    return sorted(list(dict.fromkeys(ranked))[:MOST])


def _translate_back(
    sentences: Sequence[Sequence[Scored]],
    llm: AnswerScorer,
    language: Language,
    journal: Journal | None,
    progress: Callable[[int], object],
) -> list[list[Scored]]:
    """The same candidates with `back`: whether the LLM takes the English for their translation.

    The English is the LLM's best language: it may know 巴黎 for Paris where it would not copy it.
    """
    # Of each sentence: the English entities that each phrase is a candidate of.
    named: list[dict[str, dict[str, None]]] = []
    for several in sentences:
        named.append({})
        for one in several:
            for surface in one.surfaces[:-1]:
                named[-1].setdefault(surface, {})[one.english] = None
    asked = [place for place, names in enumerate(named) if names]
    progress(len(named) - len(asked))
    answers = llm.score_answers(
        [[prompts.name(surface, language) for surface in named[place]] for place in asked],
        lambda index, _: [
            list(map(prompts.named, names)) for names in named[asked[index]].values()
        ],
        journal=journal,
        progress=progress,
    )
    back: dict[int, dict[str, dict[str, float]]] = {
        place: dict(zip(named[place], several, strict=True))
        for place, several in zip(asked, answers, strict=True)
    }
    return [
        [_with_back(one, back.get(place, {})) for one in several]
        for place, several in enumerate(sentences)
    ]


def _with_back(one: Scored, back: Mapping[str, Mapping[str, float]]) -> Scored:
    if len(one.surfaces) == 1:
        return one
    answer = prompts.named(one.english)
    logprobs = np.array([back[surface][answer] for surface in one.surfaces[:-1]])
    signals = one.signals.copy()
    signals[:-1, SIGNALS.index("back")] = logprobs - np.logaddexp.reduce(logprobs)
    gain = np.minimum(logprobs - np.median(logprobs), MOST_GAIN)
    signals[:-1, SIGNALS.index("back_gain")] = gain
    return replace(one, signals=signals)


def _most(names: Iterable[str], language: Language) -> int:
    words = max(map(_words_of, names))
    if language.spaces:
        return words + MORE_WORDS
    logographic = language.script in ("Hani", "Jpan")
    return (LOGOGRAPHS if logographic else CHARACTERS) * (words + 1)


def _words_of(name: str) -> int:
    """How many words a name has; of an acronym, how many it may stand for."""
    acronym = len(name) > 2 and name.isalpha() and name.isupper()
    return len(name) // 2 if acronym else len(name.split())


def _size(surface: str, language: Language) -> int:
    return len(phrase_pieces(surface, language))


def _signals(
    name: str,
    line: str,
    found: Mapping[str, float],
    neutral: Mapping[str, float],
    language: Language,
    lexicon: Lexicon | None,
    read: Callable[[str], str],
) -> Scored:
    """The candidates of an entity with all signals but the translations back."""
    rows = []
    for answer, logprob in found.items():
        surface = answer.removesuffix(prompts.QUOTE)
        values = {"llm": logprob, "contrast": logprob - neutral[answer]}
        if not surface:
            values["nothing"] = 1
        else:
            spoken = read(surface)
            like = _likeness(name, spoken)
            capitals, cut = _capitals(surface, line)
            values |= {
                "reading": like,
                "close_reading": max(0.0, like - CLOSE),
                "lexicon": 0 if lexicon is None else _knows(lexicon, surface, name),
                "length": abs(np.log((len(spoken) + 1) / (len(name) + 1))),
                "capitals": capitals,
                "cut_name": cut,
                "digits": not _numbers(surface) <= _numbers(name),
            }
        rows.append((surface, [float(values.get(signal, 0.0)) for signal in SIGNALS]))
    rows.sort(key=lambda row: (row[0] == "", -row[1][0]))
    return Scored(name, tuple(surface for surface, _ in rows), np.array([row for _, row in rows]))


def _numbers(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d+", text)}


def _knows(lexicon: Lexicon, surface: str, name: str) -> int:
    title = lexicon.english(surface)
    if title is None:
        return 0
    return 1 if fuzz.token_sort_ratio(title.casefold(), name.casefold()) >= 90 else -1


def _likeness(name: str, spoken: str) -> float:
    """How like a name and a reading are, 0 to 1, with the family name last or first."""
    words = name.split()
    orders = {name, " ".join([*words[-1:], *words[:-1]])}
    return max(fuzz.ratio(_letters(order), _letters(spoken)) for order in orders) / 100


@cache
def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalnum())


def _capitals(surface: str, text: str) -> tuple[float, int]:
    words = [surface[start:end] for start, end in phrase_words(surface)]
    cased = [word for word in words if word[0].upper() != word[0].lower()]
    if not cased:
        return 0.0, 0
    start = text.find(surface)
    before = re.search(r"([^\W_][\w'’-]*)\s$", text[:start])
    after = re.match(r"\s([^\W_][\w'’-]*)", text[start + len(surface) :])
    cut = sum(bool(side) and side.group(1)[0].isupper() for side in (after,))
    # The first word of a sentence has a capital anyway.
    cut += bool(before) and before.start() > 0 and before.group(1)[0].isupper()
    return sum(word[0].isupper() for word in cased) / len(cased), cut


@cache
def _reader(language: Language) -> Callable[[str], str]:
    whole = romanise_reading(language)
    if not language.spaces:
        return whole
    return cache(lambda text: " ".join(whole(word) for word in text.split()))


def examples(
    llm: AnswerScorer,
    wikis: Sequence[tuple[Language, Lexicon | None, Sequence[Pair]]],
    *,
    form: str,
    most: int,
    seed: int,
    journal: Journal | None = None,
) -> list[tuple[Scored, str]]:
    """Score the candidates of alignment pairs, for `fit` to learn from.

    Half of the examples are scored without the lexicon: it was made from the same wiki, so that it
    knows all of their names, and few of those in other texts.

    Args:
        llm: The LLM.
        wikis: Each language with its lexicon and its pairs, none of which the LLM was tuned on.
        form: How the LLM is asked: `few-shot`, `chat` or `tuned`.
        most: So many pairs of each language are drawn.
        seed: Of every draw.
        journal: Keeps what the LLM has answered.

    Returns:
        The candidates of each pair and its right surface; empty where the sentence has none.

    Raises:
        InputError: No pairs.
    """
    drawn = random.Random(seed)
    found: list[tuple[Scored, str]] = []
    asked = [
        _questions(drawn.sample(list(pairs), min(most, len(pairs))), language)
        for language, _, pairs in wikis
    ]
    with counter("scoring pairs", "sentence", sum(len(texts) for texts, _ in asked)) as bar:
        for (language, lexicon, _), (questions, right) in zip(wikis, asked, strict=True):
            scored = score(
                questions, llm, language, lexicon, form=form, journal=journal, progress=bar.update
            )
            found += [
                (one, answer)
                for group, answers in zip(scored, right, strict=True)
                for one, answer in zip(group, answers, strict=True)
            ]
    if not found:
        raise InputError(
            "no alignment pairs to learn the weights of the signals on",
            record="fused aligner",
            remedy="Use a larger wiki, or see pairs.rejects.tsv for what was left out.",
        )
    blind = set(drawn.sample(range(len(found)), len(found) // 2))
    return [
        (_blind(scored) if place in blind else scored, right)
        for place, (scored, right) in enumerate(found)
    ]


def _questions(rows: Sequence[Pair], language: Language) -> tuple[list[Question], list[list[str]]]:
    """The pairs by sentence: its entities, and their right surfaces without what is trimmed."""
    by_sentence: dict[str, dict[str, str]] = {}
    for row in rows:
        start, end = row.start, row.end
        if start < end:
            start, end = trim((start, end), row.sentence, language)
        by_sentence.setdefault(row.sentence, {}).setdefault(row.english, row.sentence[start:end])
    questions = [Question(sentence, list(names)) for sentence, names in by_sentence.items()]
    return questions, [list(names.values()) for names in by_sentence.values()]


def _blind(scored: Scored) -> Scored:
    """The same candidates, as if the lexicon knew none of them."""
    signals = scored.signals.copy()
    signals[:, SIGNALS.index("lexicon")] = 0
    return replace(scored, signals=signals)
