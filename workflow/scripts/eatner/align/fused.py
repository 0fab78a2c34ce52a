"""Several signals of which phrase an English entity translates, fused into one probability.

The candidates of an entity are phrases of its sentence between token boundaries: those that the LLM
finds most probable for the entity, those that read like it, and those that the lexicon knows by its
name. The LLM, the reading and the lexicon score each of them, and a conditional logit (see
`eatner.align.weights`) weighs these signals. That fused signals beat each single one is known from
projection without LLMs (García-Ferrero et al. 2023, T-Projection).

The LLM scores a candidate in three ways:

- `llm`: how probable it is as the answer for the entity.
- `contrast`: how much more probable than as the answer for a neutral word in the entity's place,
  so that a phrase does not win because it is frequent or short. This is the calibration of Zhao et
  al. 2021 (arXiv 2102.09690), a span at a time.
- `back`: how probable the English is as a translation of the candidate. English is the LLM's best
  language: it may know that 巴黎 is Paris where it would not copy 巴黎 for Paris. Only the few
  candidates that are likely by the other signals are translated back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from eatner import lexicon as lexicons
from eatner import prompts
from eatner.align.base import align_step
from eatner.align.candidates import Candidate, Question
from eatner.align.proposals import READINGS, Phrases, find_phrases, proposed_phrases
from eatner.align.signals import scored_candidates
from eatner.align.step import Step
from eatner.align.weights import SIGNALS, Scored, Weights, read_weights, weighed
from eatner.errors import InputError
from eatner.lexicon import Lexicon
from eatner.llm.base import AnswerScorer, one_line
from eatner.llm.journal import Journal
from eatner.progress import counter
from eatner.tables import Alignment, Pair
from eatner.text.languages import Language
from eatner.text.trim import trim

# The word that takes the entity's place for the contrast.
NEUTRAL = "name"
# How many candidates of an entity are kept and translated back, and the weights of the signals by
# which they are chosen.
MOST = 16
PRELIMINARY = {"llm": 0.3, "contrast": 0.3, "reading": 3.0, "lexicon": 2.0, "hint": 2.0}
# Sentences whose phrases are kept in memory: those of a forest.
LOOKED_AT = 64
# Upper limit on the back-translation gain over the median, in nats; a copied name would dominate.
MOST_GAIN = 15.0


def run(step: Step) -> Iterator[Alignment]:
    """Align the entities of a step."""
    llm = step.open_llm()
    if not isinstance(llm, AnswerScorer):
        raise InputError(
            "a fused aligner needs an LLM that runs here",
            record="the aligner's `model`",
            remedy="Name a model that transformers runs, not an endpoint or one for vLLM.",
        )
    journal = step.open_journal()
    lexicon = step.inputs.get("lexicon")
    propose = partial(
        candidates,
        llm=llm,
        language=step.language,
        lexicon=None if lexicon is None else lexicons.load(lexicon),
        weights=read_weights(step.inputs["weights"]),
        form=step.form,
        journal=journal,
    )
    yield from align_step(step, propose)
    journal.close()


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
        sentences: The sentences with their English entities.
        llm: The LLM.
        language: The sentences' language.
        lexicon: Names with their English, or None.
        weights: The weights of the signals, as `fit` learned them.
        form: How the LLM is asked: `few-shot`, `chat` or `tuned`.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Returns:
        The candidates of every entity of every sentence; None if the LLM's context is too short.
    """
    fitting = [
        index
        for index, (text, names, *_) in enumerate(sentences)
        if all(
            len(llm.encode(prompts.alignment(text, name, language, form))) + prompts.ANSWER_TOKENS
            <= llm.context
            for name in names
        )
    ]
    found: list[list[list[Candidate] | None]] = [
        [None] * len(question.names) for question in sentences
    ]
    with counter("aligning", "sentence", len(fitting)) as bar:
        scored = score(
            [sentences[index] for index in fitting],
            llm,
            language,
            lexicon,
            form=form,
            journal=journal,
            progress=bar.update,
        )
    for index, in_sentence in zip(fitting, scored, strict=True):
        text = sentences[index].text
        found[index] = [weighed(of_entity, weights, text) for of_entity in in_sentence]
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
        sentences: The sentences with their English entities, at least one each; short enough for
            the LLM's context.
        llm: The LLM.
        language: The sentences' language.
        lexicon: Names with their English, or None.
        form: How the LLM is asked: `few-shot`, `chat` or `tuned`.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.
        progress: Called with the number of sentences that were scored since the last call. A
            sentence counts half when its phrases are found, and half when they are translated back.

    Returns:
        The candidates of every entity of every sentence: at most `MOST`, and nothing.
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
    """The phrases that the LLM, the reading or the lexicon propose, not yet translated back."""
    lines = [one_line(question.text) for question in sentences]
    groups = [
        [prompts.alignment(line, name, language, form) for name in (*question.names, NEUTRAL)]
        for line, question in zip(lines, sentences, strict=True)
    ]

    @lru_cache(maxsize=LOOKED_AT)  # the LLM asks for the openings of some groups, then for phrases
    def phrases_of(index: int) -> Phrases:
        return find_phrases(lines[index], sentences[index], language)

    def openings(index: int) -> list[str]:
        return phrases_of(index).openings

    def propose(index: int, first_logprobs: np.ndarray) -> list[list[str]]:
        names = sentences[index].names
        proposed = proposed_phrases(phrases_of(index), names, first_logprobs, language, lexicon)
        # The neutral word is scored with the phrases of all entities.
        every = list(dict.fromkeys(surface for surfaces in proposed for surface in surfaces))
        return [[surface + prompts.QUOTE for surface in own] for own in (*proposed, every)]

    answers = llm.score_answers(
        groups,
        propose,
        openings=openings,
        journal=journal,
        progress=progress,
    )
    return [
        [
            _likely(
                scored_candidates(name, line, logprobs, neutral, language, lexicon, question.hints)
            )
            for name, logprobs in zip(question.names, of_entities, strict=True)
        ]
        for line, question, (*of_entities, neutral) in zip(lines, sentences, answers, strict=True)
    ]


