"""Back-alignment: every English entity to its phrase in the original sentence.

Source: the backward half of the paper's dual translation (arXiv 2509.01147). Here the LLM can only
answer with a substring of the sentence, and the spans of a sentence are chosen together.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from eatner.align.assign import assign, assign_in_turn
from eatner.align.candidates import Candidate, Propose, Question, on_tokens
from eatner.align.rows import alignment_row
from eatner.align.step import Step
from eatner.tables import (
    Alignment,
    AlignmentStatus,
    Mention,
    Sentence,
    by_sentence,
)

# How many phrases of an entity a row shows.
SHOWN = 4


def align_step(step: Step, propose: Propose) -> Iterator[Alignment]:
    """Align the entities of a step with the candidates that its kind proposes."""
    return align(
        step.sentences,
        step.mentions,
        propose,
        hints={row.sentence_id: row.hints for row in step.translations},
        repeats=step.settings["repeats"],
        threshold=step.settings["threshold"],
        jointly=step.settings.get("assignment", "joint") == "joint",
    )


def align(
    sentences: Sequence[Sentence],
    tagged: Sequence[Mention],
    propose: Propose,
    *,
    hints: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    repeats: str,
    threshold: float = 0.0,
    jointly: bool = True,
) -> Iterator[Alignment]:
    """Align the English entities of every sentence.

    If the corpus has tokens, a span takes all of every token that it touches: there, an entity is
    a run of tokens, whatever is written together with a name (서울에서, "in Seoul").

    Args:
        sentences: Rows of sentences.tsv.
        tagged: Rows of a tag TSV.
        propose: Finds the candidates of entities: `constrained` or `fused.candidates` with all
            arguments but the first bound.
        hints: For each sentence the names whose English the translator was given.
        repeats: Which places of a phrase are labelled: `all`, or as many as the `english` has.
        threshold: Lower limit on the gain over no answer of a candidate that is chosen, in nats.
            It has no effect if the LLM cannot score no answer, and none on the confidence.
        jointly: Whether the spans of a sentence are chosen together, by `assign`; otherwise one
            entity after another takes the best places that are left.

    Yields:
        One row for every row of `tagged`, in the order of the sentences, and a `repeat` for each
        further label of its phrase. What has no span has the status `abstained`, `taken`,
        `no_candidate` or `too_long`, or the tagger's.
    """
    mentions_of = by_sentence(tagged)
    questions: dict[str, Question] = {}
    for sentence in sentences:
        names = dict.fromkeys(
            row.surface for row in mentions_of[sentence.sentence_id] if row.status == "tagged"
        )
        if names:
            questions[sentence.sentence_id] = Question(
                sentence.text,
                list(names),
                sentence.tokens,
                () if hints is None else hints.get(sentence.sentence_id, ()),
            )
    proposed = dict(zip(questions, propose(list(questions.values())), strict=True))
    for sentence in sentences:
        candidates: dict[str, list[Candidate] | None] = {}
        if sentence.sentence_id in questions:
            for name, of_entity in zip(
                questions[sentence.sentence_id].names, proposed[sentence.sentence_id], strict=True
            ):
                if of_entity and sentence.tokens:
                    of_entity = on_tokens(of_entity, sentence.tokens)
                candidates[name] = of_entity
        yield from _sentence_rows(
            sentence.text,
            mentions_of[sentence.sentence_id],
            candidates,
            repeats,
            threshold,
            jointly,
        )


def _sentence_rows(
    text: str,
    tagged: Sequence[Mention],
    candidates: Mapping[str, list[Candidate] | None],
    repeats: str,
    threshold: float,
    jointly: bool,
) -> Iterator[Alignment]:
    """The rows of one sentence: its English entities, with their spans or the reason why not."""
    mentions_of: dict[str, list[Mention]] = defaultdict(list)
    for mention in tagged:
        if mention.status == "tagged":
            mentions_of[mention.surface].append(mention)
        else:
            yield alignment_row(mention, mention.status)
    choose = assign if jointly else assign_in_turn
    chosen = choose(
        [candidates[name] or [] for name in mentions_of],
        [len(mentions) for mentions in mentions_of.values()],
        repeats,
        threshold,
    )
    for (name, mentions), choice in zip(mentions_of.items(), chosen, strict=True):
        of_entity = candidates[name]
        best = _most_probable(of_entity or [])
        if choice is None:
            why = _why_not(of_entity, threshold)
            yield from (alignment_row(mention, why, candidates=best) for mention in mentions)
            continue
        for number, (start, end) in enumerate(choice.spans):
            # More labels than mentions in the English repeat the last mention.
            is_repeat = number >= len(mentions)
            yield alignment_row(
                mentions[-1] if is_repeat else mentions[number],
                "repeat" if is_repeat else "aligned",
                (start, end),
                text[start:end],
                logprob=choice.candidate.logprob,
                confidence=_confidence(choice.candidate, of_entity or []),
                candidates=best,
            )
        for mention in mentions[len(choice.spans) :]:
            yield alignment_row(mention, "taken", candidates=best)


def _why_not(candidates: Sequence[Candidate] | None, threshold: float) -> AlignmentStatus:
    """Why an entity has no span, by its candidates."""
    if candidates is None:
        return "too_long"
    if not candidates:
        return "no_candidate"
    has_gain = any(candidate.net(threshold) > 0 for candidate in candidates)
    return "taken" if has_gain else "abstained"


def _confidence(chosen: Candidate, candidates: Sequence[Candidate]) -> float | None:
    """The chosen candidate's share of the probability of all candidates and of no answer."""
    if not chosen.measured:
        return None
    return math.exp(chosen.gain - _total(candidates))


def _most_probable(candidates: Sequence[Candidate]) -> list[tuple[str, float]]:
    """The best phrases with their probabilities; none if the gains were not measured."""
    total = _total(candidates)
    ranked = sorted(candidates, key=lambda candidate: -candidate.gain)[:SHOWN]
    return [(each.surface, math.exp(each.gain - total)) for each in ranked if each.measured]


def _total(candidates: Sequence[Candidate]) -> float:
    """The logarithm of the sum of the odds of all candidates and of no answer."""
    return float(np.logaddexp.reduce([0.0, *(candidate.gain for candidate in candidates)]))
