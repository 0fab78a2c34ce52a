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
from eatner.tables import Alignment, AlignmentStatus, Mention, Sentence, by_sentence


def align(
    sentences: Sequence[Sentence],
    tagged: Sequence[Mention],
    propose: Propose,
    *,
    repeats: str,
    threshold: float = 0.0,
    jointly: bool = True,
) -> Iterator[Alignment]:
    """Align the English entities of every sentence.

    Where the corpus has tokens, a span takes all of every token that it touches: an entity is a
    run of tokens there, whatever is written in one with a name (서울에서, "in Seoul").

    Args:
        sentences: Rows of sentences.tsv.
        tagged: Rows of a tag TSV.
        propose: Finds the candidates of entities, such as `constrained` or `fused.candidates` with
            all but their first argument bound.
        repeats: `all` mentions of a chosen surface are labelled, or as many as the `english` has.
        threshold: Least gain over no answer of a candidate that is chosen, in nats; without effect
            where the LLM cannot score no answer. The confidence does not depend on it.
        jointly: Whether the spans of a sentence are chosen together, by `assign`, or one entity
            after another takes the best places that are left.

    Yields:
        For every row of `tagged` one row, in the order of the sentences, and one more for each further mention. status: `aligned`; `repeat` (a further mention of the
        row before); `abstained` (no answer was the better one); `taken` (other entities have its
        spans); `no_candidate` (the LLM ended no answer); `too_long` (for the LLM's context);
        `no_entity` and `no_translation` come from the tagger.
    """
    mentions_of = by_sentence(tagged)
    names = [
        list(
            dict.fromkeys(
                row.surface for row in mentions_of[sentence.sentence_id] if row.status == "tagged"
            )
        )
        for sentence in sentences
    ]
    asked = {
        place: Question(sentence.text, several, sentence.tokens)
        for place, (sentence, several) in enumerate(zip(sentences, names, strict=True))
        if several
    }
    found = dict(zip(asked, propose(list(asked.values())), strict=True))
    for place, sentence in enumerate(sentences):
        candidates = {}
        for name, several in zip(names[place], found.get(place, ()), strict=True):
            tokens = asked[place].tokens
            candidates[name] = on_tokens(several, tokens) if several and tokens else several
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
    named: dict[str, list[Mention]] = defaultdict(list)
    for mention in tagged:
        if mention.status == "tagged":
            named[mention.surface].append(mention)
        else:
            yield alignment_row(mention, mention.status)
    options = [candidates[name] for name in named]
    choose = assign if jointly else assign_in_turn
    chosen = choose(
        [several or [] for several in options],
        [len(own) for own in named.values()],
        repeats,
        threshold,
    )
    for mentions, several, choice in zip(named.values(), options, chosen, strict=True):
        if choice is None:
            yield from (
                alignment_row(mention, _why_not(several, threshold)) for mention in mentions
            )
            continue
        scores = {
            "logprob": choice.candidate.logprob,
            "confidence": _confidence(choice.candidate, several),
        }
        last = mentions[-1]
        for place, span in enumerate(choice.spans):
            mention, status = (
                (mentions[place], "aligned") if place < len(mentions) else (last, "repeat")
            )
            yield alignment_row(mention, status, span, text[span[0] : span[1]], **scores)
        yield from (alignment_row(mention, "taken") for mention in mentions[len(choice.spans) :])


def _why_not(candidates: Sequence[Candidate] | None, threshold: float) -> AlignmentStatus:
    if candidates is None:
        return "too_long"
    if not candidates:
        return "no_candidate"
    wanted = any(candidate.net(threshold) > 0 for candidate in candidates)
    return "taken" if wanted else "abstained"


def _confidence(chosen: Candidate, candidates: Sequence[Candidate]) -> float | None:
    """The chosen candidate's share of the probability of all candidates and of no answer."""
    if not chosen.measured:
        return None
    total = np.logaddexp.reduce([0.0, *(candidate.gain for candidate in candidates)])
    return math.exp(chosen.gain - total)