def _likely(scored: Scored) -> Scored:
    """The candidates that are kept, and nothing.

    Kept are those that the lexicon or a hint knows, those that read most like the English, and
    those that are best by all signals so far.
    """
    weights = np.array([PRELIMINARY.get(signal, 0.0) for signal in SIGNALS])
    signals = scored.signals[:-1]
    title, hint, reading = (
        signals[:, SIGNALS.index(name)] for name in ("lexicon", "hint", "reading")
    )
    ranked = [
        *np.flatnonzero((title > 0) | (hint > 0)).tolist(),
        *np.argsort(-reading, kind="stable")[:READINGS].tolist(),
        *np.argsort(-(signals @ weights), kind="stable").tolist(),
    ]
    return scored.of(*sorted(list(dict.fromkeys(ranked))[:MOST]), len(scored.surfaces) - 1)


def _translate_back(
    sentences: Sequence[Sequence[Scored]],
    llm: AnswerScorer,
    language: Language,
    journal: Journal | None,
    progress: Callable[[int], object],
) -> list[list[Scored]]:
    """The same candidates with `back` and `back_gain`: how well the English translates them.

    Each phrase of a sentence is translated once, whatever the number of entities that it is a
    candidate of.
    """
    # By sentence: the English entities that each phrase is a candidate of.
    entities_of: list[dict[str, dict[str, None]]] = []
    for in_sentence in sentences:
        entities_of.append({})
        for scored in in_sentence:
            for surface in scored.surfaces[:-1]:
                entities_of[-1].setdefault(surface, {})[scored.english] = None
    filled = [index for index, surfaces in enumerate(entities_of) if surfaces]
    progress(len(entities_of) - len(filled))
    answers = llm.score_answers(
        [[prompts.name(surface, language) for surface in entities_of[index]] for index in filled],
        lambda number, _: [
            list(map(prompts.named, names)) for names in entities_of[filled[number]].values()
        ],
        journal=journal,
        progress=progress,
    )
    back: dict[int, dict[str, dict[str, float]]] = {
        index: dict(zip(entities_of[index], of_surfaces, strict=True))
        for index, of_surfaces in zip(filled, answers, strict=True)
    }
    return [
        [_with_back(scored, back.get(index, {})) for scored in in_sentence]
        for index, in_sentence in enumerate(sentences)
    ]


