"""Candidates: the phrases of a sentence that an English entity may translate."""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from eatner.answers.likeness import occurrences
from eatner.tables import Span


class Question(NamedTuple):
    """A sentence and the English entities whose phrases are looked for in it.

    Attributes:
        text: The sentence.
        names: The entities, each once.
        tokens: The spans of the corpus's tokens; none for raw text.
        hints: Names whose English the translator was given, as (surface, English).
    """

    text: str
    names: Sequence[str]
    tokens: Sequence[Span] = ()
    hints: Sequence[tuple[str, str]] = ()


Propose = Callable[[Sequence[Question]], list[list["list[Candidate] | None"]]]
"""Finds the candidates of each entity of each question; None if the sentence is too long."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase of a sentence that an English entity may translate.

    Attributes:
        surface: The phrase.
        spans: Its places in the sentence.
        logprob: Its natural log-probability as the LLM's answer; None if the LLM gives none.
        gain: How much better it is than no answer, in nats.
        measured: Whether the gain was measured; otherwise it is a constant, which says nothing
            about how sure the LLM is.
    """

    surface: str
    spans: tuple[Span, ...]
    logprob: float | None
    gain: float
    measured: bool = True

    def net(self, threshold: float) -> float:
        """The gain above a threshold, in nats; a threshold applies to measured gains only."""
        return self.gain - threshold if self.measured else self.gain


def on_tokens(candidates: Sequence[Candidate], tokens: Sequence[Span]) -> list[Candidate]:
    """Widen candidates to the tokens that they touch; those that touch the same ones become one.

    In a text without spaces, a phrase that is a run of whole tokens somewhere is not named where
    it is not: 京都 is not named in 東京都.

    Args:
        candidates: The candidates of an entity.
        tokens: The spans of the tokens, in order.

    Returns:
        The candidates with their new places. A candidate that several became has the sum of their
        probabilities as its gain.
    """
    starts, ends = [start for start, _ in tokens], [end for _, end in tokens]
    first_of, last_of = set(starts), set(ends)
    has_spaces = 2 * sum(map(operator.lt, ends, starts[1:])) > len(starts)
    merged: dict[tuple[Span, ...], Candidate] = {}
    for candidate in candidates:
        spans: Sequence[Span] = candidate.spans
        if not has_spaces:
            spans = [span for span in spans if span[0] in first_of and span[1] in last_of] or spans
        places = tuple(dict.fromkeys(widened(span, starts, ends) for span in spans))
        earlier = merged.get(places)
        if earlier is not None:
            best = max(candidate, earlier, key=lambda either: either.gain)
            gain = best.gain
            if candidate.measured and earlier.measured:
                gain = float(np.logaddexp(candidate.gain, earlier.gain))
            candidate = replace(best, gain=gain)
        merged[places] = replace(candidate, spans=places)
    return list(merged.values())


def widened(span: Span, starts: Sequence[int], ends: Sequence[int]) -> Span:
    """Widen a span from the start of the first token that it touches to the end of the last.

    Args:
        span: The span.
        starts: The starts of the tokens, in order.
        ends: The ends of the tokens, in order.
    """
    first, after = bisect_right(ends, span[0]), bisect_left(starts, span[1])
    return (starts[first], ends[after - 1]) if first < after else span


def candidate_spans(surface: str, text: str) -> tuple[Span, ...]:
    """The places of a phrase that was taken from a text: there is always at least one.

    They are those of `occurrences`, or the first substring, where that rejects them all because
    they begin or end inside a character.
    """
    places = occurrences(surface, text)
    start = text.find(surface)
    return tuple(places) or ((start, start + len(surface)),)
