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

import json
import random
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, islice, pairwise
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz
from scipy.optimize import minimize

from eatner import prompts
from eatner.align import Candidate, Question, occurrences
from eatner.calibration import expected_error, reliability
from eatner.errors import InputError
from eatner.journal import Journal
from eatner.languages import Language, in_one_run, in_word
from eatner.lexicon import Lexicon
from eatner.llm import TransformersLLM, one_line
from eatner.progress import counter
from eatner.reading import reading
from eatner.spans import FINAL, trim, variants

# Signals of a candidate; the answer "nothing" has the first two and `nothing` itself.
SIGNALS = (
    "llm",  # its log-probability as the LLM's answer, with the end mark
    "contrast",  # the same less its log-probability under a neutral word in the entity's place
    "back",  # log-probability of the English as its translation, as a share of all candidates'
    "back_gain",  # the same less what it is for the entity's median candidate
    "reading",  # how like its reading is to the English, 0 to 1
    "close_reading",  # how far that is above CLOSE
    "lexicon",  # 1: the lexicon has it as the English; -1: as something else
    "length",  # how much longer or shorter than the English its reading is, as |log ratio|
    "capitals",  # share of its words that begin with a capital, in scripts that have them
    "cut_name",  # words with a capital on either side that it leaves out
    "digits",  # 1: it has a number that the English has not
    "nothing",  # 1 for the answer "nothing"
)
# The parts of them that can be left out.
PARTS = {
    "llm": ("llm",),
    "contrast": ("contrast",),
    "back": ("back", "back_gain"),
    "reading": ("reading", "close_reading"),
    "lexicon": ("lexicon",),
    "shape": ("length", "capitals", "cut_name", "digits"),
}
NEUTRAL = "name"
CLOSE = 0.6
# Beginnings that the LLM's first token proposes, and phrases that the reading does.
STARTS = 6
# Characters of a phrase that its first token may have.
BEGINNINGS = (1, 2, 3, 4, 6, 8, 12, 24)
READINGS = 6
# Candidates of an entity that are translated back and kept, and what the signals count by which
# they are chosen.
MOST = 16
PRELIMINARY = {"llm": 0.3, "contrast": 0.3, "reading": 3.0, "lexicon": 2.0}
# Most nats by which a translation back may be above the median one: a name that is copied is so by
# far more, and would outweigh all else.
MOST_GAIN = 15.0
# Most words of a phrase beyond those of the English; in scripts without spaces most characters (a
# run of katakana is one) for each of its words, and for one more: fewer where they are logographs.
MORE_WORDS = 2
CHARACTERS = 12
LOGOGRAPHS = 5
# Most words, or in scripts without spaces characters, of a text without a final mark that may be a
# title, by whether the language has spaces.
TITLE = {True: 12, False: 24}
# What the signals count before any example: about the weights of Gemma 3 270M on pairs of the three
# sample wikis, for those who have few pairs of their own; and the penalty for leaving them.
PRIOR = {
    "llm": 0.3,
    "contrast": 0.05,
    "back": 0.2,
    "back_gain": 0.2,
    "reading": 2.5,
    "close_reading": 0.8,
    "lexicon": 2.0,
    "length": -0.4,
    "capitals": 0.8,
    "cut_name": -0.8,
    "digits": -0.6,
    "nothing": 1.5,
}
RIDGE = 2.0
_JOINS = "'’-‐–.&/·־״\"”"