def _with_back(scored: Scored, back: Mapping[str, Mapping[str, float]]) -> Scored:
    """The candidates with what translating back says of them.

    Args:
        scored: The candidates of an entity.
        back: For each phrase, the log-probabilities of English names as its translation.
    """
    if len(scored.surfaces) == 1:
        return scored
    answer = prompts.named(scored.english)
    logprobs = np.array([back[surface][answer] for surface in scored.surfaces[:-1]])
    signals = scored.signals.copy()
    signals[:-1, SIGNALS.index("back")] = logprobs - np.logaddexp.reduce(logprobs)
    gain = np.minimum(logprobs - np.median(logprobs), MOST_GAIN)
    signals[:-1, SIGNALS.index("back_gain")] = gain
    return replace(scored, signals=signals)


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

    Half of the examples are scored without the lexicon. It was made from the same wiki, so it knows
    all of their names, but few of the names in other texts.

    Args:
        llm: The LLM.
        wikis: Each language with its lexicon and its pairs, none of which the LLM was tuned on.
        form: How the LLM is asked: `few-shot`, `chat` or `tuned`.
        most: Upper limit on the pairs of a language; they are drawn at random.
        seed: Seed of every draw.
        journal: Keeps what the LLM has answered, for a job that is killed and run again.

    Returns:
        The candidates of each pair, and its right surface; empty if the sentence has none.

    Raises:
        InputError: There are no pairs.
    """
    draw = random.Random(seed)
    drawn = [
        _questions(draw.sample(list(pairs), min(most, len(pairs))), language)
        for language, _, pairs in wikis
    ]
    found: list[tuple[Scored, str]] = []
    sentences = sum(len(questions) for questions, _ in drawn)
    with counter("scoring pairs", "sentence", sentences) as bar:
        for (language, lexicon, _), (questions, right) in zip(wikis, drawn, strict=True):
            scored = score(
                questions, llm, language, lexicon, form=form, journal=journal, progress=bar.update
            )
            found += [
                example
                for in_sentence, surfaces in zip(scored, right, strict=True)
                for example in zip(in_sentence, surfaces, strict=True)
            ]
    if not found:
        raise InputError(
            "no alignment pairs to learn the weights of the signals on",
            record="fused aligner",
            remedy="Use a larger wiki, or see pairs.rejects.tsv for what was left out.",
        )
    blind = set(draw.sample(range(len(found)), len(found) // 2))
    return [
        (_blind(scored) if number in blind else scored, right)
        for number, (scored, right) in enumerate(found)
    ]


def _questions(pairs: Sequence[Pair], language: Language) -> tuple[list[Question], list[list[str]]]:
    """The pairs by sentence: its entities, and their right surfaces, which are trimmed."""
    surfaces_of: dict[str, dict[str, str]] = {}
    for pair in pairs:
        start, end = pair.start, pair.end
        if start < end:
            start, end = trim((start, end), pair.sentence, language)
        surfaces_of.setdefault(pair.sentence, {}).setdefault(pair.english, pair.sentence[start:end])
    questions = [Question(sentence, list(names)) for sentence, names in surfaces_of.items()]
    return questions, [list(surfaces.values()) for surfaces in surfaces_of.values()]


def _blind(scored: Scored) -> Scored:
    """The same candidates, as if the lexicon knew none of them."""
    signals = scored.signals.copy()
    signals[:, SIGNALS.index("lexicon")] = 0
    return replace(scored, signals=signals)
