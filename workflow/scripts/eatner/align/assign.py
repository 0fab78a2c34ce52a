"""Choose the spans of a sentence together: the largest sum of gains without overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from eatner.align.candidates import Candidate
from eatner.tables import Span

# Nats that each mention of a chosen surface adds: enough to label a repeat, too little to decide
# between two surfaces.
MENTION_GAIN = 1e-3


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate that was chosen for an entity, and at which of its places."""

    candidate: Candidate
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Pick:
    """A candidate of an entity, its gain, and at how many of its places it may be labelled."""

    entity: int
    candidate: Candidate
    gain: float
    most: int

    @property
    def best(self) -> float:
        """What it gains where nothing stands in its way."""
        return self.gain + MENTION_GAIN * self.most


def assign(
    candidates: Sequence[Sequence[Candidate]],
    mentions: Sequence[int],
    repeats: str,
    threshold: float = 0.0,
) -> list[Choice | None]:
    """Choose the spans of a sentence together: the largest sum of gains without overlap.

    Every entity takes one of its candidates or none; a candidate of no gain is never taken. Of
    the places that gain the same, those with the least sum of starts are taken; entities that
    share a phrase take its places in turn. Where the best candidates of all entities are not in
    each other's way, they are the answer; else an exact integer programme (scipy's HiGHS) finds it.

    Args:
        candidates: Of each entity.
        mentions: How often the English names each.
        repeats: `all` or `english`: how many places of a candidate may be labelled.
        threshold: What is taken off every gain that was measured.

    Returns:
        A choice for each entity, or None where it abstains.
    """
    picks = _picks(candidates, mentions, repeats, threshold)
    best = [max(several, key=lambda pick: pick.best) for several in picks.values()]
    groups = _by_places(best)
    spans = _leftmost(groups)
    if spans is None or sum(map(len, spans)) < sum(pick.most for pick in best):
        taken, spans = _optimum(_by_places(_promising(list(picks.values()))))
        groups = _by_places(taken)
        spans = _leftmost(groups) or _optimum(groups, sum(map(len, spans)))[1]
    choices: list[Choice | None] = [None] * len(candidates)
    for several, found in zip(groups.values(), spans, strict=True):
        for pick, own in zip(several, _dealt(found, [pick.most for pick in several]), strict=True):
            choices[pick.entity] = Choice(pick.candidate, tuple(own))
    return choices


def assign_in_turn(
    candidates: Sequence[Sequence[Candidate]],
    mentions: Sequence[int],
    repeats: str,
    threshold: float = 0.0,
) -> list[Choice | None]:
    """Choose the spans of one entity after another, to compare `assign` with; it takes the same."""
    choices: list[Choice | None] = [None] * len(candidates)
    covered: set[int] = set()
    for entity, several in _picks(candidates, mentions, repeats, threshold).items():
        for pick in sorted(several, key=lambda pick: -pick.best):
            spans = []
            for span in sorted(set(pick.candidate.spans)):
                if covered.isdisjoint(range(*span)) and len(spans) < pick.most:
                    spans.append(span)
                    covered.update(range(*span))
            if spans:
                choices[entity] = Choice(pick.candidate, tuple(spans))
                break
    return choices


def _picks(
    candidates: Sequence[Sequence[Candidate]],
    mentions: Sequence[int],
    repeats: str,
    threshold: float,
) -> dict[int, list[_Pick]]:
    """What may be chosen for each entity that has anything to gain."""
    picks: dict[int, list[_Pick]] = {}
    for entity, several in enumerate(candidates):
        for candidate in dict.fromkeys(several):
            count = len(set(candidate.spans))
            most = count if repeats == "all" else min(mentions[entity], count)
            gain = candidate.net(threshold)
            if gain > 0 and most > 0:
                picks.setdefault(entity, []).append(_Pick(entity, candidate, gain, most))
    return picks


def _by_places(picks: Sequence[_Pick]) -> dict[tuple[Span, ...], list[_Pick]]:
    """Picks by their places from left to right: by phrase, for a phrase has its own.

    Only the first places are kept where the others are never needed: a label covers no more places
    of a phrase than it has characters, so that one more is free when all others are labelled.
    """
    most: dict[int, int] = {}
    longest = 0
    groups: dict[tuple[Span, ...], list[_Pick]] = {}
    for pick in picks:
        places = tuple(sorted(set(pick.candidate.spans)))
        groups.setdefault(places, []).append(pick)
        most[pick.entity] = max(pick.most, most.get(pick.entity, 0))
        longest = max(longest, *(end - start for start, end in places))
    enough = longest * sum(most.values())
    near: dict[tuple[Span, ...], list[_Pick]] = {}
    for places, several in groups.items():
        near.setdefault(places[:enough] if _apart(places) else places, []).extend(several)
    return near


def _leftmost(groups: Mapping[tuple[Span, ...], Sequence[_Pick]]) -> list[list[Span]] | None:
    """As many places of each group as may be labelled, the first ones; None if any overlap."""
    spans = [
        list(places[: sum(pick.most for pick in several)]) for places, several in groups.items()
    ]
    if any(
        len(found) < len(several) for found, several in zip(spans, groups.values(), strict=True)
    ):
        return None
    return spans if _apart(sorted(span for found in spans for span in found)) else None