Span = tuple[int, int]
Pair = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scored:
    """The candidates of an entity in a sentence, with their signals.

    Attributes:
        english: The entity.
        surfaces: The candidates; the last is empty and stands for "nothing".
        signals: Shape (candidates, signals), in the order of `SIGNALS`.
    """

    english: str
    surfaces: tuple[str, ...]
    signals: np.ndarray

    def of(self, *places: int) -> Scored:
        """Those at some places."""
        return replace(
            self,
            surfaces=tuple(self.surfaces[place] for place in places),
            signals=self.signals[list(places)],
        )


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts: shape (signals,), in the order of `SIGNALS`."""

    values: np.ndarray

    def probabilities(self, scored: Scored) -> np.ndarray:
        """The probability of every candidate of an entity, and of nothing; they sum to one."""
        utility = scored.signals @ self.values
        odds = np.exp(utility - utility.max())
        return odds / odds.sum()


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
    pieces = _pieces(text, language, tokens)
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


def _pieces(text: str, language: Language, tokens: Sequence[Span] = ()) -> list[Span]:
    """The words of a sentence, or in a script without spaces its tokens.

    Without tokens they are its characters and unbroken runs; so they are where the corpus has a
    token a character.
    """
    if language.spaces:
        edges = sorted({edge for token in tokens for edge in token})
        return [part for word in _words(text) for part in _parted(word, edges)]
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


def _words(text: str) -> list[Span]:
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


def candidates(
    sentences: Sequence[Question],
    llm: TransformersLLM,
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


def weighed(scored: Scored, weights: Weights, text: str) -> list[Candidate]:
    """The candidates of an entity with what they gain over no answer, the best first.

    Args:
        scored: The candidates.
        weights: What their signals count.
        text: The sentence.
    """
    utility = scored.signals @ weights.values
    line = one_line(text)
    return [
        Candidate(
            scored.surfaces[place],
            occurrences(scored.surfaces[place], line),
            float(scored.signals[place, 0]),
            float(utility[place] - utility[-1]),
        )
        for place in np.argsort(-utility[:-1], kind="stable")
    ]


def score(
    sentences: Sequence[Question],
    llm: TransformersLLM,
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
    llm: TransformersLLM,
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
    vocabulary = _Vocabulary(llm)

    def propose(index: int, first: object) -> list[list[str]]:
        line, names = lines[index], sentences[index].names
        spans = phrases(line, language, _most(names, language), sentences[index].tokens)
        opening: dict[int, str] = {}  # the shortest phrase at each start
        for start, end in sorted(spans):
            opening.setdefault(start, line[start:end])
        starts = list(opening)
        table = vocabulary.first_logprobs(first, [line[s : s + 24] for s in starts])
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
        asked=[[list(token) for token in question.tokens] for question in sentences],
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
    llm: TransformersLLM,
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
        asked=[list(named[place].values()) for place in asked],
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
    return len(_pieces(surface, language))


class _Vocabulary:
    """How probable a text is to begin with a token, by its first characters."""

    def __init__(self, llm: TransformersLLM) -> None:
        self.llm = llm

    def first_logprobs(self, first: object, texts: Sequence[str]) -> np.ndarray:
        """The best log-probability of a token that each text begins with: (prompts, texts)."""
        if not texts:
            return np.zeros((len(first), 0))
        begun = [{text[:length] for length in BEGINNINGS} for text in texts]
        every = list(set().union(*begun))
        token = {
            one: ids[0] for one, ids in zip(every, self.llm.encode_answers(every), strict=True)
        }
        columns = [sorted({token[one] for one in several}) for several in begun]
        found = first[:, list(chain.from_iterable(columns))].float().cpu().numpy()
        return np.maximum.reduceat(found, np.cumsum([0, *map(len, columns[:-1])]), axis=1)


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
    words = [surface[start:end] for start, end in _words(surface)]
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
    whole = reading(language)
    if not language.spaces:
        return whole
    return cache(lambda text: " ".join(whole(word) for word in text.split()))


def fit(examples: Sequence[tuple[Scored, str]], without: Collection[str] = ()) -> Weights:
    """Learn what each signal counts.

    Args:
        examples: Candidates, each with the right surface: empty where the sentence does not have
            the entity. An example whose right surface is no candidate teaches nothing.
        without: Names of `PARTS` whose signals count nothing.

    Returns:
        The weights that make the right candidates most probable, with a ridge penalty for leaving
        `PRIOR`, which a hundred examples outweigh.
    """
    usable = [
        (scored.signals, scored.surfaces.index(right))
        for scored, right in examples
        if right in scored.surfaces
    ]
    left_out = {signal for part in without for signal in PARTS[part]}
    kept = np.array([signal not in left_out for signal in SIGNALS], dtype=float)
    prior = kept * np.array([PRIOR[signal] for signal in SIGNALS])

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        apart = values - prior
        total, slope = RIDGE * apart @ apart / 2, RIDGE * apart
        for signals, right in usable:
            utility = signals @ values
            top = utility.max()
            odds = np.exp(utility - top)
            total += top + np.log(odds.sum()) - utility[right]
            slope = slope + (odds / odds.sum()) @ signals - signals[right]
        return total, slope * kept

    return Weights(minimize(loss, prior, jac=True, method="L-BFGS-B").x)


def examples(
    llm: TransformersLLM,
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


def learn(
    learned_on: Sequence[tuple[Scored, str]], seed: int, without: Collection[str] = ()
) -> tuple[Weights, dict[str, object]]:
    """Learn the weights of an aligner, and measure them.

    Args:
        learned_on: What `examples` gave.
        seed: Of the parts of the cross-validation.
        without: Names of `PARTS` whose signals count nothing.

    Returns:
        The weights and a record of how they were learned: `pairs`; `reachable`, the share of them
        whose right surface was a candidate; `accuracy`, the share whose most probable candidate (or
        nothing) was right, and `calibration_error` (expected, 10 bins), both cross-validated over
        five parts of the entities.
    """
    chances, hits = _cross_validated(learned_on, random.Random(seed), without)
    weights = fit(learned_on, without)
    return weights, {
        "weights": dict(zip(SIGNALS, weights.values.round(4).tolist(), strict=True)),
        "pairs": len(learned_on),
        "reachable": round(float(np.mean([r in s.surfaces for s, r in learned_on])), 4),
        "accuracy": round(float(np.mean(hits)), 4),
        "calibration_error": round(expected_error(reliability(chances, hits)), 4),
    }


def read_weights(path: Path) -> Weights:
    """Read the weights of a record that `learn` made.

    Raises:
        InputError: The file has no weights, or those of other signals.
    """
    record = json.loads(path.read_text(encoding="utf-8"))
    if tuple(record.get("weights", ())) != SIGNALS:
        raise InputError(
            "no weights of the signals that this version uses",
            path=path,
            remedy="Delete it and let Snakemake make it again.",
        )
    return Weights(np.array(list(record["weights"].values())))


def _questions(rows: Sequence[Pair], language: Language) -> tuple[list[Question], list[list[str]]]:
    """The pairs by sentence: its entities, and their right surfaces without what is trimmed."""
    by_sentence: dict[str, dict[str, str]] = {}
    for row in rows:
        start, end = int(row["start"]), int(row["end"])
        if start < end:
            start, end = trim((start, end), row["sentence"], language)
        by_sentence.setdefault(row["sentence"], {}).setdefault(
            row["english"], row["sentence"][start:end]
        )
    questions = [Question(sentence, list(names)) for sentence, names in by_sentence.items()]
    return questions, [list(names.values()) for names in by_sentence.values()]


def _blind(scored: Scored) -> Scored:
    """The same candidates, as if the lexicon knew none of them."""
    signals = scored.signals.copy()
    signals[:, SIGNALS.index("lexicon")] = 0
    return replace(scored, signals=signals)


def _cross_validated(
    examples: Sequence[tuple[Scored, str]],
    drawn: random.Random,
    without: Collection[str],
    parts: int = 5,
) -> tuple[list[float], list[bool]]:
    """The probability of each best candidate by the weights of the other parts; is it right?"""
    names = sorted({scored.english for scored, _ in examples})
    drawn.shuffle(names)
    part = {name: place % parts for place, name in enumerate(names)}
    chances, hits = [], []
    for number in range(parts):
        weights = fit([e for e in examples if part[e[0].english] != number], without)
        for scored, right in examples:
            if part[scored.english] == number:
                chance = weights.probabilities(scored)
                best = int(chance.argmax())
                chances.append(float(chance[best]))
                hits.append(scored.surfaces[best] == right)
    return chances, hits
