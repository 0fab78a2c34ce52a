"""Candidates: phrases of a sentence that an English entity may stand for."""

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
    """A sentence with the English entities that are looked for in it.

    Attributes:
        text: The sentence.
        names: The entities, each once.
        tokens: The corpus's tokens, as start and end in code points; none of a raw text.
    """

    text: str
    names: Sequence[str]
    tokens: Sequence[Span] = ()


Propose = Callable[[Sequence[Question]], list[list["list[Candidate] | None"]]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase that an English entity may stand for in a sentence.

    Attributes:
        surface: The phrase.
        spans: Where it stands: start and end (exclusive), in code points.
        logprob: Its natural log-probability as the LLM's answer; None where the LLM does not say.
        gain: How much better it is than no answer, in nats.
        measured: Whether the gain is one of the LLM's; else it is a constant and says nothing
            about how sure the LLM is.
    """

    surface: str
    spans: tuple[Span, ...]
    logprob: float | None
    gain: float
    measured: bool = True

    def net(self, threshold: float) -> float:
        """What it gains above a threshold."""
        return self.gain - threshold if self.measured else self.gain


def on_tokens(candidates: Sequence[Candidate], tokens: Sequence[Span]) -> list[Candidate]:
    """Candidates at the tokens that they touch; those that touch the same ones become one.

    In a text without spaces, where a phrase stands as whole tokens somewhere, the places where it
    does not are no mentions of it: 京都 is not named in 東京都.

    Args:
        candidates: Of an entity.
        tokens: Start and end of each, in order.

    Returns:
        Candidates with other places; one of several gains what they gain together.
    """
    starts, ends = [start for start, _ in tokens], [end for _, end in tokens]
    first_of, last_of = set(starts), set(ends)
    spaced = 2 * sum(map(operator.lt, ends, starts[1:])) > len(starts)
    together: dict[tuple[Span, ...], Candidate] = {}
    for candidate in candidates:
        mentions = candidate.spans
        if not spaced:
            whole = [span for span in mentions if span[0] in first_of and span[1] in last_of]
            mentions = whole or mentions
        places = tuple(dict.fromkeys(widened(span, starts, ends) for span in mentions))
        other = together.get(places)
        if other is not None:
            best = max(candidate, other, key=lambda one: one.gain)
            gain = best.gain
            if candidate.measured and other.measured:
                gain = float(np.logaddexp(candidate.gain, other.gain))
            candidate = replace(best, gain=gain)
        together[places] = replace(candidate, spans=places)
    return list(together.values())


def widened(span: Span, starts: Sequence[int], ends: Sequence[int]) -> Span:
    """A span from the start of the first token that it touches to the end of the last.

    Args:
        span: Start and end.
        starts: Of the tokens, in order.
        ends: Of the tokens, in order.
    """
    first, after = bisect_right(ends, span[0]), bisect_left(starts, span[1])
    return (starts[first], ends[after - 1]) if first < after else span


def candidate_spans(surface: str, text: str) -> tuple[Span, ...]:
    """Where a phrase that is a substring of a text occurs in it; never nowhere.

    The places of `occurrences`; the first substring where that rejects them all, because they begin
    or end inside a character.
    """
    places = occurrences(surface, text)
    start = text.find(surface)
    return tuple(places) or ((start, start + len(surface)),)