def _apart(spans: Sequence[Span]) -> bool:
    """Whether spans in their order do not overlap."""
    return all(one[1] <= other[0] for one, other in pairwise(spans))


def _promising(picks: Sequence[Sequence[_Pick]]) -> list[_Pick]:
    """The picks of each entity that may be in an optimum.

    One is not where, with the best of all others beside it, it would gain less than the entities
    do when they choose one after another among the places that are still free.
    """
    best = {several[0].entity: max(pick.best for pick in several) for several in picks}
    order = sorted(picks, key=lambda several: -best[several[0].entity])
    covered: set[int] = set()
    gained = 0.0
    for several in order:
        chosen, most = [], 0.0
        for pick in several:
            spans = sorted(set(pick.candidate.spans))
            free = [span for span in spans if covered.isdisjoint(range(*span))]
            free = free[: pick.most if _apart(free) else 1]
            gain = pick.gain + MENTION_GAIN * len(free)
            if free and gain > most:
                chosen, most = free, gain
        covered.update(point for span in chosen for point in range(*span))
        gained += most
    # The last term is for rounding errors.
    lost = sum(best.values()) - gained + 1e-6
    return [pick for several in picks for pick in several if best[pick.entity] - pick.best <= lost]


def _dealt(spans: Sequence[Span], room: Sequence[int]) -> list[list[Span]]:
    """Spans dealt in turn to those that have room."""
    hands: list[list[Span]] = [[] for _ in room]
    left = list(spans)[::-1]
    while left:
        for hand, most in zip(hands, room, strict=True):
            if left and len(hand) < most:
                hand.append(left.pop())
    return hands


def _optimum(
    groups: Mapping[tuple[Span, ...], Sequence[_Pick]], count: int | None = None
) -> tuple[list[_Pick], list[list[Span]]]:
    """The picks and the places of each group in the optimum: of the largest gain.

    With a count all picks are taken, at so many places together, of the least sum of starts.
    """
    # Variables: first whether a pick is taken, then which places are labelled.
    picks = [pick for several in groups.values() for pick in several]
    spans = [span for places in groups for span in places]
    rows: list[tuple[list[int], list[int], int]] = []  # sum of coefficient * variable <= most
    by_entity: dict[int, list[int]] = defaultdict(list)
    for i, pick in enumerate(picks):
        by_entity[pick.entity].append(i)
    rows += [(several, [1] * len(several), 1) for several in by_entity.values()]
    at, place = 0, len(picks)
    for places, several in groups.items():
        owners = list(range(at, at := at + len(several)))
        own = list(range(place, place := place + len(places)))
        rows += [([i, *owners], [1] + [-1] * len(owners), 0) for i in own]
        rows.append((owners + own, [1] * len(owners) + [-1] * len(own), 0))
        if any(pick.most < len(places) for pick in several):
            most = [-pick.most for pick in several]
            rows.append((owners + own, most + [1] * len(own), 0))
    for several in _crowds(spans):
        rows.append(([len(picks) + j for j in several], [1] * len(several), 1))
    lowest = np.zeros(place)
    if count is None:
        objective = [-pick.gain for pick in picks] + [-MENTION_GAIN] * len(spans)
    else:
        objective = [0] * len(picks) + [start for start, _ in spans]
        lowest[: len(picks)] = 1
        rows.append((list(range(len(picks), place)), [-1] * len(spans), -count))
    matrix = csr_array(
        (
            np.concatenate([coefficients for _, coefficients, _ in rows]),
            np.concatenate([variables for variables, *_ in rows]),
            np.cumsum([0, *(len(variables) for variables, *_ in rows)]),
        ),
        shape=(len(rows), place),
    )
    solved = milp(
        np.array(objective, dtype=float),
        constraints=LinearConstraint(matrix, -np.inf, [most for *_, most in rows]),
        integrality=np.ones(place),
        bounds=Bounds(lowest, 1),
        options={"mip_rel_gap": 0},  # HiGHS stops within 0.01% of the optimum otherwise
    )
    labelled = iter(zip(spans, solved.x[len(picks) :] > 0.5, strict=True))
    found = [[span for span, yes in islice(labelled, len(places)) if yes] for places in groups]
    chosen = solved.x[: len(picks)] > 0.5
    return [pick for pick, yes in zip(picks, chosen, strict=True) if yes], found


def _crowds(spans: Sequence[Span]) -> Iterator[list[int]]:
    """The largest sets of spans that have a point in common, as indices; each span is in one."""
    now: dict[int, int] = {}  # the end of each span at this point
    for start, index in sorted((start, index) for index, (start, _) in enumerate(spans)):
        if any(end <= start for end in now.values()):
            yield list(now)
            now = {i: end for i, end in now.items() if end > start}
        now[index] = spans[index][1]
    yield list(now)
